"""What an import would do, told before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol

from sista.spreadsheets.records import Problem, Record
from tallies.importing.ways import Tell
from tallies.models import FileImport

#: Rows that are looked up, and written, at once.
BATCH = 500
#: Problems, and changes worth naming, that are kept in words; all are counted.
MOST_PROBLEMS, MOST_NOTES = 2000, 500
#: What a row that fits would do, by the column that counts it; a row that says what is there is neither.
NEW, CHANGED, SAME = "rows_new", "rows_changed", ""


class FitRow(Protocol):
    @property
    def line(self) -> int: ...


@dataclass
class Batch:
    """``rows`` fit; of ``bad`` rows ``problems`` tells, at least one of each."""

    lines: int = 0
    bad: int = 0
    rows: list[Any] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    #: Earlier rows that a row of this batch contradicts: none of them may be used.
    spoiled: list[int] = field(default_factory=list)


def in_batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    rest = iter(records)
    while some := list(islice(rest, BATCH)):
        yield some


def looked_at(
    batches: Iterable[Batch],
    news: Callable[[list[Any]], Sequence[str]],
    tell: Tell,
    notes: Callable[[list[Any], Sequence[str]], list[tuple[int, str]]] | None = None,
) -> dict[str, Any]:
    """What is to be said of a file, by the names of the import's columns.

    ``news`` says of every row of a batch what it would do; ``notes`` what is worth naming, by line.
    """
    problems: list[Problem] = []
    named: list[tuple[int, str]] = []
    left_out: dict[int, None] = {}
    #: What each row was counted as: a later one may show that it must not be used.
    counted: dict[int, str] = {}
    numbers = {"rows_done": 0, "rows_fit": 0, "rows_bad": 0, NEW: 0, CHANGED: 0}
    for batch in batches:
        kinds = news(batch.rows)
        for row, kind in zip(batch.rows, kinds, strict=True):
            counted[row.line] = kind
            numbers["rows_fit"] += 1
            if kind:
                numbers[kind] += 1
        for line in batch.spoiled:
            if line in counted:
                _take_back(numbers, counted.pop(line))
            left_out[line] = None
        numbers["rows_done"] += batch.lines
        numbers["rows_bad"] += batch.bad
        problems += batch.problems[: MOST_PROBLEMS - len(problems)]
        if notes and len(named) < MOST_NOTES:
            named += notes(batch.rows, kinds)[: MOST_NOTES - len(named)]
        tell(numbers["rows_done"])
    report = {
        "problems": [[each.line, each.column, each.value, each.reason] for each in problems],
        "left_out": list(left_out),
        "notes": [note for note in named if note[0] not in left_out],
    }
    return numbers | {"rows_of": numbers["rows_done"], "report": report}


def _take_back(numbers: dict[str, int], kind: str) -> None:
    """A row that was counted as fit when it came is a bad one."""
    numbers["rows_fit"] -= 1
    numbers["rows_bad"] += 1
    if kind:
        numbers[kind] -= 1


def problems_of(one: FileImport) -> list[Problem]:
    return [Problem(*each) for each in one.report.get("problems", ())]


def left_out(one: FileImport) -> set[int]:
    """Lines that fit by themselves and contradict another: they are not written."""
    return set(one.report.get("left_out", ()))
