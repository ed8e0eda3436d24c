"""Claims about what leaves for Sentry: where it happened, nothing about whom. No network: a transport that keeps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from sista import environment, sentry

ROOT = Path(__file__).resolve().parents[2]
DSN = "https://0123456789abcdef0123456789abcdef@sentry.example.id/7"
#: A real request through the whole application, whose view fails with a row in its error's text.
REQUEST = f"""
import django, json, logging, sys
from sentry_sdk.transport import Transport
from sista import sentry

class Kept(Transport):
    def capture_envelope(self, envelope):
        for item in envelope.items:
            kept.append({{"type": item.type, "payload": item.payload.json}})

kept = []
sentry.start({DSN!r}, transport=Kept)
django.setup()
from django.test import Client
from tallies.totals import wall_links

def fails(token):
    number = "0812-3456-789"
    raise ValueError(f"Key (phone)=({{number}}) of Siti Rahayu exists: {{token}}")

wall_links.find = fails
client = Client(raise_request_exception=False, SERVER_NAME="localhost")
client.cookies["sista-device"] = "a-session-key"
client.get("/layar/a-secret-of-the-screen/?nama=Siti", headers={{"authorization": "Bearer a-token"}})
client.post("/tidak/ada/Siti/", {{"password": "rahasia-sekali"}})
logging.getLogger("tallies").error("%s at %s", ValueError("Siti Rahayu"), "/aktivasi/open-sesame/")
json.dump(kept, sys.stdout)
"""
SECRETS = ("0812", "Siti", "a-secret-of-the-screen", "a-session-key", "a-token", "rahasia", "open-sesame", "Cookie")


@pytest.fixture(scope="module")
def sent(tmp_path_factory):
    environ = {**os.environ, "SISTA_TEST": "1", "SISTA_DATA": str(tmp_path_factory.mktemp("data"))}
    environ = {name: value for name, value in environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    environ["DJANGO_SETTINGS_MODULE"] = "sista.settings"
    done = subprocess.run([sys.executable, "-c", REQUEST], cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_error_of_a_view_is_told_with_its_place_and_pattern(sent):
    events = [item["payload"] for item in sent if item["type"] == "event"]
    [failed] = [event for event in events if event.get("transaction") == "/layar/{token}/"]
    assert failed["exception"]["values"][-1]["type"] == "ValueError"
    assert failed["exception"]["values"][-1]["stacktrace"]["frames"][-1]["function"] == "fails"


def test_nothing_of_a_person_or_a_secret_leaves(sent):
    assert sent
    told = json.dumps(sent)
    assert [secret for secret in SECRETS if secret in told] == []


def test_a_log_line_leaves_as_the_logs_have_it(sent):
    lines = [item["payload"]["logentry"]["formatted"] for item in sent if "logentry" in item["payload"]]
    assert "ValueError at /aktivasi/***/" in lines


def test_what_is_not_allowed_does_not_leave():
    event = {
        "event_id": "1",
        "user": {"id": 7},
        "breadcrumbs": {"values": [{"message": "SELECT"}]},
        "extra": {"sys.argv": ["--phone", "0812"]},
        "request": {"method": "GET", "url": "https://x/aktivasi/s/", "cookies": {"a": "b"}, "data": "x", "env": {}},
        "transaction": "/aktivasi/open-sesame/",
        "transaction_info": {"source": "url"},
        "tomorrow": "a new field of the SDK",
    }
    assert sentry.allowed(event, {}) == {"event_id": "1", "request": {"method": "GET"}}


def test_a_missing_package_is_named_at_the_start(monkeypatch):
    found = environment.importlib.util.find_spec
    monkeypatch.setattr(
        environment.importlib.util, "find_spec", lambda name: None if name == "sentry_sdk" else found(name)
    )
    with pytest.raises(ImproperlyConfigured, match=r"SENTRY_DSN needs .* pip install -r requirements-sentry\.txt"):
        environment.read({"SENTRY_DSN": DSN})


@pytest.mark.parametrize(
    "value", ["sentry.example.id", "https://sentry.example.id/7", "https://key@sentry.example.id/"]
)
def test_a_wrong_address_is_refused_without_being_told(value):
    with pytest.raises(ImproperlyConfigured, match="SENTRY_DSN is not right") as refused:
        environment.read({"SENTRY_DSN": value})
    assert "key@" not in str(refused.value).replace("https://KEY@", "")
