"""What a cell means. Each reader takes a cell that is not empty and returns its value, or raises `Unreadable`.

Nothing is guessed: ``1.234`` may be a thousand or one and a bit, and ``int()``
takes digits of any script.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

_DIGITS = re.compile(r"[0-9]+")
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._/-]*")
_SHARE = re.compile(r"([0-9]{1,3})(?:[.,]([0-9]{1,6}))?\s*(%?)")
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_DAY_FIRST = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})")
#: Control characters; a line end inside a cell is a space.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Unreadable(ValueError):
    """The cell does not say such a thing. Its text is the reason, a sentence."""


def is_blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def shown(cell: Any) -> str:
    """The cell as a person saw it, cut to what a page can bear."""
    text = _CONTROLS.sub("\ufffd", str(cell))
    return text if len(text) <= 40 else text[:39] + "…"


def whole_number(digits: int = 9) -> Callable[[Any], int]:
    """A reader of numbers from 0, of at most ``digits`` digits: ``[0-9]+`` and nothing else."""

    def read(cell: Any) -> int:
        if isinstance(cell, int) and not isinstance(cell, bool) and cell >= 0:
            text = str(cell) if cell < 10**18 else "9" * 19
        elif isinstance(cell, str) and _DIGITS.fullmatch(cell):
            text = cell
        else:
            raise Unreadable(_("bukan bilangan bulat. Tulis angka saja, tanpa titik, koma, atau spasi"))
        if len(text) > digits:
            raise Unreadable(_("lebih dari %(most)s angka") % {"most": digits})
        return int(text)

    return read


def code(cell: Any) -> str:
    """A code: letters, digits, dots, dashes. A number that Excel made of one lost its zeros, unless it is whole."""
    if isinstance(cell, int) and not isinstance(cell, bool) and 0 <= cell < 10**18:
        return str(cell)
    text = cell.strip() if isinstance(cell, str) else ""
    if isinstance(cell, float):
        raise Unreadable(_("kode diubah Excel menjadi bilangan. Jadikan kolom ini Teks"))
    if isinstance(cell, dt.date | dt.time):
        raise Unreadable(_("kode diubah Excel menjadi tanggal. Jadikan kolom ini Teks"))
    if not _CODE.fullmatch(text) or len(text) > 64:
        raise Unreadable(_("bukan kode"))
    return text


def share(cell: Any) -> Decimal:
    """A fraction from 0 to 1: ``56,94%``, ``56.94 %``, ``0,5694``; without a sign, above 1 is percent."""
    if isinstance(cell, int | float) and not isinstance(cell, bool) and abs(cell) < 10**18:  # not nan
        number, percent = Decimal(str(cell)), False
    elif isinstance(cell, str) and (found := _SHARE.fullmatch(cell.strip())):
        number, percent = Decimal(f"{found[1]}.{found[2] or 0}"), bool(found[3])
    else:
        raise Unreadable(_("bukan bagian. Tulis seperti 56,94%"))
    fraction = number / 100 if percent or number > 1 else number
    if not 0 <= fraction <= 1:
        raise Unreadable(_("bagian di luar 0% sampai 100%"))
    return fraction


def date(cell: Any) -> dt.date:
    """A day: of Excel, ``2020-12-09``, or the day first as in ``9/12/2020``."""
    if isinstance(cell, dt.datetime):
        return cell.date()
    if isinstance(cell, dt.date):
        return cell
    text = cell.strip() if isinstance(cell, str) else ""
    try:
        if found := _ISO.fullmatch(text):
            return dt.date(int(found[1]), int(found[2]), int(found[3]))
        if found := _DAY_FIRST.fullmatch(text):
            return dt.date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        pass
    raise Unreadable(_("bukan tanggal. Tulis seperti 2020-12-09 atau 9/12/2020"))


def text(most: int = 300) -> Callable[[Any], str]:
    """A reader of text of at most ``most`` letters. ``=1+1``, ``+62…``, ``@nama`` are that text, nothing more."""

    def read(cell: Any) -> str:
        found = " ".join(str(cell).split())
        if _CONTROLS.search(found):
            raise Unreadable(_("memuat huruf yang tidak terbaca"))
        if len(found) > most:
            raise Unreadable(_("lebih dari %(most)s huruf") % {"most": most})
        return found

    return read
