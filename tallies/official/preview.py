"""What an import of official figures would do, told before anything is written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sista.spreadsheets.records import Record
from tallies.importing import previewing
from tallies.importing.previewing import CHANGED, NEW, SAME, problems_of
from tallies.importing.ways import Tell
from tallies.models import OfficialImport
from tallies.official.columns import target_of
from tallies.official.rows import FitRow, Judge, is_news, standing

__all__ = ["looked_at", "problems_of"]


def looked_at(one: OfficialImport, records: Iterable[Record], tell: Tell) -> dict[str, Any]:
    """Read the whole file and return what is to be said of it, by the names of the import's columns."""
    return previewing.looked_at(Judge(target_of(one)).batches(records), _news, tell)


def _news(rows: list[FitRow]) -> list[str]:
    there = standing(rows)
    return [
        SAME if not is_news(row, there) else CHANGED if (row.contest, row.station) in there else NEW for row in rows
    ]
