"""Make of the stored totals of a contest what the projection reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np

from analytics.models import Expectation, ExpectedShare
from analytics.projecting.returns import Floats, Indices, Returns, Tree
from analytics.projecting.shrinking import Expected, logit
from analytics.projections import station_sums
from analytics.projections.station_sums import StationSums
from regions.models import Level, Region
from tallies.models import Contest, ContestTotal, Pair, PairTotal


@dataclass(frozen=True)
class ReadReturns:
    """``districts``, ``regencies``: keys of regions, in the order of the tree. ``pairs``: in the order of the votes.

    ``counted_at``: when the totals of the contest, and of each kabupaten, were counted.
    """

    returns: Returns
    pairs: tuple[Pair, ...]
    districts: tuple[int, ...]
    regencies: tuple[int, ...]
    counted_at: datetime
    regency_counted_at: tuple[datetime, ...]


def read(contest: Contest) -> ReadReturns | None:
    """Read the returns of ``contest`` by kecamatan; None where it has no kecamatan with stations, or no pairs.

    Votes, TPS and the DPT of all come from the stored totals, so that a page says the same number twice. DPT of the
    seen TPS and the squares come from the stations as means a TPS: a form that is not counted yet bends neither.
    """
    totals = _totals(contest)
    pairs = tuple(Pair.objects.filter(contest=contest).order_by("number"))
    own = totals.get(contest.region_id)
    places = _places(contest, totals)
    if own is None or not places or not pairs:
        return None
    districts = [district for district, _regency, _province in places]
    sums = station_sums.sums_of(
        contest, [pair.pk for pair in pairs], {one: totals[one].counted_at for one in districts}
    )
    regencies = list(dict.fromkeys(regency for _district, regency, _province in places))
    provinces = {regency: province for _district, regency, province in places}
    tree = Tree(
        regency_of=_numbered([regency for _district, regency, _province in places]),
        province_of=_numbered([provinces[regency] for regency in regencies]),
    )
    return ReadReturns(
        returns=_returns(tree, [totals[one] for one in districts], _votes(contest, pairs, districts), sums),
        pairs=pairs,
        districts=tuple(districts),
        regencies=tuple(regencies),
        counted_at=own.counted_at,
        regency_counted_at=tuple(totals[one].counted_at for one in regencies),
    )


def expected_of(contest: Contest, read: ReadReturns) -> tuple[Expectation, Expected] | None:
    """Return the active expectation and its shares by kecamatan, of our pair where several have one; None without."""
    expectation = Expectation.objects.active().filter(contest=contest).first()
    if expectation is None:
        return None
    shares: dict[int, dict[int, float]] = defaultdict(dict)
    rows = ExpectedShare.objects.filter(
        expectation=expectation, station=None, share__isnull=False, region__in=read.districts
    )
    for pair, region, share in rows.values_list("pair_id", "region_id", "share"):
        shares[pair][region] = share
    known = sorted((not pair.usungan, number) for number, pair in enumerate(read.pairs) if pair.pk in shares)
    if not known:
        return None
    number = known[0][1]
    found = shares[read.pairs[number].pk]
    share = np.array([found.get(one, np.nan) for one in read.districts])
    return expectation, Expected(number, np.where(np.isnan(share), np.nan, logit(np.nan_to_num(share, nan=0.5))))


def part(returns: Returns, regency: int) -> Returns:
    """Return what is in of kabupaten number ``regency`` of the tree, as a tree of its own."""
    own = returns.tree.regency_of == regency
    return Returns(
        tree=Tree(np.zeros(int(own.sum()), dtype=np.intp), np.zeros(1, dtype=np.intp)),
        votes=returns.votes[:, own],
        registered_seen=returns.registered_seen[own],
        registered_unseen=returns.registered_unseen[own],
        stations_seen=returns.stations_seen[own],
        stations_unseen=returns.stations_unseen[own],
        squares=returns.squares[own],
    )


def part_expected(expected: Expected, tree: Tree, regency: int) -> Expected:
    return Expected(expected.pair, expected.logit[tree.regency_of == regency])


# What is stored


def _totals(contest: Contest) -> dict[int, ContestTotal]:
    """Of the contest's own region, its kabupaten and kecamatan, by region."""
    levels = {contest.region.level, Level.REGENCY, Level.DISTRICT}
    return {
        total.region_id: total
        for total in ContestTotal.objects.filter(contest=contest, region__level__in=levels).order_by()
    }


def _places(contest: Contest, totals: dict[int, ContestTotal]) -> list[tuple[int, int, int]]:
    """(kecamatan, kabupaten, provinsi) along the tree; kecamatan without stations are no places."""
    inside = Region.objects.filter(level=Level.DISTRICT).within(contest.region).order_by("first")
    rows = inside.values_list("pk", "parent_id", "parent__parent_id")
    return [row for row in rows if row[0] in totals and row[1] in totals and totals[row[0]].stations]


def _votes(contest: Contest, pairs: tuple[Pair, ...], districts: list[int]) -> Floats:
    row = {pair.pk: number for number, pair in enumerate(pairs)}
    column = {district: number for number, district in enumerate(districts)}
    votes = np.zeros((len(pairs), len(districts)))
    stored = PairTotal.objects.filter(contest=contest, region__level=Level.DISTRICT).order_by()
    for region, pair, number in stored.values_list("region_id", "pair_id", "votes"):
        if region in column and pair in row:
            votes[row[pair], column[region]] = number
    return votes


def _numbered(parents: list[int]) -> Indices:
    """0, 1, 2 … in the order in which ``parents`` come, equal ones standing together."""
    return np.cumsum([0, *(one != other for one, other in pairwise(parents))], dtype=np.intp)


# What it makes together


def _returns(tree: Tree, totals: list[ContestTotal], votes: Floats, sums: dict[int, StationSums]) -> Returns:
    nothing = StationSums.nothing(len(votes))
    found = [sums.get(total.region_id, nothing) for total in totals]
    stations, seen = _floats(one.stations for one in totals), _floats(one.stations_in for one in totals)
    known, known_voters = _floats(one.known for one in found), _floats(one.known_voters for one in found)
    mean = _means(known_voters, known)
    everybody = known_voters + np.maximum(stations - known, 0.0) * mean
    counted = _floats(one.seen for one in found)
    # The totals may lag a form or two behind the stations: means a TPS, times the TPS of the totals.
    scale = np.where(counted > 0, seen / np.maximum(counted, 1.0), 0.0)
    seen_voters = _floats(one.seen_voters for one in found) + mean * _floats(
        one.seen - one.seen_known for one in found
    )
    registered_seen = np.where(counted > 0, seen_voters * scale, seen * mean)
    squares = np.array([one.squares_with(voters) for one, voters in zip(found, mean, strict=True)])
    unseen = stations - seen
    return Returns(
        tree=tree,
        votes=votes,
        registered_seen=registered_seen,
        registered_unseen=np.where(unseen > 0, np.maximum(everybody - registered_seen, 0.0), 0.0),
        stations_seen=seen,
        stations_unseen=unseen,
        squares=squares * scale[:, None, None],
    )


def _floats(values: Iterable[int]) -> Floats:
    return np.array([*values], dtype=np.float64)


def _means(voters: Floats, stations: Floats) -> Floats:
    """DPT of a TPS by kecamatan; of all where a kecamatan knows none, 1 where nobody does: TPS then count alike."""
    overall = voters.sum() / stations.sum() if stations.sum() else 1.0
    return np.asarray(np.where(stations > 0, voters / np.maximum(stations, 1), overall), dtype=np.float64)
