"""The number of a letter: ``0001/SM/35.78/2020``. Each kabupaten counts from 1, in each election."""

from __future__ import annotations

import re

#: What stands in the number of a practice: it must not be taken for that of the real letter.
_KIND, _PRACTICE = "SM", "SM-LATIHAN"
_WRITTEN = re.compile(
    r"\s*0*(\d{1,7})\s*/\s*(SM(?:-LATIHAN)?)\s*/\s*([0-9A-Z.]{1,16})\s*/\s*(\d{4})\s*", re.IGNORECASE
)


def number(seq: int, regency_code: str, year: int, *, is_practice: bool = False) -> str:
    return f"{seq:04d}/{_PRACTICE if is_practice else _KIND}/{regency_code}/{year}"


def read(text: str) -> str | None:
    """The number as it is stored, however it was typed: ``1 / sm / 35.78 / 2020``; None for anything else."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return None
    seq, kind, code, year = found.groups()
    return number(int(seq), code.upper(), int(year), is_practice=kind.upper() == _PRACTICE)


def sequence(text: str) -> int | None:
    """The first part alone, which people read out: ``0012`` or ``12``."""
    return int(text) if re.fullmatch(r"\s*\d{1,7}\s*", text, re.ASCII) else None
