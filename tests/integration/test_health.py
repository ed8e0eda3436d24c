"""Claims about the probes, the metrics and the log lines."""

import json
import logging
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError, OperationalError, connection
from django.test import Client
from django.utils import timezone

from sista import health, metrics
from sista.logging_json import JsonFormatter, LineFormatter, WithoutAddresses
from tallies import intake
from tallies.models import Channel, ExaminationRow, OutboxRow, Phase, Photo
from tallies.totals import aggregation
from tests.cast import PASSWORD, submission

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "a-token-of-some-length"


@pytest.fixture(autouse=True)
def _look_anew():
    health.forget_photo_store()
    yield
    health.forget_photo_store()


def send(play, station="dampit_1"):
    return intake.submit(submission(play, station, [100, 80, 20]), by=play.siti, channel=Channel.API)


# Probes


def test_it_is_alive_without_a_database(client):
    # No database fixture: a query would fail the test.
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert not response.cookies


def broker() -> str:
    """What the probe says of the broker that this run has, or has not."""
    return "ok" if settings.REDIS_URL else "unused"


def test_it_is_ready_when_every_part_answers(client, db):
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (
        200,
        {"status": "ready", "database": "ok", "broker": broker(), "photos": "ok", "outbox": "ok"},
    )
    assert response.headers["Cache-Control"] == "no-store"


def test_the_probe_of_the_store_leaves_nothing(client, db, tmp_path):
    client.get("/readyz")
    assert not [path for path in (tmp_path / "photos").rglob("*") if path.is_file()]


def test_it_is_not_ready_without_a_database(client, db, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise OperationalError("connection to server at 10.1.2.3 failed for user sista")

    with monkeypatch.context() as away:
        away.setattr(connection, "cursor", refuse)
        away.setattr(health.waiting, "outbox_age", refuse)
        response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {
        "status": "unready",
        "database": "down",
        "broker": broker(),
        "photos": "ok",
        "outbox": "unknown",
    }


def test_it_is_not_ready_without_the_broker_or_the_store(client, db, settings, tmp_path):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    in_the_way = tmp_path / "photos"
    in_the_way.write_text("a file where the folder should be")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {
        "status": "unready",
        "database": "ok",
        "broker": "down",
        "photos": "down",
        "outbox": "ok",
    }


def test_the_store_is_asked_every_ten_seconds_at_most(client, db, tmp_path):
    assert client.get("/readyz").json()["photos"] == "ok"
    (tmp_path / "photos").rename(tmp_path / "gone")
    (tmp_path / "photos").write_text("a file where the folder should be")
    assert client.get("/readyz").json()["photos"] == "ok"
    health.forget_photo_store()
    assert client.get("/readyz").json()["photos"] == "down"


@pytest.mark.parametrize(("age", "status", "word"), [(29, 200, "ok"), (31, 503, "late")])
def test_a_stuck_drainer_is_not_ready(client, play, age, status, word):
    send(play)
    OutboxRow.objects.update(at=timezone.now() - timedelta(seconds=age))
    response = client.get("/readyz")
    assert (response.status_code, response.json()["outbox"]) == (status, word)
    aggregation.drain()
    assert client.get("/readyz").json()["outbox"] == "ok"


def test_probes_answer_any_host_and_plain_http(client, db, settings):
    settings.ALLOWED_HOSTS = ["sista.example.id"]
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz", headers={"host": "10.1.2.3"}).status_code == 200
    assert client.get("/", headers={"host": "sista.example.id"}).status_code == 301


def test_probes_ask_for_no_session(client, play, django_assert_num_queries):
    client.force_login(play.budi)
    client.get("/readyz")
    with django_assert_num_queries(2):  # SELECT 1, the oldest outbox row
        client.get("/readyz")


def test_a_probe_takes_no_post(client):
    assert client.post("/healthz").status_code == 405


# Metrics


def numbers(text):
    """The samples of an exposition, by name and labels."""
    lines = (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, value in lines}


def test_metrics_tell_what_waits(client, play):
    send(play)
    OutboxRow.objects.update(at=timezone.now() - timedelta(seconds=12))
    told = numbers(client.get("/metrics").text)
    assert (told["sista_database_up"], told["sista_outbox_rows"], told["sista_photos_waiting"]) == (1, 1, 0)
    assert 12 <= told["sista_outbox_age_seconds"] < 20


def test_metrics_count_requests_by_pattern(client, play):
    name = 'sista_requests_total{method="GET",route="hasil/<slug:slug>/<str:code>/",status="200"}'
    before = numbers(client.get("/metrics").text).get(name, 0)
    client.force_login(play.budi)
    assert client.get("/hasil/pilkada-2020/35.07/").status_code == 200
    text = client.get("/metrics").text
    assert numbers(text)[name] == before + 1
    assert "35.07" not in text


def test_metrics_time_work_and_count_forms(client, db):
    before = numbers(client.get("/metrics").text)
    with metrics.timed("drain"):
        pass
    metrics.count_form(Channel.API)
    told = numbers(client.get("/metrics").text)
    for name in ('sista_job_seconds_count{job="drain"}', 'sista_forms_total{channel="ponsel"}'):
        assert told[name] == before.get(name, 0) + 1


def test_metrics_count_refused_forms_by_reason(client, play):
    name = 'sista_refused_total{reason="phase_closed"}'
    before = numbers(client.get("/metrics").text).get(name, 0)
    play.election.phase = Phase.CLOSED
    play.election.save()
    with pytest.raises(intake.PhaseClosed):
        intake.submit_as_witness(submission(play, "dampit_1", [1, 2, 3]), by=play.siti, channel=Channel.API)
    assert numbers(client.get("/metrics").text)[name] == before + 1


def test_metrics_tell_how_long_photos_and_rules_are_waited_for(client, play):
    send(play)
    aggregation.drain()
    ExaminationRow.objects.update(at=timezone.now() - timedelta(seconds=40))
    Photo.objects.create(sha256="0" * 64, size=1, format="JPEG", width=1, height=1)
    Photo.objects.update(received_at=timezone.now() - timedelta(seconds=70))
    told = numbers(client.get("/metrics").text)
    assert 40 <= told["sista_findings_age_seconds"] < 60
    assert 70 <= told["sista_photos_age_seconds"] < 90
    assert told["sista_findings_waiting"] >= 1
    assert told["sista_photos_waiting"] == 1
    assert "sista_replica_up" not in told  # there is none


def test_metrics_are_for_this_machine_or_with_the_token(db, settings):
    settings.METRICS_TOKEN = TOKEN
    away = Client(REMOTE_ADDR="10.1.2.3")
    assert away.get("/metrics").status_code == 401
    assert away.get("/metrics", headers={"authorization": "Bearer guess"}).status_code == 401
    assert away.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert Client(REMOTE_ADDR="::ffff:127.0.0.1").get("/metrics").status_code == 200


def test_a_proxy_on_this_machine_is_not_this_machine(client, db):
    assert client.get("/metrics", headers={"x-forwarded-for": "10.1.2.3"}).status_code == 401


def test_without_a_token_nothing_is_one(db, settings):
    settings.METRICS_TOKEN = ""
    assert Client(REMOTE_ADDR="10.1.2.3").get("/metrics", headers={"authorization": "Bearer "}).status_code == 401


def test_several_processes_are_added_up(tmp_path):
    counting = "import sys; from sista import metrics; metrics.count_form('ponsel'); "
    counting += "sys.stdout.write(metrics.exposition().decode())"
    environ = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics")}
    # Both live at once: a process that finds only the files of the dead begins anew.
    first = subprocess.Popen(
        [sys.executable, "-c", counting + "; sys.stdout.flush(); sys.stdin.read()"],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        while b'sista_forms_total{channel="ponsel"} 1.0' not in (line := first.stdout.readline()):
            assert line, "the first process ended"
        second = subprocess.run(
            [sys.executable, "-c", counting], cwd=ROOT, env=environ, capture_output=True, text=True
        )
        assert numbers(second.stdout)['sista_forms_total{channel="ponsel"}'] == 2
    finally:
        first.communicate(timeout=10)
    third = subprocess.run([sys.executable, "-c", counting], cwd=ROOT, env=environ, capture_output=True, text=True)
    assert numbers(third.stdout)['sista_forms_total{channel="ponsel"}'] == 1


def test_a_worker_serves_its_own_metrics(settings):
    server = metrics.serve(0, TOKEN)
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        with urllib.request.urlopen(f"{address}/metrics", timeout=5) as answer:
            told = answer.read().decode()
        assert "# TYPE sista_job_seconds histogram" in told
        assert "sista_database_up" not in told
        proxied = urllib.request.Request(f"{address}/metrics", headers={"X-Forwarded-For": "10.1.2.3"})
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(proxied, timeout=5)
    finally:
        server.shutdown()
        server.server_close()


# Log lines


@pytest.fixture
def lines():
    """Everything that is logged, as the JSON it becomes."""
    found = []

    class Keep(logging.Handler):
        def emit(self, record):
            found.append(JsonFormatter().format(record))

    keep = Keep()
    keep.addFilter(WithoutAddresses())
    root = logging.getLogger()
    level = root.level
    root.addHandler(keep)
    root.setLevel(logging.DEBUG)
    quiet = logging.getLogger("django.db.backends")
    quiet.setLevel(logging.INFO)
    yield found
    quiet.setLevel(logging.NOTSET)
    root.setLevel(level)
    root.removeHandler(keep)


def test_a_line_for_the_screen_holds_no_text_of_an_error_either(play):
    """PostgreSQL quotes the row in it, SQLite names columns; the cause and the message are no way round."""
    number, found, log = "+6281234567001", [], logging.getLogger("sista.test_lines")

    class Keep(logging.Handler):
        def emit(self, record):
            found.append(LineFormatter().format(record))

    class First(logging.Handler):
        def emit(self, record):
            logging.Formatter().format(record)  # keeps the text on the record

    handlers = [First(), Keep()]
    for handler in handlers:
        log.addHandler(handler)
    try:
        try:
            try:
                raise KeyError(number)
            except KeyError as cause:
                raise IntegrityError(f"duplicate key\nDETAIL: Key (phone)=({number}) already exists.") from cause
        except IntegrityError as error:
            log.exception("not stored: %s", error)
            log.error(error)
    finally:
        for handler in handlers:
            log.removeHandler(handler)
    told, short = found
    assert number not in told + short
    assert "not stored: IntegrityError" in told
    assert told.splitlines()[-1] == "IntegrityError"
    assert "KeyError" in told
    assert f'{__file__}", line' in told
    assert "raise KeyError(number)" in told
    assert short.endswith("ERROR sista.test_lines: IntegrityError")


def request_lines(lines):
    return [told for told in map(json.loads, lines) if told["logger"] == "sista.request"]


def test_a_request_is_one_line_with_its_pattern(client, play, lines):
    form = send(play).form
    client.force_login(play.siti)
    client.get(f"/saksi/kiriman/{form.uuid}/")
    (told,) = request_lines(lines)
    assert re.fullmatch(r"[0-9.]+", str(told.pop("ms")))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", told.pop("time"))
    assert told.pop("message").startswith("GET saksi/kiriman/<uuid:uuid>/ 200 ")
    assert told == {
        "level": "INFO",
        "logger": "sista.request",
        "method": "GET",
        "route": "saksi/kiriman/<uuid:uuid>/",
        "status": 200,
        "role": "saksi",
    }


def test_the_sender_cannot_write_into_the_log(client, db, lines):
    client.generic("BREW", "/no/such/page/%0a{}")
    (told,) = request_lines(lines)
    assert (told["method"], told["route"], told["status"], told["role"]) == ("OTHER", "-", 404, "anonymous")


def test_no_line_names_anyone(client, play, lines, settings):
    """Sign in wrongly and rightly, send a form, look at what is not one's own, and let a view fail."""
    play.siti.full_name, play.siti.phone = "Siti Rahayu Ningsih", "081234567890"
    play.siti.save()
    client.raise_request_exception = False
    client.post("/masuk/", {"username": "siti", "password": "salah-sekali"})
    client.post("/masuk/", {"username": "siti", "password": PASSWORD})
    session = client.session.session_key
    sent = submission(play, "dampit_1", [1234, 2345, 3456], note="catatan rahasia")
    body = {"uuid": str(sent.uuid), "contest": sent.contest_id, "station": sent.station_id, "note": sent.note}
    client.post("/api/v1/forms/", body, content_type="application/json")
    client.get(f"/hasil/pilkada-2020/tps/{play.result('babat_1').pk}/")
    client.get(f"/saksi/{play.result('dampit_1').pk}/c1/?nama=rahayu")
    logging.getLogger("sista").error("not stored: %s", ValueError("Key (username)=(siti) already exists"))
    try:
        raise ValueError("Failing row contains (081234567890, Siti Rahayu Ningsih)")
    except ValueError:
        logging.getLogger("sista").exception("a view failed")
    told = "\n".join(lines)
    assert len(request_lines(lines)) == 5
    assert "ValueError" in told
    secrets = ["siti", "rahayu", "081234567890", PASSWORD, "salah-sekali", "catatan rahasia", session, str(sent.uuid)]
    secrets += ["1234", "2345", "3456"]
    assert [word for word in secrets if word and word.lower() in told.lower()] == []


def test_a_failing_view_is_told_by_type_place_and_pattern(client, play, lines, monkeypatch):
    def fail(*_args, **_kwargs):
        raise ZeroDivisionError("35.07 of Siti")

    monkeypatch.setattr("tallies.views.results.place_for", fail)
    client.raise_request_exception = False
    client.force_login(play.budi)
    assert client.get("/hasil/pilkada-2020/35.07/").status_code == 500
    (told,) = [one for one in map(json.loads, lines) if one["logger"] == "django.request"]
    assert told["message"] == "Internal Server Error: hasil/<slug:slug>/<str:code>/"
    assert told["error"] == "ZeroDivisionError"
    assert any("results.py" in place for place in told["where"])
    assert "Siti" not in json.dumps(told)
