"""Who guards which TPS: assign, and revoke."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from accounts import activation, devices, recording
from accounts.models import Activation, Role
from accounts.recording import Act
from sista.database import writing
from tallies import ending_mandates
from tallies.models import Assignment, PollingStation

#: Why a letter ended, as its row says (Indonesian, as all that people write there).
WITH_ASSIGNMENT = "Penugasan dicabut"


def assign(station: PollingStation, witness: Any, *, by: Any) -> Assignment:
    """Assign ``witness`` to ``station``; an assignment that is active already is returned."""
    return assign_all([(station, witness)], by=by)[0]


def assign_all(wanted: Iterable[tuple[PollingStation, Any]], *, by: Any) -> list[Assignment]:
    """Assign many at once, in the order given; those active already are returned as they are.

    The stations' regions are read: select them. Two who assign the same person
    to the same TPS at once: the constraint refuses the second, which is tried again by `assign`'s caller.
    """
    pairs = list(wanted)
    with writing():
        there = {
            (each.station_id, each.witness_id): each
            for each in Assignment.objects.active().filter(
                station__in=[station for station, _witness in pairs], witness__in=[witness for _s, witness in pairs]
            )
        }
        new = {
            (station.pk, witness.pk): Assignment(station=station, witness=witness, assigned_by=by)
            for station, witness in pairs
            if (station.pk, witness.pk) not in there
        }
        made = Assignment.objects.bulk_create(new.values(), batch_size=1000)
        recording.record_all((_act("assignment made", each) for each in made), by=by)
    there |= {(each.station_id, each.witness_id): each for each in made}
    return [there[station.pk, witness.pk] for station, witness in pairs]


def revoke(assignment: Assignment, *, by: Any) -> Assignment:
    """End an assignment now, and the letter of mandate with it. What the phone still sends goes to quarantine."""
    with writing():
        # Who issues the letter of this assignment meanwhile holds the person first, too.
        devices.lock_all([assignment.witness_id])
        active = Assignment.objects.filter(pk=assignment.pk, revoked_at=None)
        if active.update(revoked_at=timezone.now(), revoked_by=by):
            recording.record_all([_act("assignment revoked", assignment)], by=by)
            ending_mandates.end_of_assignments([assignment.pk], by=by, reason=WITH_ASSIGNMENT)
            _end_links_of_the_idle({assignment.witness_id}, by=by)
    assignment.refresh_from_db()
    return assignment


def revoke_all(assignments: Iterable[Assignment], *, by: Any) -> int:
    """End many at once, those that are active, and their letters of mandate; return how many.

    Their stations' regions are read: select them.
    """
    wanted = {each.pk: each for each in assignments}
    with writing():
        # As `revoke`: first the people.
        devices.lock_all({each.witness_id for each in wanted.values()})
        active = Assignment.objects.active().filter(pk__in=wanted).select_for_update().order_by("pk")
        keys = list(active.values_list("pk", flat=True))
        Assignment.objects.filter(pk__in=keys).update(revoked_at=timezone.now(), revoked_by=by)
        recording.record_all((_act("assignment revoked", wanted[key]) for key in keys), by=by)
        ending_mandates.end_of_assignments(keys, by=by, reason=WITH_ASSIGNMENT)
        _end_links_of_the_idle({wanted[key].witness_id for key in keys}, by=by)
    return len(keys)


def _end_links_of_the_idle(people: set[int], *, by: Any) -> None:
    """End the open links of witnesses who guard nothing any more, also those that no letter carries.

    Whoever kept one could open the person's work after another kabupaten took them over.
    """
    busy = set(Assignment.objects.active().filter(witness__in=people).values_list("witness_id", flat=True))
    idle = Activation.objects.open().filter(user__in=people - busy, user__role=Role.WITNESS)
    activation.end(idle.values_list("pk", flat=True), by=by)


def was_revoked(station_id: int, witness: Any) -> bool:
    """True when ``witness`` guarded the station once, and no longer does."""
    mine = Assignment.objects.filter(station=station_id, witness=witness)
    return mine.exists() and not mine.active().exists()


def _act(action: str, assignment: Assignment) -> Act:
    station = assignment.station
    content = {"station": station.pk, "code": station.code, "witness": assignment.witness_id}
    return Act(action, station.region, assignment, content)
