"""From the phone to the nation: seconds until the national total holds a form, at a fixed rate."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import nullcontext

import redis
from django.conf import settings
from django.db import connection

from tallies import photos
from tallies.models import Contest, ContestTotal, OutboxRow
from tests.bench import country, phones, pictures
from tests.bench.measurement import Measurement, percentile
from tests.bench.parts import WebServer, task_workers, web_server
from tests.bench.phones import FormQueue, Request, WrongAnswer
from tests.bench.running import Options

FORMS_A_SECOND = 40
FORMS = 400
PHOTOS = 200
CLIENTS = 8
LOOK_EVERY = 0.02
#: Workers may still be starting, on a machine that others use too.
SECONDS_TO_DRAIN = 240


def measure(options: Options) -> list[Measurement]:
    size = country.PROVINCE
    election = country.big_election(size)
    country.fill_all(election, size)
    forget_other_work()
    witnesses = country.witnesses()
    queue = FormQueue(country.open_results(election, size), witnesses)
    contest = country.contest_of(election)
    # Without a Redis the web process drains by itself.
    with web_server() as server, task_workers() if settings.REDIS_URL else nullcontext():
        phones.deliver(server, queue.take(50), clients=CLIENTS)
        alone = lags(server, contest, queue.take(FORMS))
        # The photos of a busy minute must not keep the totals waiting.
        phones.deliver(server, phones.photos(pictures.hashed(PHOTOS, series="lag"), witnesses), clients=CLIENTS)
        behind_photos = lags(server, contest, queue.take(FORMS // 2))
    how = "Celery" if settings.REDIS_URL else "thread"
    return [
        Measurement("drain.lag.p95", percentile(alone, 0.95), f"s, {how}", "<= 1"),
        Measurement("drain.lag.p50", percentile(alone, 0.5), f"s, {FORMS_A_SECOND} forms/s"),
        Measurement("drain.lag.photos.p95", percentile(behind_photos, 0.95), f"s, {PHOTOS} photos", "<= 1"),
        Measurement("drain.lag.photos.p50", percentile(behind_photos, 0.5), "s"),
    ]


def lags(server: WebServer, contest: Contest, requests: Sequence[Request]) -> list[float]:
    """Seconds from each form's acknowledgement to its place in the national total."""
    await_empty_outbox()
    watch = Watch(contest, len(requests))
    delivery = phones.deliver(server, requests, clients=CLIENTS, each_second=FORMS_A_SECOND)
    return [max(0.0, seen - sent) for sent, seen in zip(sorted(delivery.acknowledged), watch.finish(), strict=True)]


def forget_other_work() -> None:
    """Leave no task and no photo of earlier measurements: the core would be busy with them."""
    photos.process_waiting()
    if settings.REDIS_URL:
        redis.Redis.from_url(settings.REDIS_URL).flushall()


def await_empty_outbox() -> None:
    deadline = time.monotonic() + SECONDS_TO_DRAIN
    while OutboxRow.objects.exists():
        if time.monotonic() > deadline:
            raise WrongAnswer("nobody drains the outbox")
        time.sleep(0.2)


class Watch:
    """Looks at the national total in a thread, and notes when it held one form more, two more, …"""

    def __init__(self, contest: Contest, forms: int) -> None:
        self.totals = ContestTotal.objects.filter(contest=contest, region=contest.region_id)
        self.forms = forms
        self.base = self._stations_in()
        self.counted: list[float] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _stations_in(self) -> int:
        return self.totals.values_list("stations_in", flat=True).get()

    def _look(self) -> None:
        try:
            while len(self.counted) < self.forms and not self._ended.wait(LOOK_EVERY):
                more = self._stations_in() - self.base - len(self.counted)
                self.counted += [time.monotonic()] * more
        finally:
            connection.close()

    def finish(self) -> list[float]:
        """Return when each form was counted, in order. Raises `WrongAnswer` when some are not."""
        self._thread.join(SECONDS_TO_DRAIN)
        self._ended.set()
        if len(self.counted) != self.forms:
            raise WrongAnswer(f"{len(self.counted)} of {self.forms} forms reached the national total")
        return self.counted
