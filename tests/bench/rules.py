"""The rules over what changed, against the totals of the same: 130,000 real stations, a thousand at a time."""

from __future__ import annotations

import random
import time

from analytics.examining import running
from analytics.models import ACTIVE_STATES, Finding, Rule
from tallies.models import Contest, ExaminationRow, OutboxRow, StationResult
from tallies.totals import aggregation
from tests.bench import real_returns
from tests.bench.measurement import Measurement, median
from tests.bench.phones import WrongAnswer
from tests.bench.running import Options

ROUNDS = 5
CHANGED = 1_000


def measure(options: Options) -> list[Measurement]:
    contest = real_returns.load()
    whole = _examine_all(contest)
    stations = StationResult.objects.filter(contest=contest, form__isnull=False).count()
    totals, rules, ratios = [], [], []
    for number in range(ROUNDS):
        drained, examined = _round(contest, number)
        totals.append(drained)
        rules.append(examined)
        ratios.append(examined / drained)
    return [
        Measurement("rules.ratio", median(ratios), "x totals", "<= 3"),
        Measurement("rules.batch", median(rules), f"s, {CHANGED:,} TPS"),
        Measurement("rules.totals", median(totals), f"s, {CHANGED:,} TPS"),
        Measurement("rules.whole", whole, f"s, {stations:,} TPS"),
        *(
            Measurement(f"rules.found.{rule}", Finding.objects.filter(rule=rule, state__in=ACTIVE_STATES).count(), "")
            for rule in Rule
            if Finding.objects.filter(rule=rule).exists()
        ),
    ]


def _examine_all(contest: Contest) -> float:
    """Have every station examined once, desa by desa."""
    if Finding.objects.filter(contest=contest).exists():
        return 0.0
    ExaminationRow.objects.all().delete()
    villages = StationResult.objects.filter(contest=contest).order_by().values_list("station__region", flat=True)
    ExaminationRow.objects.bulk_create(
        (ExaminationRow(contest=contest, region_id=village) for village in sorted(set(villages))), batch_size=2000
    )
    started = time.perf_counter()
    running.examine_changed()
    return time.perf_counter() - started


def _round(contest: Contest, seed: int) -> tuple[float, float]:
    """Queue stations all over the province as the intake does; time how they are counted, then how examined."""
    known = list(
        StationResult.objects.filter(contest=contest, form__isnull=False)
        .order_by("pk")
        .values_list("station_id", "station__region_id")
    )
    chosen = random.Random(seed).sample(known, CHANGED)
    ExaminationRow.objects.all().delete()
    OutboxRow.objects.bulk_create(
        OutboxRow(election_id=contest.election_id, contest=contest, region_id=region, station_id=station)
        for station, region in chosen
    )
    started = time.perf_counter()
    aggregation.drain()
    drained = time.perf_counter()
    if ExaminationRow.objects.count() != CHANGED:
        raise WrongAnswer("the totals did not hand on what they counted")
    examining = time.perf_counter()
    running.examine_changed()
    return drained - started, time.perf_counter() - examining
