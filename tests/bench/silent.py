"""The stations that are not in and a coordinator's work left, with 100,000 forms in and 57,000 stations silent."""

from __future__ import annotations

import time
from uuid import uuid4

from django.core.cache import cache
from django.core.management import call_command
from django.urls import reverse

from accounts.models import Role, User
from regions.models import Level, Region
from tallies.models import C1Form, ContactAttempt, ContactOutcome, Election, Review, StationResult
from tallies.silent import calling, silent_list
from tallies.silent.silent_list import Asked
from tallies.totals import rebuilding
from tests.bench import country, phones, statements
from tests.bench.measurement import Measurement, percentile
from tests.bench.parts import WebServer, web_server
from tests.bench.phones import Request
from tests.bench.running import Options

FORMS = 100_000
CALLS = 2_000
TIMES = 40


def measure(options: Options) -> list[Measurement]:
    size = country.NATION if options.long else country.PROVINCE
    call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=["rest_framework"])
    election = country.big_election(size)
    country.fill_to(election, size, FORMS)
    rebuilding.rebuild(election)
    regency = Region.objects.filter(level=Level.REGENCY).order_by("pk")[0]
    province = Region.objects.filter(level=Level.PROVINCE).order_by("pk")[0]
    dpc = _person("dpc", Role.COORDINATOR, regency)
    dpd = _person("dpd-silent", Role.PROVINCE_STAFF, province)
    _call(election, dpd)
    country.settle()
    address = reverse("silent", args=[election.slug])
    deep = silent_list.page(dpd, election, Asked(province), size=5_000).next
    pages = {
        "silent.dpc": (dpc, address),
        "silent.dpd": (dpd, address),
        "silent.dpd.page100": (dpd, f"{address}?setelah={deep}"),
        "silent.dpd.untried": (dpd, f"{address}?hasil={silent_list.UNTRIED}"),
        "silent.dpd.outcome": (dpd, f"{address}?hasil={ContactOutcome.NO_ANSWER}"),
        "overview.work": (dpc, reverse("work-left", args=[election.slug, regency.code])),
    }
    requests = {name: _request(person, path) for name, (person, path) in pages.items()}
    with statements.counted() as found:
        statements.answer_here(requests["silent.dpd"])
    with web_server() as server:
        took = {name: _milliseconds(server, request) for name, request in requests.items()}
    silent = StationResult.objects.filter(contest__election=election, review=Review.NOT_IN).count()
    return [
        Measurement("silent.forms", C1Form.objects.count(), "forms"),
        Measurement("silent.stations", silent, "not in"),
        *(Measurement(name, figure, "ms, p95, one reader", "<= 100") for name, figure in took.items()),
        Measurement("silent.queries", len(found), "queries", "<= 17"),
    ]


def _person(name: str, role: str, region: Region) -> User:
    return User.objects.get_or_create(username=name, defaults={"role": role, "region": region})[0]


def _call(election: Election, by: User) -> None:
    """Some have been called, one in three in vain."""
    if ContactAttempt.objects.exists():
        return
    results = StationResult.objects.filter(contest__election=election, review=Review.NOT_IN)
    for place, result in enumerate(results.select_related("station")[:CALLS]):
        calling.record(result, calling.PRESSED[place % 3], by=by, key=uuid4())


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
