"""Claims about what programs read: the figures of the pages, page by page, within the reader's region."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Refusal
from tallies import assigning, intake, photos, preparation
from tallies.count_room import verification, work_queue
from tallies.models import AuditEvent, Channel, Election, Office
from tallies.preparation import NewPair, NewStation
from tallies.submission import PhotoName
from tallies.totals import aggregation, reporting, station_reporting
from tests.cast import person, region, submission
from tests.sending import client_of, picture

SLUG = "pilkada-2020"


def at(name, *args, **query):
    return reverse(f"api-{name}", args=args, query=query or None)


def read(play, who, name, *args, **query):
    response = client_of(play.people[who]).get(at(name, *args, **query))
    assert response.status_code == 200, response.content
    return response.json()


@pytest.fixture
def counted(play):
    """Two rivals and a photo at dampit_1; gedangan_1 verified; pamotan_1 rejected; babat_1 in; one in quarantine."""
    photo, _is_new = photos.receive(picture(), by=play.siti)
    photos.process_waiting()
    named = (PhotoName(photo.pk, 1), PhotoName("0" * 64, 2))
    intake.submit(submission(play, "dampit_1", [100, 80, 20], photos=named), by=play.siti, channel=Channel.API)
    intake.submit(submission(play, "dampit_1", [100, 81, 20]), by=play.joko, channel=Channel.API)
    receipt = intake.submit(submission(play, "gedangan_1", [10, 30, None]), by=play.dewi, channel=Channel.COUNT_ROOM)
    verification.approve(receipt.form, by=play.budi, seen=1)
    receipt = intake.submit(submission(play, "pamotan_1", [1, 2, 3]), by=play.dewi, channel=Channel.COUNT_ROOM)
    verification.reject(receipt.form, by=play.budi, seen=1, reason="Bukan C1")
    intake.submit(submission(play, "babat_1", [40, 60]), by=play.wati, channel=Channel.API)
    left = assigning.assign(play.stations["gedangan_1"], person("pergi", "saksi"), by=play.dewi)
    assigning.revoke(left, by=play.dewi)
    intake.quarantine(submission(play, "gedangan_1", [12, 20, 30]), by=left.witness)
    aggregation.drain()
    return play


# Elections, contests, regions


def test_elections_and_contests_are_those_of_the_own_region(counted):
    [election] = read(counted, "budi", "elections")
    assert (election["slug"], election["phase"], election["is_practice"]) == (SLUG, "terbuka", False)
    [contest] = read(counted, "budi", "contests", SLUG)
    assert contest["id"] == counted.malang.pk
    assert [(pair["number"], pair["usungan"]) for pair in contest["pairs"]] == [(1, True), (2, False), (3, False)]
    assert [one["region"]["code"] for one in read(counted, "dewi", "contests", SLUG)] == ["35.07", "35.24"]
    assert read(counted, "dewi", "contests", SLUG, office="presiden") == []


def test_a_region_names_those_right_below_and_nothing_above_the_reader(counted):
    found = read(counted, "budi", "region", "35.07")
    assert [child["code"] for child in found["children"]] == ["35.07.05", "35.07.06"]
    assert (found["parent"], found["time_zone"]) == (None, "Asia/Jakarta")
    assert read(counted, "budi", "region", "35.07.05")["parent"]["code"] == "35.07"


# Stations


def numbers(rows):
    return [(row["station"]["region"]["code"], row["station"]["number"]) for row in rows]


ALL = [("35.07.05.1002", 1), ("35.07.05.2001", 1), ("35.07.05.2001", 2), ("35.07.06.2001", 1)]


def test_stations_come_along_the_tree_with_the_votes_of_the_page(counted):
    rows = read(counted, "budi", "stations", SLUG, "35.07")["results"]
    assert numbers(rows) == ALL
    assert [row["votes"] for row in rows] == [[None] * 3, [100, 80, 20], [None] * 3, [10, 30, None]]
    assert [row["state"] for row in rows] == ["rejected", "disputed", "not_in", "verified"]
    assert [row["valid_votes"] for row in rows] == [None, 200, None, 40]
    line = reporting.contest_report(counted.malang, region("35.07")).line
    assert [sum(row["votes"][place] or 0 for row in rows) for place in range(3)] == [p.votes for p in line.pairs]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"review": "verified"}, [ALL[3]]),
        ({"review": "not_in"}, [ALL[2]]),
        ({"disputed": "true"}, [ALL[1]]),
        ({"disputed": "false"}, [ALL[0], *ALL[2:]]),
        ({"in": "true"}, [ALL[1], ALL[3]]),
        ({"in": "false"}, [ALL[0], ALL[2]]),
        ({"in": "true", "disputed": "false"}, [ALL[3]]),
        ({"office": "bupati"}, ALL),
    ],
)
def test_stations_are_filtered(counted, query, found):
    assert numbers(read(counted, "budi", "stations", SLUG, "35.07", **query)["results"]) == found


def test_pages_follow_each_other_without_gap_or_repeat(counted):
    for limit in (1, 2, 3, 4):
        rows, after = [], {}
        while True:
            page = read(counted, "budi", "stations", SLUG, "35.07", limit=limit, **after)
            rows += page["results"]
            assert len(page["results"]) <= limit
            if page["next"] is None:
                break
            after = {"after": page["next"]}
        assert numbers(rows) == ALL


def test_a_cursor_of_elsewhere_opens_nothing(counted):
    theirs = read(counted, "agus", "stations", SLUG, "35.24", limit=1)["next"]
    rows = read(counted, "budi", "stations", SLUG, "35.07", after=theirs)["results"]
    assert set(numbers(rows)) <= set(ALL)


@pytest.mark.parametrize(
    "query",
    [
        {"review": "secret"},
        {"disputed": "1"},
        {"in": "ja"},
        {"office": "raja"},
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "٣"},
        {"after": "x"},
        {"after": "1-2-99999999999999999999"},
    ],
)
def test_a_filter_that_is_not_on_the_list_is_refused_by_its_name(counted, query):
    response = client_of(counted.budi).get(at("stations", SLUG, "35.07", **query))
    assert (response.status_code, response.json()["code"]) == (400, "bad_filter")
    assert list(response.json()["fields"]) == list(query)


def test_a_station_has_every_version_decision_check_and_photo(counted):
    result = counted.result("dampit_1")
    found = read(counted, "budi", "station", SLUG, result.pk)
    report = station_reporting.station_report(result, for_user=counted.budi)
    assert found["state"] == "disputed"
    assert [one["mark"] for one in found["versions"]] == [one.mark for one in report.versions] == ["rival", "counted"]
    rival, first = found["versions"]
    assert (first["votes"], rival["votes"]) == ({"1": 100, "2": 80, "3": 20}, {"1": 100, "2": 81, "3": 20})
    assert first["figures"] == {"voters_total": 205, "valid_votes": 200, "invalid_votes": 5}
    assert [(photo["page"], photo["state"]) for photo in first["photos"]] == [(1, "siap"), (2, None)]
    assert [one["uuid"] for one in found["rivals"]] == [rival["uuid"]]
    picture_of_it = client_of(counted.budi).get(first["photos"][0]["url"])
    assert (picture_of_it.status_code, picture_of_it["Content-Type"]) == (200, "image/jpeg")
    refused = read(counted, "budi", "station", SLUG, counted.result("pamotan_1").pk)
    [decision] = refused["versions"][0]["decisions"]
    assert (decision["outcome"], decision["reason"], decision["decided_by"]) == ("rejected", "Bukan C1", "Budi")


def test_the_events_of_a_station_are_its_chain(counted):
    result = counted.result("gedangan_1")
    found = read(counted, "budi", "events", SLUG, result.pk, limit=1)
    rows, after = found["results"], found["next"]
    while after:
        found = read(counted, "budi", "events", SLUG, result.pk, limit=1, after=after)
        rows, after = rows + found["results"], found["next"]
    chain = AuditEvent.objects.filter(result=result).order_by("seq")
    assert [(row["seq"], row["digest"], row["content"]) for row in rows] == [
        (one.seq, one.digest, one.content) for one in chain
    ]
    assert [row["previous"] for row in rows] == ["", *(row["digest"] for row in rows[:-1])]


# Queue, quarantine, arrivals


def test_the_queue_is_that_of_the_page(counted):
    found = read(counted, "budi", "queue", SLUG)
    page = work_queue.page(counted.budi, counted.election, work_queue.View.ALL)
    assert [row["station"]["id"] for row in found["results"]] == [result.pk for result in page.rows]
    assert [row["group"] for row in found["results"]] == ["selisih", "ditolak"]
    assert [row["submitted_by"] for row in found["results"]] == ["Siti", "Dewi"]
    assert [row["group"] for row in read(counted, "budi", "queue", SLUG, view="ditolak")["results"]] == ["ditolak"]
    first = read(counted, "budi", "queue", SLUG, limit=1)
    assert [row["group"] for row in read(counted, "budi", "queue", SLUG, after=first["next"])["results"]] == [
        "ditolak"
    ]


def test_quarantine_is_counted_in_the_own_region(counted):
    assert read(counted, "budi", "quarantine", SLUG) == {"count": 1, "more": False}
    assert read(counted, "agus", "quarantine", SLUG) == {"count": 0, "more": False}


def test_arrivals_are_those_of_the_page(counted):
    found = read(counted, "budi", "arrivals", SLUG, "35.07")
    assert (found["office"], found["stations"]) == ("bupati", 4)
    last = found["intervals"][-1]
    assert (last["all_arrived"], last["all_verified"], last["coverage"]) == (2, 1, 0.5)


# Who


def every_address(play):
    """Addresses of Malang, with data behind each."""
    form = play.result("dampit_1").form
    results = [play.result(name).pk for name in ("dampit_1", "pamotan_1")]
    codes = ["35.07", "35.07.05", "35.07.05.2001"]
    return [
        *(at("region", code) for code in codes),
        *(at("results", SLUG, code) for code in codes),
        *(at("stations", SLUG, code) for code in codes),
        *(at("arrivals", SLUG, code) for code in codes),
        *(at("station", SLUG, pk) for pk in results),
        *(at("events", SLUG, pk) for pk in results),
        at("form", form.uuid),
        at("form-photo", form.uuid, form.photo_names.first().sha256),
    ]


def test_a_coordinator_of_another_kabupaten_finds_nothing(counted):
    addresses = every_address(counted)
    client = client_of(counted.agus)
    assert {one: client.get(one).status_code for one in addresses} == dict.fromkeys(addresses, 404)
    assert Refusal.objects.filter(user=counted.agus, status=404).count() == len(addresses)
    client = client_of(counted.budi)
    assert {one: client.get(one).status_code for one in addresses} == dict.fromkeys(addresses, 200)


@pytest.mark.parametrize("who", ["siti", "oper"])
def test_witness_and_operator_read_nothing_here(counted, who):
    own = {at("form", counted.result("dampit_1").form.uuid)} if who == "siti" else set()
    lists = [at("elections"), at("contests", SLUG), at("queue", SLUG), at("quarantine", SLUG)]
    addresses = [*every_address(counted), *lists]
    client = client_of(counted.people[who])
    found = {one: client.get(one).status_code for one in addresses}
    assert found == {one: 200 if one in own else 404 for one in addresses}


def test_lists_of_lamongan_hold_nothing_of_malang(counted):
    client = client_of(counted.agus)
    for address in (
        at("elections"),
        at("contests", SLUG),
        at("queue", SLUG),
        at("region", "35.24"),
        at("stations", SLUG, "35.24"),
    ):
        text = client.get(address).content.decode()
        assert not [word for word in ("Malang", "Sanusi", "Dampit", "35.07", "Siti") if word in text]


def test_a_station_is_found_only_under_its_own_election(counted):
    other = Election.objects.create(name="Lain", slug="lain", date=dt.date(2024, 11, 27))
    preparation.create_contest(other, region("35.07"), Office.REGENT, [NewPair(1, "A"), NewPair(2, "B")])
    client = client_of(counted.budi)
    assert client.get(at("station", "lain", counted.result("dampit_1").pk)).status_code == 404
    assert client.get(at("events", "lain", counted.result("dampit_1").pk)).status_code == 404


def test_more_rows_ask_the_same_number_of_queries(counted):
    def queries():
        client, found = client_of(counted.dewi), {}
        for address in (
            at("stations", SLUG, "35.07.05.2001"),
            at("queue", SLUG),
            at("events", SLUG, counted.result("dampit_1").pk),
            at("station", SLUG, counted.result("dampit_1").pk),
            at("contests", SLUG),
            at("region", "35.07.05"),
        ):
            with CaptureQueriesContext(connection) as asked:
                assert client.get(address).status_code == 200
            found[address] = len(asked)
        return found

    few = queries()
    village = region("35.07.05.2001")
    preparation.add_stations(counted.election, [NewStation(village.pk, number, 1, 1) for number in (10, 11, 12)])
    for number in (10, 11, 12):
        made = counted.election.stations.get(region=village, number=number)
        counted.stations[f"new_{number}"] = made
        intake.submit(submission(counted, f"new_{number}", [1, 2, 3]), by=counted.dewi, channel=Channel.COUNT_ROOM)
    for votes in ([100, 82, 20], [100, 83, 20]):
        intake.submit(submission(counted, "dampit_1", votes), by=counted.joko, channel=Channel.API)
    assert queries() == few


@pytest.mark.parametrize(
    "path", ["x/", "elections/a%20b/contests/", "elections/pilkada-2020/stations/x/", "", "forms/x/"]
)
def test_an_address_that_is_not_there_is_told_as_json_and_refuses_nobody(counted, path):
    client = client_of(counted.budi)
    for method in (client.get, client.post):
        response = method(f"/api/v1/{path}")
        assert (response.status_code, response["Content-Type"]) == (404, "application/json")
        assert response.json()["code"] == "not_found"
    assert Refusal.objects.count() == 0


def test_a_slash_that_is_missing_is_added(counted):
    response = client_of(counted.budi).get("/api/v1/elections")
    assert (response.status_code, response.url) == (301, "/api/v1/elections/")
