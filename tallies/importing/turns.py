"""Files that are too long for a request are looked at and imported beside the requests, one run at a time each.

A run claims a file and says so again while it works, as those do that write
files (`tallies.exports.jobs`): one that was killed says nothing, and after a
minute another begins anew.
"""

from __future__ import annotations

import logging
import time
import uuid
from datetime import timedelta
from typing import Any

from django.db.models import F, Q
from django.utils import timezone, translation

from sista.database import writing_once
from sista.spreadsheets.limits import FileRefused
from tallies.importing.confirming import CLAIM_SECONDS, ClaimLost
from tallies.importing.ways import Tell, Way
from tallies.models import FileImport, ImportState

log = logging.getLogger(__name__)

#: Rows that are looked at or imported while the person waits: a second.
DIRECT_ROWS = 2000
SAY_SECONDS = 2.0
ATTEMPTS = 3


def is_short(one: FileImport) -> bool:
    return one.rows_of <= DIRECT_ROWS


def run_waiting(way: Way) -> int:
    """Work on the files that wait, the oldest first; return how many were done."""
    return sum(run(way, one) for one in waiting(way))


def waiting(way: Way) -> Any:
    """The files that nobody works on, the oldest first, a few of them."""
    return way.model.objects.working().filter(_free()).order_by("pk")[:20]


def run(way: Way, one: Any, tell: Tell | None = None) -> bool:
    """Do what its state asks for, unless another run is at it; return whether it was done. ``one`` is read anew."""
    claimed = _claim(one)
    done = bool(claimed) and _work(way, one, tell)
    one.refresh_from_db()
    return done


def _free() -> Q:
    return Q(claimed_until=None) | Q(claimed_until__lt=timezone.now())


def _claim(one: Any) -> bool:
    claim = uuid.uuid4()
    until = timezone.now() + timedelta(seconds=CLAIM_SECONDS)
    with writing_once():
        # Compared and set in one statement: of two runs one gets it.
        taken = (
            type(one)
            .objects.working()
            .filter(_free(), pk=one.pk)
            .update(claim=claim, claimed_until=until, attempts=F("attempts") + 1, rows_done=0)
        )
    if taken:
        one.refresh_from_db()
    return bool(taken) and one.claim == claim


def _work(way: Way, one: Any, tell: Tell | None) -> bool:
    if one.attempts > ATTEMPTS:
        return _finish(one, state=ImportState.FAILED)
    began = time.monotonic()
    try:
        with translation.override(one.language):
            if one.state == ImportState.CHECKING:
                fields = way.look(one, _both(_telling(one), tell)) | {"state": ImportState.READY}
            else:
                fields = way.write(one, tell or _nobody) | {"rows_done": F("rows_of"), "state": ImportState.DONE}
    except FileRefused as refused:
        fields = {"report": {"refused": str(refused)}}
        fields["state"] = ImportState.REFUSED if one.state == ImportState.CHECKING else ImportState.FAILED
    except FileNotFoundError:
        fields = {"state": ImportState.FAILED}
    except ClaimLost:
        return False
    log.info("%s %s: %s after %.1f s", one._meta.model_name, one.uuid, fields["state"], time.monotonic() - began)
    return _finish(one, **fields)


def _nobody(_rows: int) -> None:
    pass


def _both(*those: Tell | None) -> Tell:
    def tell(rows: int) -> None:
        for one in those:
            if one:
                one(rows)

    return tell


def _telling(one: Any) -> Tell:
    """What says how many rows are read, and holds the claim, every two seconds. Raises `ClaimLost`."""
    due = time.monotonic() + SAY_SECONDS

    def tell(rows: int) -> None:
        nonlocal due
        if time.monotonic() < due:
            return
        until = timezone.now() + timedelta(seconds=CLAIM_SECONDS)
        with writing_once():
            if not _own(one).update(rows_done=rows, claimed_until=until):
                raise ClaimLost(one.pk)
        due = time.monotonic() + SAY_SECONDS

    return tell


def _own(one: Any) -> Any:
    return type(one).objects.filter(pk=one.pk, claim=one.claim)


def _finish(one: Any, **fields: Any) -> bool:
    """Say how it ended, unless another run has it now."""
    with writing_once():
        return bool(_own(one).update(**fields, claim=None, claimed_until=None))
