"""A letter of mandate ends: revoked, replaced, or with its assignment."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts import activation, devices, recording
from accounts.recording import Act
from sista.database import writing
from tallies.models import Mandate


def end(mandates: Iterable[Mandate], *, by: Any, reason: str, action: str = "mandate revoked") -> list[Mandate]:
    """Revoke those of ``mandates`` that are valid, and return them; the station's region is read: select it.

    A link that only they carry ends with them: what can be scanned from a paper that is no longer valid must not
    make a phone the witness's.
    """
    wanted = {one.pk: one for one in mandates}
    now = timezone.now()
    with writing():
        # First the people, then their letters, as whoever issues one.
        devices.lock_all({one.assignment.witness_id for one in wanted.values()})
        valid = Mandate.objects.valid().select_for_update().filter(pk__in=wanted).order_by("pk")
        keys = list(valid.values_list("pk", flat=True))
        Mandate.objects.filter(pk__in=keys).update(revoked_at=now, revoked_by=by, reason=reason)
        links = [one.activation_id for pk in keys if (one := wanted[pk]).activation_id]
        activation.end(_carried_by_none(links), by=by)
        recording.record_all((_act(action, wanted[pk], reason) for pk in keys), by=by)
    for pk in keys:
        wanted[pk].revoked_at, wanted[pk].revoked_by, wanted[pk].reason = now, by, reason
    return [wanted[pk] for pk in keys]


def end_of_assignments(assignment_ids: Iterable[int], *, by: Any, reason: str) -> None:
    """End the valid letters of these assignments, as far as there are any."""
    rows = Mandate.objects.valid().filter(assignment__in=list(assignment_ids))
    end(rows.select_related("assignment__station__region"), by=by, reason=reason)


def _carried_by_none(links: list[int]) -> list[int]:
    carried = Mandate.objects.valid().filter(activation=OuterRef("activation"))
    rows = Mandate.objects.filter(activation__in=links).filter(~Exists(carried))
    return list(rows.values_list("activation", flat=True).distinct())


def _act(action: str, mandate: Mandate, reason: str) -> Act:
    content = {"number": mandate.number, "assignment": mandate.assignment_id, "reason": reason}
    return Act(action, mandate.assignment.station.region, mandate, content)
