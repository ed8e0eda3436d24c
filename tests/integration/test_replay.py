"""Claims about `replay`: each row of real returns is taken, or named with the reason why not."""

import gzip
import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from regions.importing import import_regions
from sista import progress
from tallies import replay
from tallies.models import C1Form, ContestTotal, PairTotal, PollingStation, Review, StationResult
from tests.cast import TREE

HEADER = "kel_kode,tps,dpt_l,dpt_p,kpu_pas1,kpu_pas2,kpu_jum,kpu_sah,kpu_tsah,kp_pas1,kp_pas2,kp_jum,kp_sah,kp_tsah"
KPU = "pilpres-2019-jatim-kpu"
SUKAMAJU, PAMOTAN = "35.07.05.2001", "35.07.05.1002"


def run(*arguments):
    """Run a command; return its lines, and what it complained of."""
    out, err = io.StringIO(), io.StringIO()
    call_command(*arguments, stdout=out, stderr=err)
    return out.getvalue().splitlines(), err.getvalue().splitlines()


@pytest.fixture
def tree(db):
    import_regions(TREE)


@pytest.fixture
def returns_file(tmp_path):
    def write(*rows, header=HEADER, name="kiriman.csv"):
        path = tmp_path / name
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return str(path)

    return write


def row(desa, tps, kpu="100,80,190,180,10", kp="100,80,190,180,10", dpt="150,160"):
    return f"{desa},{tps},{dpt},{kpu},{kp}"


class TestRows:
    """A row that cannot be taken is named with its reason, and the others are taken."""

    pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tree")]

    def replay(self, path, *options):
        (said,), beside = run("replay", path, *options)
        return json.loads(said), [line for line in beside if line.startswith("baris ")]

    @pytest.mark.parametrize(
        ("bad", "reason"),
        [
            (row(SUKAMAJU, 2, kpu="100,80,190,180,105200"), "kpu_tsah '105200' bukan angka 0 sampai 9999"),
            (row(SUKAMAJU, 2, kpu="-1,80,190,180,10"), "kpu_pas1 '-1' bukan angka 0 sampai 9999"),
            (row(SUKAMAJU, 2, kpu="12.0,80,190,180,10"), "kpu_pas1 '12.0' bukan angka 0 sampai 9999"),
            (row(SUKAMAJU, 2, kpu="١٢,80,190,180,10"), "kpu_pas1 '١٢' bukan angka 0 sampai 9999"),
            (row(SUKAMAJU, 1, kpu="7,7,14,14,0"), "ganda: TPS ini sudah ada di baris 2"),
            (row(SUKAMAJU, 1), "ganda: TPS ini sudah ada di baris 2"),
            (row("35.99.01.2001", 2), "desa 35.99.01.2001 tidak ada dalam daftar wilayah"),
            (row("35.07.05", 2), "desa 35.07.05 tidak ada dalam daftar wilayah"),
            (row(SUKAMAJU, "satu"), "tps 'satu' bukan angka 0 sampai 9999"),
            (row(SUKAMAJU, 0), "nomor TPS kosong atau nol"),
            (row(SUKAMAJU, 2, dpt="banyak,160"), "dpt_l 'banyak' bukan angka 0 sampai 9999"),
        ],
    )
    def test_is_named_with_its_reason(self, returns_file, bad, reason):
        said, named = self.replay(returns_file(row(SUKAMAJU, 1), bad, row(PAMOTAN, 1, kpu="10,20,31,30,1")))
        (complaint,) = named
        assert complaint.startswith("baris 3 (")
        assert complaint.endswith(f": {reason}")
        assert (said["rows"], said["refused"], said["new"]) == (3, 1, 2)
        assert self.votes_at("ID") == [110, 100]

    def votes_at(self, code):
        return list(
            PairTotal.objects.filter(region__code=code).order_by("pair__number").values_list("votes", flat=True)
        )

    def test_a_row_without_a_desa_code_is_counted_and_left_out(self, returns_file):
        said, named = self.replay(returns_file(row("", 1), row(SUKAMAJU, 1)))
        assert (said["rows"], said["left_out"], said["stations"], said["new"], named) == (2, 1, 1, 1, [])

    def test_both_pairs_empty_is_a_station_not_yet_in(self, returns_file):
        said, named = self.replay(returns_file(row(SUKAMAJU, 1, kpu=",,,,")))
        assert (said["stations"], said["not_in"], said["forms"], named) == (1, 1, 0, [])
        assert StationResult.objects.get().review == Review.NOT_IN
        assert ContestTotal.objects.get(region__code="ID").stations == 1

    def test_one_pair_empty_is_a_blank_box(self, returns_file):
        self.replay(returns_file(row(SUKAMAJU, 1, kpu="100,,190,,10")))
        form = C1Form.objects.get()
        assert form.figures.votes == {1: 100, 2: None}
        assert (form.valid_votes, form.effective_valid) == (None, None)

    def test_a_negative_dpt_is_unknown_and_the_figures_count(self, returns_file):
        said, _ = self.replay(returns_file(row(SUKAMAJU, 1, dpt="-1,-1")))
        station = PollingStation.objects.get()
        assert (station.registered_male, station.registered_female, station.registered_voters) == (None, None, None)
        assert said["new"] == 1

    def test_a_station_whose_figures_are_impossible_is_there_and_not_in(self, returns_file):
        said, _ = self.replay(returns_file(row(SUKAMAJU, 1, kpu="136188,80,190,180,10")))
        assert (said["stations"], said["forms"]) == (1, 0)
        assert StationResult.objects.get().review == Review.NOT_IN

    def test_figures_that_contradict_each_other_are_taken_and_flagged(self, returns_file):
        self.replay(returns_file(row(SUKAMAJU, 1, kpu="941,80,190,180,10")))
        assert "C1-E09" in C1Form.objects.get().checks
        assert self.votes_at("ID") == [941, 80]

    def test_the_two_readings_are_two_elections(self, returns_file):
        path = returns_file(row(SUKAMAJU, 1, kp="90,80,180,170,10"))
        self.replay(path)
        said, _ = self.replay(path, "--reading", "kp")
        assert (said["election"], said["new"]) == ("pilpres-2019-jatim-kp", 1)
        stored = PairTotal.objects.filter(region__code="ID", pair__number=1).order_by("votes")
        assert list(stored.values_list("contest__election__slug", "votes")) == [
            ("pilpres-2019-jatim-kp", 90),
            (KPU, 100),
        ]

    def test_a_row_that_changed_is_kept_beside_the_first_and_shown_as_a_difference(self, returns_file):
        self.replay(returns_file(row(SUKAMAJU, 1)))
        said, _ = self.replay(returns_file(row(SUKAMAJU, 1, kpu="101,80,191,181,10")))
        assert said["new"] == 1
        assert StationResult.objects.get().disputed is True
        assert self.votes_at("ID") == [100, 80]

    def test_a_packed_file_is_read_like_a_plain_one(self, tmp_path):
        path = tmp_path / "kiriman.csv.gz"
        path.write_bytes(gzip.compress(f"{HEADER}\n{row(SUKAMAJU, 1)}\n".encode()))
        said, _ = self.replay(str(path))
        assert said["new"] == 1

    @pytest.mark.parametrize(
        ("content", "name"),
        [
            (b"not packed at all", "x.csv.gz"),
            (gzip.compress(HEADER.encode(), mtime=0)[:-9], "x.csv.gz"),
            (b"\xff\xfe1", "x.csv"),
        ],
    )
    def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(self, tmp_path, content, name):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(CommandError, match="tidak terbaca"):
            call_command("replay", str(path))

    def test_a_file_of_another_kind_is_refused_by_its_columns(self, returns_file):
        with pytest.raises(CommandError, match=r"Kolom tidak ada di kiriman\.csv: dpt_l, dpt_p"):
            call_command("replay", returns_file("1,2", header="kel_kode,tps"))

    def test_a_file_that_is_not_there_is_refused_in_a_sentence(self, tmp_path):
        with pytest.raises(CommandError, match="tidak terbaca"):
            call_command("replay", str(tmp_path / "none.csv"))

    def test_nobody_can_sign_in_as_the_replay(self, returns_file):
        self.replay(returns_file(row(SUKAMAJU, 1)))
        sender = User.objects.get(username=replay.SENDER)
        assert (sender.is_active, sender.has_usable_password()) == (False, False)


@pytest.mark.usefixtures("tree")
def test_a_long_replay_says_beside_its_result_how_far_it_is(returns_file, monkeypatch):
    monkeypatch.setattr(progress, "PIPE_SECONDS", 0)
    monkeypatch.setattr(replay, "CHUNK", 1)
    out, beside = run("replay", returns_file(row(SUKAMAJU, 1), row(SUKAMAJU, 2)))
    assert [json.loads(line)["new"] for line in out] == [2]
    assert beside == [
        "kiriman.csv dibaca …",
        "TPS disiapkan …",
        "2 TPS siap; formulir dikirim …",
        "Formulir: 1 dari 2",
        "Formulir: 2 dari 2",
    ]


@pytest.mark.django_db
def test_a_replay_into_an_empty_database_brings_the_regions_along(returns_file, monkeypatch):
    monkeypatch.setattr(replay, "rows_from_package", lambda: TREE)
    lines, _ = run("replay", returns_file(row(SUKAMAJU, 1)))
    assert json.loads(lines[-1])["new"] == 1


@pytest.mark.django_db
def test_several_senders_are_refused_on_sqlite(returns_file, monkeypatch):
    monkeypatch.setattr(connection, "vendor", "sqlite")
    with pytest.raises(CommandError, match="hanya dengan PostgreSQL"):
        call_command("replay", returns_file(row(SUKAMAJU, 1)), "--workers", "2")
