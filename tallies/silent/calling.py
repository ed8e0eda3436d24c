"""Write down an attempt to reach the witnesses of a station, and read what was tried."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from sista.database import writing
from tallies.models import NOTE_LENGTH, ContactAttempt, ContactOutcome, StationResult

#: Attempts listed on a station's page.
LISTED = 20
#: What a person writes down; a reminder is written by the reminder.
PRESSED = tuple(one for one in ContactOutcome if one != ContactOutcome.REMINDED)
#: Those that say all by themselves; the other one wants a note.
BUTTONS = tuple((one.value, one.label) for one in PRESSED if one != ContactOutcome.OTHER)


class AttemptRefused(Exception):
    """An attempt that is not written down; ``code`` names why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def record(result: StationResult, outcome: ContactOutcome, *, by: Any, key: UUID, note: str = "") -> ContactAttempt:
    """Keep what came of a call; the same press (``key``) again returns the first attempt.

    Raises ``StationResult.DoesNotExist`` for a station that ``by`` does not see,
    `PermissionDenied` for who may not decide, and `AttemptRefused` for a note
    that is too long, or missing where nothing else says what happened. A station
    that came in meanwhile is no reason to refuse: the call was made.
    """
    if by.scope is None or not StationResult.objects.visible_to(by).filter(pk=result.pk).exists():
        raise StationResult.DoesNotExist
    if not by.may_decide:
        raise PermissionDenied
    note = " ".join(note.replace("\0", " ").split())  # PostgreSQL takes no NUL in a text
    if outcome not in PRESSED:
        raise AttemptRefused("bad_value")
    if outcome == ContactOutcome.OTHER and not note:
        raise AttemptRefused("attempt_note_missing")
    if len(note) > NOTE_LENGTH:
        raise AttemptRefused("attempt_note_too_long")
    with writing():
        attempt, _created = ContactAttempt.objects.get_or_create(
            result=result, key=key, outcome=outcome, by=by, defaults={"note": note, "at": timezone.now()}
        )
    return attempt


def attempts_of_each(results: Iterable[StationResult]) -> dict[int, list[ContactAttempt]]:
    """The newest attempts at each station, the newest first, by the key of the result: one query."""
    found: dict[int, list[ContactAttempt]] = {result.pk: [] for result in results}
    for attempt in ContactAttempt.objects.filter(result__in=list(found)).select_related("by"):
        if len(found[attempt.result_id]) < LISTED:
            found[attempt.result_id].append(attempt)
    return found


def attempts_at(result: StationResult) -> list[ContactAttempt]:
    """The newest attempts at the station, the newest first."""
    return list(ContactAttempt.objects.filter(result=result).select_related("by")[:LISTED])
