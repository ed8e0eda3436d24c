"""One run of the projection from the stored totals: everything read anew, some of the kecamatan, nothing to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from analytics.models import ProjectionRun
from analytics.projections import due, reading_returns, running
from regions.models import Level
from tallies.models import Contest, ContestTotal
from tests.bench import country
from tests.bench.measurement import Measurement, median
from tests.bench.parts import cpu_seconds_of
from tests.bench.running import Options

ROUNDS = 5
#: CPU seconds: a tenth of the minute in which a contest is projected once.
A_TENTH_OF_A_MINUTE = 6.0


def measure(options: Options) -> list[Measurement]:
    size = country.NATION if options.long else country.PROVINCE
    election = country.big_election(size)
    country.fill_all(election, size)
    contest = Contest.objects.select_related("election", "region").get(pk=country.contest_of(election).pk)
    found: dict[str, list[float]] = {}

    def spent(name: str, work: Callable[[], object]) -> None:
        before = _cpu()
        work()
        found.setdefault(name, []).append(_cpu() - before)

    seconds = []
    for _round in range(ROUNDS):
        cache.clear()
        spent("read_all", lambda: reading_returns.read(contest))
        spent("read_nothing_new", lambda: reading_returns.read(contest))
        for name, every in (("read_a_third", 3), ("read_a_twentieth", 20)):
            _move(contest, every)
            spent(name, lambda: reading_returns.read(contest))
        cache.clear()
        ProjectionRun.objects.all().delete()
        started = time.perf_counter()
        spent("cpu", lambda: running.run(contest))
        seconds.append(time.perf_counter() - started)
        spent("idle", lambda: due.due_contests(timezone.now()))
    told = f"CPU-s with its backend, {size.filled_stations:,} TPS"
    cpu = {name: median(several) for name, several in found.items()}
    return [
        Measurement("projection_run.cpu", cpu.pop("cpu"), told, f"<= {A_TENTH_OF_A_MINUTE}"),
        Measurement("projection_run.seconds", median(seconds), "s"),
        Measurement("projection_run.rows", ProjectionRun.objects.count(), "runs written"),
        *(Measurement(f"projection_run.{name}", one, "CPU-s with its backend") for name, one in cpu.items()),
    ]


def _cpu() -> float:
    """CPU seconds of this process and of the backend it talks to, where that is on this machine."""
    backend = None
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            backend = cpu_seconds_of(cursor.fetchone()[0])
    return time.process_time() + (backend or 0.0)


def _move(contest: Contest, every: int) -> None:
    """As if one in ``every`` kecamatan had been counted since."""
    districts = ContestTotal.objects.filter(contest=contest, region__level=Level.DISTRICT)
    moved = list(districts.order_by("pk").values_list("pk", flat=True))[::every]
    ContestTotal.objects.filter(pk__in=moved).update(counted_at=timezone.now() + timedelta(seconds=every))
