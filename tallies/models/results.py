"""Which form of a station counts, what was decided, and the record of it all."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regions.models import Region
from tallies.models.elections import Contest
from tallies.models.forms import C1Form
from tallies.models.stations import Assignment, PollingStation


class Review(models.TextChoices):
    NOT_IN = "not_in", _("Belum masuk")
    PENDING = "pending", _("Menunggu verifikasi")
    VERIFIED = "verified", _("Terverifikasi")
    NEEDS_FIX = "needs_fix", _("Perlu diperbaiki")
    REJECTED = "rejected", _("Ditolak")


class ReadingState(models.TextChoices):
    """Where the second reading of the counted form stands."""

    NONE = "", _("Tidak diminta")
    WAITING = "waiting", _("Menunggu bacaan kedua")
    #: The readings differ, and the differing boxes are asked once more.
    AGAIN = "again", _("Dibaca sekali lagi")
    #: They differ still, or the reader says it is no readable C1 of this station.
    COORDINATOR = "coordinator", _("Menunggu koordinator")
    DONE = "done", _("Sudah dibaca")


#: In these a reader may take the form.
OPEN_READINGS = (ReadingState.WAITING, ReadingState.AGAIN)

#: A form counts whatever its review, except rejected.
COUNTED_REVIEWS = (Review.PENDING, Review.VERIFIED, Review.NEEDS_FIX)


class StationResultQuerySet(models.QuerySet["StationResult"]):
    def within(self, region: Region) -> StationResultQuerySet:
        return self.filter(station__region__first__range=(region.first, region.last))

    def visible_to(self, user) -> StationResultQuerySet:
        scope = user.scope
        if scope is None:
            active = Assignment.objects.active().filter(station=OuterRef("station"), witness=user)
            return self.filter(Exists(active))
        return self.within(scope)

    def counted(self) -> StationResultQuerySet:
        """Keep the stations that are in."""
        return self.filter(review__in=COUNTED_REVIEWS)

    def with_place(self) -> StationResultQuerySet:
        return self.select_related("contest__election", "contest__region", "station__region__parent")


class StationResult(models.Model):
    """One row a (contest, station), made with the station; whoever changes it locks it.

    ``form`` is the form that counts (or the rejected one). ``proposed_form`` is
    a correction of a verified form that waits for a person; the verified one
    counts until then. ``audit_seq`` and ``audit_head`` are the head of the
    station's chain of audit events.
    """

    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="results", db_index=False)
    station = models.ForeignKey(PollingStation, on_delete=models.CASCADE, related_name="results")
    form = models.ForeignKey(C1Form, null=True, on_delete=models.RESTRICT, related_name="counted_in")
    proposed_form = models.ForeignKey(
        C1Form, null=True, on_delete=models.RESTRICT, related_name="proposed_in", db_index=False
    )
    review = models.CharField(_("pemeriksaan"), max_length=10, choices=Review.choices, default=Review.NOT_IN)
    disputed = models.BooleanField(_("janggal"), default=False)
    reading = models.CharField(
        _("bacaan kedua"), max_length=11, choices=ReadingState.choices, default=ReadingState.NONE, blank=True
    )
    audit_seq = models.PositiveIntegerField(default=0)
    audit_head = models.CharField(max_length=64, blank=True)

    objects = StationResultQuerySet.as_manager()

    class Meta:
        verbose_name = _("hasil TPS")
        verbose_name_plural = pgettext_lazy("daftar", "hasil TPS")
        constraints = [
            models.UniqueConstraint(fields=["contest", "station"], name="one_result_a_contest_and_station"),
            models.CheckConstraint(
                condition=Q(review=Review.NOT_IN, form=None) | (~Q(review=Review.NOT_IN) & Q(form__isnull=False)),
                name="a_result_has_a_form_unless_it_is_not_in",
            ),
            models.CheckConstraint(
                condition=~Q(review=Review.NOT_IN, disputed=True), name="nothing_is_disputed_before_it_is_in"
            ),
        ]
        indexes = [
            models.Index(fields=["contest", "review"], name="results_by_review"),
            models.Index(fields=["contest"], name="results_disputed", condition=Q(disputed=True)),
            models.Index(
                fields=["contest"], name="results_with_a_proposal", condition=Q(proposed_form__isnull=False)
            ),
            models.Index(
                fields=["proposed_form"], name="results_by_proposal", condition=Q(proposed_form__isnull=False)
            ),
            # The next one to read is the oldest form of these.
            models.Index(fields=["contest", "form"], name="results_to_read", condition=Q(reading__in=OPEN_READINGS)),
        ]

    def __str__(self) -> str:
        return f"{self.station_id}@{self.contest_id}: {self.review}"

    @property
    def is_in(self) -> bool:
        return self.review in COUNTED_REVIEWS


class Outcome(models.TextChoices):
    VERIFIED = "verified", _("Terverifikasi")
    REJECTED = "rejected", _("Ditolak")
    CORRECTED = "corrected", _("Diperbaiki")
    NEEDS_FIX = "needs_fix", _("Perlu diperbaiki")
    MOVED = "moved", _("Dipindahkan ke TPS lain")


class Decision(models.Model):
    """What was decided about a form, with the reason the witness reads. Append-only.

    By a coordinator, or by rule: then ``reading`` is the second reading that
    was equal to the form, and ``decided_by`` the person who read.
    ``moved_to`` is the copy of a form in the station it belongs to.
    """

    result = models.ForeignKey(StationResult, on_delete=models.CASCADE, related_name="decisions")
    form = models.ForeignKey(C1Form, on_delete=models.CASCADE, related_name="decisions")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    reason = models.CharField(_("alasan"), max_length=500, blank=True)
    # The newest form of the station when it was decided: forms up to it are settled.
    settled_through = models.ForeignKey(C1Form, on_delete=models.CASCADE, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions")
    decided_at = models.DateTimeField()
    reading = models.OneToOneField(to="tallies.Reading", null=True, on_delete=models.CASCADE, related_name="decision")
    moved_to = models.OneToOneField(C1Form, null=True, on_delete=models.CASCADE, related_name="moved_by")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(outcome__in=[Outcome.REJECTED, Outcome.NEEDS_FIX, Outcome.CORRECTED, Outcome.MOVED])
                | ~Q(reason=""),
                name="a_refusal_or_correction_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.MOVED, moved_to__isnull=False)
                | (~Q(outcome=Outcome.MOVED) & Q(moved_to=None)),
                name="a_move_says_where_to_and_nothing_else_does",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form_id}: {self.outcome}"


class AuditEvent(models.Model):
    """One link of a station's chain: ``digest`` = SHA-256 over the event and ``previous``. Append-only."""

    result = models.ForeignKey(
        StationResult, verbose_name=_("hasil TPS"), on_delete=models.CASCADE, related_name="events", db_index=False
    )
    seq = models.PositiveIntegerField(_("nomor"))
    at = models.DateTimeField(_("pada"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("oleh"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    action = models.CharField(_("tindakan"), max_length=32)
    content = models.JSONField(_("isi"))
    previous = models.CharField(_("sidik sebelumnya"), max_length=64, blank=True)
    digest = models.CharField(_("sidik"), max_length=64)

    class Meta:
        verbose_name = _("jejak audit")
        verbose_name_plural = pgettext_lazy("daftar", "jejak audit")
        ordering = ["result", "seq"]
        constraints = [models.UniqueConstraint(fields=["result", "seq"], name="audit_events_are_numbered")]

    def __str__(self) -> str:
        return f"{self.result_id}#{self.seq} {self.action}"


class OutboxRow(models.Model):
    """A station result changed and its totals do not know it yet.

    Ids commit out of order: a drainer deletes the rows it took, never
    everything below a high-water mark.
    """

    election = models.ForeignKey("tallies.Election", on_delete=models.CASCADE, related_name="outbox")
    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="+", db_index=False)
    region = models.ForeignKey(Region, on_delete=models.CASCADE, related_name="+", db_index=False)
    # Which of the desa's stations it was; none where the desa itself changed.
    station = models.ForeignKey(PollingStation, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("antrean jumlah")
        verbose_name_plural = pgettext_lazy("daftar", "antrean jumlah")

    def __str__(self) -> str:
        return f"{self.contest_id}/{self.region_id}"


class ExaminationRow(models.Model):
    """Something changed, its totals know it, and nobody has yet asked what it means.

    A station of a desa, or the whole desa (``station`` empty), or a region above it whose
    recapitulation changed. Written in the transaction that counts it, so that a lost
    process loses neither; taken as the outbox is, row by row.
    """

    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="+", db_index=False)
    region = models.ForeignKey(Region, on_delete=models.CASCADE, related_name="+", db_index=False)
    station = models.ForeignKey(PollingStation, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("antrean pemeriksaan")
        verbose_name_plural = pgettext_lazy("daftar", "antrean pemeriksaan")

    def __str__(self) -> str:
        return f"{self.contest_id}/{self.region_id}/{self.station_id}"
