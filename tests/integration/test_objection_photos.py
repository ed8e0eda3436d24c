"""Claims about the photo of an objection: how it comes, that the record covers it, and what it is called."""

import pytest
from django.urls import reverse

from tallies import audit, intake, photos
from tallies.models import C1Form, Channel, QuarantinedForm
from tallies.submission import PhotoName
from tests.cast import submission
from tests.sending import client_of, form_body, picture, send
from tests.witness_hands import address, again, fill, hidden, text, upload

C1, OBJECTION = picture(seed=1), picture(seed=2)
NAMES = [{"sha256": "b" * 64, "page": 1, "subject": "keberatan"}, {"sha256": "a" * 64, "page": 1, "subject": "c1"}]


@pytest.fixture
def siti(play, client):
    client.force_login(play.siti)
    return client


def named():
    return list(C1Form.objects.last().photo_names.values_list("subject", "page"))


def test_the_hash_of_a_form_with_photos_of_the_c1_is_what_it_was_before_objections_had_any(play):
    sent = submission(play, "dampit_1", [100, 80, 20], photos=(PhotoName("b" * 64, 2), PhotoName("a" * 64, 1)))
    assert sent.content["photos"] == [[1, "a" * 64], [2, "b" * 64]]
    other = PhotoName("b" * 64, 2, "keberatan")
    assert submission(play, "dampit_1", [1, 2, 3], photos=(other,)).content["photos"] == [[2, "b" * 64, "keberatan"]]


def test_a_phone_says_what_a_photo_shows(play):
    body = form_body(play, "dampit_1", [100, 80, 20], photos=NAMES, objection=True)
    answer = send(play.siti, body)
    assert answer.json()["photos"] == [
        {"page": 1, "sha256": "a" * 64},
        {"page": 1, "sha256": "b" * 64, "subject": "keberatan"},
    ]
    assert send(play.siti, body | {"photos": NAMES[::-1]}).status_code == 200
    assert named() == [("c1", 1), ("keberatan", 1)]
    detail = client_of(play.siti).get(reverse("api-form", args=[body["uuid"]])).json()
    assert detail["photos"] == answer.json()["photos"] == detail["state"]["photos_missing"]
    assert list(audit.verify()) == []


def test_without_a_subject_a_photo_is_one_of_the_c1(play):
    body = form_body(play, "dampit_1", [100, 80, 20], photos=[{"sha256": "a" * 64, "page": 1}])
    assert send(play.siti, body).status_code == 201
    assert send(play.siti, body | {"photos": [NAMES[1]]}).status_code == 200


def test_what_a_photo_shows_is_part_of_what_was_sent(play):
    body = form_body(play, "dampit_1", [100, 80, 20], photos=NAMES)
    send(play.siti, body)
    other = [NAMES[0] | {"subject": "c1"}, NAMES[1]]
    assert send(play.siti, body | {"photos": other}).status_code == 409


@pytest.mark.parametrize("subject", ["C1", "c6", "", None, 1, ["c1"]])
def test_a_subject_nobody_knows_is_refused(play, subject):
    body = form_body(play, "dampit_1", [100, 80, 20], photos=[NAMES[0] | {"subject": subject}])
    answer = send(play.siti, body)
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["photos.0.subject"])


def test_one_picture_is_not_both_and_all_of_them_are_twelve_at_most(play):
    same = [{"sha256": "a" * 64, "page": 1}, {"sha256": "a" * 64, "page": 1, "subject": "keberatan"}]
    assert send(play.siti, form_body(play, "dampit_1", [100, 80, 20], photos=same)).status_code == 400
    many = [{"sha256": f"{n:064x}", "page": n, "subject": "keberatan" if n > 6 else "c1"} for n in range(1, 14)]
    assert send(play.siti, form_body(play, "dampit_1", [100, 80, 20], photos=many)).status_code == 400
    assert send(play.siti, form_body(play, "dampit_1", [100, 80, 20], photos=many[:12])).status_code == 201


def test_a_revoked_witnesss_objection_photo_is_kept_in_quarantine_as_such(play):
    play.siti.assignments.update(revoked_at="2020-12-09T05:00:00Z")
    send(play.siti, form_body(play, "dampit_1", [100, 80, 20], photos=NAMES))
    assert [1, "b" * 64, "keberatan"] in QuarantinedForm.objects.get().content["photos"]


# The page


def test_the_page_takes_the_objection_photo_and_carries_it_through_the_check(play, siti):
    page = fill(siti, play, step="check", photos=[upload(C1)], objection_photos=[upload(OBJECTION)], objection="ada")
    assert "Foto halaman 1 diterima" in text(page)
    assert "Foto keberatan diterima" in text(page)
    receipt = siti.get(again(siti, play, page, objection="ada").url)
    assert named() == [("c1", 1), ("keberatan", 1)]
    assert "Foto 1 halaman" in text(receipt)
    assert text(receipt).count("Foto keberatan") == 1
    assert "Foto keberatan" in text(siti.get("/saksi/"))
    assert list(audit.verify()) == []


def test_an_objection_photo_stays_one_in_a_correction_and_can_be_taken_again(play, siti):
    fill(siti, play, photos=[upload(C1)], objection_photos=[upload(OBJECTION)])
    page = siti.get(address(play))
    kept = hidden(page)["kept_photos"]
    assert [one.count(":") for one in kept] == [1, 2]
    better = picture(seed=3)
    again(siti, play, page, dropped_photos=[kept[1].split(":")[1]], objection_photos=[upload(better)])
    form = C1Form.objects.last()
    assert named() == [("c1", 1), ("keberatan", 1)]
    assert photos.photos_of(form)[1][1].size == len(better)


def test_an_objection_photo_alone_is_still_a_form_without_a_photo_of_the_c1(play, siti):
    page = fill(siti, play, step="check", objection_photos=[upload(OBJECTION)])
    assert "Belum ada foto." in text(page)


def test_a_refused_objection_photo_is_named_as_such(play, siti):
    page = fill(siti, play, objection_photos=[upload(b"no photo")])
    assert "Foto keberatan: Berkas ini bukan foto" in text(page)
    assert not C1Form.objects.exists()


def test_the_coordinator_sees_which_photo_is_the_objection(play, client):
    names = []
    for data, subject in ((C1, "c1"), (OBJECTION, "keberatan")):
        photo, _new = photos.receive(data, by=play.siti)
        names.append(PhotoName(photo.pk, 1, subject))
    photos.process_waiting()
    sent = submission(play, "dampit_1", [100, 80, 20], photos=tuple(names))
    form = intake.submit(sent, by=play.siti, channel=Channel.API).form
    client.force_login(play.budi)
    result = play.result("dampit_1").pk
    decide = text(client.get(reverse("verification-decide", args=[result])))
    station = text(client.get(reverse("station", args=[play.election.slug, result])))
    assert "Foto keberatan dari Siti" in decide
    assert "Foto C1 halaman 1 dari Siti" in decide
    assert 'alt="Foto keberatan"' in station
    assert client.get(reverse("photo", args=[form.uuid, names[1].sha256])).status_code == 200
    client.force_login(play.agus)
    assert client.get(reverse("photo", args=[form.uuid, names[1].sha256])).status_code == 404
