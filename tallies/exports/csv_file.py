"""A table as CSV: commas, CRLF, UTF-8, numbers plain."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import IO, Any

from tallies.exports.tables import Kind, Row, Table

#: A spreadsheet takes a text that begins with one of these for a formula; the last four are the wide ones.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: Without it Excel reads the file in the machine's old encoding; a program reads it as "utf-8-sig".
MARK = "\ufeff"


def write(table: Table, rows: Iterable[Row], out: IO[bytes]) -> None:
    """Write the frame as lines of two cells, an empty line, the labels, the rows."""
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    text.write(MARK)
    for line in _lines(table, rows):
        text.write(csv_line(line) + "\r\n")
    text.flush()
    text.detach()


def _lines(table: Table, rows: Iterable[Row]) -> Iterator[Iterable[object]]:
    yield [table.frame.title]
    yield from ([warning] for warning in table.frame.warnings)
    yield from table.frame.facts
    yield []
    yield [column.label for column in table.columns]
    kinds = [column.kind for column in table.columns]
    for row in rows:
        yield [_cell(value, kind, table) for value, kind in zip(row, kinds, strict=True)]


def _cell(value: Any, kind: Kind, table: Table) -> object:
    if isinstance(value, datetime):
        return value.astimezone(table.zone).isoformat(timespec="seconds")
    return f"{float(value):.6f}" if kind == Kind.SHARE and value is not None else value


def csv_line(cells: Iterable[object], delimiter: str = ",") -> str:
    """One line of CSV without its end."""
    line = io.StringIO(newline="")
    # With a lone newline for its end, Python 3.11 leaves a carriage return inside a text unquoted.
    csv.writer(line, lineterminator="\r\n", delimiter=delimiter).writerow(plain(cell) for cell in cells)
    return line.getvalue().removesuffix("\r\n")


def plain(cell: object) -> object:
    """Put an apostrophe before a text that would be a formula; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
