"""Put somebody at a TPS, replace, choose one of two, take off: each one transaction, decided on what was seen.

Whoever acts says which assignments they saw. The station's row is held while
they are compared, so that of two who assign at once the second reads what the
first did. Locks are taken in one order: station, people, chain of events; who
guards is held from the beginning, for whoever else holds one of them may be
waiting for the chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts import activation, devices, enrolling, rights
from accounts.models import Device, User
from sista.database import writing
from tallies import assigning
from tallies.models import Assignment, Phase, PollingStation
from tallies.roster import coverage, reserves
from tallies.roster.stations import seen_of


class Changed(Exception):
    """Somebody else changed who guards the station since it was looked at."""


class NotAWitness(ValueError):
    """Only a witness of a TPS guards one; the others have work of their own."""


class ElectionClosed(ValueError):
    """Of a closed election nobody is assigned any more."""


@dataclass(frozen=True)
class Replaced:
    """``token``: of the new person's activation link, told this once; None when the phone is ready."""

    assignment: Assignment
    token: str | None


def assign(station: PollingStation, person: User, *, seen: str, by: Any) -> Assignment:
    """Have ``person`` guard ``station`` beside whoever does. A reserve is none any more.

    Raises `Changed`, `NotAWitness`, `ElectionClosed`.
    """
    with writing():
        _hold(station, seen)
        return _assign(station, person, by)


def assign_new(station: PollingStation, full_name: str, phone: str, *, seen: str, by: Any) -> tuple[Assignment, bool]:
    """Take somebody in and have them guard ``station``; whether they are new.

    Raises as `assign`, and as `enrolling.enrol`; then nobody is taken in.
    """
    with writing():
        _hold(station, seen)
        person, is_new = enrolling.enrol(full_name, phone, region=station.region, by=by)
        return _assign(station, person, by), is_new


def replace(station: PollingStation, old: Assignment, person: User, *, seen: str, by: Any) -> Replaced:
    """End ``old`` and have ``person`` guard the station instead, with a link for a phone that is not ready.

    Who also guards outside the region of ``by`` gets none: it would open that work too.
    Raises as `assign`.
    """
    with writing():
        _hold(station, seen, person)
        token = None
        is_ready = Device.objects.active().filter(user=person).exists()
        if person.may_use_pin and not is_ready and not rights.guards_elsewhere(by, person):
            token = activation.issue(person, by=by)
        _end(station, old, by)
        return Replaced(_assign(station, person, by), token)


def replace_with_new(
    station: PollingStation, old: Assignment, full_name: str, phone: str, *, seen: str, by: Any
) -> Replaced:
    """`replace` by somebody who is taken in with it, or not at all. Raises as `assign_new`."""
    with writing():
        _hold(station, seen)
        person, _is_new = enrolling.enrol(full_name, phone, region=station.region, by=by)
        return replace(station, old, person, seen=seen, by=by)


def keep_one(station: PollingStation, kept: Assignment, *, seen: str, by: Any) -> list[Assignment]:
    """End every other assignment of the station; return those ended. Raises `Changed`, `ElectionClosed`."""
    with writing():
        active = _hold(station, seen)
        if kept.pk not in {one.pk for one in active}:
            raise Changed
        others = [one for one in active if one.pk != kept.pk]
        for one in others:
            _end(station, one, by)
        return others


def take_off(station: PollingStation, assignment: Assignment, *, seen: str, by: Any) -> None:
    """End ``assignment``. What the phone still sends goes to quarantine. Raises `Changed`, `ElectionClosed`."""
    with writing():
        _hold(station, seen)
        _end(station, assignment, by)


def elsewhere(person: User, station: PollingStation) -> QuerySet[Assignment]:
    """Where else ``person`` guards in the same election."""
    others = Assignment.objects.active().filter(witness=person, station__election=station.election_id)
    return others.exclude(station=station).select_related("station__region__parent").order_by("pk")


def _hold(station: PollingStation, seen: str, *people: User) -> list[Assignment]:
    """Hold the station's row, who guards it, and ``people``; return its assignments: those that were seen."""
    # ``no_key``: a form of this station need not wait.
    held = PollingStation.objects.select_for_update(no_key=True, of=("self",)).select_related("election")
    if held.get(pk=station.pk).election.phase == Phase.CLOSED:
        raise ElectionClosed
    active = list(Assignment.objects.active().filter(station=station))
    if seen_of(one.pk for one in active) != seen:
        raise Changed
    devices.lock_all({one.witness_id for one in active} | {one.pk for one in people})
    return active


def _assign(station: PollingStation, person: User, by: Any) -> Assignment:
    if not person.may_guard:
        raise NotAWitness(person.role)
    made = assigning.assign(station, person, by=by)
    reserves.end_all_of(person, station.election_id, because="assigned", by=by)
    transaction.on_commit(lambda: coverage.forget(station.election, station.region))
    return made


def _end(station: PollingStation, assignment: Assignment, by: Any) -> None:
    if assignment.station_id != station.pk or assignment.revoked_at is not None:
        raise Changed
    assigning.revoke(assignment, by=by)
    transaction.on_commit(lambda: coverage.forget(station.election, station.region))
