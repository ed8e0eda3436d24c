"""One run of the projection from the stored totals: everything read anew, a third of the kecamatan, nothing to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from django.core.cache import cache
from django.utils import timezone

from analytics.models import ProjectionRun
from analytics.projections import due, reading_returns, running
from regions.models import Level
from tallies.models import Contest, ContestTotal
from tests.bench import country
from tests.bench.measurement import Measurement, median
from tests.bench.running import Options

ROUNDS = 5
#: Of the minute in which a contest is projected once, in one worker.
A_TENTH_OF_A_MINUTE = 6.0


def measure(options: Options) -> list[Measurement]:
    size = country.NATION if options.long else country.PROVINCE
    election = country.big_election(size)
    country.fill_all(election, size)
    contest = Contest.objects.select_related("election", "region").get(pk=country.contest_of(election).pk)
    cold, warm, moved, whole, cpu = [], [], [], [], []
    for _round in range(ROUNDS):
        cache.clear()
        cold.append(_seconds(lambda: reading_returns.read(contest)))
        warm.append(_seconds(lambda: reading_returns.read(contest)))
        _move(contest)
        moved.append(_seconds(lambda: reading_returns.read(contest)))
        cache.clear()
        ProjectionRun.objects.all().delete()
        before = time.process_time()
        whole.append(_seconds(lambda: running.run(contest)))
        cpu.append(time.process_time() - before)
    idle = median([_seconds(lambda: due.due_contests(timezone.now())) for _round in range(ROUNDS)])
    rows = ProjectionRun.objects.count()
    told = f"s, {size.filled_stations:,} TPS"
    return [
        Measurement("projection_run.seconds", median(whole), told, f"<= {A_TENTH_OF_A_MINUTE}"),
        Measurement("projection_run.cpu", median(cpu), "CPU-s here, without PostgreSQL"),
        Measurement("projection_run.rows", rows, "runs written"),
        Measurement("projection_run.read_all", median(cold), "s"),
        Measurement("projection_run.read_a_third", median(moved), "s"),
        Measurement("projection_run.read_nothing_new", median(warm), "s"),
        Measurement("projection_run.idle", idle * 1000, "ms a look"),
    ]


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _move(contest: Contest) -> None:
    """As if a third of the kecamatan had been counted since."""
    districts = ContestTotal.objects.filter(contest=contest, region__level=Level.DISTRICT)
    third = list(districts.order_by("pk").values_list("pk", flat=True))[::3]
    ContestTotal.objects.filter(pk__in=third).update(counted_at=timezone.now() + timedelta(seconds=1))
