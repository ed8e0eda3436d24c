"""Claims about the page and the pictures of arrivals: the page's own numbers, and nobody sees another's place."""

import re
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from regions.importing import Row, import_regions
from regions.models import Level, Region
from tallies import intake, preparation
from tallies.count_room import verification
from tallies.models import Channel, ContestTotal, Office
from tallies.preparation import NewStation
from tallies.totals import aggregation, arrivals, rebuilding, reporting
from tests import cast
from tests.asking import queries
from tests.cast import region, submission
from tests.integration.test_result_pages import _one_period, words  # noqa: F401  fixture

CLOSED = datetime(2020, 12, 9, 6, 2, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def page_at(code, **query):
    return reverse("arrivals", args=["pilkada-2020", code], query=query or None)


def picture_at(code, **query):
    return reverse("arrivals-picture", args=["pilkada-2020", code], query=query or None)


def send(play, minutes, station, votes, by="siti", **changes):
    with time_machine.travel(CLOSED + timedelta(minutes=minutes), tick=False):
        return intake.submit(
            submission(play, station, votes, **changes), by=play.people[by], channel=Channel.API
        ).form


@pytest.fixture
def arrived(play):
    """Malang from 13.02 WIB on: three stations in 50 minutes, one corrected later, one verified, one refused."""
    first = send(play, 0, "dampit_1", [100, 80, 20])
    send(play, 5, "dampit_2", [40, 90, 15])
    send(play, 50, "gedangan_1", [10, 30, 5], by="dewi")
    refused = send(play, 70, "pamotan_1", [1, 2, 3], by="dewi")
    send(play, 90, "dampit_1", [101, 80, 20], supersedes=first.uuid)
    send(play, 20, "babat_1", [70, 61], by="wati")
    with time_machine.travel(CLOSED + timedelta(minutes=95), tick=False):
        second = play.result("dampit_2")
        verification.approve(second.form, by=play.budi, seen=second.audit_seq)
        verification.reject(refused, by=play.budi, seen=1, reason="Foto TPS lain")
        aggregation.drain()
    return play


def table(response):
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", response.content.decode())
    return [re.findall(r">([^<>]+)<", row) for row in rows]


def texts(response):
    return [node.text for node in ElementTree.fromstring(response.content).iter(SVG + "text") if node.text]


# The numbers


def test_a_station_arrives_once_with_its_first_form(arrived, client):
    client.force_login(arrived.budi)
    found = table(client.get(page_at("35.07")))
    assert [(row[0], row[1], row[2]) for row in found if row[1] != "0"] == [
        ("13.00–13.15", "2", "2"),
        ("13.45–14.00", "1", "3"),
    ]
    # The correction at 14.32 is no second arrival, and what was refused is not in.
    assert [(row[0], row[4], row[5]) for row in found if row[4] != "0"] == [("14.30–14.45", "1", "1")]


def test_the_last_sum_is_the_number_of_the_result_page(arrived, client):
    client.force_login(arrived.nasi)
    for code, total in (("35.07", 3), ("35.07.05", 2), ("35.07.06.2001", 1), ("35", 4), ("ID", 4)):
        assert table(client.get(page_at(code)))[-1][2] == f"{total}"
    line = reporting.contest_report(arrived.malang, region("35.07")).line
    assert line.progress.stations_in == 3


def test_times_are_those_of_the_place_and_of_the_language(arrived, client):
    Region.objects.filter(code="35").update(time_zone="Asia/Makassar")
    client.force_login(arrived.budi)
    assert table(client.get(page_at("35.07")))[0][0] == "14.00–14.15"
    assert "9 Des, WITA" in words(client.get(page_at("35.07")))
    assert any(text.endswith(" WITA") for text in texts(client.get(picture_at("35.07"))))
    type(arrived.budi).objects.filter(pk=arrived.budi.pk).update(language="en")
    assert table(client.get(page_at("35.07")))[0][0] == "14:00–14:15"
    assert "Verified" in texts(client.get(picture_at("35.07")))


def test_nothing_in_is_said_and_no_picture_is_drawn(play, client):
    client.force_login(play.budi)
    page = client.get(page_at("35.07"))
    assert "Belum ada TPS yang masuk" in words(page)
    assert "<img" not in page.content.decode()
    assert client.get(picture_at("35.07")).status_code == 404
    results = client.get(reverse("region", args=["pilkada-2020", "35.07"])).content.decode()
    assert "Kedatangan" in results
    assert "<img" not in results


def test_the_result_page_shows_the_picture_of_its_office(arrived, client):
    client.force_login(arrived.budi)
    for code in ("35.07", "35.07.05"):
        page = client.get(reverse("region", args=["pilkada-2020", code])).content.decode()
        [source] = re.findall(r'<img src="([^"]+kedatangan.svg[^"]+)"', page)
        assert source.startswith(picture_at(code, jabatan="bupati"))
        assert client.get(source.replace("&amp;", "&"))["Content-Type"] == "image/svg+xml"


def test_each_office_has_its_own_arrivals(arrived, client):
    preparation.create_contest(
        arrived.election,
        region("35"),
        Office.GOVERNOR,
        [preparation.NewPair(1, "A", True), preparation.NewPair(2, "B")],
    )
    preparation.add_missing_results(arrived.election)
    rebuilding.rebuild(arrived.election)
    client.force_login(arrived.budi)
    assert "Belum ada TPS yang masuk" in words(client.get(page_at("35.07", jabatan="gubernur")))
    assert table(client.get(page_at("35.07", jabatan="bupati")))[-1][2] == "3"


# The picture


@pytest.mark.parametrize("query", [{}, {"gambar": "selang"}, {"ukuran": "kecil"}], ids=str)
def test_a_picture_is_an_image_without_scripts_that_names_its_lines(arrived, client, query):
    client.force_login(arrived.budi)
    response = client.get(picture_at("35.07", **query))
    assert (response.status_code, response["Content-Type"]) == (200, "image/svg+xml")
    policy = set(response["Content-Security-Policy"].split("; "))
    assert {"default-src 'none'", "style-src 'unsafe-inline'"} <= policy
    tags = {node.tag for node in ElementTree.fromstring(response.content).iter()}
    assert SVG + "script" not in tags
    assert b"http://" not in response.content.replace(b"http://www.w3.org/", b"").partition(b"<defs>")[2]
    if not query.get("gambar"):
        assert {"Masuk", "Terverifikasi", "4", "0"} <= set(texts(response))


def test_one_line_is_dashed_and_the_other_solid(arrived, client):
    client.force_login(arrived.budi)
    body = client.get(picture_at("35.07")).content.decode()
    assert body.count("stroke-dasharray:6 4") == 1


@pytest.mark.parametrize("query", [{"gambar": "lain"}, {"ukuran": "besar"}], ids=str)
def test_only_known_pictures_are_drawn(arrived, client, query):
    client.force_login(arrived.budi)
    assert client.get(picture_at("35.07", **query)).status_code == 404


# Who sees what, and when it is asked again


def test_arrivals_of_another_kabupaten_are_not_found(arrived, client):
    addresses = [
        at(code) for at in (page_at, picture_at) for code in ("ID", "35", "35.07", "35.07.05", "35.99", "35\0")
    ]
    for who in ("agus", "siti", "oper"):
        client.force_login(arrived.people[who])
        assert {client.get(address).status_code for address in addresses} == {404}
    client.force_login(arrived.budi)
    etag = client.get(picture_at("35.07"))["ETag"]
    client.force_login(arrived.agus)
    assert client.get(picture_at("35.07"), headers={"If-None-Match": etag}).status_code == 404
    client.logout()
    assert client.get(picture_at("35.07")).status_code == 302


@pytest.mark.parametrize("at", [page_at, picture_at])
def test_unchanged_answers_304_and_a_new_station_does_not(arrived, client, at):
    client.force_login(arrived.budi)
    client.get(at("35.07"))
    etag = client.get(at("35.07"))["ETag"]
    again = client.get(at("35.07"), headers={"If-None-Match": etag})
    assert (again.status_code, again["Cache-Control"]) == (304, "private, no-cache")
    send(arrived, 100, "pamotan_1", [5, 5, 5], by="dewi")
    aggregation.drain()
    cache.clear()
    assert client.get(at("35.07"), headers={"If-None-Match": etag}).status_code == 200


def test_one_reading_serves_for_a_minute_and_no_longer(arrived, client, monkeypatch):
    client.force_login(arrived.budi)
    now = [1000.0]
    monkeypatch.setattr(arrivals, "time", lambda: now[0])
    assert table(client.get(page_at("35.07")))[-1][2] == "3"
    send(arrived, 100, "pamotan_1", [5, 5, 5], by="dewi")
    aggregation.drain()
    now[0] += arrivals.SHARED_SECONDS - 1
    assert table(client.get(page_at("35.07")))[-1][2] == "3"
    now[0] += 1
    assert table(client.get(page_at("35.07")))[-1][2] == "4"


def test_without_anything_new_nothing_is_read_again(arrived, client, monkeypatch):
    client.force_login(arrived.budi)
    client.get(page_at("35.07"))
    monkeypatch.setattr(arrivals, "time", lambda: 10**9)
    with CaptureQueriesContext(connection) as captured:
        assert table(client.get(page_at("35.07")))[-1][2] == "3"
    assert not [query for query in captured if "auditevent" in query["sql"]]


# Queries do not grow with rows

#: Session, person, own region, election, region, offices, ancestors, two totals; then contests, arrivals, decisions.
PAGE = 11


@pytest.mark.parametrize("at", [page_at, picture_at])
def test_arrivals_ask_as_often_for_three_children_as_for_one(play, client, at):
    client.force_login(play.budi)
    send(play, 0, "gedangan_1", [10, 30, 5], by="dewi")
    aggregation.drain()
    one = queries(client, at("35.07.06"))
    more = [Row(f"35.07.06.200{n}", "35.07.06", Level.VILLAGE, f"Desa {n}") for n in (2, 3)]
    import_regions([*cast.TREE, *more])
    made = preparation.add_stations(play.election, [NewStation(region(row.code).pk, 1, 150, 150) for row in more])
    rebuilding.rebuild(play.election)
    for number, station in enumerate(made):
        play.stations[f"more_{number}"] = station
        send(play, 30 + 60 * number, f"more_{number}", [10, 30, 5], by="dewi")
    aggregation.drain()
    assert ContestTotal.objects.get(contest=play.malang, region=region("35.07.06")).stations_in == 3
    assert (one, queries(client, at("35.07.06"))) == (PAGE, PAGE)
