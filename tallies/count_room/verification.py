"""A coordinator looks at a form and decides: verify, reject, ask for a fix, correct.

Each function is one transition: lock the station result, check what the person
saw, write, record, announce after commit. ``seen`` is the ``audit_seq`` of the
page the decision was made on; when the station has moved on since, nothing is
written and the person is told who was first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid5

from django.utils import timezone

from sista.database import writing
from tallies import audit, in_flight
from tallies.intake import (
    Receipt,
    has_open_rival,
    is_disputed,
    let_count,
    names_a_page,
    open_forms,
    save_and_announce,
    submit,
)
from tallies.models import (
    C1Form,
    Channel,
    Decision,
    Finding,
    Outcome,
    Phase,
    Reading,
    ReadingState,
    Review,
    StationResult,
)
from tallies.submission import Submission


class DecisionRefused(Exception):
    """The decision was not written; ``code`` names why, the wording is elsewhere."""

    def __init__(self, code: str, result: StationResult) -> None:
        super().__init__(code)
        self.code = code
        self.result = result


class AlreadyChanged(DecisionRefused):
    """Somebody else decided, or a form arrived, after the page was drawn."""


class SamePerson(DecisionRefused):
    """Who sent a form does not verify it."""


class NotDecidable(DecisionRefused):
    """The form is not of this station, was rejected, or the election is closed."""


def approve(form: C1Form, *, by: Any, seen: int, reason: str = "") -> Decision:
    """Make ``form`` the one that counts, verified. Settles the station's differences."""
    with locked(form, seen) as result:
        if form.submitted_by_id == by.pk:
            raise SamePerson("same_person", result)
        refuse_set_aside(form, result)
        return decide(result, form, Outcome.VERIFIED, by=by, reason=reason)


def reject(form: C1Form, *, by: Any, seen: int, reason: str) -> Decision:
    """Refuse ``form``: as the counted one it leaves the totals, and an open one takes its place, unverified.

    As a proposal or rival it is set aside.
    """
    with locked(form, seen) as result:
        return decide(result, form, Outcome.REJECTED, by=by, reason=reason)


def ask_for_fix(form: C1Form, *, by: Any, seen: int, reason: str) -> Decision:
    """Let the form count and tell the witness what to mend."""
    with locked(form, seen) as result:
        if result.form_id != form.pk or not result.is_in:
            raise NotDecidable("not_the_counted_form", result)
        return decide(result, form, Outcome.NEEDS_FIX, by=by, reason=reason)


def correct(form: C1Form, submission: Submission, *, by: Any, seen: int, reason: str) -> Receipt:
    """Enter the figures the photo shows as a new version in place of ``form``.

    The coordinator has looked at the photo, so the new version counts as
    verified at once, with the earlier one kept. After the recap is locked it
    is a proposal that a second person must approve.
    """
    with writing():
        if C1Form.objects.filter(uuid=submission.uuid).exists():
            return submit(submission, by=by, channel=Channel.CORRECTION)  # pressed twice
        with locked(form, seen) as result:
            is_recap = result.contest.election.phase == Phase.RECAP
            if is_recap and form.pk not in (result.form_id, result.proposed_form_id):
                # There a correction is a proposal, and it can be one of these only.
                raise NotDecidable("not_the_counted_form", result)
        receipt = submit(submission, by=by, channel=Channel.CORRECTION)
        if not receipt.created:
            return receipt
        if is_recap:
            return receipt
        decide(_lock(form), receipt.form, Outcome.CORRECTED, by=by, reason=reason)
    return receipt


def adopt(reading: Reading, *, by: Any, seen: int, reason: str) -> Receipt:
    """`correct` the form with what its second reader saw. Pressed twice, it is one correction."""
    form = reading.form
    seen_figures = reading.figures
    submission = Submission(
        uuid=uuid5(reading.uuid, f"adopted by {by.pk}"),
        contest_id=form.contest_id,
        station_id=form.station_id,
        figures=replace(
            seen_figures, values={name: seen_figures.values[name] for name in form.contest.election.fields}
        ),
        supersedes=form.uuid,
        confirmed=tuple(reading.confirmed),
        objection=form.objection,
        note=form.note,
    )
    return correct(form, submission, by=by, seen=seen, reason=reason)


def _lock(form: C1Form) -> StationResult:
    in_flight.join(form.contest_id)
    # Without the form, as in the intake: a joined row may be older than the locked one.
    rows = StationResult.objects.select_for_update(of=("self",)).select_related("contest__election", "station")
    return rows.get(contest=form.contest_id, station=form.station_id)


@contextmanager
def locked(form: C1Form, seen: int) -> Iterator[StationResult]:
    """Hold the result of ``form``, which nobody has changed since ``seen``."""
    with writing():
        result = _lock(form)
        if result.contest.election.phase == Phase.CLOSED:
            raise NotDecidable("phase_closed", result)
        if result.audit_seq != seen:
            raise AlreadyChanged("already_changed", result)
        yield result


def decide(
    result: StationResult,
    form: C1Form,
    outcome: Outcome,
    *,
    by: Any,
    reason: str,
    reading: Reading | None = None,
    moved_to: C1Form | None = None,
) -> Decision:
    """Write a decision about ``form`` of the locked ``result``, and what follows from it."""
    now = timezone.now()
    newest = C1Form.objects.filter(contest=result.contest_id, station=result.station_id).order_by("-pk").first()
    decision = Decision.objects.create(
        result=result,
        form=form,
        outcome=outcome,
        reason=reason,
        decided_by=by,
        decided_at=now,
        settled_through=newest,
        reading=reading,
        moved_to=moved_to,
    )
    _apply(result, form, outcome, read=reading is not None)
    content = {"decision": audit.decision_content(decision)}
    audit.record(result, f"form {outcome}", by=by, at=now, content=content)
    save_and_announce(result)
    return decision


def refuse_set_aside(form: C1Form, result: StationResult) -> None:
    """Raise `NotDecidable` for a form that was rejected or moved."""
    for outcome, code in ((Outcome.REJECTED, "was_rejected"), (Outcome.MOVED, "was_moved")):
        if form.decisions.filter(outcome=outcome).exists():
            raise NotDecidable(code, result)


def _apply(result: StationResult, form: C1Form, outcome: Outcome, *, read: bool) -> None:
    if outcome in (Outcome.VERIFIED, Outcome.CORRECTED):
        result.form, result.review, result.proposed_form, result.disputed = form, Review.VERIFIED, None, False
        result.reading = ReadingState.DONE if read else ReadingState.NONE
    elif outcome == Outcome.NEEDS_FIX:
        result.review, result.reading = Review.NEEDS_FIX, ReadingState.NONE
        result.disputed = has_open_rival(result)
    elif form.pk == result.form_id:
        _set_aside_counted(result, outcome)
    else:
        if form.pk == result.proposed_form_id:
            result.proposed_form = None
        if result.review == Review.REJECTED and result.proposed_form is None:
            # What another proposal had pushed aside waits again.
            result.proposed_form = next(iter(open_forms(result)), None)
        result.disputed = result.is_in and is_disputed(result)


def _set_aside_counted(result: StationResult, outcome: Outcome) -> None:
    """Take the counted form out; the oldest one that is still open counts in its place, unverified."""
    waiting = open_forms(result)
    if waiting:
        let_count(result, waiting[0], has_photo=names_a_page(waiting[0]))
        _go_on_reading(result)
        result.disputed = is_disputed(result)
        return
    result.disputed, result.reading = False, ReadingState.NONE
    if outcome == Outcome.MOVED:  # nothing of this station has come in
        result.form, result.review = None, Review.NOT_IN
    else:
        result.review = Review.REJECTED


def _go_on_reading(result: StationResult) -> None:
    """Leave the reading of the form that counts again where it stood: no round is read twice."""
    last = Reading.objects.filter(form=result.form_id).order_by("round").last()
    if last is None:
        return
    if last.finding == Finding.EQUAL:
        result.reading = ReadingState.DONE
    elif last.finding == Finding.DIFFERS and last.round == 1:
        result.reading = ReadingState.AGAIN
    else:
        result.reading = ReadingState.COORDINATOR
