"""The demonstration election restates its source and adds up."""

import csv
from dataclasses import fields
from itertools import groupby
from pathlib import Path
from random import Random

import pytest

from tallies.demo.names import person_name
from tallies.demo.pilkada_2020 import (
    CONTESTS,
    EMPTY_BOX,
    POPULATION,
    TOTAL_STATIONS,
    DemoContest,
    contest_by_code,
)

SOURCE = Path(__file__).resolve().parents[3] / "shared" / "data" / "pilkada2020_jatim_19.csv"
NGAWI, SITUBONDO, PACITAN, PONOROGO, TRENGGALEK = "35.21", "35.12", "35.01", "35.02", "35.03"
KOTA_PASURUAN, MALANG, GRESIK, BANYUWANGI = "35.75", "35.07", "35.25", "35.10"


@pytest.mark.returns
def test_every_fact_is_the_one_of_the_source() -> None:
    if not SOURCE.exists():
        pytest.skip(f"{SOURCE.name} is not beside this checkout")
    with SOURCE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    by_contest = {code: list(group) for code, group in groupby(rows, key=lambda row: row["kode"])}

    assert list(by_contest) == [contest.code for contest in CONTESTS]
    for contest in CONTESTS:
        assert_restates(contest, by_contest[contest.code])


def assert_restates(contest: DemoContest, rows: list[dict[str, str]]) -> None:
    assert [
        (str(pair.number), pair.name, str(pair.votes), pair.backing, str(int(pair.usungan))) for pair in contest.pairs
    ] == [(row["paslon_no"], row["paslon"], row["suara"], row["pengusung"], row["usungan_pdip"]) for row in rows]
    (winner,) = (row["paslon_no"] for row in rows if row["pemenang"] == "1")
    assert str(contest.winner.number) == winner
    published = {
        "registered_voters": "dpt",
        "stations": "tps",
        "valid_votes": "suara_sah",
        "invalid_votes": "suara_tidak_sah",
    }
    for row in rows:
        assert (row["kab_kota"], row["sumber"]) == (contest.name, contest.source)
        assert row["target_pdip_2019"] == str(int(contest.target))
        for field, column in published.items():
            # A blank in the source is a declared assumption, and a published figure is not replaced.
            assert (row[column] == "") == (field in contest.assumed_fields), (contest.name, field)
            assert row[column] in ("", str(getattr(contest, field))), (contest.name, field)


def test_nineteen_contests_have_48607_stations() -> None:
    assert len(CONTESTS) == len({contest.code for contest in CONTESTS}) == 19
    assert sum(contest.stations for contest in CONTESTS) == TOTAL_STATIONS == 48_607


def test_pairs_add_up_to_the_valid_votes_and_the_voters_are_registered() -> None:
    for contest in CONTESTS:
        assert sum(pair.votes for pair in contest.pairs) == contest.valid_votes, contest.name
        assert contest.voters <= contest.registered_voters, contest.name


def test_the_supported_pairs_win_eleven_and_lose_eight() -> None:
    assert sum(contest.usungan.votes == contest.winner.votes for contest in CONTESTS) == 11
    assert sum(not contest.won for contest in CONTESTS) == 8


def test_six_of_thirteen_targets_are_lost() -> None:
    assert sum(contest.target for contest in CONTESTS) == 13
    assert {contest.name for contest in CONTESTS if contest.target and not contest.won} == {
        "Kabupaten Jember",
        "Kabupaten Lamongan",
        "Kabupaten Tuban",
        "Kabupaten Mojokerto",
        "Kota Pasuruan",
        "Kabupaten Blitar",
    }
    assert {contest.name for contest in CONTESTS if contest.won and not contest.target} == {
        "Kabupaten Malang",
        "Kabupaten Ponorogo",
        "Kabupaten Gresik",
        "Kabupaten Situbondo",
    }


def test_banyuwangi_is_the_published_margin() -> None:
    banyuwangi = contest_by_code(BANYUWANGI)
    assert (banyuwangi.margin, banyuwangi.valid_votes) == (40_734, 836_960)


def test_a_lone_pair_runs_against_number_zero() -> None:
    lone = {contest.name for contest in CONTESTS for pair in contest.pairs if pair.name == EMPTY_BOX}
    assert lone == {"Kabupaten Kediri", "Kabupaten Ngawi"}
    for contest in CONTESTS:
        for pair in contest.pairs:
            assert (pair.number == 0) == (pair.name == EMPTY_BOX) == (pair.backing == "-")
        assert len({pair.number for pair in contest.pairs}) == len(contest.pairs) >= 2


def test_a_city_elects_a_walikota() -> None:
    for contest in CONTESTS:
        assert contest.office == ("walikota" if contest.name.startswith("Kota ") else "bupati")


def test_assumptions_are_named_and_explained() -> None:
    names = {field.name for field in fields(DemoContest)}
    assert {contest.code: contest.assumed_fields for contest in CONTESTS if contest.assumed_fields} == {
        NGAWI: ("stations",),
        SITUBONDO: ("stations",),
        PACITAN: ("registered_voters",),
        KOTA_PASURUAN: ("invalid_votes",),
    }
    for contest in CONTESTS:
        assert names.issuperset(contest.assumed_fields)
        marked = [text for text in contest.assumptions if text.startswith("ANDAIAN: ")]
        assert len(marked) == len(contest.assumed_fields), contest.name
        for field, text in zip(contest.assumed_fields, marked, strict=True):
            assert f"{getattr(contest, field):,}".replace(",", ".") in text
    for code in (MALANG, GRESIK):
        assert [text.split(":")[0] for text in contest_by_code(code).assumptions] == ["CATATAN"]


def test_assumed_stations_are_the_rest_divided_by_registered_voters() -> None:
    ngawi, situbondo = contest_by_code(NGAWI), contest_by_code(SITUBONDO)
    rest = TOTAL_STATIONS - sum(c.stations for c in CONTESTS if c.code not in (NGAWI, SITUBONDO))
    registered = ngawi.registered_voters + situbondo.registered_voters
    assert rest == 3_104 == ngawi.stations + situbondo.stations
    # Of two remainders the larger is the one above a half, so largest remainder is rounding here.
    assert ngawi.stations == round(rest * ngawi.registered_voters / registered)


def test_assumed_voters_of_pacitan_follow_its_neighbours() -> None:
    neighbours = [contest_by_code(code) for code in (PONOROGO, TRENGGALEK)]
    per_station = sum(c.registered_voters for c in neighbours) / sum(c.stations for c in neighbours)
    pacitan = contest_by_code(PACITAN)
    assert pacitan.registered_voters == round(per_station * pacitan.stations)


def test_assumed_invalid_votes_of_kota_pasuruan_follow_the_others() -> None:
    others = [contest for contest in CONTESTS if contest.code != KOTA_PASURUAN]
    share = sum(c.invalid_votes for c in others) / sum(c.voters for c in others)
    pasuruan = contest_by_code(KOTA_PASURUAN)
    assert pasuruan.invalid_votes == round(pasuruan.valid_votes * share / (1 - share))


def test_population_is_unknown_rather_than_invented() -> None:
    assert dict(POPULATION) == {contest.code: None for contest in CONTESTS}


def test_an_unknown_code_is_no_contest() -> None:
    with pytest.raises(KeyError):
        contest_by_code("35.73")


def test_simulated_witnesses_have_plausible_names_of_nobody_standing() -> None:
    names = [person_name(Random(seed)) for seed in range(2_000)]
    assert names == [person_name(Random(seed)) for seed in range(2_000)]
    assert len(set(names)) > 800
    candidates = {person for c in CONTESTS for pair in c.pairs for person in pair.name.split("-")}
    for name in set(names):
        first, second = name.split(" ")
        assert first.istitle()
        assert second.istitle()
        assert first != second
        assert name not in candidates
