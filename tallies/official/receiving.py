"""A file comes in: kept as it is, its columns found. No figure is written here."""

from __future__ import annotations

import datetime as dt
import hashlib
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import Storage, storages
from django.utils import timezone, translation

from regions.models import Region
from sista.database import writing, writing_once
from sista.spreadsheets import headers, opening
from sista.spreadsheets.headers import Header
from sista.spreadsheets.records import Record, records
from tallies.models import UNWRITTEN_IMPORTS, Contest, Election, ImportState, OfficialImport
from tallies.official.columns import fields_of, is_complete, target_of

#: Files a person may have lying about that were never imported.
MOST_WAITING = 10
KEPT_HOURS = 24
_CHUNK = 1 << 20


class TooManyImports(Exception):
    """This person has as many files waiting as somebody may have."""


@dataclass(frozen=True)
class Statement:
    """What the person says of a file: where it is from, of which moment, and what it is about.

    ``contest`` None: every contest of ``office``. ``region``: rows outside are refused.
    """

    election: Election
    office: str
    contest: Contest | None
    region: Region
    source: str
    as_of: dt.datetime
    source_url: str = ""


def store() -> Storage:
    return storages["exports"]


def receive(file: IO[bytes], name: str, said: Statement, *, by: Any) -> OfficialImport:
    """Keep ``file`` and find its columns. Raises `FileRefused` (nothing is kept) and `TooManyImports`."""
    waiting = OfficialImport.objects.filter(imported_by=by, state__in=UNWRITTEN_IMPORTS)
    if by is not None and waiting.count() >= MOST_WAITING:
        raise TooManyImports
    one = OfficialImport(
        election=said.election, office=said.office, contest=said.contest, region=said.region,
        source=said.source, source_url=said.source_url, as_of=said.as_of,
        file_name=_shown_name(name), imported_by=by, language=translation.get_language() or settings.LANGUAGE_CODE,
        state=ImportState.FAILED,
    )  # fmt: skip
    fields = fields_of(target_of(one))
    with opening.opened(file) as sheet:
        header, _lines = headers.found(sheet.lines, fields)
        one.rows_of = sheet.about
    one.size, one.sha256 = _measured(file)
    one.labels, one.columns = list(header.labels), dict(header.columns)
    # First the row, then the file: killed between the two, the sweep finds the row and removes it.
    with writing():
        one.save()
    store().save(one.stored_name, File(file))
    _go_on(one, header)
    return one


def choose_columns(one: OfficialImport, chosen: Mapping[str, int]) -> bool:
    """Take the places (from 0) a person points at, no others; return whether they are enough."""
    fields = fields_of(target_of(one))
    known = {each.name for each in fields}
    one.columns = {name: place for name, place in chosen.items() if name in known and 0 <= place < len(one.labels)}
    missing = tuple(each.name for each in fields if each.required and each.name not in one.columns)
    return _go_on(one, Header(0, tuple(one.labels), one.columns, missing=missing))


def _go_on(one: OfficialImport, header: Header) -> bool:
    complete = is_complete(header)
    state = ImportState.CHECKING if complete else ImportState.COLUMNS
    fields = {"state": state, "columns": one.columns, "report": {}, "attempts": 0, "rows_done": 0}
    before = (ImportState.FAILED, ImportState.COLUMNS, ImportState.READY)
    with writing_once():
        moved = OfficialImport.objects.filter(pk=one.pk, imported_at=None, state__in=before).update(**fields)
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
def records_of(one: OfficialImport) -> Iterator[Iterator[Record]]:
    """The rows of the kept file under the columns found or chosen. Raises `FileRefused`."""
    fields = fields_of(target_of(one))
    with store().open(one.stored_name) as kept, opening.opened(kept.file) as sheet:
        header, lines = headers.found(sheet.lines, fields)
        yield records(Header(header.line, header.labels, one.columns), lines)


def discard(one: OfficialImport) -> bool:
    """Remove a file that was never imported; return whether it was such a one."""
    with writing():
        unwritten = OfficialImport.objects.filter(pk=one.pk, imported_at=None)
        if not unwritten.select_for_update().exists():
            return False
        unwritten.delete()
    store().delete(one.stored_name)
    return True


def remove_abandoned() -> int:
    """Remove the files that nobody imported within a day."""
    old = timezone.now() - dt.timedelta(hours=KEPT_HOURS)
    abandoned = OfficialImport.objects.filter(imported_at=None, created_at__lt=old)
    return sum(discard(one) for one in abandoned[:100])
