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

from accounts.models import User
from analytics import findings
from analytics.models import Finding, Target
from regions.models import Region
from sista import translations
from sista.management.commands import messages
from tallies import aggregation, assigning, intake, preparation, verification
from tallies.models import C1Form, Channel, ContestTotal, Election, FormKind, Office, Pair, PairTotal, Phase
from tallies.preparation import NewPair
from tests import cast, witness_hands
from tests.cast import submission
from tests.sending import client_of, form_body, send, send_raw
from tests.visible_words import WORD, in_markup

#: Written by people of this test: reasons, sources. No word of it belongs to one language of the catalogue.
BY_PEOPLE = "Fotokopi Jatim"
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
    return {"en": folded(sources) - folded(texts), "id": folded(texts) - folded(sources)}


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
    findings.refresh_changed()
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
    preparation.create_contest(election, cast.region("35.07"), Office.REGENT, [NewPair(1, "Sanusi-Didik", usungan=True)])
    place = preparation.NewStation(cast.region("35.07.05.2001").pk, 1, 150, 150)
    [station] = preparation.add_stations(election, [place])
    assigning.assign(station, play.joko, by=play.dewi)


def walk(play) -> Iterator[tuple[str, int, str]]:
    """Yield (what was opened, status, markup) of the main pages, some as they come back with an error."""
    for opened, response in [*_witness(play), *_coordinator(play), *_staff(play)]:
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
        yield "full form, asked", joko.post(
            f"/saksi/{result.pk}/c1/",
            {"uuid": uuid.uuid4(), "step": "check", "votes_0": "5", "votes_1": "500", "valid_votes": "9"}
            | {"registered_dpt_male": "7", "registered_dpt": "3", "voters_dpt": "400", "ballots_received": "2"},
        )
    for result in play.joko.assignments.get(station__election__slug="persiapan").station.results.all():
        yield "not open", joko.get(f"/saksi/{result.pk}/c1/")
    yield "new password", siti.post("/sandi/", {"old_password": "x", "new_password1": "abc", "new_password2": "b"})
    yield "count room", _client(play.oper).get("/")
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
        yield f"too late {name}", _client(play.rina).post(deciding, {"tindakan": "verifikasi", "seen": 0, "form": result.form_id})


def _staff(play):
    nasi, dewi, slug = _client(play.nasi), _client(play.dewi), play.election.slug
    for code in ("ID", "35", "35.24"):
        yield f"party {code}", nasi.get(reverse("region", args=[slug, code]))
    yield "targets", nasi.get(reverse("targets", args=[slug]))
    yield "finding", nasi.get(reverse("finding", args=[Finding.objects.get().pk]))
    yield "no right", nasi.post(reverse("verification-decide", args=[play.result("dampit_1").pk]))
    yield "admin", dewi.get("/admin/")
    for model in admin.site._registry:
        if model._meta.app_label != "axes":
            yield f"admin {model.__name__}", dewi.get(reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist"))


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
    assert {status: 1 for status in statuses.values()}.keys() == {200, 400, 403, 404, 409}
