"""Reserves: who steps in near a desa or a kecamatan, named and ended."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts import recording
from accounts.models import User
from accounts.recording import Act
from regions.models import Level, Region
from sista.database import writing
from tallies.models import Election, Reserve


class NotAPlace(ValueError):
    """A reserve stands by in a desa or a kecamatan, nowhere larger."""


class NotAReserve(ValueError):
    """Only a witness of a TPS can step in for one."""


def name(election: Election, place: Region, person: User, *, by: Any) -> Reserve:
    """Have ``person`` stand by in ``place``; who does already is returned. Raises `NotAPlace`, `NotAReserve`."""
    if place.level not in (Level.DISTRICT, Level.VILLAGE):
        raise NotAPlace(place.code)
    if not person.may_guard:
        raise NotAReserve(person.role)
    with writing():
        # Two who name the same person at once come one after the other.
        User.objects.select_for_update(no_key=True).get(pk=person.pk)
        there = Reserve.objects.active().filter(election=election, region=place, person=person).first()
        if there is not None:
            return there
        made = Reserve.objects.create(election=election, region=place, person=person, named_by=by)
        recording.record("reserve named", by=by, region=place, subject=made, content=_said(made))
    return made


def end(reserve: Reserve, *, by: Any, because: str = "") -> bool:
    """End ``reserve`` now; False when it had ended."""
    with writing():
        return _end([reserve], because, by) > 0


def end_all_of(person: User, election_id: int, *, because: str, by: Any) -> int:
    """End every place in which ``person`` stands by in an election; how many there were."""
    with writing():
        mine = Reserve.objects.active().filter(person=person, election=election_id).select_related("region")
        return _end(list(mine), because, by)


def standing_by(election: Election, place: Region) -> QuerySet[Reserve]:
    """Those named in ``place`` or below it, along the tree."""
    rows = Reserve.objects.active().filter(election=election, region__first__range=(place.first, place.last))
    return rows.select_related("person", "region__parent").order_by("region__first", "pk")


def _end(reserves: list[Reserve], because: str, by: Any) -> int:
    acts, now = [], timezone.now()
    for one in reserves:
        if Reserve.objects.active().filter(pk=one.pk).update(ended_at=now, ended_by=by):
            said = _said(one) | ({"because": because} if because else {})
            acts.append(Act("reserve ended", one.region, one, said))
    recording.record_all(acts, by=by)
    return len(acts)


def _said(reserve: Reserve) -> dict[str, Any]:
    return {"election": reserve.election_id, "place": reserve.region.code, "person": reserve.person_id}
