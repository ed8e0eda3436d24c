"""What a result page costs at 1,000 and at 130,000 stations, and when nothing changed."""

from __future__ import annotations

from django.core.cache import cache
from django.core.management import call_command
from django.urls import reverse

from accounts.models import User
from regions.models import Level, Region
from tallies.models import ContestTotal, Election
from tallies.totals import rebuilding
from tests.bench import country, phones, statements
from tests.bench.intake import Cost, cost_of
from tests.bench.measurement import Measurement
from tests.bench.parts import WebServer, web_server
from tests.bench.phones import Request
from tests.bench.running import Options

SMALL_STATIONS = 1_000
REGENCIES = 30
#: The first look at a report after a change makes it (cold), the first one in another order finds its rows drawn
#: (`tallies.templatetags.shared_rows`), and whoever looks then shares it whole (`tallies.views.results`).
ORDERS = ("nama", "masuk", "janggal", "unggul")


def measure(options: Options) -> list[Measurement]:
    size = country.NATION if options.long else country.PROVINCE
    call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=["rest_framework"])
    elections = _elections(size)
    reader = country.sign_in(User.objects.get(username="nasional"))
    # Regencies with all their districts: as many rows on both elections' pages.
    regions = list(Region.objects.filter(level=Level.REGENCY).order_by("pk")[:REGENCIES])
    pages = {
        slug: [[_page(election, region, order, reader) for region in regions] for order in ORDERS]
        for slug, election in elections.items()
    }
    first, *rounds = pages[country.BIG]
    queries = _queries(_page(elections[country.BIG], regions[0], "belum", reader))
    with web_server() as server:
        phones.deliver(server, [page for rounds in pages.values() for page in rounds[0]], clients=4)
        cache.clear()
        cold = cost_of(server, [first], clients=1)
        made = {slug: cost_of(server, rounds[1:], clients=1) for slug, rounds in pages.items()}
        shared = cost_of(server, rounds, clients=1)
        alone = phones.deliver(server, first, clients=1)
        not_modified = _not_modified(server, first[0])
    return _judge(cold, made, shared, not_modified, queries, alone.latency_ms(0.95))


def _elections(size: country.Size) -> dict[str, Election]:
    big = country.big_election(size)
    country.fill_all(big, size)
    small = country.small_election(SMALL_STATIONS)
    if not ContestTotal.objects.filter(contest__election=small).exists():
        rebuilding.rebuild(small)
        country.settle()
    return {country.SMALL: small, country.BIG: big}


def _page(election: Election, region: Region, order: str, reader: country.SignedIn) -> Request:
    headers = {"Cookie": reader.headers["Cookie"], "Accept": "text/html"}
    address = reverse("region", args=[election.slug, region.code])
    return Request("GET", f"{address}?urut={order}", headers)


def _queries(page: Request) -> int:
    """Of a report that nobody has looked at yet."""
    with statements.counted() as found:
        statements.answer_here(page)
    return len(found)


def _not_modified(server: WebServer, page: Request) -> Cost:
    headers, _body = phones.fetch(server, page)
    again = Request("GET", page.path, {**page.headers, "If-None-Match": headers["ETag"]}, expected=304)
    return cost_of(server, [[again] * 100] * 3, clients=1)


def _judge(
    cold: Cost, made: dict[str, Cost], shared: Cost, not_modified: Cost, queries: int, p95: float
) -> list[Measurement]:
    small, big = (sum(part or 0 for part in made[slug]) for slug in (country.SMALL, country.BIG))
    return [
        Measurement("page.growth", big / small, "x from 1,000", "<= 1.25"),
        Measurement("page.cold.worker", cold[0], "CPU-ms"),
        Measurement("page.first.worker", made[country.BIG][0], "CPU-ms", "<= 9"),
        Measurement("page.first.postgres", made[country.BIG][1], "CPU-ms"),
        Measurement("page.shared.worker", shared[0], "CPU-ms", "<= 9"),
        Measurement("page.shared.postgres", shared[1], "CPU-ms"),
        Measurement("page.queries", queries, "queries", "<= 12"),
        Measurement("page.304.worker", not_modified[0], "CPU-ms", "<= 2.5"),
        Measurement("page.304.postgres", not_modified[1], "CPU-ms"),
        Measurement("page.p95", p95, "ms, one reader"),
    ]
