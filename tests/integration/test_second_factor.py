"""Claims about the code after the password: asked at every address, good once, slowed, reset by superiors."""

import os
import re
import subprocess
import sys
from base64 import b32decode
from itertools import pairwise
from urllib.parse import unquote

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import api_tokens, devices, second_factor
from accounts.middleware import SecondFactorMiddleware
from accounts.models import AdministrativeEvent, User
from sista import environment
from tests import cast
from tests.cast import PASSWORD
from tests.sending import at_once

DESKS = ("results-home", "phones", "wall-links", "recap-home", "api-tokens", "account", "new-password", "home")
CODE, SET_UP = "/masuk/kode/", "/akun/langkah-kedua/pasang/"


@pytest.fixture(autouse=True)
def _clock():
    """Time stands still: a code must not run out between two lines."""
    with time_machine.travel("2020-12-09T10:00:05+07:00", tick=False) as traveller:
        yield traveller


@pytest.fixture
def later(_clock):
    return lambda seconds: _clock.shift(seconds)


def signed_in(name, password=PASSWORD):
    client = Client()
    answer = client.post("/masuk/", {"username": name, "password": password})
    assert answer.status_code == 302, answer.content
    return client


def code_of(user):
    return f"{totp(TOTPDevice.objects.get(user=user, confirmed=True).bin_key):06d}"


def set_up(user):
    """The app is set up on the page; returns the client that did it, and the recovery codes."""
    client = Client()
    client.force_login(user)
    page = client.get(SET_UP).content.decode()
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page)[1].replace(" ", "")
    answer = client.post(SET_UP, {"code": code_from(secret)})
    assert answer.status_code == 200, answer.content.decode()
    user.refresh_from_db()
    return client, re.findall(r"<li><code>([a-z0-9-]+)</code>", answer.content.decode())


def code_from(secret):
    return f"{totp(b32decode(secret + '=' * (-len(secret) % 8))):06d}"


def write(client, code, **more):
    return client.post(CODE, {"code": code, **more})


def events(action):
    return AdministrativeEvent.objects.filter(action=action)


def test_a_code_opens_the_desk_and_the_password_alone_opens_nothing(play, later):
    set_up(play.budi)
    later(30)
    client = signed_in("budi")
    for name in DESKS:
        answer = client.get(reverse(name))
        assert (answer.status_code, answer.url.split("?")[0]) == (302, CODE), name
    asked = client.get("/hasil/?dari=sini")
    wanted = unquote(asked.url.partition("next=")[2])
    assert write(client, code_of(play.budi), next=wanted).url == "/hasil/?dari=sini"
    assert client.get(reverse("account")).status_code == 200


def test_the_api_refuses_a_session_that_has_only_passed_the_password(play, later):
    set_up(play.budi)
    later(30)
    client = signed_in("budi")
    for name in ("api-elections", "api-schema"):
        answer = client.get(reverse(name))
        assert (answer.status_code, answer.json()["code"]) == (403, "second_factor")
    posted = client.post(reverse("api-forms"), {}, content_type="application/json")
    assert posted.json()["code"] == "second_factor"
    write(client, code_of(play.budi))
    assert client.get(reverse("api-elections")).status_code == 200


def test_a_part_of_a_page_leads_the_whole_page_to_the_code(play, later):
    set_up(play.budi)
    later(30)
    answer = signed_in("budi").get("/hasil/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (204, CODE)


def test_every_open_address_exists_and_what_is_not_named_is_closed(play):
    for name in SecondFactorMiddleware.OPEN:
        assert name in {"activate", "wall", "party-css"} or reverse(name)


def test_a_code_works_once(play, later):
    set_up(play.budi)
    client = signed_in("budi")
    assert write(client, code_of(play.budi)).status_code == 400  # it put the app in force
    later(30)
    assert write(client, code_of(play.budi)).status_code == 302
    again = signed_in("budi")
    assert write(again, code_of(play.budi)).status_code == 400
    later(30)
    assert write(again, code_of(play.budi)).status_code == 302


def test_of_two_requests_with_one_code_one_passes(committed_play, later):
    set_up(committed_play.budi)
    later(30)
    code, clients = code_of(committed_play.budi), [signed_in("budi") for _one in range(4)]
    answers = at_once(4, lambda number: write(clients[number], code).status_code)
    assert sorted(answers) == [302, 400, 400, 400]


def test_guesses_are_slowed_for_minutes_never_for_hours_and_told(play, later):
    set_up(play.budi)
    later(30)
    client, waits = signed_in("budi"), []
    for _guess in range(14):
        answer = write(client, "000000" if code_of(play.budi) != "000000" else "111111")
        if answer.status_code == 429:
            waits.append(int(answer["Retry-After"]))
            # The right one is not looked at either.
            assert write(client, code_of(play.budi)).status_code == 429
            later(waits[-1])
    assert waits[0] == 30
    assert all(earlier <= next_one for earlier, next_one in pairwise(waits))
    assert max(waits) <= 15 * 60
    assert events("second factor failed too often").count() >= 1
    # The owner gets in as soon as the wait is over, and nobody else was slowed.
    later(15 * 60)
    assert write(client, code_of(play.budi)).status_code == 302
    assert signed_in("agus").get(reverse("account")).status_code == 200


def test_a_recovery_code_opens_once_and_is_told(play, later):
    _client, codes = set_up(play.budi)
    assert len(set(codes)) == 10
    later(30)
    client = signed_in("budi")
    assert client.get(CODE + "?pemulihan").status_code == 200
    answer = client.post(CODE + "?pemulihan", {"code": codes[3].upper().replace("-", " ")})
    assert answer.status_code == 302
    assert events("recovery code used").count() == 1
    assert "Masih ada 9 kode pemulihan" in client.get(reverse("account")).content.decode()
    again = signed_in("budi")
    assert again.post(CODE + "?pemulihan", {"code": codes[3]}).status_code == 400


def test_recovery_codes_and_secrets_are_kept_nowhere_in_the_open(play):
    _client, codes = set_up(play.budi)
    kept = set(StaticToken.objects.values_list("token", flat=True))
    assert not kept & {code.replace("-", "") for code in codes}
    told = str(list(AdministrativeEvent.objects.values_list("content", flat=True)))
    assert TOTPDevice.objects.get().key not in told


def test_the_codes_come_as_a_file_for_their_owner_alone(play):
    client, codes = set_up(play.budi)
    answer = client.post(reverse("recovery-file"), {"kode": " ".join(codes)})
    assert answer["Content-Disposition"] == 'attachment; filename="sista-kode-pemulihan.txt"'
    assert all(code in answer.content.decode() for code in codes)
    client.force_login(play.agus)
    assert client.post(reverse("recovery-file"), {"kode": " ".join(codes)}).status_code == 404
    assert client.post(reverse("recovery-file"), {"kode": "<script>"}).status_code == 404


def test_a_desk_without_an_app_sets_one_up_first_where_it_is_required(play, settings):
    settings.SECOND_FACTOR = "required"
    for name in ("budi", "dewi", "nasi"):
        client = signed_in(name)
        for desk in DESKS:
            answer = client.get(reverse(desk))
            assert (answer.status_code, answer.url.split("?")[0]) == (302, SET_UP), (name, desk)
        assert "Kembali ke akun" not in client.get(SET_UP).content.decode()
    root = User.objects.create_superuser("root", password=PASSWORD)
    client = signed_in(root.username)
    assert client.get("/admin/").url.startswith(SET_UP)
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", client.get(SET_UP).content.decode())[1].replace(" ", "")
    assert client.post(SET_UP, {"code": "000000"}).status_code == 400
    assert client.get("/admin/").status_code == 302
    assert client.post(SET_UP, {"code": code_from(secret)}).status_code == 200
    assert client.get("/admin/").status_code == 200


def test_witnesses_and_operators_are_never_asked(play, settings):
    settings.SECOND_FACTOR = "required"
    for name in ("siti", "oper"):
        client = signed_in(name)
        assert client.get(reverse("account")).status_code == 200
        assert client.get(SET_UP).status_code == 404
        assert client.get(reverse("second-factor")).status_code == 404


def test_setting_it_up_ends_the_other_sessions_and_the_key_of_this_one_changes(play):
    other = signed_in("budi")
    client = Client()
    client.force_login(play.budi)
    before = client.session.session_key
    page = client.get(SET_UP).content.decode()
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page)[1].replace(" ", "")
    client.post(SET_UP, {"code": code_from(secret)})
    assert client.session.session_key != before
    assert client.get(reverse("account")).status_code == 200
    assert other.get(reverse("account")).url.startswith("/masuk/?")


def test_a_session_is_worth_nothing_with_another_device(play, later):
    client, _codes = set_up(play.budi)
    second_factor.take_away(play.budi, by=play.budi)
    set_up(play.budi)
    client = signed_in("budi")
    session = client.session
    session["otp_device_id"] = "otp_totp.totpdevice/1"
    session.save()
    assert client.get(reverse("account")).status_code == 302


def test_changing_asks_for_a_code(play, later):
    client, codes = set_up(play.budi)
    later(30)
    page = reverse("second-factor")
    assert client.get(SET_UP).url == page
    for action in ("ganti", "hapus", "kode-baru"):
        assert client.post(page, {"tindakan": action, "code": "12345"}).status_code == 400
        assert client.post(page, {"tindakan": action}).status_code == 400
    fresh = client.post(page, {"tindakan": "kode-baru", "code": code_of(play.budi)}).content.decode()
    assert not set(re.findall(r"<li><code>([a-z0-9-]+)</code>", fresh)) & set(codes)
    later(30)
    old = TOTPDevice.objects.get().key
    assert client.post(page, {"tindakan": "ganti", "code": code_of(play.budi)}).url == SET_UP
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", client.get(SET_UP).content.decode())[1].replace(" ", "")
    assert client.post(SET_UP, {"code": code_from(secret)}).status_code == 200
    assert TOTPDevice.objects.get().key != old
    later(30)
    assert client.post(page, {"tindakan": "hapus", "code": code_of(play.budi)}).url == reverse("account")
    assert not TOTPDevice.objects.exists()
    assert signed_in("budi").get(reverse("account")).status_code == 200


def test_where_it_is_required_it_is_replaced_never_removed(play, settings, later):
    client, _codes = set_up(play.budi)
    settings.SECOND_FACTOR = "required"
    later(30)
    page = reverse("second-factor")
    assert "hapus" not in client.get(page).content.decode()
    assert client.post(page, {"tindakan": "hapus", "code": code_of(play.budi)}).status_code == 403


@pytest.mark.parametrize(
    ("who", "of", "status"),
    [
        ("dewi", "budi", 302), ("agus", "budi", 404), ("rina", "budi", 403), ("budi", "dewi", 404),
        ("nasi", "dewi", 403), ("nasi", "budi", 403), ("siti", "budi", 404), ("root", "dewi", 302),
        ("root", "nasi", 302), ("dewi", "root", 404), ("oper", "budi", 404),
    ],
)  # fmt: skip
def test_a_superior_resets_the_app_of_a_lost_phone(play, who, of, status):
    play.people["root"] = User.objects.create_superuser("root", password=PASSWORD)
    person = play.people[of]
    lost, _codes = set_up(person)
    client = Client()
    client.force_login(play.people[who])
    answer = client.post(reverse("person-account", args=[person.pk]), {"tindakan": "atur-ulang"})
    assert answer.status_code == status
    person.refresh_from_db()
    assert (person.second_factor == "") == (status == 302)
    assert events("second factor reset").count() == (status == 302)
    assert (lost.get(reverse("account")).status_code == 302) == (status == 302)


def test_the_event_of_a_reset_names_both(play):
    set_up(play.budi)
    second_factor.take_away(play.budi, by=play.dewi)
    event = events("second factor reset").get()
    assert (event.actor, event.subject, event.region) == (play.dewi, f"user:{play.budi.pk}", play.budi.region)
    second_factor.take_away(play.budi, by=play.dewi)  # twice
    assert events("second factor reset").count() == 1


def test_tokens_of_programs_go_on_and_making_one_needs_the_code(play, later):
    _token, text = api_tokens.make("lembar", cast.region("35.07"), 9, by=play.budi)
    set_up(play.budi)
    later(30)
    program = Client(headers={"Authorization": f"Bearer {text}"})
    assert program.get(reverse("api-elections")).status_code == 200
    client = signed_in("budi")
    body = {"name": "lain", "region": "35.07", "days": 3}
    assert client.post(reverse("api-tokens"), body).url == CODE
    assert play.budi.api_tokens.count() == 1


def test_the_way_out_and_the_language_stay_open(play, later):
    set_up(play.budi)
    later(30)
    client = signed_in("budi")
    assert client.post("/bahasa/", {"language": "en", "next": CODE}).url == CODE
    assert client.get(CODE).status_code == 200
    assert client.post("/keluar/").url == "/masuk/"


def test_the_code_does_not_lead_to_another_site(play, later):
    set_up(play.budi)
    later(30)
    assert write(signed_in("budi"), code_of(play.budi), next="https://jahat.example/").url == "/"


@pytest.mark.parametrize("wanted", ["hasil", "home", "//jahat.example", "javascript:alert(1)", "\\\\jahat.example"])
def test_what_is_no_address_of_ours_leads_home(play, wanted):
    """A name was looked up among the views, and was a server error where there is none."""
    assert Client().post("/bahasa/", {"language": "en", "next": wanted}).url == "/"


@pytest.mark.parametrize("code", ["", "12 345", "１２３４５６", "abc", "9" * 400, "0x1234", "\0", "-12345"])
def test_what_is_no_code_is_refused_politely(play, later, code):
    set_up(play.budi)
    later(30)
    client = signed_in("budi")
    for address in (CODE, CODE + "?pemulihan"):
        assert client.post(address, {"code": code}).status_code == 400


def test_signing_in_is_recorded_once_the_desk_is_open(play, later):
    signed_in("agus")
    signed_in("siti")
    assert [event.content for event in events("signed in")] == [{"with_code": False}]
    set_up(play.budi)
    later(30)
    client = signed_in("budi")
    assert events("signed in").count() == 1
    write(client, code_of(play.budi))
    assert events("signed in").filter(actor=play.budi).get().content == {"with_code": True}


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, "optional"), ({"SISTA_HTTPS": "1"}, "required"), ({"DATABASE_URL": "postgres://a@b/c"}, "required"),
     ({"SISTA_HTTPS": "1", "SISTA_SECOND_FACTOR": "optional"}, "optional"),
     ({"SISTA_SECOND_FACTOR": "required"}, "required")],
)  # fmt: skip
def test_it_is_required_where_others_can_reach_it_unless_somebody_says_otherwise(given, expected, tmp_path):
    base = {"SISTA_HOSTS": "a.id", "SISTA_SECRET_KEY": "k3yOf" * 12, "SISTA_DATA": str(tmp_path)}
    around = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    told = subprocess.run(
        [sys.executable, "-c", "from sista import settings; print(settings.SECOND_FACTOR)"],
        env=around | base | given, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout.strip() == expected
    assert "SISTA_SECOND_FACTOR" in environment.known_names()


def test_the_wait_is_the_same_as_for_a_pin():
    assert [devices.wait_after(number) for number in (4, 5, 6, 40)] == [0, 30, 60, 900]
