"""S3 and T1: areas against what was expected of them. Only where an expectation is active."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from django.db.models import F

from analytics.examining.found import Found, Place
from analytics.examining.stations import ContestFacts
from analytics.models import Expectation, ExpectedShare, Rule
from analytics.rules.lateness import SilentStation, silent_strongholds
from analytics.rules.settings import RuleSettings
from analytics.rules.swing import area_swings
from regions.models import Level, Region
from tallies.models import ContestTotal, PairTotal, Review, StationResult

#: What is found here, at a region.
RULES = (Rule.AREA_SWING, Rule.SILENT_STRONGHOLD)

#: Of which at least half is in: the first TPS of an area say little about it.
_ENOUGH_IN = 0.5
#: Calls that a finding keeps; the page of what is silent lists them all.
_CALLS = 50
#: Where nobody says how many will come: of the DPT, those whose vote was valid in the last elections.
_USUAL_TURNOUT = 0.75


@dataclass(frozen=True)
class Area:
    region: int
    group: int
    level: int
    votes: int
    valid: int
    stations: int
    stations_in: int
    expected: float


def read_areas(facts: ContestFacts, expectation: Expectation) -> list[Area]:
    """Read what is counted and what was expected of our pair, in every area between desa and kabupaten."""
    if facts.own is None:
        return []
    own = facts.pair_keys[facts.numbers.index(facts.own)]
    expected = dict(
        ExpectedShare.objects.filter(expectation=expectation, station=None, pair=own, share__isnull=False)
        .filter(region__level__in=(Level.REGENCY, Level.DISTRICT, Level.VILLAGE))
        .values_list("region_id", "share")
    )
    if not expected:
        return []
    progress = ContestTotal.objects.filter(contest=facts.contest, region__any_of=sorted(expected)).order_by(
        "region__first"
    )
    rows = progress.values_list(
        "region_id",
        "region__level",
        "region__first",
        "region__parent_id",
        "region__parent__parent_id",
        "stations",
        "stations_in",
    )
    votes: defaultdict[int, int] = defaultdict(int)
    ours: dict[int, int] = {}
    for region, pair, count in PairTotal.objects.filter(
        contest=facts.contest, region__any_of=sorted(expected)
    ).values_list("region_id", "pair_id", "votes"):
        votes[region] += count
        if pair == own:
            ours[region] = count
    return [
        Area(
            region,
            grandparent if level == Level.VILLAGE else parent,
            level,
            ours.get(region, 0),
            votes[region],
            stations,
            stations_in,
            expected[region],
        )
        for region, level, parent, grandparent, stations, stations_in in rows
    ]


def swings(facts: ContestFacts, areas: Iterable[Area], settings: RuleSettings) -> list[Found]:
    """S3, level by level, among the areas of which half is in. The group of a desa or kecamatan is its kabupaten."""
    levels: defaultdict[int, list[Area]] = defaultdict(list)
    for area in areas:
        if area.valid and area.stations_in >= _ENOUGH_IN * area.stations:
            levels[area.level].append(area)
    found = []
    for here in levels.values():
        share = np.array([area.votes / area.valid for area in here])
        earlier = np.array([area.expected for area in here])
        group = np.array([area.group for area in here], dtype=np.int64)
        for one in area_swings(share, earlier, group, settings):
            area = here[one.row]
            off = (one.share - one.expected) * area.valid
            found.append(
                Found(
                    rule=Rule.AREA_SWING,
                    place=Place(facts.contest.pk, area.region),
                    severity=one.severity,
                    numbers={
                        "share": round(one.share, 4),
                        "expected": round(one.expected, 4),
                        "stated": round(area.expected, 4),
                        "z": round(one.z, 2),
                        "q": float(f"{one.q:.2g}"),
                        "votes": round(off),
                        "valid": area.valid,
                    },
                    # Every form of the area moves it: another answer is asked for when it moved by a point.
                    basis=[round(one.share, 2), round(one.expected, 2)],
                    stake=max(0, round(-2 * off)),
                )
            )
    return found


def silent(
    facts: ContestFacts, expectation: Expectation, areas: Iterable[Area], regencies: Iterable[int]
) -> list[Found]:
    """T1: one list a kabupaten, of the TPS that are not in, by the lead they were expected to give us.

    From the moment that half of the kabupaten is in: before, everybody is silent.
    """
    if facts.own is None:
        return []
    share = {area.region: area.expected for area in areas}
    wanted = list(
        ContestTotal.objects.filter(contest=facts.contest, region__in=list(regencies))
        .filter(stations_in__gte=_ENOUGH_IN * F("stations"), stations_in__lt=F("stations"))
        .values_list("region_id", flat=True)
    )
    found = []
    for regency in Region.objects.filter(pk__in=wanted).order_by("pk"):
        calls = _calls(facts, expectation, regency, share)
        told = silent_strongholds(calls)
        if told is None:
            continue
        best = [{"station": one.station, "margin_votes": round(one.margin_votes)} for one in told.calls[:_CALLS]]
        found.append(
            Found(
                rule=Rule.SILENT_STRONGHOLD,
                place=Place(facts.contest.pk, regency.pk),
                severity=told.severity,
                numbers={"calls": best, "stations": len(told.calls)},
                # One list: that it got shorter is no reason to open it again for who answered.
                basis=[],
                stake=round(sum(one.margin_votes for one in told.calls)),
            )
        )
    return found


def _calls(
    facts: ContestFacts, expectation: Expectation, regency: Region, share: dict[int, float]
) -> Iterable[SilentStation]:
    own = facts.pair_keys[facts.numbers.index(facts.own or 0)]
    rivals = max(1, len(facts.numbers) - 1)
    stated = {
        station: (part, turnout)
        for station, part, turnout in ExpectedShare.objects.filter(
            expectation=expectation, pair=own, station__region__first__range=(regency.first, regency.last)
        ).values_list("station_id", "share", "turnout")
    }
    rows = StationResult.objects.filter(
        contest=facts.contest, review=Review.NOT_IN, station__region__first__range=(regency.first, regency.last)
    ).values_list(
        "station_id",
        "station__registered_male",
        "station__registered_female",
        "station__region_id",
        "station__region__parent_id",
    )
    for station, male, female, village, district in rows:
        part, turnout = stated.get(station, (None, None))
        expected = next((one for one in (part, share.get(village), share.get(district)) if one is not None), None)
        if expected is None or male is None or female is None:
            continue
        # The strongest of several rivals has at least the mean of what is left.
        rival = (1 - expected) / rivals
        yield SilentStation(station, male + female, turnout or _USUAL_TURNOUT, expected, rival)
