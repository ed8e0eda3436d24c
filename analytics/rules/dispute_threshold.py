"""Ambang batas sengketa: when the Constitutional Court hears a petition (Pasal 158 UU 10/2016)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

#: (population up to and including, rate); the last band is open.
PROVINCE_BANDS = ((2_000_000, Fraction(2, 100)), (6_000_000, Fraction(15, 1000)), (12_000_000, Fraction(1, 100)))
REGENCY_BANDS = ((250_000, Fraction(2, 100)), (500_000, Fraction(15, 1000)), (1_000_000, Fraction(1, 100)))
LOWEST_RATE = Fraction(5, 1000)


@dataclass(frozen=True)
class Dispute:
    """``votes`` is the threshold rounded to whole votes; ``inside`` compares the exact fraction."""

    rate: Fraction
    votes: int
    margin: int
    inside: bool

    @property
    def missing(self) -> int:
        """Votes by which the margin is too wide; 0 when inside."""
        return 0 if self.inside else self.margin - self.votes


def rate_for(population: int, *, is_province: bool) -> Fraction:
    """Return the share of valid votes that the margin may reach, by population."""
    for limit, rate in PROVINCE_BANDS if is_province else REGENCY_BANDS:
        if population <= limit:
            return rate
    return LOWEST_RATE


def dispute(*, population: int, is_province: bool, valid_votes: int, margin: int) -> Dispute:
    """Hold a margin (winner minus petitioner, in votes, not negative) against the threshold."""
    rate = rate_for(population, is_province=is_province)
    exact = rate * valid_votes
    return Dispute(rate=rate, votes=int(exact + Fraction(1, 2)), margin=margin, inside=margin <= exact)


#: Working days after the result is announced, the day itself not counted (Pasal 157 UU 10/2016).
PETITION_DAYS = 3
_FRIDAY = 4


def petition_deadline(announced_on: date, *, holidays: Collection[date] = ()) -> date:
    """Return the last day on which a petition may be filed: three working days, Monday to Friday.

    Public holidays are moved by decree every year and none are known here: name them in ``holidays``.
    """
    day, left = announced_on, PETITION_DAYS
    while left:
        day += timedelta(days=1)
        left -= day.weekday() <= _FRIDAY and day not in holidays
    return day
