"""Rows of the first sheet of an Excel workbook, looked at by a parser that keeps nothing before openpyxl sees them.

openpyxl believes what a file says: a row that calls itself number 10¹⁵ is
reached by 10¹⁵ empty ones, a row without an end is a list without an end, and
the texts, styles and names of a workbook are all loaded. The guard counts
first, which costs a fifth of the reading (823,236 rows: 16 s of 80).
"""

from __future__ import annotations

import errno
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any
from xml.parsers import expat

import openpyxl
from django.utils.translation import gettext as _
from openpyxl.utils.exceptions import InvalidFileException

from sista.spreadsheets.limits import FileRefused, Limits

SHEETS = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
TEXTS = re.compile(r"xl/sharedStrings[^/]*\.xml", re.IGNORECASE)
#: Of one row, or of all that stands before, between or after rows.
MOST_ELEMENTS = 20_000
_LAST_ROW = 1_048_576
#: What a workbook that contradicts itself fails with, wherever zipfile, expat or openpyxl first believe it.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    expat.ExpatError,
    InvalidFileException,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)
_REFERENCE = re.compile(r"([A-Z]{1,3})[1-9][0-9]{0,6}")


def read(file: IO[bytes], limits: Limits) -> tuple[int, Iterator[tuple[int, tuple[Any, ...]]]]:
    """Return how many rows there are, and the rows of the first sheet as (number, values).

    A value is text, a number, a date or None; of a formula what Excel computed
    last. Raises `FileRefused` before anything is loaded.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            rows = _checked(archive, limits)
        file.seek(0)
        return rows, _rows(file, limits)
    except _BROKEN as error:
        raise _unreadable() from error
    except OSError as error:
        # A place before the beginning of the file; anything else is the disk's.
        if error.errno != errno.EINVAL:
            raise
        raise _unreadable() from error


def _rows(file: IO[bytes], limits: Limits) -> Iterator[tuple[int, tuple[Any, ...]]]:
    try:
        # Links to other files are none of ours; values instead of formulas.
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        if not book.worksheets:
            raise _unreadable()
        sheet = book.worksheets[0]
        if not SHEETS.fullmatch(sheet._worksheet_path):
            raise _unreadable()  # the guard took it for something else, and counted no rows
        # What a file says of its size is a claim: with it every row would be padded.
        sheet.reset_dimensions()
        for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
            if any(value is not None and value != "" for value in values):
                yield number, tuple(values)
        book.close()
    except FileRefused:
        raise
    except _BROKEN as error:
        raise _unreadable() from error


def _unreadable() -> FileRefused:
    return FileRefused(
        _("Berkas XLSX ini rusak atau terkunci kata sandi. Simpan ulang dari Excel, atau sebagai CSV.")
    )


# The guard


def _checked(archive: zipfile.ZipFile, limits: Limits) -> int:
    """Return the rows of the longest sheet."""
    members = archive.infolist()
    if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
        raise _unreadable()  # Excel writes no other; what unpacks them fails in ways of its own
    # zipfile hands out no more of a member than its entry says: these sums hold.
    sizes = {"sheets": 0, "texts": 0, "parts": 0}
    for member in members:
        sizes[_kind(member.filename)] += member.file_size
    if len(members) > limits.files or any(size > getattr(limits, kind) for kind, size in sizes.items()):
        raise FileRefused(_("Isi berkas XLSX ini terlalu besar setelah dibuka. Simpan sebagai CSV, atau bagi."))
    most = 0
    for member in members:
        if member.filename.lower().endswith((".xml", ".rels")):
            guard = _Guard(limits, is_sheet=_kind(member.filename) == "sheets")
            with archive.open(member) as part:
                guard.look(part)
            most = max(most, guard.rows)
    return most


def _kind(name: str) -> str:
    return "sheets" if SHEETS.fullmatch(name) else "texts" if TEXTS.fullmatch(name) else "parts"


class _Guard:
    """Reads one part of a workbook and keeps nothing but counts."""

    def __init__(self, limits: Limits, *, is_sheet: bool) -> None:
        self._limits = limits
        self.rows = self._number = self._elements = self._letters = 0
        self._parser = expat.ParserCreate()
        self._parser.StartDoctypeDeclHandler = self._doctype
        if is_sheet:
            self._parser.StartElementHandler = self._start
            self._parser.CharacterDataHandler = self._text
            self._parser.buffer_text = True

    def look(self, part: IO[bytes]) -> None:
        self._parser.ParseFile(part)

    def _doctype(self, *_declared: Any) -> None:
        """No workbook has one; entities, external ones too, begin here."""
        raise FileRefused(_("Berkas XLSX ini memuat deklarasi yang tidak diizinkan."))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise self._too_wide()
        local = name.rpartition(":")[2]
        if local == "c":
            self._cell(attributes.get("r"))
        elif local == "row":
            self._row(attributes.get("r"))

    def _row(self, number: str | None) -> None:
        self.rows += 1
        self._elements = self._letters = 0
        if self.rows > self._limits.rows + 100:
            raise FileRefused(
                _("Lebih dari %(most)s baris. Bagi berkas ini menjadi beberapa.") % {"most": self._limits.rows}
            )
        before = self._number
        if number is None:
            self._number += 1
        elif number.isascii() and number.isdecimal() and len(number) <= 7:
            self._number = int(number)
        # openpyxl passes over a row that comes late without a word.
        if not before < self._number <= _LAST_ROW or (number is not None and not number.isascii()):
            raise _unreadable()

    def _cell(self, reference: str | None) -> None:
        if reference is None:
            return
        found = _REFERENCE.fullmatch(reference)
        if not found:
            raise _unreadable()
        column = 0
        for letter in found[1]:
            column = column * 26 + ord(letter) - 64
        if column > self._limits.columns:
            raise self._too_wide()

    def _text(self, text: str) -> None:
        self._letters += len(text)
        if self._letters > self._limits.row_letters:
            raise self._too_wide()

    def _too_wide(self) -> FileRefused:
        return FileRefused(
            _("Baris %(line)s: lebih dari %(most)s kolom.") % {"line": self._number, "most": self._limits.columns}
        )
