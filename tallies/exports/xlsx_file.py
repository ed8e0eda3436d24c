"""A table as an Excel workbook: one sheet, numbers as numbers, every text as text."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from tempfile import TemporaryDirectory
from typing import IO, Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from tallies.exports.csv_file import FORMULA_STARTS
from tallies.exports.tables import Kind, Row, Table

#: A sheet ends here; the frame and the labels stand on it too.
MOST_ROWS = 1_048_576 - 20
MOST_LETTERS = 32_767

_OPTIONS = {
    "constant_memory": True,  # a row goes to disk when the next one begins
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": "yyyy-mm-dd hh:mm:ss",
    "remove_timezone": True,
}


def write(table: Table, rows: Iterable[Row], out: IO[bytes]) -> None:
    """Write the frame above the labels, which stay in sight, and the rows below them."""
    with TemporaryDirectory() as folder, xlsxwriter.Workbook(out, _OPTIONS | {"tmpdir": folder}) as book:
        # Written again, the same table is the same file.
        book.set_properties({"created": datetime(2000, 1, 1)})
        sheet = book.add_worksheet(table.name)
        bold = book.add_format({"bold": True})
        # Excel keeps such a cell a text also after somebody has edited it.
        quoted = book.add_format({"quote_prefix": True})
        shares = book.add_format({"num_format": "0.00%"})
        counts = book.add_format({"num_format": "#,##0"})
        for place, column in enumerate(table.columns):
            sheet.set_column(place, place, max(column.width, len(column.label)) + 2)
        first = _write_frame(sheet, table, bold, quoted)
        styles = {Kind.COUNT: counts, Kind.SHARE: shares, Kind.TEXT: quoted, Kind.MOMENT: None}
        kinds = [(column.kind, styles[column.kind]) for column in table.columns]
        for number, row in enumerate(rows, start=first):
            for place, (value, (kind, style)) in enumerate(zip(row, kinds, strict=True)):
                if value is not None:
                    shown = value.astimezone(table.zone) if kind == Kind.MOMENT else value
                    _write_cell(sheet, number, place, shown, kind, style)


def _write_frame(sheet: Worksheet, table: Table, bold: Format, quoted: Format) -> int:
    """Return the line after the labels."""
    lines: list[tuple[str, ...]] = [(table.frame.title,), *((one,) for one in table.frame.warnings)]
    lines += table.frame.facts
    for number, cells in enumerate(lines):
        for place, text in enumerate(cells):
            style = bold if len(cells) == 1 or place == 0 else quoted
            sheet.write_string(number, place, text[:MOST_LETTERS], style)
    labels = len(lines) + 1
    for place, column in enumerate(table.columns):
        sheet.write_string(labels, place, column.label, bold)
    sheet.freeze_panes(labels + 1, 0)
    return labels + 1


def _write_cell(sheet: Worksheet, line: int, place: int, value: Any, kind: Kind, style: Format | None) -> None:
    if kind == Kind.TEXT:
        text = str(value)[:MOST_LETTERS]
        sheet.write_string(line, place, text, style if text.startswith(FORMULA_STARTS) else None)
    elif kind == Kind.MOMENT:
        sheet.write_datetime(line, place, value)
    else:
        sheet.write_number(line, place, value, style)
