"""Forms of one station side by side: which boxes differ, and what does not add up in each.

Pure values: figures in, rows out. The wording is the page's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tallies.checks import Contradiction
from tallies.figures import Figures

#: Relations whose two sides should be equal; the limits should be left <= right.
_EQUALITIES = frozenset(f"C1-E{number:02}" for number in (1, 2, 3, 6, 7, 8, 9, 11))
_LIMITS = frozenset(("C1-E04", "C1-E05", "C1-E10"))


@dataclass(frozen=True)
class Cell:
    """One box row of one form; ``other`` is the reading it is held against, itself where nothing differs."""

    value: int | None
    other: int | None

    @property
    def differs(self) -> bool:
        return self.value != self.other


@dataclass(frozen=True)
class Row:
    name: str
    cells: tuple[Cell, ...]

    @property
    def differs(self) -> bool:
        return any(cell.differs for cell in self.cells)


@dataclass(frozen=True)
class CheckRow:
    """One code over all forms: what is broken in each, None where it holds."""

    code: str
    found: tuple[Contradiction | None, ...]


def rows(names: Iterable[str], readings: Sequence[Figures]) -> list[Row]:
    """Hold every reading against the first; the first against the first one that differs from it."""
    return [Row(name, _cells([reading.get(name) for reading in readings])) for name in names]


def _cells(values: Sequence[int | None]) -> tuple[Cell, ...]:
    first = values[0]
    against = next((value for value in values if value != first), first)
    return (Cell(first, against), *(Cell(value, first) for value in values[1:]))


def check_rows(found: Sequence[Sequence[Contradiction]]) -> list[CheckRow]:
    """One row a code that is broken in any form, in the order of the codes; a code twice shows its first."""
    by_form = [{one.code: one for one in reversed(contradictions)} for contradictions in found]
    codes = sorted({code for codes in by_form for code in codes})
    return [CheckRow(code, tuple(codes.get(code) for codes in by_form)) for code in codes]


def sign(contradiction: Contradiction) -> str:
    """How the two sides stand: "≠", ">" or "" where they are not two sides of one relation."""
    if contradiction.code in _EQUALITIES:
        return "≠"
    return ">" if contradiction.code in _LIMITS else ""
