"""Draw form photos for the demonstration: plainly an example, of nobody's form, with every figure of it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache

from PIL import ExifTags, Image, ImageDraw, ImageFont

from tallies.figures import FEMALE, MALE, TOTAL, Figures

WIDTH, HEIGHT = 900, 1270
PAPER, INK, PALE = "#f4f1e8", "#26302e", "#c9c2ae"

#: EXIF orientation "turn a quarter to the right to see it upright".
TURNED = 6

#: The first page: parts with what stands on the paper and the row; those of `_GENDERED` have L, P and jumlah.
_GENDERED = (
    (
        "I.A  Data pemilih",
        (("DPT", "registered_dpt"), ("DPPh", "registered_dpph"), ("DPTb", "registered_dptb"),
         ("Jumlah", "registered_total")),
    ),
    (
        "I.B  Pengguna hak pilih",
        (("DPT", "voters_dpt"), ("DPPh", "voters_dpph"), ("DPTb", "voters_dptb"), ("Jumlah", "voters_total")),
    ),
    ("III  Pemilih disabilitas", (("Jumlah", "disabled_voters"),)),
)  # fmt: skip
_BALLOTS = (
    ("Diterima", "ballots_received"),
    ("Digunakan", "ballots_used"),
    ("Rusak/keliru coblos", "ballots_spoiled"),
    ("Tidak digunakan", "ballots_unused"),
)
LAST_ROWS = (
    ("V.A  Suara sah", "valid_votes"),
    ("V.B  Suara tidak sah", "invalid_votes"),
    ("V.C  Sah dan tidak sah", "total_votes"),
)


def draw(figures: Figures, *, place: str, pairs: Sequence[tuple[int, str]], page: int, turned: bool = False) -> bytes:
    """Return a JPEG of page 1 (voters, ballots) or 2 (pairs, votes) of an example form.

    ``turned``: the picture lies on its side and EXIF says so, as phones do.
    """
    image = _paper().copy()
    pen = ImageDraw.Draw(image)
    pen.text((60, 170), place, font=_font(28), fill=INK)
    pen.text((60, 210), f"Halaman {page} dari 2", font=_font(24), fill=INK)
    if page == 1:
        _first_page(pen, figures)
    else:
        _second_page(pen, figures, pairs)
    exif = Image.Exif()
    if turned:
        image = image.transpose(Image.Transpose.ROTATE_90)
        exif[ExifTags.Base.Orientation] = TURNED
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80, exif=exif)
    return out.getvalue()


def _first_page(pen: ImageDraw.ImageDraw, figures: Figures) -> None:
    top = 270
    for title, rows in (*_GENDERED[:2], ("II   Surat suara", _BALLOTS), _GENDERED[2]):
        gendered = rows is not _BALLOTS
        pen.text((60, top), title, font=_font(24), fill=INK)
        for word, left in (("L", 375), ("P", 545), ("Jumlah", 715)) if gendered else ():
            pen.text((left, top), word, font=_font(20), fill=INK)
        top += 36
        for label, row in rows:
            pen.text((90, top + 8), label, font=_font(22), fill=INK)
            for half, left in ((MALE, 345), (FEMALE, 515)) if gendered else ():
                _boxes(pen, left, top, figures.get(row + half), side=45)
            _boxes(pen, 685, top, figures.get(row + TOTAL), side=45)
            top += 56
        top += 14


def _second_page(pen: ImageDraw.ImageDraw, figures: Figures, pairs: Sequence[tuple[int, str]]) -> None:
    votes = [(f"IV   {number}  {name[:34]}", figures.votes[number]) for number, name in pairs]
    for place, (label, value) in enumerate([*votes, *((label, figures.get(name)) for label, name in LAST_ROWS)]):
        top = 300 + place * 105
        pen.text((60, top + 18), label, font=_font(24), fill=INK)
        _boxes(pen, 630, top, value, side=70)


def _boxes(pen: ImageDraw.ImageDraw, left: int, top: int, value: int | None, *, side: int) -> None:
    """Three boxes; those left over are struck out, as on the form."""
    digits = "" if value is None else str(value)
    for box, digit in enumerate(digits.rjust(3, "X")):
        corner = left + box * (side + 3)
        pen.rectangle((corner, top, corner + side, top + side), outline=INK, width=2)
        pen.text((corner + side / 2, top + side / 2), digit, font=_font(side * 2 // 3), fill=INK, anchor="mm")


@cache
def _paper() -> Image.Image:
    """What is the same on every page: its colour, what it is not, and the watermark."""
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    stamp = Image.new("L", (1280, 190))
    ImageDraw.Draw(stamp).text((0, 0), "CONTOH  SIMULASI", font=_font(128), fill=150)
    stamp = stamp.rotate(52, expand=True)
    image.paste(PALE, ((WIDTH - stamp.width) // 2, (HEIGHT - stamp.height) // 2), stamp)
    pen = ImageDraw.Draw(image)
    pen.text((60, 50), "CONTOH SIMULASI", font=_font(46), fill=INK)
    pen.text((60, 112), "bukan formulir KPU, bukan hasil", font=_font(26), fill=INK)
    return image


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
