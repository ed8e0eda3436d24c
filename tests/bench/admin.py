"""The lists of the admin over 130,000 or 830,000 stations, each with a witness, for DPD and for a superuser."""

from __future__ import annotations

import time
from collections.abc import Iterator

from django.contrib import admin
from django.core.management import call_command
from django.test import RequestFactory
from django.urls import reverse

from accounts.models import Role, User
from regions.models import Level, Region
from tests.bench import country, filler, phones
from tests.bench.measurement import Measurement, median, percentile, say
from tests.bench.parts import web_server
from tests.bench.phones import Request
from tests.bench.running import Options

TIMES = 3
OURS = ("regions", "accounts", "tallies", "analytics")


def measure(options: Options) -> list[Measurement]:
    size = country.NATION if options.long else country.PROVINCE
    call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=["rest_framework"])
    election = country.big_election(size)
    country.fill_all(election, size)
    _have_people(size)
    pages = [page for person in _staff() for page in _pages(person)]
    with web_server() as server:
        took = {(who, address): _milliseconds(server, request) for who, address, request in pages}
    (who, address), slowest = max(took.items(), key=lambda one: one[1])
    say(f"Slowest of {len(took)} pages: {who} {address}")
    return [
        Measurement("admin.slowest", slowest, "ms, one reader", "<= 300"),
        Measurement("admin.p95", percentile(list(took.values()), 0.95), "ms"),
        Measurement("admin.median", median(list(took.values())), "ms"),
    ]


def _have_people(size: country.Size) -> None:
    if not User.objects.filter(username=filler.first_guard()).exists():
        say(f"Making {size.filled_stations:,} witnesses …")
        filler.add_guards(numbers_to=size.filled)
        country.settle()


def _staff() -> list[User]:
    province = Region.objects.filter(level=Level.PROVINCE).order_by("pk")[0]
    people = {
        "dpd": {"role": Role.PROVINCE_STAFF, "region": province, "is_staff": True},
        "admin": {"is_superuser": True, "is_staff": True},
    }
    return [User.objects.get_or_create(username=name, defaults=facts)[0] for name, facts in people.items()]


def _pages(person: User) -> Iterator[tuple[str, str, Request]]:
    headers = {"Cookie": country.sign_in(person).headers["Cookie"], "Accept": "text/html"}
    for address in (reverse("admin:index"), *_addresses(person)):
        yield person.username, address, Request("GET", address, headers)


def _addresses(person: User) -> Iterator[str]:
    """Every list: first and last page, searched by a place and by a name, filtered, sorted as it offers."""
    asked = RequestFactory().get("/")
    asked.user = person
    district = Region.objects.within(person.scope).filter(level=Level.DISTRICT).order_by("pk")[0]
    for model, shown in admin.site._registry.items():
        if model._meta.app_label not in OURS:
            continue
        listing = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        found = shown.get_changelist_instance(asked)
        yield listing
        if found.paginator.num_pages > 1:
            yield f"{listing}?p={found.paginator.num_pages}"
        if shown.search_fields:
            yield from (f"{listing}?q={word}" for word in (district.code, "Wibowo", "tidak-ada"))
        for place, name in enumerate(found.list_display):
            if name in found.sortable_by:
                yield from (f"{listing}?o={sign}{place}" for sign in ("", "-"))
        for spec in found.filter_specs:
            yield from (listing + choice["query_string"] for choice in spec.choices(found))


def _milliseconds(server, request: Request) -> float:
    """The quickest of a few: what the page costs, with as little as possible of what else the machine did."""
    took = []
    for _time in range(TIMES):
        started = time.perf_counter()
        phones.fetch(server, request)
        took.append(time.perf_counter() - started)
    return min(took) * 1000
