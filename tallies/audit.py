"""The record of what happened to a station: append-only, hash-chained.

A chain belongs to a station result, whose row is locked by every write anyway;
one chain for the whole election would be a queue like the national row.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sista import rows
from sista.progress import Tell, nobody
from tallies.models import AuditEvent, C1Form, Decision, Reading, StationResult
from tallies.submission import content_hash_of_stored


def digest_of(
    *, result_id: int, seq: int, at: datetime, actor_id: int | None, action: str, content: Any, previous: str
) -> str:
    """SHA-256 (hex) over the canonical JSON of an event and the digest before it."""
    body = [result_id, seq, at.isoformat(), actor_id, action, content, previous]
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def record(result: StationResult, action: str, *, by: Any, at: datetime, content: dict[str, Any]) -> AuditEvent:
    """Append an event to the chain of ``result``, whose row the caller has locked.

    Moves ``audit_seq`` and ``audit_head`` of ``result`` in memory; the caller
    saves them with its own change, in the same transaction.
    """
    content = content | {"state": state_of(result)}
    seq, previous = result.audit_seq + 1, result.audit_head
    actor_id = by.pk if by else None
    digest = digest_of(
        result_id=result.pk, seq=seq, at=at, actor_id=actor_id, action=action, content=content, previous=previous
    )
    result.audit_seq, result.audit_head = seq, digest
    event = AuditEvent(
        result=result,
        seq=seq,
        at=at,
        actor_id=actor_id,
        action=action,
        content=content,
        previous=previous,
        digest=digest,
    )
    rows.insert(event)
    return event


def state_of(result: StationResult) -> dict[str, Any]:
    """What the event says the station was after it."""
    return {
        "form": result.form_id,
        "proposed": result.proposed_form_id,
        "review": str(result.review),
        "disputed": result.disputed,
    }


def form_content(form: C1Form) -> dict[str, Any]:
    """What an event says of a form; `verify` compares it with the stored rows."""
    return {
        "uuid": str(form.uuid),
        "hash": form.content_hash,
        "channel": str(form.channel),
        "submitted_by": form.submitted_by_id,
        "received_at": form.received_at.isoformat(),
        "checks": list(form.checks),
        "effective_valid": form.effective_valid,
    }


def verify(results: Any = None, tell: Tell = nobody) -> Iterator[str]:
    """Yield a sentence for every change the chains show.

    Finds an event, form, vote, photo name or decision that was altered, removed or
    added outside the application, and a state that no event explains.
    ``results``: a queryset of station results, all by default; ``tell`` hears how
    many are read.
    """
    results = StationResult.objects.all() if results is None else results
    read, total = 0, results.count()
    for ids in _in_batches(results.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=5000)):
        yield from _verify_batch(ids)
        read += len(ids)
        tell(read, total)


def _in_batches(ids: Iterator[int], size: int = 500) -> Iterator[list[int]]:
    batch: list[int] = []
    for pk in ids:
        batch.append(pk)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _verify_batch(ids: list[int]) -> Iterator[str]:
    results = {result.pk: result for result in StationResult.objects.filter(pk__in=ids)}
    events: dict[int, list[AuditEvent]] = {pk: [] for pk in ids}
    for event in AuditEvent.objects.filter(result__in=ids).order_by("result_id", "seq"):
        events[event.result_id].append(event)
    recorded_forms: dict[str, tuple[int, dict[str, Any]]] = {}
    decisions: dict[int, int] = {}
    readings: dict[int, tuple[int, dict[str, Any]]] = {}
    for pk, chain in events.items():
        yield from _verify_chain(results[pk], chain)
        for event in chain:
            if "uuid" in event.content:
                recorded_forms[event.content["uuid"]] = (pk, event.content)
            if "reading" in event.content:
                readings[event.content["reading"]["id"]] = (pk, event.content["reading"])
            if "decision" in event.content:
                decisions[event.content["decision"]["id"]] = pk
                yield from _verify_decision(pk, event.content["decision"])
    yield from _verify_forms(list(results.values()), recorded_forms)
    for decision in Decision.objects.filter(result__in=ids).exclude(pk__in=decisions):
        yield f"hasil {decision.result_id}: keputusan {decision.pk} tidak tercatat"
    yield from _verify_readings(ids, readings)


def _verify_chain(result: StationResult, chain: list[AuditEvent]) -> Iterator[str]:
    previous = ""
    for number, event in enumerate(chain, start=1):
        expected = digest_of(
            result_id=event.result_id,
            seq=event.seq,
            at=event.at,
            actor_id=event.actor_id,
            action=event.action,
            content=event.content,
            previous=event.previous,
        )
        if event.seq != number:
            yield f"hasil {result.pk}: peristiwa {number} hilang"
        if event.digest != expected or event.previous != previous:
            yield f"hasil {result.pk}: peristiwa {event.seq} berubah"
        previous = event.digest
    if (result.audit_seq, result.audit_head) != (len(chain), previous):
        yield f"hasil {result.pk}: ujung rantai tidak cocok"
    elif chain and chain[-1].content.get("state") != state_of(result):
        yield f"hasil {result.pk}: keadaan berubah tanpa peristiwa"
    elif not chain and result.form_id:
        yield f"hasil {result.pk}: formulir terhitung tanpa peristiwa"


def decision_content(decision: Decision) -> dict[str, Any]:
    """What an event says of a decision; `verify` compares it with the stored row."""
    return {
        "id": decision.pk,
        "form_id": decision.form_id,
        "outcome": str(decision.outcome),
        "reason": decision.reason,
        "decided_by": decision.decided_by_id,
        "decided_at": decision.decided_at.isoformat(),
        "settled_through": decision.settled_through_id,
        # Only where there is one: the content of earlier decisions stays what it was.
        **({"reading": decision.reading_id} if decision.reading_id else {}),
        **({"moved_to": decision.moved_to_id} if decision.moved_to_id else {}),
    }


def reading_content(reading: Reading) -> dict[str, Any]:
    """What an event says of a second reading; `verify` compares it with the stored rows."""
    figures = reading.figures
    return {
        "id": reading.pk,
        "uuid": str(reading.uuid),
        "form_id": reading.form_id,
        "round": reading.round,
        "reader": reading.reader_id,
        "first_reader": reading.first_reader_id,
        "finding": str(reading.finding),
        "differing": list(reading.differing),
        "confirmed": list(reading.confirmed),
        "reason": reading.reason,
        "read_at": reading.read_at.isoformat(),
        "votes": {str(number): votes for number, votes in sorted(figures.votes.items())},
        "values": {name: value for name, value in figures.values.items() if value is not None},
    }


def _verify_decision(result_id: int, said: dict[str, Any]) -> Iterator[str]:
    stored = Decision.objects.filter(pk=said["id"], result=result_id).first()
    if stored is None or decision_content(stored) != said:
        yield f"hasil {result_id}: keputusan {said['id']} berubah"


def _verify_readings(ids: list[int], recorded: dict[int, tuple[int, dict[str, Any]]]) -> Iterator[str]:
    stored = Reading.objects.filter(result__in=ids).prefetch_related("votes__pair")
    found = {reading.pk: reading for reading in stored}
    for pk, (result_id, said) in recorded.items():
        reading = found.pop(pk, None)
        if reading is None or reading.result_id != result_id or reading_content(reading) != said:
            yield f"hasil {result_id}: bacaan {pk} berubah"
    for pk, reading in found.items():
        yield f"hasil {reading.result_id}: bacaan {pk} tidak tercatat"


def _verify_forms(results: list[StationResult], recorded: dict[str, tuple[int, dict[str, Any]]]) -> Iterator[str]:
    contests = {result.contest_id for result in results}
    stations = {result.station_id for result in results}
    keys = {(result.contest_id, result.station_id): result.pk for result in results}
    forms = C1Form.objects.filter(contest__in=contests, station__in=stations).prefetch_related(
        "votes__pair", "photo_names"
    )
    found = set()
    for form in forms.select_related("supersedes"):
        result_id = keys.get((form.contest_id, form.station_id))
        if result_id is None:
            continue
        uuid = str(form.uuid)
        found.add(uuid)
        if uuid not in recorded:
            yield f"hasil {result_id}: formulir {uuid} tidak tercatat"
            continue
        said = recorded[uuid][1]
        if content_hash_of_stored(form) != said["hash"] or any(said[k] != v for k, v in form_content(form).items()):
            yield f"hasil {result_id}: formulir {uuid} berubah"
    for uuid, (result_id, _said) in recorded.items():
        if uuid not in found:
            yield f"hasil {result_id}: formulir {uuid} hilang"
