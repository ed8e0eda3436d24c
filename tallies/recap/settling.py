"""A coordinator decides which version of a recap stands, with a reason, and never about the own one.

``seen`` is the ``audit_seq`` of the page the decision was made on: when the recap
has moved on since, nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid5

from tallies.models import Channel, Outcome, Phase, RecapDecision, RecapForm, RecapReading, RecapResult
from tallies.recap import auditing
from tallies.recap.counting import locked_result, open_forms
from tallies.recap.deciding import decide
from tallies.recap.intake import store
from tallies.recap.places import whole
from tallies.recap.submission import RecapPage, RecapSubmission


class SettlingRefused(Exception):
    """The decision was not written; ``code`` names why, the wording is elsewhere."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def choose(form: RecapForm, *, by: Any, seen: int, reason: str) -> RecapDecision:
    """Let ``form`` stand, verified: the counted version, or an open one in its place."""
    with _held(form, form.submitted_by_id, by, seen, reason) as result:
        if form.pk == result.form_id and result.is_in:
            return decide(result, form, Outcome.VERIFIED, by=by, reason=reason)
        if form.pk not in {one.pk for one in open_forms(result)}:
            raise SettlingRefused("recap_not_open")
        return decide(result, form, Outcome.CORRECTED, by=by, reason=reason)


def adopt(reading: RecapReading, *, by: Any, seen: int, reason: str) -> RecapDecision:
    """Let stand what the second reader saw: a version of its own, in the reader's name, in place of the one read."""
    form = reading.form
    with _held(form, reading.reader_id, by, seen, reason) as result:
        if form.pk != result.form_id or not result.is_in or reading.unreadable:
            raise SettlingRefused("recap_not_open")
        submission = RecapSubmission(
            uuid=uuid5(reading.uuid, "adopted"),
            contest_id=form.contest_id,
            region_id=form.region_id,
            columns=reading.columns_by_region,
            photos=tuple(RecapPage(one.sha256, one.page) for one in form.photo_names.all()),
            supersedes=form.uuid,
            note=form.note,
            dated_on=form.dated_on,
        )
        place = whole(result.contest, form.region)
        read = store(submission, place, by=reading.reader, channel=Channel.CORRECTION)
        content = {"recap": auditing.form_content(read)}
        auditing.record(result, "recap as read", by=by, at=read.received_at, content=content)
        return decide(result, read, Outcome.CORRECTED, by=by, reason=reason, reading=reading)


def reject(form: RecapForm, *, by: Any, seen: int, reason: str) -> RecapDecision:
    """Refuse ``form``: the counted version is then not in, an open one is set aside."""
    with _held(form, form.submitted_by_id, by, seen, reason) as result:
        counted = form.pk == result.form_id and result.is_in
        if not counted and form.pk not in {one.pk for one in open_forms(result)}:
            raise SettlingRefused("recap_not_open")
        return decide(result, form, Outcome.REJECTED, by=by, reason=reason)


@contextmanager
def _held(form: RecapForm, entered_by: int, by: Any, seen: int, reason: str) -> Iterator[RecapResult]:
    if not reason.strip():
        raise SettlingRefused("recap_reason_missing")
    with locked_result(form.contest_id, form.region_id) as result:
        if result.contest.election.phase == Phase.CLOSED:
            raise SettlingRefused("recap_closed")
        if result.audit_seq != seen:
            raise SettlingRefused("recap_changed")
        if entered_by == by.pk:
            raise SettlingRefused("recap_own_version")
        yield result
