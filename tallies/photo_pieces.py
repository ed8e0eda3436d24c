"""A photo that comes in pieces, for a line that breaks: each piece that arrived stays.

A piece is an object of its own in the photo store, under a name nobody else
has, and one row says which belong together and how far they reach. The bytes
are durable before the row counts them. Two requests never mix: the row moves
on only from the offset the piece was meant for, and whoever comes second is
told where it stands now. The last piece is never stored; it completes the photo.
"""

from __future__ import annotations

import datetime as dt
import logging
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from sista.database import writing, writing_once
from sista.statements import Statement
from tallies import photos
from tallies.models import PartialPhoto, Photo
from tallies.photo_sending import STATIONS_OF_STAFF, PhotoRefused, sends_for_all, sent_before, standing_of

log = logging.getLogger(__name__)

FOLDER = "pieces"
# A piece that is not the last is one statement, which does what is usual; only when it finds nothing is it asked why.
# By hand: the ORM takes 1.2 ms to build what is executed in 0.1, and that five times a photo.
_BEGIN = Statement("""INSERT INTO tallies_partialphoto (uploaded_by_id, sha256, length, received, pieces, started_at)
SELECT %s, %s, %s, %s, %s, CURRENT_TIMESTAMP
WHERE NOT EXISTS (SELECT 1 FROM tallies_photoupload WHERE photo_id = %s AND uploaded_by_id = %s)
AND (SELECT count(*) FROM tallies_partialphoto WHERE uploaded_by_id = %s) < %s
AND (SELECT count(*) FROM tallies_photoupload WHERE uploaded_by_id = %s) < %s * COALESCE(
    %s, (SELECT count(*) FROM tallies_assignment WHERE witness_id = %s AND revoked_at IS NULL))
ON CONFLICT DO NOTHING""")
_EXTEND = Statement("""UPDATE tallies_partialphoto SET received = %s, pieces = pieces || %s
WHERE uploaded_by_id = %s AND sha256 = %s AND received = %s AND length = %s
AND (%s OR EXISTS (SELECT 1 FROM tallies_assignment WHERE witness_id = %s AND revoked_at IS NULL))
AND NOT EXISTS (SELECT 1 FROM tallies_photoupload WHERE photo_id = %s AND uploaded_by_id = %s)""")


class WrongOffset(Exception):
    """The piece does not begin where the bytes that are here end: at ``received``."""

    def __init__(self, received: int) -> None:
        super().__init__(received)
        self.received = received


@dataclass(frozen=True)
class Progress:
    """How far a photo is: ``received`` of ``length`` bytes are here for good.

    ``photo`` is there when it is whole, ``is_new`` as with `photos.receive`.
    """

    received: int
    length: int
    photo: Photo | None = None
    is_new: bool = False


def progress(sha256: str, *, by: Any) -> Progress:
    """How much of the photo ``by`` has sent."""
    if photo := sent_before(sha256, by=by):
        return _whole(photo)
    partial = PartialPhoto.objects.filter(uploaded_by=by, sha256=sha256).first()
    return Progress(partial.received, partial.length) if partial else Progress(0, 0)


def append(data: bytes, *, by: Any, sha256: str, offset: int, length: int) -> Progress:
    """Add the bytes that begin at ``offset`` of a photo of ``length`` bytes; the last ones complete it.

    Raises `WrongOffset`; `PermissionDenied` for who may not send photos;
    `PhotoRefused` as `photos.receive` does, or for a piece that cannot be one.
    What is wrong as a whole is dropped, and the sender begins again. A photo
    that is whole already stays as it is.
    """
    refuse_length(length)
    end = offset + len(data)
    if not data or end > length or (len(data) < settings.PHOTO_PIECE_MIN_BYTES and end < length):
        raise PhotoRefused("bad_piece")
    if end < length and _stored(data, by, sha256, offset, length):
        return Progress(end, length)
    parts = list(PartialPhoto.objects.filter(uploaded_by=by).order_by("started_at", "pk"))
    partial = next((one for one in parts if one.sha256 == sha256), None)
    if photo := sent_before(sha256, by=by):
        _drop(partial)
        return _whole(photo)
    if partial and partial.length != length:  # of one hash and two lengths one is wrong, and nobody knows which
        _drop(partial)
        partial = None
    if end < length:
        standing_of(by, sha256).refuse()
    if offset != (partial.received if partial else 0):
        raise WrongOffset(partial.received if partial else 0)
    if end == length:
        return _complete(partial, data, by=by, sha256=sha256)
    if partial is None:
        _make_room(parts)
    if not _stored(data, by, sha256, offset, length):
        raise WrongOffset(progress(sha256, by=by).received)
    return Progress(end, length)


def refuse_length(length: int) -> None:
    """Raise `PhotoRefused` when no photo has ``length`` bytes."""
    if length == 0:
        raise PhotoRefused("empty")
    if length > settings.PHOTO_MAX_BYTES:
        raise PhotoRefused("too_large", 413)


def _whole(photo: Photo) -> Progress:
    return Progress(photo.size, photo.size, photo)


def _make_room(parts: Sequence[PartialPhoto]) -> None:
    """Let one more begin: the oldest of a person's ``parts`` go, should there be too many.

    To refuse it instead would close this way until they are stale: a phone
    that was lost never finishes its own.
    """
    for oldest in parts[: max(0, len(parts) + 1 - settings.PARTIAL_PHOTOS_PER_PERSON)]:
        _drop(oldest)


def _stored(data: bytes, by: Any, sha256: str, offset: int, length: int) -> bool:
    """Store a piece that is not the last, and its row if all is as usual; without the row it is removed again."""
    name = secrets.token_hex(12)
    photos.store().save(piece_name(name), ContentFile(data))
    # Should the database fail now, the piece is left to the sweep: the row may name it after all.
    count = _extend if offset else _begin
    counted = count(name, by=by, sha256=sha256, offset=offset, size=len(data), length=length)
    if not counted:
        _remove([name])
    return counted


def _begin(name: str, *, by: Any, sha256: str, offset: int, size: int, length: int) -> bool:
    """Make the row, if the person may send one more photo and has not sent this one."""
    new = [by.pk, sha256, length, size, name]
    share = [settings.PHOTOS_PER_STATION_AND_WITNESS, STATIONS_OF_STAFF if sends_for_all(by) else None, by.pk]
    return _written(_BEGIN, [*new, sha256, by.pk, by.pk, settings.PARTIAL_PHOTOS_PER_PERSON, by.pk, *share])


def _extend(name: str, *, by: Any, sha256: str, offset: int, size: int, length: int) -> bool:
    """Move the row on, if it stands at ``offset`` and the person may send."""
    moved = [offset + size, f" {name}"]
    return _written(_EXTEND, [*moved, by.pk, sha256, offset, length, sends_for_all(by), by.pk, sha256, by.pk])


def _written(statement: Statement, values: Sequence[Any]) -> bool:
    with writing_once(), connection.cursor() as cursor:
        statement.run(cursor, values)
        return bool(cursor.rowcount)


def _complete(partial: PartialPhoto | None, last: bytes, *, by: Any, sha256: str) -> Progress:
    try:
        data = b"".join([*map(_read, partial.pieces.split() if partial else ()), last])
    except FileNotFoundError:
        # Another request completed or dropped it meanwhile, or the store has lost a piece.
        if photo := sent_before(sha256, by=by):
            return _whole(photo)
        _drop(partial)
        raise WrongOffset(0) from None
    try:
        photo, is_new = photos.receive(data, by=by, expected_sha256=sha256)
    except PhotoRefused as refusal:
        if refusal.status == 400:  # the bytes are wrong; a limit may be raised
            _drop(partial)
        raise
    _drop(partial)
    return Progress(photo.size, photo.size, photo, is_new)


def piece_name(name: str) -> str:
    return f"{FOLDER}/{name[:2]}/{name}"


def _read(name: str) -> bytes:
    with photos.store().open(piece_name(name)) as stream:
        return stream.read()


def _drop(partial: PartialPhoto | None) -> None:
    """Forget the part and remove its pieces, in this order: a row never counts bytes that are gone.

    The row is read again under its lock: another request may have added a piece since ``partial`` was read.
    """
    if partial is None:
        return
    with writing():
        rows = PartialPhoto.objects.select_for_update().filter(pk=partial.pk)
        names = [name for row in rows for name in row.pieces.split()]
        rows.delete()
    _remove(names)


def _remove(names: Iterable[str]) -> None:
    try:
        for name in names:
            photos.store().delete(piece_name(name))
    except OSError as error:
        log.warning("pieces are left to the sweep: %s", type(error).__name__)


def remove_stale() -> int:
    """Remove what was never completed, and pieces no row names; return how many pieces. Safe to run twice at once."""
    begun_before = timezone.now() - dt.timedelta(days=settings.PARTIAL_PHOTO_DAYS)
    with writing():
        PartialPhoto.objects.filter(started_at__lt=begun_before).delete()
    # A day later no row can name them any more.
    store: Any = photos.store()
    stale = store.names_older_than(FOLDER, begun_before - dt.timedelta(days=1))
    for name in stale:
        store.delete(name)
    return len(stale)
