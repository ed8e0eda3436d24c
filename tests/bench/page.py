"""What a result page costs at 1,000 and at 130,000 stations, and when nothing changed."""

from __future__ import annotations

from django.core.management import call_command
from django.urls import reverse

from accounts.models import User
from regions.models import Level, Region
from tallies import rebuilding
from tallies.models import ContestTotal, Election
from tests.bench import country, phones, statements
from tests.bench.intake import Cost, cost_of
from tests.bench.measurement import Measurement, median
from tests.bench.parts import WebServer, web_server
from tests.bench.phones import Request
from tests.bench.running import Options

SMALL_STATIONS = 1_000
ROUNDS, PAGES_A_ROUND = 3, 120


def measure(options: Options) -> list[Measurement]:
    size = country.NATION if options.long else country.PROVINCE
    elections = _elections(size)
    reader = country.sign_in(User.objects.get(username="nasional"))
    # A regency with all its districts: as many rows on both pages.
    region = Region.objects.filter(level=Level.REGENCY).order_by("pk").first()
    pages = {slug: _page(election, region, reader) for slug, election in elections.items()}
    queries = _queries(pages[country.BIG])
    call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=["rest_framework"])
    with web_server() as server:
        costs, p95 = _whole(server, pages)
        not_modified = _not_modified(server, pages[country.BIG])
    return _judge(costs, p95, not_modified, queries)


def _elections(size: country.Size) -> dict[str, Election]:
    big = country.big_election(size)
    country.fill_all(big, size)
    small = country.small_election(SMALL_STATIONS)
    if not ContestTotal.objects.filter(contest__election=small).exists():
        rebuilding.rebuild(small)
        country.settle()
    return {country.SMALL: small, country.BIG: big}


def _page(election: Election, region: Region, reader: country.SignedIn) -> Request:
    headers = {"Cookie": reader.headers["Cookie"], "Accept": "text/html"}
    return Request("GET", reverse("region", args=[election.slug, region.code]), headers)


def _queries(page: Request) -> int:
    statements.answer_here(page)
    with statements.counted() as found:
        statements.answer_here(page)
    return len(found)


def _whole(server: WebServer, pages: dict[str, Request]) -> tuple[dict[str, Cost], float]:
    """By election the cost of a page, measured in turns; and the latency of one reader."""
    rounds: dict[str, list[Cost]] = {slug: [] for slug in pages}
    for page in pages.values():
        phones.deliver(server, [page] * 60, clients=4)
    for _round in range(ROUNDS):
        for slug, page in pages.items():
            rounds[slug].append(cost_of(server, [[page] * PAGES_A_ROUND], clients=1))
    alone = phones.deliver(server, [pages[country.BIG]] * PAGES_A_ROUND, clients=1)
    return {slug: _median_cost(costs) for slug, costs in rounds.items()}, alone.latency_ms(0.95)


def _median_cost(costs: list[Cost]) -> Cost:
    postgres = [cost for _worker, cost in costs if cost is not None]
    return median([cost for cost, _postgres in costs]), median(postgres) if postgres else None


def _not_modified(server: WebServer, page: Request) -> Cost:
    headers, _body = phones.fetch(server, page)
    again = Request("GET", page.path, {**page.headers, "If-None-Match": headers["ETag"]}, expected=304)
    return cost_of(server, [[again] * PAGES_A_ROUND] * ROUNDS, clients=1)


def _judge(costs: dict[str, Cost], p95: float, not_modified: Cost, queries: int) -> list[Measurement]:
    small, big = (sum(part or 0 for part in costs[slug]) for slug in (country.SMALL, country.BIG))
    return [
        Measurement("page.growth", big / small, "x to 130,000", "<= 1.25"),
        Measurement("page.worker", costs[country.BIG][0], "CPU-ms", "<= 9"),
        Measurement("page.postgres", costs[country.BIG][1], "CPU-ms"),
        Measurement("page.queries", queries, "queries", "<= 12"),
        Measurement("page.304.worker", not_modified[0], "CPU-ms", "<= 2.5"),
        Measurement("page.304.postgres", not_modified[1], "CPU-ms"),
        Measurement("page.p95", p95, "ms, one reader"),
    ]
