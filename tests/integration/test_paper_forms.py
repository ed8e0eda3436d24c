"""Claims about a C1 that arrived on paper: who types it, of which station, and what becomes of it."""

from __future__ import annotations

import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Refusal, Role
from tallies import intake
from tallies.count_room import verification
from tallies.count_room.verification import DecisionRefused
from tallies.models import C1Form, Channel, ContestTotal, FormKind, Phase, Review
from tallies.phone import news
from tallies.silent import paper
from tallies.totals import aggregation
from tests import cast
from tests.cast import submission
from tests.sending import at_once, picture


def send(play, station, votes, by="siti", **changes):
    return intake.submit(submission(play, station, votes, **changes), by=play.people[by], channel=Channel.API).form


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def paper_url(play, station):
    return reverse("paper-form", args=[play.result(station).pk])


def find_url(play, **query):
    return reverse("paper-find", args=[play.election.slug], query=query or None)


FIGURES = {"votes_1": "100", "votes_2": "80", "votes_3": "20", "voters_total": "205", "valid_votes": "200"}
FIGURES |= {"invalid_votes": "5"}


def typed(user, play, station, *, step="send", **changes):
    body = {"uuid": str(uuid.uuid4()), "step": step, "asked": ""} | FIGURES | changes
    return signed_in(user).post(paper_url(play, station), body)


# What becomes of it


@pytest.mark.parametrize("who", ["budi", "dewi", "oper"])
def test_a_typed_form_counts_and_names_who_typed_it(play, who):
    response = typed(play.people[who], play, "dampit_1")
    form = C1Form.objects.get()
    assert response.url == reverse("paper-receipt", args=[form.uuid])
    assert (form.channel, form.submitted_by) == (Channel.COUNT_ROOM, play.people[who])
    assert (play.result("dampit_1").form, play.result("dampit_1").review) == (form, Review.PENDING)
    receipt = signed_in(play.people[who]).get(response.url).content.decode()
    assert form.receipt in receipt
    assert "100" in receipt
    aggregation.drain()
    assert ContestTotal.objects.get(contest=play.malang, region__code="35.07").stations_in == 1


def test_who_typed_it_does_not_verify_it(play):
    typed(play.budi, play, "dampit_1")
    form = C1Form.objects.get()
    with pytest.raises(DecisionRefused, match="same_person"):
        verification.approve(form, by=play.budi, seen=1)
    verification.approve(form, by=play.rina, seen=1)
    assert play.result("dampit_1").review == Review.VERIFIED


def test_what_does_not_add_up_is_asked_once_and_never_refused(play):
    asked = typed(play.budi, play, "dampit_1", valid_votes="210")
    assert (asked.status_code, C1Form.objects.count()) == (200, 0)
    keys = [one.key for one in asked.context["questions"]]
    assert len(keys) > 0
    typed(play.budi, play, "dampit_1", valid_votes="210", asked=keys, confirmed=keys[:1])
    form = C1Form.objects.get()
    assert form.valid_votes == 210
    assert form.checks == [one.code for one in asked.context["questions"]]
    assert form.confirmed == [asked.context["questions"][0].code]


def test_the_first_step_stores_nothing(play):
    page = typed(play.budi, play, "dampit_1", step="check")
    assert (page.status_code, C1Form.objects.count()) == (200, 0)
    assert "Semua jumlah cocok" in page.content.decode()


@pytest.mark.parametrize("figure", ["-1", "1.5", "1e3", "٣", "12345", "1O5"])
def test_what_is_no_figure_is_named_and_nothing_is_stored(play, figure):
    page = typed(play.budi, play, "dampit_1", votes_1=figure)
    assert (page.status_code, C1Form.objects.count()) == (400, 0)


def test_the_long_form_has_all_its_rows(db):
    play = cast.make_play(form_kind=FormKind.FULL)
    page = signed_in(play.budi).get(paper_url(play, "dampit_1")).content.decode()
    assert "I.A Data pemilih" in page
    assert 'name="ballots_received"' in page


@pytest.mark.parametrize("who", ["budi", "oper"])
def test_scans_are_kept_and_named_by_the_form(play, who):
    client = signed_in(play.people[who])
    scan = SimpleUploadedFile("c1.jpg", picture(), content_type="image/jpeg")
    page = client.post(
        paper_url(play, "dampit_1"), {"uuid": str(uuid.uuid4()), "step": "check", "photos": scan} | FIGURES
    )
    assert page.status_code == 200
    kept = re.search(r'name="kept_photos" value="([^"]+)"', page.content.decode())[1]
    client.post(
        paper_url(play, "dampit_1"),
        {"uuid": str(uuid.uuid4()), "step": "send", "asked": "", "kept_photos": kept} | FIGURES,
    )
    assert [photo.sha256 for photo in C1Form.objects.get().photo_names.all()] == [kept.split(":")[1]]


# Twice, at once, late


def test_pressed_twice_is_one_form_and_says_so(play):
    key = str(uuid.uuid4())
    first = typed(play.budi, play, "dampit_1", uuid=key)
    second = typed(play.budi, play, "dampit_1", uuid=key)
    assert (second.url, C1Form.objects.count()) == (first.url + "?ulang", 1)
    assert "Sudah tersimpan sebelumnya" in signed_in(play.budi).get(second.url).content.decode()


def test_an_operator_who_presses_twice_reads_the_same_receipt(play):
    key = str(uuid.uuid4())
    first = typed(play.oper, play, "dampit_1", uuid=key)
    assert typed(play.oper, play, "dampit_1", uuid=key).url == first.url + "?ulang"


def test_the_same_key_with_other_figures_is_409_and_keeps_what_was_typed(play):
    key = str(uuid.uuid4())
    typed(play.budi, play, "dampit_1", uuid=key)
    page = typed(play.budi, play, "dampit_1", uuid=key, votes_1="99", valid_votes="199", voters_total="204")
    assert (page.status_code, C1Form.objects.count()) == (409, 1)
    assert 'value="99"' in page.content.decode()
    assert f'value="{key}"' not in page.content.decode()


def test_a_witness_who_was_quicker_is_not_overwritten(play):
    first = send(play, "dampit_1", [90, 80, 30])
    page = typed(play.budi, play, "dampit_1")
    result = play.result("dampit_1")
    assert (result.form, result.disputed, C1Form.objects.count()) == (first, True, 2)
    assert "di samping laporan lain" in signed_in(play.budi).get(page.url).content.decode()


def test_an_operator_brings_no_rival_to_a_station_that_is_in(play):
    first = send(play, "dampit_1", [90, 80, 30])
    page = typed(play.oper, play, "dampit_1")
    assert (page.status_code, C1Form.objects.count()) == (409, 1)
    # As a word: keys and tokens hold any digits.
    assert re.search(r"\b90\b", page.content.decode()) is None
    result = play.result("dampit_1")
    assert (result.form, result.disputed) == (first, False)


def test_a_closed_election_takes_no_paper(play):
    play.election.phase = Phase.CLOSED
    play.election.save()
    assert typed(play.budi, play, "dampit_1").status_code == 409
    assert "terkunci" in signed_in(play.budi).get(paper_url(play, "dampit_1")).content.decode()
    assert C1Form.objects.count() == 0


def test_a_form_pressed_by_many_requests_at_once_is_one(committed_play):
    play, body = committed_play, {"uuid": str(uuid.uuid4()), "step": "send", "asked": ""} | FIGURES
    address, clients = paper_url(play, "dampit_1"), [signed_in(play.budi) for _ in range(5)]
    answers = at_once(5, lambda place: clients[place].post(address, body).status_code)
    assert (answers, C1Form.objects.count()) == ([302] * 5, 1)


# The way in


def test_a_code_leads_to_the_form_of_its_station(play):
    for code in ("35.07.05.2001.001", " 35.07.05.2001 1 "):
        assert signed_in(play.oper).get(find_url(play, kode=code)).url == paper_url(play, "dampit_1")


@pytest.mark.parametrize(
    "code", ["35.24.01.2001.001", "35.07.05.2001.099", "x", "35.07.05.2001.٣", "'; --", "35\0.1"]
)
def test_a_code_that_is_not_the_readers_leads_nowhere(play, code):
    page = signed_in(play.oper).get(find_url(play, kode=code))
    assert (page.status_code, "Tidak ada yang dapat diisi" in page.content.decode()) == (200, True)


def test_an_operator_is_told_the_same_of_a_station_that_is_in_and_of_one_that_is_not_there(play):
    send(play, "dampit_1", [100, 80, 20])
    client = signed_in(play.oper)
    taken, missing = (client.get(find_url(play, kode=f"35.07.05.2001.{n}")).content.decode() for n in ("001", "099"))
    token = re.compile(r'(name="csrfmiddlewaretoken" value=|value=|Kode |kode%3D|\.)"?[^"<\s&]+')
    assert token.sub("", taken) == token.sub("", missing)
    assert client.get(paper_url(play, "dampit_1")).status_code == 404


def test_a_coordinator_is_led_from_a_station_that_is_in_to_its_decision(play):
    send(play, "dampit_1", [100, 80, 20])
    page = signed_in(play.budi).get(paper_url(play, "dampit_1")).content.decode()
    assert reverse("verification-decide", args=[play.result("dampit_1").pk]) in page


def test_a_rejected_station_may_be_typed_anew(play):
    verification.reject(send(play, "dampit_1", [1, 2, 3]), by=play.budi, seen=1, reason="Foto TPS lain")
    typed(play.oper, play, "dampit_1")
    assert play.result("dampit_1").form.submitted_by == play.oper


# Who may


def addresses(play):
    response = typed(play.budi, play, "dampit_1")
    return [paper_url(play, "dampit_2"), response.url]


def test_a_coordinator_of_another_kabupaten_finds_nothing(play):
    client = signed_in(play.agus)
    found = addresses(play)
    assert [client.get(one).status_code for one in found] == [404, 404]
    assert client.post(found[0], {"uuid": str(uuid.uuid4()), "step": "send"} | FIGURES).status_code == 404
    assert C1Form.objects.count() == 1
    assert Refusal.objects.filter(user=play.agus, status=404).count() == 3
    # The page of codes is theirs, and leads to no station of the neighbours.
    assert client.get(find_url(play, kode="35.07.05.2001.002")).status_code == 200


def test_an_operator_of_another_kabupaten_finds_nothing(play):
    other = cast.person("lain", Role.OPERATOR, "35.24")
    assert [signed_in(other).get(one).status_code for one in addresses(play)] == [404, 404]


@pytest.mark.parametrize("who", ["siti", "nasi"])
def test_a_witness_and_who_only_reads_type_nothing(play, who):
    client = signed_in(play.people[who])
    found = [*addresses(play), find_url(play)]
    assert [client.get(one).status_code for one in found] == [404] * 3
    assert typed(play.people[who], play, "dampit_2").status_code == 404
    assert C1Form.objects.count() == 1


def test_a_receipt_is_of_who_typed_it_only(play):
    receipt = typed(play.oper, play, "dampit_1").url
    assert signed_in(play.oper).get(receipt).status_code == 200
    assert signed_in(cast.person("oper2", Role.OPERATOR, "35.07")).get(receipt).status_code == 404


def test_the_receipt_of_a_witness_is_none_here(play):
    form = send(play, "dampit_1", [100, 80, 20])
    assert signed_in(play.budi).get(reverse("paper-receipt", args=[form.uuid])).status_code == 404


def test_nobody_types_without_signing_in(play):
    for address in [*addresses(play), find_url(play)]:
        assert Client().get(address).url.startswith("/masuk/")


def test_the_rule_holds_below_the_page(play):
    with pytest.raises(play.result("babat_1").DoesNotExist):
        paper.submit(submission(play, "babat_1", [1, 2]), by=play.oper)
    assert C1Form.objects.count() == 0


def test_a_witness_who_sent_nothing_reads_that_the_paper_came(play):
    """To send it now would make a rival of an equal evening's work."""
    client = signed_in(play.siti)
    before = client.get("/saksi/?biasa").content.decode()
    assert ("dari kertas" in before, before.count("button--main")) == (False, 1)
    typed(play.oper, play, "dampit_1")
    after = client.get("/saksi/?biasa").content.decode()
    assert "C1 TPS ini sudah sampai di DPC dari kertas." in after
    assert "Kirim hanya bila angka Anda berbeda." in after
    told = {place["station"]: place["messages"] for place in news.news_for(play.siti)["places"]}
    [word] = told[play.stations["dampit_1"].pk]
    assert word["text"].startswith("C1 TPS ini sudah sampai di DPC dari kertas. Anda tidak perlu mengirim lagi.")
    assert told[play.stations["dampit_2"].pk] == []
    send(play, "dampit_1", [1, 2, 3])
    assert "dari kertas" not in client.get("/saksi/?biasa").content.decode()
    assert news.news_for(play.siti)["places"][0]["messages"] == []
