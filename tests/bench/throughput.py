"""Forms a second over HTTP, as a share of what pgbench reaches with the same statements."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from accounts.models import Role, User
from regions.models import Level, Region
from tests.bench import country, pgbench, phones
from tests.bench.measurement import Measurement, median
from tests.bench.parts import CannotRun, WebServer, web_server
from tests.bench.phones import FormQueue
from tests.bench.running import Options

CLIENTS = (8, 32)
ROUNDS = 3
FORMS_A_ROUND, TRANSACTIONS_A_ROUND = 480, 1600


@dataclass
class Rates:
    over_http: list[float] = field(default_factory=list)
    pgbench: list[float] = field(default_factory=list)
    p95: list[float] = field(default_factory=list)

    @property
    def share(self) -> float:
        """By round: what slowed one down slowed its neighbour too."""
        return median([http / pg for http, pg in zip(self.over_http, self.pgbench, strict=True)])


def measure(options: Options) -> list[Measurement]:
    if pgbench.program() is None:
        raise CannotRun("pgbench is not installed (Debian: postgresql-contrib).")
    size = country.PROVINCE
    election = country.big_election(size)
    country.fill_to(election, size, 1_000)
    queue = FormQueue(country.open_results(election, size), country.witnesses())
    bench = _Pgbench(country.open_results(election, size).first().station_id, queue, Path(options.folder))
    rates = {clients: Rates() for clients in CLIENTS}
    with web_server() as server:
        phones.deliver(server, queue.take(200), clients=CLIENTS[-1])
        for _round in range(ROUNDS):
            for clients in CLIENTS:
                _one_round(server, queue, bench, clients, rates[clients])
    return _judge(rates)


class _Pgbench:
    def __init__(self, origin: int, queue: FormQueue, folder: Path) -> None:
        self.origin = origin
        self.witnesses = list(User.objects.filter(role=Role.WITNESS).order_by("pk").values_list("pk", flat=True))
        self.regions = list(Region.objects.filter(level=Level.VILLAGE).order_by("pk").values_list("pk", flat=True))
        self.path = folder / "form.sql"
        warm, example = queue.stations(2)
        pgbench.script(warm, self.witnesses, self.regions)
        self.path.write_text(pgbench.script(example, self.witnesses, self.regions))

    def rate(self, queue: FormQueue, clients: int) -> float:
        stations = queue.stations(TRANSACTIONS_A_ROUND)
        pgbench.check_order(stations, self.origin, self.witnesses, self.regions)
        return pgbench.rate(self.path, stations, origin=self.origin, clients=clients)


def _one_round(server: WebServer, queue: FormQueue, bench: _Pgbench, clients: int, rates: Rates) -> None:
    delivery = phones.deliver(server, queue.take(FORMS_A_ROUND), clients=clients)
    rates.over_http.append(delivery.rate)
    rates.p95.append(delivery.latency_ms(0.95))
    rates.pgbench.append(bench.rate(queue, clients))


def _judge(rates: dict[int, Rates]) -> list[Measurement]:
    few, many = rates[CLIENTS[0]], rates[CLIENTS[1]]
    found = [Measurement(f"throughput.{n}.share", one.share, "of pgbench", ">= 0.15") for n, one in rates.items()]
    kept = median([b / a for a, b in zip(few.over_http, many.over_http, strict=True)])
    found.append(Measurement("throughput.kept", kept, "32 against 8", ">= 0.8"))
    found.append(Measurement("throughput.8.p95", median(few.p95), "ms", "<= 80"))
    found.append(Measurement("throughput.32.p95", median(many.p95), "ms"))
    for clients, one in rates.items():
        found.append(Measurement(f"throughput.{clients}.http", median(one.over_http), "forms/s"))
        found.append(Measurement(f"throughput.{clients}.pgbench", median(one.pgbench), "forms/s"))
    return found
