"""The witnesses of a region, each once, with what they sent to its stations: paged by key, in a few orders.

A witness is of the region by an assignment, revoked or not, or by a form that counts at a station of it now
because it was moved there.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet

from accounts.models import Device, Role, User
from tallies.evaluation.by_region import DESK_CHANNELS, SHARED_SECONDS
from tallies.evaluation.ground import IS_OWN_VERSION, IS_VERSION, Ground, in_batches
from tallies.evaluation.problems import problems_of
from tallies.models import C1Form, Channel, InvitationReport, PollingStation

PAGE = 50


class Order(StrEnum):
    """By their word in the address; the first is the default."""

    PLACE = "tempat"
    #: Who sent nothing, along the tree.
    NOTHING = "belum"
    LATE = "lambat"
    VERSIONS = "perbaikan"
    PHOTOS = "foto"
    FIGURES = "angka"


@dataclass(frozen=True)
class After:
    """The last row of the page before: what it is sorted by, and whose it is. Written and read as "-12_5531"."""

    value: int
    person: int

    def __str__(self) -> str:
        return f"{self.value}_{self.person}"

    @classmethod
    def read(cls, text: str) -> After | None:
        """Return it, or None for anything that is not one."""
        parts = re.fullmatch(r"(-?[0-9]{1,15})_([0-9]{1,18})", text)
        return cls(*map(int, parts.groups())) if parts else None


@dataclass(frozen=True)
class WitnessLine:
    """``stations``: of those they guard or sent to; ``sent``: stations with a form of theirs.

    ``slowest``: minutes after the start of the last first form. ``versions`` of their forms, of which
    ``own_versions`` by themselves. The others count forms.
    """

    person: int
    name: str
    stations: tuple[PollingStation, ...]
    is_revoked: bool
    activated_at: datetime | None
    sent: int = 0
    slowest: int | None = None
    versions: int = 0
    own_versions: int = 0
    unreadable: int = 0
    refused: int = 0
    damaged: int = 0
    read_apart: int = 0
    photos: int = 0
    decided: int = 0
    invitations: int = 0
    objections: int = 0


@dataclass(frozen=True)
class Page:
    rows: tuple[WitnessLine, ...]
    next: After | None


def page(ground: Ground, order: Order = Order.PLACE, after: After | None = None, size: int = PAGE) -> Page:
    """One page of the witnesses, following ``after``."""
    keys = _keys(ground, order, after, size + 1)
    shown = keys[:size]
    lines = lines_of(ground, [one.person for one in shown])
    return Page(tuple(lines[one.person] for one in shown), shown[-1] if len(keys) > size else None)


def count(ground: Ground, order: Order, most: int | None) -> int:
    """How many rows all pages have, counted no further than ``most``."""
    if order in (Order.PHOTOS, Order.FIGURES):
        return len(_sorted_problems(ground, order))
    rows = _by_order(ground, order)
    number = (rows if most is None else rows[:most]).count()
    return number + (len(_moved_here(ground)) if order == Order.PLACE else 0)


def _keys(ground: Ground, order: Order, after: After | None, size: int) -> list[After]:
    if order in (Order.PHOTOS, Order.FIGURES):
        return [one for one in _sorted_problems(ground, order) if after is None or _place(one) > _place(after)][:size]
    rows = _by_order(ground, order)
    if after is not None:
        rows = rows.filter(Q(value__gt=after.value) | Q(value=after.value, person__gt=after.person))
    found = [After(*row) for row in rows.order_by("value", "person").values_list("value", "person")[:size]]
    if order == Order.PLACE:
        others = [one for one in _moved_here(ground) if after is None or _place(one) > _place(after)]
        found = sorted([*found, *others], key=_place)[:size]
    return found


def _place(one: After) -> tuple[int, int]:
    return one.value, one.person


def _by_order(ground: Ground, order: Order) -> QuerySet[Any, Any]:
    """People with what they are sorted by, upwards; the value is of the ground."""
    if order in (Order.PLACE, Order.NOTHING):
        rows = ground.assignments().order_by()
        if order == Order.NOTHING:
            sent = ground.forms().filter(submitted_by=OuterRef("witness"))
            rows = rows.filter(~Exists(sent))
        return _of(rows, "witness").annotate(value=Min("station__region__first"))
    if order == Order.LATE:
        rows = ground.first_forms_of_senders().filter(submitted_by__role=Role.WITNESS).order_by()
        return _of(rows.annotate(minute=-ground.minutes()), "submitted_by").annotate(value=Min("minute"))
    rows = ground.forms().filter(IS_VERSION, supersedes__submitted_by__role=Role.WITNESS).order_by()
    return _of(rows, "supersedes__submitted_by").annotate(value=-Count("pk"))


def _of(rows: QuerySet[Any], person: str) -> QuerySet[Any, Any]:
    return rows.annotate(person=F(f"{person}__pk")).values("person")


def _moved_here(ground: Ground) -> list[After]:
    """Who guards no station here and has a form that was moved here: few, as few forms are moved."""
    guards = ground.assignments().filter(witness=OuterRef("submitted_by"))
    rows = ground.forms().filter(~Exists(guards), channel=Channel.MOVE, submitted_by__role=Role.WITNESS).order_by()
    rows = _of(rows, "submitted_by").annotate(value=Min("station__region__first"))
    return sorted((After(*row) for row in rows.values_list("value", "person")), key=_place)


def _sorted_problems(ground: Ground, order: Order) -> list[After]:
    """All whose forms have a problem, the most first; one reading serves all pages of a minute."""
    key = f"evaluation:{order}:{ground.region.pk}:{hash(ground.contests)}"
    found = cache.get(key)
    if found is None:
        found = _sorted_problems_now(ground, order)
        cache.set(key, found, SHARED_SECONDS)
    return found


def _sorted_problems_now(ground: Ground, order: Order) -> list[After]:
    problems = problems_of(ground)
    forms = problems.photos if order == Order.PHOTOS else problems.read_apart | problems.decided
    counts: Counter[int] = Counter()
    for sender in _senders(forms).values():
        counts[sender] += 1
    return sorted((After(-number, person) for person, number in counts.items()), key=_place)


def _senders(forms: set[int]) -> dict[int, int]:
    """The witness of each form; not of those that somebody else typed."""
    found: dict[int, int] = {}
    for some in in_batches(forms):
        rows = C1Form.objects.filter(pk__in=some, submitted_by__role=Role.WITNESS)
        found.update(rows.values_list("pk", "submitted_by"))
    return found


# The numbers of a page


def lines_of(ground: Ground, people: list[int]) -> dict[int, WitnessLine]:
    """The line of each of ``people``, a page of them."""
    ground = ground.of(people)
    names = {person.pk: str(person) for person in User.objects.filter(pk__in=people)}
    stations, active = _stations(ground)
    activated = dict(
        Device.objects.filter(user__in=people)
        .order_by()
        .values("user")
        .annotate(first=Min("bound_at"))
        .values_list("user", "first")
    )
    numbers = _numbers(ground)
    return {
        key: replace(
            WitnessLine(
                key, names[key], stations[key], stations[key] != () and key not in active, activated.get(key)
            ),
            **numbers[key],
        )
        for key in people
    }


def _stations(ground: Ground) -> tuple[dict[int, tuple[PollingStation, ...]], set[int]]:
    """Stations of each person in the order of the tree, and who guards one of them now."""
    found: dict[int, dict[int, PollingStation]] = defaultdict(dict)
    active = set()
    for one in ground.assignments().select_related("station__region__parent"):
        found[one.witness_id][one.station_id] = one.station
        if one.revoked_at is None:
            active.add(one.witness_id)
    for form in ground.forms().filter(channel=Channel.MOVE).select_related("station__region__parent"):
        found[form.submitted_by_id].setdefault(form.station_id, form.station)
    ordered: dict[int, tuple[PollingStation, ...]] = defaultdict(tuple)
    for key, stations in found.items():
        ordered[key] = tuple(sorted(stations.values(), key=lambda one: (one.region.first, one.number)))
    return ordered, active


def _numbers(ground: Ground) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = defaultdict(dict)
    first = ground.first_forms_of_senders().order_by().annotate(minute=ground.minutes()).values("submitted_by")
    for row in first.annotate(sent=Count("station", distinct=True), slowest=Max("minute")):
        found[row.pop("submitted_by")].update(row)
    objecting = ground.forms().filter(objection=True).order_by().values("submitted_by")
    for row in objecting.annotate(objections=Count("station", distinct=True)):
        found[row.pop("submitted_by")].update(row)
    _add_versions(ground, found)
    reports = InvitationReport.objects.filter(
        ground.in_region("station__"), station__election=ground.election, submitted_by__in=ground.senders or ()
    )
    for row in reports.order_by().values("submitted_by").annotate(invitations=Count("station", distinct=True)):
        found[row.pop("submitted_by")].update(row)
    problems = problems_of(ground)
    senders = _senders(problems.all)
    for name in ("photos", "unreadable", "refused", "damaged", "read_apart", "decided"):
        for key in getattr(problems, name):
            if key in senders:
                numbers = found[senders[key]]
                numbers[name] = numbers.get(name, 0) + 1
    return found


def _add_versions(ground: Ground, found: dict[int, dict[str, int]]) -> None:
    """Versions of their forms, whoever sent these."""
    rows = replace(ground, senders=None).forms().filter(supersedes__submitted_by__in=ground.senders or ()).order_by()
    own = IS_OWN_VERSION & ~Q(channel__in=DESK_CHANNELS)
    counts = rows.values("supersedes__submitted_by").annotate(
        versions=Count("pk"), own_versions=Count("pk", filter=own)
    )
    for row in counts:
        found[row.pop("supersedes__submitted_by")].update(row)
