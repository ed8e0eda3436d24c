"""Evidence packs: what somebody took away for lawyers, and each time it was fetched. Rows outlive the file."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from analytics.models.findings import Finding
from regions.models import Region
from tallies.models import Contest


class EvidenceState(models.TextChoices):
    WAITING = "menunggu", _("Menunggu giliran")
    RUNNING = "berjalan", _("Sedang disiapkan")
    READY = "siap", _("Siap diunduh")
    FAILED = "gagal", _("Gagal")
    #: Its day is over, or its maker removed it: what it was stays written here.
    REMOVED = "dihapus", _("Berkas sudah dihapus")


UNFINISHED_EVIDENCE = (EvidenceState.WAITING, EvidenceState.RUNNING)


class EvidenceProblem(models.TextChoices):
    """Why there is no pack."""

    NONE = "", _("Tidak ada")
    NO_RIGHT = "hak", _("Pembuatnya tidak lagi berhak atas wilayah ini")
    TOO_LARGE = "besar", _("TPS-nya terlalu banyak untuk satu paket")
    MOVING = "bergerak", _("Jumlah wilayah ini terus berubah")
    DOES_NOT_VERIFY = "periksa", _("Isi paket tidak lolos pemeriksaannya sendiri")
    GIVEN_UP = "ulang", _("Gagal beberapa kali")


class EvidencePackQuerySet(models.QuerySet["EvidencePack"]):
    def visible_to(self, user) -> EvidencePackQuerySet:
        """Keep the packs of the user's region: who made what is known there. The file is its maker's alone."""
        scope = user.scope
        return self.none() if scope is None else self.filter(region__first__range=(scope.first, scope.last))

    def of_maker(self, user) -> EvidencePackQuerySet:
        """Keep the user's own, of regions that are still the user's."""
        return self.visible_to(user).filter(made_by=user)

    def unfinished(self) -> EvidencePackQuerySet:
        return self.filter(state__in=UNFINISHED_EVIDENCE)


class EvidencePack(models.Model):
    """One ZIP for lawyers: of a finding, or of a region of a contest.

    ``claim`` is the run that works on it, for as long as it keeps saying so (``claimed_until``). ``as_of`` is the
    moment of all figures in it, ``manifest_sha256`` the digest of its manifest, ``sha256`` that of the whole ZIP.
    ``origin``: the address of this installation as its maker sees it, which the QR codes carry.
    """

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("dibuat oleh"), on_delete=models.PROTECT, related_name="evidence"
    )
    contest = models.ForeignKey(
        Contest, verbose_name=_("kontes"), on_delete=models.CASCADE, related_name="evidence", db_index=False
    )
    region = models.ForeignKey(Region, verbose_name=_("wilayah"), on_delete=models.PROTECT, related_name="+")
    finding = models.ForeignKey(
        Finding, verbose_name=_("temuan"), null=True, on_delete=models.SET_NULL, related_name="evidence"
    )
    origin = models.CharField(max_length=200)
    state = models.CharField(_("keadaan"), max_length=8, choices=EvidenceState.choices, default=EvidenceState.WAITING)
    problem = models.CharField(_("sebab"), max_length=8, choices=EvidenceProblem.choices, blank=True)
    steps_done = models.PositiveIntegerField(default=0)
    steps_of = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("diminta pada"), auto_now_add=True)
    finished_at = models.DateTimeField(_("selesai pada"), null=True)
    expires_at = models.DateTimeField(_("berkas dihapus pada"))
    as_of = models.DateTimeField(_("angka per"), null=True)
    stations = models.PositiveIntegerField(_("TPS"), default=0)
    stations_in = models.PositiveIntegerField(_("TPS masuk"), default=0)
    photos = models.PositiveIntegerField(_("foto"), default=0)
    size = models.PositiveBigIntegerField(_("ukuran"), default=0)
    sha256 = models.CharField(_("SHA-256 berkas ZIP"), max_length=64, blank=True)
    manifest_sha256 = models.CharField(_("SHA-256 manifest.json"), max_length=64, blank=True)

    objects = EvidencePackQuerySet.as_manager()

    class Meta:
        verbose_name = _("paket bukti")
        verbose_name_plural = pgettext_lazy("daftar", "paket bukti")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["made_by", "contest", "region"],
                condition=Q(state__in=["menunggu", "berjalan"], finding=None),
                name="one_unfinished_pack_a_person_and_region",
            ),
            models.UniqueConstraint(
                fields=["made_by", "finding"],
                condition=Q(state__in=["menunggu", "berjalan"], finding__isnull=False),
                name="one_unfinished_pack_a_person_and_finding",
            ),
            models.CheckConstraint(
                condition=~Q(state="siap") | (~Q(sha256="") & ~Q(manifest_sha256="") & Q(as_of__isnull=False)),
                name="a_pack_that_is_ready_has_its_digests",
            ),
            models.CheckConstraint(
                condition=Q(state="gagal") & ~Q(problem="") | ~Q(state="gagal") & Q(problem=""),
                name="a_pack_that_failed_says_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"], name="packs_unfinished", condition=Q(state__in=["menunggu", "berjalan"])
            ),
            models.Index(fields=["expires_at"], name="packs_with_a_file", condition=~Q(state="dihapus")),
        ]

    def __str__(self) -> str:
        return f"{self.uuid} {self.state}"

    @property
    def is_unfinished(self) -> bool:
        return self.state in UNFINISHED_EVIDENCE

    @property
    def is_ready(self) -> bool:
        return self.state == EvidenceState.READY

    @property
    def stored_name(self) -> str:
        """Its name in the store: one a pack, so that a second run replaces what the first one left."""
        return f"exports/bukti-{self.uuid}.zip"


class EvidenceDownload(models.Model):
    """Who fetched a pack, when, and which one it was. Append-only."""

    pack = models.ForeignKey(EvidencePack, on_delete=models.CASCADE, related_name="downloads")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("oleh"), on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(_("pada"), auto_now_add=True)
    manifest_sha256 = models.CharField(_("SHA-256 manifest.json"), max_length=64)

    class Meta:
        verbose_name = _("unduhan paket bukti")
        verbose_name_plural = pgettext_lazy("daftar", "unduhan paket bukti")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.pack_id} {self.by_id} {self.at:%Y-%m-%d %H:%M}"
