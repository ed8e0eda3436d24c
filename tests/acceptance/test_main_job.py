"""The main job, told by those who rely on it: real returns and a whole election go in, the right totals come out."""

import csv
import gzip
import io
import json
from collections import Counter
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import override_settings
from PIL import Image

from accounts.models import Role, User
from analytics import demo, demo_accounts, demo_plan
from analytics.models import Finding, Target
from regions.importing import import_regions, rows_from_package
from regions.models import Region
from tallies import audit, photos
from tallies.demo.pilkada_2020 import CONTESTS, TOTAL_STATIONS, contest_by_code
from tallies.figures import FULL_FIELDS
from tallies.models import (
    AuditEvent,
    C1Form,
    Contest,
    ContestTotal,
    Election,
    FormPhoto,
    OutboxRow,
    PairTotal,
    PartyTotal,
    Photo,
    PollingStation,
    Review,
    StationResult,
    Vote,
)
from tallies.totals import reporting
from tests import own_stores
from tests.safety import require_test_database

# Without the mark no test database would be made, and the fixtures below would write into a real one.
pytestmark = pytest.mark.django_db

RETURNS = Path(__file__).resolve().parents[3] / "shared" / "data" / "pilpres2019_tps_jatim.csv.gz"
LIMIT = 5000
REPLAYED = "pilpres-2019-jatim-kpu"


def run(*arguments):
    """Run a command; return its exit code, its lines, and what it complained of."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(*arguments, stdout=out, stderr=err)
    except SystemExit as ended:
        return ended.code, out.getvalue().splitlines(), err.getvalue().splitlines()
    return 0, out.getvalue().splitlines(), err.getvalue().splitlines()


def own_folders(folder):
    return {
        "DATA_DIR": folder,
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "STORAGES": own_stores.in_folder(folder),
    }


@contextmanager
def kept_for_the_class(blocker, folder):
    """One costly beginning for several claims: a transaction around them all, with folders of its own."""
    require_test_database()
    with blocker.unblock(), override_settings(**own_folders(folder)), transaction.atomic():
        import_regions(east_java())
        yield
        transaction.set_rollback(True)


@contextmanager
def committed_for_the_class(blocker, folder):
    """The same, committed, so that several processes see it; emptied again afterwards."""
    require_test_database()
    with blocker.unblock(), override_settings(**own_folders(folder)):
        import_regions(east_java())
        yield
        call_command("flush", interactive=False, verbosity=0, reset_sequences=False)


@cache
def east_java():
    """The nation and East Java of the package: the other provinces take seconds and no part."""
    return [row for row in rows_from_package() if row.code in ("ID", "35") or row.code.startswith("35.")]


# Real returns of 2019


class TestReplay:
    """I replay real returns and hold the totals against the file."""

    pytestmark = [pytest.mark.returns]

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def replayed(cls, django_db_setup, django_db_blocker, tmp_path_factory):
        if not RETURNS.exists():
            pytest.skip(f"the real returns ({RETURNS.name}) are not beside this checkout")
        with kept_for_the_class(django_db_blocker, tmp_path_factory.mktemp("replay")):
            code, lines, _named = run("replay", str(RETURNS), "--limit", str(LIMIT))
            assert code == 0
            cls.said = json.loads(lines[-1])
            yield

    @classmethod
    def rows(cls):
        with gzip.open(RETURNS, "rt", encoding="utf-8", newline="") as stream:
            return [row for row, _ in zip(csv.DictReader(stream), range(LIMIT), strict=False)]

    def test_every_row_with_a_desa_code_is_answered(self):
        rows = self.rows()
        without_code = sum(row["kel_kode"] == "" for row in rows)
        empty = sum(row["kel_kode"] != "" and row["kpu_pas1"] == row["kpu_pas2"] == "" for row in rows)
        assert (self.said["rows"], self.said["left_out"], self.said["not_in"]) == (LIMIT, without_code, empty)
        assert self.said["refused"] == 0
        assert self.said["forms"] == self.said["new"] == LIMIT - without_code - empty
        assert self.said["drained"] is True
        assert StationResult.objects.counted().count() == C1Form.objects.count() == self.said["forms"]

    @pytest.mark.parametrize("column", ["kab_kode", "kec_kode", "kel_kode"])
    def test_both_pairs_sums_equal_the_files_own(self, column):
        expected = Counter()
        for row in self.rows():
            if row["kel_kode"]:
                for pair in (1, 2):
                    expected[row[column], pair] += int(row[f"kpu_pas{pair}"] or 0)
        level = {"kab_kode": 2, "kec_kode": 3, "kel_kode": 4}[column]
        stored = PairTotal.objects.filter(contest__election__slug=REPLAYED, region__level=level)
        assert dict(expected) == {
            (code, number): votes
            for code, number, votes in stored.values_list("region__code", "pair__number", "votes")
        }

    def test_the_other_figures_add_up_too(self):
        rows = [row for row in self.rows() if row["kel_kode"] and row["kpu_pas1"] != ""]
        total = ContestTotal.objects.get(contest__election__slug=REPLAYED, region__code="ID")
        assert (total.valid_votes, total.invalid_votes, total.voters) == tuple(
            sum(int(row[name] or 0) for row in rows) for name in ("kpu_sah", "kpu_tsah", "kpu_jum")
        )

    def test_rebuild_totals_check_finds_nothing(self):
        assert run("rebuild_totals", "--check", "--election", REPLAYED) == (0, [f"{REPLAYED}: 0 selisih."], [])

    def test_the_same_file_twice_adds_nothing(self):
        def everything():
            return (
                C1Form.objects.count(),
                Vote.objects.count(),
                AuditEvent.objects.count(),
                PollingStation.objects.count(),
                list(PairTotal.objects.order_by("pk").values_list("pk", "votes")),
            )

        before = everything()
        code, lines, named = run("replay", str(RETURNS), "--limit", str(LIMIT))
        again = json.loads(lines[-1])
        assert (code, named) == (0, [])
        assert (again["new"], again["already"], again["forms"]) == (0, self.said["forms"], self.said["forms"])
        assert everything() == before

    def test_the_export_gives_the_numbers_of_the_page(self):
        contest = Contest.objects.get(election__slug=REPLAYED)
        regencies = Region.objects.filter(code__in=["35.01", "35.02", "35.03"])
        _code, lines, _ = run("export_results", "--election", REPLAYED, "--level", "kabupaten")
        exported = [
            (row["region_code"], int(row["pair_number"]), int(row["votes"]), int(row["stations_in"]))
            for row in csv.DictReader(lines)
        ]
        shown = [
            (line.region.code, pair.pair.number, pair.votes, line.progress.stations_in)
            for line in (reporting.contest_report(contest, region).line for region in regencies)
            for pair in line.pairs
        ]
        assert exported == shown

    def test_the_export_asks_no_query_a_region(self, django_assert_num_queries):
        election = Election.objects.get(slug=REPLAYED)
        with django_assert_num_queries(3):
            rows = list(reporting.export_rows(election, "desa"))
        assert len(rows) > 600

    def test_the_chains_of_all_stations_hold(self):
        code, lines, _ = run("verify_audit", "--election", REPLAYED)
        assert (code, lines) == (0, [f"{LIMIT} hasil TPS diperiksa, 0 perubahan ditemukan."])


# The demonstration election


def official(*codes):
    """Votes by (contest, pair number), and (TPS, DPT, sah, tidak sah) by contest, as announced."""
    facts = [contest_by_code(code) for code in codes]
    votes = {(fact.code, pair.number): pair.votes for fact in facts for pair in fact.pairs}
    figures = {
        fact.code: (fact.stations, fact.stations, fact.registered_voters, fact.valid_votes, fact.invalid_votes)
        for fact in facts
    }
    return votes, figures


def counted(election):
    """The same, as the totals say, with TPS in after TPS."""
    own = {"contest__election": election, "region__level": 2}
    votes = PairTotal.objects.filter(**own).values_list("region__code", "pair__number", "votes")
    figures = ContestTotal.objects.filter(**own).values_list(
        "region__code", "stations", "stations_in", "registered_voters", "valid_votes", "invalid_votes"
    )
    return {(code, number): n for code, number, n in votes}, {code: tuple(rest) for code, *rest in figures}


def off_target():
    return set(Finding.objects.open().values_list("region__code", flat=True))


class TestTwoCitiesComplete:
    """I seed two whole contests and hold them against what was announced."""

    CODES = ("35.72", "35.75")

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def seeded(cls, django_db_setup, django_db_blocker, tmp_path_factory):
        cls.folder = tmp_path_factory.mktemp("demo")
        with kept_for_the_class(django_db_blocker, cls.folder):
            code, cls.lines, _ = run("seed_demo", "--contests", *cls.CODES, "--complete")
            assert code == 0
            cls.election = Election.objects.get(slug=demo.SLUG)
            yield

    def test_the_totals_are_the_official_ones(self):
        assert counted(self.election) == official(*self.CODES)

    def test_the_desa_add_up_to_them_too(self):
        desa = PairTotal.objects.filter(contest__election=self.election, region__level=4)
        sums = Counter()
        for code, number, votes in desa.values_list("contest__region__code", "pair__number", "votes"):
            sums[code, number] += votes
        assert dict(sums) == official(*self.CODES)[0]

    def test_it_is_marked_as_a_simulation(self):
        assert (self.election.is_simulation, self.election.party_name) == (True, "PDI Perjuangan")

    def test_the_lost_target_is_found_and_the_won_one_is_not(self):
        assert off_target() == {"35.75"}
        finding = Finding.objects.get()
        assert (finding.numbers["state"], finding.numbers["margin_votes"]) == ("lost", 34_572 - 73_236)

    def test_the_targets_say_when_and_from_where(self):
        target = Target.objects.get(contest__region__code="35.75")
        assert (target.stated_on.year, target.stated_by) == (2019, "PDI Perjuangan")
        assert "tidak ditemukan" in target.source

    def test_no_form_contradicts_itself_beyond_what_a_small_station_may(self):
        """Warnings only, of stations in which a pair has no vote or many votes are invalid."""
        codes = {code for checks in C1Form.objects.values_list("checks", flat=True) for code in checks}
        assert codes <= {"C1-W04", "C1-W05"}

    def test_every_row_of_the_full_form_is_filled(self):
        form = C1Form.objects.first()
        assert [name for name in FULL_FIELDS if getattr(form, name) is None] == []

    def test_every_form_came_from_the_stations_own_witness(self):
        stray = [
            form.pk
            for form in C1Form.objects.select_related("station")
            if not form.station.assignments.filter(witness=form.submitted_by_id).exists()
        ]
        assert stray == []

    def test_nobody_can_sign_in_as_one_of_the_crowd(self):
        crowd = User.objects.filter(username__startswith="saksi-35.")
        assert len(crowd) == 614  # 616 stations, two of which the demonstration's own witness guards
        assert not any(witness.has_usable_password() for witness in crowd)

    def test_running_it_again_adds_nothing(self):
        def everything():
            return [
                (model.__name__, model.objects.count())
                for model in (C1Form, Vote, AuditEvent, PollingStation, User, Target, Finding, FormPhoto, Photo)
            ] + list(PairTotal.objects.order_by("pk").values_list("pk", "votes"))

        before = everything()
        code, lines, _ = run("seed_demo", "--contests", *self.CODES, "--complete")
        assert code == 0
        assert "0 formulir baru" in lines[len(self.CODES)]
        assert everything() == before

    def test_another_seed_is_refused_in_a_sentence(self):
        with pytest.raises(CommandError, match="Kota Blitar sudah dibuat dengan --seed lain"):
            call_command("seed_demo", "--contests", "35.72", "--complete", "--seed", "7", stdout=io.StringIO())

    def test_the_photos_are_plainly_examples_and_stand_upright(self):
        form = C1Form.objects.filter(photo_names__isnull=False).first()
        (_, first), (_, second) = photos.photos_of(form)
        assert (first.state, second.state) == ("siap", "siap")
        # The second page lies on its side in the original; the copy that is shown is upright.
        assert second.facts["orientation"] == 6
        assert (first.width < first.height, second.width > second.height) == (True, True)
        own = override_settings(STORAGES=own_stores.in_folder(self.folder))
        with own, photos.store().open(photos.copy_name(second.pk)) as stream:
            image = Image.open(stream)
            assert image.width < image.height

    def test_the_accounts_are_kept_for_nobody_else_and_open_the_door(self):
        path = self.folder / "demo-accounts.json"
        assert path.stat().st_mode & 0o777 == 0o600
        kept = json.loads(path.read_text())
        assert list(kept) == ["saksi", "saksi-ppk", "operator", "dpc", "dpc-blitar", "dpd", "dpp", "admin"]
        for username, password in kept.items():
            user = User.objects.get(username=username)
            assert user.check_password(password), username
            assert f"{username:<14} {password}" in "\n".join(self.lines)

    def test_one_account_a_role(self):
        people = User.objects.filter(username__in=[account.username for account in demo_accounts.ACCOUNTS])
        assert {person.role for person in people} == {str(role) for role in Role}
        assert list(people.filter(is_superuser=True).values_list("username", flat=True)) == ["admin"]
        assert set(people.filter(is_staff=True).values_list("username", flat=True)) == {"admin", "dpd"}


class TestAsItIsServed:
    """By default some stations are missing, some disputed, most verified; sending the rest completes it."""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def seeded(cls, django_db_setup, django_db_blocker, tmp_path_factory):
        with kept_for_the_class(django_db_blocker, tmp_path_factory.mktemp("demo")):
            run("seed_demo", "--contests", "35.75")
            cls.total = ContestTotal.objects.get(region__code="35.75")
            yield

    def test_some_are_missing_some_disputed_most_verified(self):
        parts = self.total.parts
        assert parts["total"] == 357
        assert parts["not_in"] == round(357 * demo_plan.WITHHELD_SHARE)
        assert parts["disputed"] == 4
        assert parts["verified"] == round((357 - parts["not_in"] - 4) * demo_plan.VERIFIED_SHARE)

    def test_coverage_varies_by_kecamatan(self):
        districts = ContestTotal.objects.filter(region__level=3)
        shares = sorted(total.coverage for total in districts)
        assert shares[-1] - shares[0] > 0.05

    def test_the_disputed_stations_have_two_forms_that_differ(self):
        for result in StationResult.objects.filter(disputed=True):
            first, second = C1Form.objects.filter(station=result.station_id).order_by("pk")
            assert result.form == first
            assert first.figures.votes != second.figures.votes
            assert first.submitted_by != second.submitted_by

    def test_the_coordinator_one_can_sign_in_as_verified_them(self):
        deciders = set(StationResult.objects.filter(review="verified").values_list("decisions__decided_by__username"))
        assert deciders == {("dpc",)}

    def test_the_witness_one_can_sign_in_as_has_two_stations_to_send(self):
        witness = User.objects.get(username="saksi")
        mine = StationResult.objects.visible_to(witness)
        assert [result.review for result in mine] == [Review.NOT_IN, Review.NOT_IN]

    def test_the_totals_and_the_chains_hold(self):
        assert run("rebuild_totals", "--check")[0] == 0
        assert list(audit.verify()) == []
        assert not OutboxRow.objects.exists()

    def test_sending_the_rest_completes_the_official_totals(self):
        assert run("seed_demo", "--contests", "35.75", "--complete")[0] == 0
        assert counted(Election.objects.get(slug=demo.SLUG)) == official("35.75")


@pytest.mark.slow
class TestAllNineteen:
    """The whole of 9 December 2020: 48,607 stations, each form through the intake."""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def seeded(cls, django_db_setup, django_db_blocker, tmp_path_factory):
        # Nearly all of it is the intake's own time, once a form: PostgreSQL shares it between two processes.
        parallel = connection.vendor == "postgresql"
        kept = committed_for_the_class if parallel else kept_for_the_class
        with kept(django_db_blocker, tmp_path_factory.mktemp("demo")):
            assert run("seed_demo", "--contests", "all", "--complete", "--workers", "2" if parallel else "1")[0] == 0
            cls.election = Election.objects.get(slug=demo.SLUG)
            yield

    def test_nineteen_contests_have_the_official_totals(self):
        assert counted(self.election) == official(*(fact.code for fact in CONTESTS))

    def test_the_partys_pairs_won_eleven_and_lost_eight(self):
        totals = PartyTotal.objects.filter(election=self.election, region__code="35")
        assert sum(total.contests_led for total in totals) == 11
        assert sum(total.contests_trailing for total in totals) == 8
        assert sum(total.stations_in for total in totals) == TOTAL_STATIONS == 48_607

    def test_w_stands_on_exactly_the_six_lost_targets(self):
        names = set(Finding.objects.open().values_list("region__name", flat=True))
        assert names == {
            "Kabupaten Jember",
            "Kabupaten Lamongan",
            "Kabupaten Tuban",
            "Kabupaten Mojokerto",
            "Kota Pasuruan",
            "Kabupaten Blitar",
        }

    def test_rebuild_totals_check_finds_nothing(self):
        assert run("rebuild_totals", "--check") == (0, [f"{demo.SLUG}: 0 selisih."], [])
