"""Claims about every answer: its headers and cookies, what it tells of an error, what it refuses unread."""

import io
import re

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from accounts import body_limits
from accounts.models import User
from sista.answer_headers import EVERYWHERE
from tallies.wording_refusals import MOST_PHOTOS
from tests.cast import PASSWORD
from tests.permission_walk import _named
from tests.phones import activated_phone

#: Who comes there signs every request, and has no browser.
WITHOUT_TOKEN = {"sms-inbound"}
ZERO = "00000000-0000-0000-0000-000000000000"


def address_of(route):
    """Any address of a pattern: what is asked here is decided before its keys are looked up."""
    if "(?P" in route or "^" in route:
        return None  # of the admin, which the other patterns stand for
    values = {"int": "1", "uuid": ZERO}
    return "/" + re.sub(r"<(?:(\w+):)?\w+>", lambda found: values.get(found[1] or "str", "x"), route)


# Headers


@pytest.fixture
def broken(monkeypatch):
    def fail(*_args, **_more):
        raise RuntimeError("sandi rahasia dari basis data")

    monkeypatch.setattr("accounts.views.SignInForm.is_valid", fail)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/masuk/", 200),
        ("get", "/", 302),
        ("get", "/tidak/ada/", 404),
        ("get", "/keluar/", 405),
        ("post", "/sms/masuk/", 404),
        ("get", "/api/v1/elections/", 403),
        ("get", "/api/tidak-ada/", 404),
        ("get", "/healthz", 200),
        ("post", "/healthz", 405),
        ("get", "/metrics", 200),
        ("get", "/static/css/tokens.css", None),
    ],
)
def test_every_kind_of_answer_has_every_header(db, client, method, path, status):
    answer = getattr(client, method)(path)
    assert status in (None, answer.status_code)
    missing = {name for name in EVERYWHERE if not answer.headers.get(name)}
    assert missing == set()
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "object-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "base-uri 'none'" in answer.headers["Content-Security-Policy"]


def test_pages_have_the_policy_that_allows_only_the_own_scripts(db, client):
    policy = client.get("/masuk/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_what_an_answer_says_of_itself_stays(play, client):
    assert client.get("/aktivasi/x/").headers["Referrer-Policy"] == "no-referrer, strict-origin"


# Errors


def test_an_error_of_ours_is_told_without_anything_of_it(db, broken):
    client = Client(raise_request_exception=False)
    answer = client.post("/masuk/", {"username": "siti", "password": "rahasia-saya"})
    assert answer.status_code == 500
    page = answer.content.decode()
    for told in ("RuntimeError", "rahasia", "Traceback", "accounts/", "siti"):
        assert told not in page
    assert {name for name in EVERYWHERE if name not in answer.headers} == set()


@pytest.mark.parametrize("path", ["/tidak/ada/", "/api/tidak-ada/", "/masuk/%00", "/hasil/../../etc/passwd"])
def test_an_address_that_is_not_there_tells_nothing_of_the_program(db, client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    for told in ("urlpatterns", "Traceback", "sista.urls", "Django"):
        assert told not in answer.content.decode()


def test_a_host_that_is_not_ours_is_refused_without_a_word_about_it(db, client, settings):
    settings.ALLOWED_HOSTS = ["sista.example"]
    answer = client.get("/masuk/", headers={"host": "jahat.example"})
    assert answer.status_code == 400
    assert "jahat" not in answer.content.decode()


# Forged forms


def test_every_address_that_takes_a_post_refuses_one_without_the_token(play):
    User.objects.create_superuser("pusat", password=PASSWORD)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="pusat"))
    asked, let_in = 0, {}
    for name, route in _named(get_resolver()):
        address = address_of(route)
        if address is None or name in WITHOUT_TOKEN:
            continue
        asked += 1
        status = strict.post(address).status_code
        # An API address that does not know the method says so only to who may ask at all.
        if status != 403:
            let_in[name] = status
    assert asked > 100
    assert let_in == {}


# Cookies


def test_every_cookie_has_its_flags(play, settings):
    settings.HTTPS = settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    phone = activated_phone(play.siti, by=play.budi)
    phone.get("/saksi/")
    desk = Client()
    desk.get("/masuk/")
    desk.post("/masuk/", {"username": "budi", "password": PASSWORD})
    desk.post(reverse("set-language"), {"language": "en"})
    cookies = {**phone.cookies, **desk.cookies}
    readable = {name for name, cookie in cookies.items() if not cookie["httponly"]}
    assert set(cookies) == {"sessionid", "csrftoken", "django_language", "sista-ponsel", "sista-orang", "sista-kenal"}
    # The phone's page asks who signed in last; the token is in every page anyway. Neither opens anything.
    assert readable == {"sista-orang", "csrftoken"}
    assert {name for name, cookie in cookies.items() if not cookie["secure"]} == set()
    assert {cookie["samesite"] for cookie in cookies.values()} == {"Lax"}
    assert {cookie["domain"] for cookie in cookies.values()} == {""}


# What is refused unread


class Unread(io.BytesIO):
    """A body of which nobody may read a byte."""

    def read(self, *_size):
        raise AssertionError("the body was read")

    readline = readlines = __iter__ = read


def send(client, path, length, content_type="multipart/form-data; boundary=x"):
    more = {"wsgi.input": Unread(), "CONTENT_LENGTH": str(length), "CONTENT_TYPE": content_type}
    return client.generic("POST", path, **more)


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def test_a_stranger_fills_no_disk(db, client):
    for path in ("/masuk/", "/pin/", "/bahasa/", "/aktivasi/x/", "/saksi/", "/sms/masuk/"):
        answer = send(client, path, body_limits.STRANGERS_MOST_BYTES + 1)
        assert answer.status_code == 413, path
        assert "Masuk dahulu" in answer.content.decode()


def test_who_is_signed_in_sends_photos_and_no_more(play, settings):
    client = signed_in(play.siti)
    most = MOST_PHOTOS * settings.PHOTO_MAX_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert send(client, "/saksi/", most + 1).status_code == 413
    with pytest.raises(AssertionError, match="the body was read"):
        send(client, "/bahasa/", most)


def test_figures_and_words_are_no_photos(play, settings):
    length = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
    answer = send(signed_in(play.siti), "/bahasa/", length, "application/x-www-form-urlencoded")
    assert answer.status_code == 413


@pytest.mark.parametrize("length", ["", "x", "-5", "9" * 30])
def test_a_length_that_is_none_harms_nothing(db, client, length):
    answer = client.generic("POST", "/bahasa/", CONTENT_LENGTH=length)
    assert answer.status_code in (302, 400, 413)


def test_the_limits_are_those_of_what_may_be_sent(settings):
    assert body_limits.MOST_FILES == MOST_PHOTOS
    assert settings.IMPORT_MAX_BYTES <= body_limits.MOST_FILES * settings.PHOTO_MAX_BYTES


def test_the_api_answers_itself_so_that_a_phone_keeps_what_it_sent(play, client):
    answer = client.put(f"/api/v1/photos/{'a' * 64}/", b"x" * (body_limits.STRANGERS_MOST_BYTES + 1))
    assert answer.status_code == 403
    assert answer.json()["code"]
