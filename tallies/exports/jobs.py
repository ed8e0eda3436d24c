"""The files that take too long for a request: asked for, written beside the requests, kept a day, removed.

Claimed as `sista.claimed_jobs` says; a file begun anew is the same file under the
same name. The reading is one snapshot
(`tallies.exports.files`), so what a run says goes over a connection of its own.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files.storage import Storage, storages
from django.db import IntegrityError, connection
from django.db.models import F
from django.http import Http404
from django.utils import timezone, translation

from sista import claimed_jobs
from sista.claimed_jobs import ATTEMPTS, SAY_SECONDS, ClaimLost
from sista.database import writing, writing_once
from tallies.exports import files
from tallies.exports.tables import Filters, NoSuchTable, Table, table_of
from tallies.models import ExportJob, ExportState
from tallies.totals.places import Place, place_for

log = logging.getLogger(__name__)

CLAIM_SECONDS = 60


class TooManyFiles(Exception):
    """This person has as many files as somebody may keep."""


def store() -> Storage:
    return storages["exports"]


# Asking


def ask(place: Place, table: str, filters: Filters, file_format: str, *, rows: int, by: Any) -> ExportJob:
    """Put a file in the queue, and return its job; the same one while it is not done. Raises `TooManyFiles`."""
    wanted = {
        "owner": by,
        "election": place.election,
        "region": place.region,
        "table": table,
        "query": _written(filters, place),
        "file_format": file_format,
        "language": translation.get_language() or settings.LANGUAGE_CODE,
    }
    now = timezone.now()
    known = ExportJob.objects.unfinished().filter(**wanted).first()
    if known and known.expires_at > now:
        return known
    if known:
        remove(known)  # nobody wrote it in time, and its page is gone
    if ExportJob.objects.filter(owner=by, expires_at__gt=now).count() >= settings.EXPORTS_PER_PERSON:
        raise TooManyFiles
    expires = now + timedelta(hours=settings.EXPORT_HOURS)
    try:
        with writing():
            return ExportJob.objects.create(**wanted, rows_of=rows, expires_at=expires)
    except IntegrityError:
        # Pressed twice at once: the other press was quicker.
        return ExportJob.objects.unfinished().get(**wanted)


def _written(filters: Filters, place: Place) -> str:
    """The filters as one text; with the office, which the address may leave out."""
    said = filters.query | ({"jabatan": place.office} if place.office else {})
    return urlencode(sorted(said.items()))


def _read(query: str) -> Filters:
    return Filters.read(dict(parse_qsl(query)))


def remove(job: ExportJob) -> None:
    """Remove the file, then what tells of it: killed between the two, the sweep does it again."""
    store().delete(job.stored_name)
    with writing_once():
        job.delete()


# Working


def run_waiting() -> int:
    """Write the files that wait, the oldest first; return how many were done."""
    done = 0
    while job := _claim_next():
        done += _run(job)
    return done


def _claim_next() -> ExportJob | None:
    waiting = ExportJob.objects.unfinished().filter(expires_at__gt=timezone.now())
    waiting = waiting.select_related("owner__region", "election", "region")
    return claimed_jobs.claim_next(waiting, seconds=CLAIM_SECONDS, state=ExportState.RUNNING, rows_done=0)


def _run(job: ExportJob) -> bool:
    if job.attempts > ATTEMPTS:
        return _finish(job, state=ExportState.FAILED)
    began = time.monotonic()
    try:
        with _telling(job) as tell, translation.override(job.language):
            out = files.written(lambda: _table(job), job.file_format, tell)
        with out:
            size, digest = claimed_jobs.keep(job, out, store(), seconds=CLAIM_SECONDS)
    except (Http404, NoSuchTable, PermissionDenied):
        # Moved to another region or role, or closed, since it was asked for.
        return _finish(job, state=ExportState.FAILED)
    except ClaimLost:
        return False
    log.info("export %s: %s bytes in %.1f s", job.uuid, size, time.monotonic() - began)
    if _finish(job, state=ExportState.READY, size=size, sha256=digest):
        return True
    if not ExportJob.objects.filter(pk=job.pk).exists():
        # Removed while it was written: nobody knows of the file any more.
        store().delete(job.stored_name)
    return False


def _table(job: ExportJob) -> Table:
    """The table as its owner may see it now."""
    filters = _read(job.query)
    place = place_for(job.owner, job.election.slug, job.region.code, office=filters.office)
    if place.office != filters.office:
        raise NoSuchTable(filters.office)
    return table_of(job.owner, place, job.table, filters)


def _finish(job: ExportJob, **fields: Any) -> bool:
    if fields["state"] == ExportState.READY:
        fields["rows_done"] = F("rows_of")
    return claimed_jobs.finish(job, **fields)


@contextmanager
def _telling(job: ExportJob) -> Iterator[Callable[[int], None]]:
    """Yield what says how many rows are done, and holds the claim, every two seconds. Raises `ClaimLost`."""
    # The other connection reads one moment and must not write.
    beside = connection.copy()
    due = time.monotonic() + SAY_SECONDS
    sql = "UPDATE tallies_exportjob SET rows_done = %s, claimed_until = %s WHERE id = %s AND claim = %s"

    def tell(rows: int) -> None:
        nonlocal due
        if time.monotonic() < due:
            return
        until = timezone.now() + timedelta(seconds=CLAIM_SECONDS)
        values = [rows, beside.ops.adapt_datetimefield_value(until), job.pk, _stored_claim(job.claim)]
        with writing_once(), beside.cursor() as cursor:
            cursor.execute(sql, values)
            if not cursor.rowcount:
                raise ClaimLost(job.pk)
        due = time.monotonic() + SAY_SECONDS

    try:
        yield tell
    finally:
        beside.close()


def _stored_claim(claim: uuid.UUID | None) -> Any:
    return ExportJob._meta.get_field("claim").get_db_prep_value(claim, connection)


# Removing


def remove_expired() -> int:
    """Remove the files whose day is over, and what tells of them."""
    number = 0
    for job in ExportJob.objects.filter(expires_at__lte=timezone.now())[:500]:
        remove(job)
        number += 1
    return number
