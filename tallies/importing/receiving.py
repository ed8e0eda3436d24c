"""A file comes in: kept as it is, its columns found. Nothing of it is written here."""

from __future__ import annotations

import datetime as dt
import hashlib
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import Storage, storages
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from sista.database import writing, writing_once
from sista.spreadsheets import headers, opening
from sista.spreadsheets.headers import Header
from sista.spreadsheets.records import Record, records
from tallies.importing.ways import Way
from tallies.models import UNWRITTEN_IMPORTS, FileImport, ImportState

#: Files of one table that a person may have lying about and that were never imported.
MOST_WAITING = 10
KEPT_HOURS = 24
_CHUNK = 1 << 20


class TooManyImports(Exception):
    """This person has as many files waiting as somebody may have. Its text is a sentence."""


def store() -> Storage:
    return storages["exports"]


def keep(way: Way, one: Any, file: IO[bytes], name: str, *, by: Any) -> Any:
    """Keep ``file`` as that of the unsaved import ``one`` and find its columns.

    Raises `FileRefused` (nothing is kept) and `TooManyImports`.
    """
    waiting = way.model.objects.filter(imported_by=by, state__in=UNWRITTEN_IMPORTS)
    if by is not None and waiting.count() >= MOST_WAITING:
        raise TooManyImports(
            _("Sudah ada %(most)s berkas Anda yang menunggu. Impor atau hapus dulu.") % {"most": MOST_WAITING}
        )
    one.file_name, one.imported_by, one.state = _shown_name(name), by, ImportState.FAILED
    one.language = translation.get_language() or settings.LANGUAGE_CODE
    fields = way.fields(one)
    with opening.opened(file) as sheet:
        header, _lines = headers.found(sheet.lines, fields)
        one.rows_of = sheet.about
    one.size, one.sha256 = _measured(file)
    one.labels, one.columns = list(header.labels), dict(header.columns)
    # First the row, then the file: killed between the two, the sweep finds the row and removes it.
    with writing():
        one.save()
    store().save(one.stored_name, File(file))
    _go_on(way, one)
    return one


def choose_columns(way: Way, one: Any, chosen: Mapping[str, int]) -> bool:
    """Take the places (from 0) a person points at, no others; return whether they are enough."""
    known = {each.name for each in way.fields(one)}
    one.columns = {name: place for name, place in chosen.items() if name in known and 0 <= place < len(one.labels)}
    return _go_on(way, one)


def _go_on(way: Way, one: Any) -> bool:
    complete = not way.missing(one, one.columns)
    state = ImportState.CHECKING if complete else ImportState.COLUMNS
    fields = {"state": state, "columns": one.columns, "report": {}, "attempts": 0, "rows_done": 0}
    before = (ImportState.FAILED, ImportState.COLUMNS, ImportState.READY)
    with writing_once():
        moved = way.model.objects.filter(pk=one.pk, imported_at=None, state__in=before).update(**fields)
    one.refresh_from_db()
    return bool(moved) and complete


def _measured(file: IO[bytes]) -> tuple[int, str]:
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    size = file.tell()
    file.seek(0)
    return size, digest.hexdigest()


def _shown_name(name: str) -> str:
    """The name for people's eyes; no path is made of it."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(one for one in last if unicodedata.category(one)[0] != "C")[:120]


@contextmanager
def records_of(way: Way, one: Any) -> Iterator[Iterator[Record]]:
    """The rows of the kept file under the columns found or chosen. Raises `FileRefused`."""
    with store().open(one.stored_name) as kept, opening.opened(kept.file) as sheet:
        header, lines = headers.found(sheet.lines, way.fields(one))
        yield records(Header(header.line, header.labels, one.columns), lines)


def discard(one: FileImport) -> bool:
    """Remove a file that was never imported; return whether it was such a one."""
    with writing():
        unwritten = type(one).objects.filter(pk=one.pk, imported_at=None)
        if not unwritten.select_for_update().exists():
            return False
        unwritten.delete()
    store().delete(one.stored_name)
    return True


def remove_abandoned(way: Way) -> int:
    """Remove the files that nobody imported within a day."""
    old = timezone.now() - dt.timedelta(hours=KEPT_HOURS)
    abandoned = way.model.objects.filter(imported_at=None, created_at__lt=old)
    return sum(discard(one) for one in abandoned[:100])
