"""The count room: who gets in, what its pages hold, and what a save leads to."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLResolver
from django.utils import timezone

from accounts.models import Refusal, Role
from tallies import intake, photos, preparation
from tallies.count_room import claims, verification
from tallies.models import (
    C1Form,
    Channel,
    Contest,
    Election,
    Finding,
    FormKind,
    Office,
    Phase,
    Reading,
    ReadingClaim,
    ReadingMode,
    Review,
)
from tallies.preparation import NewPair, NewStation
from tallies.submission import PhotoName
from tallies.totals import aggregation
from tests import cast
from tests.reading import read_all_twice, send
from tests.sending import at_once, picture

#: Figures that stand nowhere else by chance.
VOTES = [4127, 1379, 2683]
ROOM, READING = "/kamar-hitung/", "/kamar-hitung/pilkada-2020/"


@pytest.fixture
def play(play):
    read_all_twice(play)
    return play


def brought(user: Any, seed: int = 0, page: int = 1, subject: str = "c1") -> PhotoName:
    """A photo that really lies in the store."""
    photo, _new = photos.receive(picture(seed=seed), by=user)
    photos.process_waiting()
    return PhotoName(photo.sha256, page, subject)


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(client: Client, address: str = READING) -> Any:
    response = client.get(address)
    assert response.status_code == 200
    return response


HIDDEN = re.compile(r'<input type="hidden" name="(uuid|form)" value="([^"]*)"')
BOXES = re.compile(r'name="(votes_\d+|[a-z_]+)"[^>]*data-figure=')
IMAGES = re.compile(r'<img src="([^"]+)"')


def body_of(response: Any, votes: list[Any], **values: Any) -> dict[str, Any]:
    """What the page's own form posts when these figures are typed into its boxes."""
    html = response.content.decode()
    total = sum(votes)
    typed = {f"votes_{n}": v for n, v in enumerate(votes, start=1)}
    typed |= {"voters_total": total + 5, "valid_votes": total, "invalid_votes": 5} | values
    return dict(HIDDEN.findall(html)) | {name: typed[name] for name in BOXES.findall(html)}


def fetch(client: Client, body: dict[str, Any], address: str = READING) -> Any:
    return client.post(address, body, headers={"X-Requested-With": "fetch"})


def state(play, station="dampit_1"):
    result = play.result(station)
    return result.review, result.disputed


# The way in


def test_an_operator_starts_at_the_only_election_and_chooses_among_several(play):
    client = signed_in(play.oper)
    assert client.get("/").url == ROOM
    assert client.get(ROOM).url == READING
    practice = Election.objects.create(
        name="Latihan", slug="latihan", date=dt.date(2020, 12, 9), phase=Phase.OPEN, practice_of=play.election
    )
    preparation.create_contest(practice, cast.region("35.07"), Office.REGENT, [NewPair(1, "Contoh")])
    html = page_of(client, ROOM).content.decode()
    assert READING in html
    assert "/kamar-hitung/latihan/" in html
    band, there = "LATIHAN. Angka ini tidak dihitung.", page_of(client, "/kamar-hitung/latihan/").content.decode()
    assert (there.count(band), page_of(client).content.decode().count(band)) == (2, 0)


def test_before_an_election_is_open_the_room_says_so(play):
    Election.objects.update(phase=Phase.PREPARATION)
    client = signed_in(play.oper)
    assert "Belum ada pemilihan yang dibuka" in page_of(client, ROOM).content.decode()
    assert client.get(READING).status_code == 404


@pytest.mark.parametrize("name", ["siti", "wati", "budi", "dewi", "nasi", "super", "lamongan"])
def test_nobody_else_gets_in_and_it_is_recorded(play, name):
    play.people["super"] = cast.person("super", Role.OPERATOR, "35.07", is_superuser=True)
    play.people["lamongan"] = cast.person("lamongan", Role.OPERATOR, "35.24")
    form = send(play, "dampit_1", [10, 20, 30], by=play.siti, photos=(brought(play.siti),))
    mine = signed_in(play.oper)
    [image] = IMAGES.findall(page_of(mine).content.decode())
    client = signed_in(play.people[name])
    addresses = [image] if name == "lamongan" else [ROOM, READING, READING + "antrean/", READING + "saya/", image]
    assert [client.get(address).status_code for address in addresses] == [404] * len(addresses)
    body = {"uuid": str(uuid.uuid4()), "form": form.pk}
    if name != "lamongan":
        assert [client.post(where, body).status_code for where in (READING, READING + "pegang/")] == [404, 404]
    else:
        assert fetch(client, body | {"finding": "not_c1"}).status_code == 409
        assert client.post(READING + "pegang/", body).status_code == 409
    assert not Reading.objects.exists()
    assert Refusal.objects.filter(user=play.people[name], path=image).exists()


def test_who_is_not_signed_in_is_sent_to_the_door(play):
    assert Client().get(READING).url == f"/masuk/?next={READING}"


def test_forms_that_wait_for_their_photos_are_said_and_nothing_calls_the_operator(play):
    """Counted in the queue, and yet nothing to read: the page says why, and the other work there is."""
    missing = PhotoName("ab" * 32, 1)
    for station in ("dampit_1", "dampit_2"):
        send(play, station, VOTES, by=play.siti, photos=(missing,))
    client = signed_in(play.oper)
    html = page_of(client).content.decode()
    assert "Formulir menunggu fotonya" in html
    assert "<b>2</b> formulir sudah masuk, tetapi fotonya belum sampai" in html
    assert client.get(READING + "antrean/").json() == {"ready": False}
    send(play, "pamotan_1", [1, 2, 3], by=play.joko, photos=(brought(play.joko),))
    assert client.get(READING + "antrean/").json() == {"ready": True}


@pytest.mark.parametrize(
    "address", [READING, READING + "saya/", "/belum-masuk/pilkada-2020/kertas/", "/rekap/bacaan/"]
)
def test_every_page_of_an_operator_has_the_same_tabs(play, address):
    html = page_of(signed_in(play.oper), address).content.decode()
    [tabs] = re.findall(r'<nav class="tabs".*?</nav>', html, re.DOTALL)
    links = re.findall(r'href="([^"]+)"( aria-current="page")?', tabs)
    others = ["/rekap/bacaan/", "/belum-masuk/pilkada-2020/kertas/", READING + "saya/"]
    assert [link for link, _current in links] == [READING, *others]
    assert [link for link, current in links if current] == [address]


# The photo


def test_a_photo_is_shown_while_its_form_is_held_and_no_longer(play, monkeypatch):
    wanted, objection = brought(play.siti, 1), brought(play.siti, 2, subject="keberatan")
    other = brought(play.siti, 3)
    form = send(play, "dampit_1", [10, 20, 30], by=play.siti, photos=(wanted, objection))
    waiting = send(play, "dampit_2", [10, 20, 30], by=play.siti, photos=(other,))
    client = signed_in(play.oper)
    [image] = IMAGES.findall(page_of(client).content.decode())
    assert image == reverse("reading-photo", args=[form.pk, wanted.sha256])
    response = client.get(image)
    assert response.status_code == 200
    assert response["Cache-Control"] == "private, max-age=60"
    assert response["Content-Type"] == "image/jpeg"
    nothing = [
        reverse("reading-photo", args=[form.pk, objection.sha256]),
        reverse("reading-photo", args=[form.pk, other.sha256]),
        reverse("reading-photo", args=[waiting.pk, other.sha256]),
        reverse("reading-photo", args=[2**70, wanted.sha256]),
        reverse("reading-photo", args=[form.pk, "0" * 63]),
        reverse("photo", args=[form.uuid, wanted.sha256]),
    ]
    assert [client.get(one).status_code for one in nothing] == [404] * len(nothing)
    later = timezone.now() + dt.timedelta(seconds=301)
    with monkeypatch.context() as clock:
        clock.setattr("django.utils.timezone.now", lambda: later)
        assert client.get(image).status_code == 404
    fetch(client, body_of(page_of(client), [10, 20, 30]))
    assert state(play) == (Review.VERIFIED, False)
    assert client.get(image).status_code == 404


@pytest.mark.parametrize("what", ["corrected", "decided", "closed"])
def test_a_photo_is_gone_when_the_form_need_not_be_read(play, what):
    form = send(play, "dampit_1", [10, 20, 30], by=play.siti, photos=(brought(play.siti),))
    client = signed_in(play.oper)
    [image] = IMAGES.findall(page_of(client).content.decode())
    if what == "corrected":
        send(play, "dampit_1", [10, 21, 30], by=play.siti, supersedes=form.uuid)
    elif what == "decided":
        verification.approve(form, by=play.budi, seen=play.result("dampit_1").audit_seq)
    else:
        type(play.election).objects.update(phase=Phase.CLOSED)
    assert client.get(image).status_code == 404


# What the page holds


def said_of(play, form: C1Form) -> list[str]:
    """What would tell an operator what, where and who it is about."""
    station = play.stations["dampit_1"]
    return [
        *map(str, VOTES), str(sum(VOTES)), str(sum(VOTES) + 5), "8.189", "8.194", "Sitisari", "siti",
        form.receipt, str(form.uuid), station.title, station.region.name, station.region.code, "Dampit",
        "Catatan rahasia", str(station.registered_voters),
    ]  # fmt: skip


def test_page_and_photo_hold_no_figure_name_station_or_receipt_of_the_witness(play):
    play.siti.full_name = "Sitisari"
    play.siti.save()
    photo = brought(play.siti)
    form = send(play, "dampit_1", VOTES, by=play.siti, photos=(photo,), note="Catatan rahasia", objection=True)
    client = signed_in(play.oper)
    page = page_of(client)
    [image] = IMAGES.findall(page.content.decode())
    wrong = fetch(client, body_of(page, VOTES, votes_1="1O5"))
    again = fetch(client, body_of(page, [1111, 1379, 2683], voters_total=1, valid_votes=2))
    assert "Baca sekali lagi kotak-kotak ini." in again.content.decode()
    answers = [page, client.get(image), again, client.get(READING + "saya/"), client.get(READING + "antrean/")]
    answers += [client.post(READING + "pegang/", {"form": form.pk}), client.get(ROOM)]
    for answer in answers:
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        text = body.decode("latin-1") + str(answer.headers)
        # Keys, digests and tokens may spell a figure by chance: only what stands alone is one.
        found = [one for one in said_of(play, form) if re.search(rf"(?<![\w.-]){re.escape(one)}(?![\w-])", text)]
        assert found == [], answer.request["PATH_INFO"]
    # What the operator typed is shown again, and the witness's is not.
    assert 'value="1O5"' in wrong.content.decode()
    assert photo.sha256 in page.content.decode()


def every_address(play, form: C1Form) -> list[str]:
    """Every address of the program, with values that lead to the station's data where there are such."""
    result = play.result("dampit_1")
    values: dict[str, list[Any]] = {
        "slug": [play.election.slug],
        "code": ["35.07.05.2001", "35.07", "ID"],
        "uuid": [form.uuid],
        "sha256": [form.photo_names.get().sha256],
        "result_id": [result.pk],
        "station_id": [result.station_id],
        "form_id": [form.pk],
        "pk": [result.pk, form.pk, play.siti.pk],
        "object_id": [result.pk, form.pk],
        "contest": [result.contest_id],
        "app_label": ["tallies"],
    }
    found = []
    for name, keys, nameless in names_in(get_resolver()):
        for chosen in product(*(values.get(key, ["1"]) for key in keys)):
            given = {"kwargs": dict(zip(keys, chosen, strict=True))} if keys else {"args": [result.pk] * nameless}
            found.append(reverse(name, **given))
    return found


def names_in(resolver: URLResolver, prefix: str = "") -> list[tuple[str, list[str], int]]:
    """Every named address: its name, its named parts, and how many parts have no name."""
    found = []
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            found += names_in(one, f"{prefix}{one.namespace}:" if one.namespace else prefix)
        elif one.name:
            regex = one.pattern.regex
            named = list(one.pattern.converters) or sorted(regex.groupindex)
            found.append((prefix + one.name, named, 0 if named else regex.groups))
    return found


def test_no_address_of_all_tells_an_operator_a_figure_or_total_of_a_form_that_is_read(play):
    form = send(play, "dampit_1", VOTES, by=play.siti, photos=(brought(play.siti),))
    aggregation.drain()
    client, looked_at = signed_in(play.oper), []
    client.raise_request_exception = False
    page_of(client)
    figures = [
        *map(str, VOTES),
        *(f"{number:,}".replace(",", ".") for number in (*VOTES, sum(VOTES), sum(VOTES) + 5)),
    ]
    figures += [str(sum(VOTES)), str(sum(VOTES) + 5)]
    for address in every_address(play, form):
        answer = client.get(address)
        assert answer.status_code < 500, address
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        text = body.decode("latin-1")
        assert [one for one in figures if re.search(rf"(?<![\w.]){re.escape(one)}(?!\w)", text)] == [], address
        looked_at.append((address, answer.status_code))
    seen = {address for address, status in looked_at if status == 200}
    assert {READING, READING + "saya/"} <= seen
    assert len(looked_at) > 60
    # The same walk finds them where they may be seen.
    assert "4.127" in signed_in(play.budi).get("/hasil/pilkada-2020/35.07/").content.decode()


# Saving


def test_a_save_without_scripts_leads_to_the_next_photo(play):
    first = send(play, "dampit_1", [10, 20, 30], by=play.siti, photos=(brought(play.siti, 1),))
    second = send(play, "dampit_2", [11, 21, 31], by=play.siti, photos=(brought(play.siti, 2),))
    client = signed_in(play.oper)
    page = page_of(client)
    body = body_of(page, [10, 20, 30])
    assert body["form"] == str(first.pk)
    answer = client.post(READING, body)
    assert (answer.status_code, answer.url) == (302, READING)
    assert state(play) == (Review.VERIFIED, False)
    following = page_of(client)
    assert body_of(following, [0, 0, 0])["form"] == str(second.pk)
    assert "Tersimpan." in following.content.decode()


def test_a_script_gets_the_next_photo_in_the_same_answer(play):
    send(play, "dampit_1", [10, 20, 30], by=play.siti, photos=(brought(play.siti, 1),))
    second = send(play, "dampit_2", [11, 21, 31], by=play.siti, photos=(brought(play.siti, 2),))
    client = signed_in(play.oper)
    answer = fetch(client, body_of(page_of(client), [10, 20, 30]))
    assert answer.status_code == 200
    html = answer.content.decode()
    assert "<html" not in html
    assert dict(HIDDEN.findall(html))["form"] == str(second.pk)
    assert answer["Cache-Control"] == "private, no-store"
    done = fetch(client, body_of(answer, [11, 21, 31]))
    assert "Tidak ada foto yang menunggu" in done.content.decode()


def test_pressed_twice_is_one_reading_and_the_second_press_opens_the_same_next_form(play):
    send(play, "dampit_1", [10, 20, 30], by=play.siti, photos=(brought(play.siti, 1),))
    second = send(play, "dampit_2", [11, 21, 31], by=play.siti, photos=(brought(play.siti, 2),))
    client = signed_in(play.oper)
    body = body_of(page_of(client), [10, 20, 30])
    answers = [fetch(client, body) for _press in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert {dict(HIDDEN.findall(one.content.decode()))["form"] for one in answers} == {str(second.pk)}
    assert Reading.objects.count() == 1
    other = fetch(client, body | {"votes_1": 11})
    assert (other.status_code, Reading.objects.count()) == (409, 1)
    assert "Perubahan sesudahnya tidak disimpan." in other.content.decode()


def test_a_first_press_that_differed_is_no_second_reading_when_pressed_again(play):
    send(play, "dampit_1", [10, 20, 30], by=play.siti, photos=(brought(play.siti),))
    client = signed_in(play.oper)
    body = body_of(page_of(client), [10, 26, 30], voters_total=65, valid_votes=60)
    pages = [fetch(client, body).content.decode() for _press in range(2)]
    assert [BOXES.findall(page) for page in pages] == [["votes_2"], ["votes_2"]]
    assert Reading.objects.count() == 1


def test_boxes_that_differ_are_asked_once_more_empty_and_then_the_next_form_comes(play):
    send(play, "dampit_1", [10, 20, 30], by=play.siti, photos=(brought(play.siti),))
    client = signed_in(play.oper)
    again = fetch(client, body_of(page_of(client), [10, 26, 30], voters_total=65, valid_votes=61))
    html = again.content.decode()
    assert BOXES.findall(html) == ["votes_2", "valid_votes"]
    assert re.findall(r'name="(?:votes_2|valid_votes)" value="([^"]*)"', html) == ["", ""]
    done = fetch(client, body_of(again, [0, 20, 0], valid_votes=60))
    assert "Tidak ada foto yang menunggu" in done.content.decode()
    assert state(play) == (Review.VERIFIED, False)


@pytest.mark.parametrize("typed", ["1O5", "-1", "12345", "1.5", "١٢", " 12 ", "1e3"])
def test_what_is_no_figure_is_refused_with_the_page_as_it_was(play, typed):
    send(play, "dampit_1", [10, 20, 30], by=play.siti, photos=(brought(play.siti),))
    client = signed_in(play.oper)
    body = body_of(page_of(client), [10, 20, 30])
    answer = fetch(client, body | {"votes_1": typed})
    assert (answer.status_code, Reading.objects.count()) == (400, 0)
    assert dict(HIDDEN.findall(answer.content.decode()))["uuid"] == body["uuid"]
    assert 'value="20"' in answer.content.decode()


def test_what_is_not_asked_cannot_be_sent(play):
    form = send(play, "dampit_1", [10, 20, 30], by=play.siti, photos=(brought(play.siti),))
    client = signed_in(play.oper)
    body = body_of(page_of(client), [10, 20, 30])
    assert fetch(client, body | {"votes_4": 1}).status_code == 400
    for wrong in ({"uuid": "x"}, {"form": "x"}, {"form": "-1"}, {"form": str(2**70)}, {"finding": "equal"}):
        assert fetch(client, body | wrong).status_code == 400
    assert fetch(client, body | {"form": form.pk + 1}).status_code == 409
    assert not Reading.objects.exists()


def test_only_what_does_not_hold_is_confirmed(play):
    send(play, "dampit_1", [10, 20, 30], by=play.siti, photos=(brought(play.siti),), values={"valid_votes": 99})
    client = signed_in(play.oper)
    body = body_of(page_of(client), [10, 20, 30], valid_votes=99)
    fetch(client, body | {"confirmed": ["C1-E09", "C1-E01", "nonsense"]})
    assert Reading.objects.get().confirmed == ["C1-E09"]


# Instead of figures


@pytest.mark.parametrize("finding", [one for one in Finding if one not in ("equal", "differs")])
def test_a_photo_of_something_else_is_reported_and_the_label_is_the_reason(play, finding):
    play.oper.language = "en"
    play.oper.save()
    send(play, "dampit_1", [10, 20, 30], by=play.siti, photos=(brought(play.siti, 1),))
    second = send(play, "dampit_2", [11, 21, 31], by=play.siti, photos=(brought(play.siti, 2),))
    client = signed_in(play.oper)
    body = body_of(page_of(client), [1, 2, 3])
    answer = fetch(client, body | {"finding": finding.value, "note": "  "})
    assert dict(HIDDEN.findall(answer.content.decode()))["form"] == str(second.pk)
    reading = Reading.objects.get()
    labels = {
        "unreadable": "Foto tidak terbaca",
        "wrong_station": "Foto dari TPS lain",
        "not_c1": "Bukan C1",
        "duplicate": "Foto yang sama dengan TPS lain",
    }
    assert (reading.finding, reading.reason) == (finding, labels[finding.value])


def test_a_note_is_kept_and_one_too_long_costs_nothing(play):
    send(play, "dampit_1", [10, 20, 30], by=play.siti, photos=(brought(play.siti),))
    client = signed_in(play.oper)
    body = body_of(page_of(client), [0, 0, 0]) | {"finding": "wrong_station"}
    refused = fetch(client, body | {"note": "a" * 501})
    assert (refused.status_code, Reading.objects.count()) == (400, 0)
    assert "Paling banyak 500 huruf" in refused.content.decode()
    fetch(client, body | {"note": "Tertulis TPS 2"})
    assert Reading.objects.get().reason == "Tertulis TPS 2"


# The claim


def test_a_form_that_changed_is_told_and_the_next_is_there(play):
    form = send(play, "dampit_1", [10, 20, 30], by=play.siti, photos=(brought(play.siti, 1),))
    client = signed_in(play.oper)
    body = body_of(page_of(client), [10, 20, 30])
    anew = send(play, "dampit_1", [10, 21, 30], by=play.siti, supersedes=form.uuid, photos=(brought(play.siti, 2),))
    answer = fetch(client, body)
    assert (answer.status_code, Reading.objects.count()) == (409, 0)
    html = answer.content.decode()
    assert "Foto ini tidak lagi dipegang untuk Anda." in html
    assert dict(HIDDEN.findall(html))["form"] == str(anew.pk)
    plain = client.post(READING, body, follow=True)
    assert "Foto ini tidak lagi dipegang untuk Anda." in plain.content.decode()


def test_time_is_given_anew_to_who_holds_the_form_and_to_nobody_else(play):
    form = send(play, "dampit_1", [10, 20, 30], by=play.siti, photos=(brought(play.siti),))
    client, other = signed_in(play.oper), signed_in(cast.person("oper2", Role.OPERATOR, "35.07"))
    page_of(client)
    ReadingClaim.objects.update(expires_at=timezone.now() + dt.timedelta(seconds=7))
    assert other.post(READING + "pegang/", {"form": form.pk}).status_code == 409
    answer = client.post(READING + "pegang/", {"form": form.pk})
    assert answer.json()["seconds"] in (299, 300)
    ReadingClaim.objects.update(expires_at=timezone.now())
    page_of(other)
    assert client.post(READING + "pegang/", {"form": form.pk}).status_code == 409
    assert client.post(READING + "pegang/", {}).status_code == 400
    assert ReadingClaim.objects.get().reader.username == "oper2"


def test_an_old_page_does_not_give_up_what_a_new_one_shows(play):
    first = send(play, "dampit_1", [10, 20, 30], by=play.siti, photos=(brought(play.siti, 1),))
    second = send(play, "dampit_2", [11, 21, 31], by=play.siti, photos=(brought(play.siti, 2),))
    client = signed_in(play.oper)
    old = body_of(page_of(client), [10, 20, 30])
    fetch(client, old)
    assert client.post(READING + "pegang/", {"form": first.pk}).status_code == 409
    assert fetch(client, old | {"uuid": str(uuid.uuid4())}).status_code == 409
    assert ReadingClaim.objects.get().form == second


def test_looking_whether_something_waits_takes_nothing(play):
    client = signed_in(play.oper)
    assert client.get(READING + "antrean/").json() == {"ready": False}
    send(play, "dampit_1", [10, 20, 30], by=play.siti, photos=(brought(play.siti),))
    assert client.get(READING + "antrean/").json() == {"ready": True}
    assert not ReadingClaim.objects.exists()


def test_a_long_queue_is_counted_to_a_thousand(play, monkeypatch):
    monkeypatch.setattr(claims, "COUNTED", 1)
    for station in ("dampit_1", "dampit_2"):
        send(play, station, [10, 20, 30], by=play.siti, photos=(brought(play.siti, 1),))
    send(play, "pamotan_1", [10, 20, 30], by=play.joko, photos=(brought(play.joko, 2),))
    client = signed_in(play.oper)
    assert "<b>1+</b>" in page_of(client).content.decode()
    # Counted once in a while: the next page within seconds asks nobody.
    with CaptureQueriesContext(connection) as asked:
        page_of(client)
    assert not any("COUNT(*)" in one["sql"] for one in asked.captured_queries)


def test_an_election_without_second_readings_says_so(play):
    read_all_twice(play, ReadingMode.LOOK)
    html = page_of(signed_in(play.oper)).content.decode()
    assert "Pemilihan ini tidak memakai bacaan kedua" in html


# The own work


def test_the_own_work_says_what_came_of_closed_readings_only(play):
    other = cast.person("oper2", Role.OPERATOR, "35.07")
    for place, station in enumerate(("dampit_1", "dampit_2")):
        send(play, station, [10, 20, 30], by=play.siti, photos=(brought(play.siti, place),))
    client = signed_in(play.oper)
    page = fetch(client, body_of(page_of(client), [10, 20, 30]))
    fetch(client, body_of(page, [11, 20, 30], voters_total=65, valid_votes=60))

    def outcomes() -> list[str]:
        html = page_of(client, READING + "saya/").content.decode()
        return [cell.strip() for cell in re.findall(r"</td><td>(.*?)</td></tr>", html)]

    assert outcomes() == ["Dibaca sekali lagi", "Sama dengan laporan saksi"]
    fetch(client, body_of(page_of(client), [10, 0, 0]))
    assert outcomes() == [
        "Sama dengan laporan saksi · bacaan ulang",
        "Berbeda dengan laporan saksi",
        "Sama dengan laporan saksi",
    ]
    assert "Belum ada bacaan hari ini" in page_of(signed_in(other), READING + "saya/").content.decode()
    assert "<b>2</b>" in page_of(client).content.decode()


def test_the_own_work_is_paged(play, monkeypatch):
    monkeypatch.setattr("tallies.count_room.own_readings.page.__kwdefaults__", {"before": None, "size": 1})
    for place, station in enumerate(("dampit_1", "dampit_2")):
        send(play, station, [10, 20, 30], by=play.siti, photos=(brought(play.siti, place),))
    client = signed_in(play.oper)
    fetch(client, body_of(fetch(client, body_of(page_of(client), [10, 20, 30])), [10, 20, 30]))
    first = page_of(client, READING + "saya/").content.decode()
    [more] = re.findall(r'href="([^"]*sebelum=[^"]*)" rel="next"', first)
    second = page_of(client, more).content.decode()
    codes = [re.findall(r'<th scope="row" class="nowrap">(\S+)</th>', html) for html in (first, second)]
    assert [len(some) for some in codes] == [1, 1]
    assert codes[0] != codes[1]
    assert 'rel="next"' not in second


# How much a page asks


def statements(client: Client, address: str = READING) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


def test_a_page_takes_as_many_statements_for_three_photos_and_a_long_queue_as_for_one(play):
    client = signed_in(play.oper)
    send(play, "dampit_1", [10, 20, 30], by=play.siti, photos=(brought(play.siti),))
    page_of(client)
    few = statements(client)
    ReadingClaim.objects.all().delete()
    pages = tuple(brought(play.siti, seed, page) for page, seed in enumerate((1, 2, 3), start=1))
    form = C1Form.objects.get()
    send(play, "dampit_1", [10, 20, 30], by=play.siti, supersedes=form.uuid, photos=pages)
    for place, station in enumerate(("dampit_2", "pamotan_1", "gedangan_1"), start=5):
        send(play, station, [10, 20, 30], by=play.joko, photos=(brought(play.joko, place),))
    assert len(IMAGES.findall(page_of(client).content.decode())) in (1, 3)
    assert statements(client) == few <= 20


def test_the_own_work_takes_as_many_statements_for_three_readings_as_for_one(play):
    client, counts = signed_in(play.oper), []
    for place, station in enumerate(("dampit_1", "dampit_2", "pamotan_1")):
        sender = play.siti if place < 2 else play.joko
        send(play, station, [10, 20, 30], by=sender, photos=(brought(sender, place),))
        fetch(client, body_of(page_of(client), [10, 20, 30]))
        counts.append(statements(client, READING + "saya/"))
    assert counts[0] == counts[2]


def test_the_full_form_is_asked_in_the_order_of_the_paper_and_each_part_names_its_photo(db):
    play = cast.make_play(form_kind=FormKind.FULL)
    read_all_twice(play)
    pages = tuple(brought(play.siti, page, page) for page in (1, 2, 3))
    sent = cast.submission(play, "dampit_1", [10, 20, 30], photos=pages)
    intake.submit(sent, by=play.siti, channel=Channel.API)
    html = page_of(signed_in(play.oper)).content.decode()
    boxes = BOXES.findall(html)
    assert len(boxes) == 34 + 3
    assert boxes[0] == "registered_dpt_male"
    assert boxes[-6:] == ["votes_1", "votes_2", "votes_3", "valid_votes", "invalid_votes", "total_votes"]
    parts = re.findall(r'data-photo="(\d)" data-part="(\w+)"', html)
    assert parts == [
        ("1", "registered"), ("1", "voters"), ("1", "ballots"), ("1", "disabled"), ("2", "votes"), ("2", "after")
    ]  # fmt: skip
    assert Contest.objects.count() == 2


# At once


@pytest.mark.parametrize("typed", [[10, 20, 30], [10, 26, 30]], ids=["equal", "differs"])
def test_one_page_sent_eight_times_at_once_is_one_reading_and_nobody_hears_that_it_was_lost(committed_play, typed):
    play = committed_play
    read_all_twice(play)
    send(play, "dampit_1", [10, 20, 30], by=play.siti, photos=(brought(play.siti),))
    body = body_of(page_of(signed_in(play.oper)), typed, voters_total=65, valid_votes=60)
    clients = [signed_in(play.oper) for _ in range(8)]
    answers = at_once(8, lambda place: fetch(clients[place], body))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert Reading.objects.count() == 1
    said = "Baca sekali lagi kotak ini." if typed[1] == 26 else "Tidak ada foto yang menunggu"
    assert all(said in answer.content.decode() for answer in answers)


def test_readers_who_ask_at_once_get_a_form_each(committed_play):
    play = committed_play
    read_all_twice(play)
    village = cast.region("35.07.05.2001").pk
    made = preparation.add_stations(play.election, [NewStation(village, 100 + n, 150, 150) for n in range(6)])
    for place, station in enumerate(made):
        play.stations["here"] = station
        send(play, "here", [10, 20, 30], by=play.siti, photos=(brought(play.siti, place),))
    clients = [signed_in(cast.person(f"oper{n}", Role.OPERATOR, "35.07")) for n in range(6)]
    pages = at_once(6, lambda place: clients[place].get(READING))
    held = [dict(HIDDEN.findall(page.content.decode()))["form"] for page in pages]
    assert len(set(held)) == 6
