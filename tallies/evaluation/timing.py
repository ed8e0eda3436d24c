"""Minutes after the closing hour: their median and the slowest, from how often each occurs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

#: When the TPS close, by the clock of the place.
CLOSES = time(13, 0)


def closing(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, CLOSES, tzinfo=zone)


@dataclass(frozen=True)
class Spread:
    """``count`` values; ``median`` is one of them, of two in the middle the lower. None without any."""

    count: int = 0
    median: int | None = None
    slowest: int | None = None


NOTHING_SENT = Spread()


def spread(times: Mapping[int, int]) -> Spread:
    """The spread of ``times``: how often each minute occurs."""
    count = sum(times.values())
    if not count:
        return NOTHING_SENT
    return Spread(count, _at((count + 1) // 2, times), max(times))


def median_of_all(times: Mapping[int, int], everybody: int) -> int | None:
    """The median of ``everybody``, of whom those without a time come last; None where it is one of these."""
    return reached(times, (everybody + 1) // 2)


def _at(place: int, times: Mapping[int, int]) -> int:
    seen = 0
    for minute in sorted(times):
        seen += times[minute]
        if seen >= place:
            return minute
    raise ValueError("fewer values than that")


def reached(times: Mapping[int, int], number: int) -> int | None:
    """The minute by which ``number`` were sent, None while there are fewer; of none, None."""
    return _at(number, times) if 0 < number <= sum(times.values()) else None


def sent_by(times: Mapping[int, int], minute: int) -> int:
    """How many were sent up to and within ``minute``."""
    return sum(number for one, number in times.items() if one <= minute)
