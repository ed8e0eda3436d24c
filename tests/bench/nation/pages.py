"""Every page that DPP, DPD, DPC, an operator and a witness can open, on the nation: cold, warm, queries, bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from accounts.models import User
from tests.bench import statements
from tests.bench.measurement import Measurement, median, percentile, say
from tests.bench.nation import keys, tables
from tests.bench.nation.cost import Spent, spent
from tests.bench.running import Options

SLOWEST = 40
#: A page that takes longer is a defect, mended or named.
DEFECT = 1_000
#: What a phone asks for, of which there are as many as stations: the longest of its pages at the first look.
WITNESS, WITNESS_BOUND = "saksi", 200


@dataclass(frozen=True)
class Seen:
    who: str
    page: keys.Page
    status: int
    cold: Spent
    warm: Spent
    queries: int
    kilobytes: float

    @property
    def row(self) -> tuple[object, ...]:
        return (
            self.page.name,
            self.page.address,
            self.who,
            round(self.cold.wall_ms),
            round(self.cold.cpu_ms),
            round(self.warm.wall_ms),
            self.queries,
            round(self.kilobytes),
        )


def measure(options: Options) -> list[Measurement]:
    call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=["rest_framework"])
    known = keys.keys()
    seen: list[Seen] = []
    for who, user in keys.people(known).items():
        found, missing = keys.pages(known, user.region)
        say(f"{who}: {len(found)} addresses; without a key here: {'; '.join(missing) or 'none'}")
        seen += walk(who, user, found)
    seen.sort(key=lambda one: -one.cold.wall_ms)
    head = ("page", "address", "who", "cold ms", "cold CPU-ms", "warm ms", "queries", "KB")
    tables.write("Slowest pages", head, [one.row for one in seen[:SLOWEST]])
    cold = [one.cold.wall_ms for one in seen]
    return [
        Measurement("nation.pages", len(seen), "pages, 200"),
        Measurement("nation.pages.cold.median", median(cold), "ms"),
        Measurement("nation.pages.cold.p95", percentile(cold, 0.95), "ms"),
        Measurement("nation.pages.warm.p95", percentile([one.warm.wall_ms for one in seen], 0.95), "ms"),
        Measurement("nation.pages.queries", max(one.queries for one in seen), "queries, most"),
        Measurement("nation.pages.slowest.cpu", max(one.cold.cpu_ms for one in seen), "CPU-ms, with PostgreSQL"),
        Measurement(
            "nation.pages.witness",
            max(one.cold.wall_ms for one in seen if one.who == WITNESS),
            "ms, cold, most",
            f"<= {WITNESS_BOUND}",
        ),
        Measurement(
            "nation.pages.defects", sum(one.cold.cpu_ms > DEFECT for one in seen), "pages over a CPU-s", "<= 0"
        ),
    ]


def walk(who: str, user: User, pages: list[keys.Page]) -> Iterator[Seen]:
    client = Client(raise_request_exception=True, headers={"Host": "127.0.0.1"})
    client.force_login(user)
    client.get("/akun/")  # what the first request of a process loads is no page's
    for page in pages:
        cache.clear()
        with statements.counted() as found:
            cold, (status, length) = spent(_getting(client, page))
        if status != 200:
            continue
        warm, _answer = spent(_getting(client, page))
        yield Seen(who, page, status, cold, warm, len(found), length / 1024)
        if cold.wall_ms > DEFECT:
            say(f"{who} {page.address}: {cold.wall_ms:,.0f} ms, {cold.cpu_ms:,.0f} CPU-ms, {len(found)} queries")


def _getting(client: Client, page: keys.Page) -> Callable[[], tuple[int, int]]:
    def get() -> tuple[int, int]:
        try:
            answer = client.get(page.address)
        except FileNotFoundError:
            return 0, 0  # a photo whose row is here and whose bytes are not
        if answer.streaming:
            return answer.status_code, sum(len(part) for part in answer.streaming_content)
        return answer.status_code, len(answer.content)

    return get
