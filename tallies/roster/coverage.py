"""How many stations of a place have no witness, one, or several, counted below it and kept for a moment.

One grouped statement a place, bounded by the range of its regions. What one
person shows of a kabupaten is counted as it is now; what stands above it, and the
number beside the tab, may be a minute old (the nation's ten), because a provinsi
has 48,607 stations and the nation 823,236.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.core.cache import cache
from django.db import connection
from django.db.models import Count
from django.utils import timezone

from regions.models import Level, Region
from tallies.models import Assignment, Election, Phase, PollingStation, Reserve

#: Seconds for which a number that was counted is shown again.
FRESH_SECONDS = 60
FRESH_NATION_SECONDS = 600
#: Seconds for which an older number is still shown to those who come while it is counted anew.
_KEPT_SECONDS = 6 * 3600
#: Whoever counts has this long before the next one tries.
_COUNTING_SECONDS = 30


@dataclass(frozen=True)
class Counts:
    """Stations of a place. ``single``: with exactly one witness; ``active``: with a witness whose phone is ready.

    ``reserves``: named there or below.
    """

    stations: int = 0
    empty: int = 0
    double: int = 0
    active: int = 0
    reserves: int = 0

    @property
    def single(self) -> int:
        return self.stations - self.empty - self.double

    @property
    def guarded(self) -> int:
        return self.stations - self.empty

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.stations + other.stations,
            self.empty + other.empty,
            self.double + other.double,
            self.active + other.active,
            self.reserves + other.reserves,
        )


@dataclass(frozen=True)
class Line:
    """A region with its counts."""

    region: Region
    counts: Counts


@dataclass(frozen=True)
class Below:
    """What lies in a place. ``reserves`` counts people: one who is named twice is one."""

    lines: tuple[Line, ...]
    total: Counts
    reserves: int
    counted_at: datetime

    @property
    def gaps_first(self) -> list[Line]:
        return sorted(self.lines, key=lambda line: (-line.counts.empty, -line.counts.double, line.region.first))


# Counting


def below(election: Election, place: Region) -> Below:
    """Count what lies right below ``place``, now; places without a station are left out."""
    counted_at = timezone.now()
    children = list(Region.objects.filter(parent=place).order_by("first"))
    stations, reserves = _stations_below(election, place), _reserves_below(election, place, children)
    lines = tuple(
        Line(child, Counts(*stations[child.pk], reserves=reserves.get(child.pk, 0)))
        for child in children
        if child.pk in stations
    )
    people = _reserves_within(election, place).aggregate(people=Count("person", distinct=True))["people"]
    return Below(lines, sum((line.counts for line in lines), Counts()), people, counted_at)


def below_lately(election: Election, place: Region) -> Below:
    """`below` as somebody counted it a moment ago, for a place of any size."""
    seconds = FRESH_NATION_SECONDS if place.level == Level.NATION else FRESH_SECONDS
    return _kept(f"roster-below-{election.pk}-{place.pk}", seconds, lambda: below(election, place))


def empty_lately(election: Election, place: Region) -> int | None:
    """Stations of ``place`` without a witness, as counted a moment ago; None where nobody needs the number.

    For the tab of every page. Of the nation it is not counted: nobody there assigns.
    """
    if place.level < Level.PROVINCE or election.phase == Phase.CLOSED:
        return None
    unguarded = PollingStation.objects.within(place).filter(election=election).unguarded().order_by()
    return _kept(_empty_key(election, place), FRESH_SECONDS, unguarded.count)


def forget(election: Election, place: Region) -> None:
    """Have the numbers beside the tab of ``place`` and above it counted anew: somebody has just changed them."""
    for one in Region.objects.ancestors_of(place):
        cache.delete(_empty_key(election, one))
        if one.level == Level.PROVINCE:
            cache.delete(f"roster-below-{election.pk}-{one.pk}")


def _empty_key(election: Election, place: Region) -> str:
    return f"roster-empty-{election.pk}-{place.pk}"


def _stations_below(election: Election, place: Region) -> dict[int, tuple[int, int, int, int]]:
    """Of each child: stations, those without a witness, with several, with one whose phone is ready."""
    # The way from a desa up to a child of the place; SQL of our own, because the ORM would ask each
    # station's witnesses once a sum.
    depth = Level.VILLAGE - place.level - 1
    parents = "".join(
        f" JOIN regions_region up{step} ON up{step}.id = {'village' if step == 1 else f'up{step - 1}'}.parent_id"
        for step in range(1, depth + 1)
    )
    child = f"up{depth}.id" if depth else "village.id"
    statement = f"""
        SELECT child, COUNT(*), SUM(CASE WHEN guards = 0 THEN 1 ELSE 0 END),
            SUM(CASE WHEN guards > 1 THEN 1 ELSE 0 END), SUM(CASE WHEN ready > 0 THEN 1 ELSE 0 END)
        FROM (
            SELECT {child} AS child, station.id, COUNT(guard.id) AS guards, COUNT(device.id) AS ready
            FROM {PollingStation._meta.db_table} station
            JOIN regions_region village ON village.id = station.region_id{parents}
            LEFT JOIN {Assignment._meta.db_table} guard ON guard.station_id = station.id AND guard.revoked_at IS NULL
            LEFT JOIN accounts_device device ON device.user_id = guard.witness_id AND device.ended_at IS NULL
            WHERE station.election_id = %s AND village.first BETWEEN %s AND %s
            GROUP BY {child}, station.id
        ) AS counted
        GROUP BY child"""
    with connection.cursor() as cursor:
        cursor.execute(statement, [election.pk, place.first, place.last])
        rows = cursor.fetchall()
    return {child: (int(all_), int(empty), int(double), int(active)) for child, all_, empty, double, active in rows}


def _reserves_within(election: Election, place: Region):
    return Reserve.objects.active().filter(election=election, region__first__range=(place.first, place.last))


def _reserves_below(election: Election, place: Region, children: list[Region]) -> dict[int, int]:
    """Reserves named in each child or below it. There are a few for every hundred stations."""
    rows = _reserves_within(election, place).order_by().values_list("region__first").annotate(number=Count("pk"))
    begins = [child.first for child in children]
    found: dict[int, int] = {}
    for first, number in rows:
        at = bisect_right(begins, first) - 1  # -1: named at the place itself
        if at >= 0:
            found[children[at].pk] = found.get(children[at].pk, 0) + number
    return found


# Keeping

_Value = TypeVar("_Value")


def _kept(key: str, seconds: int, count: Callable[[], _Value]) -> _Value:
    """What ``count`` said at most ``seconds`` ago. When it is older one reader counts, and the others see the old."""
    kept: tuple[float, _Value] | None = cache.get(key)
    now = time.time()
    if kept is not None and (now - kept[0] < seconds or not cache.add(f"{key}-counting", 1, _COUNTING_SECONDS)):
        return kept[1]
    value = count()
    cache.set(key, (time.time(), value), _KEPT_SECONDS)
    cache.delete(f"{key}-counting")
    return value
