"""A D.Hasil beside the sums of the party's C1s, per column and pair: what finds votes that shifted at the recap.

Only for who sees totals. The sums are the stored ones; nothing here counts.
"""

from __future__ import annotations

from dataclasses import dataclass

from regions.models import Region
from tallies.models import Pair, RecapForm
from tallies.recap.places import RecapPlace
from tallies.totals import reporting


@dataclass(frozen=True)
class Cell:
    """Votes of one pair in one column: on the D.Hasil (None: blank), and in the C1s that are in."""

    recap: int | None
    c1: int

    @property
    def difference(self) -> int | None:
        """D.Hasil minus C1; None where the box is blank."""
        return None if self.recap is None else self.recap - self.c1


@dataclass(frozen=True)
class Line:
    """One column of the D.Hasil, as a row."""

    region: Region
    is_total: bool
    stations: int
    stations_in: int
    cells: list[Cell]

    @property
    def is_complete(self) -> bool:
        """Every C1 is in: a difference is one of figures, not of what is missing."""
        return 0 < self.stations == self.stations_in

    @property
    def differs(self) -> bool:
        return any(cell.difference for cell in self.cells)


def beside_c1(place: RecapPlace, form: RecapForm, pairs: list[Pair]) -> list[Line]:
    """The columns of ``form``, the total last, each pair beside the C1s."""
    sums = {line.region.pk: line for line in reporting.region_lines(place.contest, pairs, place.columns)}
    said = form.columns_by_region
    lines = []
    for region in place.columns:
        line = sums[region.pk]
        votes = said[region.pk].votes if region.pk in said else {}
        cells = [Cell(votes.get(one.pair.number), one.votes) for one in line.pairs]
        stations = (line.progress.stations, line.progress.stations_in) if line.progress else (0, 0)
        lines.append(Line(region, region == place.region, *stations, cells))
    return lines
