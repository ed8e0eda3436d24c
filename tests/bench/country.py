"""The place the benchmarks run in: a tree, an election with its stations, witnesses with sessions.

Numbers 1 … ``FILLED`` of each desa are stations whose forms are filler rows;
the numbers above are open for the benchmark, each guarded by one witness.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction

from accounts.models import Role, User
from regions.importing import Row, import_regions
from regions.models import Level, Region
from tallies import preparation
from tallies.models import (
    Assignment,
    C1Form,
    Contest,
    ContestTotal,
    Election,
    FormKind,
    Office,
    OutboxRow,
    Phase,
    StationResult,
)
from tallies.preparation import NewPair, NewStation
from tallies.totals import rebuilding
from tests.bench import filler
from tests.bench.measurement import say

BIG, SMALL = "besar", "kecil"
WITNESSES = 500
#: Like no other number in a form's SQL, so that `tests.bench.pgbench` can tell them.
FIRST_WITNESS = 70_000_001
OPEN_NUMBERS = 3
PAIRS = [NewPair(1, "Anwar-Dewi", usungan=True), NewPair(2, "Budi-Citra"), NewPair(3, "Eko-Fitri")]


@dataclass(frozen=True)
class Size:
    """How many regions each has below it, and how many filled stations a desa has."""

    provinces: int
    regencies: int
    districts: int
    villages: int
    filled: int

    @property
    def filled_stations(self) -> int:
        return self.provinces * self.regencies * self.districts * self.villages * self.filled


#: Jawa Timur 2019 (130,000 stations in 8,900 desa) and the nation (823,000 in 83,000).
PROVINCE = Size(1, 38, 18, 13, filled=15)
NATION = Size(38, 13, 14, 12, filled=10)
EMBEDDED = Size(1, 4, 10, 10, filled=5)


def big_election(size: Size) -> Election:
    """The election with all stations; made on the first call, found on the next."""
    known = Election.objects.filter(slug=BIG).first()
    if known:
        return known
    say(f"Making {size.filled_stations:,} stations …")
    import_regions(_tree(size))
    election = _election(BIG)
    villages = list(Region.objects.filter(level=Level.VILLAGE).order_by("pk").values_list("pk", flat=True))
    filler.add_stations(election.pk, villages, size.filled + OPEN_NUMBERS)
    preparation.add_missing_results(election)
    _add_witnesses(election, size)
    settle()
    return election


def small_election(stations: int) -> Election:
    """Another election with ``stations`` stations, spread evenly over the country's desa, all of them in."""
    known = Election.objects.filter(slug=SMALL).first()
    if known:
        return known
    election = _election(SMALL)
    villages = list(Region.objects.filter(level=Level.VILLAGE).order_by("pk").values_list("pk", flat=True))
    chosen = villages[:: len(villages) // stations][:stations]
    preparation.add_stations(election, [NewStation(village, 1, 150, 150) for village in chosen])
    filler.add_forms(contest_of(election).pk, stations, numbers_to=1)
    settle()
    return election


def _tree(size: Size) -> Iterator[Row]:
    """Rows level by level, so that the ids of each level follow each other."""
    yield Row("ID", "", Level.NATION, "Indonesia")
    above = ["ID"]
    steps = ((Level.PROVINCE, size.provinces, 11), (Level.REGENCY, size.regencies, 1))
    steps += ((Level.DISTRICT, size.districts, 1), (Level.VILLAGE, size.villages, 2001))
    for level, number, first in steps:
        below = []
        for parent in above:
            for one in range(first, first + number):
                code = f"{one:02}" if parent == "ID" else f"{parent}.{one:02}"
                below.append(code)
                yield Row(code, parent, level, f"{level.label} {code}"[:120])
        above = below


def _election(slug: str) -> Election:
    election = Election.objects.create(
        name=f"Pemilihan {slug}",
        slug=slug,
        date=dt.date(2024, 2, 14),
        phase=Phase.OPEN,
        form_kind=FormKind.FULL,
        party_name="Partai Kita",
    )
    preparation.create_contest(election, Region.objects.get(level=Level.NATION), Office.PRESIDENT, PAIRS)
    return election


def contest_of(election: Election) -> Contest:
    return Contest.objects.get(election=election)


def fill_to(election: Election, size: Size, forms: int) -> None:
    """Have at least ``forms`` stored forms, those of earlier measurements included."""
    have = C1Form.objects.count()
    if have < forms:
        say(f"Filling up to {forms:,} stored forms …")
        filler.add_forms(contest_of(election).pk, forms - have, numbers_to=size.filled)
        settle()


def fill_all(election: Election, size: Size) -> None:
    """Have a form at every station that is meant to have one, and the totals of all."""
    waiting = StationResult.objects.filter(contest__election=election, form=None, station__number__lte=size.filled)
    lacking = waiting.count()
    if lacking:
        say(f"Filling the last {lacking:,} of {size.filled_stations:,} stations …")
        filler.add_forms(contest_of(election).pk, lacking, numbers_to=size.filled)
    total = ContestTotal.objects.filter(contest__election=election, region__level=Level.NATION).first()
    if lacking or total is None or OutboxRow.objects.exists():
        rebuilding.rebuild(election)
        settle()


def settle() -> None:
    """Let the planner know what was filled in, before anything is measured."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM (ANALYZE)")


# People


def _add_witnesses(election: Election, size: Size) -> None:
    password = make_password(secrets.token_urlsafe())
    nation = Region.objects.get(level=Level.NATION)
    witnesses = User.objects.bulk_create(
        User(pk=FIRST_WITNESS + number, username=f"saksi{number:04}", password=password, role=Role.WITNESS)
        for number in range(WITNESSES)
    )
    User.objects.bulk_create([User(username="nasional", password=password, role=Role.NATIONAL, region=nation)])
    stations = open_results(election, size).values_list("station_id", flat=True)
    with transaction.atomic():
        Assignment.objects.bulk_create(
            (
                Assignment(station_id=station, witness=witnesses[place % WITNESSES])
                for place, station in enumerate(stations)
            ),
            batch_size=2000,
        )


def open_results(election: Election, size: Size):
    """Results of the stations kept open, in the order of their ids; the first have been used before."""
    results = StationResult.objects.filter(contest__election=election, station__number__gt=size.filled)
    return results.order_by("pk")


@dataclass(frozen=True)
class SignedIn:
    """A person with a session and a CSRF token, as a browser has them after signing in."""

    user: User
    headers: dict[str, str]


def sign_in(user: User) -> SignedIn:
    """Make the session that the sign-in page would make (which spends 0.3 s on the password)."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "accounts.sessions.Backend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.set_expiry(dt.timedelta(hours=4))
    session.save()
    token = secrets.token_hex(16)
    cookies = f"{settings.SESSION_COOKIE_NAME}={session.session_key}; {settings.CSRF_COOKIE_NAME}={token}"
    return SignedIn(user, {"Cookie": cookies, "X-CSRFToken": token, "Accept": "application/json"})


def witnesses() -> list[SignedIn]:
    """All witnesses, in the order in which the open stations are theirs in turn."""
    return [sign_in(user) for user in User.objects.filter(role=Role.WITNESS).order_by("pk")]
