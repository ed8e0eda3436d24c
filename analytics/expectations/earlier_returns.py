"""Read what an earlier election gave in the places of a contest: the stored totals, and the TPS that are the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.projecting.returns import Floats, Indices, Tree
from regions.models import Level, Region
from tallies.models import Contest, Election, Office, Pair, PollingStation
from tallies.totals import reporting
from tallies.totals.reporting import RegionLine

#: A contest with more TPS is expected by desa, whose share serves its TPS: the rows are one transaction, and SQLite
#: has one writer (150,000 took 18 s on a busy machine).
MOST_STATIONS = 70_000
#: Desa whose TPS are read with one statement.
VILLAGES_AT_A_TIME = 500


class NothingEarlier(Exception):
    """The earlier election says nothing of the contest: no pair of ours, or no votes in these places."""


@dataclass(frozen=True)
class EarlierPairs:
    """Whose votes are read: ``pairs`` of ``contests``, one each at most, all of one office."""

    contests: tuple[Contest, ...]
    pairs: tuple[Pair, ...]

    @property
    def keys(self) -> set[int]:
        return {pair.pk for pair in self.pairs}


@dataclass(frozen=True)
class Districts:
    """The kecamatan of a place, in the order of ``tree``: ``keys`` of their regions, and of their kabupaten."""

    keys: tuple[int, ...]
    regencies: tuple[int, ...]
    tree: Tree


@dataclass(frozen=True)
class Votes:
    """By place: valid votes of our pair, of all, and turnout (NaN where unknown)."""

    part: Floats
    whole: Floats
    turnout: Floats


@dataclass(frozen=True)
class Small:
    """Desa or TPS with earlier votes: ``keys``, the desa's region (``villages``), the number of the kecamatan."""

    keys: tuple[int, ...]
    villages: tuple[int, ...]
    district: Indices
    votes: Votes


@dataclass(frozen=True)
class EarlierReturns:
    """``rivals``: votes of each other pair, where one contest covers the whole place (else empty)."""

    whose: EarlierPairs
    districts: Districts
    by_district: Votes
    villages: Small
    stations: Small
    villages_in_all: int
    stations_in_all: int
    rivals: tuple[int, ...]
    stations_in: int
    earlier_stations: int


def pairs_of_earlier(
    contest: Contest, earlier: Election, *, pair: Pair | None = None, office: str = ""
) -> EarlierPairs:
    """Map our pair of ``contest`` to ``pair``, or to whom the party supported then, for ``office``.

    Without ``office``: the contest's own, else the first that was held here. Raises `NothingEarlier`.
    """
    held = list(
        Contest.objects.filter(election=earlier)
        .touching(contest.region)
        .select_related("region", "election")
        .order_by("region__first")
    )
    if pair is not None:
        contests = tuple(one for one in held if one.pk == pair.contest_id)
        if not contests:
            raise NothingEarlier
        return EarlierPairs(contests, (pair,))
    offices = [one.office for one in held]
    wanted = office or (contest.office if contest.office in offices else next(iter(offices), ""))
    contests = tuple(one for one in held if one.office == wanted)
    pairs = tuple(Pair.objects.filter(contest__in=contests, usungan=True))
    if not pairs:
        raise NothingEarlier
    supported = {one.contest_id for one in pairs}
    return EarlierPairs(tuple(one for one in contests if one.pk in supported), pairs)


def offices_of(contest: Contest, earlier: Election) -> list[str]:
    """The offices of ``earlier`` in which the party supported somebody in these places."""
    held = Contest.objects.filter(election=earlier, pairs__usungan=True).touching(contest.region)
    found = set(held.order_by().values_list("office", flat=True))
    return [office for office in Office.values if office in found]


def districts_within(region: Region) -> Districts:
    """Read the kecamatan of ``region``. Raises `NothingEarlier` where it has none."""
    rows = list(
        Region.objects.within(region)
        .filter(level=Level.DISTRICT)
        .order_by("first")
        .values_list("pk", "parent", "parent__parent")
    )
    if not rows:
        raise NothingEarlier
    regencies = list(dict.fromkeys(regency for _pk, regency, _province in rows))
    provinces = {regency: province for _pk, regency, province in rows}
    number = {regency: index for index, regency in enumerate(regencies)}
    of_province = {one: index for index, one in enumerate(dict.fromkeys(provinces[one] for one in regencies))}
    tree = Tree(
        regency_of=np.array([number[regency] for _pk, regency, _province in rows], dtype=np.intp),
        province_of=np.array([of_province[provinces[one]] for one in regencies], dtype=np.intp),
    )
    return Districts(tuple(pk for pk, _regency, _province in rows), tuple(regencies), tree)


def votes_of_districts(whose: EarlierPairs, districts: Districts, within: Region) -> Votes:
    lines = {line.region.pk: line for line in _lines(whose, within, Level.DISTRICT)}
    return _votes([lines.get(key) for key in districts.keys], whose)


def read(contest: Contest, whose: EarlierPairs) -> EarlierReturns:
    """Read the totals of ``whose`` by kecamatan and desa, and by TPS in the desa that have the same TPS now."""
    here = contest.region
    districts = districts_within(here)
    by_district = votes_of_districts(whose, districts, here)
    if not by_district.whole.any():
        raise NothingEarlier
    number = {key: index for index, key in enumerate(districts.keys)}
    lines = [line for line in _lines(whose, here, Level.VILLAGE) if any(pair.votes for pair in line.pairs)]
    lines = [line for line in lines if line.region.parent_id in number]
    villages = tuple(line.region.pk for line in lines)
    inside = np.array([number[line.region.parent_id] for line in lines], dtype=np.intp)
    own = reporting.own_lines(list(whose.contests))
    progress = [line.progress for line in lines if line.progress]
    return EarlierReturns(
        whose=whose,
        districts=districts,
        by_district=by_district,
        villages=Small(villages, villages, inside, _votes(lines, whose)),
        stations=_same_stations(contest, whose, dict(zip(villages, inside, strict=True))),
        villages_in_all=Region.objects.within(here).filter(level=Level.VILLAGE).count(),
        stations_in_all=PollingStation.objects.filter(election=contest.election_id).within(here).count(),
        rivals=_rivals(whose, own, here),
        stations_in=sum(one.stations_in for one in progress),
        earlier_stations=sum(one.stations for one in progress),
    )


def _lines(whose: EarlierPairs, within: Region, level: int) -> Iterator[RegionLine]:
    wanted = {contest.pk for contest in whose.contests}
    lines = reporting.district_lines(whose.contests[0].election, within, level=level)
    return (line for key, line in lines if key in wanted)


def _votes(lines: Sequence[RegionLine | None], whose: EarlierPairs) -> Votes:
    keys = whose.keys
    part = [sum(pair.votes for pair in line.pairs if pair.pair.pk in keys) if line else 0 for line in lines]
    whole = [sum(pair.votes for pair in line.pairs) if line else 0 for line in lines]
    turnout = [line.progress.turnout if line and line.progress else None for line in lines]
    return Votes(np.array(part, dtype=float), np.array(whole, dtype=float), np.array(turnout, dtype=float))


def _rivals(whose: EarlierPairs, own: list[RegionLine], here: Region) -> tuple[int, ...]:
    """Votes of the other pairs in ``here``; of several contests no pair is a rival everywhere."""
    if len(whose.contests) != 1:
        return ()
    [contest] = whose.contests
    if contest.region_id != here.pk and contest.region.contains(here):
        pairs = [line.pair for line in own[0].pairs]
        own = reporting.region_lines(contest, pairs, [here])
    return tuple(line.votes for line in own[0].pairs if line.pair.pk not in whose.keys)


def _same_stations(contest: Contest, whose: EarlierPairs, district: dict[int, int]) -> Small:
    """The TPS of those desa in which both elections have TPS of the same numbers.

    Elsewhere the desa was cut anew: its TPS 3 of then is not the TPS 3 of now.
    """
    nothing = Small((), (), np.array([], dtype=np.intp), _votes([], whose))
    now = PollingStation.objects.filter(election=contest.election_id).within(contest.region).order_by()
    if now[: MOST_STATIONS + 1].count() > MOST_STATIONS:
        return nothing
    then = PollingStation.objects.filter(election=whose.contests[0].election_id).within(contest.region).order_by()
    keys: dict[int, dict[int, int]] = defaultdict(dict)
    for key, village, number in now.values_list("pk", "region", "number").iterator():
        keys[village][number] = key
    numbers: dict[int, set[int]] = defaultdict(set)
    for village, number in then.values_list("region", "number").iterator():
        numbers[village].add(number)
    same = [village for village in district if village in keys and set(keys[village]) == numbers[village]]
    rows = [row for row in _station_votes(whose, same) if row[3]]
    if not rows:
        return nothing
    return Small(
        keys=tuple(keys[village][number] for village, number, _ours, _all in rows),
        villages=tuple(village for village, *_rest in rows),
        district=np.array([district[village] for village, *_rest in rows], dtype=np.intp),
        votes=Votes(
            np.array([row[2] for row in rows], dtype=float),
            np.array([row[3] for row in rows], dtype=float),
            np.full(len(rows), np.nan),
        ),
    )


def _station_votes(whose: EarlierPairs, villages: list[int]) -> Iterator[tuple[int, int, int, int]]:
    for start in range(0, len(villages), VILLAGES_AT_A_TIME):
        some = villages[start : start + VILLAGES_AT_A_TIME]
        yield from reporting.station_votes(whose.contests, some, whose.keys)


def earlier_elections(contest: Contest) -> list[Election]:
    """The elections before that of ``contest`` that were held in its places, newest first.

    No practice; and what was simulated says nothing of what is real.
    """
    election = contest.election
    found = Election.objects.touching(contest.region).filter(date__lt=election.date, practice_of=None)
    if not election.is_simulation:
        found = found.filter(is_simulation=False)
    return list(found.order_by("-date", "-pk"))
