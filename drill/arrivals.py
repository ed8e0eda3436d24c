"""When forms arrive: 93 % in the first four of six hours, and at the peak five times the mean. Pure."""

from __future__ import annotations

import bisect
import itertools
import random

#: Shares of the night; a witness network had 93 % of its TPS in within about four hours of closing.
FOUR_HOURS = 4 / 6
SHARE_IN_FOUR_HOURS = 0.93
PEAK = 5.0
PEAK_AT = 0.25
_STEPS = 2000
#: Below the peak arrivals are even at this density; the peak's triangle holds the rest of the 93 %.
_EVEN = 1.0
_WIDTH = 2 * (SHARE_IN_FOUR_HOURS - _EVEN * FOUR_HOURS) / (PEAK - _EVEN)


def density(share: float) -> float:
    """Arrivals at this share of the night, 1.0 being the mean."""
    if share >= FOUR_HOURS:
        return (1 - SHARE_IN_FOUR_HOURS) / (1 - FOUR_HOURS)
    beside = abs(share - PEAK_AT) / (_WIDTH / 2)
    return _EVEN + max(0.0, (PEAK - _EVEN) * (1 - beside))


_HELD = list(itertools.accumulate(density((step + 0.5) / _STEPS) / _STEPS for step in range(_STEPS)))


def moments(count: int, seconds: float, chance: random.Random) -> list[float]:
    """``count`` moments within ``seconds``, in order."""
    return sorted(_share_at(chance.random()) * seconds for _ in range(count))


def _share_at(held: float) -> float:
    """The share of the night at which this share of all forms is in."""
    step = min(bisect.bisect_left(_HELD, held * _HELD[-1]), _STEPS - 1)
    before = _HELD[step - 1] if step else 0.0
    return (step + (held * _HELD[-1] - before) / (_HELD[step] - before)) / _STEPS
