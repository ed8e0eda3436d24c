"""Claims about sessions: their owner sees them, ends them, and so does who is responsible for somebody."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from accounts import running_sessions
from accounts.models import AdministrativeEvent, RunningSession, User
from tests.cast import PASSWORD

ANDROID = "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"


def signed_in(name, **headers):
    client = Client(headers=headers)
    assert client.post("/masuk/", {"username": name, "password": PASSWORD}).status_code == 302
    return client


def out(client):
    answer = client.get(reverse("account"))
    return answer.status_code == 302 and answer.url.startswith("/masuk/?")


def running(client):
    return RunningSession.objects.get(session_id=client.session.session_key)


def test_one_sees_where_one_is_signed_in_and_nobody_elses(play):
    here = signed_in("budi", user_agent=ANDROID)
    signed_in("budi", user_agent=FIREFOX)
    signed_in("agus", user_agent="Mozilla/5.0 (Windows NT 10.0) Edg/120.0")
    page = here.get(reverse("account")).content.decode()
    assert "Chrome, Android" in page
    assert "Firefox, Linux" in page
    assert "Edge" not in page
    assert page.count("sesi ini") == 1
    assert "127.0.0.…" in page
    assert "127.0.0.1" not in page


def test_one_session_is_ended_and_pressing_twice_harms_nothing(play):
    here, other = signed_in("budi"), signed_in("budi")
    address = reverse("session-end", args=[running(other).pk])
    for _time in (1, 2):
        assert here.post(address).url == reverse("account")
    assert out(other)
    assert not out(here)
    assert AdministrativeEvent.objects.filter(action="sessions ended").count() == 1


def test_another_persons_session_is_not_ended(play):
    here, other = signed_in("budi"), signed_in("rina")
    assert here.post(reverse("session-end", args=[running(other).pk])).url == reverse("account")
    assert not out(other)


def test_ending_the_own_session_is_signing_out(play):
    here = signed_in("budi")
    assert here.post(reverse("session-end", args=[running(here).pk])).url == reverse("sign-in")
    assert out(here)


def test_all_others_are_ended(play):
    here, others = signed_in("budi"), [signed_in("budi") for _one in range(3)]
    stranger = signed_in("rina")
    here.post(reverse("sessions-end"))
    assert all(map(out, others))
    assert not out(here)
    assert not out(stranger)
    assert AdministrativeEvent.objects.get(action="sessions ended").content == {"sessions": 3}


def test_a_new_password_keeps_this_session_listed_once(play):
    here, other = signed_in("budi"), signed_in("budi")
    body = {"old_password": PASSWORD, "new_password1": "kunci-lain-77", "new_password2": "kunci-lain-77"}
    assert here.post(reverse("new-password"), body).status_code == 302
    assert running(here)
    assert out(other)
    assert AdministrativeEvent.objects.filter(action="password changed", actor=play.budi).count() == 1


def test_who_signs_in_after_somebody_else_in_one_browser_is_listed_under_the_own_name(play):
    client = signed_in("budi")
    client.force_login(play.rina)
    assert running(client).user == play.rina
    assert not RunningSession.objects.filter(user=play.budi).exists()


def test_signing_out_takes_it_from_the_list(play):
    client = signed_in("budi")
    client.post("/keluar/")
    assert not RunningSession.objects.exists()
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("who", "of", "status"),
    [("dewi", "budi", 302), ("dewi", "siti", 302), ("budi", "siti", 302), ("budi", "oper", 302),
     ("agus", "budi", 404), ("rina", "budi", 403), ("nasi", "budi", 403), ("agus", "siti", 404),
     ("oper", "siti", 404), ("wati", "siti", 404)],
)  # fmt: skip
def test_a_superior_ends_the_sessions_of_those_below(play, who, of, status):
    there, client = signed_in(of), signed_in(who)
    answer = client.post(reverse("person-account", args=[play.people[of].pk]), {"tindakan": "sesi"})
    assert answer.status_code == status
    assert out(there) == (status == 302)


def test_the_page_of_a_person_shows_and_a_wrong_action_changes_nothing(play):
    signed_in("budi", user_agent=FIREFOX)
    client, address = signed_in("dewi"), reverse("person-account", args=[play.budi.pk])
    assert "Firefox, Linux" in client.get(address).content.decode()
    assert client.post(address, {"tindakan": "hapus-semua"}).status_code == 200
    assert RunningSession.objects.filter(user=play.budi).exists()
    assert client.get(reverse("person-account", args=[play.dewi.pk])).url == reverse("account")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("103.28.12.77", "103.28.12.…"),
        ("2001:db8:12:1::7", "2001:db8:12:…"),
        ("::1", "0:0:0:…"),
        ("bukan", ""),
        ("", ""),
    ],
)
def test_an_address_is_shortened_to_its_network(address, shown):
    assert running_sessions.shortened(address) == shown


@pytest.mark.parametrize("agent", ["", "<script>alert(1)</script>", "\0", "x" * 5000])
def test_an_unknown_browser_is_called_unknown(play, agent):
    here = signed_in("budi", user_agent=agent)
    page = here.get(reverse("account")).content.decode()
    assert "Peramban tidak dikenal" in page
    assert "alert(1)" not in page


@pytest.mark.parametrize("password", ["1234567890123", "password123", "budisantoso9", PASSWORD, "pendek"])
def test_a_password_that_protects_nothing_is_refused_with_the_reason(play, password):
    User.objects.filter(pk=play.budi.pk).update(full_name="Budi Santoso")
    here = signed_in("budi")
    body = {"old_password": PASSWORD, "new_password1": password, "new_password2": password}
    answer = here.post(reverse("new-password"), body)
    assert answer.status_code == 200
    assert "field__error" in answer.content.decode()
    play.budi.refresh_from_db()
    assert play.budi.check_password(PASSWORD)


def test_sessions_that_ran_before_there_was_a_list_are_listed_by_the_migration(play):
    here = signed_in("budi")
    RunningSession.objects.all().delete()
    assert not out(here)
    note = import_module("accounts.migrations.0010_known_sessions").note
    note(apps, None)
    assert running(here).user == play.budi


def test_a_name_with_a_script_in_it_stays_text(play):
    User.objects.filter(pk=play.budi.pk).update(full_name="<script>alert(1)</script>")
    page = signed_in("dewi").get(reverse("person-account", args=[play.budi.pk])).content.decode()
    assert "<script>alert(1)" not in page
