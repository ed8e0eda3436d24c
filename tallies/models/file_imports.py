"""A file that somebody brings: kept, looked at, imported, undone. Each kind writes into tables of its own."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from regions.models import Region


class ImportState(models.TextChoices):
    COLUMNS = "kolom", _("Kolom belum dikenali")
    CHECKING = "diperiksa", _("Sedang diperiksa")
    READY = "siap", _("Siap diimpor")
    IMPORTING = "mengimpor", _("Sedang diimpor")
    DONE = "diimpor", _("Diimpor")
    UNDONE = "dibatalkan", _("Dibatalkan")
    REFUSED = "ditolak", _("Berkas ditolak")
    FAILED = "gagal", _("Gagal")


#: A run works on these beside the requests.
WORKING_IMPORTS = (ImportState.CHECKING, ImportState.IMPORTING)
#: Nothing of these was written to any TPS.
UNWRITTEN_IMPORTS = (ImportState.COLUMNS, ImportState.CHECKING, ImportState.READY, ImportState.REFUSED)


class FileImportQuerySet(models.QuerySet):
    def visible_to(self, user) -> FileImportQuerySet:
        """Keep those whose rows may lie only within the user's region."""
        scope = user.scope
        return self.none() if scope is None else self.filter(region__first__range=(scope.first, scope.last))

    def working(self) -> FileImportQuerySet:
        return self.filter(state__in=WORKING_IMPORTS)


def _person(label: str) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=label, null=True, on_delete=models.PROTECT, related_name="+"
    )


def when_constraints(*names: str) -> list[models.CheckConstraint]:
    """That an import says when it was confirmed, and when it was undone; ``names`` are those of the constraints."""
    confirmed, undone = names
    return [
        models.CheckConstraint(
            condition=~Q(state__in=["mengimpor", "diimpor", "dibatalkan"]) | Q(imported_at__isnull=False),
            name=confirmed,
        ),
        models.CheckConstraint(
            condition=Q(state="dibatalkan", undone_at__isnull=False) | (~Q(state="dibatalkan") & Q(undone_at=None)),
            name=undone,
        ),
    ]


class FileImport(models.Model):
    """A file whose rows may lie only in ``region``, and how far it has come.

    ``imported_by`` is whoever brought it (None: whoever runs the server). ``report`` holds what
    the preview found: problems in words, and what the writing has to know. ``claim`` as in `ExportJob`.
    """

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    region = models.ForeignKey(
        Region, verbose_name=_("wilayah"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    file_name = models.CharField(_("nama berkas"), max_length=120, blank=True)
    size = models.PositiveBigIntegerField(_("ukuran"))
    sha256 = models.CharField(_("sidik SHA-256"), max_length=64)
    state = models.CharField(_("keadaan"), max_length=12, choices=ImportState.choices)
    language = models.CharField(_("bahasa"), max_length=5)
    imported_by = _person(_("oleh"))
    created_at = models.DateTimeField(_("diunggah pada"), auto_now_add=True)
    #: When the import was confirmed: what came later counts.
    imported_at = models.DateTimeField(_("diimpor pada"), null=True)
    undone_by = _person(_("dibatalkan oleh"))
    undone_at = models.DateTimeField(_("dibatalkan pada"), null=True)
    labels = models.JSONField(default=list)
    columns = models.JSONField(default=dict)
    report = models.JSONField(default=dict)
    rows_of = models.PositiveIntegerField(_("dari baris"), default=0)
    rows_done = models.PositiveIntegerField(_("baris selesai"), default=0)
    rows_fit = models.PositiveIntegerField(_("baris yang cocok"), default=0)
    rows_bad = models.PositiveIntegerField(_("baris bermasalah"), default=0)
    rows_new = models.PositiveIntegerField(_("baris baru"), default=0)
    rows_changed = models.PositiveIntegerField(_("baris berubah"), default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)

    objects = FileImportQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def is_working(self) -> bool:
        return self.state in WORKING_IMPORTS

    @property
    def stored_name(self) -> str:
        return f"imports/{self.uuid}"

    @property
    def rows_same(self) -> int:
        """Rows that fit and say what stands there already."""
        return self.rows_fit - self.rows_new - self.rows_changed
