"""Does a form wait for another's region? Seen while 32 phones send from neighbouring desa and totals are drained."""

from __future__ import annotations

from contextlib import nullcontext

from django.conf import settings

from tallies.models import OutboxRow
from tests.bench import country, lag, phones, waiting
from tests.bench.measurement import Measurement
from tests.bench.parts import task_workers, web_server
from tests.bench.phones import FormQueue, WrongAnswer
from tests.bench.running import Options
from tests.bench.waiting import Waits

CLIENTS = 32
FORMS = 3_000
#: Every form is a sum in all regions above its desa: a lock there would make one queue of a whole kecamatan.
OF_ALL = ("regions_region", "tallies_contesttotal", "tallies_pairtotal", "tallies_partytotal")


def measure(options: Options) -> list[Measurement]:
    size = country.PROVINCE
    election = country.big_election(size)
    country.fill_to(election, size, 1_000)
    lag.forget_other_work()
    # In the order of their desa: forms that are sent at the same moment are of one kecamatan.
    queue = FormQueue(country.open_results(election, size), country.witnesses())
    waits = Waits()
    # Without a Redis the web process drains by itself.
    with web_server() as server, task_workers() if settings.REDIS_URL else nullcontext():
        phones.deliver(server, queue.take(200), clients=CLIENTS)
        lag.await_empty_outbox()
        with waiting.watched(waits):
            delivery = phones.deliver(server, queue.take(FORMS), clients=CLIENTS)
        drained = FORMS - OutboxRow.objects.count()
    if drained < FORMS // 10:
        raise WrongAnswer(f"only {drained} forms were drained while forms came in: nothing was looked at")
    how = "Celery" if settings.REDIS_URL else "thread"
    return [
        Measurement("throughput.waits.region", waits.looks_at(*OF_ALL), "looks", "<= 0"),
        Measurement("throughput.waits.station", waits.looks_at("tallies_stationresult"), "looks"),
        Measurement("throughput.waits.any", sum(waits.tables.values()), "looks, by table"),
        Measurement("throughput.waits.looks", waits.looks, "looks"),
        Measurement("throughput.waits.drained", drained, f"forms, {how}"),
        Measurement("throughput.waits.http", delivery.rate, "forms/s"),
    ]
