"""Rows under a header: cells by field, and what is wrong with them by row and column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from sista.spreadsheets.cells import Unreadable, is_blank, shown
from sista.spreadsheets.headers import Header
from sista.spreadsheets.opening import Line

Value = TypeVar("Value")


@dataclass(frozen=True)
class Problem:
    """What is wrong in one place. ``column`` and ``value`` are empty where the row as a whole is meant."""

    line: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        place = _("Baris %(line)s") % {"line": self.line}
        if self.column:
            place = _("%(place)s, kolom %(column)s") % {"place": place, "column": self.column}
        return f"{place}: {self.reason}" + (f" ({self.value})" if self.value else "") + "."


@dataclass
class Record:
    """One row. What is asked for and cannot be read gathers in ``problems``."""

    line: int
    header: Header
    cells: tuple[Any, ...]
    problems: list[Problem] = field(default_factory=list)

    def read(self, name: str, reader: Callable[[Any], Value], *, required: bool = False) -> Value | None:
        """The value of a field; None where the cell is empty, the file has no such column, or the cell is wrong."""
        place = self.header.columns.get(name)
        cell = self.cells[place] if place is not None and place < len(self.cells) else None
        if is_blank(cell):
            if required:
                self._wrong(name, "", _("kosong"))
            return None
        try:
            return reader(cell)
        except Unreadable as error:
            self._wrong(name, shown(cell), str(error))
            return None

    def refuse(self, reason: str, name: str = "", value: object = "") -> None:
        """Say what only the caller can know: an unknown code, a row that comes twice."""
        self._wrong(name, shown(value) if value != "" else "", reason)

    def _wrong(self, name: str, value: str, reason: str) -> None:
        column = self.header.label_of(name) if name in self.header.columns else name
        self.problems.append(Problem(self.line, column, value, reason))


def records(header: Header, lines: Iterable[Line]) -> Iterator[Record]:
    for line in lines:
        yield Record(line.number, header, line.cells)
