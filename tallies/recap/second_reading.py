"""A second person types a D.Hasil from its photos, without its figures; equal is verified by rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Role
from tallies import locking
from tallies.intake import KeyReused, UnknownBoxes, WrongPairs
from tallies.models import Outcome, Phase, ReadingState, RecapForm, RecapReading, RecapResult, Review
from tallies.recap import auditing
from tallies.recap.counting import is_disputed, locked_result, rivals
from tallies.recap.deciding import decide
from tallies.recap.submission import Columns, columns_content, differing
from tallies.submission import hash_of


class ReadingRefused(Exception):
    """The reading was not written; ``code`` names why, the wording is elsewhere."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Read:
    reading: RecapReading
    created: bool


def waiting_for(user: Any) -> QuerySet[RecapResult]:
    """The recaps whose counted version waits for a second reader who may be ``user``, the oldest first.

    An operator of the kabupaten, or who decides there; never the person who entered it.
    """
    if user.may_decide:
        results = RecapResult.objects.visible_to(user)
    elif user.may_type and user.region:
        here = (user.region.first, user.region.last)
        results = RecapResult.objects.filter(region__first__range=here)
    else:
        return RecapResult.objects.none()
    results = results.filter(reading=ReadingState.WAITING).exclude(form__submitted_by=user)
    results = results.exclude(contest__election__phase=Phase.CLOSED)
    return results.select_related("form", "region", "contest__election", "contest__region").order_by("form")


def may_read(user: Any) -> bool:
    return user.may_decide or user.role == Role.OPERATOR


def read(form: RecapForm, columns: Columns, *, by: Any, uuid: UUID, unreadable: str = "") -> Read:
    """Write down what ``by`` saw, and draw the consequence.

    Equal: verified by rule, unless a rival is open. Different, or not
    readable: a coordinator settles. The same reading twice is one. Raises
    `ReadingRefused` (`recap_not_waiting`: read by another or replaced
    meanwhile; `same_person`; `phase_closed`), `KeyReused`, `UnknownBoxes`, `WrongPairs`.
    """
    said = {} if unreadable else columns_content(columns)
    content_hash = hash_of({"form": form.pk, "columns": said, "unreadable": unreadable})
    with locked_result(form.contest_id, form.region_id) as result:
        known = RecapReading.objects.filter(uuid=uuid).first()
        if known:
            if known.content_hash != content_hash or known.reader_id != by.pk:
                raise KeyReused("key_reused")
            return Read(known, created=False)
        _refuse(form, result, by)
        mine = form.columns_by_region
        if not unreadable:
            _refuse_other_boxes(columns, mine, form)
        reading = RecapReading.objects.create(
            uuid=uuid,
            form=form,
            reader=by,
            first_reader_id=form.submitted_by_id,
            columns=said,
            differing=[] if unreadable else differing(mine, columns),
            unreadable=unreadable,
            read_at=timezone.now(),
            content_hash=content_hash,
        )
        _conclude(reading, result, by)
    return Read(reading, created=True)


def _refuse(form: RecapForm, result: RecapResult, by: Any) -> None:
    if result.contest.election.phase == Phase.CLOSED:
        raise ReadingRefused("recap_closed")
    if result.form_id != form.pk or result.reading != ReadingState.WAITING:
        raise ReadingRefused("recap_not_waiting")
    if form.submitted_by_id == by.pk:
        raise ReadingRefused("same_person")


def _refuse_other_boxes(columns: Columns, mine: Columns, form: RecapForm) -> None:
    if set(columns) != set(mine):
        raise UnknownBoxes("recap_columns")
    pairs = set(locking.pairs_of(form.contest_id))
    if any(set(figures.votes) != pairs for figures in columns.values()):
        raise WrongPairs("wrong_pairs", missing=[], unknown=[])


def _conclude(reading: RecapReading, result: RecapResult, by: Any) -> None:
    equal = not reading.unreadable and not reading.differing
    result.reading = ReadingState.DONE if equal else ReadingState.COORDINATOR
    result.disputed = is_disputed(result)
    content = {"reading": auditing.reading_content(reading)}
    auditing.record(result, "recap read", by=by, at=reading.read_at, content=content)
    if equal and result.review == Review.PENDING and not rivals(result):
        decide(result, reading.form, Outcome.VERIFIED, by=by, reason="", reading=reading)
