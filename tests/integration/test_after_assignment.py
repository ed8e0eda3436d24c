"""Claims about a phone whose witness guards nothing any more: it stays signed in, and is shown no place."""

import json
import uuid

import pytest
from django.urls import reverse

from tallies import assigning, intake, photos
from tallies.count_room import error_reports
from tallies.models import C1Form, Channel, ErrorKind, ErrorReport, InvitationReport, QuarantinedForm
from tallies.submission import PhotoName
from tallies.witnesses import invitations, messaging
from tests.cast import submission
from tests.sending import client_of, form_body, picture, send_photo, send_piece, sha256_of
from tests.witness_hands import GOOD, text

#: What would name the place, its figures or people.
TELLING = ("Sukamaju", "Dampit", "TPS 001", "TPS 1", "Foto halaman 2", "1234", "35.07", "Sanusi")


@pytest.fixture
def sent(play):
    """Joko sent a form with a photo, a C6 report with it, a report of an error, and was written to."""
    photo, _new = photos.receive(picture(size=(450, 600)), by=play.joko)
    photos.process_waiting()
    page = PhotoName(photo.pk, 1)
    form = submission(play, "dampit_1", [234, 80, 20], photos=(page,), note="catatan 1234")
    play.form = intake.submit_as_witness(form, by=play.joko, channel=Channel.PAGE).form
    play.photo = photo.pk
    said = invitations.Report(
        uuid=uuid.uuid4(),
        station_id=play.stations["dampit_1"].pk,
        received=300,
        handed_out=290,
        not_delivered=10,
        photos=(page,),
    )
    play.report = invitations.submit(said, by=play.joko, channel=Channel.API).report
    error_reports.tell(play.result("dampit_1"), ErrorKind.MISTYPED, "tertulis 1234", by=play.joko)
    messaging.send(play.stations["dampit_1"], "Foto halaman 2 belum ada.", by=play.budi)
    return play


@pytest.fixture
def joko(sent):
    """The same phone, once the assignment has ended."""
    assigning.revoke(sent.joko.assignments.get(), by=sent.budi)
    return client_of(sent.joko)


def own(play):
    """Addresses of what is this witness's while the assignment lasts."""
    result, station = play.result("dampit_1").pk, play.stations["dampit_1"].pk
    return [
        reverse("witness-form", args=[result]),
        reverse("witness-invitation", args=[station]),
        reverse("witness-receipt", args=[play.form.uuid]),
        reverse("error-report", args=[result]),
        reverse("photo", args=[play.form.uuid, play.photo]),
        reverse("photo", args=[play.form.uuid, play.photo]) + "?ukuran=kecil",
        reverse("photo", args=[play.report.uuid, play.photo]),
        reverse("api-form", args=[play.form.uuid]),
    ]


def places(play):
    """Those, and all that lead to the same place for others."""
    result, slug, village = play.result("dampit_1").pk, play.election.slug, "35.07.05.2001"
    return [
        *own(play),
        reverse("api-form-photo", args=[play.form.uuid, play.photo]),
        reverse("api-contests", args=[slug]),
        reverse("api-stations", args=[slug, village]),
        reverse("api-station", args=[slug, result]),
        reverse("api-events", args=[slug, result]),
        reverse("api-readings", args=[slug, result]),
        reverse("api-newest", args=[slug, village]),
        reverse("api-results", args=[slug, village]),
        reverse("api-region", args=[village]),
        reverse("region", args=[slug, village]),
        reverse("station", args=[slug, result]),
        reverse("quarantine", args=[slug]),
    ]


def test_while_the_assignment_lasts_all_of_it_is_open(sent):
    client = client_of(sent.joko)
    assert {address: client.get(address).status_code for address in own(sent)} == dict.fromkeys(own(sent), 200)
    assert "Sukamaju" in text(client.get(reverse("witness-home")))


def test_every_address_of_the_place_is_closed_and_none_names_it(play, joko):
    for address in places(play):
        answer = joko.get(address)
        assert answer.status_code in (403, 404), address
        assert not [word for word in TELLING if word in text(answer)], address


def test_the_phone_is_told_of_no_place_and_the_home_page_shows_none(play, joko):
    told = joko.get(reverse("api-witness"))
    assert told.json()["places"] == []
    home = joko.get(reverse("witness-home"))
    assert (told.status_code, home.status_code) == (200, 200)
    for answer in (told, home, joko.get(reverse("phone"))):
        assert not [word for word in TELLING if word in text(answer)]
    elections = joko.get(reverse("api-elections"))
    assert play.election.slug not in text(elections), elections.json()


def test_a_full_queue_goes_to_quarantine_and_nothing_of_it_counts_or_is_answered_with_the_place(play, joko):
    counted = play.result("dampit_1").form_id
    bodies = [
        form_body(play, "dampit_1", [7, 8, 9]),
        form_body(play, "dampit_1", [7, 8, 10], supersedes=str(play.form.uuid)),
    ]
    answers = [joko.post(reverse("api-forms"), body, format="json") for body in bodies for _twice in range(2)]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, "assignment_revoked")}
    assert {str(one.uuid) for one in QuarantinedForm.objects.all()} == {body["uuid"] for body in bodies}
    for answer in answers:
        assert not [word for word in TELLING if word in json.dumps(answer.json())]
    assert play.result("dampit_1").form_id == counted
    assert C1Form.objects.count() == 1


def test_photos_pieces_c6_and_reports_of_errors_are_not_taken(play, joko):
    data = picture(seed=5)
    sent = {"uuid": str(uuid.uuid4()), "station": play.stations["dampit_1"].pk, "photos": []}
    sent |= {"received": 300, "handed_out": 290, "not_delivered": 10}
    assert send_photo(play.joko, data).status_code == 403
    assert send_piece(play.joko, data, 0).status_code == 403
    assert joko.post(reverse("api-invitations"), sent, format="json").status_code == 403
    assert InvitationReport.objects.count() == 1
    wrong = {"kind": ErrorKind.MISTYPED, "text": "Paslon 2 tertulis 81"}
    assert joko.post(reverse("error-report", args=[play.result("dampit_1").pk]), wrong).status_code == 404
    assert ErrorReport.objects.count() == 1


def test_what_this_phone_brought_is_not_told_of_again(play, joko):
    """Asking how far a photo is says nothing of one that hangs on the form."""
    answer = joko.head(reverse("api-photo", args=[sha256_of(picture(seed=6))]))
    assert answer.status_code in (403, 404)


def test_a_form_typed_into_the_page_that_was_still_open_is_kept_for_review(play, joko):
    address = reverse("witness-form", args=[play.result("dampit_1").pk])
    body = GOOD | {"uuid": str(uuid.uuid4()), "step": "send"}
    answer = joko.post(address, body)
    assert answer.status_code == 403
    assert QuarantinedForm.objects.count() == 1
    assert "100" not in [str(one.votes) for one in play.form.votes.all()]
