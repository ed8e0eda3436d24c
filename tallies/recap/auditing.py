"""The record of what happened to a recap: a chain a `RecapResult`, made like that of a station."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tallies.audit import digest_of
from tallies.models import RecapDecision, RecapEvent, RecapForm, RecapReading, RecapResult
from tallies.recap.submission import content_hash_of_stored


def record(result: RecapResult, action: str, *, by: Any, at: datetime, content: dict[str, Any]) -> RecapEvent:
    """Append an event to the chain of ``result``, whose row the caller has locked and saves."""
    content = content | {"state": _state(result)}
    link = {"seq": result.audit_seq + 1, "at": at, "action": action, "content": content}
    digest = digest_of(result_id=result.pk, actor_id=by.pk, previous=result.audit_head, **link)
    event = RecapEvent.objects.create(result=result, actor=by, previous=result.audit_head, digest=digest, **link)
    result.audit_seq, result.audit_head = event.seq, digest
    return event


def _state(result: RecapResult) -> dict[str, Any]:
    return {
        "form": result.form_id,
        "review": str(result.review),
        "disputed": result.disputed,
        "reading": str(result.reading),
    }


def form_content(form: RecapForm) -> dict[str, Any]:
    return {
        "id": form.pk,
        "uuid": str(form.uuid),
        "hash": form.content_hash,
        "channel": str(form.channel),
        "submitted_by": form.submitted_by_id,
        "received_at": form.received_at.isoformat(),
        "checks": [list(one) for one in form.checks],
        "brought": sorted([one.sha256, one.brought_by_id] for one in form.photo_names.all()),
    }


def reading_content(reading: RecapReading) -> dict[str, Any]:
    return {
        "id": reading.pk,
        "uuid": str(reading.uuid),
        "form": reading.form_id,
        "reader": reading.reader_id,
        "columns": reading.columns,
        "differing": [list(one) for one in reading.differing],
        "unreadable": reading.unreadable,
        "read_at": reading.read_at.isoformat(),
    }


def decision_content(decision: RecapDecision) -> dict[str, Any]:
    return {
        "id": decision.pk,
        "form": decision.form_id,
        "outcome": str(decision.outcome),
        "reason": decision.reason,
        "settled_through": decision.settled_through_id,
        "reading": decision.reading_id,
        "decided_by": decision.decided_by_id,
        "decided_at": decision.decided_at.isoformat(),
    }


def verify(results: Any = None) -> Iterator[str]:
    """Yield a sentence for every change the chains of recaps show, as `tallies.audit.verify` does for stations."""
    for result in (RecapResult.objects.all() if results is None else results).order_by("pk").iterator(500):
        for sentence in _verify(result):
            yield f"rekap {result.pk}: {sentence}"


def _verify(result: RecapResult) -> Iterator[str]:
    previous, events = "", list(result.events.order_by("seq"))
    said: dict[str, dict[int, Any]] = {"recap": {}, "reading": {}, "decision": {}}
    for number, event in enumerate(events, start=1):
        expected = digest_of(
            result_id=result.pk,
            seq=event.seq,
            at=event.at,
            actor_id=event.actor_id,
            action=event.action,
            content=event.content,
            previous=previous,
        )
        if event.seq != number or event.digest != expected or event.previous != previous:
            yield f"peristiwa {number} berubah atau hilang"
        previous = event.digest
        for kind, one in said.items():
            if kind in event.content:
                one[event.content[kind]["id"]] = event.content[kind]
    if (result.audit_seq, result.audit_head) != (len(events), previous):
        yield "ujung rantai tidak cocok"
    elif events and events[-1].content["state"] != _state(result):
        yield "keadaan berubah tanpa peristiwa"
    yield from _against_rows(result, said)


def _against_rows(result: RecapResult, said: dict[str, dict[int, Any]]) -> Iterator[str]:
    forms = RecapForm.objects.filter(contest=result.contest_id, region=result.region_id)
    forms = forms.select_related("supersedes").prefetch_related("columns__votes__pair", "photo_names")
    stored = {
        "recap": {one.pk: form_content(one) for one in forms},
        "reading": {one.pk: reading_content(one) for one in RecapReading.objects.filter(form__in=forms)},
        "decision": {one.pk: decision_content(one) for one in result.decisions.all()},
    }
    words = {"recap": "formulir", "reading": "bacaan", "decision": "keputusan"}
    for kind, rows in stored.items():
        for pk in sorted({*rows, *said[kind]}):
            if rows.get(pk) != said[kind].get(pk):
                yield f"{words[kind]} {pk} berubah, hilang atau tidak tercatat"
    for form in forms:
        if content_hash_of_stored(form) != form.content_hash:
            yield f"angka formulir {form.pk} berubah"
