"""What the server gives a witness's phone: the news, the shell, the worker, the manifest."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from accounts.models import Refusal
from tallies import assigning, intake
from tallies.count_room import verification
from tallies.models import Assignment, Channel, Phase
from tallies.phone.news import news_for
from tallies.witnesses import messaging
from tests import cast

NEWS = "/api/v1/witness/"
SHELL = "/saksi/ponsel/"
WORKER = "/saksi/ponsel.js"


@pytest.fixture
def play(db):
    return cast.make_play()


def client(person) -> Client:
    made = Client()
    made.force_login(person)
    return made


def send(play, station, votes, *, by, **changes):
    return intake.submit(cast.submission(play, station, votes, **changes), by=by, channel=Channel.API).form


# The news


def test_a_witness_is_told_of_the_own_stations_and_sendings_only(play):
    mine = send(play, "dampit_1", [80, 100, 20], by=play.siti)
    send(play, "dampit_1", [81, 99, 20], by=play.joko)
    send(play, "babat_1", [30, 100], by=play.wati)
    told = client(play.siti).get(NEWS).json()
    assert [place["station"] for place in told["places"]] == [
        play.stations["dampit_1"].pk, play.stations["dampit_2"].pk
    ]  # fmt: skip
    sent = [form for place in told["places"] for contest in place["contests"] for form in contest["sent"]]
    assert [form["uuid"] for form in sent] == [str(mine.uuid)]
    assert sent[0]["votes"] == {"1": 80, "2": 100, "3": 20}
    assert sent[0]["fate"]["disputed"] is True
    assert "Lamongan" not in json.dumps(told)


def test_a_revoked_station_is_no_longer_told_of(play):
    assigning.revoke(Assignment.objects.get(witness=play.siti, station=play.stations["dampit_2"]), by=play.dewi)
    told = client(play.siti).get(NEWS).json()
    assert [place["title"] for place in told["places"]] == ["TPS 001"]


def test_the_coordinators_reason_reaches_the_phone(play):
    form = send(play, "dampit_1", [80, 100, 20], by=play.siti)
    verification.ask_for_fix(form, by=play.budi, seen=1, reason="Foto halaman 2 tidak terbaca")
    [contest] = client(play.siti).get(NEWS).json()["places"][0]["contests"]
    fate = contest["sent"][0]["fate"]
    assert (fate["code"], fate["reason"]) == ("needs_fix", "Foto halaman 2 tidak terbaca")


def test_what_the_dpc_wrote_and_the_own_c6_reach_the_phone_of_that_station_only(play):
    messaging.send(play.stations["dampit_2"], "Tunggu di TPS", by=play.budi)
    report = {
        "uuid": "00000000-0000-4000-8000-0000000000c6", "station": play.stations["dampit_1"].pk,
        "received": 300, "handed_out": 290, "not_delivered": 10, "photos": [{"sha256": "c" * 64, "page": 1}],
    }  # fmt: skip
    assert client(play.joko).post("/api/v1/invitations/", report, content_type="application/json").status_code == 201
    one, two = client(play.siti).get(NEWS).json()["places"]
    assert [message["text"] for message in two["messages"]] == ["Tunggu di TPS"]
    assert (one["messages"], one["invitations"], two["invitations"]) == ([], None, None)
    [place] = client(play.joko).get(NEWS).json()["places"]
    assert (place["invitations"]["received"], place["invitations"]["photos"]) == (
        300, [{"page": 1, "sha256": "c" * 64}]
    )  # fmt: skip


def test_nothing_new_is_304_and_brings_a_token_all_the_same(play):
    siti = client(play.siti)
    first = siti.get(NEWS)
    again = siti.get(NEWS, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["X-Sista-Token"]
    send(play, "dampit_2", [1, 2, 3], by=play.siti)
    assert siti.get(NEWS, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_the_etag_of_one_witness_is_no_answer_to_another(play):
    etag = client(play.siti).get(NEWS)["ETag"]
    assert client(play.joko).get(NEWS, headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize("who", ["budi", "dewi", "nasi", "oper"])
def test_only_witnesses_have_news(play, who):
    assert client(play.people[who]).get(NEWS).status_code == 403


def test_a_phase_tells_whether_forms_are_taken(play):
    play.election.phase = Phase.CLOSED
    play.election.save()
    [election] = {json.dumps(place["election"]) for place in client(play.siti).get(NEWS).json()["places"]}
    assert (json.loads(election)["open"], json.loads(election)["phase"]) == (False, "selesai")


def test_the_news_cost_no_more_for_more_forms_of_others(play, django_assert_max_num_queries):
    send(play, "dampit_1", [80, 100, 20], by=play.siti)
    with django_assert_max_num_queries(20) as few:
        news_for(play.siti)
    for number in range(5):
        send(play, "dampit_1", [80, 100, number], by=play.joko)
    with django_assert_max_num_queries(len(few.captured_queries) + 1):  # a difference is looked for
        news_for(play.siti)


# Whose queue is sent


def test_what_a_phone_sends_for_another_person_is_refused_and_not_stored(play):
    body = {
        "uuid": "00000000-0000-4000-8000-000000000001", "contest": play.malang.pk,
        "station": play.stations["dampit_1"].pk, "votes": {"1": 1, "2": 2, "3": 3},
    }  # fmt: skip

    def post(person: int) -> tuple[int, dict]:
        answer = client(play.joko).post(
            "/api/v1/forms/", body, content_type="application/json", headers={"X-Sista-Person": str(person)}
        )
        return answer.status_code, answer.json()

    status, said = post(play.siti.pk)
    assert (status, said["code"]) == (403, "other_person")
    assert not play.result("dampit_1").form_id
    assert post(play.joko.pk)[0] == 201


# The page itself


def test_the_shell_is_the_same_for_everybody_and_holds_nobody(play):
    play.siti.full_name = "Siti Aminah"
    play.siti.save()
    seen = client(play.siti).get(SHELL).content.decode()
    assert "Siti Aminah" not in seen
    assert "csrfmiddlewaretoken" not in seen
    assert seen == client(play.budi).get(SHELL).content.decode() == Client().get(SHELL).content.decode()


def test_the_worker_changes_with_the_language_and_keeps_all_the_shell_needs(db):
    indonesian, english = (Client().get(WORKER, {"bahasa": one}).content.decode() for one in ("id", "en"))
    assert indonesian != english
    assert Client().get(WORKER, {"bahasa": "xx"}).content.decode() == indonesian
    shell = Client().get(SHELL).content.decode()
    facts = json.loads(indonesian.split("start(")[1].rsplit(")", 1)[0])
    assert facts["shell"] == SHELL
    for name in facts["files"]:
        if not name.endswith("icons.svg"):
            assert name in shell, name


def test_a_worker_rules_over_no_more_than_the_witness_pages(db):
    answer = Client().get(WORKER)
    assert answer["Content-Type"].startswith("text/javascript")
    assert "Service-Worker-Allowed" not in answer


def test_the_manifest_names_pictures_that_are_there(db):
    said = Client().get("/saksi/ponsel.webmanifest").json()
    assert said["start_url"] == SHELL
    assert {icon["sizes"] for icon in said["icons"]} >= {"192x192", "512x512"}
    assert Refusal.objects.count() == 0
