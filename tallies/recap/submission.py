"""What a sender hands in: one D.Hasil as values, and the hash that recognises it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from tallies.figures import Figures
from tallies.models import RecapForm
from tallies.recap_figures import RECAP_FIELDS
from tallies.submission import hash_of

#: Columns by the key of their region; the total's is the recap's own region.
Columns = Mapping[int, Figures]


@dataclass(frozen=True)
class RecapPage:
    """SHA-256 (lower-case hex) of a photo, and the page of the paper it shows."""

    sha256: str
    page: int


@dataclass(frozen=True)
class RecapSubmission:
    """One D.Hasil as sent. ``supersedes`` is the uuid of the version it corrects."""

    uuid: UUID
    contest_id: int
    region_id: int
    columns: Columns
    photos: tuple[RecapPage, ...] = ()
    supersedes: UUID | None = None
    confirmed: tuple[str, ...] = ()
    note: str = ""
    dated_on: date | None = None

    @property
    def content_hash(self) -> str:
        return hash_of(
            _content(
                contest=self.contest_id,
                region=self.region_id,
                columns=self.columns,
                photos=self.photos,
                supersedes=self.supersedes,
                confirmed=self.confirmed,
                note=self.note,
                dated_on=self.dated_on,
            )
        )


def content_hash_of_stored(form: RecapForm) -> str:
    """Recompute the hash of a stored version from its rows."""
    return hash_of(
        _content(
            contest=form.contest_id,
            region=form.region_id,
            columns=form.columns_by_region,
            photos=[RecapPage(one.sha256, one.page) for one in form.photo_names.all()],
            supersedes=form.supersedes.uuid if form.supersedes else None,
            confirmed=form.confirmed,
            note=form.note,
            dated_on=form.dated_on,
        )
    )


def _content(
    *,
    columns: Columns,
    photos: Iterable[RecapPage],
    supersedes: UUID | None,
    confirmed: Iterable[str],
    dated_on: date | None,
    **rest: Any,
) -> dict[str, Any]:
    return {
        **rest,
        "columns": columns_content(columns),
        "photos": sorted([one.page, one.sha256] for one in photos),
        "supersedes": str(supersedes) if supersedes else None,
        "confirmed": sorted(confirmed),
        "dated_on": dated_on.isoformat() if dated_on else None,
    }


def columns_content(columns: Columns) -> dict[str, Any]:
    """Columns as JSON takes them: every pair, and every row, a blank box as null."""
    return {
        str(region): {
            "votes": {str(number): votes for number, votes in sorted(figures.votes.items())},
            "values": {name: figures.values.get(name) for name in RECAP_FIELDS},
        }
        for region, figures in sorted(columns.items())
    }


def differing(one: Columns, other: Columns) -> list[tuple[int, str]]:
    """The boxes in which two recaps differ, as (key of the column's region, row), the columns in order of ``one``.

    A blank box differs from a zero.
    """
    found = []
    for region, figures in one.items():
        beside = other.get(region, Figures(votes={}))
        rows = (*figures.vote_fields, *RECAP_FIELDS)
        found += [(region, row) for row in rows if figures.get(row) != beside.get(row)]
    return found
