"""Read what the information page of a kabupaten shows: its kecamatan, and the votes of its TPS as they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache

from analytics.information.last_digits import LastDigits, RoundShares, last_digits, round_shares
from analytics.models import Expectation, ExpectedShare
from regions.models import Level, Region
from tallies.models import Contest, Pair, StationResult
from tallies.totals import reporting
from tallies.totals.reporting import RegionLine

#: Below this, digits and clouds of points say nothing.
FEWEST_STATIONS = 1000
_KEPT_SECONDS = 3600


@dataclass(frozen=True)
class DistrictFacts:
    """A kecamatan, fractions; ``share`` of the valid votes of the pair looked at, ``expected`` where it is known."""

    line: RegionLine
    share: float | None
    turnout: float | None
    expected: float | None = None

    @property
    def difference(self) -> float | None:
        return None if self.share is None or self.expected is None else self.share - self.expected


@dataclass(frozen=True)
class PairDigits:
    pair: Pair
    digits: LastDigits
    rounds: RoundShares


def pair_looked_at(line: RegionLine) -> Pair | None:
    """Ours, else the one that leads, else the first."""
    if line.usungan:
        return line.usungan.pair
    if line.leader:
        return line.leader.pair
    return line.pairs[0].pair if line.pairs else None


def districts_of(
    contest: Contest, region: Region, pair: Pair, expectation: Expectation | None
) -> list[DistrictFacts]:
    """The kecamatan of ``region`` in which something is in, along the tree."""
    expected = _expected(expectation, region, pair) if expectation else {}
    found = []
    for line in reporting.contest_report(contest, region).children:
        share = next((one.share for one in line.pairs if one.pair.pk == pair.pk), None)
        if share is not None and line.progress:
            found.append(DistrictFacts(line, share, line.progress.turnout, expected.get(line.region.pk)))
    return found


def expectation_for(user: Any, contest: Contest) -> Expectation | None:
    """The active expectation, where it belongs to a contest of the reader's region."""
    return Expectation.objects.visible_to(user).active().filter(contest=contest).first()


def _expected(expectation: Expectation, region: Region, pair: Pair) -> dict[int, float]:
    shares = ExpectedShare.objects.filter(
        expectation=expectation, pair=pair, station=None, share__isnull=False, region__level=Level.DISTRICT,
        region__first__range=(region.first, region.last),
    )  # fmt: skip
    return dict(shares.values_list("region_id", "share"))


def digits_of(contest: Contest, region: Region, pairs: Sequence[Pair], stamp: str) -> list[PairDigits]:
    """Digits and round shares of each pair over the TPS of ``region`` that are in, read once for each ``stamp``."""
    key = f"digits:{contest.pk}:{region.pk}"
    kept = cache.get(key)
    if kept is None or kept[0] != stamp:
        kept = (stamp, {pair.pk: _count(contest, region, pair) for pair in pairs})
        cache.set(key, kept, _KEPT_SECONDS)
    return [PairDigits(pair, *kept[1][pair.pk]) for pair in pairs if pair.pk in kept[1]]


def _count(contest: Contest, region: Region, pair: Pair) -> tuple[LastDigits, RoundShares]:
    rows = StationResult.objects.filter(contest=contest, form__votes__pair=pair, form__votes__votes__isnull=False)
    votes = list(rows.within(region).counted().order_by().values_list("form__votes__votes", "form__effective_valid"))
    return last_digits([own for own, _valid in votes]), round_shares([one for one in votes if one[1]])
