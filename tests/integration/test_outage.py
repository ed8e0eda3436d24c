"""Claims about a database, a disk or a cache that is away in the middle of a request."""

import errno
import logging
from types import SimpleNamespace

import psycopg2.errors
import pytest
from django.core.files.base import ContentFile
from django.db import DataError, InterfaceError, OperationalError, connection
from django.urls import reverse

from accounts.models import Refusal
from sista.photo_storage import DurableFileSystemStorage
from tallies import intake, photos
from tallies.models import C1Form, Photo
from tests.sending import client_of, form_body, picture, send, send_photo, sha256_of

VOTES = [100, 80, 20]


def caused_by(error, cause):
    error.__cause__ = cause
    return error


AWAY = [
    OperationalError("server closed the connection unexpectedly"),
    OperationalError("connection refused"),
    OperationalError("database is locked"),
    InterfaceError("connection already closed"),
    caused_by(OperationalError("admin shutdown"), psycopg2.errors.AdminShutdown()),
]


class DatabaseFails:
    """Fail each statement that holds ``part`` with ``error``."""

    def __init__(self, error, part=""):
        self.error, self.part = error, part

    def __call__(self, execute, sql, params, many, context):
        if self.part in sql:
            raise self.error
        return execute(sql, params, many, context)


def failing(error, part=""):
    return connection.execute_wrapper(DatabaseFails(error, part))


def assert_away(answer, status, *, json):
    assert answer.status_code == status
    assert int(answer["Retry-After"]) > 0
    assert answer["Cache-Control"] == "no-store"
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert not answer.cookies, "nobody is signed out"
    if json:
        assert set(answer.json()) == {"code", "detail", "fields"}
        assert answer.json()["detail"].endswith(".")
    else:
        assert answer["Content-Type"] == "text/plain; charset=utf-8"
        assert "<" not in answer.content.decode()


@pytest.mark.parametrize("error", AWAY, ids=str)
def test_a_form_meets_no_database_503_and_is_taken_afterwards(play, monkeypatch, error):
    body = form_body(play, "dampit_1", VOTES)

    def fails(*args, **kwargs):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(intake, "submit_as_witness", fails)
        answer = send(play.siti, body)
    assert_away(answer, 503, json=True)
    assert answer.json()["code"] == "try_again"
    assert send(play.siti, body).status_code == 201


@pytest.mark.parametrize("part", ["tallies_vote", "tallies_outboxrow", "tallies_auditevent", "tallies_stationresult"])
def test_a_database_that_goes_in_the_middle_leaves_nothing_half_written(play, part):
    client = client_of(play.siti)
    body = form_body(play, "dampit_1", VOTES)
    with failing(OperationalError("gone"), part):
        assert_away(client.post(reverse("api-forms"), body, format="json"), 503, json=True)
    assert not C1Form.objects.exists()
    assert play.result("dampit_1").form is None
    assert client.post(reverse("api-forms"), body, format="json").status_code == 201


@pytest.mark.parametrize("part", ["django_session", "accounts_user"])
@pytest.mark.parametrize("page", [False, True])
def test_a_database_that_is_away_before_the_view_is_503_too(play, part, page):
    """The session and the person are read by middleware, whose errors reach no view."""
    client = client_of(play.budi)
    client.raise_request_exception = False
    address = reverse("region" if page else "api-results", args=[play.election.slug, "35.07"])
    with failing(OperationalError("gone"), part):
        assert_away(client.get(address), 503, json=not page)
    assert client.get(address).status_code == 200


def test_a_page_whose_view_meets_no_database_is_503_in_plain_text(play):
    client = client_of(play.budi)
    with failing(InterfaceError("connection already closed"), "tallies_contest"):
        answer = client.get(reverse("region", args=[play.election.slug, "35.07"]))
    assert_away(answer, 503, json=False)


class DiskFull(psycopg2.errors.DiskFull):
    pgcode = "53100"  # the server sets it


FULL = [
    OSError(errno.ENOSPC, "No space left on device"),
    OSError(errno.EDQUOT, "Disk quota exceeded"),
    OperationalError("database or disk is full"),
    caused_by(OperationalError("could not extend file"), DiskFull()),
]


@pytest.mark.parametrize("error", FULL, ids=str)
def test_a_full_disk_is_507_and_nothing_is_acknowledged(play, monkeypatch, error):
    data = picture()

    def fails(self, name, content):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(DurableFileSystemStorage, "_save", fails)
        answer = send_photo(play.siti, data)
    assert_away(answer, 507, json=True)
    assert answer.json()["code"] == "storage_full"
    assert not Photo.objects.exists()
    assert send_photo(play.siti, data).status_code == 201


def test_a_disk_that_fills_up_half_way_leaves_no_half_photo(play, monkeypatch):
    data = picture()
    folder = photos.original_name(sha256_of(data)).rsplit("/", 1)[0]
    photos.store().save(f"{folder}/another", ContentFile(b"x"))

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        assert send_photo(play.siti, data).status_code == 507
    assert not photos.store().exists(photos.original_name(sha256_of(data)))
    assert photos.store().listdir(folder)[1] == ["another"]


def test_a_form_that_meets_a_full_database_is_507(play):
    client = client_of(play.siti)
    with failing(OperationalError("database or disk is full"), "INSERT"):
        answer = client.post(reverse("api-forms"), form_body(play, "dampit_1", VOTES), format="json")
    assert_away(answer, 507, json=True)
    assert not C1Form.objects.exists()


@pytest.mark.parametrize(
    "error", [ValueError("a mistake of ours"), DataError("too long"), OSError(errno.EACCES, "x")]
)
def test_a_mistake_of_ours_is_no_outage(play, monkeypatch, error):
    def fails(*args, **kwargs):
        raise error

    monkeypatch.setattr(intake, "submit_as_witness", fails)
    client = client_of(play.siti)
    client.raise_request_exception = False
    answer = client.post(reverse("api-forms"), form_body(play, "dampit_1", VOTES), format="json")
    assert answer.status_code == 500
    assert "Retry-After" not in answer


def test_the_log_tells_of_an_outage_without_what_was_sent(play, monkeypatch, caplog):
    def fails(*args, **kwargs):
        raise OperationalError("password=secret")

    monkeypatch.setattr(intake, "submit_as_witness", fails)
    with caplog.at_level(logging.ERROR, logger="sista.outage"):
        send(play.siti, form_body(play, "dampit_1", VOTES))
    lines = [record.getMessage() for record in caplog.records if record.name == "sista.outage"]
    assert len(lines) == 1
    assert lines[0].endswith("503 OperationalError")


# The cache


@pytest.fixture
def redis_away(settings):
    settings.CACHES = {"default": {"BACKEND": "sista.cache.ForgivingRedisCache", "LOCATION": "redis://127.0.0.1:1"}}


def test_forms_and_photos_are_taken_while_redis_is_away(play, redis_away, caplog):
    data = picture()
    body = form_body(play, "dampit_1", VOTES)
    assert [send(play.siti, body).status_code, send(play.siti, body).status_code] == [201, 200]
    assert send_photo(play.siti, data).status_code == 201
    assert "cache away" in caplog.text, "the throttle did ask"


def test_pages_and_the_record_of_refusals_pass_while_redis_is_away(play, redis_away):
    assert client_of(play.budi).get(reverse("region", args=[play.election.slug, "35.07"])).status_code == 200
    assert client_of(play.agus).get(reverse("region", args=[play.election.slug, "35.07"])).status_code == 404
    assert Refusal.objects.filter(user=play.agus).count() == 1


def test_a_rate_limit_answers_in_the_shape_of_a_refusal(play, settings, monkeypatch):
    monkeypatch.setattr("sista.throttles.ForgivingUserThrottle.rate", "2/min", raising=False)
    # In the middle of a window: three requests on both sides of its end would all pass.
    monkeypatch.setattr("sista.cache.time", SimpleNamespace(time=lambda: 1_800_000_030.0))
    answers = [send(play.siti, form_body(play, "dampit_1", VOTES)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert (answers[2].json()["code"], set(answers[2].json())) == ("too_fast", {"code", "detail", "fields"})
    assert 0 < int(answers[2]["Retry-After"]) <= 61
    assert send(play.joko, form_body(play, "dampit_1", VOTES)).status_code == 201, "by person, not by address"
