"""The drainer against the same work in plain SQL."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from django.conf import settings

from tallies.models import Contest, Election, OutboxRow, Review, StationResult
from tallies.totals import aggregation, rebuilding
from tests.bench import country, plain_sql
from tests.bench.measurement import Measurement, median
from tests.bench.phones import WrongAnswer
from tests.bench.running import Options

ROUNDS = 3
FORMS_A_ROUND = 5_000


def measure(options: Options) -> list[Measurement]:
    size = country.NATION if options.long else country.PROVINCE
    election = country.big_election(size)
    country.fill_all(election, size)
    contest = country.contest_of(election)
    by_orm, by_sql, shares = [], [], []
    for number in range(ROUNDS):
        orm = _forms_a_second(contest, 2 * number, lambda: aggregation.drain())
        sql = _forms_a_second(
            contest, 2 * number + 1, lambda: plain_sql.drain(election.pk, batch=settings.DRAIN_BATCH)
        )
        by_orm.append(orm)
        by_sql.append(sql)
        shares.append(orm / sql)
    _both_did_the_same(election)
    return [
        Measurement("drain.share", median(shares), "of plain SQL", ">= 0.65"),
        Measurement("drain.rate", median(by_orm), f"forms/s, {size.filled_stations:,} TPS"),
        Measurement("drain.plain", median(by_sql), "forms/s"),
    ]


def _forms_a_second(contest: Contest, seed: int, drain: Callable[[], int]) -> float:
    """Change stations all over the country, queue them as the intake does, and time how they are counted."""
    chance = random.Random(seed)
    known = list(StationResult.objects.filter(contest=contest, form__isnull=False).values_list("pk", flat=True))
    changed = StationResult.objects.filter(pk__in=chance.sample(known, FORMS_A_ROUND))
    changed.update(review=Review.NEEDS_FIX if seed % 2 else Review.VERIFIED)
    OutboxRow.objects.bulk_create(
        OutboxRow(election_id=contest.election_id, contest=contest, region_id=region)
        for region in changed.order_by("?").values_list("station__region_id", flat=True)
    )
    started = time.perf_counter()
    taken = drain()
    seconds = time.perf_counter() - started
    if taken != FORMS_A_ROUND:
        raise WrongAnswer(f"{taken} of {FORMS_A_ROUND} queued stations were drained")
    return taken / seconds


def _both_did_the_same(election: Election) -> None:
    """The last round was the plain SQL's: its totals must be those of a fresh sum."""
    wrong = rebuilding.differences(election)
    if wrong:
        raise WrongAnswer(f"{len(wrong)} totals are wrong, the first: {wrong[0]}")
