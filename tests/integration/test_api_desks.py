"""Claims about what programs read of the desks: the lists of their pages, within the reader's region."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Refusal
from tallies import intake, preparation
from tallies.count_room import error_reports, verification
from tallies.models import Channel, ContactOutcome
from tallies.preparation import NewStation
from tallies.silent import calling, silent_list
from tallies.silent.silent_list import Asked, View
from tallies.silent.work_left import work_left
from tallies.totals import aggregation, reporting
from tests import reading
from tests.cast import person, region, submission
from tests.integration.test_api_reading import SLUG, at, numbers, read
from tests.sending import client_of

VOTES = [100, 60, 20]


@pytest.fixture
def busy(play):
    """In: dampit_1 (read twice, still different), pamotan_1 after it, babat_1. dampit_2 called twice; two reports."""
    reading.read_all_twice(play)
    form = reading.send(play, "dampit_1", [700, 60, 20], by=play.siti)
    for _round in (1, 2):
        reading.take(play.oper, play.election)
        reading.read(form, reading.figures(VOTES, valid_votes=780, voters_total=785), by=play.oper)
    for station, votes in (("pamotan_1", [1, 2, 3]), ("babat_1", [40, 60])):
        intake.submit(submission(play, station, votes), by=play.dewi, channel=Channel.COUNT_ROOM)
    calling.record(play.result("dampit_2"), ContactOutcome.NO_ANSWER, by=play.budi, key=uuid4())
    calling.record(play.result("dampit_2"), ContactOutcome.OTHER, by=play.rina, key=uuid4(), note="Di jalan")
    calling.record(play.result("babat_2"), ContactOutcome.NO_SIGNAL, by=play.agus, key=uuid4())
    for station, who in (("dampit_1", "siti"), ("dampit_1", "joko"), ("babat_1", "wati")):
        error_reports.tell(play.result(station), "salah_ketik", f"Baris 3 di {station}", by=play.people[who])
    aggregation.drain()
    return play


# The silent list


def test_the_silent_list_is_that_of_the_page_with_what_was_tried(busy):
    found = read(busy, "budi", "silent", SLUG)
    page = silent_list.page(busy.budi, busy.election, Asked(region("35.07")))
    assert [row["station"]["id"] for row in found["results"]] == [row.result.pk for row in page.rows]
    assert numbers(found["results"]) == [("35.07.05.2001", 2), ("35.07.06.2001", 1)]
    assert (found["count"], found["strongholds"], found["next"]) == (2, 1, None)
    called, untried = found["results"]
    assert [(one["outcome"], one["note"], one["by"]) for one in called["attempts"]] == [
        ("lain", "Di jalan", "Rina"),
        ("tidak_diangkat", "", "Budi"),
    ]
    assert (called["stronghold"], untried["stronghold"]) == (True, False)
    assert (called["at_stake"], untried["at_stake"]) == (page.rows[0].area.at_stake, None)
    assert untried["attempts"] == []


def test_no_number_of_a_telephone_leaves_through_the_silent_list(busy):
    busy.siti.phone = "+6281234567890"
    busy.siti.save()
    text = client_of(busy.budi).get(at("silent", SLUG)).content.decode()
    assert not [word for word in ("81234567890", "Siti") if word in text]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"last": "lain"}, [("35.07.05.2001", 2)]),
        ({"last": "belum_dicoba"}, [("35.07.06.2001", 1)]),
        ({"last": "tidak_diangkat"}, []),
        ({"view": "kantong"}, [("35.07.05.2001", 2)]),
        ({"view": "ditolak"}, []),
        ({"region": "35.07.06"}, [("35.07.06.2001", 1)]),
    ],
)
def test_the_silent_list_is_filtered(busy, query, found):
    assert numbers(read(busy, "budi", "silent", SLUG, **query)["results"]) == found


def test_its_views_are_those_of_the_page():
    assert list(View) == ["belum", "kantong", "ditolak", "perbaikan", "foto"]


# Reports of errors


def test_reports_have_everything_that_was_said_and_the_answer(busy):
    [row] = read(busy, "budi", "error-reports", SLUG)["results"]
    assert row["station"]["region"]["code"] == "35.07.05.2001"
    assert [(one["kind"], one["text"], one["by"]) for one in row["entries"]] == [
        ("salah_ketik", "Baris 3 di dampit_1", "Siti"),
        ("salah_ketik", "Baris 3 di dampit_1", "Joko"),
    ]
    assert (row["answer"], row["closed_at"]) == (None, None)
    report = busy.result("dampit_1").error_reports.get()
    error_reports.close(report, "Sudah diperbaiki", seen=report.entries.last().pk, by=busy.budi)
    assert read(busy, "budi", "error-reports", SLUG)["results"] == []
    [row] = read(busy, "budi", "error-reports", SLUG, closed="true")["results"]
    assert (row["answer"]["text"], row["answer"]["by"]) == ("Sudah diperbaiki", "Budi")


# Second readings


def test_second_readings_are_told_with_people_and_figures(busy):
    found = read(busy, "budi", "readings", SLUG, busy.result("dampit_1").pk)["results"]
    assert [(one["round"], one["finding"], one["differing"]) for one in found] == [
        (1, "differs", ["votes_1"]),
        (2, "differs", ["votes_1"]),
    ]
    first = found[0]
    assert (first["reader"], first["first_reader"]) == ("Oper", "Siti")
    assert first["votes"] == {"1": 100, "2": 60, "3": 20}
    assert first["figures"] == {"voters_total": 785, "valid_votes": 780, "invalid_votes": 5}
    assert first["form"] == str(busy.result("dampit_1").form.uuid)


def test_readings_stay_when_another_form_counts(busy):
    result = busy.result("dampit_1")
    settled = submission(busy, "dampit_1", VOTES, supersedes=result.form.uuid)
    verification.correct(result.form, settled, by=busy.budi, seen=result.audit_seq, reason="Salah ketik saksi")
    assert len(read(busy, "budi", "readings", SLUG, result.pk)["results"]) == 2


# What came in last, and what is left


def test_what_came_in_last_stands_first_with_its_votes(busy):
    found = read(busy, "budi", "newest", SLUG, "35.07")["results"]
    assert [(row["station"]["region"]["code"], row["votes"]) for row in found] == [
        ("35.07.05.1002", [1, 2, 3]),
        ("35.07.05.2001", [700, 60, 20]),
    ]
    lines = reporting.newest_stations(busy.malang, region("35.07"), most=2)
    assert [row["station"]["id"] for row in found] == [line.result.pk for line in lines]
    assert found[0]["received_at"] > found[1]["received_at"]


def test_the_work_left_is_that_of_the_page(busy):
    found = read(busy, "budi", "work-left", SLUG, "35.07")
    assert found == vars(work_left(busy.malang, region("35.07")))
    assert found == {
        "differences": 1,
        "strongholds": 1,
        "unreadable": 0,
        "pending": 1,
        "reading": 0,
        "needs_fix": 0,
        "rejected": 0,
        "reports": 1,
    }


@pytest.mark.parametrize("name", ["newest", "work-left"])
def test_above_the_contests_there_is_no_such_list(busy, name):
    assert client_of(busy.dewi).get(at(name, SLUG, "35")).status_code == 404
    assert client_of(busy.dewi).get(at(name, SLUG, "35.07", office="presiden")).status_code == 404


# Pages


@pytest.mark.parametrize(
    ("name", "args"), [("silent", ()), ("error-reports", ()), ("readings", ("dampit_1",)), ("newest", ("35.07",))]
)
def test_pages_follow_each_other_without_gap_or_repeat(busy, name, args):
    error_reports.tell(busy.result("pamotan_1"), "buram", "", by=busy.budi)
    args = [busy.result(one).pk if one in busy.stations else one for one in args]
    whole = read(busy, "budi", name, SLUG, *args)
    assert (len(whole["results"]), whole["next"]) == (2, None)
    rows, after = [], {}
    while True:
        page = read(busy, "budi", name, SLUG, *args, limit=1, **after)
        rows += page["results"]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert rows == whole["results"]


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("silent", {"view": "secret"}),
        ("silent", {"last": "x"}),
        ("silent", {"after": "1-2"}),
        ("silent", {"limit": "201"}),
        ("error-reports", {"closed": "ja"}),
        ("error-reports", {"after": "x"}),
        ("newest", {"office": "raja"}),
        ("newest", {"after": "٣"}),
        ("work-left", {"office": "raja"}),
    ],
)
def test_a_filter_that_is_not_on_the_list_is_refused_by_its_name(busy, name, query):
    args = ["35.07"] if name in ("newest", "work-left") else []
    response = client_of(busy.budi).get(at(name, SLUG, *args, **query))
    assert (response.status_code, response.json()["code"]) == (400, "bad_filter")
    assert list(response.json()["fields"]) == list(query)


# Who


def addresses_of_malang(play):
    return [
        at("silent", SLUG, region="35.07"),
        at("readings", SLUG, play.result("dampit_1").pk),
        at("newest", SLUG, "35.07"),
        at("newest", SLUG, "35.07.05.2001"),
        at("work-left", SLUG, "35.07"),
    ]


def test_a_coordinator_of_another_kabupaten_finds_nothing(busy):
    addresses = addresses_of_malang(busy)
    client = client_of(busy.agus)
    assert {one: client.get(one).status_code for one in addresses} == dict.fromkeys(addresses, 404)
    assert Refusal.objects.filter(user=busy.agus, status=404).count() == len(addresses)
    for address in (at("silent", SLUG), at("error-reports", SLUG), at("newest", SLUG, "35.24")):
        found = client.get(address)
        assert len(found.json()["results"]) == 1
        text = found.content.decode()
        assert not [word for word in ("Malang", "Dampit", "35.07", "Siti", "Rina", "dampit_1") if word in text]
    client = client_of(busy.budi)
    assert {one: client.get(one).status_code for one in addresses} == dict.fromkeys(addresses, 200)


@pytest.mark.parametrize("who", ["siti", "oper"])
def test_witness_and_operator_read_nothing_here(busy, who):
    addresses = [*addresses_of_malang(busy), at("silent", SLUG), at("error-reports", SLUG)]
    client = client_of(busy.people[who])
    assert {one: client.get(one).status_code for one in addresses} == dict.fromkeys(addresses, 404)


def test_more_rows_ask_the_same_number_of_queries(busy):
    def queries():
        client, found = client_of(busy.dewi), {}
        for address in [*addresses_of_malang(busy), at("silent", SLUG), at("error-reports", SLUG)]:
            with CaptureQueriesContext(connection) as asked:
                assert client.get(address).status_code == 200
            found[address] = len(asked)
        return found

    few = queries()
    village = region("35.07.05.2001")
    preparation.add_stations(busy.election, [NewStation(village.pk, number, 1, 1) for number in range(10, 16)])
    for number in range(10, 16):
        name = f"new_{number}"
        busy.stations[name] = busy.election.stations.get(region=village, number=number)
        if number < 13:
            intake.submit(submission(busy, name, [1, 2, 3]), by=busy.dewi, channel=Channel.COUNT_ROOM)
            error_reports.tell(busy.result(name), "buram", "", by=person(name, "saksi"))
        else:
            calling.record(busy.result(name), ContactOutcome.BROUGHT, by=busy.budi, key=uuid4())
    aggregation.drain()
    assert queries() == few
