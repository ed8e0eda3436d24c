"""The witnesses who guard a region's stations, and the state of their phones.

A page is found by its last row (keyset) along the tree of regions, so that it
costs the same wherever it is and whatever changes meanwhile. Nothing is counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import Activation, Device, User
from regions.models import Level, Region
from tallies.models import Assignment, Election, Phase
from tallies.station_place import StationPlace

PAGE = 50
#: People a search names one by one.
FEW = 5_000


class State(StrEnum):
    """The filters of the page, by their word in the address."""

    ALL = "semua"
    NONE = "tanpa"
    LINK = "tautan"
    ACTIVE = "aktif"


STATE_LABELS: dict[State, Promise] = {
    State.ALL: gettext_lazy("Semua"),
    State.NONE: gettext_lazy("Belum ada tautan"),
    State.LINK: gettext_lazy("Tautan belum dipakai"),
    State.ACTIVE: pgettext_lazy("daftar", "Ponsel aktif"),
}


@dataclass(frozen=True)
class Row:
    """One witness at one station. ``link``: the open one, if it can still be used."""

    assignment: Assignment
    link: Activation | None
    device: Device | None

    @property
    def state(self) -> State:
        if self.device:
            return State.ACTIVE
        return State.LINK if self.link else State.NONE


@dataclass(frozen=True)
class Page:
    rows: tuple[Row, ...]
    next: StationPlace | None


def page(
    user: Any,
    place: Region,
    *,
    state: State = State.ALL,
    search: str = "",
    election: Election | None = None,
    after: StationPlace | None = None,
    size: int = PAGE,
) -> Page:
    """One page of those ``user`` may see who guard a station in ``place``, following ``after``."""
    rows = _guards(user, place, state, search, election, after)
    rows = rows.select_related("witness", "station__election", "station__region__parent")
    found = list(rows.order_by("station__region__first", "station__number", "pk")[: size + 1])
    shown = found[:size]
    return Page(_with_phones(shown), StationPlace.of(shown[-1]) if len(found) > size else None)


def count(user: Any, place: Region, election: Election, *, state: State, search: str, most: int | None) -> int:
    """How many rows all pages have, counted no further than ``most``."""
    rows = _guards(user, place, state, search, election, None).order_by()
    return (rows if most is None else rows[:most]).count()


def _guards(
    user: Any, place: Region, state: State, search: str, election: Election | None, after: StationPlace | None
) -> QuerySet[Assignment]:
    elections = Election.objects.exclude(phase=Phase.CLOSED)
    if election is not None:
        elections = elections.filter(pk=election.pk)
    open_elections = list(elections.values_list("pk", flat=True))
    # The range begins at the row before: an index is entered there, not at the start of the region.
    first = max(after.first, place.first) if after else place.first
    rows = (
        Assignment.objects.active()
        .visible_to(user)
        .filter(station__region__first__range=(first, place.last), station__election__in=open_elections)
        .filter(_in_state(state, "witness"))
    )
    if search:
        called = _called(search)
        rows = rows.filter(witness__in=called if place.level >= Level.REGENCY else _keys_of_few(called, state))
    return rows.filter(after.following) if after else rows


def guards_of(user: Any) -> QuerySet[User]:
    """The witnesses who guard a station ``user`` may see."""
    if user.scope is None:
        return User.objects.none()
    mine = Assignment.objects.active().visible_to(user).filter(witness=OuterRef("pk"))
    return User.objects.filter(Exists(mine))


def phones_of(witness: User) -> Row:
    """The state of one witness's phone, at the first of the stations."""
    assignments = Assignment.objects.active().filter(witness=witness)
    rows = assignments.select_related("witness", "station__election", "station__region__parent").order_by("pk")
    return _with_phones(list(rows[:1]))[0]


def stations_of(user: Any, witness: User) -> list[Assignment]:
    """Where ``witness`` stands, as far as ``user`` may see it."""
    assignments = Assignment.objects.active().visible_to(user).filter(witness=witness)
    rows = assignments.exclude(station__election__phase=Phase.CLOSED)
    return list(
        rows.select_related("station__election", "station__region__parent").order_by(
            "station__region__first", "station__number", "pk"
        )
    )


def _in_state(state: State, person: str) -> Q:
    """The condition that the person at ``person`` is in ``state``."""
    active = Exists(Device.objects.active().filter(user=OuterRef(person)))
    link = Exists(Activation.objects.usable().filter(user=OuterRef(person)))
    conditions = {
        State.ALL: Q(),
        State.ACTIVE: Q(active),
        State.LINK: ~Q(active) & Q(link),
        State.NONE: ~Q(active) & ~Q(link),
    }
    return conditions[state]


def _called(search: str) -> QuerySet[User]:
    """People by part of the name, or of the number however it begins: 0812…, 62812…, +62 812…"""
    search = search.replace("\0", "")
    digits = re.sub(r"^(62|0)", "", re.sub(r"[^0-9]", "", search))
    named = Q(full_name__icontains=search) | Q(username__icontains=search) | Q(phone__icontains=search)
    return User.objects.filter(named | Q(phone__icontains=digits) if len(digits) >= 4 else named)


def _keys_of_few(people: QuerySet[User], state: State) -> QuerySet[User] | list[int]:
    """A few people in ``state`` by their keys; many as they are.

    Of many, a walk from the first desa soon finds fifty. Of a few in a nation
    it would see everyone: 17 s at 830,000, against 0.1 to 1.3 s from their keys.
    """
    few = list(people.filter(_in_state(state, "pk")).order_by().values_list("pk", flat=True)[: FEW + 1])
    return few if len(few) <= FEW else people


def _with_phones(assignments: list[Assignment]) -> tuple[Row, ...]:
    people = {one.witness_id for one in assignments}
    links = {link.user_id: link for link in Activation.objects.usable().filter(user__in=people)}
    devices = {device.user_id: device for device in Device.objects.active().filter(user__in=people)}
    return tuple(Row(one, links.get(one.witness_id), devices.get(one.witness_id)) for one in assignments)
