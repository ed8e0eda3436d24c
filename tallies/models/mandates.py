"""Letters of mandate (surat mandat), one a witness and station, and the files they stand in. Rows are kept."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Activation
from regions.models import Region
from tallies.models.elections import Election
from tallies.models.stations import Assignment

REASON_LENGTH = 120


class PageFormat(models.TextChoices):
    A4 = "a4", _("A4, satu surat per lembar")
    A6 = "a6", _("A6, empat surat pada satu lembar A4")


class Printed(models.TextChoices):
    """Which letters of a region are made."""

    MISSING = "belum", _("Hanya yang belum punya surat")
    ALL = "semua", _("Semua, surat lama diganti")


class MandateState(models.TextChoices):
    WAITING = "menunggu", _("Menunggu giliran")
    RUNNING = "berjalan", _("Sedang disiapkan")
    READY = "siap", _("Siap diunduh")
    FAILED = "gagal", _("Gagal")
    REMOVED = "dihapus", _("Berkas sudah dihapus")


class MandateProblem(models.TextChoices):
    NONE = "", _("Tidak ada")
    NO_RIGHT = "hak", _("Pembuatnya tidak lagi berhak atas wilayah ini")
    NOBODY = "kosong", _("Tidak ada saksi yang masih perlu surat di wilayah ini")
    CLOSED = "tutup", _("Pemilihan ini sudah selesai")
    GIVEN_UP = "ulang", _("Gagal beberapa kali")


UNFINISHED_MANDATES = (MandateState.WAITING, MandateState.RUNNING)


def _person(label: str, **options) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=label,
        on_delete=models.PROTECT,
        **{"related_name": "+", "db_index": False} | options,
    )


class MandateCounter(models.Model):
    """The last number given in a kabupaten. Whoever takes numbers locks its row."""

    election = models.ForeignKey(Election, on_delete=models.CASCADE, related_name="+", db_index=False)
    regency = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+")
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["election", "regency"], name="one_mandate_counter_an_election_and_kabupaten"
            )
        ]

    def __str__(self) -> str:
        return f"{self.election_id}/{self.regency_id} {self.last}"


class MandateBatchQuerySet(models.QuerySet["MandateBatch"]):
    def of_maker(self, user) -> MandateBatchQuerySet:
        """Keep the user's own, of regions that are still the user's. The files hold links: nobody sees another's."""
        scope = user.scope
        if scope is None:
            return self.none()
        return self.filter(made_by=user, region__first__range=(scope.first, scope.last))

    def unfinished(self) -> MandateBatchQuerySet:
        return self.filter(state__in=UNFINISHED_MANDATES)


class MandateBatch(models.Model):
    """Letters that somebody wants: of a region, or of one assignment. One file a kecamatan (`MandateFile`).

    ``origin``: the address of this installation as its maker sees it, which the QR codes carry. ``claim`` as in
    `sista.claimed_jobs`.
    """

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    made_by = _person(_("dibuat oleh"), related_name="mandate_batches", db_index=True)
    election = models.ForeignKey(Election, verbose_name=_("pemilihan"), on_delete=models.CASCADE, related_name="+")
    region = models.ForeignKey(Region, verbose_name=_("wilayah"), on_delete=models.PROTECT, related_name="+")
    assignment = models.ForeignKey(Assignment, null=True, on_delete=models.CASCADE, related_name="+")
    page_format = models.CharField(_("ukuran"), max_length=2, choices=PageFormat.choices, default=PageFormat.A4)
    printed = models.CharField(_("surat"), max_length=5, choices=Printed.choices, default=Printed.MISSING)
    reason = models.CharField(_("alasan"), max_length=REASON_LENGTH, blank=True)
    origin = models.CharField(max_length=200)
    language = models.CharField(_("bahasa"), max_length=5)
    state = models.CharField(_("keadaan"), max_length=8, choices=MandateState.choices, default=MandateState.WAITING)
    problem = models.CharField(_("sebab"), max_length=6, choices=MandateProblem.choices, blank=True)
    letters_done = models.PositiveIntegerField(default=0)
    letters_of = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("diminta pada"), auto_now_add=True)
    finished_at = models.DateTimeField(_("selesai pada"), null=True)
    expires_at = models.DateTimeField(_("berkas dihapus pada"))

    objects = MandateBatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("cetakan surat mandat")
        verbose_name_plural = pgettext_lazy("daftar", "cetakan surat mandat")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["made_by", "election", "region"],
                condition=Q(state__in=["menunggu", "berjalan"], assignment=None),
                name="one_unfinished_batch_a_person_and_region",
            ),
            models.UniqueConstraint(
                fields=["assignment"],
                condition=Q(state__in=["menunggu", "berjalan"], assignment__isnull=False),
                name="one_unfinished_batch_an_assignment",
            ),
            models.CheckConstraint(
                condition=Q(state="gagal") & ~Q(problem="") | ~Q(state="gagal") & Q(problem=""),
                name="a_batch_that_failed_says_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"], name="batches_unfinished", condition=Q(state__in=["menunggu", "berjalan"])
            ),
            models.Index(fields=["expires_at"], name="batches_with_files", condition=~Q(state="dihapus")),
        ]

    def __str__(self) -> str:
        return f"{self.uuid} {self.state}"

    @property
    def is_unfinished(self) -> bool:
        return self.state in UNFINISHED_MANDATES

    @property
    def has_files(self) -> bool:
        """Files that are whole may be fetched until their day is over, also while others are made."""
        return self.state != MandateState.REMOVED and self.expires_at > timezone.now()


class MandateFile(models.Model):
    """The letters of one kecamatan as a PDF. With ``sha256`` it is whole, and the links in it are the ones that work.

    ``first_number`` and the ``reserved - 1`` after it are kept for it: a run that was killed leaves no gap.
    """

    batch = models.ForeignKey(MandateBatch, on_delete=models.CASCADE, related_name="files", db_index=False)
    region = models.ForeignKey(Region, verbose_name=_("wilayah"), on_delete=models.PROTECT, related_name="+")
    stored_name = models.CharField(max_length=120)
    first_number = models.PositiveIntegerField(null=True)
    reserved = models.PositiveIntegerField(default=0)
    letters = models.PositiveIntegerField(_("surat"), default=0)
    links = models.PositiveIntegerField(_("dengan tautan"), default=0)
    size = models.PositiveBigIntegerField(_("ukuran"), default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    finished_at = models.DateTimeField(_("selesai pada"), null=True)

    class Meta:
        ordering = ["region__first"]
        constraints = [models.UniqueConstraint(fields=["batch", "region"], name="one_mandate_file_a_kecamatan")]

    def __str__(self) -> str:
        return f"{self.batch_id}/{self.region_id}"


class MandateQuerySet(models.QuerySet["Mandate"]):
    def valid(self) -> MandateQuerySet:
        return self.filter(revoked_at=None)

    def visible_to(self, user) -> MandateQuerySet:
        """Keep the letters for stations of the user's region; somebody without one sees none."""
        scope = user.scope
        if scope is None:
            return self.none()
        return self.filter(assignment__station__region__first__range=(scope.first, scope.last))


class Mandate(models.Model):
    """One letter: its number, for which assignment, by whom, and its end. ``name`` is the one on the paper.

    ``activation``: the link its QR code carries; NULL where the phone was active already, or another valid letter of
    the same person has the link. ``replaces``: the letter that this one put an end to.
    """

    election = models.ForeignKey(Election, on_delete=models.CASCADE, related_name="+", db_index=False)
    regency = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", db_index=False)
    seq = models.PositiveIntegerField()
    number = models.CharField(_("nomor"), max_length=40, db_index=True)
    assignment = models.ForeignKey(
        Assignment, verbose_name=_("penugasan"), on_delete=models.CASCADE, related_name="mandates"
    )
    name = models.CharField(_("nama"), max_length=150)
    activation = models.ForeignKey(Activation, null=True, on_delete=models.PROTECT, related_name="mandates")
    issued_in = models.ForeignKey(MandateFile, null=True, on_delete=models.SET_NULL, related_name="mandates")
    issued_at = models.DateTimeField(_("diterbitkan pada"))
    issued_by = _person(_("diterbitkan oleh"), null=True)
    replaces = models.OneToOneField(to="self", null=True, on_delete=models.CASCADE, related_name="replaced_by")
    revoked_at = models.DateTimeField(_("dicabut pada"), null=True)
    revoked_by = _person(_("dicabut oleh"), null=True)
    reason = models.CharField(_("alasan"), max_length=REASON_LENGTH, blank=True)

    objects = MandateQuerySet.as_manager()

    class Meta:
        verbose_name = _("surat mandat")
        verbose_name_plural = pgettext_lazy("daftar", "surat mandat")
        constraints = [
            models.UniqueConstraint(fields=["election", "regency", "seq"], name="one_mandate_a_number"),
            models.UniqueConstraint(
                fields=["assignment"], condition=Q(revoked_at=None), name="one_valid_mandate_an_assignment"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_valid(self) -> bool:
        return self.revoked_at is None
