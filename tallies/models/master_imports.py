"""Master data of an election brought in from files, and what each import changed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tallies.models.elections import Election
from tallies.models.file_imports import FileImport, when_constraints


class MasterKind(models.TextChoices):
    """What a file is about. The value stands in addresses and in the command."""

    STATIONS = "tps", _("TPS dan DPT")
    PAIRS = "paslon", _("Paslon")
    WITNESSES = "saksi", _("Saksi dan penugasan")
    POPULATION = "penduduk", _("Jumlah penduduk")
    INVITATIONS = "c6", _("C6 per TPS")


class MasterImport(FileImport):
    """A file of one kind for an election. ``written``: how many things it made or changed."""

    kind = models.CharField(_("isi"), max_length=12, choices=MasterKind.choices)
    election = models.ForeignKey(
        Election, verbose_name=_("pemilihan"), on_delete=models.CASCADE, related_name="master_imports"
    )
    written = models.PositiveIntegerField(_("ditulis"), default=0)

    class Meta:
        verbose_name = _("impor data induk")
        verbose_name_plural = pgettext_lazy("daftar", "impor data induk")
        ordering = ["-id"]
        constraints = [
            # Two at once would each compare with what stood before the other, and take in one person twice.
            models.UniqueConstraint(
                fields=["election"], condition=Q(state="mengimpor"), name="one_master_import_at_a_time"
            ),
            *when_constraints("a_master_import_has_its_moment", "an_undone_master_import_says_when"),
        ]
        indexes = [
            models.Index(
                fields=["id"], name="master_imports_at_work", condition=Q(state__in=["diperiksa", "mengimpor"])
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.file_name})"


class MasterChange(models.Model):
    """A thing that an import made (``before`` is null) or changed: what an undo goes by.

    ``thing`` is a model's name and ``key`` its row; ``before`` and ``after`` hold the fields the file speaks of.
    """

    source = models.ForeignKey(MasterImport, on_delete=models.CASCADE, related_name="changes", db_index=False)
    thing = models.CharField(max_length=24)
    key = models.BigIntegerField()
    before = models.JSONField(null=True)
    after = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "thing", "key"], name="one_change_a_thing_and_import")
        ]
        indexes = [models.Index(fields=["thing", "key"], name="changes_of_a_thing")]

    def __str__(self) -> str:
        return f"{self.source_id}: {self.thing} {self.key}"
