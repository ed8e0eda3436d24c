"""The regions of a report as tiles: a name, how much is in, who leads. Numbers of the report; no query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from regions.models import Region
from regions.tiles import TilePlace, places_of
from tallies.models import Contest, Pair, PartyTotal
from tallies.totals.reporting import RegionLine

#: More columns than fit beside a table on a desktop.
NARROW_COLUMNS = 9


@dataclass(frozen=True)
class Tile:
    """One region. ``place`` is None where the grid has no map; ``lead`` a difference of fractions.

    Above contests no pair leads: there ``contests`` says in how many of how many we lead.
    """

    region: Region
    url: str
    coverage: float | None
    place: TilePlace | None
    leader: Pair | None = None
    lead: float | None = None
    contests: tuple[int, int] | None = None

    @property
    def id(self) -> str:
        return f"tile-{self.region.pk}"

    @property
    def name(self) -> str:
        """Short, as tiles are: a kota keeps its kind, which tells it from the kabupaten of the same name."""
        return (self.place and self.place.short) or self.region.name.removeprefix("Kabupaten ")


@dataclass(frozen=True)
class TileMap:
    """Tiles in the order of reading, which no sorting and no refresh changes."""

    tiles: tuple[Tile, ...]
    columns: int | None

    @property
    def is_wide(self) -> bool:
        return (self.columns or 0) > NARROW_COLUMNS


def of_lines(rows: Sequence[tuple[RegionLine, str]]) -> TileMap:
    """The regions of one contest, each with the address of its page."""
    places = places_of([line.region for line, _url in rows])
    return _in_order(_line_tile(line, url, places) for line, url in rows)


def of_contests(rows: Sequence[tuple[Contest, RegionLine, str]]) -> TileMap:
    """Contests as tiles at their own regions."""
    return of_lines([(line, url) for _contest, line, url in rows])


def of_party_totals(rows: Sequence[tuple[PartyTotal, str]]) -> TileMap:
    """Regions that lie above contests."""
    places = places_of([total.region for total, _url in rows])
    return _in_order(
        Tile(
            region=total.region,
            url=url,
            coverage=total.coverage,
            place=places[total.region_id] if places else None,
            contests=(total.contests_led, total.contests),
        )
        for total, url in rows
    )


def _line_tile(line: RegionLine, url: str, places: dict[int, TilePlace] | None) -> Tile:
    return Tile(
        region=line.region,
        url=url,
        coverage=line.progress.coverage if line.progress else None,
        place=places[line.region.pk] if places else None,
        leader=line.leader.pair if line.leader else None,
        lead=line.lead_share,
    )


def _in_order(tiles: Iterable[Tile]) -> TileMap:
    ordered = sorted(tiles, key=lambda tile: tile.place or (0, tile.region.first))
    columns = [tile.place.column for tile in ordered if tile.place]
    return TileMap(tuple(ordered), max(columns) if columns else None)
