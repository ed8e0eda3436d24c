"""Read what is expected: the one reading for rules, projection and pages.

Few statements whatever is asked, and only the rows that are asked for: an expectation may hold a row a TPS.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np
from django.db.models import QuerySet

from analytics.models import Expectation, ExpectedShare
from analytics.projecting.returns import Floats
from analytics.projecting.shrinking import Expected, logit
from regions.models import Level, Region
from tallies.models import Contest, Pair, PollingStation

#: Keys named in one statement.
KEYS_AT_A_TIME = 500

Value = TypeVar("Value")


def active_expectation(contest: Contest | int) -> Expectation | None:
    """The expectation that is in force; None where nothing is expected."""
    return Expectation.objects.active().filter(contest=contest).first()


def expected_shares(
    expectation: Expectation,
    pair: Pair | int,
    *,
    level: int | None = None,
    regions: Iterable[int] | None = None,
    stations: Iterable[int] | None = None,
) -> dict[int, float]:
    """Return the expected share (a fraction) of ``pair`` by key: of every region of ``level``, or of some places.

    ``level`` gives what is stated there. A desa among ``regions`` without a row of its own is expected like its
    kecamatan, a station like its desa, then its kecamatan; what is stated nowhere is left out.
    Exactly one of the three is asked for, else ValueError.
    """
    if sum(one is not None for one in (level, regions, stations)) != 1:
        raise ValueError("ask for a level, for regions or for stations")
    known = ExpectedShare.objects.filter(expectation=expectation, pair=pair, share__isnull=False)
    if level is not None:
        # Named by key, each is found in the index of the regions; a join walked all 900,000 rows on SQLite.
        of_level = Region.objects.filter(level=level).order_by().values("pk")
        return _by_region(known.filter(station=None, region__in=of_level))
    if regions is not None:
        return _of_regions(known, list(regions))
    return _of_stations(known, list(stations or ()))


def expected_margin(expectation: Expectation, region: Region | int) -> tuple[float, float] | None:
    """Our expected margin in ``region`` and its standard deviation, fractions; None where they are not stated."""
    key = region.pk if isinstance(region, Region) else region
    return expected_margins(expectation, [key]).get(key)


def expected_margins(expectation: Expectation, regions: Iterable[int]) -> dict[int, tuple[float, float]]:
    """The same for many regions, by key; those without one are left out."""
    stated = ExpectedShare.objects.filter(
        expectation=expectation, station=None, pair__usungan=True, margin__isnull=False, margin_spread__isnull=False
    )
    found: dict[int, tuple[float, float]] = {}
    for some in _some(list(regions)):
        rows = stated.filter(region__in=some).values_list("region", "margin", "margin_spread")
        found |= {region: (margin, spread) for region, margin, spread in rows}
    return found


def district_shares(expectation: Expectation, pair: Pair | int, districts: Sequence[int]) -> Floats:
    """p0 by kecamatan in the order of ``districts`` (keys of regions): (K), NaN where nothing is stated."""
    stated = expected_shares(expectation, pair, level=Level.DISTRICT)
    return np.array([stated.get(key, np.nan) for key in districts], dtype=np.float64)


def expected_of_projection(
    expectation: Expectation, pair: Pair | int, districts: Sequence[int], *, column: int
) -> Expected:
    """What `analytics.projecting.projection.project` takes: p0 in logits for the pair in ``column`` of its votes."""
    shares = district_shares(expectation, pair, districts)
    kept = logit(np.nan_to_num(shares, nan=0.5))
    return Expected(column, np.asarray(np.where(np.isnan(shares), np.nan, kept), dtype=np.float64))


def _by_region(rows: QuerySet[ExpectedShare]) -> dict[int, float]:
    return dict(rows.order_by().values_list("region", "share"))


def _of_regions(known: QuerySet[ExpectedShare], regions: list[int]) -> dict[int, float]:
    found: dict[int, float] = {}
    for some in _some(regions):
        found |= _by_region(known.filter(station=None, region__in=some))
    if missing := [key for key in regions if key not in found]:
        parents: dict[int, int] = {}
        for some in _some(missing):
            rows = Region.objects.filter(pk__in=some, level=Level.VILLAGE).order_by()
            parents |= dict(rows.values_list("pk", "parent"))
        above: dict[int, float] = {}
        for some in _some(sorted(set(parents.values()))):
            above |= _by_region(known.filter(station=None, region__in=some))
        found |= {key: above[parent] for key, parent in parents.items() if parent in above}
    return found


def _of_stations(known: QuerySet[ExpectedShare], stations: list[int]) -> dict[int, float]:
    found: dict[int, float] = {}
    for some in _some(stations):
        found |= dict(known.filter(station__in=some).order_by().values_list("station", "share"))
    if missing := [key for key in stations if key not in found]:
        villages: dict[int, int] = {}
        for some in _some(missing):
            villages |= dict(PollingStation.objects.filter(pk__in=some).order_by().values_list("pk", "region"))
        of_village = _of_regions(known, sorted(set(villages.values())))
        found |= {key: of_village[village] for key, village in villages.items() if village in of_village}
    return found


def _some(keys: list[int]) -> Iterable[list[int]]:
    return (keys[start : start + KEYS_AT_A_TIME] for start in range(0, len(keys), KEYS_AT_A_TIME))
