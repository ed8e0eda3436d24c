"""A file that was looked at is confirmed, held by the run that writes it, and undone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from accounts import recording
from sista.database import writing
from tallies.models import FileImport, ImportState

CLAIM_SECONDS = 60
_WRITTEN = (ImportState.DONE, ImportState.FAILED)


class ClaimLost(Exception):
    """Another run has this import now: this one was away for too long."""


class Busy(Exception):
    """Another import of this kind and election is running."""


class NotUndone(Exception):
    """It cannot be undone: something newer stands on it, or nothing of it stands. Its text may say what."""


def confirm(one: FileImport, *, by: Any) -> bool:
    """Let a file that was looked at be written; False where that was done already. Raises `Busy`."""
    ready = type(one).objects.filter(pk=one.pk, state=ImportState.READY, rows_fit__gt=0)
    fields = {"imported_by": by, "imported_at": timezone.now(), "attempts": 0, "rows_done": 0}
    try:
        with writing():
            confirmed = bool(ready.update(state=ImportState.IMPORTING, **fields))
            if confirmed:
                said = {"election": one.election.slug, "file": one.sha256, "rows": one.rows_fit}
                recording.record("import confirmed", by=by, region=one.region, subject=one, content=said)
            return confirmed
    except IntegrityError as error:
        raise Busy from error


def hold(one: Any, done: int) -> None:
    """Say how far it is, in the batch's own transaction: a run that lost its claim writes nothing."""
    mine = type(one).objects.filter(pk=one.pk, claim=one.claim, state=ImportState.IMPORTING)
    until = timezone.now() + timedelta(seconds=CLAIM_SECONDS)
    if not mine.update(rows_done=done, claimed_until=until):
        raise ClaimLost(one.pk)


def was_written(one: FileImport) -> bool:
    return one.state in _WRITTEN and one.imported_at is not None


@contextmanager
def undoing(one: FileImport, *, by: Any) -> Iterator[None]:
    """One transaction in which ``one`` is undone: as if it ran, so that no import of the election can begin in it.

    Raises `NotUndone` where there is nothing to undo, and `Busy` while an import of the election runs.
    """
    own = type(one).objects.filter(pk=one.pk)
    with writing():
        written = own.filter(state__in=_WRITTEN, imported_at__isnull=False)
        try:
            if not written.update(state=ImportState.IMPORTING):
                raise NotUndone
        except IntegrityError as error:
            raise Busy from error
        yield
        own.update(state=ImportState.UNDONE, undone_by=by, undone_at=timezone.now(), claim=None, claimed_until=None)
