"""The SMS channel behind its answers: who may call, what is kept, what goes out, and who reads it."""

import datetime as dt
import http.server
import json
import threading
import time

import pytest
from django.db import DatabaseError
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from sista import background, metrics
from tallies import assigning, audit, intake, preparation
from tallies.count_room import verification
from tallies.models import (
    C1Form,
    Channel,
    Contest,
    Election,
    InboundSms,
    Office,
    OutgoingSms,
    Phase,
    QuarantinedForm,
    SendingState,
    SmsOutcome,
)
from tallies.preparation import NewPair, NewStation
from tallies.sms import answering, sending
from tallies.submission import PhotoName
from tallies.totals import aggregation, rebuilding
from tests import cast, texting
from tests.cast import person, region
from tests.sending import at_once, form_body, send
from tests.texting import answer_to, payload, post, text_in

SITI, WATI, STRANGER = "+6281234567890", "+6281234567891", "+6281299999999"
FORM = "C1 1 142 98 40 12"


@pytest.fixture(autouse=True)
def _secret(settings):
    settings.SMS_SECRET = texting.SECRET


@pytest.fixture
def numbers(play):
    return give_numbers(play)


def give_numbers(play):
    for name, number in (("siti", SITI), ("wati", WATI)):
        play.people[name].phone = number
        play.people[name].save()
    return play


# Who may call


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "kunci-yang-lain-sama-sekali"},
        {"at": int(time.time()) - 3600},
        {"at": int(time.time()) + 3600},
        {"at": "kemarin"},
        {"at": ""},
        {"X-Signature": ""},
        {"X-Signature": "0" * 64},
        {"X-Signature": "é"},
        {"X-Timestamp": str(int(time.time()) - 1)},
    ],
    # Not by their values: two workers that collect a second apart would collect other tests.
    ids=["secret", "hour old", "hour ahead", "word", "no time", "unsigned", "zeros", "letter", "time changed"],
)
def test_what_is_not_signed_now_with_the_secret_is_refused_and_not_kept(numbers, wrong):
    assert post(payload(FORM, SITI), **wrong).status_code == 403
    assert (InboundSms.objects.count(), C1Form.objects.count()) == (0, 0)


def test_a_body_that_was_changed_under_its_signature_is_refused(numbers):
    moment = str(int(time.time()))
    signed = post(payload(FORM, SITI, key="a"), at=moment).wsgi_request.headers["X-Signature"]
    changed = post(payload("C1 1 0 999 40 12", SITI, key="a"), at=moment, **{"X-Signature": signed})
    assert changed.status_code == 403
    assert C1Form.objects.get().figures.votes == {1: 142, 2: 98, 3: 40}


def test_without_a_secret_there_is_no_such_address(settings, numbers, client):
    settings.SMS_SECRET = ""
    assert post(payload(FORM, SITI), secret="").status_code == 404
    assert client.get(texting.ADDRESS).status_code == 404
    assert InboundSms.objects.count() == 0


def test_the_address_takes_a_post_and_nothing_else(client):
    assert client.get(texting.ADDRESS).status_code == 405


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[" * 9000, 400),
        (b"\xff\xfe", 400),
        (b'"C1"', 400),
        (b'{"event": "sms:received", "id": "x"}', 400),
        (b'{"event": "sms:received", "id": null, "payload": {"message": "C1", "phoneNumber": "1"}}', 400),
        (b'{"event": "sms:received", "id": "x", "payload": {"message": ["C1"], "phoneNumber": "1"}}', 400),
        (b'{"event": "sms:delivered", "id": "x", "payload": {}}', 200),
        (b" " * 20_000, 413),
    ],
)
def test_a_body_that_is_no_message_is_answered_and_not_kept(db, body, status):
    assert post(body).status_code == status
    assert InboundSms.objects.count() == 0


def test_letters_no_database_keeps_do_no_harm(numbers):
    inbound = text_in("C1 1 142 98 40\0 12 \ud800", SITI)
    assert (inbound.outcome, C1Form.objects.count()) == (SmsOutcome.UNCLEAR, 0)


def test_another_gateway_names_its_fields_and_headers_in_the_settings(settings, numbers):
    settings.SMS_FIELDS = settings.SMS_FIELDS | {
        "id": "msg.no",
        "sender": "msg.from",
        "text": "msg.body",
        "event": "",
    }
    settings.SMS_HEADERS = {"signature": "X-Gateway-Sign", "timestamp": "X-Gateway-Time"}
    moment = str(int(time.time()))
    body = {"msg": {"no": 77, "from": "0812-3456-7890", "body": FORM}}
    signed = post(body, at=moment).wsgi_request.headers["X-Signature"]
    assert post(body, **{"X-Gateway-Sign": signed, "X-Gateway-Time": moment}).status_code == 200
    assert (InboundSms.objects.get().gateway_id, C1Form.objects.get().submitted_by) == ("77", numbers.siti)


# Once, and only once


def test_a_message_delivered_twice_changes_nothing_and_gets_one_answer(numbers):
    for _time in range(3):
        text_in(FORM, SITI, key="sama")
    assert (InboundSms.objects.count(), C1Form.objects.count(), OutgoingSms.objects.count()) == (1, 1, 1)
    text_in(FORM, SITI, key="lain")
    assert (InboundSms.objects.count(), C1Form.objects.count(), OutgoingSms.objects.count()) == (2, 1, 2)


def test_one_message_delivered_at_once_is_one_form_and_one_answer(committed_play):
    play = give_numbers(committed_play)
    body = payload(FORM, SITI, key="sama")
    assert [one.status_code for one in at_once(6, lambda _place: post(body))] == [200] * 6
    assert (InboundSms.objects.count(), C1Form.objects.count(), OutgoingSms.objects.count()) == (1, 1, 1)
    assert play.result("dampit_1").disputed is False


def test_different_messages_of_one_person_at_once_are_a_row_of_corrections(committed_play):
    """None of them is a rival of another: each names the one before."""
    play = give_numbers(committed_play)
    at_once(5, lambda place: post(payload(f"C1 1 14{place} 98 40 12", SITI)))
    forms = list(C1Form.objects.order_by("pk"))
    assert [form.supersedes_id for form in forms] == [None, *(form.pk for form in forms[:-1])]
    result = play.result("dampit_1")
    assert (result.form, result.disputed) == (forms[-1], False)
    assert list(audit.verify()) == []
    aggregation.drain()
    assert rebuilding.differences(play.election) == []


def test_a_correction_names_the_newest_form_of_the_sender_and_keeps_its_photos(numbers):
    name = "ab" * 32
    body = form_body(numbers, "dampit_1", [100, 80, 20], photos=[{"sha256": name, "page": 1}])
    assert send(numbers.siti, body).status_code == 201
    first = C1Form.objects.get()
    answer = answer_to(FORM, SITI)
    assert answer.startswith("Perbaikan C1 TPS 001 Sukamaju diterima")
    form = C1Form.objects.latest("pk")
    assert (form.supersedes, numbers.result("dampit_1").form) == (first, form)
    assert [photo.sha256 for photo in form.photo_names.all()] == [name]
    assert form.receipt in answer


def test_figures_that_go_back_to_the_first_ones_are_a_correction_too(numbers):
    for text in (FORM, "C1 1 1 2 3 4", FORM):
        text_in(text, SITI)
    assert C1Form.objects.count() == 3
    assert numbers.result("dampit_1").form.figures.votes == {1: 142, 2: 98, 3: 40}


def test_another_witness_by_sms_is_a_rival_and_never_overwrites(numbers):
    numbers.joko.phone = "081234567899"
    numbers.joko.save()
    first = text_in(FORM, SITI).form
    answer = answer_to("C1 1 140 98 40 12", "+6281234567899")
    assert answer.startswith("C1 TPS 001 Sukamaju diterima")
    assert "142" not in answer
    result = numbers.result("dampit_1")
    assert (result.form, result.disputed) == (first, True)


def test_after_verification_a_correction_waits_and_says_so(numbers):
    form = text_in(FORM, SITI).form
    verification.approve(form, by=numbers.budi, seen=1)
    assert "menunggu DPC" in answer_to("C1 1 143 98 40 12", SITI)
    result = numbers.result("dampit_1")
    assert (result.form, result.proposed_form) == (form, C1Form.objects.latest("pk"))


def test_a_message_that_the_gateway_held_back_does_not_replace_a_later_one(numbers):
    text_in("C1 1 143 98 40 12", SITI, at="2020-12-09T14:05:00.000+07:00")
    late = text_in(FORM, SITI, at="2020-12-09T14:00:00.000+07:00")
    assert late.outcome == SmsOutcome.OVERTAKEN
    assert "SMS ini lebih lama" in late.answer.text
    assert "1: 143" in late.answer.text
    assert C1Form.objects.count() == 1
    assert text_in("C1 1 144 98 40 12", SITI, at="2020-12-09T14:06:00.000+07:00").outcome == SmsOutcome.CORRECTED


def test_a_message_that_was_held_back_does_not_replace_what_the_phone_sent_meanwhile(numbers):
    play = numbers
    intake.submit(
        cast.submission(play, "dampit_1", [143, 98, 40], objection=True, note="Saksi lain tidak hadir."),
        by=play.siti,
        channel=Channel.API,
    )
    assert text_in(FORM, SITI, at="2020-12-09T14:00:00.000+07:00").outcome == SmsOutcome.OVERTAKEN
    assert C1Form.objects.count() == 1


def test_a_correction_by_sms_keeps_the_objection_and_its_photo_as_what_it_is(numbers):
    play = numbers
    named = (PhotoName("a" * 64, 1), PhotoName("b" * 64, 1, "keberatan"))
    first = cast.submission(
        play, "dampit_1", [143, 98, 40], photos=named, objection=True, note="Saksi lain tidak hadir."
    )
    intake.submit(first, by=play.siti, channel=Channel.API)
    assert text_in(FORM, SITI).outcome == SmsOutcome.CORRECTED
    form = C1Form.objects.get(channel=Channel.SMS)
    assert (form.objection, form.note) == (True, "Saksi lain tidak hadir.")
    assert {(one.sha256[0], one.subject) for one in form.photo_names.all()} == {("a", "c1"), ("b", "keberatan")}


# Read by whoever comes later


def test_what_came_in_is_kept_also_when_it_cannot_be_read_now_and_is_read_by_the_sweep(numbers, monkeypatch):
    def away(*_args, **_more):
        raise DatabaseError

    with monkeypatch.context() as broken:
        broken.setattr(answering.intake, "submit_as_witness", away)
        with pytest.raises(DatabaseError):
            post(payload(FORM, SITI))
        inbound = InboundSms.objects.get()
        assert (inbound.outcome, inbound.text, OutgoingSms.objects.count()) == ("", FORM, 0)
        InboundSms.objects.update(received_at=timezone.now() - dt.timedelta(minutes=5))
        text_in("halo", SITI)
        for _round in range(answering.MOST_TRIES + 2):
            answering.answer_waiting()
        inbound.refresh_from_db()
        assert (inbound.outcome, inbound.tries) == ("", answering.MOST_TRIES)
    InboundSms.objects.filter(pk=inbound.pk).update(tries=0)
    assert answering.answer_waiting() == 1
    inbound.refresh_from_db()
    assert (inbound.outcome, inbound.form) == (SmsOutcome.ACCEPTED, C1Form.objects.get())
    assert answering.answer_waiting() == 0


def test_the_gateway_asking_again_is_enough_to_have_it_read(numbers, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(answering, "_understand", lambda _inbound: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            post(payload(FORM, SITI, key="lagi"))
    assert text_in(FORM, SITI, key="lagi").outcome == SmsOutcome.ACCEPTED
    assert InboundSms.objects.count() == 1


# Who it is


def test_an_unknown_sender_learns_nothing_and_is_answered_once_an_hour(numbers):
    first = text_in(FORM, STRANGER)
    assert (first.outcome, first.person) == (SmsOutcome.UNKNOWN_SENDER, None)
    assert first.answer.text == "SMS Anda tidak dapat diproses. Hubungi koordinator Anda."
    assert answer_to("halo", STRANGER) == ""
    assert answer_to(FORM, SITI) != ""
    InboundSms.objects.filter(sender=STRANGER).update(received_at=timezone.now() - dt.timedelta(hours=2))
    OutgoingSms.objects.filter(to=STRANGER).update(key="00000000-0000-4000-8000-000000000001")
    assert answer_to("halo", STRANGER) != ""
    assert C1Form.objects.count() == 1


def test_an_unknown_sender_who_writes_at_once_is_answered_once(committed_play):
    at_once(5, lambda _place: post(payload("halo", STRANGER)))
    assert (InboundSms.objects.count(), OutgoingSms.objects.count()) == (5, 1)


@pytest.mark.parametrize("sender", ["TELKOMSEL", "3636", "", "+62"])
def test_no_name_and_no_short_code_is_answered(numbers, sender):
    person("kosong", "saksi")  # has no number either
    inbound = text_in("Kuota Anda habis", sender)
    assert (inbound.outcome, inbound.answer) == (SmsOutcome.UNKNOWN_SENDER, None)


def test_who_may_not_sign_in_may_not_send_either(numbers):
    User.objects.filter(username="siti").update(is_active=False)
    assert text_in(FORM, SITI).outcome == SmsOutcome.UNKNOWN_SENDER
    assert C1Form.objects.count() == 0


def test_of_two_people_with_one_number_none_is_guessed(numbers):
    User.objects.filter(username="joko").update(phone="0812 3456 7890")
    inbound = text_in(FORM, SITI)
    assert (inbound.outcome, inbound.person) == (SmsOutcome.SHARED_NUMBER, None)
    assert "lebih dari satu orang" in inbound.answer.text
    assert C1Form.objects.count() == 0


def test_one_number_cannot_flood_and_the_others_are_not_held_up(numbers):
    for number in range(answering.MESSAGES):
        text_in(f"halo {number}", SITI)
    assert answer_to(FORM, SITI).startswith("Terlalu banyak SMS")
    assert answer_to(FORM, SITI) == ""
    assert C1Form.objects.count() == 0
    assert text_in("C1 1 30 20 5", WATI).outcome == SmsOutcome.ACCEPTED
    InboundSms.objects.update(received_at=timezone.now() - answering.WINDOW)
    assert text_in(FORM, SITI).outcome == SmsOutcome.ACCEPTED


# Which station, which election


def test_a_station_of_somebody_else_and_one_that_does_not_exist_are_answered_alike(numbers):
    send(numbers.wati, form_body(numbers, "babat_1", [30, 20]))
    theirs, nobodys = (answer_to(f"C1 35.24.01.2001.{number} 30 20 5", SITI) for number in ("001", "777"))
    assert theirs == nobodys.replace("777", "001")
    assert C1Form.objects.filter(submitted_by=numbers.siti).count() == 0


def test_a_number_that_is_guarded_in_two_desa_asks_for_the_code(numbers):
    assigning.assign(numbers.stations["pamotan_1"], numbers.siti, by=numbers.dewi)
    answer = answer_to(FORM, SITI)
    assert "Anda menjaga beberapa TPS 1" in answer
    assert "35.07.05.1002.001 atau 35.07.05.2001.001" in answer
    assert text_in("C1 35.07.05.1002.001 142 98 40 12", SITI).station == numbers.stations["pamotan_1"]
    assert C1Form.objects.count() == 1


def test_what_a_revoked_witness_sends_is_kept_apart_once(numbers):
    text_in(FORM, SITI)
    assignment = numbers.siti.assignments.get(station=numbers.stations["dampit_1"])
    assigning.revoke(assignment, by=numbers.dewi)
    for _time in range(2):
        inbound = text_in("C1 35.07.05.2001.001 143 98 40 12", SITI)
        assert inbound.outcome == SmsOutcome.QUARANTINED
        assert "disimpan dan akan ditinjau" in inbound.answer.text
    assert (QuarantinedForm.objects.count(), C1Form.objects.count()) == (1, 1)
    assert numbers.result("dampit_1").form.figures.votes[1] == 142


@pytest.mark.parametrize("phase", [Phase.PREPARATION, Phase.CLOSED])
def test_an_election_that_takes_no_forms_says_so(numbers, phase):
    Election.objects.update(phase=phase)
    inbound = text_in(FORM, SITI)
    assert (inbound.outcome, C1Form.objects.count()) == (SmsOutcome.CLOSED, 0)
    assert "penerimaan tidak terbuka" in inbound.answer.text


def practice_beside(play):
    practice = Election.objects.create(
        name="Latihan",
        slug="latihan",
        date="2020-12-01",
        phase=Phase.OPEN,
        form_kind="ringkas",
        practice_of=play.election,
    )
    pairs = [NewPair(1, "Mawar", usungan=True), NewPair(2, "Melati"), NewPair(3, "Anggrek")]
    preparation.create_contest(practice, region("35.07"), Office.REGENT, pairs)
    station = preparation.add_stations(practice, [NewStation(region("35.07.05.2001").pk, 1, 150, 150)])[0]
    assigning.assign(station, play.siti, by=play.dewi)
    return practice


@pytest.mark.parametrize(
    ("text", "real_phase", "goes_to"),
    [
        (FORM, Phase.OPEN, "pilkada-2020"),
        (FORM, Phase.RECAP, "pilkada-2020"),
        (FORM, Phase.PREPARATION, "latihan"),
        # Figures that come too late are not thanked for as practice.
        (FORM, Phase.CLOSED, None),
        ("LATIHAN " + FORM, Phase.OPEN, "latihan"),
        ("latihan c1 tps 001 142 98 40 12", Phase.PREPARATION, "latihan"),
        ("C1 latihan 1 142 98 40 12", Phase.CLOSED, "latihan"),
    ],
)
def test_the_practice_takes_a_form_by_name_or_while_the_real_one_is_prepared(numbers, text, real_phase, goes_to):
    practice_beside(numbers)
    Election.objects.filter(slug="pilkada-2020").update(phase=real_phase)
    inbound = text_in(text, SITI)
    assert [form.contest.election.slug for form in C1Form.objects.all()] == ([goes_to] if goes_to else [])
    assert inbound.answer.text.startswith("LATIHAN C1 TPS 001") == (goes_to == "latihan")


def test_a_practice_may_still_be_deleted_and_what_came_in_stays(numbers):
    practice = practice_beside(numbers)
    text_in("LATIHAN " + FORM, SITI)
    text_in("C1 2 1 2 3 4", SITI)
    practice.delete()
    assert InboundSms.objects.filter(form=None, station=None).count() == 1
    assert InboundSms.objects.count() == 2


def test_of_two_contests_at_a_station_the_office_is_asked_for(numbers):
    pairs = [NewPair(1, "Melati", usungan=True), NewPair(2, "Mawar")]
    governor = preparation.create_contest(numbers.election, region("35"), Office.GOVERNOR, pairs)
    preparation.complete_contest(governor)
    assert Contest.objects.filter(results__station=numbers.stations["dampit_1"]).count() == 2
    assert "Awali SMS dengan C1 BUP atau C1 GUB" in answer_to(FORM, SITI)
    assert C1Form.objects.count() == 0
    text_in("C1 GUB 1 142 98 12", SITI)
    text_in("C1 BUP 1 142 98 40 12", SITI)
    votes = {form.contest: form.figures.votes for form in C1Form.objects.all()}
    assert votes == {governor: {1: 142, 2: 98}, numbers.malang: {1: 142, 2: 98, 3: 40}}


def test_the_empty_box_stands_last_as_on_the_ballot(numbers):
    alone = [NewPair(0, "Kolom kosong"), NewPair(1, "Melati", usungan=True)]
    preparation.complete_contest(preparation.create_contest(numbers.election, region("35"), Office.GOVERNOR, alone))
    answer = answer_to("C1 GUB 1 142 98 12", SITI)
    assert "1: 142, kosong: 98, tidak sah 12" in answer
    assert C1Form.objects.get().figures.votes == {1: 142, 0: 98}
    assert "Kurang: kolom kosong, tidak sah" in answer_to("C1 GUB 2 142", SITI)


def test_a_full_form_takes_the_same_message(numbers):
    Election.objects.update(form_kind="lengkap")
    assert text_in(FORM, SITI).outcome == SmsOutcome.ACCEPTED
    assert C1Form.objects.get().effective_valid == 280


def test_an_answer_fits_one_message_however_long_the_name_of_the_desa(numbers):
    region_of = numbers.stations["dampit_1"].region
    region_of.name = "Désa Panjang Sekali Yang Tidak Muat – " * 2
    region_of.save()
    answer = answer_to("C1 1 400 98 40 12", SITI)
    assert len(answer) <= 160
    assert answer.isascii()
    assert "1: 400, 2: 98, 3: 40, tidak sah 12. Kode " in answer


# What goes out


def test_no_answer_is_lost_when_the_gateway_is_away(numbers, settings, monkeypatch):
    taken = []

    def gateway(message):
        if len(taken) == 0 and not open_again:
            raise ConnectionRefusedError
        taken.append(message.text)

    open_again = False
    monkeypatch.setattr(sending, "sender", lambda: gateway)
    for number in range(3):
        text_in(f"C1 1 14{number} 98 40 12", SITI)
    assert sending.send_waiting() == 0
    assert sending.send_waiting() == 0, "the gateway is left alone for a moment"
    assert OutgoingSms.objects.filter(state=SendingState.WAITING).count() == 3
    assert sum(OutgoingSms.objects.values_list("attempts", flat=True)) == 1
    open_again = True
    OutgoingSms.objects.update(next_try_at=timezone.now())
    assert sending.send_waiting() == 3
    assert len(taken) == 3
    assert sending.send_waiting() == 0
    assert set(OutgoingSms.objects.values_list("state", flat=True)) == {SendingState.SENT}


def test_two_workers_at_once_send_each_message_once(committed_play, monkeypatch):
    taken, lock = [], threading.Lock()

    def gateway(message):
        time.sleep(0.01)
        with lock:
            taken.append(message.pk)

    monkeypatch.setattr(sending, "sender", lambda: gateway)
    for number in range(12):
        sending.enqueue(SITI, f"pesan {number}")
    assert sum(at_once(4, lambda _place: sending.send_waiting())) == 12
    assert sorted(taken) == sorted(OutgoingSms.objects.values_list("pk", flat=True))


def test_a_message_whose_worker_died_is_sent_again_under_its_key(db, monkeypatch):
    message = sending.enqueue(SITI, "pesan")
    sending._claim(message.pk)
    assert sending.send_waiting() == 0
    OutgoingSms.objects.update(next_try_at=timezone.now())
    keys = []
    monkeypatch.setattr(sending, "sender", lambda: lambda one: keys.append(one.key))
    assert sending.send_waiting() == 1
    assert keys == [message.key]


def test_one_key_is_one_message(db):
    first = sending.enqueue(SITI, "tautan", key="00000000-0000-4000-8000-000000000007")
    assert sending.enqueue(SITI, "tautan", key=first.key) is None
    assert OutgoingSms.objects.count() == 1


def test_by_default_a_message_is_shown_and_not_its_number(db, capsys):
    sending.enqueue(SITI, "C1 TPS 001 diterima")
    assert sending.send_waiting() == 1
    shown = capsys.readouterr().out
    assert "C1 TPS 001 diterima" in shown
    assert SITI not in shown


class Gateway(http.server.BaseHTTPRequestHandler):
    """What sms-gate.app answers, as `status` says."""

    status = 202

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.taken.append((self.path, self.headers["Authorization"], body))
        self.send_response(self.server.status)
        self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args):
        pass


@pytest.fixture
def gateway(settings):
    server = http.server.HTTPServer(("127.0.0.1", 0), Gateway)
    server.taken, server.status = [], 202
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.SMS_SENDER = "http"
    settings.SMS_URL = f"http://127.0.0.1:{server.server_port}/3rdparty/v1/messages"
    settings.SMS_USER, settings.SMS_PASSWORD = "sista", "rahasia"
    yield server
    server.shutdown()
    server.server_close()


def test_a_message_goes_to_the_gateway_as_it_wants_it(db, gateway):
    message = sending.enqueue(SITI, "C1 TPS 001 diterima")
    assert sending.send_waiting() == 1
    ((path, authorization, body),) = gateway.taken
    assert (path, authorization) == ("/3rdparty/v1/messages", "Basic c2lzdGE6cmFoYXNpYQ==")
    assert body == {
        "id": str(message.key),
        "textMessage": {"text": "C1 TPS 001 diterima"},
        "phoneNumbers": [SITI],
        "withDeliveryReport": False,
    }


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (202, SendingState.SENT),
        (409, SendingState.SENT),  # it has this key already
        (400, SendingState.REFUSED),
        (401, SendingState.WAITING),
        (302, SendingState.WAITING),
        (429, SendingState.WAITING),
        (503, SendingState.WAITING),
    ],
)
def test_what_the_gateway_answers_decides_whether_it_is_asked_again(db, gateway, status, state):
    gateway.status = status
    sending.enqueue(SITI, "pesan")
    sending.send_waiting()
    assert OutgoingSms.objects.get().state == state
    assert len(gateway.taken) == 1


def test_a_sender_of_ones_own_is_named_by_its_path(db, settings):
    settings.SMS_SENDER = "tests.integration.test_sms.own_sender"
    sending.enqueue(SITI, "pesan")
    assert sending.send_waiting() == 1
    assert SENT_BY_OWN.pop() == "pesan"


SENT_BY_OWN = []


def own_sender(message):
    SENT_BY_OWN.append(message.text)


def test_both_ways_of_working_read_and_send(settings):
    tasks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {"tallies.tasks.answer_sms", "tallies.tasks.send_sms"} <= tasks
    assert {"answer_waiting", "send_waiting"} <= {job.__name__ for job in background.MESSAGE_JOBS}


def test_messages_are_counted_by_what_became_of_them(numbers, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        text_in(FORM, SITI)
    told = metrics.exposition().decode()
    assert 'sista_sms_total{outcome="diterima"}' in told
    assert SITI not in told


# Who reads it


@pytest.mark.parametrize(
    ("who", "sees"),
    [("dewi", {"C1 1 1 2 3 4"}), ("lain", set()), ("akar", {"C1 1 1 2 3 4", "halo dari siapa"})],
)
def test_a_dpd_reads_the_messages_of_its_people_and_changes_none(numbers, client, who, sees):
    numbers.people["lain"] = person("lain", "dpd", "35.24")
    numbers.people["akar"] = User.objects.create_superuser("akar", password="kata-sandi")
    User.objects.filter(username__in=["dewi", "lain"]).update(is_staff=True)
    mine, strange = text_in("C1 1 1 2 3 4", SITI), text_in("halo dari siapa", STRANGER)
    client.force_login(User.objects.get(username=who))
    listing = client.get("/admin/tallies/inboundsms/")
    shown = listing.content.decode()
    assert {text for text in ("C1 1 1 2 3 4", "halo dari siapa") if text in shown} == sees
    for message in (mine, strange):
        address = f"/admin/tallies/inboundsms/{message.pk}/change/"
        page = client.get(address)
        assert (page.status_code == 200) == (message.text in sees)
        if message.text in sees and message.answer:
            assert message.answer.text in page.content.decode()
        assert client.post(address, {"text": "C1 1 9 9 9 9"}).status_code in (302, 403)
    assert set(InboundSms.objects.values_list("text", flat=True)) == {"C1 1 1 2 3 4", "halo dari siapa"}
    assert client.get("/admin/tallies/inboundsms/add/").status_code == 403


def test_a_coordinator_reads_on_the_page_of_the_station_how_a_form_came(numbers, client):
    text_in(FORM, SITI)
    assert C1Form.objects.get().channel == Channel.SMS
    client.force_login(numbers.budi)
    page = client.get(reverse("station", args=[numbers.election.slug, numbers.result("dampit_1").pk]))
    assert "Pesan singkat (SMS)" in page.content.decode()
