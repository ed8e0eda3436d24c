"""A table that somebody asked for as a file and that is too long to wait for."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regions.models import Region
from tallies.models.elections import Election


class FileFormat(models.TextChoices):
    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"


class ExportState(models.TextChoices):
    WAITING = "menunggu", _("Menunggu giliran")
    RUNNING = "berjalan", _("Sedang disiapkan")
    READY = "siap", _("Siap diunduh")
    FAILED = "gagal", _("Gagal")


UNFINISHED = (ExportState.WAITING, ExportState.RUNNING)


class ExportJobQuerySet(models.QuerySet["ExportJob"]):
    def visible_to(self, user) -> ExportJobQuerySet:
        """Keep the user's own, of regions that are still the user's, until they expire. Nobody sees another's."""
        scope = user.scope
        if scope is None:
            return self.none()
        inside = self.filter(owner=user, region__first__range=(scope.first, scope.last))
        return inside.filter(expires_at__gt=timezone.now())

    def unfinished(self) -> ExportJobQuerySet:
        return self.filter(state__in=UNFINISHED)


class ExportJob(models.Model):
    """Who wants what. ``query`` says the filters as the page's address does.

    ``claim`` is the run that works on it now, for as long as it keeps saying so
    (``claimed_until``): a run that was killed says nothing, and another one begins again.
    """

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("pengguna"), on_delete=models.CASCADE, related_name="exports"
    )
    election = models.ForeignKey(
        Election, verbose_name=_("pemilihan"), on_delete=models.CASCADE, related_name="+", db_index=False
    )
    region = models.ForeignKey(
        Region, verbose_name=_("wilayah"), on_delete=models.CASCADE, related_name="+", db_index=False
    )
    table = models.CharField(_("tabel"), max_length=16)
    query = models.CharField(_("saringan"), max_length=200, blank=True)
    file_format = models.CharField(_("jenis berkas"), max_length=4, choices=FileFormat.choices)
    language = models.CharField(_("bahasa"), max_length=5)
    state = models.CharField(_("keadaan"), max_length=8, choices=ExportState.choices, default=ExportState.WAITING)
    rows_done = models.PositiveIntegerField(_("baris selesai"), default=0)
    rows_of = models.PositiveIntegerField(_("dari baris"), default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("diminta pada"), auto_now_add=True)
    finished_at = models.DateTimeField(_("selesai pada"), null=True)
    expires_at = models.DateTimeField(_("dihapus pada"), db_index=True)
    size = models.PositiveBigIntegerField(_("ukuran"), default=0)
    sha256 = models.CharField(max_length=64, blank=True)

    objects = ExportJobQuerySet.as_manager()

    class Meta:
        verbose_name = _("berkas unduhan")
        verbose_name_plural = pgettext_lazy("daftar", "berkas unduhan")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "election", "region", "table", "query", "file_format", "language"],
                condition=Q(state__in=["menunggu", "berjalan"]),
                name="one_unfinished_export_of_a_table_a_person",
            ),
            models.CheckConstraint(
                condition=~Q(state="siap") | ~Q(sha256=""), name="a_file_that_is_ready_has_its_hash"
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"], name="exports_unfinished", condition=Q(state__in=["menunggu", "berjalan"])
            )
        ]

    def __str__(self) -> str:
        return f"{self.uuid} {self.state}"

    @property
    def is_unfinished(self) -> bool:
        return self.state in UNFINISHED

    @property
    def is_ready(self) -> bool:
        return self.state == ExportState.READY

    @property
    def stored_name(self) -> str:
        """Its name in the store: one a job, so that a second run replaces what the first one left."""
        return f"exports/{self.uuid}.{self.file_format}"
