"""The figures of a C1, as plain values.

The rows stand in the order of C.Hasil Salinan-KWK 2020. A blank box on the
paper is ``None`` and differs from a written zero. Nothing here knows the
database: pages, API, checks and replay all speak in these values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

MALE, FEMALE, TOTAL = "_male", "_female", ""

#: Rows with L / P / jumlah. The jumlah carries the bare name of the row.
GENDERED_ROWS = (
    "registered_dpt",
    "registered_dpph",
    "registered_dptb",
    "registered_total",
    "voters_dpt",
    "voters_dpph",
    "voters_dptb",
    "voters_total",
    "disabled_voters",
)
BALLOT_ROWS = ("ballots_received", "ballots_used", "ballots_spoiled", "ballots_unused")
VOTE_ROWS = ("valid_votes", "invalid_votes", "total_votes")

#: Every figure of the full form except the votes of the pairs, in paper order
#: (I.A, I.B, II, III, then V; the pairs, IV, stand before V).
FULL_FIELDS: tuple[str, ...] = (
    *(row + part for row in GENDERED_ROWS[:8] for part in (MALE, FEMALE, TOTAL)),
    *BALLOT_ROWS,
    *("disabled_voters" + part for part in (MALE, FEMALE, TOTAL)),
    *VOTE_ROWS,
)
#: What the short form asks for besides the pairs.
SHORT_FIELDS: tuple[str, ...] = ("voters_total", "valid_votes", "invalid_votes")

#: Four digits: the largest TPS the law allows has 800 voters, and a bounded
#: field turns 99999999999 into a sentence instead of a server error.
MAX_FIGURE = 9999

#: The pair number of *kolom kosong*, the empty box a lone pair runs against.
EMPTY_BOX = 0


@dataclass(frozen=True)
class Figures:
    """What one C1 says: votes by pair number, and the other rows by field name.

    A field that is absent from ``values`` is blank, like one that is ``None``.
    """

    votes: Mapping[int, int | None]
    values: Mapping[str, int | None] = field(default_factory=lambda: MappingProxyType({}))

    def get(self, name: str) -> int | None:
        """Return the figure in the row ``name``; ``votes_<n>`` names a pair."""
        if name.startswith("votes_"):
            return self.votes.get(int(name.removeprefix("votes_")))
        return self.values.get(name)

    def known(self, names: Iterable[str]) -> list[int] | None:
        """Return the figures of ``names``, or ``None`` when one of them is blank."""
        found = [self.get(name) for name in names]
        return None if any(value is None for value in found) else [v for v in found if v is not None]

    @property
    def vote_fields(self) -> tuple[str, ...]:
        return tuple(vote_field(number) for number in sorted(self.votes))

    @property
    def pair_sum(self) -> int | None:
        """Sum of the pairs, *kolom kosong* included; ``None`` when one is blank."""
        found = self.known(self.vote_fields)
        return None if found is None or not found else sum(found)

    @property
    def effective_valid(self) -> int | None:
        """Valid votes as written, or the sum of the pairs where the box is blank."""
        written = self.get("valid_votes")
        return self.pair_sum if written is None else written


def vote_field(number: int) -> str:
    """Name the field that holds the votes of pair ``number``."""
    return f"votes_{number}"


_DIGITS = re.compile(r"[0-9]{1,4}")


def parse_figure(given: object) -> int | None:
    """Read one box row: an integer, or a string of one to four ASCII digits.

    ``None`` and the empty string are a blank box. Raises `ValueError` for all
    else: `int()` and most number fields take " 12 ", "1_000", "١٢" and "12.0",
    and none of these is what somebody meant to write on the form.
    """
    if given is None or given == "":
        return None
    if isinstance(given, int) and not isinstance(given, bool):
        if 0 <= given <= MAX_FIGURE:
            return given
    elif isinstance(given, str) and _DIGITS.fullmatch(given):
        return int(given)
    raise ValueError("not a figure of one to four digits")


@dataclass(frozen=True)
class StationFacts:
    """What the master data say of a TPS. ``registered_voters``: DPT, L + P."""

    registered_voters: int | None = None


@dataclass(frozen=True)
class Thresholds:
    """Limits of one election; rates are fractions (0.025 = 2,5%)."""

    reserve_rate: Decimal = Decimal("0.025")
    station_cap: int | None = 500
    turnout_limit: Decimal = Decimal("1.02")
    invalid_share_limit: Decimal | None = Decimal("0.10")
    invalid_count_limit: int | None = None

    @property
    def as_text(self) -> dict[str, str | int | None]:
        """For checks in a browser. Decimal fractions as text: 0.025 has no exact binary form."""
        return {
            "reserve": str(self.reserve_rate),
            "cap": self.station_cap,
            "turnout": str(self.turnout_limit),
            "invalid_share": None if self.invalid_share_limit is None else str(self.invalid_share_limit),
            "invalid_count": self.invalid_count_limit,
        }
