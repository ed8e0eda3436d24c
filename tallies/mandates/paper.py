"""The letters as PDF: one on an A4 sheet, or four of A6 to be cut apart.

In the letters that every printer knows (Latin-1). A name with others is written without their marks, and the
letter says so: of a name that is not what it should be the holder must hear before somebody else notices.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import IO

import segno
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from tallies.exports.pdf_file import latin
from tallies.models import PageFormat

INK, INK_2, LINE, PRACTICE = (20, 31, 32), (67, 80, 77), (150, 158, 155), (255, 210, 31)
#: Module pattern of the code: fixed, because choosing the fairest one costs five times what drawing it does.
_MASK = 2
_QUIET = 4  # modules of white round a code, as its standard asks


@dataclass(frozen=True)
class Letter:
    """What one letter says. ``address``: of the QR code; ``code_says``: what it is for."""

    number: str
    name: str
    station: str
    village: str
    district: str
    regency: str
    address: str
    code_says: str


@dataclass(frozen=True)
class Sheet:
    """What all letters of a file share."""

    party: str
    election: str
    contests: tuple[str, ...]
    day: date
    city: str
    is_practice: bool
    issued_at: datetime
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class _Size:
    """Millimetres and points of one letter."""

    width: float
    height: float
    margin: float
    text: float
    line: float
    code: float
    label: float
    sign: float


_A4 = _Size(width=210, height=297, margin=22, text=11, line=6, code=46, label=40, sign=26)
_A6 = _Size(width=105, height=148.5, margin=8, text=7.6, line=3.9, code=31, label=24, sign=11)


def write(
    sheet: Sheet, letters: Iterable[Letter], page_format: str, out: IO[bytes], tell: Callable[[int], None]
) -> None:
    """Write the letters in their order; ``tell`` hears how many are written."""
    paper = _Paper(sheet, _A6 if page_format == PageFormat.A6 else _A4)
    for number, letter in enumerate(letters):
        paper.letter(letter, number)
        tell(number + 1)
    out.write(paper.output())


def is_changed(name: str) -> bool:
    """True when paper cannot say ``name`` as it is."""
    return latin(name) != unicodedata.normalize("NFC", name)


class _Paper(FPDF):
    def __init__(self, sheet: Sheet, size: _Size) -> None:
        super().__init__(orientation="portrait", format="A4")
        self.sheet, self.size = sheet, size
        self.set_margins(0, 0, 0)
        self.c_margin = 0
        self.set_auto_page_break(False)
        self.alias_nb_pages(None)  # or {nb} in a name would become the number of pages
        self.set_creation_date(sheet.issued_at.astimezone(UTC))
        self.set_title(latin(f"{_('Surat mandat')}, {sheet.election}"))
        self.set_lang(get_language() or "id")
        self.set_draw_color(*LINE)

    def letter(self, letter: Letter, number: int) -> None:
        """Lay one letter down: on a page of its own, or in its quarter of one."""
        size = self.size
        quarter = number % 4 if size is _A6 else 0
        if quarter == 0:
            self.add_page()
            if size is _A6:
                self.set_line_width(0.1)
                self.dashed_line(105, 0, 105, 297, 2, 2)
                self.dashed_line(0, 148.5, 210, 148.5, 2, 2)
        self.at = (quarter % 2 * size.width, quarter // 2 * size.height)
        self._band()
        self._head(letter)
        self._facts(letter)
        self._foot(letter)

    # The parts of a letter

    def _band(self) -> None:
        if not self.sheet.is_practice:
            return
        x, y = self.at
        height = self.size.line * 1.4
        self.set_fill_color(*PRACTICE)
        for top in (y, y + self.size.height - height):
            self.rect(x, top, self.size.width, height, style="F")
            self.set_xy(x, top)
            self._font(self.size.text, bold=True)
            self.cell(self.size.width, height, latin(_("LATIHAN. Surat ini tidak berlaku di TPS.")), align="C")

    def _head(self, letter: Letter) -> None:
        x, y = self.at
        size = self.size
        self.set_xy(x + size.margin, y + size.margin + (size.line if size is _A6 else 0))
        self._font(size.text * 1.1, bold=True)
        self._centred(self.sheet.party or " ")
        self._font(size.text * 1.6, bold=True)
        self._centred(_("SURAT MANDAT SAKSI"), factor=1.6)
        self._font(size.text)
        self._centred(_("Nomor: %(number)s") % {"number": letter.number})
        self.set_y(self.get_y() + size.line * 0.4)
        top = self.get_y()
        self.set_line_width(0.3)
        self.line(x + size.margin, top, x + size.width - size.margin, top)
        self.set_y(top + size.line * 0.5)

    def _facts(self, letter: Letter) -> None:
        size, sheet = self.size, self.sheet
        self._paragraph(_("Yang namanya tersebut di bawah ini diberi mandat sebagai saksi di TPS:"))
        self._gap(0.3)
        self._pair(_("Nama"), letter.name, bold=True)
        if is_changed(letter.name):
            self._font(size.text * 0.72, color=INK_2)
            self._wrapped(_("Nama disalin ke huruf Latin tanpa tanda."), size.label, size.line * 0.8)
        self._pair(_("TPS"), letter.station, bold=True)
        self._pair(_("Desa/kelurahan"), letter.village)
        self._pair(_("Kecamatan"), letter.district)
        self._pair(_("Kabupaten/kota"), letter.regency)
        self._pair(_("Pemilihan"), "; ".join(sheet.contests) or sheet.election)
        self._pair(_("Hari pemungutan"), date_format(sheet.day, "l, j F Y"))
        self._gap(0.3)
        self._paragraph(_("Berlaku bersama KTP pemegangnya. Nomornya dapat diperiksa di DPC."))

    def _foot(self, letter: Letter) -> None:
        """Code on the left, signatures beside it: side by side on A4, below one another on A6, at its foot."""
        size, (x, y) = self.size, self.at
        top = self.get_y() + size.line * (0.5 if size is _A6 else 2)
        if size is _A6:
            top = max(top, y + size.height - size.margin - size.code - size.line * 5.2)
        self._code(letter.address, x + size.margin, top, size.code)
        self.set_xy(x + size.margin, top + size.code + 0.5)
        self._font(size.text * 0.72, color=INK_2)
        self.multi_cell(size.code, size.line * 0.66, latin(letter.code_says), align="C")
        left = x + size.margin + size.code + size.margin * 0.6
        width = x + size.width - size.margin - left
        self.set_xy(left, top)
        self._font(size.text * 0.9)
        said = f"{self.sheet.city}, ______________ {self.sheet.day.year}"
        self.multi_cell(width, size.line, latin(said), align="C", new_x=XPos.LEFT, new_y=YPos.NEXT)
        if size is _A6:
            self._signature(left, self.get_y(), width, _("Ketua"))
            self._signature(left, self.get_y() + size.line * 0.4, width, _("Sekretaris"))
        else:
            below = self.get_y()
            self._signature(left, below, width / 2 - 2, _("Ketua"))
            self._signature(left + width / 2 + 2, below, width / 2 - 2, _("Sekretaris"))

    def _signature(self, x: float, y: float, width: float, who: str) -> None:
        size = self.size
        self.set_xy(x, y)
        self._font(size.text * 0.9)
        self.cell(width, size.line, latin(who), align="C")
        bottom = y + size.line + size.sign
        self.set_line_width(0.2)
        self.line(x + width * 0.06, bottom, x + width * 0.94, bottom)
        self.set_xy(x, bottom)

    # What they are composed of

    def _font(self, size: float, *, bold: bool = False, color: tuple[int, int, int] = INK) -> None:
        self.set_font("helvetica", "B" if bold else "", size)
        self.set_text_color(*color)

    @property
    def _inside(self) -> float:
        return self.size.width - 2 * self.size.margin

    def _centred(self, text: str, factor: float = 1.0) -> None:
        self.set_x(self.at[0] + self.size.margin)
        self.multi_cell(
            self._inside, self.size.line * factor, latin(text), align="C", new_x=XPos.LEFT, new_y=YPos.NEXT
        )

    def _paragraph(self, text: str) -> None:
        self._font(self.size.text)
        self._wrapped(text, 0, self.size.line)

    def _pair(self, label: str, value: str, *, bold: bool = False) -> None:
        size = self.size
        self.set_x(self.at[0] + size.margin)
        self._font(size.text, color=INK_2)
        self.cell(size.label, size.line, latin(label))
        self._font(size.text, bold=bold)
        self._wrapped(value, size.label, size.line)

    def _wrapped(self, text: str, indent: float, height: float) -> None:
        """Over as many lines as it needs: a name is never cut."""
        self.set_x(self.at[0] + self.size.margin + indent)
        self.multi_cell(
            self._inside - indent, height, latin(text), align="L", new_x=XPos.LEFT, new_y=YPos.NEXT, markdown=False
        )

    def _gap(self, lines: float) -> None:
        self.set_y(self.get_y() + self.size.line * lines)

    def _code(self, address: str, x: float, y: float, side: float) -> None:
        """Draw a QR code as one shape: each run of dark modules of a row is a rectangle."""
        rows = segno.make(address, error="m", micro=False, mask=_MASK, boost_error=False).matrix
        step = side / (len(rows) + 2 * _QUIET) * self.k
        left, upper = x * self.k + _QUIET * step, (self.h - y) * self.k - _QUIET * step
        shapes = ["0 g"]
        for down, row in enumerate(rows):
            across, bottom = 0, upper - (down + 1) * step
            while across < len(row):
                run = across
                while run < len(row) and row[run]:
                    run += 1
                if run > across:
                    shapes.append(
                        f"{left + across * step:.2f} {bottom:.2f} {(run - across) * step:.2f} {step:.2f} re"
                    )
                across = run + 1
        self._out(f"q {' '.join(shapes)} f Q")
