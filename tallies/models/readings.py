"""The second reading of a form from its photo, and who is reading which one now."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tallies.figures import FULL_FIELDS, MAX_FIGURE, Figures
from tallies.models.elections import Pair
from tallies.models.figure_columns import FigureColumns, bounded_figures
from tallies.models.forms import C1Form
from tallies.models.results import StationResult


class Finding(models.TextChoices):
    """What came of a reading."""

    EQUAL = "equal", _("Sama dengan laporan saksi")
    DIFFERS = "differs", _("Berbeda dengan laporan saksi")
    UNREADABLE = "unreadable", _("Foto tidak terbaca")
    WRONG_STATION = "wrong_station", _("Foto dari TPS lain")
    NOT_C1 = "not_c1", _("Bukan C1")
    DUPLICATE = "duplicate", _("Foto yang sama dengan TPS lain")


#: Findings that come with figures; the others with a reason.
WITH_FIGURES = (Finding.EQUAL, Finding.DIFFERS)


class Reading(FigureColumns):
    """What one reader saw on the photos of ``form``. Append-only.

    ``round`` 1 is the whole form; 2 repeats it with the boxes that differed
    read anew. ``first_reader`` repeats who filled in the form, so that a
    constraint can hold the two apart; a trigger sees that it is the truth.
    """

    uuid = models.UUIDField(unique=True)
    result = models.ForeignKey(StationResult, on_delete=models.CASCADE, related_name="readings")
    form = models.ForeignKey(C1Form, on_delete=models.CASCADE, related_name="readings", db_index=False)
    round = models.PositiveSmallIntegerField()
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="readings")
    first_reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    finding = models.CharField(_("hasil bacaan"), max_length=13, choices=Finding.choices)
    # Names of the boxes that differ from the form, in paper order.
    differing = models.JSONField(default=list)
    # Codes of relations that do not hold and of which the reader says: it stands like that on the form.
    confirmed = models.JSONField(default=list)
    reason = models.CharField(_("alasan"), max_length=500, blank=True)
    claimed_at = models.DateTimeField()
    read_at = models.DateTimeField()
    content_hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("bacaan kedua")
        verbose_name_plural = pgettext_lazy("daftar", "bacaan kedua")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=bounded_figures(), name="readings_have_at_most_four_digits"),
            models.UniqueConstraint(fields=["form", "round"], name="one_reading_a_form_and_round"),
            models.CheckConstraint(condition=Q(round__in=(1, 2)), name="a_form_is_read_twice_at_most"),
            models.CheckConstraint(
                condition=~Q(reader=F("first_reader")), name="the_second_reader_is_another_person"
            ),
            models.CheckConstraint(
                condition=Q(finding__in=WITH_FIGURES) | ~Q(reason=""), name="a_reading_without_figures_has_a_reason"
            ),
            models.CheckConstraint(
                condition=~Q(finding=Finding.EQUAL) | Q(differing=[]), name="equal_readings_differ_in_nothing"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form_id}/{self.round}: {self.finding}"

    @property
    def figures(self) -> Figures:
        """The figures as plain values. Reads ``votes``; prefetch for lists."""
        votes = {vote.pair.number: vote.votes for vote in self.votes.all()}
        return Figures(votes=votes, values={name: getattr(self, name) for name in FULL_FIELDS})


class ReadingVote(models.Model):
    """Votes of one pair as the reader saw them; NULL is a blank box. A trigger refuses a pair of another contest."""

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="votes", db_index=False)
    pair = models.ForeignKey(Pair, on_delete=models.RESTRICT, related_name="+", db_index=False)
    votes = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reading", "pair"], name="one_vote_row_a_reading_and_pair"),
            models.CheckConstraint(
                condition=Q(votes=None) | Q(votes__gte=0, votes__lte=MAX_FIGURE),
                name="read_votes_have_at_most_four_digits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pair_id}={self.votes}"


class ReadingClaim(models.Model):
    """Who reads which form now. One a person and one a station; past ``expires_at`` another may take it."""

    result = models.OneToOneField(StationResult, on_delete=models.CASCADE, related_name="claim")
    form = models.ForeignKey(C1Form, on_delete=models.CASCADE, related_name="+", db_index=False)
    reader = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="claim")
    claimed_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.result_id}: {self.reader_id}"
