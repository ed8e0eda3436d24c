"""Claims about the address of results: the page's numbers, to those who may see the page."""

import datetime as dt

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import Refusal, Role
from regions.models import Region
from tallies import intake, preparation
from tallies.count_room import verification
from tallies.models import Channel, Election, Office
from tallies.preparation import NewPair
from tallies.totals import aggregation, rebuilding, reporting
from tests import cast
from tests.cast import submission
from tests.sending import client_of

COUNTED = {"dampit_1": [100, 80, 20], "gedangan_1": [10, 30, 5], "babat_1": [40, 60]}


def url(play, code, **query):
    address = reverse("api-results", args=[play.election.slug, code])
    return address + ("?" + "&".join(f"{k}={v}" for k, v in query.items()) if query else "")


def read(play, who, code, **query):
    return client_of(play.people[who]).get(url(play, code, **query))


@pytest.fixture
def counted(play):
    """Three stations in, one of them verified, totals drained."""
    for station, votes in COUNTED.items():
        receipt = intake.submit(submission(play, station, votes), by=play.dewi, channel=Channel.COUNT_ROOM)
        if station == "dampit_1":
            verification.approve(receipt.form, by=play.budi, seen=1)
    aggregation.drain()
    return play


# The numbers


def test_a_kabupaten_is_reported_with_its_pairs_and_kecamatan(counted):
    found = read(counted, "budi", "35.07").json()
    assert (found["election"], found["office"], found["offices"]) == ("pilkada-2020", "bupati", ["bupati"])
    assert found["region"] == {"code": "35.07", "name": "Kabupaten Malang", "level": 2}
    assert found["party"] is None
    line = found["contest"]["line"]
    assert [(p["number"], p["votes"], p["votes_verified"], p["leads"]) for p in line["pairs"]] == [
        (1, 110, 100, False),
        (2, 110, 80, False),  # a tie: nobody leads
        (3, 25, 20, False),
    ]
    assert line["pairs"][0]["share"] == 110 / 245
    assert [p["usungan"] for p in line["pairs"]] == [True, False, False]
    progress = line["progress"]
    assert (progress["stations"], progress["stations_in"], progress["stations_verified"]) == (4, 2, 1)
    assert (progress["valid_votes"], progress["invalid_votes"]) == (245, 10)
    assert [child["region"]["code"] for child in found["contest"]["children"]] == ["35.07.05", "35.07.06"]
    assert found["contest"]["stations"] == []
    assert dt.datetime.fromisoformat(found["counted_at"]) == dt.datetime.fromisoformat(progress["counted_at"])


def test_a_desa_is_reported_with_its_stations(counted):
    found = read(counted, "budi", "35.07.05.2001").json()
    assert found["contest"]["children"] == []
    assert [(s["number"], s["review"], s["disputed"], s["votes"]) for s in found["contest"]["stations"]] == [
        (1, "verified", False, [100, 80, 20]),
        (2, "not_in", False, [None, None, None]),
    ]


def test_above_the_contests_the_party_is_reported_with_each_contest(counted):
    for who, code in (("dewi", "35"), ("nasi", "ID")):
        found = read(counted, who, code).json()
        assert found["contest"] is None
        total = found["party"]["total"]
        assert (total["party_votes"], total["other_votes"]) == (110 + 60, 110 + 25 + 40)
        assert (total["contests"], total["contests_led"], total["contests_tied"]) == (2, 1, 1)
        titles = [line["title"] for line in found["party"]["contests"]]
        assert titles == ["Pemilihan Bupati Malang 2020", "Pemilihan Bupati Lamongan 2020"]
        votes = [[p["votes"] for p in line["line"]["pairs"]] for line in found["party"]["contests"]]
        assert votes == [[110, 110, 25], [40, 60]]
    assert [child["region"]["code"] for child in found["party"]["children"]] == ["35"]


@pytest.mark.parametrize("code", ["35.07", "35.07.05", "35.07.05.2001"])
def test_the_numbers_are_those_of_the_page_and_of_the_export(counted, code):
    line = read(counted, "budi", code).json()["contest"]["line"]
    report = reporting.contest_report(counted.malang, cast.region(code))
    assert [(p["votes"], p["votes_verified"], p["share"]) for p in line["pairs"]] == [
        (p.votes, p.votes_verified, p.share) for p in report.line.pairs
    ]
    word = {2: "kabupaten", 3: "kecamatan", 4: "desa"}[report.line.region.level]
    exported = [row for row in reporting.export_rows(counted.election, word) if row[1] == code]
    progress = line["progress"]
    assert [(p["number"], p["votes"], p["votes_verified"]) for p in line["pairs"]] == [
        (row[3], row[5], row[6]) for row in exported
    ]
    assert {tuple(row[7:]) for row in exported} == {
        tuple(
            progress[key] for key in ("stations", "stations_in", "stations_verified", "valid_votes", "invalid_votes")
        )
    }


def test_before_anything_is_in_the_shares_are_null_and_not_zero(play):
    line = read(play, "budi", "35.07").json()["contest"]["line"]
    assert [(p["votes"], p["share"], p["leads"]) for p in line["pairs"]] == [(0, None, False)] * 3


# Offices


@pytest.fixture
def two_offices(counted):
    """A governor is elected on the same day, in the whole provinsi."""
    preparation.create_contest(
        counted.election,
        cast.region("35"),
        Office.GOVERNOR,
        [NewPair(1, "Khofifah-Emil", usungan=True), NewPair(2, "X-Y")],
    )
    preparation.add_missing_results(counted.election)
    rebuilding.rebuild(counted.election)
    return counted


def test_the_office_chooses_the_contest(two_offices):
    default = read(two_offices, "budi", "35.07").json()
    assert (default["office"], default["offices"]) == ("gubernur", ["gubernur", "bupati"])
    assert len(default["contest"]["line"]["pairs"]) == 2
    regent = read(two_offices, "budi", "35.07", office="bupati").json()
    assert [p["votes"] for p in regent["contest"]["line"]["pairs"]] == [110, 110, 25]


def test_in_the_provinsi_one_office_is_a_contest_and_the_other_lies_below(two_offices):
    assert read(two_offices, "dewi", "35", office="gubernur").json()["party"] is None
    regents = read(two_offices, "dewi", "35", office="bupati").json()
    assert regents["contest"] is None
    assert regents["party"]["total"]["contests"] == 2


def test_the_page_and_the_api_begin_with_the_same_office(two_offices):
    page = client_of(two_offices.budi).get(reverse("region", args=["pilkada-2020", "35.07"]))
    assert page.context["place"].office == read(two_offices, "budi", "35.07").json()["office"]


@pytest.mark.parametrize("office", ["walikota", "presiden", "raja", "bupati'--", "%00", "٣"])
def test_an_office_that_is_not_held_here_is_404_and_not_another_ones_numbers(counted, office):
    assert read(counted, "budi", "35.07", office=office).status_code == 404


# Access


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ("agus", "35.07"),  # the neighbour
        ("agus", "35.07.05"),
        ("agus", "35.07.05.2001"),
        ("budi", "35.24"),
        ("budi", "35"),  # above
        ("dewi", "ID"),
        ("siti", "35.07.05.2001"),  # a witness, of the own desa
        ("oper", "35.07"),  # an operator, of the own kabupaten
    ],
)
def test_what_is_not_visible_is_404_recorded_and_like_what_is_not_there(counted, who, code):
    answer = read(counted, who, code)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.content == read(counted, who, "99.99").content
    assert list(Refusal.objects.values_list("user__username", "status")) == [(who, 404)] * 2


def test_each_coordinator_reads_the_own_kabupaten(counted):
    assert read(counted, "budi", "35.07").status_code == 200
    assert read(counted, "agus", "35.24").status_code == 200


def test_a_witness_of_the_ppk_reads_no_results_yet(counted):
    someone = cast.person("ppk", Role.DISTRICT_WITNESS, "35.07.05")
    assert client_of(someone).get(url(counted, "35.07.05")).status_code == 404


def test_an_election_elsewhere_is_404(counted):
    papua = Region.objects.create(code="91", name="Papua", level=1, parent=cast.region("ID"), first=900, last=900)
    other = Election.objects.create(name="Pilkada Papua", slug="papua", date=dt.date(2020, 12, 9))
    preparation.create_contest(other, papua, Office.GOVERNOR, [NewPair(1, "A"), NewPair(2, "B")])
    assert client_of(counted.budi).get(reverse("api-results", args=["papua", "35.07"])).status_code == 404


@pytest.mark.parametrize("code", ["35.07%00", "35_07", "%F0%9F%97%B3", "x" * 200, "35.07' OR 1=1--"])
def test_an_odd_code_is_404(counted, code):
    assert client_of(counted.budi).get(f"/api/v1/results/pilkada-2020/{code}/").status_code == 404


def test_without_signing_in_nothing_is_told(counted):
    answer = APIClient().get(url(counted, "35.07"))
    assert (answer.status_code, answer.json()["code"]) == (403, "not_signed_in")


# Conditional answers


def test_nothing_new_is_304_until_something_is(counted):
    client = client_of(counted.budi)
    first = client.get(url(counted, "35.07"))
    known = first["ETag"]
    again = client.get(url(counted, "35.07"), HTTP_IF_NONE_MATCH=known)
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", known)
    assert "private" in again["Cache-Control"]
    assert client.get(url(counted, "35.07"), HTTP_IF_NONE_MATCH=f"W/{known}").status_code == 304
    intake.submit(submission(counted, "pamotan_1", [1, 2, 3]), by=counted.dewi, channel=Channel.COUNT_ROOM)
    aggregation.drain()
    fresh = client.get(url(counted, "35.07"), HTTP_IF_NONE_MATCH=known)
    assert (fresh.status_code, fresh.json()["contest"]["line"]["pairs"][0]["votes"]) == (200, 111)
    assert fresh["ETag"] != known


def test_a_station_that_changed_is_news_before_the_drain(counted):
    client = client_of(counted.budi)
    known = client.get(url(counted, "35.07.05.2001"))["ETag"]
    intake.submit(submission(counted, "dampit_2", [1, 2, 3]), by=counted.dewi, channel=Channel.COUNT_ROOM)
    assert client.get(url(counted, "35.07.05.2001"), HTTP_IF_NONE_MATCH=known).status_code == 200


@pytest.mark.parametrize("who", ["agus", "siti", "oper"])
def test_a_known_etag_opens_nothing_to_who_may_not_see(counted, who):
    etag = read(counted, "budi", "35.07")["ETag"]
    for known in (etag, "*"):
        answer = client_of(counted.people[who]).get(url(counted, "35.07"), HTTP_IF_NONE_MATCH=known)
        assert answer.status_code == 404
    assert APIClient().get(url(counted, "35.07"), HTTP_IF_NONE_MATCH=etag).status_code == 403


def test_an_etag_belongs_to_its_reader_region_and_office(two_offices):
    tags = {
        read(two_offices, "budi", "35.07")["ETag"],
        read(two_offices, "budi", "35.07", office="bupati")["ETag"],
        read(two_offices, "rina", "35.07")["ETag"],
        read(two_offices, "budi", "35.07.05")["ETag"],
    }
    assert len(tags) == 4


def test_an_answer_costs_the_same_statements_for_few_regions_and_many(counted, django_assert_num_queries):
    client = client_of(counted.dewi)
    for code in ("35.24", "35.07"):  # one kecamatan, two
        client.get(url(counted, code))
        with django_assert_num_queries(11):
            assert client.get(url(counted, code)).status_code == 200
    known = client.get(url(counted, "35.07"))["ETag"]
    with django_assert_num_queries(7):
        assert client.get(url(counted, "35.07"), HTTP_IF_NONE_MATCH=known).status_code == 304


def test_an_empty_office_is_the_first_one_held_there(counted):
    assert read(counted, "budi", "35.07", office="").json()["office"] == "bupati"
