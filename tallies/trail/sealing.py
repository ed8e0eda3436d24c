"""Seal what was recorded into one chain, and hold the seals against what is stored.

Whoever can write the database can rewrite a whole chain with its head. The
seals chain all heads together; their newest digest, written down or sent
elsewhere each hour, is what nobody can rewrite any more.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import IntegrityError, connection
from django.db.models import Max, QuerySet
from django.utils import timezone

from accounts.models import AdministrativeEvent
from sista.database import writing
from tallies.models import AuditEvent, AuditSeal, RecapEvent

log = logging.getLogger(__name__)

#: Each kind of event, without those of practice elections. The names stand in stored seals.
SOURCES: dict[str, Callable[[], QuerySet[Any]]] = {
    "figures": lambda: AuditEvent.objects.filter(result__contest__election__practice_of=None),
    "recaps": lambda: RecapEvent.objects.filter(result__contest__election__practice_of=None),
    "acts": AdministrativeEvent.objects.all,
}
_TABLES = {"figures": AuditEvent, "recaps": RecapEvent, "acts": AdministrativeEvent}
HEADS_FOLDER = "seal-heads"


def seal_new() -> int:
    """Seal the events that the last seal had seen; return how many. Nothing new: no seal.

    A seal goes no further than its predecessor had seen, and only once every
    transaction of that time has ended: keys commit out of order, and one that
    appeared inside a sealed range would look like an insertion.
    """
    last = AuditSeal.objects.order_by("-seq").first()
    if last is not None and _older_work_runs(last.at):
        return 0
    seen = {name: model.objects.aggregate(upto=Max("pk"))["upto"] or 0 for name, model in _TABLES.items()}
    after = _sealed_upto(last)
    upto = last.seen if last else after
    if last is not None and upto == after and seen == upto:
        return 0
    ranges = {name: _range(name, after[name], upto[name]) for name in SOURCES}
    seal = AuditSeal(
        seq=last.seq + 1 if last else 1,
        at=_now(),
        ranges=ranges,
        seen=seen,
        previous=last.digest if last else "",
    )
    seal.digest = digest_of(seal)
    try:
        with writing():
            seal.save(force_insert=True)
    except IntegrityError:
        return 0  # another sealer was quicker, over the same events
    return sum(one["count"] for one in ranges.values())


def digest_of(seal: AuditSeal) -> str:
    """SHA-256 (hex) over the canonical JSON of a seal and the digest before it."""
    body = [seal.seq, seal.at.isoformat(), seal.ranges, seal.seen, seal.previous]
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def verify(head: str = "") -> Iterator[str]:
    """Yield a sentence for every seal that is not what is stored.

    ``head``: a digest that was written down; a sentence when no sound seal has it.
    """
    previous, number, upto, found = "", 0, dict.fromkeys(SOURCES, 0), False
    for seal in AuditSeal.objects.order_by("seq").iterator(chunk_size=500):
        number += 1
        if seal.seq != number or seal.previous != previous or seal.digest != digest_of(seal):
            yield f"segel {seal.seq}: berubah, atau yang sebelumnya hilang"
        for name in SOURCES:
            said = seal.ranges[name]
            if said["after"] != upto[name]:
                yield f"segel {seal.seq}: tidak menyambung ({name})"
            if said != _range(name, said["after"], said["upto"]):
                yield f"segel {seal.seq}: peristiwa {name} {said['after'] + 1} sampai {said['upto']} berubah"
            upto[name] = said["upto"]
        previous, number = seal.digest, seal.seq
        found = found or seal.digest == head
    if head and not found:
        yield f"kepala {head}: tidak ada segel dengan sidik ini"


def publish_head() -> int:
    """Keep the newest digest as a file of its hour and as a log line, for who keeps a copy elsewhere."""
    seal = AuditSeal.objects.order_by("-seq").first()
    if seal is None:
        return 0
    log.info("audit head %s %s %s", seal.seq, seal.at.isoformat(timespec="seconds"), seal.digest)
    name = f"{HEADS_FOLDER}/{seal.at:%Y-%m-%dT%H}.txt"
    store = storages["exports"]
    if store.exists(name):
        return 0
    store.save(name, ContentFile(f"{seal.seq} {seal.at.isoformat()} {seal.digest}\n".encode()))
    return 1


def _sealed_upto(last: AuditSeal | None) -> dict[str, int]:
    return {name: last.ranges[name]["upto"] if last else 0 for name in SOURCES}


def _range(name: str, after: int, upto: int) -> dict[str, Any]:
    sha, count = hashlib.sha256(), 0
    if upto > after:
        rows = SOURCES[name]().filter(pk__gt=after, pk__lte=upto).order_by("pk").values_list("digest", flat=True)
        for digest in rows.iterator(chunk_size=5000):
            sha.update(digest.encode())
            count += 1
    return {"after": after, "upto": upto, "count": count, "sha256": sha.hexdigest()}


def _now() -> datetime:
    """Now, by the clock that says when a transaction began."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        [now] = cursor.fetchone()
    return now.astimezone(UTC)


def _older_work_runs(since: datetime) -> bool:
    """True while a transaction of ours that began before ``since`` is open. SQLite has one writer, who is us."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
            " AND usename = current_user AND pid <> pg_backend_pid() AND xact_start <= %s)",
            [since],
        )
        return bool(cursor.fetchone()[0])
