"""Who chose English reads English on every page, and who chose Indonesian reads Indonesian.

The give-away words are no list of ours: they are the words that only the one
side of the catalogue has, without those that are names.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterator

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.translation import trans_real

from accounts.models import Refusal, User
from analytics.models import Finding, Target
from analytics.off_target import refreshing
from regions.models import Region
from sista import translations
from sista.management.commands import messages
from tallies import assigning, intake, preparation
from tallies.count_room import verification
from tallies.models import (
    C1Form,
    Channel,
    ContestTotal,
    Election,
    FormKind,
    FormPhoto,
    Office,
    Pair,
    PairTotal,
    Phase,
    ReadingState,
    StationResult,
)
from tallies.preparation import NewPair
from tallies.totals import aggregation
from tests import cast, witness_hands
from tests.cast import submission
from tests.reading import arrived, read_all_twice
from tests.sending import client_of, form_body, send, send_raw
from tests.visible_words import WORD, in_markup

#: Written by people of this test: reasons, sources. No word of it belongs to one language of the catalogue.
BY_PEOPLE = "Fotokopi Jatim"
#: Django's own Indonesian says "Filter" too.
BOTH = {"filter"}
HOLES = re.compile(r"%\(\w+\)s|</?\w+>")


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    if translations.compile_changed(settings.LOCALE_PATHS):
        trans_real._translations.clear()


def folded(texts) -> set[str]:
    return {word.lower() for text in texts for word in WORD.findall(HOLES.sub(" ", text))}


@pytest.fixture(scope="module")
def give_away() -> dict[str, set[str]]:
    """By language, the words that betray the other one; what both have ("total", "target") betrays nothing."""
    sources, texts = [], []
    with messages.catalogue_path().open("rb") as stream:
        for message in read_po(stream, locale="en"):
            several = isinstance(message.id, tuple)
            sources += message.id if several else [message.id]
            texts += message.string if several else [message.string]
    return {"en": folded(sources) - folded(texts), "id": folded(texts) - folded(sources) - BOTH}


def names() -> set[str]:
    """Words of the data: no page translates them."""
    rows = [
        *Region.objects.values_list("name", flat=True),
        *Pair.objects.exclude(number=0).values_list("name", flat=True),
        *Election.objects.values_list("name", flat=True),
        *User.objects.values_list("full_name", flat=True),
        *User.objects.values_list("username", flat=True),
    ]
    return folded([*rows, BY_PEOPLE])


def speak(language: str) -> None:
    User.objects.update(language=language)


# The walk


@pytest.fixture
def furnished(play):
    """Something of every state: disputed, doubtful, verified, proposed, rejected, sent back, locked, off target."""

    def give(station, votes, by, **changes):
        sent = submission(play, station, votes, **changes)
        return intake.submit(sent, by=play.people[by], channel=Channel.API).form

    give("dampit_1", [80, 100, 20], "siti")
    give("dampit_1", [80, 110, 20], "joko")
    verified = give("dampit_2", [80, 100, 20], "siti", values={"valid_votes": 201, "invalid_votes": 90})
    verification.approve(verified, by=play.budi, seen=play.result("dampit_2").audit_seq)
    give("dampit_2", [80, 101, 20], "siti", supersedes=verified.uuid)
    refused = give("pamotan_1", [0, 0, 0], "dewi")
    verification.reject(refused, by=play.budi, seen=1, reason=BY_PEOPLE)
    returned = give("babat_1", [60, 50], "wati", note=BY_PEOPLE, objection=True)
    verification.ask_for_fix(returned, by=play.agus, seen=1, reason=BY_PEOPLE)
    give("gedangan_1", [10, 20, 5], "dewi")
    aggregation.drain()
    facts = {"stated_on": dt.date(2020, 10, 14), "stated_by": BY_PEOPLE, "source": BY_PEOPLE}
    Target.objects.create(contest=play.malang, expected_share="0.41", **facts)
    refreshing.refresh_changed()
    _other_election(play, "lengkap", Phase.OPEN)
    _other_election(play, "persiapan", Phase.PREPARATION)
    User.objects.filter(username="dewi").update(is_staff=True)
    play.dewi.refresh_from_db()
    return play


def _other_election(play, slug: str, phase: str) -> None:
    """A contest with the empty box on the full form, guarded by joko."""
    election = Election.objects.create(
        name="Pilkada Malang", slug=slug, date=dt.date(2015, 12, 9), phase=phase, form_kind=FormKind.FULL
    )
    preparation.create_contest(
        election, cast.region("35.07"), Office.REGENT, [NewPair(1, "Sanusi-Didik", usungan=True)]
    )
    place = preparation.NewStation(cast.region("35.07.05.2001").pk, 1, 150, 150)
    [station] = preparation.add_stations(election, [place])
    assigning.assign(station, play.joko, by=play.dewi)


def walk(play) -> Iterator[tuple[str, int, str]]:
    """Yield (what was opened, status, markup) of the main pages, some as they come back with an error."""
    for opened, response in [*_witness(play), *_coordinator(play), *_staff(play), *_operator(play)]:
        yield opened, response.status_code, response.content.decode()


def _client(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _witness(play):
    siti, joko = _client(play.siti), _client(play.joko)
    at = witness_hands.address(play)
    yield "witness home", siti.get("/saksi/")
    yield "witness home, wrong TPS", siti.get(f"/saksi/?salah={play.stations['dampit_1'].pk}")
    yield "form", siti.get(at)
    yield "form, unreadable", witness_hands.fill(siti, play, votes_1="1O0")
    yield "form, asked", witness_hands.fill(siti, play, step="check", valid_votes="150", invalid_votes="160")
    for form in C1Form.objects.filter(submitted_by__in=(play.siti, play.joko)):
        yield f"receipt {form.pk}", _client(form.submitted_by).get(reverse("witness-receipt", args=[form.uuid]))
    yield "sent back", _client(play.wati).get("/saksi/")
    yield "two elections", joko.get("/saksi/")
    for result in play.joko.assignments.get(station__election__slug="lengkap").station.results.all():
        yield "full form", joko.get(f"/saksi/{result.pk}/c1/")
        yield (
            "full form, asked",
            joko.post(
                f"/saksi/{result.pk}/c1/",
                {"uuid": uuid.uuid4(), "step": "check", "votes_0": "5", "votes_1": "500", "valid_votes": "9"}
                | {"registered_dpt_male": "7", "registered_dpt": "3", "voters_dpt": "400", "ballots_received": "2"},
            ),
        )
    for result in play.joko.assignments.get(station__election__slug="persiapan").station.results.all():
        yield "not open", joko.get(f"/saksi/{result.pk}/c1/")
    yield "new password", siti.post("/sandi/", {"old_password": "x", "new_password1": "abc", "new_password2": "b"})
    yield "not found", siti.get("/saksi/99999/c1/")


def _coordinator(play):
    budi, slug = _client(play.budi), play.election.slug
    yield "elections", budi.get("/hasil/")
    for code in ("35.07", "35.07.05", "35.07.05.2001"):
        yield f"region {code}", budi.get(reverse("region", args=[slug, code]))
    for view in ("semua", "selisih", "menunggu", "perbaikan", "ditolak"):
        yield f"queue {view}", budi.get(reverse("verification-queue", args=[slug]) + f"?saring={view}")
    yield "empty queue", _client(play.agus).get(reverse("verification-queue", args=[slug]) + "?saring=selisih")
    for name in ("dampit_1", "dampit_2", "pamotan_1", "gedangan_1"):
        result = play.result(name)
        deciding = reverse("verification-decide", args=[result.pk])
        yield f"station {name}", budi.get(reverse("station", args=[slug, result.pk]))
        yield f"decide {name}", budi.get(deciding)
        yield f"correct {name}", budi.get(deciding + "?perbaiki=1")
        yield f"no reason {name}", budi.post(deciding, {"tindakan": "tolak", "seen": result.audit_seq})
        yield (
            f"too late {name}",
            _client(play.rina).post(deciding, {"tindakan": "verifikasi", "seen": 0, "form": result.form_id}),
        )


def _staff(play):
    nasi, dewi, slug = _client(play.nasi), _client(play.dewi), play.election.slug
    for code in ("ID", "35", "35.24"):
        yield f"party {code}", nasi.get(reverse("region", args=[slug, code]))
    yield "targets", nasi.get(reverse("targets", args=[slug]))
    yield "finding", nasi.get(reverse("finding", args=[Finding.objects.get().pk]))
    yield "no right", nasi.post(reverse("verification-decide", args=[play.result("dampit_1").pk]))
    yield "admin", dewi.get("/admin/")
    Refusal.objects.all().delete()  # addresses are in no language
    for model in admin.site._registry:
        if model._meta.app_label != "axes":
            yield (
                f"admin {model.__name__}",
                dewi.get(reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist")),
            )


def _operator(play):
    oper, address = _client(play.oper), reverse("reading", args=[play.election.slug])
    yield "count room", oper.get(reverse("count-room"))
    yield "nothing to read", oper.get(address)
    read_all_twice(play)
    yield "nothing waits", oper.get(address)
    result = play.result("gedangan_1")
    name = arrived(result.form.submitted_by, "a page")
    FormPhoto.objects.create(form=result.form, sha256=name.sha256, page=1)
    StationResult.objects.filter(pk=result.pk).update(reading=ReadingState.WAITING)
    yield "reading", oper.get(address)
    page = {"uuid": uuid.uuid4(), "form": result.form_id, "votes_1": "1", "votes_2": "2", "votes_3": "x"}
    yield "reading, no figure", oper.post(address, page)
    yield "reading, wrong pairs", oper.post(address, page | {"votes_4": "1"})
    yield "read again", oper.post(address, page | {"votes_3": "3"}, follow=True)
    yield "reading lost", oper.post(address, page | {"form": 1, "uuid": uuid.uuid4()}, follow=True)
    yield "own readings", oper.get(reverse("own-readings", args=[play.election.slug]))


@pytest.mark.parametrize("language", ["en", "id"])
def test_every_page_speaks_the_language_of_its_reader(furnished, give_away, language):
    speak(language)
    for name in furnished.people:
        furnished.people[name].refresh_from_db()
    betraying = give_away[language] - names()
    found, statuses = {}, {}
    for opened, status, markup in walk(furnished):
        statuses[opened] = status
        if words := betraying & folded(in_markup(markup)):
            found[opened] = sorted(words)
        assert f'<html lang="{language}"' in markup, opened
    assert found == {}, "\n".join(map(str, found.items()))
    assert len(statuses) > 60
    assert set(statuses.values()) == {200, 400, 403, 404, 409}


# Before sign-in


def test_the_language_before_sign_in_is_the_chosen_one(play, give_away):
    client = Client()
    assert "masuk" in folded(in_markup(client.get("/masuk/").content.decode()))
    client.post("/bahasa/", {"language": "en", "next": "/masuk/"})
    wrong = client.post("/masuk/", {"username": "siti", "password": "no"})
    for page in (client.get("/masuk/"), wrong, client.post("/masuk/", {}), client.get("/nowhere/")):
        assert folded(in_markup(page.content.decode())) & (give_away["en"] - names()) == set()
    assert b"Username or password does not match." in wrong.content


def test_a_locked_account_says_so_in_english(play, give_away):
    client = Client()
    client.post("/bahasa/", {"language": "en"})
    for _attempt in range(settings.AXES_FAILURE_LIMIT + 1):
        answer = client.post("/masuk/", {"username": "siti", "password": "no"})
    assert b"Sign-in locked for a while" in answer.content
    assert folded(in_markup(answer.content.decode())) & give_away["en"] == set()


# Numbers, dates, times


@pytest.fixture
def surabaya(furnished):
    """The figures of the example, for Malang: 597,540 of 1,049,334 votes, counted at 17:42:08 WIB."""
    totals = ContestTotal.objects.filter(contest=furnished.malang, region=furnished.malang.region)
    totals.update(valid_votes=1_049_334, counted_at=dt.datetime(2020, 12, 9, 10, 42, 8, tzinfo=dt.UTC))
    votes = PairTotal.objects.filter(contest=furnished.malang, region=furnished.malang.region)
    for number, count in ((1, 597_540), (2, 451_794), (3, 0)):
        votes.filter(pair__number=number).update(votes=count)
    return furnished


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "en",
            [
                "1,049,334",
                "597,540 votes",
                "56.94%",
                "17:42:08 WIB",
                "leads by 145,746 votes (+13.89 points)",
                "3 of 4",
            ],
        ),
        (
            "id",
            [
                "1.049.334",
                "597.540 suara",
                "56,94%",
                "17.42.08 WIB",
                "unggul 145.746 suara (+13,89 poin)",
                "3 dari 4",
            ],
        ),
    ],
)
def test_numbers_and_times_are_written_as_the_reader_expects(surabaya, language, expected):
    speak(language)
    page = _client(User.objects.get(username="budi")).get(reverse("region", args=[surabaya.election.slug, "35.07"]))
    read = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page.content.decode()))
    assert [text for text in expected if text not in read] == []


@pytest.mark.parametrize(
    ("language", "stated", "held"),
    [("en", "14 Oct 2020", "9 December 2020"), ("id", "14 Okt 2020", "9 Desember 2020")],
)
def test_dates_name_the_month_in_the_language_of_the_reader(furnished, language, stated, held):
    speak(language)
    client = _client(User.objects.get(username="nasi"))
    assert stated in client.get(reverse("targets", args=[furnished.election.slug])).content.decode()
    assert held in client.get("/hasil/").content.decode()


def test_one_vote_is_one_vote(play):
    intake.submit(submission(play, "dampit_1", [1, 0, 0]), by=play.siti, channel=Channel.API)
    aggregation.drain()
    speak("en")
    page = _client(User.objects.get(username="budi")).get(
        reverse("region", args=[play.election.slug, "35.07.05.2001"])
    )
    assert "leads by <b>1</b> vote (" in page.content.decode()
    assert ">1 vote<" in page.content.decode()


def test_the_empty_box_is_stored_as_on_the_ballot_and_shown_in_english(furnished):
    with translation.override("en"):
        contest = preparation.create_contest(
            furnished.election, cast.region("35.24.01"), Office.GOVERNOR, [NewPair(1, "Kartika-Saim")]
        )
    assert contest.pairs.get(number=0).name == "Kolom kosong"
    speak("en")
    result = furnished.joko.assignments.get(station__election__slug="lengkap").station.results.get()
    page = _client(User.objects.get(username="joko")).get(f"/saksi/{result.pk}/c1/").content.decode()
    assert "<span>Empty box</span>" in page
    assert "Kolom kosong" not in page


# What the API refuses


def _refusals(play) -> Iterator[tuple[int, list[str]]]:
    """Send what is refused; yield status and all that a person would read."""
    siti, phone = play.siti, client_of(play.siti)
    good = form_body(play, "dampit_1", [100, 80, 20])
    send(siti, good)
    photo = reverse("api-photo", args=["0" * 64])
    answers = [
        send(siti, form_body(play, "dampit_1", [100, "1O", 20])),
        send(siti, form_body(play, "dampit_1", [100, 80])),
        send(siti, form_body(play, "dampit_1", [100, 80, 20, 5])),
        send(siti, form_body(play, "dampit_1", [100, 80, 20], note="x" * 501)),
        send(siti, form_body(play, "dampit_1", [100, 80, 20], values={"ballots_used": 5})),
        send(siti, form_body(play, "dampit_1", [100, 80, 20], supersedes="x")),
        send(siti, form_body(play, "dampit_1", [100, 80, 20], filled_at="x", uuid="x", more=1)),
        send(siti, good | {"votes": {"1": 1, "2": 80, "3": 20}}),
        send(siti, form_body(play, "babat_1", [1, 2])),
        send_raw(siti, b"{"),
        send_raw(siti, b"x" * 70_000),
        send_raw(siti, b"x", content_type="text/plain"),
        phone.delete(reverse("api-forms")),
        phone.generic("PUT", photo, b"", content_type="image/jpeg"),
        phone.generic("PUT", photo, b"no photo", content_type="image/jpeg"),
        client_of(play.nasi).generic("PUT", photo, b"x", content_type="image/jpeg"),
    ]
    assigning.revoke(play.stations["dampit_2"].assignments.get(witness=siti), by=play.dewi)
    answers.append(send(siti, form_body(play, "dampit_2", [100, 80, 20])))
    for phase in (Phase.PREPARATION, Phase.CLOSED):
        Election.objects.update(phase=phase)
        answers.append(send(siti, form_body(play, "dampit_1", [100, 80, 21])))
    for answer in answers:
        yield answer.status_code, [answer.json()["detail"], *answer.json()["fields"].values()]


@pytest.mark.parametrize("language", ["en", "id"])
def test_a_refusal_of_the_api_is_said_in_the_language_of_the_sender(play, give_away, language):
    speak(language)
    for person in play.people.values():
        person.refresh_from_db()
    refused = list(_refusals(play))
    assert {status for status, _said in refused} == {400, 403, 404, 405, 409, 413, 415}
    assert [said for _status, said in refused if folded(said) & give_away[language]] == []


def test_who_is_not_signed_in_is_told_in_the_language_of_the_cookie(play):
    client = Client()
    assert "Anda belum masuk" in client.get(reverse("api-form", args=[uuid.uuid4()])).json()["detail"]
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert "You are not signed in" in client.get(reverse("api-form", args=[uuid.uuid4()])).json()["detail"]
