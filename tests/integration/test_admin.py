"""The admin: DPD staff work within their provinsi, and totals follow what they change."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role, User
from regions.importing import Row, import_regions
from regions.models import Level
from tallies.models import Assignment, ContestTotal, Pair, ReadingMode, ReadingState
from tallies.totals import aggregation, rebuilding
from tests import cast
from tests.reading import send


@pytest.fixture
def dewi(play, client):
    """DPD staff of Jawa Timur, signed in; Bali next door has a coordinator and a witness who must not show."""
    import_regions(
        [
            Row("51", "ID", Level.PROVINCE, "Bali"),
            Row("51.01", "51", Level.REGENCY, "Kabupaten Jembrana"),
        ]
    )
    cast.person("made", Role.COORDINATOR, "51.01")
    User.objects.filter(username="dewi").update(is_staff=True)
    play.dewi.refresh_from_db()
    client.force_login(play.dewi)
    return play.dewi


def names(response):
    return {str(user) for user in response.context["cl"].queryset}


def test_staff_see_the_people_of_their_provinsi_and_no_others(dewi, client):
    response = client.get(reverse("admin:accounts_user_changelist"))
    assert names(response) == {"Siti", "Joko", "Wati", "Budi", "Rina", "Agus", "Dewi", "Oper"}


def test_what_is_not_known_is_a_dash_as_in_every_table(dewi, client):
    page = client.get(reverse("admin:accounts_user_changelist")).content.decode()
    assert '<td class="field-phone_number">–</td>' in page
    assert ">-</td>" not in page


def test_a_coordinator_elsewhere_is_not_found(dewi, client):
    made = User.objects.get(username="made")
    response = client.get(reverse("admin:accounts_user_change", args=[made.pk]))
    assert response.status_code == 302  # the admin's "not here", without the name
    assert made.full_name not in str(list(response.wsgi_request._messages))


def test_staff_cannot_raise_anybody_above_a_coordinator(dewi, client, play):
    address = reverse("admin:accounts_user_change", args=[play.budi.pk])
    data = {
        "username": "budi",
        "full_name": "Budi",
        "language": "id",
        "role": Role.NATIONAL,
        "region": play.budi.region_id,
    }
    response = client.post(address, data | {"is_active": "on", "is_superuser": "on"})
    play.budi.refresh_from_db()
    assert response.status_code == 200
    assert (play.budi.role, play.budi.is_superuser) == (Role.COORDINATOR, False)


def test_staff_cannot_place_a_person_outside_their_provinsi(dewi, client, play):
    outside = cast.region("51.01")
    address = reverse("admin:accounts_user_change", args=[play.budi.pk])
    data = {"username": "budi", "full_name": "Budi", "language": "id", "role": Role.COORDINATOR, "region": outside.pk}
    client.post(address, data | {"is_active": "on"})
    play.budi.refresh_from_db()
    assert play.budi.region.code == "35.07"


def test_a_role_is_held_at_its_own_level(dewi, client, play):
    address = reverse("admin:accounts_user_change", args=[play.budi.pk])
    data = {"username": "budi", "full_name": "Budi", "language": "id", "role": Role.COORDINATOR, "is_active": "on"}
    answer = client.post(address, data | {"region": cast.region("35.07.05").pk})
    assert "Peran ini dipegang di tingkat kabupaten/kota" in answer.content.decode()
    play.budi.refresh_from_db()
    assert play.budi.region.code == "35.07"


def test_staff_cannot_change_one_another_or_a_superuser(dewi, client):
    root = User.objects.create_superuser("root", password=cast.PASSWORD, region=cast.region("35.07"))
    address = reverse("admin:auth_user_password_change", args=[root.pk])
    assert client.post(address, {"password1": "x" * 12, "password2": "x" * 12}).status_code in (302, 403)
    root.refresh_from_db()
    assert root.check_password(cast.PASSWORD)


@pytest.mark.parametrize("name", ["budi", "nasi", "siti", "oper"])
def test_nobody_else_enters(play, client, name):
    User.objects.filter(username=name).update(is_staff=name in ("nasi", "siti"))
    client.force_login(User.objects.get(username=name))
    assert client.get(reverse("admin:accounts_user_changelist")).status_code in (302, 403)


def test_staff_read_an_election_and_do_not_change_it(dewi, client, play):
    address = reverse("admin:tallies_election_change", args=[play.election.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {"phase": "selesai"}).status_code == 403


def test_a_station_added_in_the_admin_is_counted(dewi, client, play):
    address = reverse("admin:tallies_pollingstation_add")
    data = {
        "election": play.election.pk,
        "region": cast.region("35.07.06.2001").pk,
        "number": 9,
        "registered_male": 120,
        "registered_female": 130,
    }
    assert client.post(address, data).status_code == 302
    aggregation.drain()
    total = ContestTotal.objects.get(region__code="35.07")
    assert (total.stations, total.registered_voters) == (5, 4 * 300 + 250)
    assert rebuilding.differences(play.election) == []


def test_a_station_moved_in_the_admin_recounts_both_branches(dewi, client, play):
    station = play.stations["dampit_1"]
    address = reverse("admin:tallies_pollingstation_change", args=[station.pk])
    data = {
        "election": play.election.pk,
        "region": cast.region("35.07.06.2001").pk,
        "number": 7,
        "registered_male": 150,
        "registered_female": 150,
    }
    assert client.post(address, data).status_code == 302
    aggregation.drain()
    stations = dict(ContestTotal.objects.filter(contest=play.malang).values_list("region__code", "stations"))
    assert (stations["35.07.05"], stations["35.07.06"], stations["35.07"]) == (2, 2, 4)
    assert rebuilding.differences(play.election) == []


def test_a_contest_made_in_the_admin_gets_its_empty_box_and_its_stations(dewi, client, play):
    address = reverse("admin:tallies_contest_add")
    data = {
        "election": play.election.pk,
        "region": cast.region("35").pk,
        "office": "gubernur",
        "pairs-TOTAL_FORMS": 1,
        "pairs-INITIAL_FORMS": 0,
        "pairs-0-number": 1,
        "pairs-0-name": "Pasangan Tunggal",
        "pairs-0-usungan": "on",
    }
    assert client.post(address, data).status_code == 302
    aggregation.drain()
    made = play.election.contests.get(office="gubernur")
    assert [(p.number, p.is_empty_box) for p in made.pairs.all()] == [(1, False), (0, True)]
    assert ContestTotal.objects.get(contest=made, region__code="35").stations == 6


def test_pairs_are_fixed_once_a_form_is_in(dewi, client, play):
    from tallies import intake
    from tallies.models import Channel

    intake.submit(cast.submission(play, "dampit_1", [1, 2, 3]), by=play.siti, channel=Channel.API)
    address = reverse("admin:tallies_contest_change", args=[play.malang.pk])
    pairs = list(play.malang.pairs.all())
    data = {
        "election": play.election.pk,
        "region": play.malang.region_id,
        "office": "bupati",
        "pairs-TOTAL_FORMS": 4,
        "pairs-INITIAL_FORMS": 3,
        "pairs-3-number": 4,
        "pairs-3-name": "Pendatang",
    }
    for place, pair in enumerate(pairs):
        data |= {
            f"pairs-{place}-id": pair.pk,
            f"pairs-{place}-contest": play.malang.pk,
            f"pairs-{place}-number": pair.number,
            f"pairs-{place}-name": pair.name,
        }
    client.post(address, data)
    assert Pair.objects.filter(contest=play.malang).count() == 3


def test_an_assignment_is_revoked_and_never_deleted(dewi, client, play):
    assignment = Assignment.objects.get(witness=play.wati)
    listing = reverse("admin:tallies_assignment_changelist")
    client.post(listing, {"action": "revoke", "_selected_action": [assignment.pk]})
    assignment.refresh_from_db()
    assert assignment.revoked_at is not None
    assert (
        client.post(reverse("admin:tallies_assignment_delete", args=[assignment.pk]), {"post": "yes"}).status_code
        == 403
    )


def unfinished(client):
    return {str(item.title): item.number for item in client.get(reverse("admin:index")).context["items"]}


def test_the_start_page_says_what_is_unfinished(dewi, client, play):
    play.stations["gedangan_1"].registered_male = None
    play.stations["gedangan_1"].save()
    assert unfinished(client) == {
        "TPS tanpa saksi": 3,  # pamotan_1, gedangan_1, babat_2
        "TPS tanpa DPT": 1,
        "Penugasan tanpa ponsel aktif": 4,
        "Wilayah kontes tanpa jumlah penduduk": 2,
    }


def test_a_contest_without_two_pairs_is_unfinished(dewi, client, play):
    Pair.objects.filter(contest=play.lamongan, number=1).delete()
    assert unfinished(client)["Kontes tanpa dua paslon"] == 1


def test_work_of_another_provinsi_is_not_on_the_start_page(dewi, client, play):
    from accounts.models import User as Person

    made = Person.objects.get(username="made")
    Person.objects.filter(pk=made.pk).update(role=Role.PROVINCE_STAFF, region=cast.region("51"), is_staff=True)
    client.force_login(Person.objects.get(pk=made.pk))
    assert unfinished(client) == {}


def test_a_change_of_master_data_says_who_and_from_what(dewi, client, play):
    address = reverse("admin:regions_region_change", args=[play.malang.region_id])
    assert client.post(address, {"population": "2654448", "time_zone": ""}).status_code == 302
    newest, *_older = play.malang.region.history.all()
    assert (newest.population, newest.history_user) == (2654448, dewi)


def test_a_long_list_is_not_counted_to_its_end(dewi, client, play, monkeypatch):
    from sista import scoped_admin

    monkeypatch.setattr(scoped_admin, "COUNTED_ROWS", 4)
    listing = client.get(reverse("admin:tallies_pollingstation_changelist")).context["cl"]
    assert listing.paginator.count == 4


def test_the_admin_says_why_a_station_cannot_go_to_another_kabupaten(dewi, client, play):
    station = play.stations["dampit_1"]
    address = reverse("admin:tallies_pollingstation_change", args=[station.pk])
    data = {"election": play.election.pk, "region": cast.region("35.24.01.2001").pk, "number": 7}
    response = client.post(address, data | {"registered_male": 150, "registered_female": 150})
    assert "di luar wilayah Pemilihan Bupati Malang 2020" in str(response.context["errors"])


def test_an_election_that_wants_all_forms_read_twice_asks_for_those_that_are_in(play, client):
    send(play, "dampit_1", [100, 60, 20], by=play.siti)
    client.force_login(User.objects.create_superuser("super", password=cast.PASSWORD))
    address = reverse("admin:tallies_election_change", args=[play.election.pk])
    form = client.get(address).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    sent = {name: "" if value is None else value for name, value in values.items() if value is not False}
    assert client.post(address, sent | {"reading_mode": ReadingMode.ALL}).status_code == 302
    assert play.result("dampit_1").reading == ReadingState.WAITING


def test_staff_do_not_change_a_coordinator_elsewhere_who_once_guarded_here(dewi, client, play):
    made = User.objects.get(username="made")
    Assignment.objects.create(
        station=play.stations["dampit_1"], witness=made, revoked_at=timezone.now(), revoked_by=dewi
    )
    assert "Made" in names(client.get(reverse("admin:accounts_user_changelist")))
    typed = {"password1": "rahasia-lain-8", "password2": "rahasia-lain-8"}
    answer = client.post(reverse("admin:auth_user_password_change", args=[made.pk]), typed)
    assert answer.status_code == 403
    assert User.objects.get(pk=made.pk).password == made.password
