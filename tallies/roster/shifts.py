"""The hours of the operators of a count room: planned, cancelled, who is there now."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts import recording
from accounts.models import Role, User
from regions.models import Level, Region
from sista.database import writing
from tallies.models import Election, Shift

#: Nobody reads figures for longer.
LONGEST = timedelta(hours=24)


class NotAnOperator(ValueError):
    """Only an operator of this kabupaten has hours in its count room."""


class Overlaps(ValueError):
    """The person has hours at that time already. ``shift``: those."""

    def __init__(self, shift: Shift) -> None:
        super().__init__(shift.pk)
        self.shift = shift


class WrongHours(ValueError):
    """The end is not after the beginning, or more than `LONGEST` after it."""


def operators_of(regency: Region) -> QuerySet[User]:
    return User.objects.filter(role=Role.OPERATOR, region=regency, is_active=True).order_by("full_name", "username")


def plan(
    election: Election, regency: Region, person: User, begins_at: datetime, ends_at: datetime, *, by: Any
) -> Shift:
    """Plan hours for ``person``, who has no others then in any election.

    Raises `NotAnOperator`, `Overlaps`, `WrongHours`.
    """
    if regency.level != Level.REGENCY or not operators_of(regency).filter(pk=person.pk).exists():
        raise NotAnOperator(person.pk)
    if not timedelta(0) < ends_at - begins_at <= LONGEST:
        raise WrongHours
    with writing():
        # Held, so that of two plans at once the second sees the first.
        User.objects.select_for_update(no_key=True).get(pk=person.pk)
        other = Shift.objects.active().filter(person=person, begins_at__lt=ends_at, ends_at__gt=begins_at).first()
        if other is not None:
            raise Overlaps(other)
        made = Shift.objects.create(
            election=election, region=regency, person=person, begins_at=begins_at, ends_at=ends_at, named_by=by
        )
        recording.record("shift planned", by=by, region=regency, subject=made, content=_said(made))
    return made


def cancel(shift: Shift, *, by: Any) -> bool:
    """Cancel ``shift``; False when somebody had."""
    with writing():
        done = Shift.objects.active().filter(pk=shift.pk).update(ended_at=timezone.now(), ended_by=by) > 0
        if done:
            recording.record("shift cancelled", by=by, region=shift.region, subject=shift, content=_said(shift))
    return done


def planned(election: Election, regency: Region, *, most: int = 200) -> list[Shift]:
    """Hours that are not over, the next first."""
    rows = Shift.objects.active().filter(election=election, region=regency, ends_at__gt=timezone.now())
    return list(rows.select_related("person").order_by("begins_at", "pk")[:most])


def is_now(shift: Shift, at: datetime) -> bool:
    return shift.begins_at <= at < shift.ends_at


def _said(shift: Shift) -> dict[str, Any]:
    return {
        "election": shift.election_id,
        "person": shift.person_id,
        "begins": shift.begins_at.isoformat(),
        "ends": shift.ends_at.isoformat(),
    }
