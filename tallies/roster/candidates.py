"""Whom to ask for a TPS: the nearest reserve first, then whoever the search finds in the own region."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import Device, Role, User
from accounts.phone_numbers import may_be_answered, normalise
from regions.models import Region
from tallies.models import Assignment, PollingStation, Reserve

#: As many as somebody looks through.
MOST = 20
_WITNESS = Q(role=Role.WITNESS, is_active=True, is_superuser=False, is_staff=False)


class Nearness(IntEnum):
    """The nearest first."""

    VILLAGE = 0
    DISTRICT = 1
    REGENCY = 2
    OTHER = 3


@dataclass(frozen=True)
class Candidate:
    """``reserve``: where they stand by, None for others; ``guards``: where they stand in this election already."""

    person: User
    reserve: Region | None
    nearness: Nearness
    is_ready: bool
    guards: tuple[PollingStation, ...]


def assignable(user: Any, people: QuerySet[User]) -> list[User]:
    """Of a few ``people`` the witnesses whom ``user`` may assign: of the region, or who guard, stand by or did there.

    Asked from the people up: from the regions down, as lists of everybody are read, one of a provinsi took 0.3 s.
    """
    scope = user.scope
    if scope is None:
        return []
    few = list(people.filter(_WITNESS).select_related("region").order_by("full_name", "pk")[:MOST])
    keys = [one.pk for one in few]
    seen = {one.pk for one in few if one.region is not None and scope.contains(one.region)}
    seen.update(Assignment.objects.visible_to(user).filter(witness__in=keys).values_list("witness", flat=True))
    seen.update(Reserve.objects.visible_to(user).filter(person__in=keys).values_list("person", flat=True))
    return [one for one in few if one.pk in seen]


def find(user: Any, station: PollingStation, search: str = "") -> list[Candidate]:
    """At most `MOST` people for ``station``, without those who guard it.

    By name, part of a name, or number. Without ``search`` only reserves.
    """
    district = station.region.parent
    regency = district.parent if district else None
    assert district is not None
    assert regency is not None
    there = set(Assignment.objects.active().filter(station=station).values_list("witness", flat=True))
    found: dict[int, tuple[User, Region | None, Nearness]] = {}
    wanted = _called(search)
    for near, place in (
        (Nearness.VILLAGE, station.region),
        (Nearness.DISTRICT, district),
        (Nearness.REGENCY, regency),
    ):
        if len(found) >= MOST:
            break
        for reserve in _reserves(user, station, place, wanted, {*there, *found}):
            found.setdefault(reserve.person_id, (reserve.person, reserve.region, near))
    if search and len(found) < MOST:
        for person in called(user, regency, search, without={*there, *found}):
            found[person.pk] = (person, None, Nearness.OTHER)
    return _described(list(found.values())[:MOST], station)


def _reserves(user: Any, station: PollingStation, place: Region, wanted: Q, known: set[int]) -> list[Reserve]:
    # Those of the kecamatan itself cover each of its desa; they come with the range of the kecamatan.
    rows = Reserve.objects.active().visible_to(user).filter(election=station.election_id)
    rows = rows.filter(
        region__first__range=(place.first, place.last), person__in=User.objects.filter(_WITNESS, wanted)
    )
    rows = rows.exclude(person__in=known).select_related("person", "region").order_by("person__full_name", "pk")
    return list(rows[:MOST])


def called(user: Any, regency: Region, search: str, *, without: Collection[int] = ()) -> list[User]:
    """At most `MOST` witnesses: of ``regency``, which ``user`` sees, by name; of the own region by a whole number."""
    number = normalise(search)
    if may_be_answered(number):
        return assignable(user, User.objects.filter(phone=number).exclude(pk__in=without))
    inside = Region.objects.within(regency).order_by()
    guards = inside.filter(stations__assignments__witness__isnull=False).values("stations__assignments__witness")
    near = Q(pk__in=inside.filter(people__isnull=False).values("people")) | Q(pk__in=guards)
    people = User.objects.filter(_WITNESS, near).exclude(pk__in=without).filter(_called(search))
    return list(people.order_by("full_name", "pk")[:MOST])


def _called(search: str) -> Q:
    if not search:
        return Q()
    digits = re.sub(r"^(62|0)", "", re.sub(r"[^0-9]", "", search))
    named = Q(full_name__icontains=search) | Q(username__icontains=search)
    return named | Q(phone__icontains=digits) if len(digits) >= 4 else named


def _described(found: list[tuple[User, Region | None, Nearness]], station: PollingStation) -> list[Candidate]:
    people = [person.pk for person, _region, _near in found]
    ready = set(Device.objects.active().filter(user__in=people).values_list("user", flat=True))
    guards: dict[int, list[PollingStation]] = defaultdict(list)
    rows = Assignment.objects.active().filter(witness__in=people, station__election=station.election_id)
    for one in rows.select_related("station__region").order_by("pk"):
        guards[one.witness_id].append(one.station)
    return [
        Candidate(person, place, near, person.pk in ready, tuple(guards[person.pk])) for person, place, near in found
    ]
