"""Work beside the requests, as rows of a table: claimed by one run, held while it works, begun anew if it was killed.

The table has ``claim`` (UUID or NULL), ``claimed_until``, ``attempts``, ``created_at`` and ``finished_at``.
A run that was killed says nothing, and once ``claimed_until`` is past another run takes the row. Whatever a run
writes about its row says which claim it holds: of two that believe to have it, one is told `ClaimLost`.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from datetime import timedelta
from typing import IO, Any, TypeVar

from django.core.files.base import File
from django.core.files.storage import Storage
from django.db.models import F, Model, Q, QuerySet
from django.utils import timezone

from sista.database import writing_once

#: A job that failed so often is given up: what it fails by will not go away.
ATTEMPTS = 3
SAY_SECONDS = 2.0
#: Rows that are tried for a claim at once.
TRIED = 20
CHUNK = 1024 * 1024

Job = TypeVar("Job", bound=Model)


class ClaimLost(Exception):
    """Another run has this job now: this one was away for too long."""


def claim_next(unfinished: QuerySet[Job], *, seconds: int, **fields: Any) -> Job | None:
    """Claim the oldest of ``unfinished`` that nobody holds, for so many seconds; ``fields`` are set with it."""
    now = timezone.now()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    for job in unfinished.filter(free).order_by("created_at", "pk")[:TRIED]:
        claim = uuid.uuid4()
        taking = fields | {
            "claim": claim,
            "claimed_until": now + timedelta(seconds=seconds),
            "attempts": F("attempts") + 1,
        }
        with writing_once():
            # Compared and set in one statement: of two runs one gets it.
            taken = unfinished.order_by().select_related(None).filter(free, pk=job.pk).update(**taking)
        if taken:
            job.claim = claim  # type: ignore[attr-defined]
            job.attempts += 1  # type: ignore[attr-defined]
            return job
    return None


def hold(job: Any, *, seconds: int, **fields: Any) -> None:
    """Write ``fields`` about a job and hold it for so many seconds more. Raises `ClaimLost`."""
    until = timezone.now() + timedelta(seconds=seconds)
    mine = type(job)._default_manager.filter(pk=job.pk, claim=job.claim)
    with writing_once():
        if not mine.update(claimed_until=until, **fields):
            raise ClaimLost(job.pk)


def finish(job: Any, **fields: Any) -> bool:
    """Say how it ended, unless another run has the job now."""
    fields |= {"claim": None, "claimed_until": None, "finished_at": timezone.now()}
    with writing_once():
        return bool(type(job)._default_manager.filter(pk=job.pk, claim=job.claim).update(**fields))


class _Held:
    """A file that says, while it is read, that its job is still worked on. Raises `ClaimLost`."""

    def __init__(self, out: IO[bytes], job: Any, seconds: int) -> None:
        self._out, self._job, self._seconds, self._due = out, job, seconds, 0.0

    def read(self, size: int = -1) -> bytes:
        if time.monotonic() >= self._due:
            hold(self._job, seconds=self._seconds)
            self._due = time.monotonic() + SAY_SECONDS
        return self._out.read(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._out, name)


def keep(job: Any, out: IO[bytes], store: Storage, *, seconds: int) -> tuple[int, str]:
    """Put ``out`` in ``store`` as ``job.stored_name``, in place of what is there; return size and SHA-256 (hex).

    A disk may be slow and a store far: the job is held all along, so that no other run takes it meanwhile.
    Raises `ClaimLost` before anything of another run is touched, if one has the job already.
    """
    held: Any = _Held(out, job, seconds)
    size, digest = measured(held)
    hold(job, seconds=seconds)
    store.delete(job.stored_name)
    store.save(job.stored_name, File(held))
    return size, digest


def measured(out: IO[bytes]) -> tuple[int, str]:
    """Size and SHA-256 (hex) of a file that stands at its beginning, where it is left again."""
    digest = hashlib.sha256()
    while chunk := out.read(CHUNK):
        digest.update(chunk)
    size = out.tell()
    out.seek(0)
    return size, digest.hexdigest()
