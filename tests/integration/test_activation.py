"""Claims about the link that makes a phone a witness's, and about the PIN that opens it afterwards."""

import io
import json
import logging
from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import activation, devices, pins, signin
from accounts.models import Activation, Device, Refusal, Role, User
from sista.logging_json import JsonFormatter, WithoutAddresses
from tests.cast import PASSWORD, person
from tests.phones import (
    OTHER_PIN,
    PIN,
    activated_phone,
    enter,
    is_in,
    key_of,
    link_for,
    locked_phone,
    open_link,
)

UNUSABLE = "Tautan ini tidak bisa dipakai"


# The link


def test_a_link_asks_whose_it_is_and_is_not_used_up_by_looking(play):
    link = link_for(play.siti, by=play.budi)
    for client in (Client(), Client()):
        page = client.get(link)
        assert page.status_code == 200
        assert "Anda Siti?" in page.content.decode()
        assert client.head(link).status_code == 200
    assert not Device.objects.exists()
    _phone, answer = open_link(link)
    assert answer.status_code == 302


def test_a_link_activates_the_phone_for_every_tps_of_the_witness(play):
    phone = activated_phone(play.siti, by=play.budi)
    page = phone.get(reverse("witness-home")).content.decode()
    assert "TPS 001" in page
    assert "TPS 002" in page
    link, device = Activation.objects.get(), Device.objects.get()
    assert (link.user, link.issued_by, link.used_at is not None) == (play.siti, play.budi, True)
    assert (device.user, device.activation, device.ended_at) == (play.siti, link, None)


def test_a_district_witness_is_activated_too(play):
    phone = activated_phone(person("ppk", Role.DISTRICT_WITNESS, "35.07.05"), by=play.budi)
    assert "Isi D.Hasil Kecamatan" in phone.get("/", follow=True).content.decode()


@pytest.mark.parametrize("who", ["budi", "dewi", "nasi", "oper"])
def test_nobody_else_gets_a_link(play, who):
    with pytest.raises(activation.NotActivatable):
        activation.issue(play.people[who], by=play.dewi)
    assert not Activation.objects.exists()


@pytest.mark.parametrize("change", [{"is_superuser": True}, {"is_staff": True}, {"is_active": False}])
def test_a_witness_with_wider_power_or_none_gets_no_link(play, change):
    User.objects.filter(pk=play.siti.pk).update(**change)
    with pytest.raises(activation.NotActivatable):
        activation.issue(play.siti, by=play.budi)


def test_neither_the_token_nor_the_key_nor_the_pin_is_in_the_database(play):
    token = activation.issue(play.siti, by=play.budi)
    phone, _answer = open_link(reverse("activate", args=[token]))
    stored = str(list(Activation.objects.values())) + str(list(Device.objects.values()))
    for secret in (token, key_of(phone), PIN):
        assert secret not in stored


def test_a_link_has_256_random_bits(play):
    tokens = {activation.issue(play.siti, by=play.budi) for _ in range(5)}
    assert {len(token) for token in tokens} == {43}
    assert len(tokens) == 5


def test_the_phone_gets_a_key_that_scripts_and_other_sites_do_not(play, settings):
    settings.SESSION_COOKIE_SECURE = True
    _phone, answer = open_link(link_for(play.siti, by=play.budi))
    cookie = answer.cookies[devices.COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", True)
    assert cookie["max-age"] == 400 * 24 * 3600
    assert len(cookie.value) == 43


def _spoilt(play, how):
    """A link that cannot be used, for each reason there is."""
    link = link_for(play.siti, by=play.budi)
    if how == "used":
        open_link(link)
    elif how == "revoked":
        activation.revoke(play.siti, by=play.budi)
    elif how == "issued again":
        activation.issue(play.siti, by=play.rina)
    elif how == "expired":
        Activation.objects.update(expires_at=timezone.now())
    elif how == "no witness any more":
        User.objects.filter(pk=play.siti.pk).update(role=Role.OPERATOR, region=play.budi.region)
    elif how == "account closed":
        User.objects.filter(pk=play.siti.pk).update(is_active=False)
    return link if how != "unknown" else "/aktivasi/tidak-pernah-ada/"


REASONS = ["used", "revoked", "issued again", "expired", "no witness any more", "account closed", "unknown"]


@pytest.mark.parametrize("reason", REASONS)
def test_a_link_that_cannot_be_used_tells_nothing_but_what_to_do(play, reason):
    link, devices_before = _spoilt(play, reason), Device.objects.count()
    stranger = Client()
    nothing_known = stranger.get("/aktivasi/tidak-pernah-ada/").content
    for answer in (stranger.get(link), open_link(link, client=stranger)[1]):
        assert answer.status_code == 404
        assert answer.content == nothing_known
        text = answer.content.decode()
        assert UNUSABLE in text
        assert "Telepon Koordinator DPC" in text
        assert "Siti" not in text
    assert Device.objects.count() == devices_before
    assert "_auth_user_id" not in stranger.session


def test_the_phone_that_used_a_link_goes_on_to_its_pin(play):
    link = link_for(play.siti, by=play.budi)
    phone, _answer = open_link(link)
    phone.post("/keluar/")
    assert phone.get(link).url == reverse("pin")
    # Another witness's phone is a stranger to it.
    assert activated_phone(play.joko, by=play.budi).get(link).status_code == 404


def test_a_link_lasts_as_long_as_is_set(play, settings):
    settings.ACTIVATION_DAYS = 3
    link = link_for(play.siti, by=play.budi)
    with time_machine.travel(timezone.now() + timedelta(days=2, hours=23), tick=False):
        assert Client().get(link).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=3, seconds=1), tick=False):
        assert Client().get(link).status_code == 404


def test_one_open_link_and_one_phone_a_person(play):
    for _ in range(3):
        activation.issue(play.siti, by=play.budi)
    assert Activation.objects.count() == 3
    assert Activation.objects.open().count() == 1
    assert Activation.objects.filter(revoked_by=play.budi).count() == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        Activation.objects.create(user=play.siti, token_hash="x" * 64, expires_at=timezone.now())
    activated_phone(play.siti, by=play.budi)
    link = Activation.objects.filter(device=None).first()
    with pytest.raises(IntegrityError), transaction.atomic():
        Device.objects.create(user=play.siti, key_hash="x" * 64, pin="", activation=link)


# The PIN that is chosen


@pytest.mark.parametrize(
    ("pin", "again", "sentence"),
    [
        ("123456", "123456", "terlalu mudah ditebak"),
        ("000000", "000000", "terlalu mudah ditebak"),
        ("12345", "12345", "Tulis 6 angka"),
        ("abcdef", "abcdef", "Tulis 6 angka"),
        ("١٢٣٤٥٧", "١٢٣٤٥٧", "Tulis 6 angka"),
        ("", "", "Isian ini masih kosong"),
        (PIN, OTHER_PIN, "Kedua PIN berbeda"),
    ],
)
def test_a_pin_that_will_not_do_says_why_and_uses_nothing_up(play, client, pin, again, sentence):
    link = link_for(play.siti, by=play.budi)
    page = client.post(link, {"pin": pin, "again": again}).content.decode()
    assert sentence in page
    assert f'value="{pin}"' not in page or not pin
    assert not Device.objects.exists()
    assert client.get(link).status_code == 200


EASY = ["123456", "654321", "890123", "210987", "000000", "999999", "121212", "123123", "112233", "998877"]


@pytest.mark.parametrize("pin", EASY)
def test_a_pin_that_is_tried_first_is_not_taken(pin):
    assert pins.is_easy(pin)


def test_few_pins_are_refused():
    refused = sum(pins.is_easy(f"{number:06}") for number in range(1_000_000))
    assert refused == 1_130


# The way in afterwards


def test_the_session_key_changes_with_the_activation_and_with_the_pin(play, client):
    client.get("/masuk/")
    session = client.session
    session["before"] = True
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before
    open_link(link_for(play.siti, by=play.budi), client=client)
    first = client.session.session_key
    assert first != before
    client.post("/keluar/")
    enter(client, PIN)
    assert client.session.session_key not in (before, first)
    assert Session.objects.count() == 1


def test_after_signing_out_the_pin_is_enough_and_needed(play):
    phone = locked_phone(play.siti, by=play.budi)
    assert not is_in(phone)
    page = phone.get(reverse("pin")).content.decode()
    assert "Siti" in page
    assert enter(phone, PIN).url == "/"
    assert is_in(phone)


def test_the_pin_alone_opens_nothing_without_the_phone(play):
    locked_phone(play.siti, by=play.budi)
    stranger = Client()
    for answer in (stranger.get(reverse("pin")), enter(stranger, PIN)):
        assert answer.url == "/masuk/"
    assert "_auth_user_id" not in stranger.session


def test_the_door_leads_a_known_phone_to_its_pin_and_keeps_where_it_was_going(play):
    phone = locked_phone(play.siti, by=play.budi)
    door = phone.get("/saksi/").url
    pin_page = phone.get(door).url
    assert pin_page == "/pin/?next=%2Fsaksi%2F"
    assert 'value="/saksi/"' in phone.get(pin_page).content.decode()
    assert enter(phone, PIN, next="/saksi/").url == "/saksi/"


@pytest.mark.parametrize("elsewhere", ["https://jahat.example/", "//jahat.example", "javascript:alert(1)"])
def test_the_pin_leads_to_no_other_site(play, elsewhere):
    assert enter(locked_phone(play.siti, by=play.budi), PIN, next=elsewhere).url == "/"


def test_a_known_phone_may_still_use_a_password(play):
    phone = locked_phone(play.siti, by=play.budi)
    assert "/masuk/?sandi" in phone.get(reverse("pin")).content.decode()
    assert phone.get("/masuk/?sandi").status_code == 200
    phone.post("/masuk/?sandi", {"username": "siti", "password": PASSWORD})
    assert is_in(phone)


def test_somebody_else_signing_in_with_a_password_on_the_phone_is_not_bound_to_it(play):
    phone = locked_phone(play.siti, by=play.budi)
    phone.post("/masuk/?sandi", {"username": "budi", "password": PASSWORD})
    del phone.cookies[devices.COOKIE]
    assert phone.get("/hasil/").status_code in (200, 302)
    assert phone.session["_auth_user_id"] == str(play.budi.pk)


# A stolen cookie, a lost phone


def test_a_stolen_session_cookie_alone_opens_nothing(play):
    phone, thief = activated_phone(play.siti, by=play.budi), Client()
    thief.cookies["sessionid"] = phone.cookies["sessionid"].value
    assert thief.get("/saksi/").status_code == 302
    # And it is over: the thief may not try the key of another phone.
    thief.cookies[devices.COOKIE] = key_of(activated_phone(play.joko, by=play.budi))
    assert thief.get("/saksi/").status_code == 302
    assert not is_in(phone)


def test_a_stolen_session_cookie_opens_nothing_of_the_api_either(play):
    phone, thief = activated_phone(play.siti, by=play.budi), Client()
    thief.cookies["sessionid"] = phone.cookies["sessionid"].value
    assert thief.get("/api/v1/stations/").status_code in (401, 403, 404)
    assert "_auth_user_id" not in thief.session


def test_sessions_of_staff_need_no_phone(play, client):
    client.post("/masuk/", {"username": "budi", "password": PASSWORD})
    assert client.get("/").url == reverse("results-home")


def test_the_check_of_the_phone_asks_the_database_nothing(play):
    phone, plain = activated_phone(play.siti, by=play.budi), Client()
    plain.force_login(play.siti)
    counts = []
    for client in (phone, plain):
        client.get("/saksi/")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            client.get("/saksi/")
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_new_activation_puts_the_old_phone_out_at_its_next_request(play):
    old = activated_phone(play.siti, by=play.budi)
    assert is_in(old)
    new = activated_phone(play.siti, by=play.budi, pin=OTHER_PIN)
    assert not is_in(old)
    assert enter(old, PIN).url == "/masuk/"
    assert is_in(new)
    ended, active = Device.objects.order_by("pk")
    assert (ended.ended_by, ended.ended_at is not None, active.ended_at) == (play.siti, True, None)


def test_a_lost_phone_is_out_before_the_new_link_is_opened(play):
    old, other = activated_phone(play.siti, by=play.budi), activated_phone(play.joko, by=play.budi)
    token = activation.replace_lost(play.siti, by=play.rina)
    assert not is_in(old)
    assert enter(old, PIN).status_code == 302
    assert not is_in(old)
    assert is_in(other)
    assert Device.objects.get(user=play.siti).ended_by == play.rina
    assert Client().get(reverse("activate", args=[token])).status_code == 200


def test_a_password_on_the_phone_does_not_outlive_it(play):
    phone = locked_phone(play.siti, by=play.budi)
    phone.post("/masuk/?sandi", {"username": "siti", "password": PASSWORD})
    assert is_in(phone)
    activation.replace_lost(play.siti, by=play.budi)
    assert not is_in(phone)


def test_who_becomes_a_coordinator_is_out_and_needs_a_password(play):
    phone = activated_phone(play.siti, by=play.budi)
    User.objects.filter(pk=play.siti.pk).update(role=Role.COORDINATOR, region=play.budi.region)
    assert phone.get("/hasil/").url.startswith("/masuk/")
    assert enter(phone, PIN).url == "/masuk/"


def test_a_closed_account_is_out(play):
    phone = activated_phone(play.siti, by=play.budi)
    User.objects.filter(pk=play.siti.pk).update(is_active=False)
    assert not is_in(phone)
    assert enter(phone, PIN).url == "/masuk/"


# Guessing


@pytest.fixture
def clock(monkeypatch):
    """The windows of an address stand still, so that no test runs across the end of one."""

    class Clock:
        now = 1_607_500_000.0

        def time(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr("sista.cache.time", clock)
    return clock


def test_a_wrong_pin_says_so_and_is_counted(play, clock):
    phone = locked_phone(play.siti, by=play.budi)
    answer = enter(phone, OTHER_PIN)
    assert "PIN tidak cocok" in answer.content.decode()
    assert Device.objects.get().failures == 1
    enter(phone, "12")  # no PIN, no guess
    assert Device.objects.get().failures == 1
    enter(phone, PIN)
    assert Device.objects.get().failures == 0


def test_after_five_wrong_pins_the_phone_waits_and_is_told_how_long(play, clock):
    phone = locked_phone(play.siti, by=play.budi)
    with time_machine.travel(timezone.now(), tick=False) as now:
        for _ in range(5):
            answer = enter(phone, OTHER_PIN)
        assert "Tunggu 30 detik" in answer.content.decode()
        waits = []
        for _ in range(7):
            refused = enter(phone, PIN)  # the right one: not even looked at
            assert refused.status_code == 429
            waits.append(int(refused.headers["Retry-After"]))
            assert f"Tunggu {waits[-1]} detik" in refused.content.decode()
            now.shift(waits[-1])
            clock.now += 60
            enter(phone, OTHER_PIN)
        assert waits == [30, 60, 120, 240, 480, 900, 900]
        now.shift(900)
        clock.now += 900
        assert enter(phone, PIN).status_code == 302
    device = Device.objects.get()
    assert (device.failures, device.locked_until) == (0, None)


def test_one_phone_waiting_keeps_no_other_waiting(play, clock):
    guessed, other = locked_phone(play.siti, by=play.budi), locked_phone(play.joko, by=play.budi)
    for _ in range(6):
        enter(guessed, OTHER_PIN)
    assert enter(other, PIN).status_code == 302


def test_a_village_behind_one_address_is_not_locked_out_by_a_guesser(play, clock):
    phone, clumsy = locked_phone(play.siti, by=play.budi), locked_phone(play.joko, by=play.budi)
    for _ in range(signin.FAILURES_PER_WINDOW):
        Client().post("/masuk/", {"username": f"orang-{_}", "password": "tebakan"})
    assert Client().post("/masuk/", {"username": "siti", "password": PASSWORD}).status_code == 429
    assert enter(phone, PIN).status_code == 302
    # Who has mistyped a little neither.
    for _ in range(devices.FREE_FAILURES - 1):
        enter(clumsy, OTHER_PIN)
    assert enter(clumsy, PIN).status_code == 302


def test_who_has_mistyped_often_shares_the_wait_of_the_address(play, clock):
    guesser = locked_phone(play.siti, by=play.budi)
    with time_machine.travel(timezone.now(), tick=False) as now:
        for _ in range(devices.FREE_FAILURES):
            enter(guesser, OTHER_PIN)
        for _ in range(signin.FAILURES_PER_WINDOW):
            Client().post("/masuk/", {"username": f"orang-{_}", "password": "tebakan"})
        now.shift(devices.FIRST_WAIT)
        assert enter(guesser, PIN).status_code == 429
        clock.now += 60
        assert enter(guesser, PIN).status_code == 302


def test_wrong_pins_count_for_the_address(play, clock):
    phones = [locked_phone(person(f"saksi{n}", Role.WITNESS), by=play.budi) for n in range(8)]
    for phone in phones:
        for _ in range(4):
            enter(phone, OTHER_PIN)
    assert Client().post("/masuk/", {"username": "siti", "password": PASSWORD}).status_code == 429
    cache.clear()


# A new PIN


def change(phone, old, new, again=None):
    return phone.post(reverse("change-pin"), {"old_pin": old, "pin": new, "again": again or new})


def test_a_new_pin_needs_the_old_one(play):
    phone = activated_phone(play.siti, by=play.budi)
    assert "PIN tidak cocok" in change(phone, OTHER_PIN, "918273").content.decode()
    assert Device.objects.get().failures == 1
    assert change(phone, PIN, OTHER_PIN).status_code == 302
    phone.post("/keluar/")
    assert enter(phone, PIN).status_code == 200
    assert enter(phone, OTHER_PIN).status_code == 302


def test_a_new_pin_ends_whatever_else_was_signed_in_on_the_phone(play):
    phone = activated_phone(play.siti, by=play.budi)
    copy = Client()
    copy.cookies = phone.cookies.copy()
    assert is_in(copy)
    change(phone, PIN, OTHER_PIN)
    assert is_in(phone)
    assert not is_in(copy)


def test_guessing_the_old_pin_is_slowed_too(play, clock):
    phone = activated_phone(play.siti, by=play.budi)
    for _ in range(5):
        change(phone, OTHER_PIN, "918273")
    assert change(phone, PIN, "918273").status_code == 429


def test_who_has_no_phone_here_has_no_pin_to_change(play, client):
    client.force_login(play.siti)
    assert client.get(reverse("change-pin")).status_code == 404
    client.cookies[devices.COOKIE] = key_of(activated_phone(play.joko, by=play.budi))
    assert client.get(reverse("change-pin")).status_code == 404


def test_the_page_of_a_witness_offers_what_fits(play, client):
    assert reverse("change-pin") in activated_phone(play.siti, by=play.budi).get("/saksi/").content.decode()
    client.force_login(play.siti)
    page = client.get("/saksi/").content.decode()
    assert reverse("change-pin") not in page
    assert reverse("new-password") in page


# The token is told to nobody


@pytest.fixture
def everything_logged():
    """Every line of every logger, as the two formatters write it."""
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(WithoutAddresses())
    plain = logging.StreamHandler(heard)
    plain.addFilter(WithoutAddresses())
    names = [
        "",
        "django",
        "django.request",
        "django.server",
        "django.security.csrf",
        "sista.request",
        "gunicorn.error",
    ]
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.addHandler(plain)
        logger.setLevel(logging.DEBUG)
    yield heard
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(handler)
        logger.removeHandler(plain)
        logger.setLevel(level)


def test_a_token_reaches_no_log_and_no_record(play, everything_logged, monkeypatch):
    token = activation.issue(play.siti, by=play.budi)
    link = reverse("activate", args=[token])
    signed_in = Client()
    signed_in.force_login(play.joko)
    signed_in.get(link)
    assert Client(enforce_csrf_checks=True).post(link).status_code == 403
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(play.joko)
    assert strict.post(link).status_code == 403
    signed_in.get(link.removesuffix("/") + "x/")
    Client().get(link.removesuffix("/"))
    monkeypatch.setattr("accounts.phone_views.activation.find", lambda token: 1 / 0)
    broken = Client(raise_request_exception=False)
    assert broken.get(link).status_code == 500
    logging.getLogger("django.server").warning('"%s" %s %s', f"GET {link} HTTP/1.1", "404", "123")
    logging.getLogger("gunicorn.error").error("Error handling request %s", link)
    told = everything_logged.getvalue()
    assert "/aktivasi/***" in told
    assert "aktivasi/<str:token>/" in told
    assert token not in told
    assert Refusal.objects.filter(user=play.joko, path="/aktivasi/***/", status=403).exists()
    assert token not in json.dumps(list(Refusal.objects.values("path")))


def test_an_error_report_about_the_link_does_not_name_it(play, rf, monkeypatch):
    """What Django's report (and others that look at request and frames) would send."""
    from django.views.debug import ExceptionReporter

    token = activation.issue(play.siti, by=play.budi)
    seen = {}

    def fail(request, sender=None, **kwargs):
        import sys

        seen["report"] = ExceptionReporter(request, *sys.exc_info()).get_traceback_text()

    from django.core.signals import got_request_exception

    monkeypatch.setattr("accounts.phone_views.devices.remember", lambda response, key: 1 / 0)
    got_request_exception.connect(fail)
    try:
        phone = Client(raise_request_exception=False)
        assert phone.post(reverse("activate", args=[token]), {"pin": PIN, "again": PIN}).status_code == 500
    finally:
        got_request_exception.disconnect(fail)
    assert "ZeroDivisionError" in seen["report"]
    assert token not in seen["report"]
    assert PIN not in seen["report"]


def test_pages_of_a_link_send_no_address_along_and_are_not_kept(play, client):
    link = link_for(play.siti, by=play.budi)
    for answer in (client.get(link), client.get("/aktivasi/tidak-pernah-ada/"), client.post(link, {"pin": "1"})):
        assert answer.headers["Referrer-Policy"] == "no-referrer, strict-origin"
        assert "no-store" in answer.headers["Cache-Control"]


def test_opening_a_dead_link_is_no_refusal(play, client):
    client.force_login(play.joko)
    client.get("/aktivasi/tidak-pernah-ada/")
    assert not Refusal.objects.exists()


def test_whoever_is_signed_in_here_is_asked_before_the_phone_becomes_another_ones(play, client):
    client.force_login(play.budi)
    page = client.get(link_for(play.siti, by=play.budi)).content.decode()
    assert "Di sini Budi sedang masuk" in page
