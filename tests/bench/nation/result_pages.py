"""The result pages of each level, from a server, one reader, each looked at for the first time."""

from __future__ import annotations

from django.core.cache import cache
from django.core.management import call_command
from django.urls import reverse

from regions.models import Level, Region
from tests.bench import country, phones
from tests.bench.intake import cost_of
from tests.bench.measurement import Measurement
from tests.bench.nation import ground, keys, tables
from tests.bench.parts import web_server
from tests.bench.phones import Request
from tests.bench.running import Options

#: Pages a level; those of the nation are one region in several orders.
PAGES = 80
ORDERS = ("nama", "masuk", "janggal", "unggul")
BOUND = 100


def measure(options: Options) -> list[Measurement]:
    call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=["rest_framework"])
    reader = country.sign_in(keys.person("nasional"))
    measurements, rows = [], []
    with web_server() as server:
        for level in Level:
            pages = _pages(level, reader)
            phones.deliver(server, pages[-1:], clients=2)
            cache.clear()
            worker, postgres = cost_of(server, [pages], clients=1)
            cache.clear()
            cold = phones.deliver(server, pages, clients=1)
            warm = phones.deliver(server, pages, clients=1)
            name = level.name.lower()
            measurements.append(
                Measurement(f"nation.results.{name}.p95", cold.latency_ms(0.95), "ms, cold", f"<= {BOUND}")
            )
            cost = [round(worker or 0, 1), round(postgres or 0, 1)]
            times = [round(one.latency_ms(share)) for one in (cold, warm) for share in (0.5, 0.95)]
            rows.append((level.label, len(pages), *times, *cost))
    head = ("level", "pages", "cold median ms", "cold p95 ms", "warm median ms", "warm p95 ms", "web CPU-ms",
            "PostgreSQL CPU-ms")  # fmt: skip
    tables.write("Result pages", head, rows)
    return measurements


def _pages(level: Level, reader: country.SignedIn) -> list[Request]:
    regions = list(Region.objects.filter(level=level).order_by("first"))
    chosen = regions[:: max(1, len(regions) // PAGES)][:PAGES]
    orders = ORDERS if len(chosen) < PAGES // 2 else ORDERS[:1]
    headers = {"Cookie": reader.headers["Cookie"], "Accept": "text/html"}
    return [
        Request("GET", f"{reverse('region', args=[ground.SLUG, region.code])}?urut={order}", headers)
        for region in chosen
        for order in orders
    ]
