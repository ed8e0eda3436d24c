"""The figures of a D.Hasil, as plain values: a column a desa (or a kecamatan), and one that adds them up.

A column speaks in the `Figures` of a C1; the rows are fewer and the numbers
longer. Nothing here knows the database.
"""

from __future__ import annotations

import re

#: What a column says besides the pairs, in the order of D.Hasil Kecamatan-KWK and D.Hasil KabKo-KWK.
RECAP_FIELDS: tuple[str, ...] = (
    "registered_dpt",
    "voters_total",
    "ballots_received",
    "ballots_used",
    "valid_votes",
    "invalid_votes",
    "total_votes",
)

#: Seven digits: the largest kabupaten has four million people.
MAX_RECAP_FIGURE = 9_999_999

_DIGITS = re.compile(r"[0-9]{1,7}")


def parse_recap_figure(given: object) -> int | None:
    """Read one box row of a recap: an integer, or a string of one to seven ASCII digits.

    ``None`` and the empty string are a blank box. Raises `ValueError` for all
    else, for the reasons of `tallies.figures.parse_figure`.
    """
    if given is None or given == "":
        return None
    if isinstance(given, int) and not isinstance(given, bool):
        if 0 <= given <= MAX_RECAP_FIGURE:
            return given
    elif isinstance(given, str) and _DIGITS.fullmatch(given):
        return int(given)
    raise ValueError("not a figure of one to seven digits")
