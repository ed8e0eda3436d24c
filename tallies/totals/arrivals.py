"""When the stations of a region came in, and when they were verified: by the first form, in equal intervals.

A station counts while it is in, so that the last sum is *TPS masuk*. Grouped
by the database in quarters of an hour; one reading serves all readers of a
region for a minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from fractions import Fraction
from itertools import accumulate
from time import time

from django.core.cache import cache
from django.db.models import Count, Exists, Func, IntegerField, OuterRef, QuerySet

from regions.models import Region
from tallies.models import (
    AuditEvent,
    Contest,
    ContestTotal,
    Decision,
    Election,
    Office,
    Outcome,
    PartyTotal,
    Review,
    StationResult,
)

QUARTER = timedelta(minutes=15)
#: An evening in quarters, a night in hours, a week in days: never more intervals than can be read.
STEPS = tuple(QUARTER * quarters for quarters in (1, 2, 4, 12, 24, 96, 7 * 96, 28 * 96))
MOST_INTERVALS = 48
#: Seconds for which a reading serves although more came in since.
SHARED_SECONDS = 60
_KEPT_SECONDS = 3600

Counts = dict[int, int]


class QuarterNumber(Func):
    """Number of the quarter of an hour since 1970. (Django's Trunc calls Python for each row of SQLite.)"""

    output_field = IntegerField()
    template = "CAST(FLOOR(EXTRACT(EPOCH FROM %(expressions)s) / 900) AS integer)"

    def as_sqlite(self, compiler, connection, **context):
        template = "CAST(strftime('%%%%s', %(expressions)s) AS integer) / 900"
        return super().as_sql(compiler, connection, template=template, **context)


@dataclass(frozen=True)
class Interval:
    """``start`` up to before ``end``: what came in, and the sums up to ``end``; ``coverage`` is rounded down."""

    start: datetime
    end: datetime
    arrived: int
    verified: int
    all_arrived: int
    all_verified: int
    coverage: Fraction | None


@dataclass(frozen=True)
class Arrivals:
    """Arrivals of a region in local time. Without any, ``intervals`` is empty and ``step`` zero."""

    intervals: tuple[Interval, ...]
    step: timedelta
    stations: int
    counted_at: datetime | None

    @property
    def zone_name(self) -> str:
        return self.intervals[0].start.tzname() or "" if self.intervals else ""

    @property
    def day(self) -> datetime | None:
        """The day on which everything came in, None when there were several."""
        days = {one.start.date() for one in self.intervals}
        return self.intervals[0].start if len(days) == 1 else None


# What is read


def office_at(election: Election, region: Region, asked: str) -> str:
    """The office meant by ``asked``, else the first that is elected in, above or within ``region``; "" for none."""
    held = set(Contest.objects.filter(election=election).touching(region).values_list("office", flat=True))
    return asked if asked in held else next((office for office in Office.values if office in held), "")


def arrivals_of(election: Election, office: str, region: Region, zone: tzinfo) -> Arrivals:
    """Read the arrivals of ``region``, at most a minute old while more are coming in."""
    stations, counted_at = _counted(election, office, region)
    key = f"arrivals:{election.pk}:{office}:{region.pk}"
    known = cache.get(key)
    if known is None or (known[0] != counted_at and not 0 <= time() - known[1] < SHARED_SECONDS):
        known = (counted_at, time(), *_quarters(election, office, region))
        cache.set(key, known, _KEPT_SECONDS)
    return in_intervals(known[2], known[3], zone=zone, stations=stations, counted_at=known[0])


def arrivals_now(election: Election, office: str, region: Region, zone: tzinfo) -> Arrivals:
    """Read the arrivals of ``region`` as they are, for a reader who cannot wait for a minute."""
    stations, counted_at = _counted(election, office, region)
    arrived, verified = _quarters(election, office, region)
    return in_intervals(arrived, verified, zone=zone, stations=stations, counted_at=counted_at)


def _counted(election: Election, office: str, region: Region) -> tuple[int, datetime | None]:
    """Stations of the region and when they were last counted: of its contest, or of the party above contests."""
    own = {"region": region}
    totals = [
        *ContestTotal.objects.filter(contest__election=election, contest__office=office, **own),
        *PartyTotal.objects.filter(election=election, office=office, **own),
    ]
    return (totals[0].stations, max(total.counted_at for total in totals)) if totals else (0, None)


def _quarters(election: Election, office: str, region: Region) -> tuple[Counts, Counts]:
    results = _results(election, office, region)
    # The chain of a station begins with its first form.
    first = AuditEvent.objects.filter(seq=1, result__in=results.counted())
    settled = Decision.objects.filter(outcome__in=[Outcome.VERIFIED, Outcome.CORRECTED])
    later = settled.filter(result=OuterRef("result"), pk__gt=OuterRef("pk"))
    verified = settled.filter(result__in=results.filter(review=Review.VERIFIED)).filter(~Exists(later))
    return _by_quarter(first, "at"), _by_quarter(verified, "decided_at")


def _results(election: Election, office: str, region: Region) -> QuerySet[StationResult]:
    contests = Contest.objects.filter(election=election, office=office).touching(region).select_related("region")
    results = StationResult.objects.filter(contest__in=[contest.pk for contest in contests])
    # Whole contests need no look at where their stations are.
    return results if all(region.contains(one.region) for one in contests) else results.within(region)


def _by_quarter(rows: QuerySet, moment: str) -> Counts:
    numbered = rows.order_by().annotate(quarter=QuarterNumber(moment, output_field=IntegerField()))
    return dict(numbered.values("quarter").annotate(number=Count("pk")).values_list("quarter", "number"))


# Intervals


def in_intervals(
    arrived: Counts, verified: Counts, *, zone: tzinfo, stations: int, counted_at: datetime | None
) -> Arrivals:
    """Add quarters up into at most `MOST_INTERVALS` intervals, cut at round hours and midnights of ``zone``."""
    if not arrived:
        return Arrivals((), timedelta(0), stations, counted_at)
    # In quarters since 1970 by the local clock: the zones of Indonesia have no summer time.
    shift = _at(min(arrived), zone).utcoffset() // QUARTER
    begin, end = min(arrived) + shift, max([*arrived, *verified]) + shift + 1
    step = next((one for one in STEPS if _count(begin, end, one // QUARTER) <= MOST_INTERVALS), STEPS[-1])
    size = step // QUARTER
    starts = range(begin // size * size, end, size)
    came = _sums(arrived, starts, size, shift)
    checked = _sums(verified, starts, size, shift)
    moments = [_at(start - shift, zone) for start in (*starts, starts[-1] + size)]
    rows = zip(moments, moments[1:], came, checked, accumulate(came), accumulate(checked), strict=False)
    intervals = tuple(Interval(*row, coverage=_rounded_down(row[4], stations)) for row in rows)
    return Arrivals(intervals, step, stations, counted_at)


def _rounded_down(part: int, whole: int) -> Fraction | None:
    """As `reporting.coverage_rounded_down`; a station that came in since the count is not over 100%."""
    return Fraction(min(part, whole) * 10_000 // whole, 10_000) if whole else None


def _count(begin: int, end: int, size: int) -> int:
    return -(-end // size) - begin // size


def _sums(counts: Counts, starts: range, size: int, shift: int) -> list[int]:
    sums = [0] * len(starts)
    for quarter, number in counts.items():
        # Nothing is verified before it came; a clock that was set back may say so.
        sums[max(quarter + shift - starts[0], 0) // size] += number
    return sums


def _at(quarter: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(quarter * QUARTER.total_seconds(), UTC).astimezone(zone)
