"""Claims about `seed_demo` where something is there already, and about what a first start says of it."""

import io
from urllib.parse import urlsplit

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from accounts.models import Role, User
from analytics import demo, demo_accounts
from regions.importing import Row, import_regions
from regions.models import Level, Region
from sista import progress
from sista.management.commands import prepare
from tallies.count_room import claims
from tallies.models import C1Form, Contest, Election
from tests.cast import TREE
from tests.phones import open_link

CITIES = [
    *TREE[:2],
    Row("35.72", "35", Level.REGENCY, "Kota Blitar"),
    Row("35.72.01", "35.72", Level.DISTRICT, "Kepanjenkidul"),
    Row("35.72.01.1001", "35.72.01", Level.VILLAGE, "Kepanjenkidul"),
    Row("35.75", "35", Level.REGENCY, "Kota Pasuruan"),
    Row("35.75.01", "35.75", Level.DISTRICT, "Gadingrejo"),
]


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def cities(db):
    import_regions(CITIES)


@pytest.mark.usefixtures("cities")
class TestAccounts:
    def test_an_account_that_was_there_before_is_left_alone(self):
        mine = User.objects.create_user("admin", password="punya-saya-sendiri")
        demo_accounts.ensure_accounts()
        mine.refresh_from_db()
        assert (mine.check_password("punya-saya-sendiri"), mine.is_superuser) == (True, False)
        assert "admin" not in demo_accounts.kept()
        assert any("admin" in line and "(tidak dibuat di sini)" in line for line in demo_accounts.table())

    def test_an_account_made_later_gets_the_same_password(self):
        demo_accounts.ensure_accounts()
        User.objects.get(username="dpc").delete()
        demo_accounts.ensure_accounts()
        assert len(set(demo_accounts.kept().values())) == 1
        assert User.objects.get(username="dpc").check_password(demo_accounts.kept()["dpc"])

    def test_showing_them_before_there_are_any_says_what_to_do(self):
        with pytest.raises(CommandError, match="jalankan seed_demo dulu"):
            call_command("seed_demo", "--show-accounts")

    def test_showing_them_makes_nothing_but_a_link(self):
        demo_accounts.ensure_accounts()
        out = io.StringIO()
        call_command("seed_demo", "--show-accounts", stdout=out)
        table = demo_accounts.table()
        assert out.getvalue().splitlines()[: len(table)] == table
        assert not Election.objects.exists()

    def test_a_phone_is_activated_with_the_link_shown_last(self, client):
        demo_accounts.ensure_accounts()
        links = []
        for _ in range(2):
            out = io.StringIO()
            call_command("seed_demo", "--show-accounts", stdout=out)
            links.append(urlsplit(out.getvalue().splitlines()[-1]).path)
        assert [client.get(link).status_code for link in links] == [404, 200]
        assert open_link(links[1], client=client)[1].status_code == 302
        assert client.get("/saksi/").status_code == 200

    def test_they_can_sign_in(self, rf):
        demo_accounts.ensure_accounts()
        request = rf.post("/masuk/")
        assert authenticate(request, username="dpc", password=demo_accounts.kept()["dpc"]) is not None


@pytest.mark.django_db
def test_a_tree_with_other_codes_is_refused_in_a_sentence():
    import_regions([row for row in TREE if not row.code.startswith("35.24")])
    with pytest.raises(CommandError, match=r"Wilayah tidak ada: 35\.72, 35\.75, 35\.75\.01\."):
        call_command("seed_demo", "--contests", "35.72")


@pytest.mark.usefixtures("cities")
def test_a_real_election_of_that_name_is_never_touched():
    Election.objects.create(name="Sungguhan", slug=demo.SLUG, date="2020-12-09")
    with pytest.raises(CommandError, match="bukan simulasi"):
        call_command("seed_demo", "--contests", "35.72")
    assert not Contest.objects.exists()


@pytest.mark.usefixtures("cities")
def test_a_contest_that_did_not_vote_is_refused_in_a_sentence():
    with pytest.raises(CommandError, match=r"Bukan kontes Pilkada 2020 Jawa Timur: 35\.73\."):
        call_command("seed_demo", "--contests", "35.73")


@pytest.mark.usefixtures("cities")
def test_a_first_start_says_how_far_the_demonstration_is_and_shows_no_account_yet(monkeypatch):
    monkeypatch.setattr(progress, "PIPE_SECONDS", 0)
    monkeypatch.setattr(demo, "DEFAULT_CONTESTS", ("35.72",))
    out = io.StringIO()
    prepare.Command(stdout=out).seed_demonstration()
    said = out.getvalue().splitlines()
    sent = C1Form.objects.exclude(submitted_by__username__endswith="-b").count()
    assert "Demonstration: Kota Blitar, 0 of 259 stations" in said
    assert {f"Demonstration: Kota Blitar, {done} of {sent} forms" for done in (100, sent)} <= set(said)
    # The photographed ones that are neither disputed nor verified wait for a second reader.
    reader = User.objects.create_user("pembaca", role=Role.OPERATOR, region=Region.objects.get(code="35.72"))
    assert claims.to_read(reader, Election.objects.get()).count() == demo.PHOTOS_A_CONTEST - 2
    passwords = set(demo_accounts.kept().values())
    assert passwords
    assert not any(password in line for line in said for password in passwords)
