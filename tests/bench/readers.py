"""Ten times the readers of a result page: does a form wait longer? Both come at random at fixed rates."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Sequence
from contextlib import nullcontext

from django.conf import settings
from django.core.management import call_command
from django.urls import reverse

from accounts.models import User
from regions.models import Level, Region
from tests.bench import country, open_loop, phones
from tests.bench.measurement import Measurement, median
from tests.bench.parts import PostgresMeter, WebServer, machine_cpu_seconds, task_workers, web_server
from tests.bench.phones import FormQueue, Request
from tests.bench.running import Options

#: So that two cores, which the phones share, are half busy with ten times the readers.
FORMS_A_SECOND, READERS_A_SECOND, MORE = 20.0, 4.0, 10
SECONDS = 15.0
ROUNDS = 7
REGENCIES = 5


def measure(options: Options) -> list[Measurement]:
    size = country.PROVINCE
    call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=["rest_framework"])
    election = country.big_election(size)
    country.fill_all(election, size)
    queue = FormQueue(country.open_results(election, size), country.witnesses())
    reader = country.sign_in(User.objects.get(username="nasional"))
    regions = [Region.objects.get(level=Level.NATION)]
    regions += Region.objects.filter(level=Level.REGENCY).order_by("pk")[:REGENCIES]
    headers = {"Cookie": reader.headers["Cookie"], "Accept": "text/html"}
    pages = [Request("GET", reverse("region", args=[election.slug, one.code]), headers) for one in regions]
    looks = {"none": 0.0, "few": READERS_A_SECOND, "many": READERS_A_SECOND * MORE}
    rounds: dict[str, list[_Round]] = {name: [] for name in looks}
    # Totals are drained meanwhile: each drain makes a page anew for the next reader.
    with web_server() as server, task_workers() if settings.REDIS_URL else nullcontext():
        phones.deliver(server, queue.take(100), clients=4)
        phones.deliver(server, pages * 4, clients=4)
        for number in range(ROUNDS):
            # What the machine does meanwhile falls on each of them in turn.
            for name in sorted(looks, key=lambda name: (list(looks).index(name) + number) % len(looks)):
                rounds[name].append(_Round(server, queue, pages, looks[name], random.Random(f"{number} {name}")))
    return _judge(rounds)


class _Round:
    """``p95``, ``p50`` in milliseconds. CPU-seconds a second: ``web``, ``ours`` (web, sessions of PostgreSQL, phones)
    and ``machine``, in which workers and other people's programs are too.
    """

    def __init__(
        self, server: WebServer, queue: FormQueue, pages: Sequence[Request], looks: float, chance: random.Random
    ) -> None:
        forms = open_loop.at_random(queue.take(round(FORMS_A_SECOND * SECONDS)), FORMS_A_SECOND, chance)
        reading = [chance.choice(pages) for _look in range(round(looks * SECONDS))]
        streams = {"forms": forms, "pages": open_loop.at_random(reading, looks, chance)}
        machine = machine_cpu_seconds()
        postgres, web, phones_before = PostgresMeter(), server.cpu_seconds(), time.process_time()
        arrived = open_loop.send(server, streams)
        self.web = (server.cpu_seconds() - web) / arrived.seconds
        beside = (postgres.seconds() or 0.0) + time.process_time() - phones_before
        self.ours = self.web + beside / arrived.seconds
        self.machine = (machine_cpu_seconds() - machine) / arrived.seconds
        self.p50, self.p95 = arrived.ms("forms", 0.5), arrived.ms("forms", 0.95)


def _judge(rounds: dict[str, list[_Round]]) -> list[Measurement]:
    def ratio(more: str, less: str) -> float:
        return median([a.p95 / b.p95 for a, b in zip(rounds[more], rounds[less], strict=True)])

    found = [
        Measurement("readers.p95", ratio("many", "few"), f"x{MORE} against x1", "<= 1.2"),
        Measurement("readers.p95.any", ratio("few", "none"), "x1 against none"),
    ]
    for name, those in rounds.items():
        found += [
            Measurement(f"readers.{name}.p50", median([one.p50 for one in those]), "ms a form"),
            Measurement(f"readers.{name}.p95", median([one.p95 for one in those]), "ms a form"),
            Measurement(f"readers.{name}.web", median([one.web for one in those]), "cores, web"),
            Measurement(f"readers.{name}.ours", median([one.ours for one in those]), "cores"),
            Measurement(
                f"readers.{name}.machine", median([one.machine for one in those]), f"of {os.cpu_count()} cores"
            ),
        ]
    return found
