"""Archives of a region are asked for, written beside the requests, kept a day, removed.

Claimed as `sista.claimed_jobs` says; one begun anew has the same name.
"""

from __future__ import annotations

import logging
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.db import IntegrityError
from django.db.models import F, Sum
from django.utils import timezone

from accounts import recording
from regions.models import Region
from sista import claimed_jobs
from sista.claimed_jobs import ATTEMPTS, SAY_SECONDS, ClaimLost
from sista.database import writing, writing_once
from tallies.archive.browsing import is_packable
from tallies.archive.packing import Tell, write_pack
from tallies.archive.verifying import photos_of
from tallies.exports.jobs import store
from tallies.models import ArchivePack, Election, ExportState

log = logging.getLogger(__name__)

CLAIM_SECONDS = 120
#: Reading the text of a kabupaten, and handing gigabytes to a store, say nothing before they are done.
SILENT_SECONDS = 900


class TooManyPacks(Exception):
    """This person has as many archives as somebody may keep at once."""


class TooLarge(Exception):
    """More bytes of photos than one ZIP takes."""


def bytes_of(election: Election, region: Region) -> int:
    """Bytes of the photos of a region."""
    return photos_of(election, region).aggregate(size=Sum("size"))["size"] or 0


def ask(election: Election, region: Region, *, by: Any) -> ArchivePack:
    """Put an archive in the queue and return it; the same while it is not done. Raises `TooManyPacks`, `TooLarge`."""
    wanted = {"owner": by, "election": election, "region": region}
    now = timezone.now()
    known = ArchivePack.objects.unfinished().filter(**wanted).first()
    if known and known.expires_at > now:
        return known
    if known:
        remove(known)  # nobody wrote it in time
    if ArchivePack.objects.filter(owner=by, expires_at__gt=now).count() >= settings.ARCHIVES_PER_PERSON:
        raise TooManyPacks
    if bytes_of(election, region) > settings.ARCHIVE_MOST_BYTES:
        raise TooLarge
    expires = now + timedelta(hours=settings.EXPORT_HOURS)
    try:
        with writing():
            pack = ArchivePack.objects.create(**wanted, expires_at=expires)
            recording.record("archive asked for", by=by, region=region, subject=pack)
            return pack
    except IntegrityError:
        # Pressed twice at once: the other press was quicker.
        return ArchivePack.objects.unfinished().get(**wanted)


def run_waiting() -> int:
    """Write the archives that wait, the oldest first; return how many were done."""
    done = 0
    while pack := _claim_next():
        done += _run(pack)
    return done


def _claim_next() -> ArchivePack | None:
    waiting = ArchivePack.objects.unfinished().filter(expires_at__gt=timezone.now())
    waiting = waiting.select_related("owner__region", "election", "region")
    return claimed_jobs.claim_next(waiting, seconds=SILENT_SECONDS, state=ExportState.RUNNING, steps_done=0)


def _run(pack: ArchivePack) -> bool:
    owner = pack.owner
    # Moved to another region or role, or closed, since it was asked for.
    may = owner.may_decide and owner.scope is not None and owner.scope.contains(pack.region)
    if pack.attempts > ATTEMPTS or not may or not is_packable(pack.region):
        return _finish(pack, state=ExportState.FAILED)
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="sista-archive-") as folder:
            path = Path(folder) / "arsip.zip"
            packed = write_pack(pack, path, _telling(pack))
            claimed_jobs.hold(pack, seconds=SILENT_SECONDS)
            with path.open("rb") as stream:
                size, digest = claimed_jobs.measured(stream)
                store().delete(pack.stored_name)
                store().save(pack.stored_name, File(stream))
    except ClaimLost:
        return False
    log.info("archive %s: %s bytes in %.1f s", pack.uuid, size, time.monotonic() - began)
    ready = _finish(
        pack,
        state=ExportState.READY,
        forms=packed.forms,
        recaps=packed.recaps,
        photos=packed.photos,
        photos_missing=len(packed.missing),
        size=size,
        sha256=digest,
    )
    if not ready and not ArchivePack.objects.filter(pk=pack.pk).exists():
        # Removed while it was written: nobody knows of the file any more.
        store().delete(pack.stored_name)
    return ready


def _finish(pack: ArchivePack, **fields: Any) -> bool:
    return claimed_jobs.finish(pack, steps_done=F("steps_of"), **fields)


def _telling(pack: ArchivePack) -> Tell:
    """What says how many photos are in, and holds the claim, every two seconds. Raises `ClaimLost`."""
    due = 0.0

    def tell(done: int, of: int) -> None:
        nonlocal due
        if time.monotonic() < due:
            return
        claimed_jobs.hold(pack, seconds=CLAIM_SECONDS, steps_done=done, steps_of=of)
        due = time.monotonic() + SAY_SECONDS

    return tell


def record_download(pack: ArchivePack, *, by: Any) -> None:
    """Write down who fetched which file."""
    content = {"election": pack.election.slug, "sha256": pack.sha256, "forms": pack.forms, "photos": pack.photos}
    recording.record("archive downloaded", by=by, region=pack.region, subject=pack, content=content)


def remove(pack: ArchivePack) -> None:
    """Remove the file, then what tells of it: killed between the two, the sweep does it again."""
    store().delete(pack.stored_name)
    with writing_once():
        ArchivePack.objects.filter(pk=pack.pk).delete()


def remove_expired() -> int:
    """Remove the files whose day is over, and what tells of them; that they were fetched stays recorded."""
    number = 0
    for pack in ArchivePack.objects.filter(expires_at__lte=timezone.now())[:500]:
        remove(pack)
        number += 1
    return number
