"""Make the nation, or find it again: how long that takes, and how many rows there are."""

from __future__ import annotations

import time
from collections.abc import Callable

from tallies.models import AuditEvent, C1Form, Election, PollingStation, Vote
from tallies.totals import rebuilding
from tests.bench import country
from tests.bench.measurement import Measurement, say
from tests.bench.nation import ground, returns
from tests.bench.running import Options


def measure(options: Options) -> list[Measurement]:
    took: list[Measurement] = []

    def spent(name: str, work: Callable[[], object]) -> None:
        say(f"Making the nation: {name} …")
        began = time.perf_counter()
        work()
        took.append(Measurement(f"nation.seed.{name}", time.perf_counter() - began, "s"))

    if not Election.objects.filter(slug=ground.SLUG).exists():
        spent("places and people", ground.make)
        spent("forms and chains", lambda: returns.make(ground.contest().pk))
        spent("vacuum", country.settle)
        spent("totals", lambda: rebuilding.rebuild(ground.election()))
        spent("vacuum again", country.settle)
    return [
        *took,
        Measurement("nation.stations", PollingStation.objects.count(), "TPS"),
        Measurement("nation.forms", C1Form.objects.count(), "forms"),
        Measurement("nation.votes", Vote.objects.count(), "rows"),
        Measurement("nation.events", AuditEvent.objects.count(), "rows"),
    ]
