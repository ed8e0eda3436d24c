"""Recomputing every total against one query that only reads them."""

from __future__ import annotations

import time

from tallies.models import Contest, PairTotal
from tallies.totals import rebuilding
from tests.bench import country, plain_sql
from tests.bench.measurement import Measurement, median
from tests.bench.phones import WrongAnswer
from tests.bench.running import Options

ROUNDS = 3


def measure(options: Options) -> list[Measurement]:
    size = country.NATION if options.long else country.PROVINCE
    election = country.big_election(size)
    country.fill_all(election, size)
    contest = country.contest_of(election)
    rebuilds, queries = [], []
    for _round in range(ROUNDS):
        started = time.perf_counter()
        found = plain_sql.sum_all_levels(contest.pk)
        between = time.perf_counter()
        rebuilding.rebuild(election)
        rebuilds.append(time.perf_counter() - between)
        queries.append(between - started)
    _agree(contest, found)
    ratio = median([rebuild / query for rebuild, query in zip(rebuilds, queries, strict=True)])
    return [
        Measurement("rebuild.ratio", ratio, "x one query", "<= 3"),
        Measurement("rebuild.seconds", median(rebuilds), f"s, {size.filled_stations:,} TPS"),
        Measurement("rebuild.query", median(queries), "s"),
    ]


def _agree(contest: Contest, found: dict[tuple[int, int], tuple[int, int]]) -> None:
    stored = PairTotal.objects.filter(contest=contest).values_list("region_id", "pair_id", "votes", "votes_verified")
    if {(region, pair): (votes, verified) for region, pair, votes, verified in stored} != found:
        raise WrongAnswer("the query and the rebuild do not agree")
