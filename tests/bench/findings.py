"""The list of findings and one of them, with 20,000 findings in 38 kabupaten."""

from __future__ import annotations

import time

from django.core.cache import cache
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role, User
from analytics.findings import flood, listing
from analytics.findings.listing import Asked
from analytics.models import Finding, FindingEvent, FindingVersion, Rule, Severity
from regions.models import Level, Region
from tallies.models import Contest, Election, PollingStation
from tests.bench import country, phones, statements
from tests.bench.measurement import Measurement, percentile
from tests.bench.parts import WebServer, web_server
from tests.bench.phones import Request
from tests.bench.running import Options

FINDINGS = 20_000
TIMES = 40
#: As many regions as Jawa Timur; what is measured does not ask for its stations.
SIZE = country.Size(1, 38, 18, 3, filled=2)
RULES = [
    (Rule.SUM_OF_PAIRS, Severity.MEDIUM, {"relations": [{"code": "C1-E09", "left": 249, "right": 246, "gap": 3}]}),
    (Rule.TWO_READINGS, Severity.HIGH, {"differences": [{"pair": 2, "first": 104, "second": 704}]}),
    (Rule.STATION_SWING, Severity.MEDIUM, {"share": 0.213, "expected": 0.528, "votes": -105, "valid": 333}),
    (Rule.ABOVE_REGISTER, Severity.MEDIUM, {"votes_cast": 331, "allowed": 308, "additional": 2, "ballots": 318}),
    (Rule.FULL_TURNOUT, Severity.INFO, {"voters": 287}),
]


def measure(options: Options) -> list[Measurement]:
    call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=["rest_framework"])
    election = country.big_election(country.NATION if options.long else SIZE)
    contest = Contest.objects.get(election=election)
    _fill(election, contest)
    began = time.perf_counter()
    flood.limit_open([contest.pk])
    limiting = (time.perf_counter() - began) * 1000
    country.settle()
    regency = Region.objects.filter(level=Level.REGENCY).order_by("pk")[0]
    province = Region.objects.filter(level=Level.PROVINCE).order_by("pk")[0]
    dpc = _person("dpc-findings", Role.COORDINATOR, regency)
    dpd = _person("dpd-findings", Role.PROVINCE_STAFF, province)
    address = reverse("findings", args=[election.slug])
    one = listing.page(dpc, election, Asked()).rows[0]
    deep = listing.page(dpd, election, Asked(), size=800).next
    pages = {
        "findings.dpc": (dpc, address),
        "findings.dpc.beside": (dpc, f"{address}?temuan={one.pk}"),
        "findings.one": (dpc, reverse("finding", args=[one.pk])),
        "findings.dpd": (dpd, address),
        "findings.dpd.deep": (dpd, f"{address}?setelah={deep}"),
        "findings.dpd.statistics": (dpd, f"{address}?jenis=S"),
    }
    requests = {name: _request(person, path) for name, (person, path) in pages.items()}
    with statements.counted() as found:
        statements.answer_here(requests["findings.dpd"])
    with web_server() as server:
        took = {name: _milliseconds(server, request) for name, request in requests.items()}
    return [
        Measurement("findings.findings", Finding.objects.count(), "findings"),
        Measurement("findings.shown", Finding.objects.open().shown().count(), "findings"),
        Measurement("findings.limit", limiting, "ms, all 38 kabupaten"),
        *(Measurement(name, figure, "ms, p95, one reader", "<= 100") for name, figure in took.items()),
        Measurement("findings.queries", len(found), "queries", "<= 14"),
    ]


def _fill(election: Election, contest: Contest) -> None:
    """Findings of five rules at as many stations as there are needed, spread over the tree."""
    lacking = FINDINGS - Finding.objects.count()
    if lacking <= 0:
        return
    stations = list(PollingStation.objects.filter(election=election).order_by("pk").values_list("pk", "region_id"))
    wanted = -(-FINDINGS // len(RULES))
    chosen = stations[:: max(1, len(stations) // wanted)][:wanted]
    now = timezone.now()
    rows = [
        Finding(
            rule=rule,
            contest=contest,
            region_id=region,
            station_id=station,
            severity=severity,
            numbers=numbers,
            stake=(station * 7 + place) % 400,
            opened_at=now,
            updated_at=now,
        )
        for station, region in chosen
        for place, (rule, severity, numbers) in enumerate(RULES)
    ]
    made = Finding.objects.bulk_create(rows[:lacking], batch_size=1000)
    FindingEvent.objects.bulk_create(
        (FindingEvent(finding=one, at=now, action="opened", numbers=one.numbers) for one in made), batch_size=1000
    )
    FindingVersion.objects.bulk_create(
        (FindingVersion(finding=one, number=1, at=now, severity=one.severity, numbers=one.numbers) for one in made),
        batch_size=1000,
    )


def _person(name: str, role: str, region: Region) -> User:
    return User.objects.get_or_create(username=name, defaults={"role": role, "region": region})[0]


def _request(person: User, path: str) -> Request:
    return Request("GET", path, {"Cookie": country.sign_in(person).headers["Cookie"], "Accept": "text/html"})


def _milliseconds(server: WebServer, request: Request) -> float:
    """The 95th percentile of a page nobody has looked at just now."""
    phones.fetch(server, request)
    took = []
    for _time in range(TIMES):
        cache.clear()
        began = time.perf_counter()
        phones.fetch(server, request)
        took.append((time.perf_counter() - began) * 1000)
    return percentile(took, 0.95)
