"""Claims about official figures that are brought in: looked at first, written once, kept, undone while the last."""

import datetime as dt
import io
import json
from concurrent.futures import ThreadPoolExecutor

import openpyxl
import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Refusal
from tallies.importing import turns as shared_turns
from tallies.importing.confirming import CLAIM_SECONDS
from tallies.models import (
    ExaminationRow,
    ImportState,
    OfficialFigure,
    OfficialImport,
    OfficialStanding,
    OfficialVote,
)
from tallies.official import importing, preview, receiving, turns
from tallies.official.reading import newest_figures
from tallies.official.receiving import Statement
from tallies.official.way import WAY
from tests import cast, reading
from tests.cast import region

HEADER = "kode desa;tps;suara_1;suara_2;suara_3;sah;tidak sah"
GOOD = f"""{HEADER}
35.07.05.2001;1;100;80;20;200;5
35.07.05.2001;2;90;70;10;170;3
35.07.05.1002;001;0;;15;;
"""
LIST = "/impor/resmi/"
AS_OF = dt.datetime(2020, 12, 15, 3, tzinfo=dt.UTC)


@pytest.fixture
def budi(play, client):
    client.force_login(play.budi)
    return client


def statement(play, **changes):
    said = {
        "election": play.election, "office": play.malang.office, "contest": play.malang, "region": region("35.07"),
        "source": "KPU Kabupaten Malang", "as_of": AS_OF,
    }  # fmt: skip
    return Statement(**(said | changes))


def brought(play, text, *, by=None, **changes):
    """A file that was looked at, without a page."""
    content = text if isinstance(text, bytes) else text.encode()
    one = receiving.receive(io.BytesIO(content), "resmi.csv", statement(play, **changes), by=by or play.budi)
    turns.run(one)
    return one


def imported(play, text, *, by=None, **changes):
    one = brought(play, text, by=by, **changes)
    assert importing.confirm(one, by=by or play.budi)
    assert turns.run(one)
    assert one.state == ImportState.DONE
    return one


def upload(client, play, text, name="resmi.csv", **changes):
    content = text if isinstance(text, bytes) else text.encode()
    given = {
        "about": play.malang.pk, "source": "KPU Kabupaten Malang", "as_of": "15/12/2020 10.00",
        "file": SimpleUploadedFile(name, content),
    }  # fmt: skip
    return client.post(LIST, given | changes)


def stands(play, *names):
    keys = {name: play.stations[name].pk for name in names}
    found = newest_figures(play.malang, keys.values())
    return {name: found.get(key) for name, key in keys.items()}


def reasons(one):
    return [str(problem) for problem in preview.problems_of(one)]


# The way of a file


def test_nothing_is_written_before_it_is_confirmed_and_then_all_that_fits(budi, play):
    page = upload(budi, play, GOOD, source_url="https://pilkada2020.kpu.go.id/")
    one = OfficialImport.objects.get()
    assert page.url == reverse("official-import", args=[one.uuid])
    assert (one.state, one.rows_fit, one.rows_bad, one.rows_new) == (ImportState.READY, 3, 0, 3)
    assert (OfficialFigure.objects.count(), ExaminationRow.objects.count()) == (0, 0)
    shown = budi.get(page.url).content.decode()
    assert "Impor 3 baris" in shown
    assert "10.00" in shown  # as the source says, in the place's own time
    assert one.as_of == AS_OF
    budi.post(reverse("official-import-confirm", args=[one.uuid]))
    one.refresh_from_db()
    assert (one.state, one.figures_written, one.imported_by) == (ImportState.DONE, 3, play.budi)
    assert stands(play, "dampit_1", "dampit_2", "pamotan_1", "gedangan_1") == {
        "dampit_1": {1: 100, 2: 80, 3: 20},
        "dampit_2": {1: 90, 2: 70, 3: 10},
        "pamotan_1": {1: 0, 2: None, 3: 15},  # blank is not zero
        "gedangan_1": None,
    }
    asked = ExaminationRow.objects.values_list("contest", "region__code", "station")
    assert sorted(asked) == sorted(
        (play.malang.pk, play.stations[name].region.code, play.stations[name].pk)
        for name in ("dampit_1", "dampit_2", "pamotan_1")
    )
    assert "3 TPS mendapat angka resmi" in budi.get(page.url).content.decode()


def test_the_dresses_of_a_file_are_the_same_figures(play):
    imported(play, GOOD)
    whole = "TPS CODE;01;02;03\n35.07.05.2001.001;100;80;20\n".replace("TPS CODE", "Kode TPS")
    plain = "KODE WILAYAH,No TPS,Paslon 1,Paslon 2,Paslon 3\n3507052001,TPS 002,90,70,10\n"
    book = openpyxl.Workbook()
    for row in (["Rekap resmi"], ["Kode Desa", "TPS", 1, 2, "Heri-Gunadi"], ["35.07.05.2001", 1, 100, 80, 20]):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    for content in (whole, plain, GOOD.encode("cp1252"), "\ufeff" + GOOD, out.getvalue()):
        one = brought(play, content)
        assert (one.state, one.rows_bad, one.rows_new) == (ImportState.READY, 0, 0), content
        assert one.rows_fit >= 1
        receiving.discard(one)


def test_columns_that_nobody_knows_are_pointed_at(budi, play):
    text = "lokasi;nomor;A;B;C\n35.07.05.2001;1;100;80;20\n"
    address = upload(budi, play, text).url
    page = budi.get(address).content.decode()
    assert "Tunjukkan kolom untuk: Kode desa, Nomor TPS, Suara paslon 1" in page
    choose = address + "kolom/"
    budi.post(choose, {"kolom-desa": 0, "kolom-tps": 1, "kolom-suara_1": 2, "kolom-suara_2": 3, "kolom-suara_3": 3})
    assert OfficialImport.objects.get().state == ImportState.COLUMNS
    budi.post(choose, {"kolom-desa": 0, "kolom-tps": 1, "kolom-suara_1": 4, "kolom-suara_2": 3, "kolom-suara_3": 99})
    assert OfficialImport.objects.get().state == ImportState.COLUMNS
    budi.post(choose, {"kolom-desa": 0, "kolom-tps": 1, "kolom-suara_1": 4, "kolom-suara_2": 3, "kolom-suara_3": 2})
    budi.post(address + "impor/")
    assert stands(play, "dampit_1") == {"dampit_1": {1: 20, 2: 80, 3: 100}}
    # Once written, the columns are history.
    budi.post(choose, {"kolom-desa": 0, "kolom-tps": 1, "kolom-suara_1": 2, "kolom-suara_2": 3, "kolom-suara_3": 4})
    assert OfficialImport.objects.get().state == ImportState.DONE


# Bad rows


def test_every_bad_row_is_named_with_its_reason_and_left_out(play):
    text = f"""{HEADER}
35.07.05.2001;1;1.234;80;20;200;5
35.07.05.2001;9;100;80;20;200;5
35.07.05.2001;2;10000;80;20;200;5
35.07.05.9999;1;100;80;20;200;5
35.24.01.2001;1;100;80;20;200;5
35.07.05.1002;1;١٢;12.0;-1;;
35.07.06.2001;1;100;80;20;200;5
35.07.06.2001;01;100;80;20;200;5
;1;100;80;20;200;5
35.07.05.2001;satu;100;80;20;200;5
35.07.06.2001;02;;;;200;5
"""
    one = brought(play, text)
    assert (one.rows_fit, one.rows_bad, one.rows_of) == (0, 11, 11)
    digits = "bukan bilangan bulat. Tulis angka saja, tanpa titik, koma, atau spasi"
    assert reasons(one) == [
        f"Baris 2, kolom suara_1: {digits} (1.234).",
        "Baris 3: TPS ini tidak ada (35.07.05.2001.009).",
        "Baris 4, kolom suara_1: lebih dari 4 angka (10000).",
        "Baris 5: kode desa ini tidak dikenal (35.07.05.9999).",
        "Baris 6: TPS ini di luar Kabupaten Malang, wilayah impor ini (35.24.01.2001).",
        f"Baris 7, kolom suara_1: {digits} (١٢).",
        f"Baris 7, kolom suara_2: {digits} (12.0).",
        f"Baris 7, kolom suara_3: {digits} (-1).",
        "Baris 9: TPS ini sudah ada di baris 8. Keduanya tidak dipakai.",
        "Baris 10, kolom kode desa: kosong.",
        "Baris 11, kolom tps: bukan nomor TPS (satu).",
        "Baris 12: TPS ini tidak ada (35.07.06.2001.002).",
    ]
    assert not importing.confirm(one, by=play.budi)


def test_the_good_rows_of_a_bad_file_are_imported_and_of_a_double_neither(play):
    text = GOOD + "35.07.05.2001;2;91;70;10;171;3\n35.07.06.2001;1;7,5;80;20;200;5\n"
    one = imported(play, text)
    assert (one.rows_fit, one.rows_bad, one.figures_written) == (2, 3, 2)
    assert stands(play, "dampit_2", "gedangan_1") == {"dampit_2": None, "gedangan_1": None}


def test_a_pair_that_the_contest_of_the_station_does_not_have(play):
    text = f"{HEADER}\n35.07.05.2001;1;100;80;20;;\n35.24.01.2001;1;100;80;20;;\n35.24.01.2001;2;40;60;;;\n"
    one = imported(play, text, by=play.dewi, contest=None, region=region("35"))
    assert reasons(one) == ["Baris 3: kontes TPS ini tidak punya paslon 3."]
    found = newest_figures(play.lamongan, [play.stations["babat_1"].pk, play.stations["babat_2"].pk])
    assert found == {play.stations["babat_2"].pk: {1: 40, 2: 60}}


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "kosong"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "bukan"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "Excel lama"),
        (b"PK\x03\x04 half a zip", "rusak"),
        (b"a;b\n" * 1_000_000, "900000 baris"),
    ],
    ids=["empty", "picture", "old excel", "half a zip", "a million rows"],
)
def test_a_file_that_is_no_table_is_refused_and_leaves_nothing(budi, play, content, word):
    answer = upload(budi, play, content, name="../../\u202eetc/passwd\0.xlsx")
    assert answer.status_code == 400
    assert word in answer.content.decode()
    assert OfficialImport.objects.count() == 0


def test_a_file_that_breaks_off_is_refused_by_its_reading(play):
    one = brought(play, (GOOD * 9 + '"').encode() + b"x" * 200_000 + b"\n")
    assert one.state == ImportState.REFUSED
    assert "tanda kutip" in one.report["refused"]
    assert not importing.confirm(one, by=play.budi)


def test_names_of_files_are_for_the_eye_and_cells_are_text(budi, play):
    name = "..\\..\\<b>x\u202e.csv"
    address = upload(budi, play, f'{HEADER}\n=HYPERLINK("x");1;<script>;80;20;;\n', name=name).url
    one = OfficialImport.objects.get()
    assert one.file_name == "<b>x.csv"
    page = budi.get(address).content.decode()
    assert "<script>;" not in page
    assert "&lt;b&gt;x.csv" in page
    assert "=HYPERLINK(&quot;x&quot;)" in page


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"about": "999999"}, "about"),
        ({"source": ""}, "source"),
        ({"source_url": "javascript:alert(1)"}, "https://"),
        ({"as_of": "1/1/2999 10:00"}, "belum tiba"),
        ({"as_of": "kemarin"}, "Isi tanggal"),
        ({"file": ""}, "Pilih berkasnya"),
    ],
)
def test_what_is_said_of_a_file_has_to_make_sense(budi, play, changes, word):
    answer = upload(budi, play, GOOD, **changes)
    assert answer.status_code == 400
    assert word in answer.content.decode()
    assert OfficialImport.objects.count() == 0


def test_a_file_beyond_the_limit_of_the_page_is_sent_to_the_command(budi, play, settings):
    settings.IMPORT_MAX_BYTES = 100
    answer = upload(budi, play, GOOD)
    assert (answer.status_code, "import_official" in answer.content.decode()) == (400, True)


@pytest.mark.parametrize("given", ["15/12/2020 10:00", "15-12-2020 10.00", "2020-12-15 10:00", "2020-12-15T10:00"])
def test_a_moment_is_of_the_place_however_it_is_written(budi, play, given):
    upload(budi, play, GOOD, as_of=given)
    assert OfficialImport.objects.get().as_of == AS_OF


# Twice, newer, undone


def test_the_same_file_again_changes_nothing(play):
    imported(play, GOOD)
    ExaminationRow.objects.all().delete()
    again = imported(play, GOOD)
    assert (again.rows_new, again.rows_changed, again.rows_same, again.figures_written) == (0, 0, 3, 0)
    assert (OfficialFigure.objects.count(), ExaminationRow.objects.count()) == (3, 0)


def test_a_newer_import_supersedes_station_by_station_and_history_stays(play):
    imported(play, GOOD)
    ExaminationRow.objects.all().delete()
    newer = brought(play, f"{HEADER}\n35.07.05.2001;1;101;80;20;201;5\n35.07.05.2001;2;90;70;10;170;3\n")
    assert (newer.rows_new, newer.rows_changed, newer.rows_same) == (0, 1, 1)
    assert importing.confirm(newer, by=play.budi)
    turns.run(newer)
    assert stands(play, "dampit_1", "dampit_2") == {
        "dampit_1": {1: 101, 2: 80, 3: 20},
        "dampit_2": {1: 90, 2: 70, 3: 10},
    }
    assert OfficialFigure.objects.filter(station=play.stations["dampit_1"]).count() == 2
    assert [row.station for row in ExaminationRow.objects.all()] == [play.stations["dampit_1"]]


def test_undone_what_stood_before_stands_again_and_the_rows_are_kept(budi, play):
    first = imported(play, GOOD)
    second = imported(play, f"{HEADER}\n35.07.05.2001;1;101;80;20;201;5\n35.07.06.2001;1;1;2;3;6;0\n")
    ExaminationRow.objects.all().delete()
    undo = "official-import-undo"
    # Something newer stands on it: not the first.
    budi.post(reverse(undo, args=[first.uuid]))
    assert "Batalkan impor" not in budi.get(reverse("official-import", args=[first.uuid])).content.decode()
    first.refresh_from_db()
    assert first.state == ImportState.DONE
    budi.post(reverse(undo, args=[second.uuid]))
    second.refresh_from_db()
    assert (second.state, second.undone_by) == (ImportState.UNDONE, play.budi)
    assert stands(play, "dampit_1", "gedangan_1") == {"dampit_1": {1: 100, 2: 80, 3: 20}, "gedangan_1": None}
    changed = {play.stations["dampit_1"], play.stations["gedangan_1"]}
    assert {row.station for row in ExaminationRow.objects.all()} == changed
    assert OfficialFigure.objects.filter(source=second).count() == 2
    # Pressed again nothing happens; then the first is the last one.
    with pytest.raises(importing.NotUndone):
        importing.undo(second, by=play.budi)
    assert importing.undo(first, by=play.budi) == 3
    assert OfficialStanding.objects.count() == 0
    # What was undone is never what stands again.
    third = imported(play, f"{HEADER}\n35.07.05.2001;1;102;80;20;202;5\n")
    assert importing.undo(third, by=play.budi) == 1
    assert stands(play, "dampit_1") == {"dampit_1": None}


def test_an_import_of_elsewhere_keeps_nobody_from_undoing(play):
    first = imported(play, GOOD)
    imported(
        play,
        "kode desa;tps;1;2\n35.24.01.2001;1;40;60\n",
        by=play.agus,
        contest=play.lamongan,
        region=region("35.24"),
    )
    assert importing.may_undo(first)
    imported(play, GOOD, by=play.dewi, contest=None, region=region("35"))
    assert not importing.may_undo(first)


def test_figures_and_votes_never_change_nor_go(play):
    imported(play, GOOD)
    vote = OfficialVote.objects.first()
    other = play.lamongan.pairs.first()
    for meddle in (
        lambda: OfficialFigure.objects.update(valid_votes=1),
        lambda: OfficialFigure.objects.all()._raw_delete("default"),
        lambda: OfficialVote.objects.filter(pk=vote.pk).update(votes=1),
        lambda: OfficialVote.objects.filter(pk=vote.pk)._raw_delete("default"),
        lambda: OfficialVote.objects.create(figure=vote.figure, pair=other, votes=1),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            meddle()


# At once, killed, late


def test_two_at_once_are_one_after_the_other(committed_play, settings):
    play = committed_play
    ones = [brought(play, GOOD.replace(";100;", f";10{number};")) for number in (1, 2)]
    answers = []

    def press(one):
        try:
            answers.append(importing.confirm(one, by=play.budi))
        except importing.Busy:
            answers.append("busy")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(press, [ones[0], ones[1], ones[0], ones[1]]))
    assert sorted(map(str, answers)).count("True") == 1
    [running] = OfficialImport.objects.filter(state=ImportState.IMPORTING)

    def work(_number):
        try:
            return turns.run_waiting()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(work, range(3))) == 1
    [waiting] = [one for one in ones if one.pk != running.pk]
    assert importing.confirm(waiting, by=play.budi)
    turns.run(waiting)
    assert (waiting.state, waiting.figures_written) == (ImportState.DONE, 1)
    assert OfficialFigure.objects.count() == 4


def test_a_run_that_was_killed_is_taken_over_and_the_late_one_writes_nothing(play, monkeypatch):
    monkeypatch.setattr("tallies.importing.previewing.BATCH", 1)
    one = brought(play, GOOD)
    importing.confirm(one, by=play.budi)
    late = OfficialImport.objects.get(pk=one.pk)
    assert shared_turns._claim(late)

    class Killed(BaseException):
        pass

    def dying(rows):
        raise Killed

    with pytest.raises(Killed):
        WAY.write(late, dying)
    assert OfficialFigure.objects.count() == 1
    assert not turns.run(one)  # the claim still holds
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=CLAIM_SECONDS + 1)):
        assert turns.run(one)
    assert (one.state, one.figures_written, OfficialFigure.objects.count()) == (ImportState.DONE, 3, 3)
    with pytest.raises(importing.ClaimLost):
        WAY.write(late, dying)
    assert OfficialFigure.objects.count() == 3


def test_what_fails_three_times_is_given_up_and_can_be_undone(play, monkeypatch):
    one = brought(play, GOOD)
    importing.confirm(one, by=play.budi)
    receiving.store().delete(one.stored_name)
    turns.run(one)
    assert one.state == ImportState.FAILED
    assert importing.may_undo(one)
    assert importing.undo(one, by=play.budi) == 0


def test_a_long_file_is_looked_at_beside_the_requests(budi, play, monkeypatch):
    monkeypatch.setattr("tallies.importing.turns.DIRECT_ROWS", 2)
    address = upload(budi, play, GOOD).url
    one = OfficialImport.objects.get()
    assert one.state == ImportState.CHECKING
    assert "Menunggu giliran." in budi.get(address).content.decode()
    assert 'hx-trigger="every 2s"' in budi.get(address, headers={"HX-Request": "true"}).content.decode()
    assert turns.run_waiting() == 1
    budi.post(address + "impor/")
    assert OfficialFigure.objects.count() == 0
    assert turns.run_waiting() == 1
    assert OfficialFigure.objects.count() == 3


def test_a_file_nobody_imports_is_removed_after_a_day_and_one_that_was_imported_stays(budi, play):
    kept = imported(play, GOOD)
    left = brought(play, GOOD)
    with time_machine.travel(timezone.now() + dt.timedelta(hours=25)):
        assert receiving.remove_abandoned() == 1
    assert list(OfficialImport.objects.all()) == [kept]
    assert (receiving.store().exists(kept.stored_name), receiving.store().exists(left.stored_name)) == (True, False)
    assert budi.post(reverse("official-import-discard", args=[kept.uuid])).status_code == 302
    assert OfficialImport.objects.count() == 1
    other = brought(play, GOOD)
    budi.post(reverse("official-import-discard", args=[other.uuid]))
    assert OfficialImport.objects.count() == 1


def test_a_person_cannot_heap_up_files(budi, play, monkeypatch):
    monkeypatch.setattr("tallies.importing.receiving.MOST_WAITING", 1)
    assert upload(budi, play, GOOD).status_code == 302
    answer = upload(budi, play, GOOD)
    assert (answer.status_code, "Sudah ada 1 berkas" in answer.content.decode()) == (400, True)


# Who


@pytest.mark.parametrize(("who", "status"), [("siti", 404), ("oper", 404), ("nasi", 403), ("agus", 404)])
def test_an_import_of_malang_is_nobody_elses(play, client, who, status):
    one = brought(play, GOOD)
    client.force_login(play.people[who])
    listed = client.get(LIST)
    if listed.status_code == 200:
        assert "KPU Kabupaten Malang" not in listed.content.decode()
        assert "Kabupaten Malang" not in listed.content.decode()
    page = reverse("official-import", args=[one.uuid])
    assert client.get(page).status_code == status
    for action in ("kolom", "impor", "batalkan", "hapus"):
        assert client.post(f"{page}{action}/").status_code == status, action
    assert upload(client, play, GOOD).status_code == (400 if who == "agus" else status)
    one.refresh_from_db()
    assert (one.state, OfficialImport.objects.count(), OfficialFigure.objects.count()) == (ImportState.READY, 1, 0)
    assert Refusal.objects.filter(user=play.people[who], status=status).exists()


def test_a_coordinator_imports_no_row_of_another_kabupaten_of_a_contest_of_the_provinsi(play, client):
    client.force_login(play.agus)
    text = "kode desa;tps;1;2\n35.24.01.2001;1;40;60\n35.07.05.2001;1;1;2\n"
    answer = upload(client, play, text, about=play.lamongan.pk)
    assert answer.status_code == 302
    one = OfficialImport.objects.get()
    assert (one.rows_fit, one.region.code) == (1, "35.24")
    assert reasons(one) == ["Baris 3: TPS ini di luar Kabupaten Lamongan, wilayah impor ini (35.07.05.2001)."]


def test_the_page_of_a_station_sets_it_beside_the_c1(play, client):
    reading.send(play, "dampit_1", [100, 83, 20], by=play.siti)
    address = reverse("station", args=[play.election.slug, play.result("dampit_1").pk])
    client.force_login(play.budi)
    assert "Angka resmi" not in client.get(address).content.decode()
    imported(play, GOOD)
    imported(play, GOOD.replace(";100;", ";99;"), source="Rapat pleno")
    page = client.get(address).content.decode()
    assert "Rapat pleno, 15 Des 2020, 10.00" in page
    assert "Berbeda dari C1 kita." in page
    assert "−3" in page  # 80 where our C1 has 83
    assert "KPU Kabupaten Malang" in page  # what was said before
    for who in ("siti", "oper", "agus"):
        client.force_login(play.people[who])
        assert client.get(address).status_code == 404


def test_figures_are_read_in_one_query(play, django_assert_num_queries):
    imported(play, GOOD)
    with django_assert_num_queries(1):
        found = newest_figures(play.malang, [station.pk for station in play.stations.values()])
    assert len(found) == 3


# The command


def command(tmp_path, text, *options):
    file = tmp_path / "resmi.csv"
    file.write_text(text)
    out, err = io.StringIO(), io.StringIO()
    given = [
        "--election",
        "pilkada-2020",
        "--office",
        "bupati",
        "--source",
        "KPU",
        "--as-of",
        "2020-12-15T10:00+07:00",
    ]
    try:
        call_command("import_official", str(file), *given, *options, stdout=out, stderr=err)
    finally:
        said = out.getvalue().strip().splitlines()
    return json.loads(said[-1]), err.getvalue()


def test_the_command_imports_and_ends_with_a_line_of_json(play, tmp_path):
    said, _err = command(tmp_path, GOOD, "--contest", "35.07", "--check")
    assert (said["state"], said["rows_fit"], OfficialImport.objects.count()) == ("siap", 3, 0)
    said, _err = command(tmp_path, GOOD, "--contest", "35.07", "--by", "budi")
    assert (said["state"], said["figures_written"]) == ("diimpor", 3)
    assert OfficialImport.objects.get().imported_by == play.budi
    said, _err = command(tmp_path, GOOD.replace(";100;", ";99;"))
    assert (said["figures_written"], OfficialImport.objects.first().imported_by) == (1, None)


def test_the_command_imports_no_file_with_bad_rows_unless_told(play, tmp_path):
    bad = GOOD + "35.24.01.2001;1;1;2;;;\n35.07.05.2001;77;1;2;3;;\n"
    with pytest.raises(CommandError, match="leave-out-bad"):
        command(tmp_path, bad, "--by", "budi")
    assert (OfficialImport.objects.count(), OfficialFigure.objects.count()) == (0, 0)
    said, err = command(tmp_path, bad, "--by", "budi", "--leave-out-bad")
    assert (said["rows_bad"], said["figures_written"]) == (2, 3)
    assert "Baris 5: TPS ini di luar Kabupaten Malang" in err
    assert "Baris 6: TPS ini tidak ada" in err
    for who in ("siti", "nasi", "niemand"):
        with pytest.raises(CommandError, match="tidak boleh"):
            command(tmp_path, GOOD, "--by", who)


def test_the_cast_is_where_it_should_be(play):
    assert play.agus.region.code == "35.24"
    assert cast.region("35.07").contains(play.stations["dampit_1"].region)
