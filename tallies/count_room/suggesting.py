"""What a form may have meant to say: values that would make it add up. Shown, never applied.

Pure values in and out. A suggestion changes one box: to what another reading
says, or by one slip of a hand (a digit wrong, lost, added or swapped with its
neighbour). It is kept when fewer of the form's relations are broken with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tallies.checks import check, disagreement
from tallies.figures import MAX_FIGURE, Figures, StationFacts, Thresholds

MOST = 3


@dataclass(frozen=True)
class Suggestion:
    """``field`` would hold ``value``. ``repairs``: then no relation is broken; ``seen``: another reading says so.

    ``instead_of`` is what the box holds now, None for a blank one.
    """

    field: str
    value: int
    instead_of: int | None
    repairs: bool
    seen: bool


def suggest(
    figures: Figures, others: Sequence[Figures], station: StationFacts, thresholds: Thresholds
) -> tuple[Suggestion, ...]:
    """At most three, the likeliest first: what repairs the form, then what somebody read, then the rest."""
    before = _broken(figures, station, thresholds)
    ranked = []
    for name in _questioned(figures, others, station, thresholds):
        now = figures.get(name)
        read = {value for other in others if (value := other.get(name)) is not None}
        for value in sorted((read | set(_slips(now))) - {now}):
            after = _broken(_with(figures, name, value), station, thresholds)
            if after < before or (value in read and after == before):
                ranked.append((after, value not in read, Suggestion(name, value, now, after == 0, value in read)))
    ranked.sort(key=lambda one: one[:2])
    return tuple(one for _after, _unread, one in ranked[:MOST])


def _questioned(
    figures: Figures, others: Sequence[Figures], station: StationFacts, thresholds: Thresholds
) -> list[str]:
    """Boxes that a broken relation names or in which a reading differs, each once."""
    names = [name for one in check(figures, station, thresholds) if _is_error(one.code) for name in one.fields]
    differing = [disagreement(figures, other) for other in others]
    return list(dict.fromkeys([*(name for one in differing if one for name in one.fields), *names]))


def _broken(figures: Figures, station: StationFacts, thresholds: Thresholds) -> int:
    return sum(_is_error(one.code) for one in check(figures, station, thresholds))


def _is_error(code: str) -> bool:
    """A relation of the form itself; warnings hold it against other facts."""
    return code.startswith("C1-E")


def _with(figures: Figures, name: str, value: int) -> Figures:
    if name.startswith("votes_"):
        return replace(figures, votes={**figures.votes, int(name.removeprefix("votes_")): value})
    return replace(figures, values={**figures.values, name: value})


def _slips(value: int | None) -> Iterator[int]:
    """Figures one slip of a hand away from ``value``, in three boxes or more."""
    if value is None:
        return
    text = f"{value:03}"
    for place, digit in enumerate(text):
        yield from (int(text[:place] + other + text[place + 1 :]) for other in "0123456789" if other != digit)
        yield int(text[:place] + text[place + 1 :] or "0")
    for place in range(len(text) - 1):
        yield int(text[:place] + text[place + 1] + text[place] + text[place + 2 :])
    if value * 10 <= MAX_FIGURE:
        yield from (value * 10 + digit for digit in range(10) if value * 10 + digit <= MAX_FIGURE)
