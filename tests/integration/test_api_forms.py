"""Claims about the address that takes C1 forms, as a phone and as somebody with a grudge would use it."""

import datetime as dt
import gzip
import json
import uuid

import pytest
import time_machine
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import Refusal
from tallies import assigning, audit, intake
from tallies.api.serializers import ReceiptSerializer, receipt_of
from tallies.count_room import verification
from tallies.figures import SHORT_FIELDS
from tallies.models import C1Form, Channel, FormKind, Phase, QuarantinedForm, Review
from tallies.submission import PhotoName
from tests.cast import submission
from tests.sending import at_once, client_of, form_body, picture, send, send_photo, send_raw, sha256_of

VOTES = [100, 80, 20]
WIB = dt.timezone(dt.timedelta(hours=7))


def detail_url(body):
    return reverse("api-form", args=[body["uuid"]])


def refused(answer, status, code):
    """Assert the shape of a refusal and return its fields."""
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert set(answer.json()) == {"code", "detail", "fields"}
    assert answer.json()["detail"].endswith((".", "?"))
    assert "Kode:" not in answer.json()["detail"], "the code has no sentence"
    return answer.json()["fields"]


# Accepted


def test_a_form_is_stored_and_counts_at_once(play):
    answer = send(play.siti, form_body(play, "dampit_1", VOTES))
    form = C1Form.objects.get()
    assert answer.status_code == 201
    assert (play.result("dampit_1").form, play.result("dampit_1").review) == (form, Review.PENDING)
    assert (form.figures.votes, form.submitted_by, form.channel) == ({1: 100, 2: 80, 3: 20}, play.siti, "ponsel")


def test_the_answer_tells_facts_of_the_stored_form(play):
    photos = [{"sha256": "b" * 64, "page": 2}, {"sha256": "a" * 64, "page": 1}]
    body = form_body(play, "dampit_1", [100, 80, 0], photos=photos, filled_at="2020-12-09T15:00:00+07:00")
    form_facts = send(play.siti, body).json()
    form = C1Form.objects.get()
    assert form_facts == {
        "uuid": body["uuid"],
        "receipt": form.receipt,
        "received_at": form.received_at.astimezone(WIB).isoformat(),
        "filled_at": "2020-12-09T15:00:00+07:00",
        "contest": play.malang.pk,
        "station": play.stations["dampit_1"].pk,
        "checks": ["C1-W05"],
        "confirmed": [],
        "photos": [{"page": 1, "sha256": "a" * 64}, {"page": 2, "sha256": "b" * 64}],
    }


def test_digits_as_text_and_as_numbers_are_the_same_form(play):
    body = form_body(play, "dampit_1", ["0100", "80", 20])
    assert send(play.siti, body).status_code == 201
    assert send(play.siti, body | {"votes": {"3": "20", "2": 80, "1": 100}}).status_code == 200


def test_the_same_form_again_is_200_with_the_same_body(play):
    photos = [{"sha256": "a" * 64, "page": 1}, {"sha256": "b" * 64, "page": 1}]
    body = form_body(play, "dampit_1", VOTES, photos=photos)
    first = send(play.siti, body)
    verification.reject(C1Form.objects.get(), by=play.budi, seen=1, reason="Foto TPS lain")
    play.election.phase = Phase.CLOSED
    play.election.save()
    again = send(play.siti, body | {"photos": photos[::-1]})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content
    assert C1Form.objects.count() == 1


def test_the_same_key_with_another_body_is_409_and_changes_nothing(play):
    body = form_body(play, "dampit_1", VOTES)
    send(play.siti, body)
    refused(send(play.siti, form_body(play, "dampit_1", [100, 81, 20], uuid=body["uuid"])), 409, "key_reused")
    assert C1Form.objects.get().figures.votes == {1: 100, 2: 80, 3: 20}


def test_the_same_key_of_another_witness_is_409(play):
    body = form_body(play, "dampit_1", VOTES)
    send(play.siti, body)
    refused(send(play.joko, body), 409, "key_reused")
    assert C1Form.objects.count() == 1


def test_the_same_key_for_another_station_is_409(play):
    body = form_body(play, "dampit_1", VOTES)
    send(play.siti, body)
    refused(send(play.siti, body | {"station": play.stations["dampit_2"].pk}), 409, "key_reused")
    assert play.result("dampit_2").review == Review.NOT_IN


def test_sums_that_do_not_hold_are_stored_and_flagged(play):
    answer = send(play.siti, form_body(play, "dampit_1", VOTES, values={"valid_votes": 199}, confirmed=["C1-E08"]))
    assert (answer.status_code, answer.json()["checks"]) == (201, ["C1-E08"])
    assert (C1Form.objects.get().valid_votes, C1Form.objects.get().confirmed) == (199, ["C1-E08"])


def test_941_votes_in_a_station_of_300_are_stored_and_flagged(play):
    answer = send(play.siti, form_body(play, "dampit_1", [941, 80, 20]))
    assert answer.status_code == 201
    assert "C1-W03" in answer.json()["checks"]
    assert C1Form.objects.get().figures.votes[1] == 941


def test_a_blank_box_is_not_zero(play):
    blank = form_body(play, "dampit_1", [None, "", 0], values={"valid_votes": None, "invalid_votes": ""})
    del blank["figures"]["voters_total"]
    assert send(play.siti, blank).status_code == 201
    form = C1Form.objects.get()
    assert form.figures.votes == {1: None, 2: None, 3: 0}
    assert [form.valid_votes, form.invalid_votes, form.voters_total] == [None, None, None]


@pytest.mark.parametrize("claimed", ["1970-01-01T00:00:07Z", "2030-12-10T01:02:03.456+07:00"])
def test_a_phone_clock_is_kept_as_claimed(play, claimed):
    assert send(play.siti, form_body(play, "dampit_1", VOTES, filled_at=claimed)).status_code == 201
    assert C1Form.objects.get().filled_at == dt.datetime.fromisoformat(claimed)
    assert list(audit.verify()) == []


def test_a_correction_names_what_it_supersedes(play):
    first = form_body(play, "dampit_1", VOTES)
    second = form_body(play, "dampit_1", [100, 81, 20], supersedes=first["uuid"])
    assert [send(play.siti, first).status_code, send(play.siti, second).status_code] == [201, 201]
    assert str(play.result("dampit_1").form.uuid) == second["uuid"]
    assert not play.result("dampit_1").disputed


def test_a_late_form_that_names_nothing_is_kept_as_a_rival(play):
    first, late = form_body(play, "dampit_1", VOTES), form_body(play, "dampit_1", [1, 2, 3])
    assert [send(play.siti, first).status_code, send(play.siti, late).status_code] == [201, 201]
    assert (str(play.result("dampit_1").form.uuid), play.result("dampit_1").disputed) == (first["uuid"], True)


@pytest.mark.parametrize("corrected", [False, True])
def test_a_queue_that_comes_a_week_late_is_stored_and_replaces_nothing_it_does_not_name(play, corrected):
    first = form_body(play, "dampit_1", VOTES)
    counted = form_body(play, "dampit_1", [100, 81, 20], supersedes=first["uuid"]) if corrected else first
    for body in (first, counted):
        send(play.siti, body)
    with time_machine.travel(dt.timedelta(days=7)):
        late = [form_body(play, "dampit_1", [1, 2, 3], filled_at="2020-12-09T13:00:00Z"),
                form_body(play, "dampit_2", VOTES, filled_at="2020-12-09T13:00:00Z")]  # fmt: skip
        assert [send(play.siti, body).status_code for body in (*late, *late)] == [201, 201, 200, 200]
        assert (str(play.result("dampit_1").form.uuid), play.result("dampit_1").disputed) == (counted["uuid"], True)
        named = form_body(play, "dampit_1", [100, 82, 20], supersedes=counted["uuid"])
        assert send(play.siti, named).status_code == 201
    assert str(play.result("dampit_1").form.uuid) == named["uuid"]
    assert str(play.result("dampit_2").form.uuid) == late[1]["uuid"]


def test_a_late_form_that_names_an_older_version_is_kept_as_a_rival(play):
    first = form_body(play, "dampit_1", VOTES)
    second = form_body(play, "dampit_1", [100, 81, 20], supersedes=first["uuid"])
    late = form_body(play, "dampit_1", [100, 82, 20], supersedes=first["uuid"])
    assert [send(play.siti, body).status_code for body in (first, second, late)] == [201, 201, 201]
    assert (str(play.result("dampit_1").form.uuid), play.result("dampit_1").disputed) == (second["uuid"], True)


@pytest.mark.parametrize("named", ["nobody knows it", "of another station"])
def test_a_form_that_names_a_version_that_is_not_here_is_stored_once_and_breaks_no_chain(play, named):
    other = form_body(play, "dampit_2", VOTES)
    send(play.siti, other)
    supersedes = other["uuid"] if named == "of another station" else str(uuid.uuid4())
    body = form_body(play, "dampit_1", VOTES, supersedes=supersedes)
    assert [send(play.siti, body).status_code for _ in range(2)] == [201, 200]
    assert list(audit.verify()) == []


def test_the_same_key_with_another_named_version_is_409(play):
    first, second = form_body(play, "dampit_1", VOTES), form_body(play, "dampit_1", [100, 81, 20])
    send(play.siti, first)
    send(play.siti, second)
    refused(send(play.siti, second | {"supersedes": first["uuid"]}), 409, "key_reused")


# Numbers

WRONG_FIGURES = [
    -1, "-1", "1e3", "1_000", " 12 ", "12 ",
    "0x10", "12.0", 12.0, 1.5, "1,5", 2**63, -(2**63), 10**30, 136188,
    "136188", 10000, "00012", "١٢", "१२", "１２", "²", "½", "O", "+5", "12\x00", "\n12",
    True, False, [], [5], {}, {"a": 1},
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG_FIGURES, ids=repr)
def test_only_one_to_four_digits_are_a_figure(play, wrong):
    answer = send(play.siti, form_body(play, "dampit_1", VOTES) | {"votes": {"1": 100, "2": wrong, "3": 20}})
    assert set(refused(answer, 400, "invalid")) == {"votes_2"}
    answer = send(play.siti, form_body(play, "dampit_1", VOTES, values={"invalid_votes": wrong}))
    assert set(refused(answer, 400, "invalid")) == {"invalid_votes"}
    assert not C1Form.objects.exists()


@pytest.mark.parametrize("literal", ["1e3", "1E3", "12.0", "-0.0", "NaN", "Infinity", "1_000", "0x10", "012"])
def test_no_other_way_to_write_a_number_in_json_is_a_figure(play, literal):
    raw = json.dumps(form_body(play, "dampit_1", ["FIGURE", 80, 20])).replace('"FIGURE"', literal)
    assert send_raw(play.siti, raw.encode()).status_code == 400
    assert not C1Form.objects.exists()


def test_every_wrong_figure_is_named_at_once(play):
    body = form_body(play, "dampit_1", ["x", 80, -1], values={"valid_votes": "1.5"})
    fields = refused(send(play.siti, body), 400, "invalid")
    assert set(fields) == {"votes_1", "votes_3", "valid_votes"}


def test_a_figure_the_form_has_no_box_for_is_refused_by_name(play):
    body = form_body(play, "dampit_1", VOTES, values={"ballots_used": 205, "votes_1": 7, "siluman": 1})
    assert set(refused(send(play.siti, body), 400, "invalid")) == {"votes_1", "siluman"}
    body = form_body(play, "dampit_1", VOTES, values={"ballots_used": 205})
    assert set(refused(send(play.siti, body), 400, "invalid")) == {"ballots_used"}
    assert "ballots_used" not in SHORT_FIELDS
    play.election.form_kind = FormKind.FULL
    play.election.save()
    assert send(play.siti, body).status_code == 201
    assert C1Form.objects.get().ballots_used == 205


@pytest.mark.parametrize(
    ("votes", "named"),
    [
        ({"1": 100, "2": 80}, {"votes_3"}),
        ({"1": 100, "2": 80, "3": 20, "4": 1}, {"votes_4"}),
        ({"1": 100, "2": 80, "0": 20}, {"votes_3", "votes_0"}),
        ({}, {"votes_1", "votes_2", "votes_3"}),
    ],
)
def test_a_pair_missing_or_too_many_is_named(play, votes, named):
    assert (
        set(refused(send(play.siti, form_body(play, "dampit_1", VOTES) | {"votes": votes}), 400, "wrong_pairs"))
        == named
    )
    assert not C1Form.objects.exists()


@pytest.mark.parametrize("number", ["01", " 1", "１", "1.0", "-1", "", "satu", "99999"])
def test_a_pair_goes_by_its_number_only(play, number):
    votes = {number: 100, "2": 80, "3": 20}
    assert send(play.siti, form_body(play, "dampit_1", VOTES) | {"votes": votes}).status_code == 400
    assert not C1Form.objects.exists()


def test_the_contest_of_another_kabupaten_is_not_held_here(play):
    body = form_body(play, "dampit_1", VOTES, contest=play.lamongan.pk)
    refused(send(play.siti, body), 404, "not_found")
    assert not C1Form.objects.exists()


# The rest of the body


@pytest.mark.parametrize(
    "key", ["review", "status", "verifier", "submitted_by", "station_result", "received_at", "counted", "channel"]
)
def test_a_key_that_is_not_the_senders_to_set_is_named(play, key):
    fields = refused(send(play.siti, form_body(play, "dampit_1", VOTES) | {key: "verified"}), 400, "invalid")
    assert set(fields) == {key}
    assert not C1Form.objects.exists()


WRONG_VALUES = [
    ("uuid", None), ("uuid", 5), ("uuid", "x"), ("uuid", "{" + "0" * 34 + "}"), ("uuid", ["a"]),
    ("contest", "1"), ("contest", True), ("contest", 0), ("contest", -1), ("contest", 2**63), ("contest", 1.0),
    ("station", None), ("station", {"id": 1}), ("station", 2**64),
    ("votes", None), ("votes", []), ("votes", "1"), ("figures", None), ("figures", [1]),
    ("photos", None), ("photos", {}), ("photos", "a" * 64),
    ("photos", [{"sha256": f"{n:064x}", "page": 1} for n in range(13)]),
    ("photos", [{"sha256": "a" * 64, "page": 1}] * 2),
    ("supersedes", "x"), ("supersedes", 1),
    ("confirmed", "C1-E01"), ("confirmed", ["C1-E99"]), ("confirmed", [1]), ("confirmed", [None]),
    ("objection", "ya"), ("objection", 1), ("objection", []),
    ("note", None), ("note", 5), ("note", "x" * 501), ("note", "a\x00b"), ("note", ["a"]),
    ("filled_at", 0), ("filled_at", "kemarin"), ("filled_at", "2020-12-09"), ("filled_at", "2020-12-09T10:00:00"),
    ("filled_at", "2020-02-30T10:00:00Z"), ("filled_at", "0001-01-01T00:00:00+14:00"),
    ("filled_at", "9999-12-31T23:59:59-12:00"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "wrong"), WRONG_VALUES, ids=lambda value: repr(value)[:40])
def test_a_wrong_value_is_refused_by_name(play, key, wrong):
    fields = refused(send(play.siti, form_body(play, "dampit_1", VOTES) | {key: wrong}), 400, "invalid")
    assert {name.split(".")[0] for name in fields} == {key}
    assert not C1Form.objects.exists()


@pytest.mark.parametrize("key", ["uuid", "contest", "station", "votes"])
def test_what_a_form_cannot_be_without_is_named(play, key):
    body = form_body(play, "dampit_1", VOTES)
    del body[key]
    assert set(refused(send(play.siti, body), 400, "invalid")) == {key}


@pytest.mark.parametrize(
    ("photo", "named"),
    [
        ({"sha256": "A" * 64, "page": 1}, "photos.1.sha256"),
        ({"sha256": "a" * 63, "page": 1}, "photos.1.sha256"),
        ({"sha256": "../" + "a" * 61, "page": 1}, "photos.1.sha256"),
        ({"sha256": "a" * 64, "page": 0}, "photos.1.page"),
        ({"sha256": "a" * 64, "page": 21}, "photos.1.page"),
        ({"sha256": "a" * 64, "page": "1"}, "photos.1.page"),
        ({"sha256": "a" * 64}, "photos.1.page"),
        ({"sha256": "a" * 64, "page": 1, "name": "x.jpg"}, "photos.1.name"),
    ],
)
def test_a_wrong_photo_name_is_refused_by_place(play, photo, named):
    body = form_body(play, "dampit_1", VOTES, photos=[{"sha256": "b" * 64, "page": 1}, photo])
    assert set(refused(send(play.siti, body), 400, "invalid")) == {named}


def test_a_note_is_kept_as_it_was_typed(play):
    note = '  <script>alert(1)</script> =HYPERLINK("x") \u202eterbalik 🗳  '
    assert send(play.siti, form_body(play, "dampit_1", VOTES, note=note, objection=True)).status_code == 201
    assert (C1Form.objects.get().note, C1Form.objects.get().objection) == (note, True)


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"null", b"[]", b"5", b'"x"', b"{", b"\xff\xfe{", b"[" * 60_000, b'{"a":' * 10_000,
        b'{"uuid": "\xed\xa0\x80"}', b"9" * 5000,
    ],
    ids=lambda raw: repr(raw[:12]),
)  # fmt: skip
def test_a_body_that_is_no_json_object_is_400(play, raw):
    answer = send_raw(play.siti, raw)
    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "detail", "fields"}


def test_half_a_surrogate_pair_is_no_note(play):
    raw = json.dumps(form_body(play, "dampit_1", VOTES, note="NOTE")).replace("NOTE", "\\ud800")
    assert set(refused(send_raw(play.siti, raw.encode()), 400, "invalid")) == {"note"}


def test_a_key_that_is_half_a_surrogate_pair_can_still_be_named(play):
    raw = json.dumps(form_body(play, "dampit_1", VOTES) | {"KEY": 1}).replace("KEY", "\\ud800")
    assert set(refused(send_raw(play.siti, raw.encode()), 400, "invalid")) == {"\\ud800"}


def test_a_key_that_stands_twice_has_no_one_meaning(play):
    raw = json.dumps(form_body(play, "dampit_1", VOTES)).replace('{"1": 100', '{"1": 100, "1": 10')
    refused(send_raw(play.siti, raw.encode()), 400, "bad_request")


@pytest.mark.parametrize("charset", ["utf-16", "zlib", "base64", "nonsense"])
def test_the_charset_a_sender_names_is_not_believed(play, charset):
    raw = json.dumps(form_body(play, "dampit_1", VOTES)).encode()
    assert send_raw(play.siti, raw, f"application/json; charset={charset}").status_code == 201


def test_more_than_64_kb_is_413(play):
    body = form_body(play, "dampit_1", VOTES) | {"note": "x" * 66_000}
    refused(send(play.siti, body), 413, "body_too_large")
    refused(send_raw(play.siti, b"a=" + b"x" * 3_000_000, "application/x-www-form-urlencoded"), 413, "body_too_large")
    assert not C1Form.objects.exists()


def test_other_kinds_of_body_are_415(play):
    assert send_raw(play.siti, b"uuid=1", "application/x-www-form-urlencoded").status_code == 415
    assert send_raw(play.siti, b"<a/>", "text/xml").status_code == 415


# Access


@pytest.mark.parametrize("station", ["babat_1", "pamotan_1"])
def test_a_station_that_never_was_theirs_is_404_and_recorded(play, station):
    body = form_body(play, station, [10, 20] if station == "babat_1" else VOTES)
    refused(send(play.siti, body), 404, "not_found")
    assert play.result(station).review == Review.NOT_IN
    assert list(Refusal.objects.values_list("user", "status", "path")) == [(play.siti.pk, 404, reverse("api-forms"))]


def test_a_station_that_is_not_theirs_tells_nothing_by_other_refusals(play):
    """Wrong pairs, wrong boxes, a station that does not exist: one and the same answer."""
    bodies = [
        form_body(play, "babat_1", [10, 20, 30]),
        form_body(play, "babat_1", [10, 20], values={"ballots_used": 5}),
        form_body(play, "dampit_1", VOTES) | {"station": 999_999},
        form_body(play, "dampit_1", VOTES) | {"contest": 999_999},
    ]
    assert len({send(play.siti, body).content for body in bodies}) == 1


@pytest.mark.parametrize("who", ["budi", "agus", "dewi", "nasi", "oper"])
def test_who_guards_no_station_sends_no_form(play, who):
    refused(send(play.people[who], form_body(play, "dampit_1", VOTES)), 404, "not_found")
    assert not C1Form.objects.exists()


def test_without_signing_in_nothing_is_taken(play):
    answer = APIClient().post(reverse("api-forms"), form_body(play, "dampit_1", VOTES), format="json")
    refused(answer, 403, "not_signed_in")


def test_without_the_csrf_token_nothing_is_taken(play):
    client = client_of(play.siti, enforce_csrf_checks=True)
    body = form_body(play, "dampit_1", VOTES)
    refused(client.post(reverse("api-forms"), body, format="json"), 403, "csrf_failed")
    assert not C1Form.objects.exists()
    client.cookies["csrftoken"] = "x" * 32
    given = client.post(reverse("api-forms"), body, format="json", HTTP_X_CSRFTOKEN="x" * 32)
    assert given.status_code == 201


def test_a_revoked_witness_is_403_and_the_queue_is_kept_for_review(play):
    body = form_body(play, "dampit_1", VOTES)
    assigning.revoke(play.siti.assignments.get(station=play.stations["dampit_1"]), by=play.budi)
    for _ in range(2):
        refused(send(play.siti, body), 403, "assignment_revoked")
    kept = QuarantinedForm.objects.get()
    assert (str(kept.uuid), kept.content["votes"]) == (body["uuid"], {"1": 100, "2": 80, "3": 20})
    assert (play.result("dampit_1").review, C1Form.objects.count()) == (Review.NOT_IN, 0)


@pytest.mark.parametrize("phase", [Phase.PREPARATION, Phase.CLOSED])
def test_a_closed_phase_is_409(play, phase):
    play.election.phase = phase
    play.election.save()
    refused(send(play.siti, form_body(play, "dampit_1", VOTES)), 409, "phase_closed")


def test_the_address_knows_post_only(play):
    send(play.siti, form_body(play, "dampit_1", VOTES))
    assert client_of(play.siti).get(reverse("api-forms")).status_code == 405
    assert client_of(play.budi).get(reverse("api-forms")).status_code == 405


# What became of a form


def test_a_witness_reads_what_became_of_the_own_form(play):
    photo = picture()
    names = [{"sha256": sha256_of(photo), "page": 1}, {"sha256": "f" * 64, "page": 2}]
    body = form_body(play, "dampit_1", VOTES, photos=names)
    receipt = send(play.siti, body).json()
    send_photo(play.siti, photo)
    verification.ask_for_fix(C1Form.objects.get(), by=play.budi, seen=1, reason="Halaman 2 belum ada")
    seen = client_of(play.siti).get(detail_url(body)).json()
    state = seen.pop("state")
    assert seen == receipt
    decided = state["decision"].pop("decided_at")
    assert dt.datetime.fromisoformat(decided)
    assert state == {
        "review": "needs_fix",
        "counted": True,
        "disputed": False,
        "photos_missing": [{"page": 2, "sha256": "f" * 64}],
        "decision": {"outcome": "needs_fix", "reason": "Halaman 2 belum ada"},
    }


def test_a_rival_does_not_count_until_the_counted_form_is_rejected(play):
    first, rival = form_body(play, "dampit_1", VOTES), form_body(play, "dampit_1", [1, 2, 3])
    send(play.siti, first)
    send(play.joko, rival)
    state = client_of(play.joko).get(detail_url(rival)).json()["state"]
    assert (state["counted"], state["disputed"], state["decision"]) == (False, True, None)
    verification.reject(
        C1Form.objects.get(uuid=first["uuid"]), by=play.budi, seen=play.result("dampit_1").audit_seq, reason="x"
    )
    state = client_of(play.siti).get(detail_url(first)).json()["state"]
    assert (state["counted"], state["decision"]["outcome"]) == (False, "rejected")
    assert client_of(play.joko).get(detail_url(rival)).json()["state"]["counted"]


def test_a_rejected_form_does_not_count(play):
    body = form_body(play, "dampit_1", VOTES)
    send(play.siti, body)
    verification.reject(C1Form.objects.get(), by=play.budi, seen=1, reason="Foto TPS lain")
    state = client_of(play.siti).get(detail_url(body)).json()["state"]
    assert (state["counted"], state["review"], state["decision"]["reason"]) == (False, "rejected", "Foto TPS lain")


def test_a_photo_another_person_brought_is_still_missing(play):
    photo = picture()
    body = form_body(play, "dampit_1", VOTES, photos=[{"sha256": sha256_of(photo), "page": 1}])
    send(play.siti, body)
    send_photo(play.joko, photo)
    missing = client_of(play.siti).get(detail_url(body)).json()["state"]["photos_missing"]
    assert missing == [{"page": 1, "sha256": sha256_of(photo)}]


@pytest.mark.parametrize(("who", "status"), [("budi", 200), ("dewi", 200), ("nasi", 200), ("siti", 200)])
def test_who_may_see_the_form_reads_it(play, who, status):
    body = form_body(play, "dampit_1", VOTES)
    send(play.siti, body)
    assert client_of(play.people[who]).get(detail_url(body)).status_code == status


@pytest.mark.parametrize("who", ["joko", "wati", "agus", "oper"])
def test_who_may_not_see_the_form_gets_404_and_is_recorded(play, who):
    body = form_body(play, "dampit_1", VOTES)
    send(play.siti, body)
    answer = client_of(play.people[who]).get(detail_url(body))
    refused(answer, 404, "not_found")
    nobodys = client_of(play.people[who]).get(reverse("api-form", args=[uuid.uuid4()]))
    assert answer.content == nobodys.content
    assert Refusal.objects.filter(user=play.people[who], status=404).count() == 2


def test_a_revoked_witness_no_longer_reads_the_form(play):
    body = form_body(play, "dampit_1", VOTES)
    send(play.siti, body)
    assigning.revoke(play.siti.assignments.get(station=play.stations["dampit_1"]), by=play.budi)
    assert client_of(play.siti).get(detail_url(body)).status_code == 404


def test_no_answer_may_be_kept_by_a_shared_cache(play):
    body = form_body(play, "dampit_1", VOTES)
    for answer in (send(play.siti, body), client_of(play.siti).get(detail_url(body))):
        assert "private" in answer["Cache-Control"]


# At once, and cheap


def test_one_key_eight_times_at_once_is_one_form(committed_play):
    play = committed_play
    body = form_body(play, "dampit_1", VOTES, photos=[{"sha256": "a" * 64, "page": 1}])
    clients = [client_of(play.siti) for _ in range(8)]
    answers = at_once(8, lambda place: clients[place].post(reverse("api-forms"), body, format="json"))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.content for answer in answers}) == 1
    assert C1Form.objects.count() == 1
    assert play.result("dampit_1").audit_seq == 1


def test_one_key_for_two_stations_at_once_is_one_form(committed_play):
    play = committed_play
    for _round in range(10):
        body = form_body(play, "dampit_1", VOTES)
        bodies = [body, body | {"station": play.stations["dampit_2"].pk}]
        answers = at_once(2, lambda place, bodies=bodies: send(play.siti, bodies[place]))
        assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert C1Form.objects.count() == 10


def test_the_quick_receipt_says_what_the_described_one_says(play):
    photos = (PhotoName("b" * 64, 2), PhotoName("a" * 64, 1))
    sent = submission(play, "dampit_1", [100, 80, 20], photos=photos)
    form = intake.submit(sent, by=play.siti, channel=Channel.API).form
    assert receipt_of(form, photos) == ReceiptSerializer(form).data


def test_a_first_form_costs_nine_statements(play, django_assert_num_queries):
    """Session, user, seven of the intake; two more are the test's savepoint."""
    client = client_of(play.siti)
    body = form_body(play, "dampit_1", VOTES)
    with django_assert_num_queries(9 + 2):
        assert client.post(reverse("api-forms"), body, format="json").status_code == 201


# Packed by the phone


def packed(play, data: bytes):
    return client_of(play.siti).post(
        "/api/v1/forms/", data, content_type="application/json", headers={"Content-Encoding": "gzip"}
    )


def test_a_packed_form_is_the_same_form(play):
    body = form_body(play, "dampit_1", VOTES)
    assert packed(play, gzip.compress(json.dumps(body).encode())).status_code == 201
    assert send(play.siti, body).status_code == 200


def test_a_packed_body_that_is_broken_or_grows_too_large_is_refused(play):
    whole = gzip.compress(json.dumps(form_body(play, "dampit_1", VOTES)).encode())
    refused(packed(play, whole[:-12]), 400, "bad_request")
    refused(packed(play, b"{}"), 400, "bad_request")
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) < 60_000
    refused(packed(play, bomb), 413, "body_too_large")
    assert C1Form.objects.count() == 0
