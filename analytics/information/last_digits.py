"""Last digits and round percentages of many TPS, beside what chance alone would give. Pure.

Never a rule: a count of digits finds no station and no person. What chance gives is no tenth a digit and no
fifth of the percentages: both are held against what counts next to the real ones would have made.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

#: A TPS counts from so many votes of the pair on. Below, the last digit follows the size of the pair.
FEWEST_VOTES = 50
#: Of fewer TPS the chance of χ² is no chance: ten counts of ten.
FEWEST_STATIONS = 100
#: A percentage is round at a multiple of this, within `NEAR` on either side (all in percent).
ROUND_AT, NEAR = 5, 0.05
#: Counts on either side of the own one that stand for what chance could have given.
NEIGHBOURS = 10
#: Below this chance the difference is named as larger than chance; of 100 kabupaten one is, by chance alone.
RARE = 0.01


@dataclass(frozen=True)
class DigitCount:
    """``usual``: between which counts 95 of 100 such counts lie by chance."""

    digit: int
    count: int
    expected: float
    usual: tuple[int, int]


@dataclass(frozen=True)
class LastDigits:
    """``chance``: of digits at least as uneven by chance (χ² with nine degrees of freedom)."""

    stations: int
    digits: tuple[DigitCount, ...]
    chance: float

    @property
    def are_enough(self) -> bool:
        return self.stations >= FEWEST_STATIONS

    @property
    def is_rare(self) -> bool:
        return self.chance < RARE


@dataclass(frozen=True)
class RoundShares:
    """TPS with a round share, and how many there would be if each count were one of its neighbours."""

    stations: int
    count: int
    expected: float
    usual: tuple[int, int]

    @property
    def is_rare(self) -> bool:
        return not self.usual[0] <= self.count <= self.usual[1]


def last_digits(votes: Sequence[int]) -> LastDigits:
    """Count the last digits of ``votes`` of one pair, one a TPS; those under `FEWEST_VOTES` are left out.

    Expected is not a tenth each: where few TPS have many votes, low digits come first in each ten. It is what the
    same TPS give when every count is spread over the ten counts round it, which no digit can stand out from.
    """
    counted = Counter(one % 10 for one in votes if one >= FEWEST_VOTES)
    stations = counted.total()
    smooth = _smooth(Counter(votes))
    total = sum(smooth)
    shares = [one / total if total else 0.1 for one in smooth]
    rows = tuple(
        DigitCount(digit, counted[digit], stations * one, _usual(stations * one, stations * one * (1 - one)))
        for digit, one in enumerate(shares)
    )
    uneven = sum((row.count - row.expected) ** 2 / row.expected for row in rows if row.expected)
    return LastDigits(stations, rows, _chance_of_nine(uneven))


def _smooth(counts: Counter[int]) -> list[float]:
    """TPS by last digit from `FEWEST_VOTES` on, each count spread over the five below and above, the ends by half."""
    smooth = [0.0] * 10
    for votes, number in counts.items():
        for away in range(-5, 6):
            if votes + away >= FEWEST_VOTES:
                smooth[(votes + away) % 10] += number * (0.05 if abs(away) == 5 else 0.1)
    return smooth


def round_shares(votes: Sequence[tuple[int, int]]) -> RoundShares:
    """Count TPS whose share is round; ``votes``: (of the pair, valid), one a TPS."""
    used = [(own, valid) for own, valid in votes if FEWEST_VOTES <= own <= valid - FEWEST_VOTES]
    chances = [_chance_of_round(own, valid) for own, valid in used]
    expected = sum(chances)
    usual = _usual(expected, sum(one * (1 - one) for one in chances), z=2.576)
    return RoundShares(len(used), sum(is_round(own, valid) for own, valid in used), expected, usual)


def is_round(own: int, valid: int) -> bool:
    percent = 100 * own / valid
    return abs(percent - ROUND_AT * round(percent / ROUND_AT)) <= NEAR


def _chance_of_round(own: int, valid: int) -> float:
    near = range(own - NEIGHBOURS, own + NEIGHBOURS + 1)
    return sum(is_round(one, valid) for one in near) / len(near)


def _usual(expected: float, variance: float, z: float = 1.96) -> tuple[int, int]:
    width = z * math.sqrt(variance)
    return max(math.ceil(expected - width), 0), math.floor(expected + width)


def _chance_of_nine(uneven: float) -> float:
    """P(χ² with nine degrees of freedom ≥ ``uneven``), in closed form for odd degrees."""
    if uneven <= 0:
        return 1.0
    term, total = math.sqrt(2 * uneven / math.pi) * math.exp(-uneven / 2), 0.0
    for divisor in (3, 5, 7, 9):
        total += term
        term *= uneven / divisor
    return math.erfc(math.sqrt(uneven / 2)) + total
