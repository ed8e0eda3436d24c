"""What the witness's page weighs on a line of 2G: scripts, everything before the first step, one form."""

from __future__ import annotations

import gzip
import json
import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from tallies.models import FormKind
from tallies.views.phone import FILES
from tests import cast
from tests.sending import client_of, form_body

SCRIPTS = ("js/phone-queue.js", "js/phone-app.js", "js/phone-worker.js")
MOST_SCRIPT = 20 * 1024
MOST_FIRST_VISIT = 60 * 1024
#: What a browser and the server in front add to what Django's own headers say.
REQUEST_HEADERS = 700


def packed(data: bytes) -> int:
    return len(gzip.compress(data, 9))


def file(name: str) -> bytes:
    found = finders.find(name)
    assert found, name
    with open(found, "rb") as stream:
        return stream.read()


@pytest.fixture
def siti(play):
    client = Client()
    client.force_login(play.siti)
    return client


def test_the_scripts_together_stay_below_20_kb():
    assert sum(packed(file(name)) for name in SCRIPTS) <= MOST_SCRIPT


def test_all_before_the_first_step_stays_below_60_kb(siti):
    addresses = ("/saksi/ponsel/", "/saksi/ponsel.js", "/saksi/ponsel.webmanifest", "/api/v1/witness/")
    answers = {address: siti.get(address) for address in addresses}
    assert {one.status_code for one in answers.values()} == {200}
    assert len(json.loads(answers["/api/v1/witness/"].content)["places"]) == 2
    names = {*FILES, "js/phone-worker.js"}
    assert sum(packed(one.content) for one in answers.values()) + sum(packed(file(name)) for name in names) <= (
        MOST_FIRST_VISIT
    )


def test_the_page_and_its_files_name_no_other_host(siti):
    texts = [siti.get("/saksi/ponsel/").content, siti.get("/saksi/ponsel.js").content, *map(file, (*FILES, *SCRIPTS))]
    hosts = {host for text in texts for host in re.findall(rb"https?://([\w.-]+)", text)}
    assert hosts <= {b"www.w3.org"}  # names of XML vocabularies, never fetched


@pytest.mark.parametrize("kind", [FormKind.SHORT, FormKind.FULL])
def test_a_form_and_its_answer_are_small(db, kind):
    play = cast.make_play(form_kind=kind)
    values = dict.fromkeys(play.election.fields, 1234)
    body = form_body(play, "dampit_1", [1234] * 3, values=values)
    body |= {"supersedes": None, "confirmed": [], "objection": False, "note": "", "photos": []}
    body |= {"filled_at": "2020-12-09T07:00:00.000Z"}
    raw = json.dumps(body, separators=(",", ":")).encode()
    sent = gzip.compress(raw)  # as the phone does it
    answer = client_of(play.siti).generic(
        "POST", "/api/v1/forms/", sent, content_type="application/json", headers={"Content-Encoding": "gzip"}
    )
    assert answer.status_code == 201
    headers = sum(len(f"{name}: {value}\r\n") for name, value in answer.headers.items())
    assert len(sent) + REQUEST_HEADERS <= 2 * 1024
    assert len(answer.content) + headers <= 2 * 1024
    assert len(sent) <= 1024
