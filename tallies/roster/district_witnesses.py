"""Saksi PPK: who follows the recapitulation of each kecamatan, and where nobody does."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from accounts import enrolling
from accounts.models import Device, Role, User
from regions.models import Level, Region


class HasAnotherRole(ValueError):
    """The person is known, with another role or another kecamatan, and keeps it. ``person``: who it is."""

    def __init__(self, person: User) -> None:
        super().__init__(person.pk)
        self.person = person


@dataclass(frozen=True)
class Line:
    """A kecamatan and its witnesses; ``ready``: keys of those whose phone is."""

    district: Region
    people: tuple[User, ...]
    ready: frozenset[int]


def lines(place: Region) -> list[Line]:
    """Every kecamatan in ``place``, those without anybody first."""
    districts = list(Region.objects.within(place).filter(level=Level.DISTRICT).order_by("first"))
    people = User.objects.filter(role=Role.DISTRICT_WITNESS, is_active=True, region__in=districts)
    there: dict[int | None, list[User]] = defaultdict(list)
    for one in people.order_by("full_name", "pk"):
        there[one.region_id].append(one)
    ready = frozenset(Device.objects.active().filter(user__in=people).values_list("user", flat=True))
    found = [Line(one, tuple(there[one.pk]), ready) for one in districts]
    return sorted(found, key=lambda line: (bool(line.people), line.district.first))


def add(district: Region, full_name: str, phone: str, *, by: Any) -> tuple[User, bool]:
    """Take in a witness of ``district``; whether they are new.

    Raises `HasAnotherRole`, and as `enrolling.enrol`.
    """
    person, is_new = enrolling.enrol(full_name, phone, role=Role.DISTRICT_WITNESS, region=district, by=by)
    if person.role != Role.DISTRICT_WITNESS or person.region_id != district.pk:
        raise HasAnotherRole(person)
    return person, is_new
