"""Packs are asked for, made beside the requests, kept a day, removed; what they were stays written down.

Claimed as `sista.claimed_jobs` says; a pack begun anew has the same name.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.db.models import F
from django.utils import timezone

from accounts import recording
from analytics.evidence.making import DoesNotVerify, TotalsMoving, write_pack
from analytics.evidence.subject import Subject
from analytics.models import EvidenceDownload, EvidencePack, EvidenceProblem, EvidenceState
from sista import claimed_jobs
from sista.claimed_jobs import ATTEMPTS, SAY_SECONDS, ClaimLost
from sista.database import writing, writing_once
from tallies.exports.jobs import store

log = logging.getLogger(__name__)

CLAIM_SECONDS = 120


class TooManyPacks(Exception):
    """This person has as many packs as somebody may keep at once."""


class TooLarge(Exception):
    """More stations than a pack takes."""


# Asking


def ask(subject: Subject, *, by: Any, origin: str) -> EvidencePack:
    """Put a pack in the queue, and return it; the same one while it is not done.

    ``origin``: the address of this installation, for the QR codes. Raises `TooManyPacks`, `TooLarge`.
    """
    wanted = {"made_by": by, "contest": subject.contest, "region": subject.region, "finding": subject.finding}
    now = timezone.now()
    mine = EvidencePack.objects.unfinished()
    if known := mine.filter(**wanted, expires_at__gt=now).first():
        return known
    remove_expired_packs()  # one that nobody made in its day would stand in the way
    if subject.is_too_large(by):
        raise TooLarge
    kept = EvidencePack.objects.filter(made_by=by).exclude(state__in=[EvidenceState.REMOVED, EvidenceState.FAILED])
    if kept.count() >= settings.EVIDENCE_PER_PERSON:
        raise TooManyPacks
    expires = now + timedelta(hours=settings.EVIDENCE_HOURS)
    try:
        with writing():
            return EvidencePack.objects.create(**wanted, origin=origin.rstrip("/"), expires_at=expires)
    except IntegrityError:
        # Pressed twice at once: the other press was quicker.
        return mine.get(**wanted)


# Working


def make_waiting() -> int:
    """Make the packs that wait, the oldest first; return how many were done."""
    done = 0
    while pack := _claim_next():
        done += _run(pack)
    return done


def _claim_next() -> EvidencePack | None:
    rows = EvidencePack.objects.unfinished().filter(expires_at__gt=timezone.now())
    rows = rows.select_related("made_by__region", "contest__election", "contest__region", "region", "finding")
    return claimed_jobs.claim_next(rows, seconds=CLAIM_SECONDS, state=EvidenceState.RUNNING, steps_done=0)


def _run(pack: EvidencePack) -> bool:
    if pack.attempts > ATTEMPTS:
        return _fail(pack, EvidenceProblem.GIVEN_UP)
    subject = Subject.of_pack(pack)
    maker = pack.made_by
    # Moved to another region or role, or closed, since it was asked for.
    if not maker.may_decide or maker.scope is None or not maker.scope.contains(pack.region):
        return _fail(pack, EvidenceProblem.NO_RIGHT)
    if subject.is_too_large(maker):
        return _fail(pack, EvidenceProblem.TOO_LARGE)
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="sista-evidence-") as folder:
            path = Path(folder) / "bukti.zip"
            made = write_pack(pack, path, _telling(pack))
            with path.open("rb") as stream:
                size, digest = claimed_jobs.keep(pack, stream, store(), seconds=CLAIM_SECONDS)
    except TotalsMoving:
        return _fail(pack, EvidenceProblem.MOVING)
    except DoesNotVerify:
        return _fail(pack, EvidenceProblem.DOES_NOT_VERIFY)
    except ClaimLost:
        return False
    log.info("evidence %s: %s bytes in %.1f s", pack.uuid, size, time.monotonic() - began)
    ready = _finish(
        pack,
        state=EvidenceState.READY,
        as_of=made.as_of,
        stations=made.stations,
        stations_in=made.stations_in,
        photos=made.photos,
        manifest_sha256=made.manifest_sha256,
        size=size,
        sha256=digest,
    )
    if not ready and not EvidencePack.objects.unfinished().filter(pk=pack.pk).exists():
        # Removed while it was made, or the election is gone: nobody knows of the file any more.
        store().delete(pack.stored_name)
    return ready


def _fail(pack: EvidencePack, problem: EvidenceProblem) -> bool:
    return _finish(pack, state=EvidenceState.FAILED, problem=problem)


def _finish(pack: EvidencePack, **fields: Any) -> bool:
    return claimed_jobs.finish(pack, steps_done=F("steps_of"), **fields)


def _telling(pack: EvidencePack) -> Callable[[int, int], None]:
    """What says how many steps are done, and holds the claim, every two seconds. Raises `ClaimLost`."""
    due = 0.0

    def tell(done: int, of: int) -> None:
        nonlocal due
        if time.monotonic() < due:
            return
        claimed_jobs.hold(pack, seconds=CLAIM_SECONDS, steps_done=done, steps_of=of)
        due = time.monotonic() + SAY_SECONDS

    return tell


# Handing out, removing


def record_download(pack: EvidencePack, *, by: Any) -> None:
    with writing():
        EvidenceDownload.objects.create(pack=pack, by=by, manifest_sha256=pack.manifest_sha256)
        content = {"manifest": pack.manifest_sha256}
        recording.record("evidence downloaded", by=by, region=pack.region, subject=pack, content=content)


def remove(pack: EvidencePack) -> None:
    """Remove the file; the row stays. Killed between the two, the sweep does it again."""
    store().delete(pack.stored_name)
    fields = {"state": EvidenceState.REMOVED, "problem": "", "claim": None, "claimed_until": None}
    with writing_once():
        EvidencePack.objects.filter(pk=pack.pk).update(**fields)


def remove_expired_packs() -> int:
    """Remove the files whose day is over; return how many."""
    number = 0
    over = EvidencePack.objects.exclude(state__in=[EvidenceState.REMOVED, EvidenceState.FAILED])
    for pack in over.filter(expires_at__lte=timezone.now())[:500]:
        remove(pack)
        number += 1
    return number
