"""Draw form photos for the demonstration: plainly an example, of nobody's form."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import ExifTags, Image, ImageDraw, ImageFont

from tallies.figures import Figures

WIDTH, HEIGHT = 900, 1270
PAPER, INK, PALE = "#f4f1e8", "#26302e", "#c9c2ae"

#: EXIF orientation "turn a quarter to the right to see it upright".
TURNED = 6

#: Rows of the first page: what stands on the paper, and the field.
FIRST_PAGE = (
    ("I.A  Data pemilih (DPT)", "registered_dpt"),
    ("I.B  Pengguna hak pilih", "voters_total"),
    ("II   Surat suara diterima", "ballots_received"),
    ("     Surat suara digunakan", "ballots_used"),
    ("     Surat suara tidak digunakan", "ballots_unused"),
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
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    pen = ImageDraw.Draw(image)
    _watermark(image)
    pen.text((60, 50), "CONTOH SIMULASI", font=_font(46), fill=INK)
    pen.text((60, 112), "bukan formulir KPU, bukan hasil", font=_font(26), fill=INK)
    pen.text((60, 170), place, font=_font(28), fill=INK)
    pen.text((60, 210), f"Halaman {page} dari 2", font=_font(24), fill=INK)
    for number, (label, value) in enumerate(_rows(figures, pairs, page)):
        _row(pen, 300 + number * 105, label, value)
    exif = Image.Exif()
    if turned:
        image = image.transpose(Image.Transpose.ROTATE_90)
        exif[ExifTags.Base.Orientation] = TURNED
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80, exif=exif)
    return out.getvalue()


def _rows(figures: Figures, pairs: Sequence[tuple[int, str]], page: int) -> list[tuple[str, int | None]]:
    if page == 1:
        return [(label, figures.get(name)) for label, name in FIRST_PAGE]
    votes = [(f"IV   {number}  {name[:34]}", figures.votes[number]) for number, name in pairs]
    return votes + [(label, figures.get(name)) for label, name in LAST_ROWS]


def _row(pen: ImageDraw.ImageDraw, top: int, label: str, value: int | None) -> None:
    pen.text((60, top + 18), label, font=_font(24), fill=INK)
    digits = "" if value is None else str(value)
    # Boxes left over are struck out, as on the form.
    for box, digit in enumerate(digits.rjust(3, "X")):
        left = 630 + box * 75
        pen.rectangle((left, top, left + 65, top + 75), outline=INK, width=3)
        pen.text((left + 18, top + 10), digit, font=_font(46), fill=INK)


def _watermark(image: Image.Image) -> None:
    stamp = Image.new("L", (1280, 190))
    ImageDraw.Draw(stamp).text((0, 0), "CONTOH  SIMULASI", font=_font(128), fill=150)
    stamp = stamp.rotate(52, expand=True)
    image.paste(PALE, ((WIDTH - stamp.width) // 2, (HEIGHT - stamp.height) // 2), stamp)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
