"""What an import would do, told before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sista.spreadsheets.records import Problem
from tallies.models import OfficialImport
from tallies.official.columns import target_of
from tallies.official.receiving import records_of
from tallies.official.rows import Judge, is_news, standing

#: Problems that are kept in words; all are counted.
MOST_PROBLEMS = 2000


def looked_at(one: OfficialImport, tell: Callable[[int], None]) -> dict[str, Any]:
    """Read the whole file and return what is to be said of it, by the names of the import's columns.

    ``tell`` hears how many rows are read. Raises `FileRefused`.
    """
    judge = Judge(target_of(one))
    problems: list[Problem] = []
    doubled: dict[int, None] = {}
    #: Where the first row of a TPS stood, and whether it was counted as new or changed.
    counted: dict[int, str] = {}
    numbers = {"rows_done": 0, "rows_fit": 0, "rows_bad": 0, "rows_new": 0, "rows_changed": 0}
    with records_of(one) as records:
        for batch in judge.batches(records):
            there = standing(batch.rows)
            for row in batch.rows:
                kind = "" if not is_news(row, there) else _kind(row.contest, row.station, there)
                counted[row.station] = kind
                numbers["rows_fit"] += 1
                if kind:
                    numbers[kind] += 1
            for station in batch.doubled:
                if station not in doubled and station in counted:
                    _take_back(numbers, counted[station])
                doubled[station] = None
            numbers["rows_done"] += batch.lines
            numbers["rows_bad"] += batch.bad
            problems += batch.problems[: MOST_PROBLEMS - len(problems)]
            tell(numbers["rows_done"])
    report = {
        "problems": [[each.line, each.column, each.value, each.reason] for each in problems],
        "doubled": list(doubled),
    }
    return numbers | {"rows_of": numbers["rows_done"], "report": report}


def _kind(contest: int, station: int, there: dict[tuple[int, int], Any]) -> str:
    return "rows_changed" if (contest, station) in there else "rows_new"


def _take_back(numbers: dict[str, int], kind: str) -> None:
    """The first of two rows of a TPS was counted as fit when it came."""
    numbers["rows_fit"] -= 1
    numbers["rows_bad"] += 1
    if kind:
        numbers[kind] -= 1


def problems_of(one: OfficialImport) -> list[Problem]:
    return [Problem(*each) for each in one.report.get("problems", ())]
