"""The simulated waits against measured ones: forms at random, one and two web processes, three loads."""

from __future__ import annotations

import os
import random
import time

from drill.evening import run
from drill.evening.flow import Size
from tests.bench import costs, country, lag, open_loop, phones
from tests.bench.costs import Alone
from tests.bench.measurement import Measurement, median, percentile, say
from tests.bench.parts import PostgresMeter, WebServer, machine_cpu_seconds, web_server
from tests.bench.phones import FormQueue
from tests.bench.running import Options

#: Of what is scarcest: a web process, or the cores that everything shares here, the phones too.
LOADS = (0.3, 0.6, 0.8)
#: Stated before the first run: to 60 % within a factor of two, above for information.
BOUND_TO, FACTOR = 0.6, 2.0
ROUNDS = 3
FORMS_A_ROUND = 700
SIMULATED = 12_000
#: Cores that other programs took meanwhile (the shared writers of PostgreSQL are among them): with more nothing is
#: compared, for the simulation knows of nobody else.
OTHERS = 0.3


def measure(options: Options) -> list[Measurement]:
    size = country.PROVINCE
    election = country.big_election(size)
    country.fill_all(election, size)
    lag.forget_other_work()
    witnesses = country.witnesses()
    queue = FormQueue(country.open_results(election, size), witnesses)
    with web_server(1) as server:
        phones.deliver(server, queue.take(200), clients=4)
        alone = costs.measured(server, queue, witnesses, country.contest_of(election))
        found = alone.measurements()
        found += [one for load in LOADS for one in _compare(server, queue, alone, 1, load)]
    with web_server(2) as server:
        phones.deliver(server, queue.take(200), clients=8)
        found += [one for load in LOADS for one in _compare(server, queue, alone, 2, load)]
    return found


def _compare(server: WebServer, queue: FormQueue, alone: Alone, processes: int, load: float) -> list[Measurement]:
    cores = os.cpu_count() or 1
    rate = load / _scarcest(alone, processes, cores)
    say(f"{processes} web, {load:.0%}: {rate:.0f} forms a second …")
    rounds = [_Round(server, queue, rate, random.Random(f"{processes} {load} {n}")) for n in range(ROUNDS)]
    size = Size(processes, 1, float(cores), phones=alone.phones)
    simulated = run.steady(size, alone.costs, rate=rate, forms=SIMULATED, seed=1)
    name = f"queueing.{processes}.{load:.0%}".removesuffix("%")
    found = []
    for which, share in (("p50", 0.5), ("p95", 0.95)):
        measured = median([percentile(one.times, share) for one in rounds])
        ratio = percentile(simulated, share) / measured
        bounded = load <= BOUND_TO
        # Too long by the factor and too short by it are one bound: the larger of the ratio and its inverse.
        found += [
            Measurement(f"{name}.{which}.off", max(ratio, 1 / ratio), "x", f"<= {FACTOR:g}" if bounded else None),
            Measurement(f"{name}.{which}.ratio", ratio, "simulated/real"),
            Measurement(f"{name}.{which}.simulated", percentile(simulated, share) * 1000, "ms"),
            Measurement(f"{name}.{which}.real", measured * 1000, "ms"),
        ]
    return [
        *found,
        Measurement(f"{name}.rate", median([one.rate for one in rounds]), "forms/s"),
        Measurement(f"{name}.web", median([one.web for one in rounds]) / processes, "busy, a process"),
        Measurement(f"{name}.ours", median([one.ours for one in rounds]), "cores"),
        Measurement(f"{name}.others", median([one.others for one in rounds]), "cores", f"<= {OTHERS:g}"),
    ]


def _scarcest(alone: Alone, processes: int, cores: int) -> float:
    """Seconds of what is scarcest that a form takes."""
    web, everywhere = alone.costs.form_web, alone.costs.form_web + alone.costs.form_postgres + alone.phones
    return max(web / processes, everywhere / cores) / 1000


class _Round:
    """``times``: seconds of each form but the first tenth; the rest are busy cores, ``others`` of all else."""

    def __init__(self, server: WebServer, queue: FormQueue, rate: float, chance: random.Random) -> None:
        stream = open_loop.at_random(queue.take(FORMS_A_ROUND), rate, chance)
        meter, web, ours, machine = PostgresMeter(), server.cpu_seconds(), time.process_time(), machine_cpu_seconds()
        arrived = open_loop.send(server, {"forms": stream})
        self.times = arrived.times["forms"][FORMS_A_ROUND // 10 :]
        self.rate = FORMS_A_ROUND / arrived.seconds
        self.web = (server.cpu_seconds() - web) / arrived.seconds
        beside = (meter.seconds() or 0.0) + time.process_time() - ours
        self.ours = self.web + beside / arrived.seconds
        self.others = (machine_cpu_seconds() - machine) / arrived.seconds - self.ours
