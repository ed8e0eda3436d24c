"""Stored totals: one row a region, recomputed from children by `tallies.totals.aggregation` and by nobody else."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from regions.models import Region
from tallies.models.elections import Contest, Election, Office, Pair


class Progress(models.Model):
    """How much is in, and the figures that add up whatever the pairs are.

    ``registered_voters`` is the known DPT of all stations. Turnout is
    ``turnout_voters`` / ``turnout_registered``: both over the stations that are
    in and have both figures, so that a missing one cannot bend the rate.
    ``valid_votes`` is what stands on the forms, or the sum of the pairs where
    that box is blank.
    """

    stations = models.PositiveIntegerField(_("TPS"), default=0)
    stations_in = models.PositiveIntegerField(_("TPS masuk"), default=0)
    stations_verified = models.PositiveIntegerField(_("TPS terverifikasi"), default=0)
    stations_disputed = models.PositiveIntegerField(_("TPS janggal"), default=0)
    stations_verified_disputed = models.PositiveIntegerField(default=0)
    stations_rejected = models.PositiveIntegerField(_("TPS ditolak"), default=0)
    registered_voters = models.PositiveIntegerField(_("DPT"), default=0)
    voters = models.PositiveIntegerField(_("pengguna hak pilih"), default=0)
    turnout_voters = models.PositiveIntegerField(default=0)
    turnout_registered = models.PositiveIntegerField(default=0)
    valid_votes = models.PositiveIntegerField(_("suara sah"), default=0)
    invalid_votes = models.PositiveIntegerField(_("suara tidak sah"), default=0)
    counted_at = models.DateTimeField(_("dihitung pada"))

    class Meta:
        abstract = True

    @property
    def stations_missing(self) -> int:
        """Stations neither in nor rejected."""
        return self.stations - self.stations_in - self.stations_rejected

    @property
    def parts(self) -> dict[str, int]:
        """Five parts that add up to ``total``; a verified station with a new rival is shown as disputed."""
        verified = self.stations_verified - self.stations_verified_disputed
        return {
            "verified": verified,
            "pending": self.stations_in - verified - self.stations_disputed,
            "disputed": self.stations_disputed,
            "rejected": self.stations_rejected,
            "not_in": self.stations_missing,
            "total": self.stations,
        }

    @property
    def is_complete(self) -> bool:
        return self.stations > 0 and self.stations_in == self.stations

    @property
    def coverage(self) -> float | None:
        return self.stations_in / self.stations if self.stations else None

    @property
    def turnout(self) -> float | None:
        return self.turnout_voters / self.turnout_registered if self.turnout_registered else None


PROGRESS_FIELDS = (
    "stations",
    "stations_in",
    "stations_verified",
    "stations_disputed",
    "stations_verified_disputed",
    "stations_rejected",
    "registered_voters",
    "voters",
    "turnout_voters",
    "turnout_registered",
    "valid_votes",
    "invalid_votes",
)


class ContestTotal(Progress):
    """Progress of one contest in one region, from desa up to the contest's own."""

    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="totals", db_index=False)
    region = models.ForeignKey(Region, on_delete=models.CASCADE, related_name="contest_totals")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contest", "region"], name="one_total_a_contest_and_region")]

    def __str__(self) -> str:
        return f"{self.contest_id}/{self.region_id}: {self.stations_in}/{self.stations}"


class PairTotal(models.Model):
    """Votes of one pair in one region: of the forms that are in, and of the verified ones."""

    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="pair_totals", db_index=False)
    region = models.ForeignKey(Region, on_delete=models.CASCADE, related_name="pair_totals")
    pair = models.ForeignKey(Pair, on_delete=models.CASCADE, related_name="totals")
    votes = models.PositiveIntegerField(default=0)
    votes_verified = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contest", "region", "pair"], name="one_total_a_region_and_pair")
        ]

    def __str__(self) -> str:
        return f"{self.pair_id}/{self.region_id}: {self.votes}"


class PartyTotal(Progress):
    """Above the contests' own regions: the party's pairs against the others.

    Pairs of different contests are never added by number. A tie is neither led
    nor trailing; ``contests_waiting`` have no station in.
    """

    election = models.ForeignKey(Election, on_delete=models.CASCADE, related_name="party_totals", db_index=False)
    office = models.CharField(max_length=12, choices=Office.choices)
    region = models.ForeignKey(Region, on_delete=models.CASCADE, related_name="party_totals")
    party_votes = models.PositiveIntegerField(default=0)
    party_votes_verified = models.PositiveIntegerField(default=0)
    other_votes = models.PositiveIntegerField(default=0)
    other_votes_verified = models.PositiveIntegerField(default=0)
    contests = models.PositiveIntegerField(default=0)
    contests_led = models.PositiveIntegerField(default=0)
    contests_trailing = models.PositiveIntegerField(default=0)
    contests_tied = models.PositiveIntegerField(default=0)
    contests_waiting = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["election", "office", "region"], name="one_party_total_an_office_and_region"
            )
        ]

    def __str__(self) -> str:
        return f"{self.election_id}/{self.office}/{self.region_id}"

    @property
    def party_share(self) -> float | None:
        both = self.party_votes + self.other_votes
        return self.party_votes / both if both else None
