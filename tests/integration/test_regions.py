"""Claims about `import_regions --file` and about the tree it makes."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from regions.models import Level, Region, TimeZone
from tests.integration import region_walk

HEADER = "code,parent_code,level,name\n"
#: Codes of no known scheme, some the beginning of others, and with characters that collations sort differently.
TREE = HEADER + (
    "N,,nasional,Negeri\n"
    "p-1,N,provinsi,Satu\n"
    "p-1~,N,provinsi,Dua\n"
    "k_1,p-1,kabupaten,Kabupaten Satu\n"
    "K1,p-1~,kabupaten,Kabupaten Dua\n"
    "c/é,k_1,kecamatan,Kota\n"
    "c/e,K1,kecamatan,Kota\n"
    "1,c/é,desa,Sukamaju\n"
    "10,c/é,desa,Sukamaju\n"
    "1.0,c/e,desa,Sukamaju\n"
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def load(tmp_path):
    """Import a text as a file."""

    def load(text: str, encoding: str = "utf-8") -> None:
        path = tmp_path / "regions.csv"
        path.write_bytes(text.encode(encoding))
        call_command("import_regions", file=path, verbosity=0)

    return load


def refusal(load, text: str) -> str:
    with pytest.raises(CommandError) as refused:
        load(text)
    return str(refused.value)


def rows() -> dict[str, tuple]:
    return {r.code: (r.name, r.level, r.parent and r.parent.code) for r in Region.objects.select_related("parent")}


def test_any_code_scheme_makes_a_tree(load):
    load(TREE)
    assert rows()["10"] == ("Sukamaju", Level.VILLAGE, "c/é")
    assert len(rows()) == 10
    assert region_walk.mismatches(rows()) == []


def test_areas_of_one_name_stay_apart(load):
    load(TREE)
    assert sorted(Region.objects.filter(name="Sukamaju").values_list("code", flat=True)) == ["1", "1.0", "10"]
    one, other = Region.objects.get(code="c/é"), Region.objects.get(code="c/e")
    assert [r.code for r in Region.objects.within(one).filter(level=Level.VILLAGE)] == ["1", "10"]
    assert [r.code for r in Region.objects.within(other).filter(level=Level.VILLAGE)] == ["1.0"]


def test_a_byte_order_mark_is_no_part_of_the_first_column(load):
    load(TREE, encoding="utf-8-sig")
    assert Region.objects.count() == 10


def test_rows_may_come_in_any_order(load):
    load(HEADER + "".join(reversed(TREE.removeprefix(HEADER).splitlines(keepends=True))))
    assert region_walk.mismatches(rows()) == []


def test_a_file_without_a_nation_gets_one(load):
    load(HEADER + "35,,provinsi,Jawa Timur\n")
    assert rows() == {"ID": ("Indonesia", Level.NATION, None), "35": ("Jawa Timur", Level.PROVINCE, "ID")}


def test_a_second_import_adds_nothing(load):
    load(TREE)
    before = {r.pk: (r.code, r.first, r.last) for r in Region.objects.all()}
    load(TREE)
    assert {r.pk: (r.code, r.first, r.last) for r in Region.objects.all()} == before


def test_a_second_import_updates_by_code(load):
    load(TREE)
    kept = Region.objects.get(code="10")
    # Renamed, and moved to the other kecamatan.
    load(HEADER + "10,c/e,desa,Sukamundur\n")
    moved = Region.objects.get(code="10")
    assert (moved.pk, moved.name, moved.parent.code) == (kept.pk, "Sukamundur", "c/e")
    assert len(rows()) == 10
    assert region_walk.mismatches(rows()) == []


def test_a_new_desa_finds_its_place_between_the_others(load):
    load(TREE)
    load(HEADER + "05,c/é,desa,Baru\n")
    assert [r.code for r in Region.objects.within(Region.objects.get(code="c/é"))] == ["c/é", "05", "1", "10"]
    assert region_walk.mismatches(rows()) == []


def test_population_and_time_zone_may_be_set_and_survive_an_import(load):
    load(TREE)
    region = Region.objects.get(code="k_1")
    region.population, region.time_zone = 1_004_000, TimeZone.WITA
    region.full_clean()
    region.save()
    load(TREE)
    region.refresh_from_db()
    assert (region.population, region.time_zone) == (1_004_000, TimeZone.WITA)


def test_a_place_inherits_the_clock_of_the_nearest_that_has_one(load):
    load(TREE)
    Region.objects.filter(code="p-1").update(time_zone=TimeZone.WIT)
    Region.objects.filter(code="k_1").update(time_zone=TimeZone.WITA)
    zones = {code: Region.objects.get(code=code).zone for code in ("p-1", "k_1", "10", "1.0")}
    assert zones == {"p-1": TimeZone.WIT, "k_1": TimeZone.WITA, "10": TimeZone.WITA, "1.0": TimeZone.WIB}


# What does not make one tree is refused as a whole.


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ("35,,propinsi,Jawa Timur\n", "Baris 2: tingkat 'propinsi'"),
        ("35,,provinsi,Jawa Timur\n35.07,35,kabupaten,\n", "Baris 3: kode"),
        (",,provinsi,Jawa Timur\n", "Baris 2: kode"),
        (f"{'9' * 33},,provinsi,Jawa Timur\n", "Baris 2: kode"),
        ("35\n", "Baris 2: tingkat"),
        ("35.07,35,kabupaten,Malang\n", "Induk '35' dari 35.07 tidak ada"),
        ("35,,provinsi,Jawa Timur\n35,,provinsi,Jawa Timur\n", "Kode 35 ada dua kali"),
        ("35,,provinsi,Jawa Timur\n35.07.05,35,kecamatan,Dampit\n", "Induk 35 dari 35.07.05 bukan satu tingkat"),
        ("A,,nasional,Satu\nB,,nasional,Dua\n", "Wilayah nasional harus satu"),
    ],
)
def test_a_row_that_cannot_be_is_named(load, lines, named):
    assert named in refusal(load, HEADER + lines)


def test_every_bad_row_is_named_at_once(load):
    said = refusal(load, HEADER + "35,,propinsi,Jawa Timur\n36,,provinsi,Banten\n37,,provinsi,\n")
    assert [line.split(":")[0] for line in said.splitlines()] == ["Baris 2", "Baris 4"]


@pytest.mark.parametrize(
    "lines",
    [
        "p-2,N,provinsi,Tiga\np-3,N,propinsi,Empat\n",  # a bad row after a good one
        "k_1,p-1,kabupaten,Nama Baru\nk_9,p-9,kabupaten,Yatim\n",  # an orphan after a change of name
        "M,,nasional,Negeri Kedua\np-9,M,provinsi,Seberang\n",
    ],
)
def test_nothing_is_written_on_an_error(load, lines):
    load(TREE)
    before = rows()
    refusal(load, HEADER + lines)
    assert rows() == before


def test_missing_columns_are_named(load):
    assert "parent_code" in refusal(load, "code,level,name\n35,provinsi,Jawa Timur\n")


def test_another_delimiter_is_said_and_not_guessed(load):
    assert "Kolom tidak ada" in refusal(load, TREE.replace(",", ";"))


def test_an_absent_file_is_a_sentence(tmp_path):
    with pytest.raises(CommandError, match=r"absent\.csv"):
        call_command("import_regions", file=tmp_path / "absent.csv")


def test_a_file_in_another_encoding_is_a_sentence(tmp_path):
    path = tmp_path / "regions.csv"
    path.write_bytes((HEADER + "35,,provinsi,Surabaya – Jawa\n").encode("cp1252"))
    with pytest.raises(CommandError, match="UTF-8"):
        call_command("import_regions", file=path)
    assert not Region.objects.exists()


def test_what_is_above_a_region_is_what_contains_it(load):
    """Also where a branch ends early: of some levels the last one that began by then is over."""
    load(TREE + "p-3,N,provinsi,Tiga\n" + "k3,p-3,kabupaten,Kabupaten Tiga\n" + "p-4,N,provinsi,Empat\n")
    regions = list(Region.objects.all())
    assert len(regions) == 13
    for one in regions:
        above, place = [one.code], one
        while place.parent_id:
            place = next(each for each in regions if each.pk == place.parent_id)
            above.insert(0, place.code)
        assert list(Region.objects.ancestors_of(one).values_list("code", flat=True)) == above
