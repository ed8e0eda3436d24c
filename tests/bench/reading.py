"""Second readings: twenty operators against one, over a hundred thousand forms; does anybody wait for another?"""

from __future__ import annotations

import threading
import time
import uuid

from django.db import connection

from accounts.models import Role, User
from regions.models import Level, Region
from tallies.count_room import claims, readings
from tallies.count_room.readings import Sent
from tallies.models import (
    Election,
    FormPhoto,
    Photo,
    PhotoState,
    PhotoUpload,
    Reading,
    ReadingState,
    StationResult,
)
from tests.bench import country, waiting
from tests.bench.measurement import Measurement, percentile
from tests.bench.running import Options
from tests.bench.waiting import Waits

FORMS = 100_000
STEPS = {1: 200, 20: 30}
ROUNDS = 3


def measure(options: Options) -> list[Measurement]:
    size = country.PROVINCE
    election = country.big_election(size)
    country.fill_to(election, size, FORMS)
    regency = Region.objects.filter(level=Level.REGENCY).order_by("first").first()
    _let_wait(election, regency)
    country.settle()
    rates: dict[int, list[float]] = {number: [] for number in STEPS}
    taken: list[float] = []
    waits = Waits()
    for _round in range(ROUNDS):
        for number, steps in STEPS.items():
            with waiting.watched(waits if number > 1 else Waits()):
                rate, times = _work(election, _operators(regency, number), steps)
            rates[number].append(rate)
            taken += times if number > 1 else []
    one, many = (sorted(rates[number])[ROUNDS // 2] for number in STEPS)
    twice = Reading.objects.count() - Reading.objects.values("form", "round").distinct().count()
    return [
        Measurement("reading.kept", many / one, "20 against 1", ">= 1"),
        # Now and then one looks at a row another has just claimed, and lets it go.
        Measurement("reading.waits", waits.kinds["Lock"] / waits.kinds.total(), "of looks", "<= 0.01"),
        Measurement("reading.twice", float(twice), "forms", "<= 0"),
        Measurement("reading.take.p95", percentile(taken, 0.95) * 1000, "ms, 20 at once"),
        Measurement("reading.1", one, "forms/s"),
        Measurement("reading.20", many, "forms/s"),
    ]


def _let_wait(election: Election, regency: Region) -> None:
    """Give every form of the kabupaten a photo that is here, and let all the others wait without one."""
    waiting = StationResult.objects.filter(contest__election=election, review="pending")
    waiting.update(reading=ReadingState.WAITING)
    here = list(waiting.within(regency).values_list("form_id", "form__submitted_by_id"))
    names = {form: f"{form:064x}" for form, _by in here}
    facts = {"size": 1, "format": "JPEG", "width": 1, "height": 1, "state": PhotoState.READY}
    Photo.objects.bulk_create((Photo(sha256=name, **facts) for name in names.values()), ignore_conflicts=True)
    PhotoUpload.objects.bulk_create(
        (PhotoUpload(photo_id=names[form], uploaded_by_id=by) for form, by in here), ignore_conflicts=True
    )
    FormPhoto.objects.bulk_create(
        (FormPhoto(form_id=form, sha256=name, page=1) for form, name in names.items()), ignore_conflicts=True
    )


def _operators(regency: Region, number: int) -> list[User]:
    return [
        User.objects.create(username=uuid.uuid4().hex, role=Role.OPERATOR, region=regency) for _one in range(number)
    ]


def _work(election: Election, operators: list[User], steps: int) -> tuple[float, list[float]]:
    """Forms a second, and how long each took to be handed out."""
    times: list[float] = []

    def evening(operator: User) -> None:
        for _step in range(steps):
            began = time.perf_counter()
            claim = claims.take(operator, election)
            times.append(time.perf_counter() - began)
            if claim is None:
                break
            readings.read(Sent(uuid.uuid4(), claim.form_id, claim.form.figures), by=operator)
        connection.close()

    threads = [threading.Thread(target=evening, args=(operator,)) for operator in operators]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(times) / (time.perf_counter() - began), times
