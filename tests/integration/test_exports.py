"""Claims about the tables as files: the numbers of the page, in their frame, to those who may see the page."""

import csv
import io
import uuid

import openpyxl
import pypdfium2
import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Refusal
from tallies import intake, preparation
from tallies.count_room import queue_words, verification, work_queue
from tallies.exports import csv_file, pdf_file
from tallies.exports.tables import Filters, TableName
from tallies.models import Channel, ContestTotal, Election, FileFormat, Finding
from tallies.preparation import NewStation
from tallies.totals import aggregation, rebuilding, reporting
from tallies.witnesses import invitations
from tests import cast, reading
from tests.cast import region, submission
from tests.reading import read_all_twice

COUNTED = {"dampit_1": [100, 80, 20], "dampit_2": [7, 8, None], "gedangan_1": [10, 30, 5], "babat_1": [40, 60]}


@pytest.fixture
def counted(play):
    """Four stations in, one verified, one rejected besides; totals drained."""
    for station, votes in COUNTED.items():
        receipt = intake.submit(submission(play, station, votes), by=play.dewi, channel=Channel.COUNT_ROOM)
        if station == "dampit_1":
            verification.approve(receipt.form, by=play.budi, seen=1)
    receipt = intake.submit(submission(play, "pamotan_1", [1, 2, 3]), by=play.dewi, channel=Channel.COUNT_ROOM)
    verification.reject(receipt.form, by=play.budi, seen=1, reason="Bukan C1")
    aggregation.drain()
    return play


def address(code, table, file_format="csv", slug="pilkada-2020", **query):
    return reverse("export", args=[slug, code, table, file_format], query=query or None)


def body(response):
    assert response.status_code == 200, response.status_code
    return b"".join(response.streaming_content)


def lines(response):
    return list(csv.reader(io.StringIO(body(response).decode("utf-8-sig"), newline="")))


def frame_and_rows(response):
    """The lines before the empty one, the labels, and the rows."""
    found = lines(response)
    end = found.index([])
    return found[:end], found[end + 1], found[end + 2 :]


def sheet(response):
    return openpyxl.load_workbook(io.BytesIO(body(response))).active


def sheet_rows(response):
    found = [[cell.value for cell in row] for row in sheet(response).iter_rows()]
    end = next(place for place, row in enumerate(found) if not any(row))
    return found[:end], found[end + 1], found[end + 2 :]


@pytest.fixture
def budi(counted, client):
    client.force_login(counted.budi)
    return client


# The numbers


def test_the_votes_are_those_of_the_command_row_by_row(counted, client):
    client.force_login(counted.nasi)
    for word, code in (("kabupaten", "ID"), ("kecamatan", "ID"), ("desa", "ID")):
        _frame, _labels, rows = frame_and_rows(client.get(address(code, "suara", tingkat=word)))
        out = io.StringIO(newline="")
        call_command("export_results", "--election", "latest", "--level", word, stdout=out)
        commanded = list(csv.reader(io.StringIO(out.getvalue(), newline="")))[1:]
        assert rows == commanded
        assert len(rows) >= 5


@pytest.mark.parametrize("code", ["35.07", "35.07.05", "35.07.05.2001"])
def test_the_stations_add_up_to_the_total_of_the_page(counted, budi, code):
    _frame, labels, rows = frame_and_rows(budi.get(address(code, "tps")))
    line = reporting.contest_report(counted.malang, region(code)).line
    votes = [[int(row[place]) for row in rows if row[place]] for place in (-3, -2, -1)]
    assert [sum(column) for column in votes] == [pair.votes for pair in line.pairs]
    for label, field in (("Sah", "valid_votes"), ("Tidak sah", "invalid_votes"), ("Pengguna", "voters")):
        assert sum(int(row[labels.index(label)] or 0) for row in rows) == getattr(line.progress, field)
    assert len(rows) == line.progress.stations
    states = [row[labels.index("Keadaan")] for row in rows]
    out_of_it = line.progress.stations_rejected + line.progress.stations_missing
    assert states.count("Ditolak") + states.count("Belum masuk") == out_of_it


def test_a_station_that_is_not_in_has_empty_cells_and_a_blank_box_stays_blank(counted, budi):
    _frame, labels, rows = frame_and_rows(budi.get(address("35.07", "tps")))
    shown = {(row[labels.index("Kode desa")], row[labels.index("Nomor TPS")]): row[-6:] for row in rows}
    assert shown["35.07.05.2001", "2"] == ["20", "15", "5", "7", "8", ""]
    assert shown["35.07.05.1002", "1"] == [""] * 6  # rejected: what it said counts nowhere


def test_the_children_add_up_to_the_region_and_stand_in_the_order_of_the_page(counted, budi):
    _frame, labels, rows = frame_and_rows(budi.get(address("35.07", "wilayah", urut="nama")))
    assert [row[1] for row in rows] == ["Dampit", "Gedangan"]
    assert [row[1] for row in frame_and_rows(budi.get(address("35.07", "wilayah", urut="unggul")))[2]] == [
        "Gedangan",
        "Dampit",
    ]
    line = reporting.contest_report(counted.malang, region("35.07")).line
    assert [sum(int(row[place]) for row in rows) for place in (-3, -2, -1)] == [pair.votes for pair in line.pairs]
    for label, field in (("TPS masuk", "stations_in"), ("TPS ditolak", "stations_rejected"), ("Sah", "valid_votes")):
        assert sum(int(row[labels.index(label)]) for row in rows) == getattr(line.progress, field)


def test_above_the_contests_each_is_a_row_and_none_are_added_by_number(counted, client):
    client.force_login(counted.dewi)
    _frame, _labels, rows = frame_and_rows(client.get(address("35", "kontes", urut="nama")))
    assert [(row[0], row[2], row[3], row[4], row[6], row[7], row[9]) for row in rows] == [
        ("35.24", "Unggul", "2 Kartika-Saim", "60", "1 Suhandoyo-Astiti", "40", "20"),
        ("35.07", "Tertinggal", "1 Sanusi-Didik", "117", "2 Lathifah-Budi", "118", "-1"),
    ]
    client.force_login(counted.nasi)
    _frame, labels, [row] = frame_and_rows(client.get(address("ID", "wilayah")))
    assert dict(zip(labels, row, strict=True)) | {"Suara paslon usungan": "177", "Suara paslon lain": "183"} == dict(
        zip(labels, row, strict=True)
    )


def test_the_queue_follows_the_filter_of_its_page(counted, budi):
    def stations(**query):
        _frame, labels, rows = frame_and_rows(budi.get(address("35.07", "antrean", **query)))
        return [
            (row[labels.index("Kode desa")], row[labels.index("Nomor TPS")], row[labels.index("Keadaan")])
            for row in rows
        ]

    waiting = [
        ("35.07.05.2001", "2", "Menunggu verifikasi"),
        ("35.07.06.2001", "1", "Menunggu verifikasi"),
    ]
    refused = [("35.07.05.1002", "1", "Ditolak")]
    assert stations() == stations(saring="semua") == waiting + refused
    assert stations(saring="menunggu") == waiting
    assert stations(saring="ditolak") == refused
    assert stations(saring="'; DROP TABLE") == waiting + refused


@pytest.mark.parametrize("view", list(work_queue.View))
def test_every_filter_of_the_queue_is_a_file_with_the_stations_and_words_of_its_page(play, client, view):
    read_all_twice(play)
    [asked, _first, other] = [
        reading.send(play, name, [10, 20, 30], by=play.siti) for name in ("dampit_1", "dampit_2", "gedangan_1")
    ]
    assert reading.take(play.oper, play.election) == asked
    reading.report(asked, Finding.NOT_C1, by=play.oper)
    verification.ask_for_fix(other, by=play.budi, seen=play.result("gedangan_1").audit_seq, reason="Foto buram")
    verification.reject(reading.send(play, "pamotan_1", [1, 2, 3], by=play.siti), by=play.budi, seen=1, reason="Lain")
    aggregation.drain()
    client.force_login(play.budi)
    frame, labels, rows = frame_and_rows(client.get(address("35.07", "antrean", saring=view)))
    page = client.get(f"/verifikasi/pilkada-2020/?saring={view}")
    assert str(queue_words.VIEWS[view]) in str(frame)
    shown = [(row.result.station.region.code, str(row.result.station.number)) for row in page.context["rows"]]
    assert [(row[labels.index("Kode desa")], row[labels.index("Nomor TPS")]) for row in rows] == shown
    text = page.content.decode()
    for row in rows:
        for column in ("Keadaan", "Yang perlu dilihat"):
            assert row[labels.index(column)] in text
    assert len(rows) == {"semua": 4, "menunggu": 0}.get(view, 1)


# The frame


def test_every_format_of_every_table_has_its_frame(counted, client):
    client.force_login(counted.nasi)
    wanted = ["Hasil sementara, bukan hasil resmi KPU", "WIB", "4 dari 6"]
    for table in TableName:
        frame, _labels, _rows = frame_and_rows(client.get(address("ID", table)))
        flat = " ".join(cell for line in frame for cell in line)
        assert [word for word in wanted if word not in flat] == [], table
        assert "Pilkada 2020" in flat
        assert "Indonesia (ID)" in flat
        frame, _labels, _rows = sheet_rows(client.get(address("ID", table, "xlsx")))
        flat = " ".join(str(cell) for line in frame for cell in line if cell)
        assert [word for word in wanted if word not in flat] == [], table
        assert body(client.get(address("ID", table, "pdf"))).startswith(b"%PDF-")


def test_paper_carries_the_frame_on_every_page(counted, budi, monkeypatch):
    written = []
    real = pdf_file._Paper.cell
    monkeypatch.setattr(
        pdf_file._Paper,
        "cell",
        lambda self, *a, **k: (written.append((self.page_no(), k.get("text") or a[2])), real(self, *a, **k))[1],
    )
    malang = region("35.07.05.2001")
    preparation.add_stations(counted.election, [NewStation(malang.pk, number, 1, 1) for number in range(10, 80)])
    rebuilding.rebuild(counted.election)
    body(budi.get(address("35.07", "tps", "pdf")))
    pages = {page for page, _text in written}
    assert len(pages) >= 3
    for needed in ("Hasil sementara, bukan hasil resmi KPU", "TPS masuk: 3 dari 74 (4,05%)"):
        assert {page for page, text in written if text == needed} == pages


def test_on_paper_no_label_is_cut_and_every_pair_can_be_told(counted, budi, monkeypatch):
    written = []
    real = pdf_file._Paper.cell
    monkeypatch.setattr(
        pdf_file._Paper, "cell", lambda self, *a, **k: (written.append(a[2] if a[2:] else ""), real(self, *a, **k))[1]
    )
    for table in ("tps", "wilayah", "suara"):
        body(budi.get(address("35.07", table, "pdf")))
    assert [text for text in written if text.endswith("...")] == []
    assert {"1 Sanusi-", "2 Lathifah-", "3 Heri-"} <= set(written)


def test_a_practice_election_says_so_in_every_file(counted, budi):
    Election.objects.update(practice_of=counted.election, is_simulation=True)
    frame, _labels, _rows = frame_and_rows(budi.get(address("35.07", "tps")))
    assert frame[1:4] == [
        ["LATIHAN. Angka ini tidak dihitung."],
        ["Hasil sementara, bukan hasil resmi KPU"],
        ["Data simulasi"],
    ]
    frame, _labels, _rows = sheet_rows(budi.get(address("35.07", "tps", "xlsx")))
    assert frame[1][0] == "LATIHAN. Angka ini tidak dihitung."


def test_the_time_is_that_of_the_place(counted, budi):
    region_of_it = region("35.07")
    region_of_it.time_zone = "Asia/Jayapura"
    region_of_it.save()
    frame, _labels, _rows = frame_and_rows(budi.get(address("35.07.05", "tps")))
    assert dict(line for line in frame if len(line) == 2)["Dihitung pada"].endswith(" WIT")


def test_before_the_first_count_the_frame_says_that_nothing_is_in(play, client):
    client.force_login(play.budi)
    ContestTotal.objects.all().delete()
    frame, _labels, rows = frame_and_rows(client.get(address("35.07", "tps")))
    facts = dict(line for line in frame if len(line) == 2)
    assert (facts["Dihitung pada"], facts["TPS masuk"]) == ("belum ada yang dihitung", "–")
    assert len(rows) == 4


def test_in_english_the_file_is_english(counted, budi):
    counted.budi.language = "en"
    counted.budi.save()
    frame, labels, _rows = frame_and_rows(budi.get(address("35.07", "tps")))
    assert ["Provisional, not the official KPU result"] in frame
    assert "State" in labels


# Texts and numbers

EVIL = '=HYPERLINK("http://x.example","klik")'


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_name_that_would_be_a_formula_is_text(counted, budi, start):
    counted.malang.pairs.filter(number=1).update(name=f"{start}HYPERLINK(1)")
    _frame, _labels, rows = frame_and_rows(budi.get(address("35.07", "suara")))
    assert rows[0][4] == f"'{start}HYPERLINK(1)"


def test_in_a_workbook_numbers_are_numbers_and_a_formula_is_text(counted, budi):
    village = region("35.07.05.2001")
    village.name = EVIL
    village.save()
    counted.malang.pairs.filter(number=2).update(name="2+3")
    found = sheet(budi.get(address("35.07", "tps", "xlsx")))
    cells = {cell.value: cell for row in found.iter_rows() for cell in row if cell.value is not None}
    assert (cells[EVIL].data_type, cells[EVIL].quotePrefix) == ("s", True)
    assert found._hyperlinks == []
    assert {type(cells[number].value) for number in (100, 80, 20, 7, 8)} == {int}
    assert cells["35.07.05.2001"].data_type == "s"  # 35.07 of a kabupaten would else be a number


def test_a_script_in_a_name_is_text_on_paper_and_in_a_csv(counted, budi):
    odd = "<b>A</b> **{nb}**"
    counted.malang.pairs.filter(number=1).update(name=odd)
    village = region("35.07.05.2001")
    village.name = "<script>x</script>"
    village.save()
    assert {odd} == {row[4] for row in frame_and_rows(budi.get(address("35.07", "suara")))[2] if row[3] == "1"}
    document = pypdfium2.PdfDocument(body(budi.get(address("35.07.05", "suara", "pdf", tingkat="desa"))))
    plain = " ".join(" ".join(page.get_textpage().get_text_range() for page in document).split())
    assert odd in plain
    assert "<script>x</script>" in plain


def test_shares_are_fractions_for_programs_and_percent_for_people(counted, client):
    client.force_login(counted.dewi)
    _frame, labels, rows = frame_and_rows(client.get(address("35", "kontes", urut="nama")))
    assert rows[0][labels.index("Bagian usungan")] == "0.600000"
    found = sheet(client.get(address("35", "kontes", "xlsx", urut="nama")))
    [cell] = [cell for row in found.iter_rows() for cell in row if cell.value == 0.6]
    assert cell.number_format == "0.00%"


def test_a_csv_begins_with_the_mark_that_excel_needs(counted, budi):
    assert body(budi.get(address("35.07", "tps"))).startswith(b"\xef\xbb\xbf")


def test_the_headers_say_what_it_is_and_keep_it_out_of_caches(counted, budi):
    response = budi.get(address("35.07", "tps", "xlsx"))
    assert response["Content-Disposition"] == 'attachment; filename="pilkada-2020-35-07-tps.xlsx"'
    assert response["Content-Type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert (response["Cache-Control"], response["X-Content-Type-Options"]) == ("private, no-store", "nosniff")


@pytest.mark.parametrize(
    ("name", "written"),
    [("Niñó – “Ari”", 'Niñó - "Ari"'), ("Đạt Šime", "?at Sime"), ("a\u202eb\x00c", "a b c"), ("😀", "?")],
)
def test_paper_writes_what_its_letters_can(name, written):
    assert pdf_file.latin(name) == written


# Who


def every_address(play):
    """Malang's tables in each format, with data behind them."""
    return [
        address(code, table, file_format)
        for code in ("35.07", "35.07.05", "35.07.05.2001")
        for table in ("suara", "wilayah", "tps", "antrean")
        for file_format in FileFormat.values
        if (code, table) != ("35.07.05.2001", "wilayah")
    ] + [reverse("exports", args=["pilkada-2020", "35.07"])]


def test_a_coordinator_of_another_kabupaten_gets_no_file(counted, client):
    addresses = every_address(counted)
    client.force_login(counted.agus)
    assert {one: client.get(one).status_code for one in addresses} == dict.fromkeys(addresses, 404)
    assert Refusal.objects.filter(user=counted.agus, status=404).count() == min(len(addresses), 30)
    client.force_login(counted.budi)
    assert {one: client.get(one).status_code for one in addresses} == dict.fromkeys(addresses, 200)


@pytest.mark.parametrize("who", ["siti", "oper"])
def test_witness_and_operator_export_nothing(counted, client, who):
    client.force_login(counted.people[who])
    addresses = every_address(counted)
    assert {one: client.get(one).status_code for one in addresses} == dict.fromkeys(addresses, 404)


def test_a_stranger_is_sent_to_the_sign_in(counted, client):
    response = client.get(address("35.07", "tps"))
    assert (response.status_code, response.url.split("?")[0]) == (302, "/masuk/")


def test_the_files_of_lamongan_hold_nothing_of_malang(counted, client):
    client.force_login(counted.agus)
    for table in ("suara", "wilayah", "tps", "antrean"):
        text = body(client.get(address("35.24", table))).decode()
        assert "Lamongan" in text
        assert not {"Malang", "Sanusi", "Dampit", "35.07"} & set(text.replace(",", " ").replace("-", " ").split())


@pytest.mark.parametrize(
    "path",
    [
        "/unduh/pilkada-2020/35.07/rahasia.csv",
        "/unduh/pilkada-2020/35.07/tps.exe",
        "/unduh/pilkada-2020/35.07/kontes.csv",
        "/unduh/pilkada-2020/35.07.05.2001/wilayah.csv",
        "/unduh/pilkada-2020/35.07/suara.csv?tingkat=provinsi",
        "/unduh/pilkada-1999/35.07/tps.csv",
        "/unduh/pilkada-2020/35%00/tps.csv",
        "/unduh/berkas/5e1f7d36-1f4b-4c39-9b6a-9a4a2f6d6f10/",
    ],
)
def test_what_does_not_exist_is_not_found(counted, budi, path):
    assert budi.get(path).status_code == 404


def test_filters_are_an_allow_list():
    hostile = {"jabatan": "raja", "urut": "password", "tingkat": "rt", "saring": "x", "other": "y"}
    assert Filters.read(hostile).query == {}
    known = {"jabatan": "bupati", "urut": "nama", "tingkat": "desa", "saring": "selisih"}
    assert Filters.read(known).query == known


# The pages


def test_each_table_has_its_links_and_they_follow_the_order(counted, budi):
    page = budi.get("/hasil/pilkada-2020/35.07/?urut=nama").content.decode()
    for file_format in FileFormat.values:
        assert f'href="/unduh/pilkada-2020/35.07/wilayah.{file_format}?urut=nama"' in page
    page = budi.get("/verifikasi/pilkada-2020/?saring=menunggu").content.decode()
    assert 'href="/unduh/pilkada-2020/35.07/antrean.xlsx?saring=menunggu"' in page
    page = budi.get("/hasil/pilkada-2020/35.07.05.2001/").content.decode()
    assert 'href="/unduh/pilkada-2020/35.07.05.2001/tps.pdf?urut=nomor"' in page


def test_every_link_of_the_list_leads_to_a_file(counted, client):
    client.force_login(counted.nasi)
    for code in ("ID", "35", "35.07", "35.07.05", "35.07.05.2001"):
        page = client.get(reverse("exports", args=["pilkada-2020", code])).content.decode()
        found = [part.split('"')[0] for part in page.split('href="')[1:] if part.startswith("/unduh/pilkada-2020/")]
        files = [one.replace("&amp;", "&") for one in found if ".csv" in one]
        assert len(files) >= 3
        assert {one: client.get(one).status_code for one in files} == dict.fromkeys(files, 200)


def test_more_stations_ask_the_same_number_of_queries(counted, client):
    client.force_login(counted.dewi)

    def queries(code, table):
        client.get(address(code, table))
        with CaptureQueriesContext(
            connection,
        ) as found:
            body(client.get(address(code, table)))
        return len(found)

    many = {table: queries("35.07", table) for table in ("suara", "wilayah", "tps", "antrean")}
    village = region("35.07.05.2001")
    preparation.add_stations(counted.election, [NewStation(village.pk, number, 1, 1) for number in range(10, 40)])
    for number in range(10, 13):
        made = counted.election.stations.get(region=village, number=number)
        counted.stations[f"new_{number}"] = made
        intake.submit(submission(counted, f"new_{number}", [1, 2, 3]), by=counted.dewi, channel=Channel.COUNT_ROOM)
    aggregation.drain()
    assert {table: queries("35.07", table) for table in many} == many


def test_what_fails_midway_is_no_half_file(counted, budi, monkeypatch):
    def broken(*_args):
        yield next(reporting.station_lines([counted.malang], region("35.07")))
        raise OSError("away")

    monkeypatch.setattr("tallies.exports.tables.reporting.station_lines", broken)
    budi.raise_request_exception = False
    assert budi.get(address("35.07", "tps")).status_code in (500, 503)


def test_csv_lines_are_quoted():
    assert csv_file.csv_line(['a"b', "c,d", "e\nf", 5, None]) == '"a""b","c,d","e\nf",5,'


def test_the_cast_has_a_neighbour_to_leak(counted):
    assert cast.region("35.24").name == "Kabupaten Lamongan"


def test_the_stations_have_their_invitations_beside_the_voters_where_somebody_reported_them(play, client):
    client.force_login(play.budi)
    address = "/unduh/pilkada-2020/35.07/tps.csv"
    assert "C6" not in client.get(address).getvalue().decode()
    for by, out in (("joko", 280), ("siti", 290)):
        sent = invitations.Report(uuid.uuid4(), play.stations["dampit_1"].pk, 300, out, None)
        invitations.submit(sent, by=play.people[by], channel=Channel.API)
    lines = client.get(address).getvalue().decode().splitlines()
    [labels] = [line for line in lines if "C6 dibagikan" in line]
    assert labels.endswith("C6 diterima,C6 dibagikan,C6 tidak tersampaikan")
    assert next(line.endswith(",300,290,") for line in lines if "Sukamaju,1" in line)
    client.force_login(play.agus)
    assert "C6" not in client.get("/unduh/pilkada-2020/35.24/tps.csv").getvalue().decode()
