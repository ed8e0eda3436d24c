"""Claims about what a DPC writes to the witnesses of a station: who may, who reads it, and how."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.html import escape

from tallies import assigning
from tallies.models import Assignment, PollingStation, StationMessage
from tallies.witnesses import messaging
from tallies.witnesses.witness_status import messages_for
from tests.witness_hands import text

NASTY = "<script>alert(1)</script> & TPS"


def page_url(play, station="dampit_1"):
    return reverse("station", args=[play.election.slug, play.result(station).pk])


def post(play, client, who, words="Foto halaman 2 belum ada.", station="dampit_1"):
    client.force_login(play.people[who])
    address = reverse("station-message", args=[play.election.slug, play.result(station).pk])
    return client.post(address, {"text": words})


def home(play, client, who):
    client.force_login(play.people[who])
    return text(client.get("/saksi/"))


def test_a_coordinator_writes_and_the_witnesses_of_the_station_read(play, client):
    answer = post(play, client, "budi")
    assert answer.url == page_url(play)
    page = text(client.get(answer.url))
    assert "Pesan terkirim" in page
    assert page.count("Foto halaman 2 belum ada.") == 1
    for who, reads in (("siti", True), ("joko", True), ("wati", False)):
        assert ("Foto halaman 2 belum ada." in home(play, client, who)) is reads


def test_a_message_is_escaped_where_it_is_read(play, client):
    post(play, client, "budi", NASTY)
    for page in (text(client.get(page_url(play))), home(play, client, "siti")):
        assert escape(NASTY) in page
        assert NASTY not in page


def test_who_was_revoked_reads_nothing_any_more(play, client):
    post(play, client, "budi")
    assigning.revoke(Assignment.objects.get(witness=play.joko), by=play.dewi)
    assert "Foto halaman 2 belum ada." not in home(play, client, "joko")


@pytest.mark.parametrize(
    ("who", "status"), [("agus", 404), ("siti", 404), ("wati", 404), ("oper", 404), ("nasi", 403), ("dewi", 302)]
)
def test_only_who_decides_in_the_region_may_write(play, client, who, status):
    assert post(play, client, who).status_code == status
    assert StationMessage.objects.exists() is (status == 302)


def test_who_only_reads_sees_what_was_sent_and_no_form(play, client):
    post(play, client, "budi")
    client.force_login(play.nasi)
    page = text(client.get(page_url(play)))
    assert "Foto halaman 2 belum ada." in page
    assert "Kirim pesan" not in page


def test_the_function_guards_the_station_itself(play):
    station = play.stations["dampit_1"]
    for who in ("agus", "siti", "oper"):
        with pytest.raises(PollingStation.DoesNotExist):
            messaging.send(station, "x", by=play.people[who])
    with pytest.raises(PermissionDenied):
        messaging.send(station, "x", by=play.nasi)
    assert not StationMessage.objects.exists()


@pytest.mark.parametrize("words", ["", "  \r\n ", "x" * 301])
def test_blank_and_too_long_are_refused_beside_the_field(play, client, words):
    answer = post(play, client, "budi", words)
    assert answer.status_code == 400
    assert "field--error" in text(answer)
    assert not StationMessage.objects.exists()


def test_three_hundred_characters_with_line_ends_as_a_browser_counts_them_are_taken(play, client):
    assert post(play, client, "budi", "x\r\n" * 149 + "yz").status_code == 302
    assert len(StationMessage.objects.get().text) == 300


def test_home_shows_the_three_newest_first(play, client):
    for number in range(1, 6):
        messaging.send(play.stations["dampit_1"], f"Pesan ke-{number}", by=play.budi)
    page = home(play, client, "joko")
    places = [page.find(f"Pesan ke-{number}") for number in range(1, 6)]
    assert places[:2] == [-1, -1]
    assert 0 < places[4] < places[3] < places[2]


def test_messages_of_all_stations_are_read_with_one_query(play, django_assert_num_queries):
    stations = list(PollingStation.objects.assigned_to(play.siti))
    for name in ("dampit_1", "dampit_2", "babat_1"):
        for number in range(5):
            messaging.send(play.stations[name], f"{name} {number}", by=play.dewi)
    with django_assert_num_queries(1):
        found = messages_for(stations)
        assert {str(one.by) for some in found.values() for one in some} == {"Dewi"}
    assert {pk: [one.text for one in some] for pk, some in found.items()} == {
        play.stations[name].pk: [f"{name} 4", f"{name} 3", f"{name} 2"] for name in ("dampit_1", "dampit_2")
    }
