"""Signed-in witnesses and coordinators of the rehearsed election, their sessions written down. Run inside it."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from pathlib import Path
from typing import Any

SESSION_HOURS = 48
COORDINATORS = 2
#: What their second factor is called: nobody asks for it again in a session that holds its name.
DEVICE = "gladi"
BATCH = 5000


def witnesses(path: Path) -> None:
    """A session for each, with the station as the phone and as pages name it, and where it lies."""
    from regions.models import Level, Region
    from tallies.models import Assignment, StationResult

    results = dict(StationResult.objects.values_list("station_id", "pk"))
    regencies = list(
        Region.objects.filter(level=Level.REGENCY).order_by("first").values_list("code", "first", "last")
    )
    guards = Assignment.objects.order_by("station__region__first", "station_id").values_list(
        "station_id", "witness_id", "station__region_id", "station__number", "station__region__first"
    )
    sessions = _Sessions(guards[0][1])
    at = 0
    with path.open("w") as out:
        for station, witness, village, number, first in guards.iterator():
            while regencies[at][2] < first:
                at += 1
            cookie = sessions.add(witness)
            out.write(json.dumps([station, cookie, results[station], village, number, regencies[at][0]]) + "\n")
    sessions.store()


def coordinators(path: Path) -> None:
    """Two for each kabupaten, as if they had written the code of their app."""
    from django_otp import DEVICE_ID_SESSION_KEY

    from accounts.models import Role, User
    from regions.models import Level, Region

    places = [region for region in Region.objects.filter(level=Level.REGENCY) for _ in range(COORDINATORS)]
    people = User.objects.bulk_create(
        User(
            username=f"dpc-{number}",
            full_name=f"DPC {number}",
            password="!",
            role=Role.COORDINATOR,
            region=region,
            second_factor=DEVICE,
        )
        for number, region in enumerate(places)
    )
    sessions = _Sessions(people[0].pk, {DEVICE_ID_SESSION_KEY: DEVICE})
    told = [[region.code, sessions.add(person.pk)] for region, person in zip(places, people, strict=True)]
    path.write_text("".join(json.dumps(one) + "\n" for one in told))
    sessions.store()


class _Sessions:
    """Sessions as signing in makes them. All people have one unusable password, and the hash is of that."""

    def __init__(self, some: int, more: dict[str, str] | None = None) -> None:
        from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY
        from django.utils import timezone

        from accounts.models import User
        from accounts.sessions import SessionStore

        person = User.objects.get(pk=some)
        self._shared = {BACKEND_SESSION_KEY: "accounts.sessions.Backend", **(more or {})}
        self._shared[HASH_SESSION_KEY] = person.get_session_auth_hash()
        self._encode = SessionStore().encode
        self._until = timezone.now() + dt.timedelta(hours=SESSION_HOURS)
        self._made: list[Any] = []

    def add(self, person: int) -> str:
        """The cookies of a new session of theirs; the token follows."""
        from django.conf import settings
        from django.contrib.auth import SESSION_KEY
        from django.contrib.sessions.models import Session

        key, data = secrets.token_hex(16), self._encode({SESSION_KEY: str(person), **self._shared})
        self._made.append(Session(session_key=key, session_data=data, expire_date=self._until))
        return f"{settings.SESSION_COOKIE_NAME}={key}; {settings.CSRF_COOKIE_NAME}="

    def store(self) -> None:
        from django.contrib.sessions.models import Session

        Session.objects.bulk_create(self._made, batch_size=BATCH)
