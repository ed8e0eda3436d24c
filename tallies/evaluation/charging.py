"""Who is charged with a figure that was wrong: held against the settled one, box by box. Pure.

Elsewhere a correction was charged to whoever was at hand. Here nobody is charged
for being one of two who differ: each is held against what was settled in the end,
both may be wrong, and without a settled figure nobody is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

#: Figures by box; None is a blank box, and a box that was not asked for is absent.
Boxes = Mapping[str, int | None]


@dataclass(frozen=True)
class Round:
    """What ``reader`` saw. ``asked``: the boxes typed then, None for all; the others repeat the round before."""

    reader: int
    boxes: Boxes
    asked: frozenset[str] | None = None


@dataclass(frozen=True)
class Case:
    """One form: what ``writer`` sent, how it was read (in order, rounds with figures only), what was settled."""

    writer: int
    written: Boxes
    rounds: Sequence[Round]
    settled: Boxes | None


@dataclass(frozen=True)
class Charges:
    """The wrong boxes of one form, in the order of the form.

    ``mended``: what a reader had wrong at first and right when asked once more.
    """

    writer: tuple[str, ...] = ()
    readers: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    mended: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


def differing(seen: Boxes, settled: Boxes) -> tuple[str, ...]:
    """Boxes that both were asked for and that are not the same; a blank box differs from a number."""
    return tuple(box for box, value in settled.items() if box in seen and seen[box] != value)


def charge(case: Case) -> Charges:
    """Say who had which box wrong. Without a settled figure, nobody."""
    if case.settled is None:
        return Charges()
    writer = differing(case.written, case.settled)
    if not case.rounds:
        return Charges(writer)
    last = case.rounds[-1]
    wrong = differing(last.boxes, case.settled)
    readers: dict[int, tuple[str, ...]] = {}
    for box in wrong:
        reader = _typed_by(box, case.rounds)
        readers[reader] = (*readers.get(reader, ()), box)
    mended: dict[int, tuple[str, ...]] = {}
    for before in case.rounds[:-1]:
        for box in differing(before.boxes, case.settled):
            if box not in wrong and box in _typed(before):
                mended[before.reader] = (*mended.get(before.reader, ()), box)
    return Charges(writer, readers, mended)


def _typed(one: Round) -> frozenset[str]:
    return frozenset(one.boxes) if one.asked is None else one.asked


def _typed_by(box: str, rounds: Sequence[Round]) -> int:
    """The last who typed ``box``: a second round repeats the others from the first."""
    return next((one.reader for one in reversed(rounds) if box in _typed(one)), rounds[0].reader)
