"""D.Hasil of a kecamatan or a kabupaten: versions, what was read of them, which one counts.

What was sent, read and decided is append-only, as of a C1; `RecapResult` is the
one row that changes, and whoever changes it locks it.
"""

from __future__ import annotations

from functools import reduce
from operator import and_

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Role
from regions.models import Region
from tallies.figures import Figures
from tallies.models.elections import Contest, Pair
from tallies.models.forms import Channel, receipt_code
from tallies.models.results import COUNTED_REVIEWS, Outcome, ReadingState, Review
from tallies.recap_figures import MAX_RECAP_FIGURE, RECAP_FIELDS


def _person(related_name: str = "+") -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name=related_name, db_index=related_name != "+"
    )


class RecapFormQuerySet(models.QuerySet["RecapForm"]):
    def visible_to(self, user) -> RecapFormQuerySet:
        """Keep the forms of the user's region; of a saksi PPK the own ones, while the kecamatan is theirs."""
        scope = user.scope
        if scope is not None:
            return self.filter(region__first__range=(scope.first, scope.last))
        if not user.is_current or user.role != Role.DISTRICT_WITNESS:
            return self.none()
        return self.filter(region=user.region_id, submitted_by=user)


class RecapForm(models.Model):
    """One version of the D.Hasil of ``region``: its kecamatan or kabupaten. A trigger refuses change.

    ``uuid`` is made with the page and is the key of idempotency; ``content_hash``
    tells a repeated form from another one under the same key. ``dated_on`` is
    the date on the paper.
    """

    uuid = models.UUIDField(unique=True)
    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="recap_forms", db_index=False)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+")
    supersedes = models.ForeignKey("self", null=True, on_delete=models.RESTRICT, related_name="superseded_by")
    submitted_by = _person("recap_forms")
    channel = models.CharField(max_length=12, choices=Channel.choices)
    content_hash = models.CharField(max_length=64)
    dated_on = models.DateField(_("tanggal di formulir"), null=True)
    received_at = models.DateTimeField()
    # Relations that do not hold, each as [code, key of the column's region, row]; and those that stand on the paper.
    checks = models.JSONField(default=list)
    confirmed = models.JSONField(default=list)
    note = models.CharField(_("catatan"), max_length=500, blank=True)

    objects = RecapFormQuerySet.as_manager()

    class Meta:
        verbose_name = _("formulir rekap")
        verbose_name_plural = pgettext_lazy("daftar", "formulir rekap")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"D.Hasil {self.uuid}"

    @property
    def receipt(self) -> str:
        return receipt_code(self.uuid)

    @property
    def columns_by_region(self) -> dict[int, Figures]:
        """What each column says, by the key of its region; the total's is the form's own region.

        Reads ``columns__votes__pair``; prefetch for lists.
        """
        return {column.region_id: column.figures for column in self.columns.all()}


class RecapColumn(models.Model):
    """One column: of a region right below the form's, or of the form's own, which adds them up."""

    form = models.ForeignKey(RecapForm, on_delete=models.CASCADE, related_name="columns", db_index=False)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", db_index=False)
    registered_dpt = models.PositiveIntegerField(null=True)
    voters_total = models.PositiveIntegerField(null=True)
    ballots_received = models.PositiveIntegerField(null=True)
    ballots_used = models.PositiveIntegerField(null=True)
    valid_votes = models.PositiveIntegerField(null=True)
    invalid_votes = models.PositiveIntegerField(null=True)
    total_votes = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["form", "region"], name="one_column_a_recap_and_region"),
            models.CheckConstraint(
                condition=reduce(
                    and_,
                    (
                        Q(**{name: None}) | Q(**{f"{name}__gte": 0, f"{name}__lte": MAX_RECAP_FIGURE})
                        for name in RECAP_FIELDS
                    ),
                ),
                name="recap_figures_have_at_most_seven_digits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form_id}/{self.region_id}"

    @property
    def figures(self) -> Figures:
        votes = {vote.pair.number: vote.votes for vote in self.votes.all()}
        return Figures(votes=votes, values={name: getattr(self, name) for name in RECAP_FIELDS})


class RecapVote(models.Model):
    """Votes of one pair in one column; NULL is a blank box. A trigger refuses a pair of another contest."""

    column = models.ForeignKey(RecapColumn, on_delete=models.CASCADE, related_name="votes", db_index=False)
    pair = models.ForeignKey(Pair, on_delete=models.RESTRICT, related_name="+", db_index=False)
    votes = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["column", "pair"], name="one_vote_row_a_recap_column_and_pair"),
            models.CheckConstraint(
                condition=Q(votes=None) | Q(votes__gte=0, votes__lte=MAX_RECAP_FIGURE),
                name="recap_votes_have_at_most_seven_digits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.column_id}: {self.pair_id}={self.votes}"


class RecapPhoto(models.Model):
    """A page of the paper by its SHA-256; ``brought_by`` is whose picture it is, also on a later version."""

    form = models.ForeignKey(RecapForm, on_delete=models.CASCADE, related_name="photo_names", db_index=False)
    sha256 = models.CharField(max_length=64, db_index=True)
    page = models.PositiveSmallIntegerField()
    brought_by = _person()

    class Meta:
        ordering = ["page", "id"]
        constraints = [models.UniqueConstraint(fields=["form", "sha256"], name="a_recap_names_a_photo_once")]

    def __str__(self) -> str:
        return f"{self.form_id}/{self.page}"


class RecapResultQuerySet(models.QuerySet["RecapResult"]):
    def visible_to(self, user) -> RecapResultQuerySet:
        """Keep those of the user's region: for who sees totals. A saksi PPK sees forms, not results."""
        scope = user.scope
        return self.none() if scope is None else self.filter(region__first__range=(scope.first, scope.last))

    def counted(self) -> RecapResultQuerySet:
        return self.filter(review__in=COUNTED_REVIEWS)


class RecapResult(models.Model):
    """Which D.Hasil of a (contest, region) counts; made with the first one, locked by whoever changes it.

    ``audit_seq`` and ``audit_head`` are the head of its chain of `RecapEvent`.
    """

    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="recap_results", db_index=False)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="recap_results")
    form = models.ForeignKey(RecapForm, null=True, on_delete=models.RESTRICT, related_name="counted_in")
    review = models.CharField(_("pemeriksaan"), max_length=10, choices=Review.choices, default=Review.NOT_IN)
    disputed = models.BooleanField(_("janggal"), default=False)
    reading = models.CharField(
        _("bacaan kedua"), max_length=11, choices=ReadingState.choices, default=ReadingState.NONE, blank=True
    )
    audit_seq = models.PositiveIntegerField(default=0)
    audit_head = models.CharField(max_length=64, blank=True)

    objects = RecapResultQuerySet.as_manager()

    class Meta:
        verbose_name = _("hasil rekap")
        verbose_name_plural = pgettext_lazy("daftar", "hasil rekap")
        constraints = [
            models.UniqueConstraint(fields=["contest", "region"], name="one_recap_result_a_contest_and_region"),
            models.CheckConstraint(
                condition=Q(review=Review.NOT_IN, form=None) | (~Q(review=Review.NOT_IN) & Q(form__isnull=False)),
                name="a_recap_result_has_a_form_unless_it_is_not_in",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region_id}@{self.contest_id}: {self.review}"

    @property
    def is_in(self) -> bool:
        return self.review in COUNTED_REVIEWS

    @property
    def state(self) -> str:
        """The one state it is shown in: a difference is named before the review."""
        return "disputed" if self.is_in and self.disputed else str(self.review)


class RecapReading(models.Model):
    """What a second person saw on the photos of ``form``. Append-only.

    ``columns``: region key → {"votes": {number: votes}, "values": {row: figure}}, a blank
    box as null. ``first_reader`` repeats who filled in the form, so that a constraint can hold
    the two apart; a trigger sees that it is the truth.
    """

    uuid = models.UUIDField(unique=True)
    form = models.OneToOneField(RecapForm, on_delete=models.CASCADE, related_name="reading")
    reader = _person("recap_readings")
    first_reader = _person()
    columns = models.JSONField()
    # The boxes that differ from the form, each as [key of the column's region, row].
    differing = models.JSONField(default=list)
    # Why nothing could be read; then there are no figures.
    unreadable = models.CharField(_("alasan"), max_length=500, blank=True)
    read_at = models.DateTimeField()
    content_hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("bacaan kedua rekap")
        verbose_name_plural = pgettext_lazy("daftar", "bacaan kedua rekap")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(reader=F("first_reader")), name="the_second_reader_of_a_recap_is_another_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form_id}: {len(self.differing)}"

    @property
    def columns_by_region(self) -> dict[int, Figures]:
        return {
            int(region): Figures(
                votes={int(number): votes for number, votes in said["votes"].items()}, values=said["values"]
            )
            for region, said in self.columns.items()
        }


class RecapDecision(models.Model):
    """What was decided of a recap: by a person with a reason, or by rule when ``reading`` was equal. Append-only.

    Nobody decides on a version they entered: ``entered_by`` repeats who did, a trigger sees that it is the truth.
    """

    result = models.ForeignKey(RecapResult, on_delete=models.CASCADE, related_name="decisions")
    form = models.ForeignKey(RecapForm, on_delete=models.CASCADE, related_name="decisions")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    reason = models.CharField(_("alasan"), max_length=500, blank=True)
    # The newest form when it was decided: forms up to it are settled.
    settled_through = models.ForeignKey(RecapForm, on_delete=models.CASCADE, related_name="+", db_index=False)
    reading = models.ForeignKey(RecapReading, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    entered_by = _person()
    decided_by = _person("recap_decisions")
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=[Outcome.VERIFIED, Outcome.CORRECTED, Outcome.REJECTED]),
                name="a_recap_is_verified_corrected_or_rejected",
            ),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.VERIFIED, reading__isnull=False) | ~Q(reason=""),
                name="a_decision_of_a_recap_has_a_reason_or_a_reading",
            ),
            models.CheckConstraint(
                condition=~Q(decided_by=F("entered_by")), name="nobody_decides_on_a_recap_they_entered"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form_id}: {self.outcome}"


class RecapEvent(models.Model):
    """One link of a recap's chain: ``digest`` = SHA-256 over the event and ``previous``. Append-only."""

    result = models.ForeignKey(RecapResult, on_delete=models.CASCADE, related_name="events", db_index=False)
    seq = models.PositiveIntegerField()
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=32)
    content = models.JSONField()
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["result", "seq"]
        constraints = [models.UniqueConstraint(fields=["result", "seq"], name="recap_events_are_numbered")]

    def __str__(self) -> str:
        return f"{self.result_id}#{self.seq} {self.action}"
