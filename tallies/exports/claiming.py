"""How long work beside the requests is shared out: claimed by one run, said again while it works, else taken over.

For jobs with ``claim``, ``claimed_until``, ``attempts``, ``state``, ``steps_done``, ``steps_of``, ``finished_at``.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from sista.database import writing_once
from tallies.exports.jobs import ClaimLost

CLAIM_SECONDS = 120
SAY_SECONDS = 2.0
CHUNK = 1024 * 1024

#: Told how many of how many steps are done.
Tell = Callable[[int, int], None]


def claim_next(unfinished: QuerySet[Any], running: str) -> Any:
    """Take the oldest job of ``unfinished`` that nobody works on; None when there is none."""
    now = timezone.now()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    for job in unfinished.filter(free, expires_at__gt=now).order_by("created_at", "pk")[:20]:
        claim = uuid.uuid4()
        fields = {
            "claim": claim,
            "claimed_until": now + timedelta(seconds=CLAIM_SECONDS),
            "state": running,
            "attempts": F("attempts") + 1,
            "steps_done": 0,
        }
        with writing_once():
            # Compared and set in one statement: of two runs one gets it.
            taken = unfinished.model.objects.unfinished().filter(free, pk=job.pk).update(**fields)
        if taken:
            job.claim = claim
            job.attempts += 1
            return job
    return None


def finish(job: Any, **fields: Any) -> bool:
    """Say how it ended, unless another run has the job now."""
    fields |= {"claim": None, "claimed_until": None, "finished_at": timezone.now(), "steps_done": F("steps_of")}
    with writing_once():
        return bool(type(job).objects.filter(pk=job.pk, claim=job.claim).update(**fields))


def telling(job: Any) -> Tell:
    """What says how many steps are done, and holds the claim, every two seconds. Raises `ClaimLost`."""
    due = 0.0

    def tell(done: int, of: int) -> None:
        nonlocal due
        if time.monotonic() < due:
            return
        until = timezone.now() + timedelta(seconds=CLAIM_SECONDS)
        mine = type(job).objects.filter(pk=job.pk, claim=job.claim)
        with writing_once():
            if not mine.update(steps_done=done, steps_of=of, claimed_until=until):
                raise ClaimLost(job.pk)
        due = time.monotonic() + SAY_SECONDS

    return tell


def measured(path: Path) -> tuple[int, str]:
    """Size and SHA-256 (hex) of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return path.stat().st_size, digest.hexdigest()
