"""A table as PDF, to be printed and signed: the frame stands on every page."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import IO, Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from sista.templatetags.formats import format_clock, format_number, format_share
from tallies.exports.tables import Kind, Row, Table

#: Paper keeps everything in memory until its last page, and nobody turns more than some hundred of them.
MOST_ROWS = 10_000

_LINE = 5.2
_LABEL_LINE = 3.4
_LETTER = 1.55  # millimetres, of a letter of average width in the table's size
_SIZE = 7.5
_UNKNOWN = "-"
#: Stands for the number of pages until it is known. The usual sign, {nb}, could be part of a name or a note.
NUMBER_OF_PAGES = "\x1c\x1d\x1e"
#: What Helvetica, which every reader has, does not know and a plain sign says as well.
_PLAIN = str.maketrans({"–": "-", "—": "-", "\u2212": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "..."})


def write(table: Table, rows: Iterable[Row], out: IO[bytes]) -> None:
    paper = _Paper(table)
    paper.add_page()
    for number, row in enumerate(rows):
        paper.row(row, shaded=number % 2 == 1)
    out.write(paper.output())


def latin(text: str) -> str:
    """``text`` in the letters that need no font in the file: a name of others is written without its marks."""
    plain = unicodedata.normalize("NFC", text).translate(_PLAIN)
    if plain.isascii():
        return "".join(letter if letter.isprintable() else " " for letter in plain)
    return "".join(_letter(letter) for letter in plain)


def _letter(letter: str) -> str:
    if not letter.isprintable():
        return " "
    for shape in (letter, unicodedata.normalize("NFKD", letter)[0]):
        try:
            return shape.encode("latin-1").decode("latin-1")
        except UnicodeEncodeError:
            continue
    return "?"


def _pieces(label: str) -> list[str]:
    """Where a label may be broken: after a space, a hyphen, a slash."""
    return re.findall(r"[^\s/-]*[\s/-]+|[^\s/-]+", latin(label)) or [""]


class _Paper(FPDF):
    def __init__(self, table: Table) -> None:
        super().__init__(orientation="landscape", format="A4")
        self.table = table
        self.language = get_language()
        self.set_margins(10, 10, 10)
        self.set_auto_page_break(True, margin=16)
        self.alias_nb_pages(NUMBER_OF_PAGES)
        # Written again, the same table is the same file.
        self.set_creation_date(datetime(2000, 1, 1, tzinfo=UTC))
        self.set_title(latin(table.frame.title))
        self.set_lang(self.language or "id")
        wanted = [(max(column.width, *map(len, _pieces(column.label))) + 2) * _LETTER for column in table.columns]
        # Narrower where they do not fit; a text that is longer than its column is cut with three dots.
        part = min(1.0, self.epw / sum(wanted))
        self.widths = [width * part for width in wanted]

    def header(self) -> None:
        frame = self.table.frame
        if frame.is_practice:
            self.set_fill_color(255, 210, 31)
        self.set_font("helvetica", "B", 11)
        self._line(frame.title, 6)
        self.set_font("helvetica", "B", 8.5)
        for number, warning in enumerate(frame.warnings):
            self._line(warning, 5, fill=frame.is_practice and number == 0)
        self.set_font("helvetica", "", 8.5)
        for label, value in frame.facts:
            self._line(f"{label}: {value}", 4.6)
        self.ln(2)
        self.set_font("helvetica", "B", _SIZE)
        self.set_fill_color(230, 234, 232)
        self._labels()
        self.set_font("helvetica", "", _SIZE)

    def _labels(self) -> None:
        """The labels over as many lines as they need: cut, those of three pairs would be the same."""
        columns = zip(self.table.columns, self.widths, strict=True)
        wrapped = [self._wrapped(column.label, width - 2 * self.c_margin) for column, width in columns]
        height = _LABEL_LINE * max(map(len, wrapped)) + 1.6
        x, y = self.l_margin, self.get_y()
        self.rect(x, y, sum(self.widths), height, style="F")
        for lines, width, column in zip(wrapped, self.widths, self.table.columns, strict=True):
            for number, line in enumerate(lines):
                self.set_xy(x, y + 0.8 + number * _LABEL_LINE)
                self.cell(width, _LABEL_LINE, line, align="L" if column.kind == Kind.TEXT else "R")
            x += width
        self.set_xy(self.l_margin, y + height)

    def _wrapped(self, label: str, width: float) -> list[str]:
        lines = [""]
        for piece in _pieces(label):
            if lines[-1] and self.get_string_width((lines[-1] + piece).rstrip()) > width:
                lines.append("")
            lines[-1] += piece
        return [self._cut(line.rstrip(), width) for line in lines]

    def footer(self) -> None:
        self.set_y(-13)
        self.set_font("helvetica", "", 7.5)
        said = _("Halaman %(page)s dari %(pages)s") % {"page": self.page_no(), "pages": NUMBER_OF_PAGES}
        self.cell(0, 5, f"{latin(self.table.frame.warnings[0])} | {said}", align="C")

    def row(self, values: Row, *, shaded: bool) -> None:
        self.set_fill_color(246, 248, 247)
        columns = zip(values, self.table.columns, self.widths, strict=True)
        self._cells([self._fitted(self._written(v, c.kind), w) for v, c, w in columns], fill=shaded)

    def _line(self, text: str, height: float, *, fill: bool = False) -> None:
        self.cell(0, height, self._cut(latin(text), self.epw), fill=fill, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _cells(self, texts: list[str], *, fill: bool) -> None:
        if self.will_page_break(_LINE):
            self.add_page()
            self.set_fill_color(246, 248, 247)
        for text, width, column in zip(texts, self.widths, self.table.columns, strict=True):
            right = column.kind in (Kind.COUNT, Kind.SHARE)
            self.cell(width, _LINE, text, align="R" if right else "L", fill=fill)
        self.ln(_LINE)

    def _written(self, value: Any, kind: Kind) -> str:
        if value is None:
            return _UNKNOWN
        if kind == Kind.COUNT:
            return format_number(value, self.language)
        if kind == Kind.SHARE:
            return format_share(value, language=self.language)
        if kind == Kind.MOMENT:
            day = value.astimezone(self.table.zone).strftime("%d-%m-%Y")
            return f"{day} {format_clock(value, self.table.zone, seconds=False, language=self.language)}"
        return str(value)

    def _fitted(self, text: str, width: float) -> str:
        return self._cut(latin(text), width - 2 * self.c_margin)

    def _cut(self, text: str, width: float) -> str:
        if len(text) * _LETTER < width * 0.8 or self.get_string_width(text) <= width:
            return text
        while text and self.get_string_width(text + "...") > width:
            text = text[:-1]
        return text + "..."
