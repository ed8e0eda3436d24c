"""Digits of other scripts, all that Unicode has: no reader of a number takes one, alone or among ours."""

import sys
import unicodedata

import pytest

from accounts.phone_numbers import normalise
from accounts.pins import is_pin
from sista.keys import key_in
from sista.spreadsheets import cells
from tallies.figures import parse_figure
from tallies.importing.places import station_number
from tallies.recap_figures import parse_recap_figure
from tallies.sms import reading as sms

#: All for which ``isdigit`` or ``isnumeric`` holds: 0-9 of some seventy scripts, ², ½, Ⅷ, 八.
FOREIGN = [c for c in map(chr, range(128, sys.maxunicode + 1)) if c.isnumeric() or c.isdigit()]


def test_python_would_take_hundreds_of_them():
    assert sum(c.isdecimal() and int(c) == unicodedata.decimal(c) for c in FOREIGN) >= 650


def figure_of_sms(text):
    """The second figure of a message whose others are right; a digit that falls away must not leave four of three."""
    station, first, *others = [token.digits for token in sms.hear(f"C1 1 100 {text} 20 5").tokens]
    assert (station, first, others[1:]) == ("1", "100", ["20", "5"])
    return others[0]


def number_of_phone(text):
    found = normalise("0812345678" + text)
    if found[1:].isascii() and found.startswith("+"):
        return found
    raise ValueError("kept as it was written")


def or_refused(found):
    if found is None or found is False:
        raise ValueError("refused")
    return found


READERS = {
    "box of a C1": parse_figure,
    "box of a recap": parse_recap_figure,
    "cell of a file": cells.whole_number(4),
    "number of a TPS": station_number,
    "code of a place": cells.code,
    "share": cells.share,
    "date": lambda text: cells.date(f"2020-12-{text}"),
    "key of a row": lambda text: or_refused(key_in(text)),
    "PIN": lambda text: or_refused(is_pin("19283" + text)),
    "telephone": number_of_phone,
    "SMS": figure_of_sms,
}


@pytest.mark.parametrize("reader", READERS)
def test_only_our_ten_digits_are_read(reader):
    read = READERS[reader]
    assert read("7")
    taken = []
    for foreign in FOREIGN:
        for text in (foreign, "1" + foreign) if reader != "PIN" else (foreign,):
            try:
                read(text)
            except (ValueError, sms.Unclear):
                continue
            taken.append(f"{text} (U+{ord(foreign):04X})")
    assert taken == []
