"""Read the runs kept of a place, for its page and its picture. No arithmetic of the projection in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from django.db.models import IntegerField, Max, OuterRef, Subquery

from analytics.models import ProjectionRun
from analytics.projecting.projection import Refusal
from regions.models import Level, Region
from tallies.models import Contest, ContestTotal, Pair
from tallies.totals.arrivals import MOST_INTERVALS, QUARTER, STEPS, QuarterNumber

#: Silent places that are named.
MOST_NAMED = 8


@dataclass(frozen=True)
class PairLine:
    """One pair at the end, fractions of the valid votes; ``counted``: of those that are in."""

    pair: Pair
    share: float
    low: float
    high: float
    counted: float
    leads: bool

    @property
    def width(self) -> float:
        return self.high - self.low


@dataclass(frozen=True)
class RunLine:
    """A run with its pairs in ballot order; none where it refused."""

    run: ProjectionRun
    pairs: tuple[PairLine, ...]

    @property
    def usungan(self) -> PairLine | None:
        return next((line for line in self.pairs if line.pair.usungan), None)

    @property
    def leader(self) -> PairLine | None:
        return next((line for line in self.pairs if line.leads), None)


@dataclass(frozen=True)
class Point:
    """The last run up to ``at``, the end of an interval; ``is_new``: it was made within that interval."""

    at: datetime
    line: RunLine
    is_new: bool


@dataclass(frozen=True)
class PartLine:
    """A kabupaten inside a larger contest; without a ``line`` nothing was projected there yet."""

    total: ContestTotal
    line: RunLine | None


@dataclass(frozen=True)
class Silent:
    """Places from which nothing is in, those with most voters first; ``more`` of them are not named."""

    level: Level
    regions: tuple[Region, ...]
    more: int


def has_projection(contest: Contest | None, region: Region) -> bool:
    """Whether ``region`` is one that is projected: the contest's own, or a kabupaten inside it."""
    return contest is not None and (contest.region_id == region.pk or region.level == Level.REGENCY)


def pairs_of(contest: Contest) -> list[Pair]:
    return list(Pair.objects.filter(contest=contest).order_by("number"))


def newest(contest: Contest, region: Region) -> ProjectionRun | None:
    return ProjectionRun.objects.filter(contest=contest, region=region).newest().first()


def line_of(run: ProjectionRun, pairs: Sequence[Pair]) -> RunLine:
    """Put the pairs beside what the run says of them; a pair that was not there then has no line."""
    said = [(pair, found) for pair in pairs if (found := run.of_pair(pair.number))]
    most = max((found["share"] for _pair, found in said), default=0.0)
    return RunLine(
        run,
        tuple(
            PairLine(
                pair, found["share"], found["low"], found["high"], found["counted"], leads=found["share"] == most
            )
            for pair, found in said
        ),
    )


# Over time


def over_time(contest: Contest, region: Region, pairs: Sequence[Pair], zone: tzinfo) -> tuple[Point, ...]:
    """The last run of each interval, in at most `MOST_INTERVALS` equal ones; where none was made, the one before."""
    runs = ProjectionRun.objects.filter(contest=contest, region=region).order_by()
    quarters = runs.annotate(quarter=QuarterNumber("at", output_field=IntegerField())).values("quarter")
    last = dict(quarters.annotate(last=Max("pk")).values_list("quarter", "last"))
    if not last:
        return ()
    size, chosen = _in_intervals(last, zone)
    known = {run.pk: line_of(run, pairs) for run in ProjectionRun.objects.in_bulk(list(chosen.values())).values()}
    points: list[Point] = []
    for number in range(min(chosen), max(chosen) + 1):
        new = number in chosen
        line = known[chosen[number]] if new else points[-1].line
        points.append(Point(_end(number, size, zone), line, new))
    return tuple(points)


def _in_intervals(last: dict[int, int], zone: tzinfo) -> tuple[int, dict[int, int]]:
    """Quarters in an interval, and by its number the key of the last run in it, cut at round hours of ``zone``."""
    shift = _at(min(last), zone).utcoffset() // QUARTER
    sizes = [step // QUARTER for step in STEPS]
    begin, end = min(last) + shift, max(last) + shift
    size = next((one for one in sizes if end // one - begin // one < MOST_INTERVALS), sizes[-1])
    return size, {(quarter + shift) // size: last[quarter] for quarter in sorted(last)}


def _end(number: int, size: int, zone: tzinfo) -> datetime:
    # Local quarters: the zones of Indonesia have no summer time.
    local = (number + 1) * size
    shift = _at(local, zone).utcoffset() // QUARTER
    return _at(local - shift, zone)


def _at(quarter: int, zone: tzinfo) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + quarter * timedelta(minutes=15)).astimezone(zone)


# Around it


def parts_of(contest: Contest, region: Region, pairs: Sequence[Pair]) -> list[PartLine]:
    """The kabupaten of ``region`` with their newest runs, along the tree; none where it is a kabupaten itself."""
    if region.level >= Level.REGENCY:
        return []
    inside = ContestTotal.objects.filter(
        contest=contest, region__level=Level.REGENCY, region__first__range=(region.first, region.last)
    )
    runs = ProjectionRun.objects.filter(contest=OuterRef("contest"), region=OuterRef("region")).newest()
    totals = list(
        inside.annotate(run=Subquery(runs.values("pk")[:1])).select_related("region").order_by("region__first")
    )
    known = ProjectionRun.objects.in_bulk([total.run for total in totals if total.run])  # type: ignore[attr-defined]
    return [
        PartLine(total, line_of(known[total.run], pairs) if total.run else None)  # type: ignore[attr-defined]
        for total in totals
    ]


#: Of which level the silent places are, by the code of the refusal.
_SILENT_LEVELS = {
    Refusal.NOTHING_IN: Level.DISTRICT,
    Refusal.TOO_LITTLE_REACHED: Level.DISTRICT,
    Refusal.SILENT_PROVINCE: Level.PROVINCE,
    Refusal.SILENT_REGENCIES: Level.REGENCY,
}


def silent_places(contest: Contest, region: Region, refusal: str) -> Silent | None:
    """Where a first station would bring the answer nearer; None where there is an answer."""
    if not refusal:
        return None
    level = _SILENT_LEVELS[Refusal(refusal)]
    totals = ContestTotal.objects.filter(
        contest=contest,
        region__level=level,
        region__first__range=(region.first, region.last),
        stations__gt=0,
        stations_in=0,
    )
    first = totals.select_related("region").order_by("-registered_voters", "region__first")[:MOST_NAMED]
    named = tuple(total.region for total in first)
    return Silent(level, named, totals.count() - len(named))
