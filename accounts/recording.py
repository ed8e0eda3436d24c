"""Write down what somebody did, in the transaction in which it is done.

An event belongs to the chain of its kabupaten (of the provinsi or the nation,
where it is about one), or, without a region, to one of a few chains that people
share: writers in different kabupaten never wait for each other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.utils import timezone

from accounts.models import AdministrativeEvent, EventChain
from regions.models import Level, Region
from sista.database import writing

#: Chains that events without a region share, by who did it.
SHARED_CHAINS = 32


@dataclass(frozen=True)
class Act:
    """Something that was done. ``action``: a code in lower case ("assignment made"); ``content``: plain JSON."""

    action: str
    region: Region | None = None
    subject: Model | None = None
    content: dict[str, Any] = field(default_factory=dict)


def record(
    action: str,
    *,
    by: Any,
    region: Region | None = None,
    subject: Model | None = None,
    content: dict[str, Any] | None = None,
) -> AdministrativeEvent:
    """Append one event. Call it inside the transaction of what it records; alone it is one by itself."""
    return record_all([Act(action, region, subject, content or {})], by=by)[0]


def record_all(acts: Iterable[Act], *, by: Any) -> list[AdministrativeEvent]:
    """Append many events of one person at one moment: each chain is locked once, in the order of the keys."""
    at = timezone.now()
    actor_id = by.pk if by else None
    by_chain: dict[str, list[Act]] = {}
    keys: dict[int, str] = {}
    for act in acts:
        by_chain.setdefault(_key(act.region, actor_id, keys), []).append(act)
    made: list[AdministrativeEvent] = []
    with writing():
        for key in sorted(by_chain):
            chain = _locked(key)
            events = [_appended(chain, act, at, actor_id) for act in by_chain[key]]
            made += AdministrativeEvent.objects.bulk_create(events, batch_size=1000)
            chain.save(update_fields=["seq", "head"])
    return made


def subject_of(thing: Model | None) -> str:
    """``model:key``, as events name what they are about."""
    return "" if thing is None else f"{thing._meta.model_name}:{thing.pk}"


def digest_of(key: str, event: AdministrativeEvent) -> str:
    """SHA-256 (hex) over the canonical JSON of an event, its chain's key and the digest before it."""
    body = [
        *(key, event.seq, event.at.isoformat(), event.actor_id, event.action, event.region_id),
        *(event.subject, event.content, event.previous),
    ]
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def verify() -> Iterator[str]:
    """Yield a sentence for every event that was altered, removed or added outside the application."""
    for chain in EventChain.objects.order_by("key"):
        previous, number = "", 0
        for event in chain.events.order_by("seq").iterator(chunk_size=2000):
            number += 1
            if event.seq != number:
                yield f"{chain.key}: peristiwa {number} hilang"
                number = event.seq
            if event.previous != previous or event.digest != digest_of(chain.key, event):
                yield f"{chain.key}: peristiwa {event.seq} berubah"
            previous = event.digest
        if (chain.seq, chain.head) != (number, previous):
            yield f"{chain.key}: ujung rantai tidak cocok"


def _appended(chain: EventChain, act: Act, at: datetime, actor_id: int | None) -> AdministrativeEvent:
    event = AdministrativeEvent(
        chain=chain,
        seq=chain.seq + 1,
        at=at,
        actor_id=actor_id,
        action=act.action,
        region=act.region,
        subject=subject_of(act.subject),
        content=act.content,
        previous=chain.head,
    )
    event.digest = digest_of(chain.key, event)
    chain.seq, chain.head = event.seq, event.digest
    return event


def _locked(key: str) -> EventChain:
    chain = EventChain.objects.select_for_update().filter(key=key).first()
    if chain is None:
        EventChain.objects.get_or_create(key=key)
        chain = EventChain.objects.select_for_update().get(key=key)
    return chain


def _key(region: Region | None, actor_id: int | None, known: dict[int, str]) -> str:
    if region is None:
        return f"orang:{(actor_id or 0) % SHARED_CHAINS:02d}"
    if region.pk not in known:
        known[region.pk] = f"wilayah:{_chained_region(region)}"
    return known[region.pk]


def _chained_region(region: Region) -> str:
    if region.level <= Level.REGENCY:
        return region.code
    return Region.objects.ancestors_of(region).get(level=Level.REGENCY).code
