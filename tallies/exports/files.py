"""Write a table as a file of one of the formats, as of one moment, in memory that does not grow with it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from typing import IO

from django.utils.text import slugify

from sista.database import one_snapshot
from tallies.exports import csv_file, pdf_file, xlsx_file
from tallies.exports.tables import Row, Table, counting
from tallies.models import FileFormat

Writer = Callable[[Table, Iterable[Row], IO[bytes]], None]
Tell = Callable[[int], None]

WRITERS: dict[str, Writer] = {
    FileFormat.CSV: csv_file.write,
    FileFormat.XLSX: xlsx_file.write,
    FileFormat.PDF: pdf_file.write,
}
CONTENT_TYPES = {
    FileFormat.CSV: "text/csv; charset=utf-8",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileFormat.PDF: "application/pdf",
}
#: Rows that a format takes; the others have no end.
MOST_ROWS = {FileFormat.XLSX: xlsx_file.MOST_ROWS, FileFormat.PDF: pdf_file.MOST_ROWS}
#: Bytes kept in memory; what is longer goes to a file without a name.
IN_MEMORY = 1024 * 1024
ROWS_BETWEEN_TELLING = 500


def _silent(_rows: int) -> None:
    """Nobody listens."""


def written(make: Callable[[], Table], file_format: str, tell: Tell = _silent) -> IO[bytes]:
    """Return the table that ``make`` returns as a file, open at its beginning and without a name.

    Whole, or not at all: half a CSV that was sent while the database went away
    looks like a result. Frame and rows are of one moment, because both are read
    inside (`one_snapshot`); ``tell`` must not write over the same connection.
    """
    out: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # type: ignore[assignment]  # noqa: SIM115
    try:
        with one_snapshot():
            table = make()
            WRITERS[file_format](table, counting(table.rows(), tell, every=ROWS_BETWEEN_TELLING), out)
    except BaseException:
        out.close()
        raise
    out.seek(0)
    return out


def download_name(election: str, region: str, table: str, file_format: str) -> str:
    """``pilkada-2020-35-07-tps.csv``: letters, digits and hyphens, whatever the region's code holds."""
    return f"{slugify(f'{election}-{region.replace(chr(46), chr(45))}-{table}')}.{file_format}"
