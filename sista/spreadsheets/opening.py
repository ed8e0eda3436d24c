"""One way into a spreadsheet, whatever its kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext as _

from sista.spreadsheets import csv_rows, xlsx_rows
from sista.spreadsheets.limits import LIMITS, FileRefused, Limits

_ZIP = b"PK\x03\x04"
#: What old Excel and workbooks with a password begin with.
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: A header may stand below a title, as in the files this program writes.
HEADER_WITHIN = 20


@dataclass(frozen=True)
class Line:
    """A row as it stands in the file. ``number`` counts from 1, as a spreadsheet shows it."""

    number: int
    cells: tuple[Any, ...]


@dataclass
class Sheet:
    """``lines`` may be read once. ``about`` is how many there are, header and title included."""

    kind: str
    about: int
    lines: Iterator[Line]


@contextmanager
def opened(source: Path | IO[bytes], limits: Limits = LIMITS) -> Iterator[Sheet]:
    """Check ``source`` and yield its sheet; its kind is told by its content, not by its name.

    Empty rows are passed over. Raises `FileRefused`, also while the lines are read.
    """
    if isinstance(source, Path):
        with source.open("rb") as file:
            yield _sheet(file, limits)
    else:
        yield _sheet(source, limits)


def _sheet(file: IO[bytes], limits: Limits) -> Sheet:
    size = file.seek(0, 2)
    file.seek(0)
    if not size:
        raise FileRefused(_("Berkas ini kosong."))
    if size > limits.file_bytes:
        raise FileRefused(_("Berkas ini lebih besar dari %(most)s MB.") % {"most": limits.file_bytes // 1024 // 1024})
    start = file.read(8)
    file.seek(0)
    if start == _OLE:
        raise FileRefused(_("Ini Excel lama (.xls) atau terkunci kata sandi. Simpan ulang sebagai XLSX atau CSV."))
    kind, room = ("xlsx", xlsx_rows) if start.startswith(_ZIP) else ("csv", csv_rows)
    about, rows = room.read(file, limits)
    return Sheet(kind, about, (Line(number, cells) for number, cells in rows))
