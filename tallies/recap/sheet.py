"""Versions of a D.Hasil side by side, in the rows and columns of the paper, to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from regions.models import Region
from tallies.figures import vote_field
from tallies.models import Pair, RecapForm, RecapReading
from tallies.recap import wording
from tallies.recap.entry import AFTER, BEFORE, column_title
from tallies.recap.places import RecapPlace


@dataclass(frozen=True)
class ShownRow:
    """One row of one column: what each version says (None: blank)."""

    region: Region
    column: str
    label: str
    pair: Pair | None
    values: list[int | None]

    @property
    def differs(self) -> bool:
        return len(set(self.values)) > 1


@dataclass(frozen=True)
class ShownColumn:
    title: str
    rows: list[ShownRow]


def sheet_of(
    place: RecapPlace,
    forms: Sequence[RecapForm],
    reading: RecapReading | None = None,
    *,
    only_differing: bool = False,
) -> list[ShownColumn]:
    """Every column with its rows, as each of ``forms``, and the second reader last, has it."""
    said = [form.columns_by_region for form in forms]
    if reading is not None:
        said.append(reading.columns_by_region)
    pairs = {vote_field(pair.number): pair for pair in place.contest.pairs.all()}
    names = {pair.number: pair.name for pair in pairs.values()}
    columns = []
    for region in place.columns:
        title = column_title(region, place)
        rows = [
            ShownRow(
                region,
                title,
                wording.row_label(row, names),
                pairs.get(row),
                [one[region.pk].get(row) if region.pk in one else None for one in said],
            )
            for row in (*BEFORE, *pairs, *AFTER)
        ]
        rows = [row for row in rows if row.differs or not only_differing]
        if rows:
            columns.append(ShownColumn(title, rows))
    return columns
