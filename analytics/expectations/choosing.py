"""Which expectation of a contest is in force: one at a time, and who said so is written down."""

from __future__ import annotations

from typing import Any

from analytics.models import Expectation, ExpectationEvent
from sista.database import writing
from tallies.models import Contest, ExaminationRow

Action = ExpectationEvent.Action


def activate(expectation: Expectation, *, by: Any) -> bool:
    """Let ``expectation`` take the place of the one in force. False where it is in force already."""
    with writing():
        hold(expectation.contest_id)
        expectation.refresh_from_db(fields=["is_active"])
        if expectation.is_active:
            return False
        retire(expectation.contest_id, by=by)
        expectation.is_active = True
        expectation.save(update_fields=["is_active"])
        record(expectation, Action.ACTIVATED, by=by)
    return True


def hold(contest: int) -> None:
    """Lock the contest, so that two who make or choose an expectation do it one after the other.

    Not its key: forms that name the contest come in meanwhile.
    """
    Contest.objects.select_for_update(no_key=True).get(pk=contest)


def retire(contest: int, *, by: Any) -> None:
    """Take out what is in force. Within the transaction that held the contest."""
    for one in Expectation.objects.active().filter(contest=contest):
        one.is_active = False
        one.save(update_fields=["is_active"])
        record(one, Action.REPLACED, by=by)
    # What was found against the old one is asked again, in the transaction that changes it.
    region = Contest.objects.filter(pk=contest).values_list("region_id", flat=True).get()
    ExaminationRow.objects.create(contest_id=contest, region_id=region)


def record(expectation: Expectation, action: str, *, by: Any) -> None:
    ExpectationEvent.objects.create(expectation=expectation, actor=by, action=action)
