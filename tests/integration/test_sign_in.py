"""Claims about signing in: who gets where, what ends a session, what slows a guesser."""

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts import signin
from accounts.models import Refusal, Role, User
from tallies.models import Phase
from tests.cast import PASSWORD, person

SIGN_IN = "/masuk/"


class Clock:
    """Stands still, so that no test runs across the end of a window."""

    now = 1_607_500_000.0

    def time(self):
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("sista.cache.time", clock)
    return clock


def sign_in(client, username="siti", password=PASSWORD, **extra):
    return client.post(SIGN_IN, {"username": username, "password": password}, **extra)


def fail_often(client, times, **extra):
    """Guess ``times`` times, each at another name: django-axes locks none of them."""
    return [sign_in(client, f"orang-{guess}", "tebakan", **extra) for guess in range(times)][-1]


# Who gets where


@pytest.mark.parametrize(
    ("username", "address"), [("siti", "witness-home"), ("budi", "results-home"), ("nasi", "results-home")]
)
def test_everyone_starts_where_their_work_is(play, client, username, address):
    assert sign_in(client, username).url == reverse("home")
    assert client.get("/").url == reverse(address)


def test_a_superuser_starts_at_the_results(play, client):
    client.force_login(User.objects.create_superuser("pusat", password=PASSWORD))
    assert client.get("/").url == reverse("results-home")


def test_an_operator_starts_in_the_count_room(play, client):
    client.force_login(play.oper)
    assert client.get("/").url == reverse("count-room")


def test_a_district_witness_starts_with_the_recap_and_is_told_when_it_opens_later(play, client):
    client.force_login(person("ppk", Role.DISTRICT_WITNESS, "35.07.05"))
    assert client.get("/").url == reverse("recap-home")
    assert "Isi D.Hasil Kecamatan" in client.get("/", follow=True).content.decode()
    play.election.phase = Phase.PREPARATION
    play.election.save()
    assert "Rekap kecamatan dibuka kemudian" in client.get("/", follow=True).content.decode()


@pytest.mark.parametrize("address", ["/", "/saksi/", "/sandi/"])
def test_who_is_not_signed_in_is_sent_to_the_door_and_back(db, client, address):
    assert client.get(address).url == f"{SIGN_IN}?next={address}"


def test_next_is_followed_on_this_site(play, client):
    response = client.post(SIGN_IN, {"username": "siti", "password": PASSWORD, "next": "/sandi/"})
    assert response.url == "/sandi/"


@pytest.mark.parametrize(
    "elsewhere", ["https://jahat.example/", "//jahat.example", "javascript:alert(1)", "\\\\jahat"]
)
def test_next_is_never_followed_to_another_site(play, client, elsewhere):
    response = client.post(SIGN_IN, {"username": "siti", "password": PASSWORD, "next": elsewhere})
    assert response.url == "/"


def test_the_admin_has_no_door_of_its_own(play, client):
    response = client.post("/admin/login/?next=/admin/", {"username": "dewi", "password": PASSWORD})
    assert response.url == f"{SIGN_IN}?next=%2Fadmin%2F"
    assert "_auth_user_id" not in client.session


def test_a_witness_at_the_admin_is_refused_instead_of_sent_in_circles(play, client):
    client.force_login(play.siti)
    response = client.get("/admin/", follow=True)
    assert response.status_code == 403
    assert Refusal.objects.filter(user=play.siti, status=403).exists()


# Sessions


def test_the_session_key_changes_at_sign_in(play, client):
    client.get(SIGN_IN)
    session = client.session
    session["before"] = True
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before
    sign_in(client)
    assert client.session.session_key != before
    assert not Session.objects.filter(pk=before).exists()


def test_sign_out_ends_the_session_on_the_server(play, client):
    sign_in(client)
    stolen = client.cookies["sessionid"].value
    assert client.post("/keluar/").url == SIGN_IN
    thief = Client()
    thief.cookies["sessionid"] = stolen
    assert thief.get("/saksi/").status_code == 302
    assert not Session.objects.filter(pk=stolen).exists()


def test_sign_out_by_a_link_does_nothing(play, client):
    sign_in(client)
    assert client.get("/keluar/").status_code == 405
    assert client.get("/saksi/").status_code == 200


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(play, client):
    other = Client()
    for one in (client, other):
        sign_in(one)
    new = "kembang-sepatu-merah-7"
    response = client.post("/sandi/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
    assert response.url == "/"
    assert client.get("/saksi/").status_code == 200
    assert other.get("/saksi/").status_code == 302
    assert sign_in(Client(), password=new).status_code == 302


def test_a_new_password_needs_the_old_one(play, client):
    client.force_login(play.siti)
    new = "kembang-sepatu-merah-7"
    response = client.post("/sandi/", {"old_password": "salah", "new_password1": new, "new_password2": new})
    assert "Sandi lama tidak cocok" in response.content.decode()
    assert User.objects.get(username="siti").check_password(PASSWORD)


@pytest.mark.parametrize("weak", ["pendek", "1234567890", "siti-siti-siti"])
def test_a_weak_password_is_not_taken(play, client, weak):
    client.force_login(play.siti)
    User.objects.filter(pk=play.siti.pk).update(full_name="siti-siti-siti", first_name="siti-siti-siti")
    response = client.post("/sandi/", {"old_password": PASSWORD, "new_password1": weak, "new_password2": weak})
    assert response.status_code == 200
    assert User.objects.get(username="siti").check_password(PASSWORD)


def test_signing_in_without_the_token_of_the_page_is_refused(play):
    response = sign_in(Client(enforce_csrf_checks=True))
    assert response.status_code == 403
    assert "Halaman ini sudah kedaluwarsa" in response.content.decode()


# Guessing


def test_a_wrong_password_says_so_in_words(play, client):
    response = sign_in(client, password="salah")
    assert "Nama pengguna atau sandi tidak cocok" in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_an_unknown_name_gets_the_same_answer_as_a_wrong_password(play, client):
    def words(username):
        page = sign_in(Client(), username, "salah").content.decode()
        return page[page.index('role="alert"') : page.index("<form class")]

    assert words("siti") == words("tidak-ada")


def test_an_inactive_person_does_not_get_in(play, client):
    User.objects.filter(username="siti").update(is_active=False)
    assert sign_in(client).status_code == 200
    assert "_auth_user_id" not in client.session


def test_eight_wrong_passwords_lock_the_name_and_say_how_long(play, client):
    for _guess in range(8):
        response = sign_in(client, password="salah")
    assert response.status_code == 429
    page = response.content.decode()
    assert "Masuk dikunci sementara" in page
    assert "Tunggu 6 menit" in page
    assert sign_in(client).status_code == 429
    assert "_auth_user_id" not in client.session


def test_a_locked_name_locks_nobody_else_at_the_same_address(play, client):
    for _guess in range(8):
        sign_in(client, password="salah")
    assert sign_in(Client(), "joko").status_code == 302


def test_many_failures_from_one_address_are_slowed_with_a_time_to_wait(play, client):
    assert fail_often(client, signin.FAILURES_PER_WINDOW).status_code == 200
    response = sign_in(client)
    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= signin.WINDOW_SECONDS
    page = response.content.decode()
    assert f"Tunggu {response['Retry-After']} detik" in page
    assert "Akun Anda tidak dikunci" in page
    assert "_auth_user_id" not in client.session


def test_the_slowed_address_may_try_again_when_the_time_is_over(play, client, clock):
    fail_often(client, signin.FAILURES_PER_WINDOW)
    wait = int(sign_in(client)["Retry-After"])
    clock.now += wait - 1
    assert sign_in(client).status_code == 429
    clock.now += 1
    assert sign_in(client).status_code == 302


def test_a_village_that_signs_in_from_one_address_is_never_slowed(play, client):
    for _person in range(2 * signin.FAILURES_PER_WINDOW):
        assert sign_in(Client(), "siti").status_code == 302


def test_another_address_is_not_slowed(play, client):
    fail_often(client, signin.FAILURES_PER_WINDOW)
    assert sign_in(Client(), REMOTE_ADDR="203.0.113.9").status_code == 302


def test_behind_a_proxy_the_address_it_wrote_counts_and_a_claimed_one_does_not(play, client, settings):
    settings.HTTPS = True
    for guess in range(signin.FAILURES_PER_WINDOW):
        claim = f"198.51.100.{guess}, 203.0.113.5"
        sign_in(client, f"orang-{guess}", "tebakan", headers={"x-forwarded-for": claim})
    assert sign_in(Client(), headers={"x-forwarded-for": "192.0.2.1, 203.0.113.5"}).status_code == 429
    assert sign_in(Client(), headers={"x-forwarded-for": "203.0.113.6"}).status_code == 302


def test_an_empty_field_is_no_guess(play, client):
    for _press in range(signin.FAILURES_PER_WINDOW + 1):
        response = sign_in(client, password="")
    assert response.status_code == 200
    assert "Isian ini masih kosong" in response.content.decode()


def test_signing_in_works_while_the_cache_is_away(play, client, settings):
    settings.CACHES = {"default": {"BACKEND": "sista.cache.ForgivingRedisCache", "LOCATION": "redis://127.0.0.1:1/0"}}
    assert sign_in(client, password="salah").status_code == 200
    assert cache.get("anything") is None
    assert sign_in(client).status_code == 302


def test_a_name_is_locked_while_the_cache_is_away(play, client, settings):
    settings.CACHES = {"default": {"BACKEND": "sista.cache.ForgivingRedisCache", "LOCATION": "redis://127.0.0.1:1/0"}}
    guesses = [sign_in(client, password=f"tebakan {guess}").status_code for guess in range(12)]
    assert 429 in guesses
    assert sign_in(client).status_code == 429


# Language


def test_the_page_is_indonesian_whatever_the_browser_asks_for(db, client):
    response = client.get(SIGN_IN, headers={"accept-language": "en-US,en"})
    assert response["Content-Language"] == "id"


def test_a_chosen_language_is_kept_with_the_person(play, client):
    client.force_login(play.siti)
    response = client.post("/bahasa/", {"language": "en", "next": "/saksi/"})
    assert response.url == "/saksi/"
    assert User.objects.get(username="siti").language == "en"
    assert client.get("/saksi/")["Content-Language"] == "en"


def test_the_language_of_the_person_comes_with_the_sign_in(play, client):
    User.objects.filter(username="siti").update(language="en")
    sign_in(client)
    assert client.get("/saksi/")["Content-Language"] == "en"
    client.post("/keluar/")
    assert client.get(SIGN_IN)["Content-Language"] == "en"


def test_before_sign_in_the_language_is_kept_in_the_cookie(db, client):
    client.post("/bahasa/", {"language": "en", "next": SIGN_IN})
    assert client.get(SIGN_IN)["Content-Language"] == "en"


@pytest.mark.parametrize("language", ["", "xx", "../../etc", "id\x00"])
def test_an_unknown_language_changes_nothing(play, client, language):
    client.force_login(play.siti)
    client.post("/bahasa/", {"language": language})
    assert User.objects.get(username="siti").language == "id"


def test_choosing_a_language_never_leads_to_another_site(db, client):
    assert client.post("/bahasa/", {"language": "en", "next": "//jahat.example/"}).url == "/"


def test_a_key_that_no_text_can_hold_is_no_session(play, client):
    client.cookies["sessionid"] = "abcdefgh\0"
    assert client.get("/hasil/").status_code == 302
