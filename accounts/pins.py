"""Six digits that somebody who finds the phone does not try first."""

from __future__ import annotations

import re
from itertools import pairwise

LENGTH = 6


def is_pin(text: str) -> bool:
    return re.fullmatch(rf"[0-9]{{{LENGTH}}}", text) is not None


def is_easy(pin: str) -> bool:
    """True for 000000, 121212, 123123, 112233, and for 123456, 890123, 654321.

    Of a million PINs these are 1,130, and the first that are tried.
    """
    repeats = any(pin == (pin[:period] * LENGTH)[:LENGTH] for period in (1, 2, 3))
    doubled = pin[0::2] == pin[1::2] and _steps(pin[0::2]) in ({1}, {9})
    return repeats or doubled or _steps(pin) in ({1}, {9})


def _steps(digits: str) -> set[int]:
    """The distances from digit to digit, round the end: 9 is a step down."""
    return {(int(after) - int(before)) % 10 for before, after in pairwise(digits)}
