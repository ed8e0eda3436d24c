"""Claims about the invitations (C6): what is taken from a phone and from the page, kept, shown, and to whom."""

import re
import uuid

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tallies import assigning, photos
from tallies.models import (
    Assignment,
    Channel,
    InvitationPhoto,
    InvitationReport,
    Phase,
    PollingStation,
    StationResult,
)
from tallies.submission import PhotoName
from tallies.witnesses import invitations
from tallies.witnesses.witness_status import invitations_of
from tests.sending import at_once, client_of, picture, sha256_of
from tests.witness_hands import hidden, text, upload

GOOD = {"received": "300", "handed_out": "290", "not_delivered": "10"}


def body(play, station="dampit_1", **changes):
    figures = {"received": 300, "handed_out": 290, "not_delivered": 10}
    return {"uuid": str(uuid.uuid4()), "station": play.stations[station].pk, **figures, "photos": []} | changes


def send(user, sent):
    return client_of(user).post(reverse("api-invitations"), sent, format="json")


def report(play, station="dampit_1", by="siti", **changes):
    figures = {"received": 300, "handed_out": 290, "not_delivered": 10} | changes
    sent = invitations.Report(uuid=uuid.uuid4(), station_id=play.stations[station].pk, **figures)
    return invitations.submit(sent, by=play.people[by], channel=Channel.API).report


def in_phase(play, phase):
    play.election.phase = phase
    play.election.save()


def code(answer):
    return answer.status_code, answer.json()["code"]


# The API


@pytest.mark.parametrize("phase", [Phase.PREPARATION, Phase.OPEN])
def test_a_report_is_stored_before_the_vote_and_while_forms_are_taken(play, phase):
    in_phase(play, phase)
    sent = body(play, photos=[{"sha256": "a" * 64, "page": 1}], filled_at="2020-12-08T15:00:00+07:00")
    answer = send(play.siti, sent)
    stored = InvitationReport.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "uuid": sent["uuid"],
        "receipt": stored.receipt,
        "received_at": timezone.localtime(stored.received_at).isoformat(),
        "station": sent["station"],
    }
    assert (stored.received, stored.handed_out, stored.not_delivered) == (300, 290, 10)
    assert (stored.submitted_by, stored.channel) == (play.siti, Channel.API)
    assert list(stored.photo_names.values_list("page", "sha256")) == [(1, "a" * 64)]


def test_the_same_report_again_even_after_the_phase_is_the_same_answer(play):
    sent = body(play, photos=[{"sha256": "a" * 64, "page": 1}, {"sha256": "b" * 64, "page": 2}])
    first = send(play.siti, sent)
    in_phase(play, Phase.CLOSED)
    again = send(play.siti, sent | {"photos": sent["photos"][::-1]})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content
    assert InvitationReport.objects.count() == 1


@pytest.mark.parametrize(
    "change", [{"received": 301}, {"received": None}, {"photos": [{"sha256": "a" * 64, "page": 1}]}]
)
def test_the_same_key_with_another_content_is_refused_and_changes_nothing(play, change):
    sent = body(play)
    send(play.siti, sent)
    assert code(send(play.siti, sent | change)) == (409, "key_reused")
    assert code(send(play.joko, sent)) == (409, "key_reused")
    assert InvitationReport.objects.get().received == 300


def test_blank_is_not_zero(play):
    send(play.siti, body(play, received=0, handed_out=None, not_delivered=""))
    stored = InvitationReport.objects.get()
    assert (stored.received, stored.handed_out, stored.not_delivered) == (0, None, None)


@pytest.mark.parametrize("figure", [-1, 10000, "1O2", 1.0, True, [1], "12 ", 2**70])
def test_what_is_no_figure_is_refused_by_the_name_of_its_box(play, figure):
    answer = send(play.siti, body(play, handed_out=figure))
    assert code(answer) == (400, "invalid")
    assert list(answer.json()["fields"]) == ["handed_out"]
    assert not InvitationReport.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"uuid": "x"},
        {"station": "1"},
        {"extra": 1},
        {"photos": [{"sha256": "a" * 64, "page": 1}] * 2},
        {"photos": [{"sha256": "a" * 64, "page": 1, "subject": "c1"}]},
        {"photos": [{"sha256": f"{n:064x}", "page": 1} for n in range(13)]},
        {"filled_at": "2020-12-08T15:00:00"},
        {"supersedes": 7},
    ],
)
def test_a_body_is_exactly_what_it_should_be(play, change):
    assert send(play.siti, body(play) | change).status_code == 400
    assert not InvitationReport.objects.exists()


def test_a_station_of_others_is_not_found(play):
    for who in ("wati", "budi", "oper", "agus"):
        assert code(send(play.people[who], body(play))) == (404, "not_found")
    assert not InvitationReport.objects.exists()


def test_a_revoked_witness_is_refused_and_told_that_nothing_is_kept(play):
    assigning.revoke(Assignment.objects.get(witness=play.joko), by=play.dewi)
    answer = send(play.joko, body(play))
    assert code(answer) == (403, "assignment_revoked")
    assert "tidak disimpan" in answer.json()["detail"]
    assert not InvitationReport.objects.exists()


@pytest.mark.parametrize("phase", [Phase.RECAP, Phase.CLOSED])
def test_after_the_vote_no_new_report_is_taken(play, phase):
    in_phase(play, phase)
    assert code(send(play.siti, body(play))) == (409, "phase_closed")


def test_a_correction_names_what_it_supersedes_and_stands_beside_it(play):
    first = report(play)
    answer = send(play.siti, body(play, received=301, supersedes=str(first.uuid)))
    newest = InvitationReport.objects.get(uuid=answer.json()["uuid"])
    assert newest.supersedes == first
    other = report(play, by="joko", received=299)
    assert invitations.current(play.stations["dampit_1"]) == [other, newest]


def test_a_key_of_another_station_is_not_taken_as_superseded(play):
    elsewhere = report(play, "babat_1", by="wati")
    sent = body(play, supersedes=str(elsewhere.uuid))
    assert [send(play.siti, sent).status_code for _ in range(2)] == [201, 200]
    assert InvitationReport.objects.get(uuid=sent["uuid"]).supersedes is None


def test_one_key_ten_times_at_once_is_one_report(committed_play):
    sent = body(committed_play)
    answers = at_once(10, lambda _place: send(committed_play.siti, sent).status_code)
    assert sorted(answers) == [200] * 9 + [201]
    assert InvitationReport.objects.count() == 1


def test_the_database_refuses_what_no_box_holds(play):
    stored = report(play)
    for name, value in (("received", 10000), ("handed_out", -1)):
        with pytest.raises(IntegrityError), transaction.atomic():
            InvitationReport.objects.create(
                uuid=uuid.uuid4(),
                station=stored.station,
                submitted_by=play.siti,
                received_at=timezone.now(),
                **{name: value},
            )


def test_invitations_of_reads_all_stations_with_two_queries(play, django_assert_num_queries):
    report(play)
    newest = report(play, received=301)
    second = report(play, "dampit_2")
    report(play, by="joko")
    stations = list(PollingStation.objects.assigned_to(play.siti))
    with django_assert_num_queries(2):
        found = invitations_of(play.siti, stations)
        assert {pk: list(one.photo_names.all()) for pk, one in found.items()} == {
            play.stations["dampit_1"].pk: [],
            play.stations["dampit_2"].pk: [],
        }
    assert found == {play.stations["dampit_1"].pk: newest, play.stations["dampit_2"].pk: second}


# The page


@pytest.fixture
def siti(play, client):
    client.force_login(play.siti)
    return client


def address(play, station="dampit_1"):
    return f"/saksi/{play.stations[station].pk}/c6/"


def press(client, play, page, **changes):
    return client.post(address(play), hidden(page) | GOOD | changes)


def test_home_leads_to_the_c6_before_the_vote_with_the_one_filled_button(play, siti):
    in_phase(play, Phase.PREPARATION)
    home = text(siti.get("/saksi/"))
    assert f'class="button button--main" href="{address(play)}"' in home
    assert home.count("button--main") == 1
    in_phase(play, Phase.RECAP)
    assert "/c6/" not in text(siti.get("/saksi/"))


def test_a_report_is_sent_from_the_page_with_its_photo(play, siti):
    data = picture()
    answer = press(siti, play, siti.get(address(play)), photos=[upload(data)])
    assert answer.status_code == 302
    stored = InvitationReport.objects.get()
    assert (stored.received, stored.channel) == (300, Channel.PAGE)
    assert stored.photo_names.get().sha256 == sha256_of(data)
    home = text(siti.get(answer.url))
    assert f"C6 TPS 001 terkirim, kode {stored.receipt}." in home
    assert "Perbaiki C6" in home


def test_figures_that_do_not_add_up_are_asked_about_once_and_sent(play, siti):
    asked = press(siti, play, siti.get(address(play)), received="310", photos=[upload(picture())])
    assert "Apakah memang begitu?" in text(asked)
    assert not InvitationReport.objects.exists()
    other = press(siti, play, asked, received="311")
    assert "Apakah memang begitu?" in text(other), "other figures are another question"
    assert press(siti, play, other, received="311").status_code == 302
    stored = InvitationReport.objects.get()
    assert (stored.received, stored.photo_names.count()) == (311, 1)


def test_a_correction_starts_from_what_was_sent(play, siti):
    press(siti, play, siti.get(address(play)), photos=[upload(picture())])
    page = siti.get(address(play))
    assert 'value="290"' in text(page)
    press(siti, play, page, handed_out="291", not_delivered="9")
    first, second = InvitationReport.objects.all()
    assert second.supersedes == first
    assert second.photo_names.get().sha256 == first.photo_names.get().sha256


def test_pressing_twice_sends_once(play, siti):
    page = siti.get(address(play))
    assert [press(siti, play, page).status_code for _ in range(2)] == [302, 302]
    assert InvitationReport.objects.count() == 1


def test_what_is_no_figure_comes_back_with_its_box(play, siti):
    page = press(siti, play, siti.get(address(play)), received="3OO")
    assert page.status_code == 400
    assert "Huruf O bukan nol" in text(page)
    assert 'value="3OO"' in text(page)
    assert not InvitationReport.objects.exists()


def test_the_page_of_a_station_that_is_not_theirs(play, client):
    for who, status in (("wati", 404), ("oper", 404), ("agus", 404), ("budi", 403)):
        client.force_login(play.people[who])
        assert client.get(address(play)).status_code == status
        assert client.post(address(play), GOOD | {"uuid": str(uuid.uuid4())}).status_code == status
    assert not InvitationReport.objects.exists()


def test_who_was_revoked_meanwhile_is_told_so(play, siti):
    page = siti.get(address(play))
    for one in Assignment.objects.filter(witness=play.siti):
        assigning.revoke(one, by=play.dewi)
    answer = press(siti, play, page, photos=[upload(picture())])
    assert answer.status_code == 403
    assert "Kiriman ini tidak disimpan" in text(answer)
    assert siti.get(address(play)).status_code == 404


def test_after_the_vote_the_page_shows_what_was_sent(play, siti):
    page = siti.get(address(play))
    stored = report(play)
    in_phase(play, Phase.RECAP)
    assert stored.receipt in text(siti.get(address(play)))
    answer = press(siti, play, page)
    assert answer.status_code == 409
    assert "belum tersimpan" in text(answer)


def test_the_hash_of_a_photo_somebody_else_brought_is_not_taken(play, siti):
    photo, _new = photos.receive(picture(), by=play.joko)
    page = press(siti, play, siti.get(address(play)), kept_photos=[f"1:{photo.pk}:c6"])
    assert page.status_code == 400
    assert not InvitationPhoto.objects.exists()


# The coordinator


def station_page(play, client, who):
    client.force_login(play.people[who])
    return client.get(reverse("station", args=[play.election.slug, play.result("dampit_1").pk]))


def with_photo(play, by="siti"):
    photo, _new = photos.receive(picture(), by=play.people[by])
    photos.process_waiting()
    return report(play, by=by, received=305, photos=(PhotoName(photo.pk, 1),)), photo


def test_the_coordinator_sees_who_reported_what_when_with_the_photo(play, client):
    stored, photo = with_photo(play)
    page = text(station_page(play, client, "budi"))
    assert "Siti" in page
    assert stored.receipt in page
    assert "Dibagikan dan tidak tersampaikan tidak sama dengan yang diterima." in page
    small = reverse("photo", args=[stored.uuid, photo.pk])
    assert f'src="{small}?ukuran=kecil"' in page
    assert client.get(small).status_code == 200


def test_the_photo_of_a_report_is_for_its_sender_and_its_region_only(play, client):
    stored, photo = with_photo(play)
    at = reverse("photo", args=[stored.uuid, photo.pk])
    seen = {}
    for who in ("siti", "budi", "dewi", "nasi", "joko", "wati", "agus", "oper"):
        client.force_login(play.people[who])
        seen[who] = client.get(at).status_code
    assert seen == dict.fromkeys(("siti", "budi", "dewi", "nasi"), 200) | dict.fromkeys(
        ("joko", "wati", "agus", "oper"), 404
    )


def test_naming_the_photo_of_another_shows_it_to_nobody(play, client):
    _stored, photo = with_photo(play)
    thief = report(play, by="joko", photos=(PhotoName(photo.pk, 1),))
    client.force_login(play.joko)
    assert client.get(reverse("photo", args=[thief.uuid, photo.pk])).status_code == 404


def test_the_station_page_reads_two_reports_with_the_queries_of_one(play, client, django_assert_num_queries):
    with_photo(play)
    station_page(play, client, "budi")
    with CaptureQueriesContext(connection) as captured:
        station_page(play, client, "budi")
    with_photo(play, by="joko")
    with django_assert_num_queries(len(captured)):
        station_page(play, client, "budi")


def test_no_total_and_no_result_knows_of_a_report(play):
    before = list(StationResult.objects.order_by("pk").values())
    report(play)
    assert list(StationResult.objects.order_by("pk").values()) == before


def test_receipts_are_codes_to_read_out(play):
    assert re.fullmatch(r"[0-9A-Z]{2}-[0-9A-Z]{4}", report(play).receipt)
