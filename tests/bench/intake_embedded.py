"""The same forms on SQLite in one web process, which also drains the totals."""

from __future__ import annotations

from tests.bench import country, phones
from tests.bench.intake import CLIENTS, cost_of
from tests.bench.measurement import Measurement
from tests.bench.parts import web_server
from tests.bench.running import Options

STORED = 1_000
TIMED = 300


def measure(options: Options) -> list[Measurement]:
    size = country.EMBEDDED
    election = country.big_election(size)
    country.fill_to(election, size, STORED)
    queue = phones.FormQueue(country.open_results(election, size), country.witnesses())
    with web_server() as server:
        phones.deliver(server, queue.take(100), clients=CLIENTS)
        worker, _postgres = cost_of(server, [queue.take(TIMED)])
        delivery = phones.deliver(server, queue.take(TIMED), clients=CLIENTS)
    return [
        Measurement("intake.sqlite.p95", delivery.latency_ms(0.95), f"ms, {CLIENTS} phones", "<= 80"),
        Measurement("intake.sqlite.rate", delivery.rate, "forms/s"),
        Measurement("intake.sqlite.process", worker, "CPU-ms a form"),
    ]
