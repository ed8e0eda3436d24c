"""Claims about docker-compose.yml: what it promises; its commands as processes, killed while forms come in."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import secrets
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2
import pytest
import redis
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from sista import environment
from tests.cast import PASSWORD
from tests.compose_processes import DOCKERFILE, ROOT, SERVICES, Processes, until
from tests.sending import picture, sha256_of

LASTING = ("web", "worker", "photo-worker", "findings-worker", "export-worker", "beat")
OURS = ("migrate", *LASTING)
PARTS = ("postgres", "redis", "seaweedfs")
STATIONS = 200
POSTGRES = os.environ.get("DATABASE_URL", "postgres://root@127.0.0.1:5432/test").rpartition("/")[0]
REDIS = "redis://127.0.0.1:6379/14"


# What the file promises


def test_all_parts_are_there():
    assert sorted(SERVICES) == sorted(OURS + PARTS)


@pytest.mark.parametrize("service", [name for name in (*OURS, *PARTS) if name != "migrate"])
def test_every_lasting_service_has_a_health_check_and_comes_back(service):
    assert SERVICES[service]["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert SERVICES[service]["restart"] in ("always", "unless-stopped")


@pytest.mark.parametrize("service", LASTING)
def test_nothing_starts_before_the_one_migration_is_done(service):
    assert SERVICES[service]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_the_migration_runs_once_and_waits_for_the_parts():
    assert SERVICES["migrate"]["restart"] in ("no", "on-failure")
    assert {part: needed["condition"] for part, needed in SERVICES["migrate"]["depends_on"].items()} == dict.fromkeys(
        PARTS, "service_healthy"
    )


def test_nothing_of_ours_runs_as_root():
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)[-1].split(":")[0] not in ("root", "0")
    assert [SERVICES[name].get("user") for name in OURS] == [None] * len(OURS)


@pytest.mark.parametrize("service", OURS)
def test_what_runs_may_change_nothing_but_its_own_tmp(service):
    given = SERVICES[service]
    assert (given["read_only"], given["tmpfs"], given["cap_drop"]) == (True, ["/tmp"], ["ALL"])
    assert "volumes" not in given


def test_no_secret_is_in_the_image_or_the_file():
    secret_names = {v.name for v in environment.VARIABLES if v.secret}
    assert not re.findall(rf"^(?:ENV|ARG) +(?:{'|'.join(secret_names)})", DOCKERFILE, re.MULTILINE)
    given = [item for name in OURS for item in SERVICES[name]["environment"].items() if item[0] in secret_names]
    written_out = {name: value for name, value in given if not re.search(r"\$\{\w+(:[?-][^}]*)?\}", value)}
    assert written_out == {"REDIS_URL": "redis://redis:6379/0"}  # no password in it
    assert {".git", "var", ".env"} <= {line.strip("/") for line in (ROOT / ".dockerignore").read_text().split()}


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The data folder as the image has it: the manage.py commands of the Dockerfile, run here."""
    data = tmp_path_factory.mktemp("image")
    commands = re.findall(r"(SISTA_SECRET_KEY=\w+ python manage\.py [^\\&\n]+)", DOCKERFILE)
    assert len(commands) == DOCKERFILE.count("manage.py") > 0
    environ = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "SISTA_DATA": str(data)}
    for command in commands:
        subprocess.run(command, shell=True, check=True, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL)
    return data


def test_building_leaves_no_key_in_the_image(image):
    assert sorted(path.name for path in image.iterdir()) == ["scripts", "static"]
    assert (image / "static/staticfiles.json").exists()


def test_only_the_web_service_can_be_reached_from_outside():
    assert [name for name in SERVICES if SERVICES[name].get("ports")] == ["web"]


@pytest.mark.parametrize("service", OURS)
def test_every_variable_is_one_that_sista_knows(service):
    ours = {name for name in SERVICES[service]["environment"] if name.startswith((*environment.PREFIXES, "DATABASE"))}
    assert ours <= environment.known_names()


@pytest.mark.parametrize("service", sorted(PARTS))
def test_images_of_parts_have_a_version(service):
    assert re.fullmatch(r"[\w./-]+:\d[\w.-]*", SERVICES[service]["image"])


# The commands as processes


SEED = f"""
import json
from regions.models import Region
from tallies import assigning, preparation
from tallies.totals import rebuilding
from tests import cast
play = cast.make_play()
village = Region.objects.get(code="35.07.05.1002")
made = preparation.add_stations(
    play.election, [preparation.NewStation(village.pk, number, 150, 150) for number in range(2, {STATIONS} + 2)]
)
for station in made:
    assigning.assign(station, play.siti, by=play.dewi)
rebuilding.rebuild(play.election)
print(json.dumps({{"contest": play.malang.pk, "stations": [station.pk for station in made]}}))
"""

READ_BACK = """
import json
from tallies.totals import rebuilding
from tallies.models import C1Form, ContestTotal, Election, OutboxRow, PairTotal
left = OutboxRow.objects.count()
total = ContestTotal.objects.get(region__code="35.07")
print(json.dumps({
    "forms": [str(key) for key in C1Form.objects.values_list("uuid", flat=True)],
    "left": left,
    "stations_in": total.stations_in,
    "votes": list(PairTotal.objects.filter(region__code="35.07").order_by("pair_id").values_list("votes", flat=True)),
    "differences": rebuilding.differences(Election.objects.get()),
}))
"""


@pytest.fixture(scope="module")
def database():
    """An empty database of its own on the local server."""
    name = f"sista_compose_{os.getpid()}"
    try:
        link = psycopg2.connect(f"{POSTGRES}/postgres", connect_timeout=3)
    except psycopg2.OperationalError:
        pytest.skip("needs PostgreSQL at 127.0.0.1:5432")
    link.autocommit = True
    with link.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name}")
        yield f"{POSTGRES}/{name}"
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
    link.close()


@pytest.fixture(scope="module")
def broker():
    link = redis.Redis.from_url(REDIS, socket_connect_timeout=1)
    try:
        link.flushdb()
    except redis.RedisError:
        pytest.skip("needs Redis at 127.0.0.1:6379")
    yield REDIS
    link.flushdb()
    link.close()


@pytest.fixture(scope="module")
def store():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def system(image, database, broker, store, tmp_path_factory):
    """Everything of ours, migrated and started in the order of the file."""
    here = {
        "SISTA_DATA": str(image),
        "DATABASE_URL": database,
        "REDIS_URL": broker,
        "S3_ENDPOINT": store,
        "S3_ACCESS_KEY": "access",
        "S3_SECRET_KEY": secrets.token_hex(16),
        "SISTA_SECRET_KEY": secrets.token_urlsafe(50),
        "SISTA_HOSTS": "127.0.0.1",
        "SISTA_HTTPS": "0",
        "SISTA_SECOND_FACTOR": "optional",  # a coordinator signs in here with a password
        "POSTGRES_PASSWORD": secrets.token_hex(16),
    }
    processes = Processes(here, tmp_path_factory.mktemp("compose"))
    try:
        processes.run_once("migrate")
        for service in LASTING:
            processes.start(service)
        until(lambda: answers(processes), "the web process answers")
        yield processes
    finally:
        processes.stop()


def get(system, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{system.port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode()


def answers(system):
    try:
        return get(system, "/healthz")[0] == 200
    except OSError:
        return False


class Person:
    """Somebody with a browser of their own."""

    def __init__(self, system: Processes, username: str) -> None:
        self.base = f"http://127.0.0.1:{system.port}"
        self.cookies = http.cookiejar.CookieJar()
        self.browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        self.ask("GET", "/masuk/")
        sent = urllib.parse.urlencode({"username": username, "password": PASSWORD, "csrfmiddlewaretoken": self.token})
        self.ask("POST", "/masuk/", sent.encode(), "application/x-www-form-urlencoded")

    @property
    def token(self) -> str:
        return next(cookie.value or "" for cookie in self.cookies if cookie.name == "csrftoken")

    def ask(self, method: str, path: str, data: bytes | None = None, content_type: str = "") -> tuple[int, bytes]:
        request = urllib.request.Request(self.base + path, data, method=method)
        if data is not None:
            request.add_header("Content-Type", content_type)
            request.add_header("X-CSRFToken", self.token)
            request.add_header("Referer", self.base)
        try:
            with self.browser.open(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read()

    def send(self, body: dict) -> int:
        return self.ask("POST", "/api/v1/forms/", json.dumps(body).encode(), "application/json")[0]


def form(seeded, place, votes, photos=()):
    total = sum(votes)
    return {
        "uuid": str(uuid.uuid4()),
        "contest": seeded["contest"],
        "station": seeded["stations"][place],
        "votes": {str(number): count for number, count in enumerate(votes, start=1)},
        "figures": {"voters_total": total + 5, "valid_votes": total, "invalid_votes": 5},
        "photos": [{"sha256": sha256, "page": 1} for sha256 in photos],
    }


@dataclass
class Phones:
    """Witnesses who send one form after the other, and again what was not answered, as the phone does."""

    person: Person
    seeded: dict
    place: int = 1
    accepted: dict[str, int] = field(default_factory=dict)
    refused: list[int] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.over.is_set() and self.place < STATIONS:
            sent = form(self.seeded, self.place, (100, 60, self.place % 50))
            while not self.over.is_set():
                try:
                    status = self.person.send(sent)
                except OSError:
                    status = 503  # nobody answered
                if status in (200, 201):
                    self.accepted[sent["uuid"]] = self.place
                    break
                if status not in (502, 503, 504):
                    self.refused.append(status)
                    break
                time.sleep(0.1)
            self.place += 1
            time.sleep(0.05)

    def has_sent(self, more: int, since: int) -> bool:
        return len(self.accepted) >= since + more


@pytest.fixture(scope="module")
def seeded(system):
    return json.loads(system.python(SEED))


@pytest.mark.services
def test_a_form_with_its_photo_goes_through(system, seeded):
    siti, data = Person(system, "siti"), picture(size=(1200, 900))
    assert siti.ask("PUT", f"/api/v1/photos/{sha256_of(data)}/", data, "application/octet-stream")[0] == 201
    sent = form(seeded, 0, (111, 80, 20), [sha256_of(data)])
    assert siti.send(sent) == 201
    budi = Person(system, "budi")
    photo = f"/hasil/foto/{sent['uuid']}/{sha256_of(data)}/"
    until(lambda: budi.ask("GET", photo)[0] == 200, "the worker made the copy, and it is shown")
    status, page = budi.ask("GET", "/hasil/pilkada-2020/35.07/")
    assert status == 200
    assert b"111" in page
    assert budi.ask("GET", photo)[1][:3] == b"\xff\xd8\xff"


@pytest.mark.services
@pytest.mark.parametrize("service", LASTING)
def test_its_health_check_is_content(system, service):
    until(lambda: system.is_healthy(service), f"the health check of {service}")


@pytest.mark.services
def test_it_is_ready_and_counts_over_all_processes(system, seeded):
    until(lambda: get(system, "/readyz")[0] == 200, "ready")
    assert json.loads(get(system, "/readyz")[1]) == {
        "status": "ready",
        "database": "ok",
        "broker": "ok",
        "photos": "ok",
        "outbox": "ok",
    }
    name = 'sista_requests_total{method="GET",route="masuk/",status="200"}'

    def count():
        found = re.search(re.escape(name) + r" ([0-9.]+)", get(system, "/metrics")[1])
        return float(found[1]) if found else 0.0

    before = count()
    for _time in range(20):
        get(system, "/masuk/")
    assert count() == before + 20
    assert system.environment("web")["WEB_CONCURRENCY"] == "2"


@pytest.mark.services
def test_killed_one_by_one_nothing_is_lost(system, seeded):
    phones = Phones(Person(system, "siti"), seeded)
    sender = threading.Thread(target=phones.run)
    sender.start()
    try:
        until(lambda: phones.has_sent(5, 0), "forms come in")
        for service in LASTING:
            since = len(phones.accepted)
            system.kill(service)
            if service != "web":
                until(lambda since=since: phones.has_sent(5, since), f"forms are taken in without {service}")
            system.start(service)
            until(lambda: answers(system), "the web process answers")
            since = len(phones.accepted)
            until(lambda since=since: phones.has_sent(5, since), f"forms come in after {service} is back")
    finally:
        phones.over.set()
        sender.join(30)
    assert phones.refused == []

    def told():
        found = json.loads(get(system, "/readyz")[1])
        rows = re.search(r"^sista_outbox_rows ([0-9.]+)", get(system, "/metrics")[1], re.MULTILINE)
        return found["outbox"] == "ok" and rows and float(rows[1]) == 0

    until(told, "the worker has caught up")
    back = json.loads(system.python(READ_BACK))
    assert set(phones.accepted) - set(back["forms"]) == set()
    assert back["left"] == 0
    assert back["differences"] == []
    places = set(phones.accepted.values())
    assert back["stations_in"] == len(back["forms"]) >= len(places)


@pytest.mark.services
def test_nothing_was_written_beside_tmp(system, seeded, image):
    """As the file system of the containers is read only."""
    assert sorted(path.name for path in image.iterdir()) == ["scripts", "static"]


@pytest.mark.services
def test_logs_are_json_and_name_nobody(system, seeded):
    told = "".join(system.log(service) for service in LASTING)
    lines = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    assert {line["route"] for line in lines if line["logger"] == "sista.request"} >= {"masuk/", "api/v1/forms/"}
    secret = ["siti", "budi", PASSWORD, system.here["SISTA_SECRET_KEY"], system.here["S3_SECRET_KEY"]]
    assert [word for word in secret if re.search(rf"\b{re.escape(word)}\b", told, re.IGNORECASE)] == []


def test_the_image_has_the_programs_of_a_backup_in_the_version_of_the_server():
    dockerfile, compose = ((ROOT / name).read_text() for name in ("Dockerfile", "docker-compose.yml"))
    assert "postgresql-client" in dockerfile
    # What Debian 12 brings.
    assert "bookworm" in dockerfile
    assert "image: postgres:15" in compose
