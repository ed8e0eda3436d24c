"""Change what somebody may do, and write down from what to what, in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts import devices, recording, rights, running_sessions
from accounts.models import User
from accounts.recording import Act
from regions.models import Region
from sista.database import writing

#: Changes after which whoever is signed in signs in again; so does whose account ended and is opened again.
ENDING = {"role", "region", "is_staff", "is_superuser"}


class MayNotManage(PermissionError):
    """Only a superior sets or ends somebody's time."""


def save(person: User, *, by: User | None) -> dict[str, list[Any]]:
    """Save a new or changed ``person``; return and record the rights that changed: name -> [before, after]."""
    with writing():
        before = User.objects.select_for_update(of=("self",)).select_related("region").filter(pk=person.pk).first()
        if before is not None:
            person.second_factor = before.second_factor  # set or reset while the form was open
        person.save()
        changed = _differences(_facts(before) if before else {}, person)
        if before is None:
            told = {name: after for name, (_before, after) in changed.items()}
            recording.record("person made", by=by, region=person.region, subject=person, content=told)
        elif changed:
            acts = [_act(person, person.region, changed)]
            # The place that lost somebody reads it in its own chain too. Together: chains are locked in one order.
            if before.region_id and before.region_id != person.region_id:
                acts.append(_act(person, before.region, changed))
            recording.record_all(acts, by=by)
            if changed.keys() & ENDING or not person.is_current:
                running_sessions.end_all(person)
    return changed


def set_end(person: User, until: datetime | None, *, by: User) -> None:
    """Let the account of ``person`` work until ``until`` (None: without an end). Raises `MayNotManage`."""
    if not rights.may_manage(by, person):
        raise MayNotManage
    with writing():
        current = devices.lock(person.pk)
        before = _facts(current)
        current.valid_until = until
        changed = _differences(before, current)
        if changed:
            current.save(update_fields=["valid_until"])
            recording.record_all([_act(current, current.region, changed)], by=by)
        if current.has_ended:
            running_sessions.end_all(current)
    person.valid_until = until


def end_now(person: User, *, by: User) -> None:
    """End the account at this moment, with everything that is signed in. Raises `MayNotManage`."""
    set_end(person, timezone.now(), by=by)


def _differences(before: dict[str, Any], after: User) -> dict[str, list[Any]]:
    """Name -> [before, after] of what is not the same."""
    return {name: [before.get(name), value] for name, value in _facts(after).items() if before.get(name) != value}


def _facts(person: User) -> dict[str, Any]:
    """What rights hang on, as plain JSON: a region by its code."""
    return {
        "role": str(person.role),
        "region": person.region.code if person.region else None,
        "is_active": person.is_active,
        "is_staff": person.is_staff,
        "is_superuser": person.is_superuser,
        "valid_until": person.valid_until.isoformat() if person.valid_until else None,
    }


def _act(person: User, region: Region | None, changed: dict[str, list[Any]]) -> Act:
    return Act("rights changed", region, person, {"changed": changed})
