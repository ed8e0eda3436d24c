"""Files of letters are asked for, made beside the requests, kept a day for who asked, removed; the letters stay.

Claimed as `sista.claimed_jobs` says. A batch is made kecamatan by kecamatan: what is whole stays, also when the
run is killed, and the next one goes on behind it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import IntegrityError
from django.db.models import Sum
from django.utils import timezone, translation

from accounts import recording
from regions.models import Level, Region
from sista import claimed_jobs
from sista.claimed_jobs import ATTEMPTS, SAY_SECONDS, ClaimLost
from sista.database import writing, writing_once
from tallies.mandates import issuing, planning
from tallies.mandates.issuing import CLAIM_SECONDS, Moving
from tallies.models import (
    Assignment,
    Election,
    MandateBatch,
    MandateFile,
    MandateProblem,
    MandateState,
    PageFormat,
    Phase,
    Printed,
)

log = logging.getLogger(__name__)


class TooManyBatches(Exception):
    """This person has as many files as somebody may keep at once."""


class Refused(Exception):
    """No letters are printed for this region, or this election."""


def store() -> Storage:
    return storages["exports"]


# Asking


def ask(
    election: Election,
    region: Region,
    *,
    by: Any,
    origin: str,
    page_format: str = PageFormat.A4,
    printed: str = Printed.MISSING,
    assignment: Assignment | None = None,
    reason: str = "",
) -> MandateBatch:
    """Put letters in the queue, and return their batch; the same one while it is not done.

    Raises `Refused` above a kabupaten and for an election that is over, `TooManyBatches`.
    """
    if region.level < Level.REGENCY or election.phase == Phase.CLOSED:
        raise Refused
    mine = MandateBatch.objects.unfinished()
    same: dict[str, Any] = {"assignment": assignment}
    if assignment is None:
        same |= {"made_by": by, "election": election, "region": region}
    now = timezone.now()
    if known := mine.filter(**same, expires_at__gt=now).first():
        return known
    remove_expired()
    kept = MandateBatch.objects.filter(made_by=by, assignment=None)
    kept = kept.exclude(state__in=[MandateState.REMOVED, MandateState.FAILED])
    if assignment is None and kept.count() >= settings.EXPORTS_PER_PERSON:
        raise TooManyBatches
    wanted = same | {
        "made_by": by,
        "election": election,
        "region": region,
        "page_format": page_format,
        "printed": printed,
        "reason": reason,
        "origin": origin.rstrip("/"),
        "language": translation.get_language() or settings.LANGUAGE_CODE,
        "expires_at": now + timedelta(hours=settings.EXPORT_HOURS),
    }
    try:
        with writing():
            return MandateBatch.objects.create(**wanted)
    except IntegrityError:
        # Pressed twice at once: the other press was quicker.
        return mine.get(**same)


# Working


def run_waiting() -> int:
    """Make the letters that wait, the oldest batch first; return how many batches were done."""
    done = 0
    waiting = MandateBatch.objects.unfinished().select_related("made_by__region", "election", "region", "assignment")
    while True:
        batch = claimed_jobs.claim_next(
            waiting.filter(expires_at__gt=timezone.now()), seconds=CLAIM_SECONDS, state=MandateState.RUNNING
        )
        if batch is None:
            return done
        done += _run(batch)


def _run(batch: MandateBatch) -> bool:
    maker = batch.made_by
    if batch.attempts > ATTEMPTS:
        return _fail(batch, MandateProblem.GIVEN_UP)
    # Moved to another region or role, or the election closed, since it was asked for.
    if not maker.may_decide or maker.scope is None or not maker.scope.contains(batch.region):
        return _fail(batch, MandateProblem.NO_RIGHT)
    if batch.election.phase == Phase.CLOSED:
        return _fail(batch, MandateProblem.CLOSED)
    began = time.monotonic()
    try:
        with translation.override(batch.language):
            _make_files(batch)
    except ClaimLost:
        return False
    made = _letters(batch)
    if not made:
        return _fail(batch, MandateProblem.NOBODY)
    log.info("mandates %s: %s letters in %.1f s", batch.uuid, made, time.monotonic() - began)
    return claimed_jobs.finish(batch, state=MandateState.READY, letters_done=made, letters_of=made)


def _make_files(batch: MandateBatch) -> None:
    done = _letters(batch)
    total = done + planning.wanted(batch).count()
    claimed_jobs.hold(batch, seconds=CLAIM_SECONDS, letters_done=done, letters_of=total)
    for district in planning.parts(batch):
        file, _new = MandateFile.objects.get_or_create(batch=batch, region=district)
        if file.sha256:
            continue  # whole; who was assigned since gets a letter from the next batch
        try:
            done += issuing.make_file(batch, file, store(), _telling(batch, done))
        except Moving:
            log.warning("mandates %s: %s keeps changing, begun anew later", batch.uuid, district.code)
            raise ClaimLost(batch.pk) from None
        claimed_jobs.hold(batch, seconds=CLAIM_SECONDS, letters_done=done)


def _telling(batch: MandateBatch, before: int) -> Callable[[int], None]:
    """What says how many letters are written, and holds the claim, every two seconds. Raises `ClaimLost`."""
    due = time.monotonic() + SAY_SECONDS

    def tell(written: int) -> None:
        nonlocal due
        if time.monotonic() < due:
            return
        claimed_jobs.hold(batch, seconds=CLAIM_SECONDS, letters_done=before + written)
        due = time.monotonic() + SAY_SECONDS

    return tell


def _letters(batch: MandateBatch) -> int:
    return batch.files.aggregate(n=Sum("letters"))["n"] or 0


def _fail(batch: MandateBatch, problem: MandateProblem) -> bool:
    """What was made until then can be fetched all the same, and says how much it is."""
    return claimed_jobs.finish(batch, state=MandateState.FAILED, problem=problem)


# Handing out, removing


def record_download(batch: MandateBatch, files: list[MandateFile], *, by: Any) -> None:
    content = {
        "batch": str(batch.uuid),
        "files": [{"region": one.region.code, "letters": one.letters, "sha256": one.sha256} for one in files],
    }
    recording.record("mandates downloaded", by=by, region=batch.region, subject=batch, content=content)


def remove(batch: MandateBatch) -> None:
    """Remove the files; letters and links stay as they are. Killed in between, the sweep does it again."""
    for file in batch.files.exclude(stored_name=""):
        store().delete(file.stored_name)
    fields = {"state": MandateState.REMOVED, "problem": "", "claim": None, "claimed_until": None}
    with writing_once():
        MandateBatch.objects.filter(pk=batch.pk).update(**fields)


def remove_expired() -> int:
    """Remove the files whose day is over; return of how many batches."""
    number = 0
    over = MandateBatch.objects.exclude(state=MandateState.REMOVED).filter(expires_at__lte=timezone.now())
    for batch in over[:500]:
        remove(batch)
        number += 1
    return number
