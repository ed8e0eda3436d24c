"""A file of targets or expectations that somebody looks at before it is imported."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from analytics.models.expectations import Expectation
from tallies.models import Contest, Election


class ImportKind(models.TextChoices):
    EXPECTATION = "harapan", _("Harapan per tempat, satu kontes")
    TARGETS = "target", _("Daftar target menang")


class ImportDraft(models.Model):
    """What a file said, kept for its maker alone until it is imported or a day has passed.

    ``rows``: what is to be written, ``problems``: (line, column, value, reason) of each row that is not. Both are
    emptied by the import; the row stays, and says who imported which file (``digest``: its SHA-256) when.
    """

    uuid = models.UUIDField(unique=True)
    election = models.ForeignKey(Election, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=ImportKind.choices)
    contest = models.ForeignKey(Contest, null=True, on_delete=models.CASCADE, related_name="+")
    file_name = models.CharField(_("nama berkas"), max_length=200)
    digest = models.CharField(max_length=64)
    source = models.CharField(_("sumber"), max_length=300, blank=True)
    stated_on = models.DateField(_("tanggal pernyataan"), null=True)
    rows = models.JSONField(default=list)
    problems = models.JSONField(default=list)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    imported_at = models.DateTimeField(null=True)
    imported_rows = models.PositiveIntegerField(null=True)
    expectation = models.ForeignKey(Expectation, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("impor harapan")
        verbose_name_plural = pgettext_lazy("daftar", "impor harapan")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=ImportKind.EXPECTATION, contest__isnull=False)
                | Q(kind=ImportKind.TARGETS, contest=None),
                name="an_import_of_expected_shares_names_its_contest",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.file_name}"
