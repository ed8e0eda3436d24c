"""Claims about a coordinator's overview: what is left to do, what came in last, each number opening its list."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Refusal
from tallies import intake, preparation
from tallies.count_room import error_reports, verification
from tallies.models import Channel, Photo, PhotoState
from tallies.preparation import NewStation
from tallies.silent import silent_list
from tallies.silent.silent_list import Asked, View
from tallies.silent.work_left import WorkLeft, work_left
from tallies.submission import PhotoName
from tallies.totals import aggregation, rebuilding
from tests import reading
from tests.cast import region, submission
from tests.reading import read_all_twice

UNREADABLE = "ab" * 32


def send(play, station, votes, by="siti", **changes):
    form = intake.submit(submission(play, station, votes, **changes), by=play.people[by], channel=Channel.API).form
    aggregation.drain()
    return form


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def work_url(play, code="35.07"):
    return reverse("work-left", args=[play.election.slug, code])


@pytest.fixture
def busy(play):
    """One station of each kind in Malang, and two more silent ones where our pair leads; others in Lamongan."""
    add = [NewStation(region("35.07.06.2001").pk, number, 150, 150) for number in (2, 3)]
    play.stations |= dict(
        zip(("gedangan_2", "gedangan_3"), preparation.add_stations(play.election, add), strict=True)
    )
    rebuilding.rebuild(play.election)
    Photo.objects.create(sha256=UNREADABLE, size=1, format="JPEG", width=1, height=1, state=PhotoState.UNREADABLE)
    send(play, "gedangan_1", [150, 30, 20], photos=(PhotoName(UNREADABLE, 1),))
    send(play, "dampit_1", [10, 90, 20])
    send(play, "dampit_1", [11, 90, 20], by="joko")
    verification.ask_for_fix(send(play, "dampit_2", [10, 80, 20]), by=play.budi, seen=1, reason="Foto buram")
    verification.reject(send(play, "pamotan_1", [10, 80, 20]), by=play.budi, seen=1, reason="Foto TPS lain")
    send(play, "babat_1", [30, 100], by="wati")
    error_reports.tell(play.result("dampit_1"), "buram", "", by=play.joko)
    aggregation.drain()
    return play


def test_what_is_left_is_counted_in_the_region_alone(busy):
    assert work_left(busy.malang, region("35.07")) == WorkLeft(
        differences=1, strongholds=2, unreadable=1, pending=1, reading=0, needs_fix=1, rejected=1, reports=1
    )
    assert work_left(busy.malang, region("35.07.06")) == WorkLeft(0, 2, 1, 1, 0, 0, 0, 0)
    assert work_left(busy.lamongan, region("35.24")) == WorkLeft(0, 1, 0, 1, 0, 0, 0, 0)


def test_a_station_that_is_asked_for_a_fix_and_differs_is_one_difference(play):
    send(play, "dampit_1", [10, 90, 20], by="joko")
    verification.ask_for_fix(play.result("dampit_1").form, by=play.budi, seen=1, reason="Foto buram")
    send(play, "dampit_1", [12, 90, 20])
    left = work_left(play.malang, region("35.07"))
    assert (left.differences, left.pending, left.needs_fix) == (1, 0, 1)


@pytest.mark.parametrize(
    ("view", "number"),
    [
        (View.STRONGHOLDS, "strongholds"),
        (View.UNREADABLE, "unreadable"),
        (View.NEEDS_FIX, "needs_fix"),
        (View.REJECTED, "rejected"),
    ],
)
def test_each_number_opens_a_list_of_as_many(busy, view, number):
    shown = getattr(work_left(busy.malang, region("35.07")), number)
    page = silent_list.page(busy.budi, busy.election, Asked(region("35.07"), view))
    assert (len(page.rows), page.count) == (shown, shown)
    answer = signed_in(busy.budi).get(work_url(busy)).content.decode()
    [found] = re.findall(rf'>(\d+)</span><a [^>]*\?wilayah=35\.07&amp;keadaan={view}"', answer)
    assert int(found) == shown


def test_each_number_of_the_queue_opens_a_filter_of_as_many(busy):
    """What waits for a second reading stands apart, and a proposal for a verified form among the differences."""
    read_all_twice(busy)
    reading.send(busy, "gedangan_2", [30, 20, 10], by=busy.siti)
    send(busy, "gedangan_3", [31, 20, 10])
    verified = busy.result("gedangan_1").form
    verification.approve(verified, by=busy.budi, seen=busy.result("gedangan_1").audit_seq)
    send(busy, "gedangan_1", [151, 30, 20], supersedes=verified.uuid)
    answer = signed_in(busy.budi).get(work_url(busy)).content.decode()
    numbers = re.findall(r'>(\d+)</span><a [^>]*href="([^"]*saring=(\w+))"', answer)
    assert {view: int(number) for number, _address, view in numbers} == {"selisih": 2, "menunggu": 1, "dibaca": 1}
    for number, address, _view in numbers:
        assert len(signed_in(busy.budi).get(address).context["rows"]) == int(number)


def test_what_came_in_last_stands_first_with_its_votes(busy):
    answer = signed_in(busy.budi).get(work_url(busy)).content.decode()
    found = re.findall(r"(TPS \d+, \w+)</a><small>(\w+) · ([\d /–]+)</small>", answer)
    assert found == [
        ("TPS 002, Sukamaju", "Dampit", "10 / 80 / 20"),
        ("TPS 001, Sukamaju", "Dampit", "10 / 90 / 20"),
        ("TPS 001, Sukamaju", "Gedangan", "150 / 30 / 20"),
    ]


def test_the_page_of_a_kabupaten_names_the_lists_before_their_numbers_come(busy):
    page = signed_in(busy.budi).get(reverse("region", args=[busy.election.slug, "35.07"])).content.decode()
    assert f'hx-get="{work_url(busy)}?jabatan=bupati"' in page
    assert "Kantong suara belum masuk" in page
    assert "/belum-masuk/pilkada-2020/?wilayah=35.07.06" in page
    assert (
        work_url(busy, "35.07.06")
        not in signed_in(busy.budi).get(reverse("region", args=[busy.election.slug, "35.07.06"])).content.decode()
    )


def test_the_work_left_asks_as_often_for_many_stations_as_for_few(busy):
    client = signed_in(busy.budi)

    def queries():
        cache.clear()
        with CaptureQueriesContext(connection) as counted:
            assert client.get(work_url(busy)).status_code == 200
        return len(counted)

    few = queries()
    send(busy, "gedangan_2", [150, 30, 20], photos=(PhotoName(UNREADABLE, 1),))
    send(busy, "gedangan_3", [150, 30, 20])
    assert (few, queries()) == (few, few)


def test_a_reader_of_another_kabupaten_finds_nothing_also_where_others_have_just_looked(busy):
    assert signed_in(busy.budi).get(work_url(busy)).status_code == 200
    assert signed_in(busy.agus).get(work_url(busy)).status_code == 404
    assert Refusal.objects.filter(user=busy.agus, status=404).count() == 1
    for who in ("siti", "oper"):
        assert signed_in(busy.people[who]).get(work_url(busy)).status_code == 404
    assert signed_in(busy.nasi).get(work_url(busy)).status_code == 200
    assert signed_in(busy.nasi).get(work_url(busy, "35")).status_code == 404
    assert Client().get(work_url(busy)).url.startswith("/masuk/")
