"""The archive of a region as a file, and the acts that end the keeping of personal data. Rows outlive it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regions.models import Region
from tallies.models.elections import Election
from tallies.models.exports import UNFINISHED, ExportState


def _person(label: str, **options) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=label,
        on_delete=models.PROTECT,
        **{"related_name": "+", "db_index": False} | options,
    )


class ArchivePackQuerySet(models.QuerySet["ArchivePack"]):
    def visible_to(self, user) -> ArchivePackQuerySet:
        """Keep the user's own, of regions that are still the user's, until they expire. Nobody sees another's."""
        scope = user.scope
        if scope is None:
            return self.none()
        inside = self.filter(owner=user, region__first__range=(scope.first, scope.last))
        return inside.filter(expires_at__gt=timezone.now())

    def unfinished(self) -> ArchivePackQuerySet:
        return self.filter(state__in=UNFINISHED)


class ArchivePack(models.Model):
    """One ZIP of everything of a kecamatan or kabupaten. ``claim`` and ``claimed_until`` as in `ExportJob`."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    owner = _person(_("pengguna"), db_index=True)
    election = models.ForeignKey(
        Election, verbose_name=_("pemilihan"), on_delete=models.CASCADE, related_name="+", db_index=False
    )
    region = models.ForeignKey(
        Region, verbose_name=_("wilayah"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    state = models.CharField(_("keadaan"), max_length=8, choices=ExportState.choices, default=ExportState.WAITING)
    steps_done = models.PositiveIntegerField(default=0)
    steps_of = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("diminta pada"), auto_now_add=True)
    finished_at = models.DateTimeField(_("selesai pada"), null=True)
    expires_at = models.DateTimeField(_("dihapus pada"), db_index=True)
    forms = models.PositiveIntegerField(_("formulir C1"), default=0)
    recaps = models.PositiveIntegerField(_("D.Hasil"), default=0)
    photos = models.PositiveIntegerField(_("foto"), default=0)
    photos_missing = models.PositiveIntegerField(_("foto tanpa berkas"), default=0)
    size = models.PositiveBigIntegerField(_("ukuran"), default=0)
    sha256 = models.CharField(max_length=64, blank=True)

    objects = ArchivePackQuerySet.as_manager()

    class Meta:
        verbose_name = _("berkas arsip")
        verbose_name_plural = pgettext_lazy("daftar", "berkas arsip")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "election", "region"],
                condition=Q(state__in=["menunggu", "berjalan"]),
                name="one_unfinished_archive_a_person_and_region",
            ),
            models.CheckConstraint(
                condition=~Q(state="siap") | ~Q(sha256=""), name="an_archive_that_is_ready_has_its_hash"
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"], name="archives_unfinished", condition=Q(state__in=["menunggu", "berjalan"])
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
        """Its name in the store: one a pack, so that a second run replaces what the first one left."""
        return f"exports/arsip-{self.uuid}.zip"


class Retention(models.Model):
    """A decision to erase names and numbers of an election's witnesses: proposed by one person, confirmed by another.

    ``days``: for how long each election they guarded in must have been closed. Erased are the people that
    `tallies.archive.retention.candidates` keeps; ``done_at`` says that none is left.
    """

    election = models.ForeignKey(
        Election, verbose_name=_("pemilihan"), on_delete=models.PROTECT, related_name="retentions"
    )
    days = models.PositiveIntegerField(_("hari sejak selesai"))
    reason = models.CharField(_("dasar hukum"), max_length=500)
    previewed = models.PositiveIntegerField(_("orang saat diusulkan"))
    proposed_by = _person(_("diusulkan oleh"))
    proposed_at = models.DateTimeField(_("diusulkan pada"))
    confirmed_by = _person(_("disetujui oleh"), null=True)
    confirmed_at = models.DateTimeField(_("disetujui pada"), null=True)
    withdrawn_by = _person(_("ditarik oleh"), null=True)
    withdrawn_at = models.DateTimeField(_("ditarik pada"), null=True)
    done_at = models.DateTimeField(_("selesai pada"), null=True)

    class Meta:
        verbose_name = _("penghapusan data pribadi")
        verbose_name_plural = pgettext_lazy("daftar", "penghapusan data pribadi")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["election"],
                condition=Q(done_at=None, withdrawn_at=None),
                name="one_unfinished_retention_an_election",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("proposed_by")),
                name="another_person_confirms_a_retention",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None, confirmed_at=None)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False),
                name="a_confirmed_retention_says_by_whom_and_when",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(confirmed_at=None, withdrawn_by__isnull=False),
                name="a_confirmed_retention_is_not_withdrawn",
            ),
            models.CheckConstraint(
                condition=Q(done_at=None) | Q(confirmed_at__isnull=False), name="a_retention_is_confirmed_before_done"
            ),
            models.CheckConstraint(condition=~Q(reason="") & Q(days__gte=1), name="a_retention_has_reason_and_days"),
        ]

    def __str__(self) -> str:
        return f"{self.election_id} {self.proposed_at:%Y-%m-%d}"

    @property
    def is_open(self) -> bool:
        """Proposed, and neither confirmed nor withdrawn."""
        return self.confirmed_at is None and self.withdrawn_at is None


class ErasedPerson(models.Model):
    """Somebody whose name and numbers are gone: written in the transaction that took them. By key only."""

    retention = models.ForeignKey(Retention, on_delete=models.PROTECT, related_name="erased")
    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="erasure")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.retention_id}: {self.person_id}"
