"""Claims about the lists of the desks as files: what their pages list, for those who may see these pages."""

import io
from uuid import uuid4

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import activation
from accounts.models import Refusal, Role
from analytics.models import Target
from tallies import assigning, intake, preparation
from tallies.count_room import error_reports
from tallies.exports import jobs
from tallies.exports.tables import DESK_TABLES
from tallies.models import Channel, ContactOutcome, Election, ExportJob, FileFormat, Office, Phase
from tallies.preparation import NewPair, NewStation
from tallies.silent import calling
from tallies.totals import aggregation
from tests import finding_makers
from tests.cast import person, region, submission
from tests.integration.test_exports import address, body, frame_and_rows

DESKS = (
    "kedatangan",
    "belum-masuk",
    "laporan",
    "karantina",
    "ponsel",
    "penugasan",
    "evaluasi",
    "evaluasi-saksi",
    "target",
    "temuan",
)


@pytest.fixture
def busy(play):
    """In: dampit_1, babat_1. dampit_2 called in vain. In each a report, a form in quarantine, a target, a finding."""
    for name, phone in (("siti", "+6281234567890"), ("wati", "+6281300000000")):
        play.people[name].phone = phone
        play.people[name].save()
    for station, votes, by in (("dampit_1", [100, 80, 20], "siti"), ("babat_1", [40, 60], "wati")):
        intake.submit(submission(play, station, votes), by=play.people[by], channel=Channel.API)
        error_reports.tell(play.result(station), "salah_ketik", f"Baris 3 di {station}", by=play.people[by])
    calling.record(play.result("dampit_2"), ContactOutcome.NO_ANSWER, by=play.budi, key=uuid4())
    calling.record(play.result("babat_2"), ContactOutcome.NO_SIGNAL, by=play.agus, key=uuid4())
    for station, votes in (("gedangan_1", [12, 20, 30]), ("babat_2", [7, 8])):
        left = assigning.assign(play.stations[station], person(f"pergi_{station}", "saksi"), by=play.dewi)
        assigning.revoke(left, by=play.dewi)
        intake.quarantine(submission(play, station, votes), by=left.witness)
    for contest in (play.malang, play.lamongan):
        Target.objects.create(contest=contest, stated_by="DPP", stated_on=timezone.now().date())
    activation.issue(play.siti, by=play.budi)
    aggregation.drain()
    for station in ("dampit_1", "babat_1"):
        finding_makers.write(play, "H1", station)
    return play


@pytest.fixture
def budi(busy, client):
    client.force_login(busy.budi)
    return client


def rows_of(client, table, code="35.07", **query):
    """Each row as a dict by its labels."""
    _frame, labels, rows = frame_and_rows(client.get(address(code, table, **query)))
    return [dict(zip(labels, row, strict=True)) for row in rows]


# What they hold


def test_arrivals_end_with_the_sum_of_the_page(budi):
    *_before, last = rows_of(budi, "kedatangan")
    assert (last["Jumlah masuk"], last["Jumlah terverifikasi"], last["Cakupan"]) == ("1", "0", "0.250000")
    assert last["Mulai"].endswith("+07:00")


def test_the_silent_are_listed_in_the_order_of_the_page_with_whom_to_call_and_what_came_of_it(budi):
    rows = rows_of(budi, "belum-masuk")
    places = [(row["Kode desa"], row["Nomor TPS"]) for row in rows]
    assert places == [("35.07.05.1002", "1"), ("35.07.05.2001", "2"), ("35.07.06.2001", "1")]
    called = rows[1]
    assert (called["Saksi"], called["Telepon"]) == ("Siti", "0812-3456-7890")
    assert (called["Upaya terakhir"], called["Dicatat oleh"]) == ("Tidak diangkat", "Budi")
    assert (called["DPT"], called["Suara keunggulan kecamatan"]) == ("300", "60")
    assert {rows[0][name] for name in ("Saksi", "Telepon", "Upaya terakhir", "Dicatat pada")} == {""}


@pytest.mark.parametrize(
    ("code", "query", "found"),
    [
        ("35.07", {"hasil": "tidak_diangkat"}, ["35.07.05.2001"]),
        ("35.07", {"hasil": "belum_dicoba"}, ["35.07.05.1002", "35.07.06.2001"]),
        ("35.07", {"keadaan": "kantong"}, ["35.07.05.1002", "35.07.05.2001"]),
        ("35.07", {"keadaan": "ditolak"}, []),
        ("35.07.06", {}, ["35.07.06.2001"]),
        ("35.07", {"keadaan": "aktif", "hasil": "selisih"}, ["35.07.05.1002", "35.07.05.2001", "35.07.06.2001"]),
    ],
)
def test_the_silent_follow_the_filter_of_their_page(budi, code, query, found):
    assert [row["Kode desa"] for row in rows_of(budi, "belum-masuk", code, **query)] == found


def test_a_long_silent_list_is_read_in_parts_and_whole(busy, budi, monkeypatch):
    whole = rows_of(budi, "belum-masuk")
    monkeypatch.setattr("tallies.silent.silent_list.ROWS_AT_A_TIME", 1)
    assert rows_of(budi, "belum-masuk") == whole


def test_reports_have_a_row_for_each_who_said_something_and_the_answer(busy, budi):
    result = busy.result("dampit_1")
    error_reports.tell(result, "buram", "", by=busy.joko)
    open_ones = rows_of(budi, "laporan")
    assert [(row["Jenis"], row["Keterangan"], row["Dilaporkan oleh"]) for row in open_ones] == [
        ("Angka salah ketik", "Baris 3 di dampit_1", "Siti"),
        ("Foto tidak terbaca", "", "Joko"),
    ]
    assert rows_of(budi, "laporan", saring="ditutup") == []
    report = result.error_reports.get()
    error_reports.close(report, "Sudah diperbaiki", seen=report.entries.last().pk, by=busy.budi)
    assert rows_of(budi, "laporan") == []
    closed = rows_of(budi, "laporan", saring="ditutup")
    assert [(row["Jawaban"], row["Dijawab oleh"]) for row in closed] == [("Sudah diperbaiki", "Budi")] * 2
    assert rows_of(budi, "laporan", "35.07.06", saring="ditutup") == []


def test_quarantine_has_what_was_sent_and_why_it_is_there(budi):
    [row] = rows_of(budi, "karantina")
    assert [row[name] for name in ("1 Sanusi-Didik", "2 Lathifah-Budi", "3 Heri-Gunadi")] == ["12", "20", "30"]
    assert (row["Dikirim oleh"], row["Formulir lain TPS ini"], row["Foto disebut"]) == ("Pergi_Gedangan_1", "", "0")
    assert row["Penugasan dicabut"] != ""
    assert rows_of(budi, "karantina", "35.07.05") == []


def test_quarantine_of_several_contests_pads_what_a_contest_has_not(busy, client):
    client.force_login(busy.dewi)
    rows = rows_of(client, "karantina", "35")
    assert [[row[f"Suara paslon ke-{place}"] for place in (1, 2, 3)] for row in rows] == [
        ["7", "8", ""],
        ["12", "20", "30"],
    ]


def test_phones_follow_state_search_and_election(busy, budi):
    rows = rows_of(budi, "ponsel")
    assert [(row["Saksi"], row["Nomor TPS"], row["Ponsel"]) for row in rows] == [
        ("Siti", "1", "Tautan belum dipakai"),
        ("Joko", "1", "Belum ada tautan"),
        ("Siti", "2", "Tautan belum dipakai"),
    ]
    assert [row["Telepon"] for row in rows] == ["0812-3456-7890", "", "0812-3456-7890"]
    assert [row["Saksi"] for row in rows_of(budi, "ponsel", keadaan="tanpa")] == ["Joko"]
    assert [row["Saksi"] for row in rows_of(budi, "ponsel", cari="0812 3456", keadaan="tautan")] == ["Siti"] * 2
    assert rows_of(budi, "ponsel", cari="wati") == []
    busy.election.phase = Phase.CLOSED
    busy.election.save()
    assert budi.get(address("35.07", "ponsel")).status_code == 404


def test_targets_are_those_of_the_page(busy, client):
    client.force_login(busy.dewi)
    rows = rows_of(client, "target", "35")
    assert [(row["Kode"], row["Keadaan"], row["Target"], row["Selisih suara"]) for row in rows] == [
        ("35.07", "Unggul", "Target", "20"),
        ("35.24", "Unggul", "Target", "20"),
    ]
    assert client.get(address("35.07.05", "target")).status_code == 404


def test_the_roster_has_a_row_a_tps_with_witnesses_numbers_and_state_and_no_formula(busy, budi):
    busy.joko.full_name = '=HYPERLINK("http://x.example";"Joko")'
    busy.joko.save()
    rows = rows_of(budi, "penugasan")
    assert [(row["Kode desa"], row["Nomor TPS"], row["Keadaan"]) for row in rows] == [
        ("35.07.05.1002", "1", "Tanpa saksi"),
        ("35.07.05.2001", "1", "Ganda"),
        ("35.07.05.2001", "2", "Diundang"),
        ("35.07.06.2001", "1", "Tanpa saksi"),
    ]
    assert (rows[2]["Saksi"], rows[2]["Telepon"], rows[2]["Ponsel"]) == ("Siti", "0812-3456-7890", "Diundang")
    assert rows[1]["Telepon"] == "0812-3456-7890 · –"
    assert rows[0]["Saksi"] == ""
    assert [row["Nomor TPS"] for row in rows_of(budi, "penugasan", "35.07.06")] == ["1"]
    busy.joko.refresh_from_db()
    assigning.revoke(busy.siti.assignments.active().get(station=busy.stations["dampit_1"]), by=busy.budi)
    alone = rows_of(budi, "penugasan")[1]
    assert alone["Saksi"].startswith("'=HYPERLINK")


def test_the_roster_goes_down_from_a_provinsi_and_to_who_decides(busy, client):
    client.force_login(busy.nasi)
    assert client.get(address("ID", "penugasan")).status_code == 403
    assert client.get(address("35.07", "penugasan")).status_code == 403
    busy.people["root"] = person("root", Role.NATIONAL, "ID", is_superuser=True)
    client.force_login(busy.root)
    assert client.get(address("ID", "penugasan")).status_code == 404
    assert len(rows_of(client, "penugasan", "35")) == 6


@pytest.mark.parametrize("table", DESKS)
def test_every_list_has_its_frame_in_every_format(busy, client, table):
    client.force_login(busy.dewi)
    frame, labels, rows = frame_and_rows(client.get(address("35", table)))
    flat = " ".join(cell for line in frame for cell in line)
    for wanted in (
        "Hasil sementara, bukan hasil resmi KPU",
        "Pilkada 2020",
        "Jawa Timur, Indonesia (35)",
        "2 dari 6",
    ):
        assert wanted in flat
    sheet = openpyxl.load_workbook(io.BytesIO(body(client.get(address("35", table, "xlsx"))))).active
    assert [cell.value for cell in list(sheet.iter_rows())[-len(rows) - 1]] == labels
    assert body(client.get(address("35", table, "pdf"))).startswith(b"%PDF-")


# Who


def test_every_list_that_registers_is_held_to_these_claims():
    # Without a second reading there are no readers: test_evaluation_pages.py holds their list to them.
    assert tuple(one for one in DESK_TABLES if one != "evaluasi-pembaca") == DESKS


def test_a_coordinator_of_another_kabupaten_gets_no_list(busy, client):
    addresses = [address(code, one, kind) for code in ("35.07", "35") for one in DESKS for kind in FileFormat.values]
    client.force_login(busy.agus)
    assert {one: client.get(one).status_code for one in addresses} == dict.fromkeys(addresses, 404)
    assert Refusal.objects.filter(user=busy.agus, status=404).count() == min(len(addresses), 30)
    for table in DESKS:
        text = body(client.get(address("35.24", table))).decode()
        assert not [word for word in ("Malang", "Dampit", "35.07", "Siti", "Joko", "0812", "Sanusi") if word in text]
        assert len(rows_of(client, table, "35.24")) >= 1


@pytest.mark.parametrize("who", ["siti", "oper"])
def test_witness_and_operator_get_no_list(busy, client, who):
    client.force_login(busy.people[who])
    addresses = [address("35.07", table) for table in DESKS]
    assert {one: client.get(one).status_code for one in addresses} == dict.fromkeys(addresses, 404)


def test_numbers_of_telephones_are_for_those_who_may_see_their_page(busy, client):
    client.force_login(busy.nasi)
    response = client.get(address("35.07", "ponsel"))
    assert (response.status_code, Refusal.objects.filter(user=busy.nasi, status=403).count()) == (403, 1)
    listed = client.get("/unduh/pilkada-2020/35.07/").content.decode()
    assert ("ponsel.csv" in listed, "belum-masuk.csv" in listed) == (False, True)


@pytest.fixture
def long_lists(settings):
    settings.EXPORT_DIRECT_ROWS = 1


def test_a_long_list_is_prepared_with_its_filter_and_lost_with_the_role(busy, budi, long_lists):
    response = budi.post(address("35.07", "ponsel", cari="siti & co = sit", keadaan="tautan"))
    assert response.status_code == 200  # nobody is called like that: no rows, at once
    response = budi.post(address("35.07", "ponsel", cari="si", keadaan="tautan"))
    job = ExportJob.objects.get(uuid=response.url.split("/")[3])
    assert jobs.run_waiting() == 1
    file = f"/unduh/berkas/{job.uuid}/isi/"
    _frame, labels, rows = frame_and_rows(budi.get(file))
    assert [row[labels.index("Saksi")] for row in rows] == ["Siti", "Siti"]
    busy.budi.role = Role.NATIONAL
    busy.budi.save()
    assert budi.get(file).status_code == 403


def test_a_job_whose_owner_lost_the_role_ends(busy, budi, long_lists):
    budi.post(address("35.07", "ponsel"))
    busy.budi.role = Role.NATIONAL
    busy.budi.save()
    assert jobs.run_waiting() == 1
    assert ExportJob.objects.get().state == "gagal"


def test_a_search_that_no_job_could_keep_is_refused_and_not_cut(budi):
    assert budi.get(address("35.07", "ponsel", cari="ж" * 30)).status_code == 400
    assert jobs._read(jobs.urlencode({"cari": "a&b=c d"})).search == "a&b=c d"


# The pages


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("/hasil/pilkada-2020/35.07/kedatangan/", "kedatangan.csv?jabatan=bupati"),
        ("/belum-masuk/pilkada-2020/", "belum-masuk.pdf"),
        ("/belum-masuk/pilkada-2020/?wilayah=35.07.05&hasil=tidak_diangkat", "belum-masuk.csv?hasil=tidak_diangkat"),
        ("/verifikasi/pilkada-2020/laporan/", "laporan.xlsx"),
        ("/verifikasi/pilkada-2020/karantina/", "karantina.csv"),
        ("/penugasan/aktivasi/?keadaan=tautan&cari=siti", "ponsel.csv?keadaan=tautan&amp;cari=siti"),
        ("/analisis/pilkada-2020/target/", "target.csv"),
        (
            "/analisis/pilkada-2020/temuan/?wilayah=35.07.05&keadaan=diteruskan&saring=tinggi&jenis=D",
            "temuan.csv?keadaan=diteruskan&amp;saring=tinggi&amp;jenis=D&amp;wilayah=35.07.05",
        ),
    ],
)
def test_each_list_has_its_links_and_they_follow_the_filter(budi, page, link):
    code = "35.07.05" if "wilayah" in page else "35.07"
    assert f'href="/unduh/pilkada-2020/{code}/{link}"' in budi.get(page).content.decode()


def test_of_several_elections_each_has_its_links_by_name(busy, budi):
    other = Election.objects.create(name="Latihan", slug="latihan", date=busy.election.date, phase=Phase.OPEN)
    preparation.create_contest(other, region("35.07"), Office.REGENT, [NewPair(1, "A"), NewPair(2, "B")])
    page = budi.get("/penugasan/aktivasi/").content.decode()
    for one in (busy.election, other):
        link = f'href="/unduh/{one.slug}/35.07/ponsel.csv?keadaan=semua" aria-label="Unduh Saksi, {one.name}, CSV"'
        assert page.count(link) == 1
    assert rows_of(budi, "ponsel", slug="latihan") == []


def test_more_rows_ask_the_same_number_of_queries(busy, client):
    client.force_login(busy.dewi)

    def queries():
        found = {}
        for table in DESKS:
            with CaptureQueriesContext(connection) as asked:
                body(client.get(address("35.07", table)))
            found[table] = len(asked)
        return found

    queries()
    few = queries()
    village = region("35.07.05.2001")
    preparation.add_stations(busy.election, [NewStation(village.pk, number, 1, 1) for number in range(10, 16)])
    for number in range(10, 16):
        name = f"new_{number}"
        busy.stations[name] = busy.election.stations.get(region=village, number=number)
        guard = assigning.assign(busy.stations[name], person(name, "saksi"), by=busy.dewi)
        if number < 13:
            intake.submit(submission(busy, name, [1, 2, 3]), by=guard.witness, channel=Channel.API)
            finding_makers.write(busy, "H1", name)
            error_reports.tell(busy.result(name), "buram", "", by=guard.witness)
        else:
            calling.record(busy.result(name), ContactOutcome.BROUGHT, by=busy.budi, key=uuid4())
            assigning.revoke(guard, by=busy.dewi)
            intake.quarantine(submission(busy, name, [1, 2, 3]), by=guard.witness)
    aggregation.drain()
    assert queries() == few
