"""Where each region stands on a grid of tiles that resembles the map.

No boundaries come in any package, so the places are set by hand in
``tile_places.csv`` (Kemendagri codes): the provinsi of Indonesia, the
kabupaten/kota of Jawa Timur, the kecamatan of Kabupaten Malang and Kota
Surabaya. Everywhere else there is no map, only an order.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from regions.models import Region

PLACES = Path(__file__).with_name("tile_places.csv")


class TilePlace(NamedTuple):
    """A cell of the grid, from 1; the north is the first row, the west the first column.

    ``short`` is the usual abbreviation of a name too long for a tile, or "".
    """

    row: int
    column: int
    short: str = ""


@cache
def known_places() -> dict[str, TilePlace]:
    with PLACES.open(newline="") as stream:
        lines = csv.DictReader(stream)
        return {line["code"]: TilePlace(int(line["row"]), int(line["column"]), line["short"]) for line in lines}


def places_of(regions: Sequence[Region]) -> dict[int, TilePlace] | None:
    """Places of ``regions`` by primary key, moved to the north-western corner; no query.

    None unless all of them have one parent and a known place: a map with one
    tile missing would lie. The grid is then compact, in the order of codes
    (`Region.first`), as wide as the screen allows.
    """
    known = known_places()
    if not regions or len({region.parent_id for region in regions}) > 1:
        return None
    if not all(region.code in known for region in regions):
        return None
    places = [known[region.code] for region in regions]
    north, west = min(place.row for place in places), min(place.column for place in places)
    return {
        region.pk: place._replace(row=place.row - north + 1, column=place.column - west + 1)
        for region, place in zip(regions, places, strict=True)
    }
