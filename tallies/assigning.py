"""Who guards which TPS: assign, and revoke."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from sista.database import writing
from tallies.models import Assignment, PollingStation


def assign(station: PollingStation, witness: Any, *, by: Any) -> Assignment:
    """Assign ``witness`` to ``station``; an assignment that is active already is returned."""
    with writing():
        assignment, _created = Assignment.objects.active().get_or_create(
            station=station, witness=witness, defaults={"assigned_by": by}
        )
    return assignment


def revoke(assignment: Assignment, *, by: Any) -> Assignment:
    """End an assignment now. What the phone still sends goes to quarantine."""
    with writing():
        Assignment.objects.filter(pk=assignment.pk, revoked_at=None).update(revoked_at=timezone.now())
    assignment.refresh_from_db()
    return assignment


def was_revoked(station_id: int, witness: Any) -> bool:
    """True when ``witness`` guarded the station once, and no longer does."""
    mine = Assignment.objects.filter(station=station_id, witness=witness)
    return mine.exists() and not mine.active().exists()
