"""Which version of a recap counts: the row is locked, what follows is written, and the rules are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models import Exists, OuterRef

from sista import rows
from sista.database import writing
from tallies import in_flight
from tallies.models import (
    ExaminationRow,
    Outcome,
    ReadingState,
    RecapDecision,
    RecapForm,
    RecapResult,
    Review,
)
from tallies.recap.submission import differing

_STATE = ("form", "review", "disputed", "reading", "audit_seq", "audit_head")


@contextmanager
def locked_result(contest_id: int, region_id: int) -> Iterator[RecapResult]:
    """Hold the one result of a (contest, region), made now if this is its first version; save it at the end.

    When another form counts afterwards, or none, the rules are told in the same transaction.
    """
    with writing():
        in_flight.join(contest_id)
        rows.insert_if_new(RecapResult(contest_id=contest_id, region_id=region_id))
        held = RecapResult.objects.select_for_update(of=("self",)).select_related("contest__election")
        result = held.get(contest=contest_id, region=region_id)
        before = (result.audit_seq, counted_key(result))
        yield result
        if result.audit_seq == before[0]:
            if not result.audit_seq:
                result.delete()  # nothing came of it
            return
        result.save(update_fields=_STATE)
        if counted_key(result) != before[1]:
            ExaminationRow.objects.create(contest_id=contest_id, region_id=region_id)


def counted_key(result: RecapResult) -> int | None:
    return result.form_id if result.is_in else None


def let_count(result: RecapResult, form: RecapForm) -> None:
    """Make ``form`` count, unverified; with a photo it waits for its second reading."""
    result.form, result.review = form, Review.PENDING
    result.reading = ReadingState.WAITING if form.photo_names.exists() else ReadingState.NONE


def open_forms(result: RecapResult) -> list[RecapForm]:
    """Versions beside the one that counts (or was rejected last) that nobody replaced, settled or rejected."""
    rejected = RecapDecision.objects.filter(form=OuterRef("pk"), outcome=Outcome.REJECTED)
    settling = result.decisions.exclude(outcome=Outcome.REJECTED)
    settling = settling.exclude(form__decisions__outcome=Outcome.REJECTED).order_by("pk")
    settled = settling.values_list("settled_through", flat=True).last() or 0
    later = RecapForm.objects.filter(supersedes=OuterRef("pk"))
    forms = RecapForm.objects.filter(contest=result.contest_id, region=result.region_id, pk__gt=settled)
    forms = forms.exclude(pk=result.form_id).filter(~Exists(later), ~Exists(rejected))
    return list(forms.select_related("submitted_by").prefetch_related("columns__votes__pair"))


def rivals(result: RecapResult) -> list[RecapForm]:
    """Open versions that say something else than the counted one (all of them while none counts)."""
    if not result.is_in:
        return open_forms(result)
    assert result.form is not None
    counted = result.form.columns_by_region
    return [one for one in open_forms(result) if differing(counted, one.columns_by_region)]


def is_disputed(result: RecapResult) -> bool:
    """Something is open beside the counted version: what its second reader saw, or a rival."""
    return result.reading == ReadingState.COORDINATOR or bool(rivals(result))
