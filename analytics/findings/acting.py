"""What people do with a finding: take it in hand, answer it, pass it on, open it again, write beside it.

Every act holds the finding's row, says what the person had seen, and is one event in the same transaction. The
rules (`analytics.examining.recording`) hold the same row: an answer to figures that have moved meanwhile is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Role, User
from analytics.findings import attaching, flood
from analytics.models import (
    ACTIVE_STATES,
    REASON_LENGTH,
    Finding,
    FindingEvent,
    FindingState,
)
from sista.database import writing
from tallies.models import ExaminationRow

#: Roles that may decide about figures; a reader of them (DPP) or of photos (operator) has no finding in hand.
DECIDING_ROLES = (Role.COORDINATOR, Role.PROVINCE_STAFF)
#: Answers of people; what the rule closed only the rule opens again.
ANSWERED_STATES = (FindingState.EXPLAINED, FindingState.CONFIRMED)


class ActionRefused(Exception):
    """What is not written; ``code`` names why, ``event`` who was quicker (of ``finding_overtaken``)."""

    def __init__(self, code: str, event: FindingEvent | None = None) -> None:
        super().__init__(code)
        self.code, self.event = code, event


@dataclass(frozen=True)
class Seen:
    """What the page showed: the finding's version, and the key of the last event in its history."""

    version: int
    event: int


@dataclass(frozen=True)
class Done:
    """``is_new``: False when this person had just done the same, and nothing was written."""

    event: FindingEvent
    is_new: bool


def assign(finding: Finding, to: User, *, seen: Seen, by: Any) -> Done:
    """Put an active finding into the hands of ``to``, one of `assignable`."""

    def change(held: Finding) -> None:
        if not assignable(held, by=by).filter(pk=to.pk).exists():
            raise ActionRefused("not_assignable")
        held.state, held.assigned_to = FindingState.ASSIGNED, to

    return _act(finding, "assigned", ACTIVE_STATES, change, seen=seen, by=by, to=to)


def explain(finding: Finding, reason: str, *, seen: Seen, by: Any, files: Sequence[bytes] = ()) -> Done:
    """Answer: it is so, and there is an honest reason for it."""
    return _settle(finding, FindingState.EXPLAINED, "explained", reason, files, seen, by)


def confirm(finding: Finding, reason: str, *, seen: Seen, by: Any, files: Sequence[bytes] = ()) -> Done:
    """Answer: it is so, and it is wrong; the documents say it."""
    return _settle(finding, FindingState.CONFIRMED, "confirmed", reason, files, seen, by)


def escalate(finding: Finding, reason: str, *, seen: Seen, by: Any, files: Sequence[bytes] = ()) -> Done:
    """Pass it on to those above; it stays open, and nobody has it in hand."""

    def change(held: Finding) -> None:
        held.state, held.assigned_to = FindingState.ESCALATED, None

    before = (FindingState.OPEN, FindingState.ASSIGNED)
    return _act(finding, "escalated", before, change, seen=seen, by=by, reason=_said(reason), files=files)


def reopen(finding: Finding, reason: str, *, seen: Seen, by: Any, files: Sequence[bytes] = ()) -> Done:
    """Take a person's answer back."""

    def change(held: Finding) -> None:
        held.state, held.assigned_to, held.closed_at = FindingState.OPEN, None, None
        # Answered, it was not closed when the figures moved on: the rule says now whether it still sees something.
        ExaminationRow.objects.create(
            contest_id=held.contest_id, region_id=held.region_id, station_id=held.station_id
        )

    return _act(finding, "reopened", ANSWERED_STATES, change, seen=seen, by=by, reason=_said(reason), files=files)


def note(finding: Finding, reason: str, *, seen: Seen, by: Any, files: Sequence[bytes] = ()) -> Done:
    """Write something beside it; the state stays, whatever it is and whatever others did meanwhile."""
    said = _said(reason)
    return _act(finding, "noted", tuple(FindingState), lambda held: None, seen=seen, by=by, reason=said, files=files)


def assignable(finding: Finding, *, by: Any) -> QuerySet[User]:
    """The people into whose hands ``by`` may put it: they decide, the place is theirs, and ``by`` knows them."""
    people = (
        User.objects.visible_to(by)
        .current()
        .filter(
            role__in=DECIDING_ROLES,
            region__first__lte=finding.region.first,
            region__last__gte=finding.region.last,
        )
    )
    return people.order_by("full_name", "username")


# How an act is written


def _settle(
    finding: Finding, state: FindingState, action: str, reason: str, files: Sequence[bytes], seen: Seen, by: Any
) -> Done:
    def change(held: Finding) -> None:
        held.state, held.closed_at = state, timezone.now()

    return _act(finding, action, ACTIVE_STATES, change, seen=seen, by=by, reason=_said(reason), files=files)


def _said(reason: str) -> str:
    # A browser sends two characters for the one it counts at the end of a line.
    reason = reason.replace("\r\n", "\n").replace("\0", "").strip()
    if not reason:
        raise ActionRefused("finding_reason_missing")
    if len(reason) > REASON_LENGTH:
        raise ActionRefused("finding_reason_too_long")
    return reason


def _act(
    finding: Finding,
    action: str,
    states: Sequence[str],
    change: Callable[[Finding], None],
    *,
    seen: Seen,
    by: Any,
    reason: str = "",
    files: Sequence[bytes] = (),
    to: User | None = None,
) -> Done:
    """Hold the row, refuse what was decided on an old view, write the change and its event.

    Raises `Finding.DoesNotExist` for one that ``by`` does not see, `PermissionDenied` for who may not decide,
    `AttachmentRefused`, and `ActionRefused`: ``finding_moved`` (the rule has a newer version), ``finding_overtaken``
    (another person was quicker), ``finding_state`` and those of the caller.
    """
    if not Finding.objects.visible_to(by).filter(pk=finding.pk).exists():
        raise Finding.DoesNotExist
    if not by.may_decide:
        raise PermissionDenied
    kept = attaching.keep(files, by=by)
    with writing():
        held = Finding.objects.select_for_update(of=("self",)).select_related("region").get(pk=finding.pk)
        newer = list(held.events.filter(pk__gt=seen.event).select_related("actor").order_by("pk"))
        for event in newer:
            said = (event.actor_id, event.action, event.reason, event.assigned_to_id)
            # The same words with another file are another answer: the file would be lost.
            laid = set(event.attachments.values_list("sha256", flat=True))
            if said == (by.pk, action, reason, to.pk if to else None) and {one.sha256 for one in kept} <= laid:
                return Done(event, is_new=False)
        if held.version != seen.version:
            raise ActionRefused("finding_moved")
        others = [event for event in newer if event.action != "noted"]
        if others and action != "noted":
            raise ActionRefused("finding_overtaken", others[-1])
        if held.state not in states:
            raise ActionRefused("finding_state")
        change(held)
        now = timezone.now()
        if action != "noted":
            held.updated_at = now
            held.save(update_fields=["state", "assigned_to", "closed_at", "updated_at"])
        event = FindingEvent.objects.create(
            finding=held, at=now, actor=by, action=action, reason=reason, assigned_to=to
        )
        attaching.name(event, kept)
    if action not in ("noted", "assigned"):
        # Its own transaction: it holds other findings. Should it be cut off, the next run of the rules does it.
        flood.limit_open([held.contest_id])
    return Done(event, is_new=True)
