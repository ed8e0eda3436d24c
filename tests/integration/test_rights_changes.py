"""Claims about rights: what changed is written down with before and after, and a deputy's time ends at its moment."""

import datetime as dt

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts import api_tokens, recording, rights_changes
from accounts.models import AdministrativeEvent, Role, RunningSession, User
from tallies import assigning
from tests import cast
from tests.cast import PASSWORD

NOON = dt.datetime(2020, 12, 9, 5, tzinfo=dt.UTC)
ONE = dt.timedelta(microseconds=1)


def changes():
    return [event.content["changed"] for event in AdministrativeEvent.objects.filter(action="rights changed")]


def signs_in(name):
    return Client().post("/masuk/", {"username": name, "password": PASSWORD}).status_code == 302


def is_in(client):
    return client.get(reverse("account")).status_code == 200


@pytest.fixture
def deputy(play):
    """Budi's account works until noon."""
    with time_machine.travel(NOON - dt.timedelta(hours=1), tick=False) as traveller:
        rights_changes.set_end(play.budi, NOON, by=play.dewi)
        yield traveller


def test_a_change_is_written_down_with_before_and_after(play):
    play.budi.role, play.budi.is_active = Role.OPERATOR, False
    changed = rights_changes.save(play.budi, by=play.dewi)
    assert changed == {"role": ["dpc", "operator"], "is_active": [True, False]}
    assert changes() == [changed]
    event = AdministrativeEvent.objects.get(action="rights changed")
    assert (event.actor, event.subject, event.region.code) == (play.dewi, f"user:{play.budi.pk}", "35.07")


def test_who_changes_the_kabupaten_is_told_of_in_both(play):
    play.budi.region = cast.region("35.24")
    rights_changes.save(play.budi, by=play.dewi)
    told = AdministrativeEvent.objects.filter(action="rights changed").values_list("region__code", flat=True)
    assert sorted(told) == ["35.07", "35.24"]


def test_two_who_move_people_across_each_other_lock_the_chains_in_one_order(play, monkeypatch):
    held, locked = [], recording._locked

    def noted(key):
        held.append(key)
        return locked(key)

    monkeypatch.setattr(recording, "_locked", noted)
    for place in ("35.24", "35.07"):
        held.clear()
        play.budi.region = cast.region(place)
        rights_changes.save(play.budi, by=play.dewi)
        assert held == ["wilayah:35.07", "wilayah:35.24"]


def test_what_is_no_right_is_no_change(play):
    play.budi.full_name = "Budi Baru"
    assert rights_changes.save(play.budi, by=play.dewi) == {}
    assert changes() == []


def test_the_admin_records_what_it_changes(play):
    root = User.objects.create_superuser("root", password=PASSWORD)
    client = Client()
    client.force_login(root)
    body = {"username": "budi", "full_name": "Budi", "language": "id", "role": "dpc", "region": play.budi.region_id,
            "is_active": "on", "is_staff": "on", "valid_until_0": "2020-12-10",
            "valid_until_1": "12:00:00"}  # fmt: skip
    answer = client.post(reverse("admin:accounts_user_change", args=[play.budi.pk]), body)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    [changed] = changes()
    assert changed["is_staff"] == [False, True]
    assert changed["valid_until"] == [None, "2020-12-10T12:00:00+07:00"]
    passwords = {"password1": "kunci-lain-77", "password2": "kunci-lain-77", "usable_password": "true"}
    client.post(reverse("admin:auth_user_password_change", args=[play.budi.pk]), passwords)
    assert AdministrativeEvent.objects.get(action="password changed").subject == f"user:{play.budi.pk}"
    new = {"username": "baru", "password1": "kunci-lain-77", "password2": "kunci-lain-77", "role": "dpc",
           "usable_password": "true", "region": play.budi.region_id}  # fmt: skip
    assert client.post(reverse("admin:accounts_user_add"), new).status_code == 302
    assert AdministrativeEvent.objects.get(action="person made").content["role"] == "dpc"


def test_a_role_that_changed_signs_out(play):
    client = Client()
    client.force_login(play.budi)
    play.budi.role = Role.OPERATOR
    rights_changes.save(play.budi, by=play.dewi)
    assert not is_in(client)
    assert not RunningSession.objects.filter(user=play.budi).exists()


def test_an_app_that_was_set_up_while_the_form_was_open_stays(play):
    stale = User.objects.get(pk=play.budi.pk)
    User.objects.filter(pk=play.budi.pk).update(second_factor="otp_totp.totpdevice/7")
    stale.full_name = "Lain"
    rights_changes.save(stale, by=play.dewi)
    play.budi.refresh_from_db()
    assert play.budi.second_factor == "otp_totp.totpdevice/7"


def test_to_the_last_microsecond_a_deputy_works_and_at_the_moment_nothing_does(play, deputy):
    client = Client()
    client.force_login(play.budi)
    _token, text = api_tokens.make("lembar", cast.region("35.07"), 9, by=play.budi)
    program = Client(headers={"Authorization": f"Bearer {text}"})
    deputy.move_to(NOON - ONE, tick=False)
    assert is_in(client)
    assert program.get(reverse("api-elections")).status_code == 200
    assert signs_in("budi")
    deputy.move_to(NOON, tick=False)
    assert not is_in(client)
    assert client.get(reverse("api-elections")).status_code == 403
    assert program.get(reverse("api-elections")).status_code == 401
    assert not signs_in("budi")
    assert User.objects.get(pk=play.budi.pk).scope is None
    assert not User.objects.current().filter(pk=play.budi.pk).exists()


def test_a_deputy_whose_time_is_over_is_told_so_and_a_guesser_is_not(play, deputy):
    deputy.move_to(NOON, tick=False)
    right = Client().post("/masuk/", {"username": "budi", "password": PASSWORD}).content.decode()
    wrong = Client().post("/masuk/", {"username": "budi", "password": "tebakan"}).content.decode()
    assert "Masa akun ini sudah berakhir" in right
    assert "Masa akun ini sudah berakhir" not in wrong


def test_it_costs_no_query(play, django_assert_num_queries):
    client = Client()
    client.force_login(play.siti)
    with django_assert_num_queries(2):  # session and person
        client.get(reverse("home"))


def test_a_superior_extends_and_ends(play, deputy):
    page = reverse("person-account", args=[play.budi.pk])
    client, deputys = Client(), Client()
    client.force_login(play.dewi)
    deputy.move_to(NOON + ONE, tick=False)
    assert "sudah berakhir" in client.get(page).content.decode()
    assert client.post(page, {"tindakan": "batas", "until": "2020-12-09T18:00"}).status_code == 302
    assert signs_in("budi")
    deputys.force_login(play.budi)
    assert "Berlaku sampai" in deputys.get(reverse("account")).content.decode()
    assert client.post(page, {"tindakan": "akhiri"}).status_code == 302
    assert not is_in(deputys)
    assert not signs_in("budi")
    assert [list(changed) for changed in changes()] == [["valid_until"]] * 3
    assert client.post(page, {"tindakan": "batas", "until": ""}).status_code == 302
    assert signs_in("budi")


@pytest.mark.parametrize("until", ["besok", "2020-13-45T99:99", "9" * 50, "\0"])
def test_what_is_no_moment_is_refused(play, until):
    client = Client()
    client.force_login(play.dewi)
    page = reverse("person-account", args=[play.budi.pk])
    assert client.post(page, {"tindakan": "batas", "until": until}).status_code == 400
    assert changes() == []


@pytest.mark.parametrize(
    ("who", "status"), [("agus", 404), ("rina", 403), ("nasi", 403), ("siti", 404), ("oper", 404)]
)
def test_nobody_beside_or_below_changes_a_time(play, who, status):
    client = Client()
    client.force_login(play.people[who])
    answer = client.post(reverse("person-account", args=[play.budi.pk]), {"tindakan": "akhiri"})
    assert answer.status_code == status
    assert changes() == []


def test_one_does_not_extend_oneself(play):
    with pytest.raises(rights_changes.MayNotManage):
        rights_changes.set_end(play.dewi, None, by=play.dewi)


def test_the_chain_holds(play, deputy):
    rights_changes.end_now(play.budi, by=play.dewi)
    for event in AdministrativeEvent.objects.select_related("chain"):
        assert event.digest == recording.digest_of(event.chain.key, event)


def test_two_who_change_places_wait_for_the_chains_in_one_order(play, monkeypatch):
    held, locked = [], recording._locked
    monkeypatch.setattr(recording, "_locked", lambda key: held.append(key) or locked(key))
    for code in ("35.24", "35.07"):
        play.budi.region = cast.region(code)
        rights_changes.save(play.budi, by=play.dewi)
    assert held == ["wilayah:35.07", "wilayah:35.24"] * 2


def test_a_coordinator_does_not_end_the_account_of_a_witness_who_also_guards_elsewhere(play):
    assigning.assign(play.stations["dampit_1"], play.wati, by=play.budi)
    address = reverse("person-account", args=[play.wati.pk])
    answers = []
    for who in (play.budi, play.dewi):
        client = Client()
        client.force_login(who)
        answers.append(client.post(address, {"tindakan": "akhiri"}).status_code)
    assert answers == [403, 302]


@pytest.mark.parametrize("change", [{"is_active": False}, {"valid_until": NOON}])
def test_what_was_signed_in_does_not_come_back_with_an_account_that_is_opened_again(play, change):
    client = Client()
    client.force_login(play.budi)
    before = {name: getattr(play.budi, name) for name in change}
    for changed in (change, before):
        for name, value in changed.items():
            setattr(play.budi, name, value)
        rights_changes.save(play.budi, by=play.dewi)
    assert not is_in(client)
    assert not RunningSession.objects.filter(user=play.budi).exists()
