"""Claims about master data from files: nothing before "Impor", only what differs, undo while nothing stands on it."""

import io
import json
from concurrent.futures import ThreadPoolExecutor

import openpyxl
import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connections
from django.urls import reverse
from django.utils import timezone

from accounts import devices, recording
from accounts.models import AdministrativeEvent, User
from regions.models import Region
from tallies import assigning, intake, preparation
from tallies.importing import confirming, previewing, receiving
from tallies.importing import turns as shared_turns
from tallies.importing.confirming import CLAIM_SECONDS
from tallies.master_data import importing, judging
from tallies.master_data.importing import WAY
from tallies.models import (
    Assignment,
    Channel,
    Contest,
    ImportState,
    InvitationReport,
    MasterChange,
    MasterImport,
    Office,
    Pair,
    Phase,
    PollingStation,
    Reserve,
    StationResult,
)
from tallies.preparation import NewPair
from tallies.totals import aggregation, rebuilding
from tests import cast
from tests.cast import region

LIST = "/impor/"
STATIONS = """kode desa;no tps;dpt l;dpt p
35.07.05.2001;1;150;151
35.07.05.2001;2;150;150
35.07.05.2001;3;140;
35.07.06.2001;2;;
"""
WITNESSES = """nama;no hp;kode desa;tps
Ani Sulastri;0812-3456-7001;35.07.05.2001;1
Bejo;62 812 3456 7002;35.07.06.2001;1
Bejo;0812 3456 7002;35.07.05.1002;1
Cici;081234567003;35.07.05.2001;
"""
PAIRS = """kode;jabatan;nomor;nama;pengusung;usungan
35.07;Bupati;1;Sanusi - Didik;Partai Kita;ya
35.07;bupati;4;Dewa-Agung;;tidak
"""
C6 = "kode desa;tps;diterima;dibagikan;tidak tersampaikan\n35.07.05.2001;1;300;290;10\n35.07.05.2001;2;300;290;9\n"


@pytest.fixture
def budi(play, client):
    client.force_login(play.budi)
    return client


def brought(play, kind, text, *, by=None):
    """A file that was looked at, without a page."""
    content = text if isinstance(text, bytes) else text.encode()
    by = by or play.budi
    one = importing.receive(
        io.BytesIO(content), "data.csv", kind=kind, election=play.election, region=by.scope, by=by
    )
    importing.run(one)
    return one


def imported(play, kind, text, *, by=None):
    one = brought(play, kind, text, by=by)
    assert confirming.confirm(one, by=by or play.budi), reasons(one)
    one.refresh_from_db()
    assert importing.run(one)
    assert one.state == ImportState.DONE
    return one


def reasons(one):
    return [str(problem) for problem in previewing.problems_of(one)]


def counts(one):
    return one.rows_new, one.rows_changed, one.rows_same, one.rows_bad


def station(code, number):
    return PollingStation.objects.get(region__code=code, number=number)


def upload(client, play, kind, text, name="data.csv"):
    content = text if isinstance(text, bytes) else text.encode()
    given = {"kind": kind, "election": play.election.pk, "file": SimpleUploadedFile(name, content)}
    return client.post(LIST, given)


def book(*rows):
    made, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        made.active.append(row)
    made.save(out)
    return out.getvalue()


# TPS and DPT


def test_nothing_is_written_before_it_is_confirmed_and_then_stations_with_results_and_totals(budi, play):
    before = PollingStation.objects.count()
    address = upload(budi, play, "tps", STATIONS).url
    one = MasterImport.objects.get()
    assert (one.state, counts(one)) == (ImportState.READY, (2, 1, 1, 0))
    assert PollingStation.objects.count() == before
    page = budi.get(address).content.decode()
    assert "Impor 4 baris" in page
    assert "Belum ada yang ditulis" in page
    budi.post(address + "impor/")
    one.refresh_from_db()
    assert (one.state, one.written) == (ImportState.DONE, 3)
    new = station("35.07.05.2001", 3)
    assert (new.registered_male, new.registered_female) == (140, None)
    assert station("35.07.05.2001", 1).registered_female == 151
    assert list(StationResult.objects.filter(station=new).values_list("contest", flat=True)) == [play.malang.pk]
    # History names who and which import; the station that says the same has none of it.
    assert new.history.get().history_user == play.budi
    last = station("35.07.05.2001", 1).history.first()
    assert (last.history_type, last.history_change_reason) == ("~", f"impor {one.uuid}")
    assert not station("35.07.05.2001", 2).history.filter(history_change_reason__startswith="impor").exists()
    event = AdministrativeEvent.objects.get(action="master data imported")
    assert (event.actor, event.region, event.content["number"]) == (play.budi, region("35.07"), 3)
    aggregation.drain()
    assert rebuilding.differences(play.election) == []
    assert "3 data dibuat atau diubah" in budi.get(address).content.decode()


def test_the_same_file_again_changes_nothing_and_what_is_blank_stays(play):
    imported(play, "tps", STATIONS)
    histories = PollingStation.history.count()
    again = imported(play, "tps", STATIONS)
    assert (counts(again), again.written, PollingStation.history.count()) == ((0, 0, 4, 0), 0, histories)
    imported(play, "tps", "kode desa;tps;L;P\n35.07.05.2001;1;;149\n")
    one = station("35.07.05.2001", 1)
    assert (one.registered_male, one.registered_female) == (150, 149)


def test_every_bad_row_is_named_with_line_column_value_and_reason(play):
    one = brought(
        play,
        "tps",
        "kode desa;tps;L;P\n35.07.05.2001;1;1.234;1\n35.24.01.2001;1;150;1\n35.07.99.2001;1;1;1\n"
        "35.07.05.2001;0;1;1\n35.07.05.2001;7;1;1\n35.07.05.2001;007;2;2\n35.07.05.2001;8;10000;1\n;9;1;1\n",
    )
    digits = "bukan bilangan bulat. Tulis angka saja, tanpa titik, koma, atau spasi"
    assert reasons(one) == [
        f"Baris 2, kolom L: {digits} (1.234).",
        "Baris 3: di luar wilayah Anda (35.24.01.2001).",
        "Baris 4: kode wilayah ini tidak dikenal (35.07.99.2001).",
        "Baris 5: nomor TPS mulai dari 1 (0).",
        "Baris 7: TPS ini sudah ada di baris 6. Keduanya tidak dipakai.",
        "Baris 8, kolom L: lebih dari 4 angka (10000).",
        "Baris 9, kolom kode desa: kosong.",
    ]
    assert (one.rows_fit, one.rows_bad) == (0, 8)
    assert not confirming.confirm(one, by=play.budi)


@pytest.mark.parametrize("kind", ["tps", "paslon", "saksi", "penduduk", "c6"])
def test_nobody_imports_outside_the_own_region(play, kind):
    text = {
        "tps": STATIONS,
        "paslon": PAIRS,
        "saksi": WITNESSES,
        "penduduk": "kode;penduduk\n35.07;2654448\n35;40000000\n",
        "c6": C6,
    }[kind]
    one = brought(play, kind, text, by=play.agus)
    assert (one.rows_fit, {reason.rpartition(": ")[2].partition(" (")[0] for reason in reasons(one)}) == (
        0,
        {"di luar wilayah Anda"},
    )


@pytest.mark.parametrize(
    "content",
    [
        STATIONS.encode("cp1252"),
        ("\ufeff" + STATIONS).encode(),
        STATIONS.replace(";", ",").encode(),
        book(
            ["Daftar TPS"],
            ["Kode Desa", "TPS", "DPT L", "DPT P"],
            ["35.07.05.2001", 1, 150, 151],
            ["3507052001", "TPS 02", 150, 150],
            ["35.07.05.2001", 3, 140, None],
            ["35.07.06.2001", 2, None, None],
        ),
        b"KODE TPS;L;P\n35.07.05.2001.001;150;151\n35.07.05.2001.002;150;150\n35.07.05.2001.003;140;\n"
        b"35.07.06.2001.002;;\n",
    ],
    ids=["cp1252", "bom", "commas", "xlsx", "station code"],
)
def test_the_dresses_of_a_file_are_the_same_rows(play, content):
    assert counts(brought(play, "tps", content)) == (2, 1, 1, 0)


def test_columns_that_nobody_knows_are_pointed_at(budi, play):
    address = upload(budi, play, "tps", "lokasi;urut;A;B\n35.07.05.2001;3;1;2\n").url
    assert "Tunjukkan kolom untuk: Kode desa, Nomor TPS" in budi.get(address).content.decode()
    columns = {"kolom-desa": 0, "kolom-tps": 1, "kolom-registered_male": 2, "kolom-registered_female": 3}
    budi.post(address + "kolom/", columns)
    budi.post(address + "impor/")
    assert station("35.07.05.2001", 3).registered_voters == 3


@pytest.mark.parametrize("kind", ["tps", "saksi"])
@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "Excel lama"),
        (b"a;b\n" * 1_000_000, "900000 baris"),
        (b"PK\x03\x04 half a zip", "rusak"),
    ],
    ids=["old excel", "a million rows", "half a zip"],
)
def test_a_file_that_is_no_table_leaves_nothing(budi, play, kind, content, word):
    answer = upload(budi, play, kind, content)
    assert (answer.status_code, word in answer.content.decode()) == (400, True)
    assert MasterImport.objects.count() == 0


def test_a_dpt_that_changes_under_a_form_is_named_before(budi, play):
    intake.submit_as_witness(cast.submission(play, "dampit_1", [100, 80, 20]), by=play.siti, channel=Channel.PAGE)
    address = upload(budi, play, "tps", STATIONS).url
    sentence = "35.07.05.2001.001 sudah punya C1: DPT L 150 → 150, P 150 → 151"
    assert sentence in budi.get(address).content.decode()


# Undo


def test_undone_the_stations_are_gone_the_dpt_is_back_and_both_are_history(play):
    one = imported(play, "tps", STATIONS)
    key = station("35.07.05.2001", 3).pk
    assert importing.undo(one, by=play.budi) == 3
    assert (one.state, PollingStation.objects.filter(pk=key).exists()) == (ImportState.DONE, False)
    assert StationResult.objects.filter(station=key).count() == 0
    assert [row.history_type for row in PollingStation.history.filter(id=key)] == ["-", "+"]
    assert station("35.07.05.2001", 1).registered_female == 150
    aggregation.drain()
    assert rebuilding.differences(play.election) == []
    assert AdministrativeEvent.objects.filter(action="master data import undone").count() == 1
    with pytest.raises(confirming.NotUndone):
        importing.undo(one, by=play.budi)


@pytest.mark.parametrize("what", ["assignment", "form", "change", "newer"])
def test_what_something_stands_on_is_not_undone_and_the_reason_is_said(budi, play, what):
    one = imported(play, "tps", STATIONS)
    new = station("35.07.05.2001", 3)
    if what != "newer":
        assigning.assign(new, play.joko, by=play.budi)
    if what == "form":
        play.stations["new"] = new
        intake.submit_as_witness(cast.submission(play, "new", [100, 80, 20]), by=play.joko, channel=Channel.PAGE)
    elif what == "change":
        Assignment.objects.filter(station=new).delete()
        new.registered_male = 141
        new.save()
    elif what == "newer":
        imported(play, "tps", "kode desa;tps;L;P\n35.07.05.2001;3;139;\n")
    page = budi.post(reverse("master-import-undo", args=[one.uuid]), follow=True).content.decode()
    said = {
        "assignment": "Sudah ada C1, penugasan, atau catatan lain",
        "form": "Sudah ada C1, penugasan, atau catatan lain",
        "change": "35.07.05.2001.003 sudah diubah lagi",
        "newer": "Ada yang lebih baru",
    }
    assert "tidak dapat dibatalkan" in page
    assert said[what] in page
    assert station("35.07.05.2001", 1).registered_female == 151
    one.refresh_from_db()
    assert one.state == ImportState.DONE


# Witnesses


def test_witnesses_are_enrolled_assigned_and_kept_in_reserve(play):
    one = imported(play, "saksi", WITNESSES)
    assert (counts(one), one.written) == ((4, 0, 0, 0), 4)
    bejo = User.objects.get(phone="+6281234567002")
    assert (bejo.full_name, bejo.role, bejo.has_usable_password()) == ("Bejo", "saksi", False)
    mine = Assignment.objects.active().filter(witness=bejo)
    assert sorted(each.station.code for each in mine) == ["35.07.05.1002.001", "35.07.06.2001.001"]
    reserve = Reserve.objects.get()
    assert (reserve.person.full_name, reserve.region, reserve.named_by) == (
        "Cici", region("35.07.05.2001"), play.budi
    )  # fmt: skip
    made = AdministrativeEvent.objects.filter(action="assignment made", actor=play.budi)
    assert (made.count(), AdministrativeEvent.objects.filter(action="person enrolled").count()) == (3, 3)
    assert "+62" not in json.dumps(list(AdministrativeEvent.objects.values_list("content", flat=True)))
    # Again: nobody twice.
    again = imported(play, "saksi", WITNESSES)
    assert (counts(again), again.written, Assignment.objects.filter(witness=bejo).count()) == ((0, 0, 4, 0), 0, 2)
    # Numbers of telephones do not lie about once they are in.
    assert not receiving.store().exists(one.stored_name)


def test_a_number_of_somebody_else_is_refused_without_the_name(play):
    User.objects.filter(pk=play.siti.pk).update(full_name="Rahasia Sekali", phone="+6281234567001")
    one = brought(play, "saksi", WITNESSES)
    reason = "nomor ini milik orang dengan nama lain. Periksa nama dan nomornya"
    assert reasons(one) == [f"Baris 2, kolom no hp: {reason} (+6281234567001)."]
    assert "Rahasia" not in json.dumps(one.report)
    # By the right name it is the same person.
    other = imported(play, "saksi", "nama;hp;kode desa;tps\nRAHASIA  sekali;081234567001;35.07.06.2001;1\n")
    assert (other.rows_bad, Assignment.objects.filter(witness=play.siti, station__number=1).count()) == (0, 2)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"is_active": False}, "akun orang ini sudah berakhir"),
        ({"valid_until": "2020-01-01T00:00Z"}, "akun orang ini sudah berakhir"),
        ({"role": "saksi_ppk"}, "orang ini saksi PPK, bukan saksi TPS"),
    ],
)
@pytest.mark.parametrize("tps", ["1", ""])
def test_a_known_person_who_may_not_guard_a_station_is_a_row_error(play, change, reason, tps):
    person = cast.person("ani", "saksi_ppk" if "role" in change else "saksi", "35.07.05")
    User.objects.filter(pk=person.pk).update(phone="+6281234567001", **change)
    text = f"nama;hp;kode desa;tps\nAni;081234567001;35.07.05.2001;{tps}\nBejo;081234567002;35.07.05.2001;{tps}\n"
    one = imported(play, "saksi", text)
    assert (counts(one), one.written) == ((1, 0, 0, 1), 1)
    assert reason in reasons(one)[0]
    assert not Assignment.objects.filter(witness=person).exists()
    assert not Reserve.objects.filter(person=person).exists()


def test_whose_account_ends_between_looking_and_writing_is_left_out(play):
    person = cast.person("ani", "saksi")
    User.objects.filter(pk=person.pk).update(phone="+6281234567001")
    one = brought(play, "saksi", "nama;hp;kode desa;tps\nAni;081234567001;35.07.05.2001;1\n")
    assert confirming.confirm(one, by=play.budi)
    User.objects.filter(pk=person.pk).update(is_active=False)
    one.refresh_from_db()
    importing.run(one)
    assert (one.state, one.written, one.report["late_rows"]) == (ImportState.DONE, 0, 1)
    assert not Assignment.objects.filter(witness=person).exists()


def test_one_number_with_two_names_is_bad_in_every_row(play):
    more = "Bejo;081234567002;35.07.05.2001;2\nBeja;81234567002;35.07.05.2001;2\nBejo;081234567002;35.07.05.2001;\n"
    text = WITNESSES + more
    one = imported(play, "saksi", text)
    assert (one.rows_fit, one.rows_bad) == (2, 5)
    assert not User.objects.filter(phone="+6281234567002").exists()


def test_a_number_of_a_spreadsheet_and_names_that_look_like_formulas(budi, play):
    content = book(
        ["Nama", "HP", "Kode desa", "TPS"],
        ['=HYPERLINK("http://x";"y")', 8123456789.0, "35.07.05.2001", 1],
        ["+Tambah", "8123456788", "35.07.05.2001", 1],
        ["@Ana", 8.123456787e9, "35.07.05.2001", 1],
        ["-Kurang", "abc", "35.07.05.2001", 1],
        [123, "081234567890", "35.07.05.2001", 1],
    )
    one = imported(play, "saksi", content)
    # A real formula has no value until Excel computes it: the row is named, nothing is executed.
    assert [reason.partition(":")[0] for reason in reasons(one)] == [
        "Baris 2, kolom Nama", "Baris 5, kolom HP", "Baris 6, kolom Nama"
    ]  # fmt: skip
    imported(play, "saksi", 'nama;hp;kode desa;tps\n"=HYPERLINK(""http://x"")";8123456789.0;35.07.05.2001;1\n')
    names = set(User.objects.filter(phone__startswith="+62812345678").values_list("full_name", flat=True))
    assert names == {'=HYPERLINK("http://x")', "+Tambah", "@Ana"}


def test_a_person_of_two_elections_is_one(play):
    imported(play, "saksi", WITNESSES)
    people = User.objects.count()
    election = type(play.election).objects.create(name="Ulang", slug="ulang", date="2021-01-01")
    PollingStation.objects.create(election=election, region=region("35.07.05.2001"), number=1)
    one = importing.receive(
        io.BytesIO(b"nama;hp;kode desa;tps\nAni Sulastri;081234567001;35.07.05.2001;1\n"),
        "x.csv", kind="saksi", election=election, region=play.budi.scope, by=play.budi,
    )  # fmt: skip
    importing.run(one)
    confirming.confirm(one, by=play.budi)
    importing.run(one)
    assert (one.written, User.objects.count()) == (1, people)


def test_undone_assignments_are_revoked_and_people_stay(play):
    one = imported(play, "saksi", WITNESSES)
    assert importing.undo(one, by=play.budi) == 4
    ani = User.objects.get(phone="+6281234567001")
    assert Assignment.objects.get(witness=ani).revoked_by == play.budi
    assert Reserve.objects.active().count() == 0
    assert AdministrativeEvent.objects.filter(action="assignment revoked").count() == 3
    # Brought in once more it says that they were revoked.
    assert len(brought(play, "saksi", WITNESSES).report["notes"]) == 3


def test_assignments_of_somebody_who_sent_are_not_undone(play):
    one = imported(play, "saksi", WITNESSES)
    ani = User.objects.get(phone="+6281234567001")
    intake.submit_as_witness(cast.submission(play, "dampit_1", [100, 80, 20]), by=ani, channel=Channel.PAGE)
    with pytest.raises(confirming.NotUndone, match="sudah mengirim"):
        importing.undo(one, by=play.budi)
    assert Assignment.objects.active().filter(witness=ani).exists()


# Pairs, population, C6


def test_pairs_are_made_and_put_right_with_history(play):
    one = imported(play, "paslon", PAIRS)
    assert counts(one) == (1, 1, 0, 0)
    pair = Pair.objects.get(contest=play.malang, number=1)
    assert (pair.name, pair.backing, pair.usungan) == ("Sanusi - Didik", "Partai Kita", True)
    assert pair.history.first().history_user == play.budi
    assert counts(brought(play, "paslon", PAIRS)) == (0, 0, 2, 0)
    importing.undo(one, by=play.budi)
    assert list(play.malang.pairs.values_list("number", "name")) == [
        (1, "Sanusi-Didik"), (2, "Lathifah-Budi"), (3, "Heri-Gunadi")
    ]  # fmt: skip


def test_usungan_goes_from_one_pair_to_another_only_if_both_are_said(play):
    only = brought(play, "paslon", "kode;jabatan;no;nama;;usungan\n35.07;bupati;2;Lathifah-Budi;;ya\n")
    assert reasons(only) == ["Baris 2: paslon 1 sudah usungan. Tulis tidak di barisnya."]
    both = "kode;jabatan;no;nama;;usungan\n35.07;bupati;2;Lathifah-Budi;;ya\n35.07;bupati;1;Sanusi-Didik;;tidak\n"
    imported(play, "paslon", both)
    assert Pair.objects.get(contest=play.malang, usungan=True).number == 2
    two = brought(play, "paslon", both.replace("tidak", "ya"))
    assert (two.rows_fit, two.rows_bad) == (0, 2)


def test_once_a_form_is_in_numbers_and_usungan_stand_and_names_do_not(play):
    intake.submit_as_witness(cast.submission(play, "dampit_1", [100, 80, 20]), by=play.siti, channel=Channel.PAGE)
    one = imported(play, "paslon", PAIRS + "35.07;bupati;2;Lathifah Budi;;\n35.07;bupati;3;Heri-Gunadi;;ya\n")
    reason = "sudah ada C1 di kontes ini: nomor dan usungan tidak dapat diubah, nama dapat"
    assert reasons(one)[0] == f"Baris 3: {reason}."
    assert one.rows_bad == 3  # two rows say usungan
    assert Pair.objects.get(contest=play.malang, number=2).name == "Lathifah Budi"


def test_a_lone_pair_gets_the_empty_box_and_loses_it_to_a_second(play):
    contest = Contest.objects.create(election=play.election, region=region("35"), office="gubernur")
    head = "kode;jabatan;no;nama\n"
    imported(play, "paslon", head + "35;gubernur;1;Satu\n", by=play.dewi)
    assert sorted(contest.pairs.values_list("number", flat=True)) == [0, 1]
    assert StationResult.objects.filter(contest=contest).count() == PollingStation.objects.count()
    imported(play, "paslon", head + "35;gubernur;2;Dua\n", by=play.dewi)
    assert sorted(contest.pairs.values_list("number", flat=True)) == [1, 2]
    none = brought(play, "paslon", head + "35;presiden;1;Satu\n", by=play.dewi)
    assert "kontes ini belum ada" in reasons(none)[0]


def test_population_is_written_with_history_and_taken_back(play):
    one = imported(play, "penduduk", "kode wilayah;jumlah penduduk\n3507;2654448\n")
    malang = Region.objects.get(code="35.07")
    assert (malang.population, malang.history.first().history_user) == (2654448, play.budi)
    assert counts(brought(play, "penduduk", "kode wilayah;jumlah penduduk\n35.07;2654448\n")) == (0, 0, 1, 0)
    importing.undo(one, by=play.budi)
    assert Region.objects.get(code="35.07").population is None


def test_c6_figures_are_reports_by_import_beside_those_of_witnesses(play):
    one = imported(play, "c6", C6)
    report = InvitationReport.objects.get(station=play.stations["dampit_1"])
    assert (report.channel, report.submitted_by, report.handed_out) == (Channel.IMPORT, play.budi, 290)
    assert one.report["notes"] == [
        [3, "35.07.05.2001.002: dibagikan + tidak tersampaikan tidak sama dengan diterima"]
    ]
    again = imported(play, "c6", C6.replace("300;290;10", "300;295;5"))
    assert (counts(again), InvitationReport.objects.count()) == ((0, 1, 1, 0), 3)
    newer = InvitationReport.objects.order_by("pk").last()
    assert newer.supersedes == report
    importing.undo(again, by=play.budi)
    assert InvitationReport.objects.order_by("pk").last().handed_out == 290
    importing.undo(one, by=play.budi)
    assert counts(brought(play, "c6", C6)) == (2, 0, 0, 0)


# Who, twice, at once, killed


@pytest.mark.parametrize(
    ("who", "status"), [("siti", 404), ("oper", 404), ("nasi", 403), ("budi", 200), ("dewi", 200)]
)
def test_who_may_import(client, play, who, status):
    client.force_login(play.people[who])
    assert client.get(LIST).status_code == status
    assert client.get("/impor/contoh/tps.csv").status_code == status


def test_a_coordinator_of_another_kabupaten_finds_no_import(client, play):
    one = imported(play, "tps", STATIONS)
    for who in ("agus", "siti"):
        client.force_login(play.people[who])
        assert client.get(reverse("master-import", args=[one.uuid])).status_code == 404
        for part in ("columns", "confirm", "undo", "discard"):
            assert client.post(reverse(f"master-import-{part}", args=[one.uuid])).status_code == 404


@pytest.mark.parametrize("kind", ["tps", "paslon", "saksi", "penduduk", "c6"])
def test_a_template_is_understood_and_its_example_fits(budi, play, kind):
    answer = budi.get(f"/impor/contoh/{kind}.csv")
    one = brought(play, kind, answer.content)
    assert (one.state, one.rows_bad) == (ImportState.READY, 0), reasons(one)
    assert budi.get("/impor/contoh/lain.csv").status_code == 404


def test_pressed_twice_it_is_one_import_and_a_file_may_be_thrown_away(budi, play):
    address = upload(budi, play, "tps", STATIONS).url
    assert "Berkas dihapus" in budi.post(address + "hapus/", follow=True).content.decode()
    address = upload(budi, play, "tps", STATIONS).url
    budi.post(address + "impor/")
    budi.post(address + "impor/")
    budi.post(address + "hapus/")
    assert AdministrativeEvent.objects.filter(action="master data imported").count() == 1
    assert MasterImport.objects.get().state == ImportState.DONE


def test_a_run_that_was_killed_is_taken_over_and_nothing_is_doubled(play, monkeypatch):
    monkeypatch.setattr("tallies.importing.previewing.BATCH", 1)
    one = brought(play, "tps", STATIONS)
    confirming.confirm(one, by=play.budi)
    late = MasterImport.objects.get(pk=one.pk)
    assert shared_turns._claim(late)

    class Killed(BaseException):
        pass

    def dying(rows):
        if rows == 3:
            raise Killed

    with pytest.raises(Killed):
        WAY.write(late, dying)
    assert PollingStation.objects.filter(number=3).count() == 1
    assert not importing.run(one)  # the claim still holds
    with time_machine.travel(timezone.now() + timezone.timedelta(seconds=CLAIM_SECONDS + 1)):
        assert importing.run(one)
    assert (one.state, one.written, one.report["late_rows"]) == (ImportState.DONE, 3, 0)
    assert PollingStation.objects.filter(region__code="35.07.05.2001").count() == 3
    with pytest.raises(confirming.ClaimLost):
        WAY.write(late, dying)
    # What the killed run changed is undone with the rest.
    importing.undo(one, by=play.budi)
    assert station("35.07.05.2001", 1).registered_female == 150


def test_what_no_longer_fits_when_it_is_written_is_told(budi, play):
    address = upload(budi, play, "saksi", WITNESSES).url
    cast.person("lain", "saksi", phone="081234567001")
    budi.post(address + "impor/")
    one = MasterImport.objects.get()
    assert (one.state, one.written, one.report["late_rows"]) == (ImportState.DONE, 3, 1)
    assert "1 baris tidak lagi cocok" in budi.get(address).content.decode()


def test_two_confirm_at_once_and_one_import_writes(committed_play):
    play = committed_play
    ones = [brought(play, "saksi", WITNESSES) for _time in (1, 2)]

    def press(one):
        try:
            try:
                if not confirming.confirm(one, by=play.budi):
                    return "done already"
                one.refresh_from_db()
                importing.run(one)
                return one.state
            except confirming.Busy:
                return "busy"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(press, [ones[0], MasterImport.objects.get(pk=ones[0].pk), *[ones[1]] * 2]))
    assert ImportState.DONE in said
    for one in ones:
        one.refresh_from_db()
        if one.state == ImportState.READY:
            confirming.confirm(one, by=play.budi)
            importing.run(one)
    assert User.objects.filter(phone__startswith="+6281234567").count() == 3
    assert Assignment.objects.active().filter(witness__phone__startswith="+6281234567").count() == 3
    assert Reserve.objects.count() == 1


def test_a_long_file_is_worked_on_beside_the_requests(budi, play, monkeypatch):
    monkeypatch.setattr("tallies.importing.turns.DIRECT_ROWS", 2)
    address = upload(budi, play, "tps", STATIONS).url
    one = MasterImport.objects.get()
    assert one.state == ImportState.CHECKING
    assert "Menunggu giliran" in budi.get(address).content.decode()
    assert importing.run_waiting() == 1
    budi.post(address + "impor/")
    assert importing.run_waiting() == 1
    one.refresh_from_db()
    assert (one.state, one.written) == (ImportState.DONE, 3)


def test_the_command_does_the_same(play, tmp_path, capsys):
    file = tmp_path / "tps.csv"
    file.write_text(STATIONS + "35.24.01.2001;1;1;1\n")
    said = {"election": "pilkada-2020", "by": "budi"}
    with pytest.raises(CommandError, match="leave-out-bad"):
        call_command("import_master", "tps", str(file), **said)
    assert MasterImport.objects.count() == 0
    call_command("import_master", "tps", str(file), leave_out_bad=True, **said)
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["state"], told["written"], told["rows_bad"]) == ("diimpor", 3, 1)
    with pytest.raises(CommandError, match="tidak boleh"):
        call_command("import_master", "tps", str(file), election="pilkada-2020", by="siti")


def test_an_undone_import_holds_all_people_before_the_first_chain(play, monkeypatch):
    one = imported(play, "saksi", WITNESSES)
    monkeypatch.setattr(judging, "_AT_ONCE", 1)
    held, chain, people = [], recording._locked, devices.lock_all
    monkeypatch.setattr(recording, "_locked", lambda key: held.append(key) or chain(key))

    def hold(keys):
        found = people(keys)
        held.extend(each.pk for each in found)
        return found

    monkeypatch.setattr(devices, "lock_all", hold)
    importing.undo(one, by=play.budi)
    first = list(dict.fromkeys(held))
    assert first == sorted(first, key=lambda key: isinstance(key, str))
    assert {type(each) for each in first} == {int, str}


def test_a_contest_made_while_tps_come_in_has_them_all(play, monkeypatch):
    monkeypatch.setattr(previewing, "BATCH", 1)
    one = brought(play, "tps", STATIONS)
    assert confirming.confirm(one, by=play.budi)
    made = []

    def meanwhile(rows):
        if not made:
            pairs = [NewPair(1, "Khofifah-Emil", usungan=True), NewPair(2, "Risma-Hans")]
            made.append(preparation.create_contest(play.election, region("35"), Office.GOVERNOR, pairs))
            preparation.complete_contest(made[0])

    importing.run(one, meanwhile)
    assert StationResult.objects.filter(contest=made[0]).count() == PollingStation.objects.count()


@pytest.mark.parametrize(("kind", "text"), [("tps", STATIONS), ("saksi", WITNESSES), ("paslon", PAIRS), ("c6", C6)])
def test_a_closed_election_is_changed_by_no_file_and_by_no_undo(play, kind, text):
    before = imported(play, kind, text)
    waiting = brought(play, kind, text.replace("150", "149").replace("Bejo", "Beja").replace("290", "291"))
    play.election.phase = Phase.CLOSED
    play.election.save()
    written = MasterChange.objects.count()
    with pytest.raises(confirming.NotUndone, match="sudah selesai"):
        importing.undo(before, by=play.budi)
    assert not importing.may_undo(before)
    if confirming.confirm(waiting, by=play.budi):
        waiting.refresh_from_db()
        importing.run(waiting)
        assert (waiting.state, "sudah selesai" in waiting.report["refused"]) == (ImportState.FAILED, True)
    assert MasterChange.objects.count() == written


def test_the_population_for_a_dispute_comes_in_after_the_election(play):
    play.election.phase = Phase.CLOSED
    play.election.save()
    imported(play, "penduduk", "kode;penduduk\n35.07;2654448\n")
    assert region("35.07").population == 2654448
