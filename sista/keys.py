"""Keys of rows as an address or a form brings them."""

from __future__ import annotations


def key_in(text: str) -> int | None:
    """The key ``text`` writes, or None for anything that is not one.

    ``isdecimal`` alone takes digits of other scripts, ``int`` takes any length, and a database no more than 64 bits.
    """
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None
