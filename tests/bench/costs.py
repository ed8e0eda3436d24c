"""What a form, a photo and a drain cost alone: the figures from which `drill.evening` simulates."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.db import connection

from drill.evening.costs import PREFIX, Costs
from tallies import photos
from tallies.models import Contest, OutboxRow, StationResult
from tallies.totals import aggregation
from tests.bench import open_loop, phones, pictures
from tests.bench.country import SignedIn
from tests.bench.intake import cost_of
from tests.bench.measurement import Measurement, median
from tests.bench.parts import PostgresMeter, WebServer, cpu_seconds_of
from tests.bench.phones import FormQueue

ROUNDS, FORMS_A_ROUND, PHOTOS = 5, 120, 30
#: Forms a second, at random: about two thirds of what a process takes.
AT_WORK, FORMS_AT_WORK = 120.0, 1200
DRAINS = {1: 20, 100: 5, 1000: 3}
#: One in twenty of the lone forms met something else on the machine: they say nothing of the form.
UNDISTURBED = 0.95


@dataclass(frozen=True)
class Alone:
    """``phones``: CPU-milliseconds of the sender for a form."""

    costs: Costs
    phones: float

    def measurements(self) -> list[Measurement]:
        units = {"cv": "of the mean", "form_pause": "ms"}
        found = [
            Measurement(PREFIX + name, figure, units.get(name, "CPU-ms"))
            for name, figure in asdict(self.costs).items()
        ]
        return [*found, Measurement("queueing.phones", self.phones, "CPU-ms a form")]


def measured(server: WebServer, queue: FormQueue, witnesses: Sequence[SignedIn], contest: Contest) -> Alone:
    """What forms cost a process at work, and how long a lone one takes; in this process what workers do.

    CPU is not measured of lone forms. Over one connection it is always the same thread with the same session of
    PostgreSQL, which costs a fifth less; now and then one, on a machine that rests in between, half as much again.
    """
    rounds = [_forms(server, queue) for _round in range(ROUNDS)]
    web_alone, postgres_alone, sender, lone = (
        median(column) for column in zip(*[one[:4] for one in rounds], strict=True)
    )
    web, postgres = _at_work(server, queue)
    times = [one for *_, times in rounds for one in sorted(times)[: int(UNDISTURBED * len(times))]]
    sent = pictures.hashed(PHOTOS, series="costs")
    pieces = phones.photos_in_pieces(sent, witnesses)
    photo_web, photo_postgres = cost_of(server, [pieces], clients=1)
    each = len(pieces) / PHOTOS
    drains = {size: _drain(contest, size, times) for size, times in DRAINS.items()}
    costs = Costs(
        form_web=web,
        form_postgres=postgres,
        form_pause=max(0.0, lone - web_alone - postgres_alone - sender),
        cv=statistics.pstdev(times) / statistics.fmean(times),
        photo_web=photo_web * each,
        photo_postgres=(photo_postgres or 0.0) * each,
        photo_decoding=_decoding([sha256 for sha256, _data in sent]),
        **{f"drain_{size}": milliseconds for size, milliseconds in drains.items()},
    )
    return Alone(costs, sender)


def _forms(server: WebServer, queue: FormQueue) -> tuple[float, float, float, float, list[float]]:
    """CPU-milliseconds a form in web, PostgreSQL and phones, the median of its time, and all times (ms)."""
    requests = queue.take(FORMS_A_ROUND)
    meter, web, ours = PostgresMeter(), server.cpu_seconds(), time.process_time()
    delivery = phones.deliver(server, requests, clients=1)
    spent = (server.cpu_seconds() - web, meter.seconds() or 0.0, time.process_time() - ours)
    times = [seconds * 1000 for seconds in delivery.latencies]
    a_form = [seconds * 1000 / FORMS_A_ROUND for seconds in spent]
    return a_form[0], a_form[1], a_form[2], median(times), times


def _at_work(server: WebServer, queue: FormQueue) -> tuple[float, float]:
    """CPU-milliseconds a form in web and PostgreSQL while forms come from everywhere."""
    stream = open_loop.at_random(queue.take(FORMS_AT_WORK), AT_WORK, random.Random(1))
    meter, web = PostgresMeter(), server.cpu_seconds()
    open_loop.send(server, {"forms": stream})
    spent = (server.cpu_seconds() - web, meter.seconds() or 0.0)
    a_form = [seconds * 1000 / FORMS_AT_WORK for seconds in spent]
    return a_form[0], a_form[1]


def _decoding(waiting: Sequence[str]) -> float:
    used = []
    for sha256 in waiting:
        before = time.process_time()
        photos.process(sha256)
        used.append((time.process_time() - before) * 1000)
    return median(used)


def _drain(contest: Contest, size: int, times: int) -> float:
    """CPU-milliseconds, here and in our session of PostgreSQL, of one transaction of the drain."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        session = cursor.fetchone()[0]
    villages = list(
        StationResult.objects.filter(contest=contest, form__isnull=False)
        .order_by("?")
        .values_list("station__region_id", flat=True)[: size * times]
    )
    aggregation.drain()
    used = 0.0
    for start in range(0, size * times, size):
        OutboxRow.objects.bulk_create(
            OutboxRow(election_id=contest.election_id, contest=contest, region_id=village)
            for village in villages[start : start + size]
        )
        before = time.process_time() + (cpu_seconds_of(session) or 0.0)
        aggregation.drain_batch(contest.election_id, batch=size)
        used += time.process_time() + (cpu_seconds_of(session) or 0.0) - before
    return used * 1000 / times
