"""Claims about `export_results`: the numbers of the pages, in a form no spreadsheet runs."""

import csv
import io

import pytest
from django.core.management import CommandError, call_command

from regions.models import LEVEL_WORDS, Region
from tallies import intake
from tallies.exports.csv_file import plain
from tallies.models import Channel, Election
from tallies.totals import aggregation, reporting
from tests.cast import region, submission


@pytest.fixture
def counted(play):
    for station, votes, by in (("dampit_1", [100, 80, 20], "siti"), ("babat_1", [90, 60], "wati")):
        intake.submit(submission(play, station, votes), by=play.people[by], channel=Channel.API)
    aggregation.drain()
    return play


def text_of(election, level):
    out = io.StringIO(newline="")
    call_command("export_results", "--election", election, "--level", level, stdout=out)
    return out.getvalue()


def export(election, level):
    return list(csv.reader(io.StringIO(text_of(election, level), newline="")))


def test_a_row_a_region_and_pair_with_the_agreed_columns(counted):
    assert text_of("pilkada-2020", "kecamatan").splitlines() == [
        "contest,region_code,region,pair_number,pair,votes,votes_verified,"
        "stations,stations_in,stations_verified,valid,invalid",
        "Pemilihan Bupati Malang 2020,35.07.05,Dampit,1,Sanusi-Didik,100,0,3,1,0,200,5",
        "Pemilihan Bupati Malang 2020,35.07.05,Dampit,2,Lathifah-Budi,80,0,3,1,0,200,5",
        "Pemilihan Bupati Malang 2020,35.07.05,Dampit,3,Heri-Gunadi,20,0,3,1,0,200,5",
        "Pemilihan Bupati Malang 2020,35.07.06,Gedangan,1,Sanusi-Didik,0,0,1,0,0,0,0",
        "Pemilihan Bupati Malang 2020,35.07.06,Gedangan,2,Lathifah-Budi,0,0,1,0,0,0,0",
        "Pemilihan Bupati Malang 2020,35.07.06,Gedangan,3,Heri-Gunadi,0,0,1,0,0,0,0",
        "Pemilihan Bupati Lamongan 2020,35.24.01,Babat,1,Suhandoyo-Astiti,90,0,2,1,0,150,5",
        "Pemilihan Bupati Lamongan 2020,35.24.01,Babat,2,Kartika-Saim,60,0,2,1,0,150,5",
    ]


@pytest.mark.parametrize("level", ["kabupaten", "kecamatan", "desa"])
def test_the_numbers_are_those_of_the_page(counted, level):
    exported = {
        (row[0], row[1], int(row[3])): tuple(int(number) for number in row[5:]) for row in export("latest", level)[1:]
    }
    shown = {}
    for contest in counted.election.contests.all():
        for place in Region.objects.within(contest.region).filter(level=LEVEL_WORDS[level]):
            line = reporting.contest_report(contest, place).line
            for pair in line.pairs:
                shown[contest.title, place.code, pair.pair.number] = (
                    pair.votes,
                    pair.votes_verified,
                    line.progress.stations,
                    line.progress.stations_in,
                    line.progress.stations_verified,
                    line.progress.valid_votes,
                    line.progress.invalid_votes,
                )
    assert exported == shown


def test_one_region_or_many_ask_the_same_number_of_queries(counted, django_assert_num_queries):
    for place in (region("35.07.06"), region("35")):
        with django_assert_num_queries(3):
            list(reporting.export_rows(counted.election, "desa", within=place))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_name_that_would_be_a_formula_is_text(counted, start):
    counted.malang.pairs.filter(number=1).update(name=f"{start}HYPERLINK(1)")
    assert export("pilkada-2020", "kabupaten")[1][4] == f"'{start}HYPERLINK(1)"


@pytest.mark.parametrize("number", [0, -5, 104])
def test_numbers_stay_numbers(number):
    assert plain(number) is number


def test_latest_is_the_newest_real_election(counted):
    practice = {"date": "2024-12-01", "practice_of": counted.election}
    Election.objects.create(name="Lama", slug="lama", date="2015-12-09")
    Election.objects.create(name="Latihan", slug="latihan", **practice)
    assert export("latest", "kabupaten") == export("pilkada-2020", "kabupaten")


@pytest.mark.parametrize(
    ("election", "level", "complaint"),
    [
        ("pilkada-2199", "desa", r"Pemilihan 'pilkada-2199' tidak ada\. Yang ada: pilkada-2020\."),
        ("latest", "rt", r"Tingkat 'rt' tidak dikenal\. Pilih: nasional, provinsi, kabupaten, kecamatan, desa\."),
    ],
)
def test_what_is_not_there_is_refused_in_a_sentence(counted, election, level, complaint):
    with pytest.raises(CommandError, match=complaint):
        export(election, level)


@pytest.mark.django_db
def test_latest_without_an_election_is_refused_in_a_sentence():
    with pytest.raises(CommandError, match=r"Pemilihan 'latest' tidak ada\. Yang ada: belum ada\."):
        export("latest", "desa")
