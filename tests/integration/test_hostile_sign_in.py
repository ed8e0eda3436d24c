"""Claims about people who guess passwords and PINs to get in, or to keep others out."""

import re

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.auth import hashers
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts import known_browsers, signin
from accounts.models import Role, User
from tests.cast import PASSWORD, person
from tests.phones import PIN, enter, locked_phone

SIGN_IN = "/masuk/"
LOCKED_AFTER = 8
VILLAGE = 80


@pytest.fixture(autouse=True)
def _still(monkeypatch):
    """No test runs across the end of a window."""

    class Clock:
        def time(self):
            return 1_607_500_000.0

    monkeypatch.setattr("sista.cache.time", Clock())


def sign_in(client, username="siti", password=PASSWORD):
    return client.post(SIGN_IN, {"username": username, "password": password})


def known(username="siti"):
    """A browser in which the person has signed in, and out again."""
    client = Client()
    assert sign_in(client, username).status_code == 302
    client.post("/keluar/")
    return client


def fill_the_address():
    stranger = Client()
    for guess in range(signin.FAILURES_PER_WINDOW):
        sign_in(stranger, f"orang-{guess}", "tebakan")
    assert sign_in(stranger, "joko").status_code == 429


def lock(username):
    for _guess in range(LOCKED_AFTER):
        answer = sign_in(Client(), username, "tebakan")
    assert answer.status_code == 429


# To keep others out


def test_eighty_witnesses_behind_one_address_get_in_while_one_of_them_is_attacked(play):
    phones = [locked_phone(person(f"saksi-{n}", Role.WITNESS), by=play.budi) for n in range(VILLAGE)]
    lock("saksi-0")
    fill_the_address()
    assert [enter(phone, PIN).status_code for phone in phones] == [302] * VILLAGE


def test_a_witness_without_a_phone_of_theirs_gets_in_from_the_browser_they_used_before(play):
    witness, other = known("siti"), known("joko")
    lock("siti")
    fill_the_address()
    assert sign_in(Client(), "siti").status_code == 429
    assert sign_in(witness, "siti").status_code == 302
    assert sign_in(other, "joko").status_code == 302


def test_a_coordinator_whose_name_everybody_knows_is_not_locked_out_of_the_own_browser(play):
    desk = known("budi")
    for _round in range(3):
        cache.clear()
        lock("budi")
        assert sign_in(desk, "budi").status_code == 302
        desk.post("/keluar/")
    # And the sign-in of its owner does not open the name for the guesser.
    cache.clear()
    assert sign_in(Client(), "budi").status_code == 429


# The mark of a known browser is worth no more


def test_a_known_browser_is_locked_by_its_own_guesses_and_locks_no_other(play):
    stolen, other = known(), known()
    for _guess in range(LOCKED_AFTER):
        answer = sign_in(stolen, password="tebakan")
    assert answer.status_code == 429
    assert sign_in(stolen).status_code == 429
    assert sign_in(other).status_code == 302


def test_a_mark_is_for_one_name(play):
    guesser = known("joko")
    lock("siti")
    fill_the_address()
    assert sign_in(guesser, "siti").status_code == 429


@pytest.mark.parametrize("mark", ["", "x", "WyJhIiwiYiJd:1abcde:xxxxxxxx", "a:b:c:d", "é"])
def test_a_mark_of_ones_own_making_is_none(play, mark):
    forger = Client()
    forger.cookies[known_browsers.COOKIE] = mark
    lock("siti")
    assert sign_in(forger).status_code == 429


def test_a_mark_ends(play, monkeypatch):
    old = known()
    monkeypatch.setattr(known_browsers, "COOKIE_AGE", -1)
    lock("siti")
    assert sign_in(old).status_code == 429


def test_a_mark_opens_nothing_and_does_not_tell_the_name(play):
    browser = known()
    assert browser.get("/saksi/").status_code == 302
    assert "siti" not in browser.cookies[known_browsers.COOKIE].value


def test_nobody_is_locked_by_a_name_that_looks_like_a_mark(play):
    browser = known()
    sign_in(browser, password="tebakan")
    counted = AccessAttempt.objects.get().username
    assert counted.startswith("siti ~")
    assert counted not in browser.cookies[known_browsers.COOKIE].value
    assert not User.objects.filter(username=counted).exists()


# To learn who is there


def test_unknown_closed_and_known_names_get_one_answer_for_one_piece_of_work(play, monkeypatch):
    User.objects.filter(username="joko").update(is_active=False)
    hashed = []
    encode = hashers.get_hasher().__class__.encode
    monkeypatch.setattr(
        hashers.get_hasher().__class__, "encode", lambda *args, **more: hashed.append(1) or encode(*args, **more)
    )
    answers = []
    for username in ("siti", "joko", "tidak-ada"):
        hashed.clear()
        answer = sign_in(Client(), username, "tebakan")
        errors = answer.context["form"].non_field_errors()
        answers.append((answer.status_code, list(errors), len(hashed)))
    assert answers[0][2] == 1
    assert answers == [answers[0]] * 3


def test_a_name_that_is_not_there_is_locked_like_one_that_is(play):
    pages = []
    for username in ("siti", "tidak-ada"):
        cache.clear()
        lock(username)
        answer = sign_in(Client(), username)
        page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())
        pages.append((answer.status_code, page.replace(username, "")))
    assert pages[0] == pages[1]


# What a password and a session are worth


def test_a_long_password_counts_to_its_last_letter(play):
    long = "Kopi pahit di Pasar Dampit, \u2615 " * 4
    play.siti.set_password(long)
    play.siti.save(update_fields=["password"])
    for other in (long[:-1], long.strip(), long.lower(), long[:72]):
        assert sign_in(Client(), password=other).status_code == 200
    assert sign_in(Client(), password=long).status_code == 302


def test_a_session_ends_after_fourteen_days_however_often_it_was_looked_at(play):
    client = Client()
    sign_in(client, "siti")
    began = timezone.now()
    with time_machine.travel(began, tick=False) as now:
        for _day in range(13):
            now.shift(24 * 3600)
            assert client.get("/saksi/").status_code == 200
        now.shift(25 * 3600)
        assert client.get("/saksi/").status_code == 302


def test_whoever_finds_a_session_open_does_not_learn_the_password(play):
    found, owner = Client(), Client()
    sign_in(found, "budi")
    sign_in(owner, "joko")
    new = "kembang-sepatu-merah-7"
    body = {"new_password1": new, "new_password2": new}
    for guess in range(signin.OLD_PASSWORDS):
        assert found.post("/sandi/", body | {"old_password": f"tebakan-{guess}"}).status_code == 200
    answer = found.post("/sandi/", body | {"old_password": PASSWORD})  # the right one: not even looked at
    assert answer.status_code == 429
    assert f"Tunggu {answer['Retry-After']} detik" in answer.content.decode()
    assert User.objects.get(username="budi").check_password(PASSWORD)
    assert owner.post("/sandi/", body | {"old_password": PASSWORD}).status_code == 302
