"""A sheet of a report: its frame on every page, and the few things it is composed of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import segno
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from sista.templatetags.formats import format_clock
from tallies.exports.pdf_file import NUMBER_OF_PAGES, latin

INK, INK_2, INK_3, LINE, SUNKEN = (20, 31, 32), (67, 80, 77), (91, 103, 100), (216, 221, 219), (230, 234, 232)
PRACTICE = (255, 210, 31)
UNKNOWN = "-"
#: Millimetres at the foot of a page that belong to its frame.
BOTTOM = 22
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des")


@dataclass(frozen=True)
class Column:
    """``width`` in parts of the whole; ``mono``: a digest, small and in letters of one width."""

    label: str
    width: float
    right: bool = False
    mono: bool = False


@dataclass(frozen=True)
class Bold:
    """A cell that stands out."""

    text: str


class Paper(FPDF):
    """A4. ``head`` is that of the pack; ``manifest_sha256`` stands on every page."""

    def __init__(self, head: dict[str, Any], manifest_sha256: str, title: str) -> None:
        super().__init__(orientation="portrait", format="A4")
        self.facts_of_pack, self.manifest_sha256 = head, manifest_sha256
        self.zone = ZoneInfo(head["region"]["zone"])
        self.warnings = [head["notice"]]
        if head["is_simulation"]:
            self.warnings.append("Data simulasi")
        self.set_margins(15, 24, 15)
        self.set_auto_page_break(True, margin=BOTTOM)
        self.c_margin = 1.3
        self.alias_nb_pages(NUMBER_OF_PAGES)
        self.set_creation_date(datetime.fromisoformat(head["as_of"]))
        self.set_title(latin(title))
        self.set_lang("id")
        self.set_draw_color(*LINE)
        self.set_text_color(*INK)

    # The frame

    def header(self) -> None:
        head = self.facts_of_pack
        if head["is_practice"]:
            self._band(0)
        self.set_xy(self.l_margin, 10)
        self._font(8, bold=True)
        self.cell(0, 4, latin(f"Paket bukti: {head['region']['title']} ({head['region']['code']})"))
        self.set_xy(self.l_margin, 14)
        self._font(8, color=INK_2)
        self.cell(0, 4, latin(f"{head['contest']['title']}, {head['election']['name']}"))
        self.set_xy(self.l_margin, 10)
        self._font(8, bold=True)
        self.cell(0, 4, latin(" · ".join(self.warnings)), align="R")
        self.line(self.l_margin, 19.5, self.w - self.r_margin, 19.5)
        self.set_xy(self.l_margin, self.t_margin)

    def footer(self) -> None:
        y = self.h - 16
        self.line(self.l_margin, y, self.w - self.r_margin, y)
        self.set_xy(self.l_margin, y + 1.5)
        self._font(6.5, color=INK_2)
        self.cell(27, 3.5, "SHA-256 manifest.json")
        self.set_font("courier", "", 6.5)
        self.cell(0, 3.5, self.manifest_sha256)
        self.set_xy(self.l_margin, y + 1.5)
        self._font(7.5)
        self.cell(0, 3.5, f"Halaman {self.page_no()} dari {NUMBER_OF_PAGES}", align="R")
        self.set_xy(self.l_margin, y + 5)
        self._font(6.5, color=INK_2)
        self.cell(0, 3.5, latin(f"Angka per {self.moment(self.facts_of_pack['as_of'])}. {'. '.join(self.warnings)}."))
        if self.facts_of_pack["is_practice"]:
            self._band(self.h - 7)

    def _band(self, y: float) -> None:
        self.set_fill_color(*PRACTICE)
        self.rect(0, y, self.w, 7, style="F")
        self.set_xy(0, y)
        self._font(9, bold=True)
        self.cell(self.w, 7, "LATIHAN. Angka ini tidak dihitung.", align="C")

    # What pages are composed of

    def _font(self, size: float, *, bold: bool = False, color: tuple[int, int, int] = INK) -> None:
        self.set_font("helvetica", "B" if bold else "", size)
        self.set_text_color(*color)

    def title_line(self, text: str) -> None:
        self._font(17, bold=True)
        self.multi_cell(0, 7.5, latin(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(1)

    def heading(self, text: str) -> None:
        self._room(18)
        self.ln(3)
        self._font(11, bold=True)
        self.multi_cell(0, 5.5, latin(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(1)

    def words(self, text: str, *, bold: bool = False, width: float = 0) -> None:
        self._font(9, bold=bold)
        self.multi_cell(width, 4.6, latin(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def pairs(self, rows: Iterable[tuple[str, str]], *, width: float = 0, label: float = 38) -> None:
        """Label and value, a line each; digests in letters of one width."""
        for name, value in rows:
            self._room(6)
            y = self.get_y()
            self._font(9, color=INK_2)
            self.cell(label, 4.8, latin(name))
            if len(value) == 64 and value.isalnum():
                self.set_font("courier", "", 7.6)
                self.set_text_color(*INK)
            else:
                self._font(9)
            self.set_xy(self.l_margin + label, y)
            rest = (width - label) if width else 0
            self.multi_cell(rest, 4.8, latin(value), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def grid(
        self, columns: Sequence[Column], rows: Iterable[Sequence[str | Bold]], *, size: float = 8, least: float = 0
    ) -> None:
        """A table whose labels stand again on each page; texts are wrapped, never cut. ``least``: height of a row."""
        whole = sum(one.width for one in columns)
        widths = [self.epw * one.width / whole for one in columns]
        self._labels(columns, widths, size)
        for row in rows:
            self._row(columns, widths, row, size, least)
        self.ln(1.5)

    def _labels(self, columns: Sequence[Column], widths: Sequence[float], size: float) -> None:
        self._font(size - 0.5, bold=True, color=INK_2)
        cells = [self._wrapped(one.label, w - 2 * self.c_margin) for one, w in zip(columns, widths, strict=True)]
        height = max(map(len, cells)) * 3.6 + 1.6
        self._room(height + 8)
        self.set_fill_color(*SUNKEN)
        self.rect(self.l_margin, self.get_y(), self.epw, height, style="F")
        self._lines(cells, columns, widths, height)

    def _row(
        self, columns: Sequence[Column], widths: Sequence[float], row: Sequence[str | Bold], size: float, least: float
    ) -> None:
        cells, fonts = [], []
        for value, column, width in zip(row, columns, widths, strict=True):
            fonts.append((isinstance(value, Bold), column.mono))
            self._cell_font(*fonts[-1], size)
            cells.append(self._wrapped(value.text if isinstance(value, Bold) else value, width - 2 * self.c_margin))
        height = max(max(map(len, cells)) * 3.6 + 1.4, least)
        if self.will_page_break(height):
            self.add_page()
            self._labels(columns, widths, size)
        self._lines(cells, columns, widths, height, fonts, size)
        self.line(self.l_margin, self.get_y(), self.l_margin + self.epw, self.get_y())

    def _cell_font(self, bold: bool, mono: bool, size: float) -> None:
        self._font(size, bold=bold)
        if mono:
            self.set_font("courier", "", 5.9)

    def _lines(
        self,
        cells: Sequence[Sequence[str]],
        columns: Sequence[Column],
        widths: Sequence[float],
        height: float,
        fonts: Sequence[tuple[bool, bool]] = (),
        size: float = 8,
    ) -> None:
        x, y = self.l_margin, self.get_y()
        for number, (lines, column, width) in enumerate(zip(cells, columns, widths, strict=True)):
            if fonts:
                self._cell_font(*fonts[number], size)
            for place, line in enumerate(lines):
                self.set_xy(x, y + 0.7 + place * 3.6)
                self.cell(width, 3.6, line, align="R" if column.right else "L")
            x += width
        self.set_xy(self.l_margin, y + height)

    def _wrapped(self, text: str, width: float) -> list[str]:
        """Lines of ``text`` in the current font; a word that is too long is broken."""
        lines = [""]
        for word in latin(text).split(" "):
            attempt = f"{lines[-1]} {word}" if lines[-1] else word
            if self.get_string_width(attempt) <= width:
                lines[-1] = attempt
                continue
            if lines[-1]:
                lines.append("")
            while self.get_string_width(word) > width and len(word) > 1:
                keep = max(1, next(n for n in range(len(word), 0, -1) if self._fits(word[:n], width) or n == 1))
                lines[-1], word = word[:keep], word[keep:]
                lines.append("")
            lines[-1] = word
        return lines

    def _fits(self, text: str, width: float) -> bool:
        return bool(self.get_string_width(text) <= width)

    def _room(self, height: float) -> None:
        if self.will_page_break(height):
            self.add_page()

    def code(self, address: str, *, x: float, y: float, side: float) -> None:
        """A QR code that leads to ``address``, with the address under it."""
        rows = [list(row) for row in segno.make(address, error="m", micro=False).matrix_iter(border=2)]
        module = side / len(rows)
        self.set_fill_color(0, 0, 0)
        for down, row in enumerate(rows):
            across = 0
            while across < len(row):
                run = across
                while run < len(row) and row[run]:
                    run += 1
                if run > across:
                    self.rect(x + across * module, y + down * module, (run - across) * module, module, style="F")
                across = run + 1
        self.link(x, y, side, side, address)

    def moment(self, text: str | None) -> str:
        """An ISO moment as the clock of the region: "9 Des 2020 14.02.11 WIB"."""
        if not text:
            return UNKNOWN
        value = datetime.fromisoformat(text)
        local = value.astimezone(self.zone)
        return f"{local.day} {_MONTHS[local.month - 1]} {local.year} {format_clock(value, self.zone)}"
