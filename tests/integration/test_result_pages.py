"""Claims about the result pages: right numbers, the frame round them, and nobody sees another's place."""

import hashlib
import html
import io
import re
import time
import uuid
from datetime import date

import pytest
import time_machine
from django.contrib.messages import constants
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from accounts.models import Refusal
from regions.importing import Row, import_regions
from regions.models import Level
from sista.templatetags.formats import format_number, format_points, format_share
from tallies import colours, intake, photos, preparation
from tallies.count_room import verification
from tallies.models import Channel, Election, Office, Phase
from tallies.preparation import NewPair, NewStation
from tallies.submission import PhotoName
from tallies.totals import aggregation, rebuilding, reporting
from tallies.views import conditional
from tests import cast
from tests.asking import queries
from tests.cast import region, submission

FRAME = "Hasil sementara, bukan hasil resmi KPU"

#: As it is where a test lets time pass.
PERIOD = conditional.period


@pytest.fixture(autouse=True)
def _one_period(monkeypatch):
    """No test crosses the border between two periods by chance."""
    monkeypatch.setattr(conditional, "period", lambda seconds: 1)


def send(play, station, votes, by="siti", **changes):
    return intake.submit(submission(play, station, votes, **changes), by=play.people[by], channel=Channel.API).form


def jpeg(colour="white"):
    out = io.BytesIO()
    Image.new("RGB", (400, 500), colour).save(out, "JPEG")
    return out.getvalue()


def bring_photo(play, by="siti", colour="white"):
    photo, _new = photos.receive(jpeg(colour), by=play.people[by])
    photos.process_waiting()
    return PhotoName(photo.sha256, 1)


def add_stations(play, *places):
    """Add a station for each (desa code, number), bring the totals up to date, return the stations."""
    new = [NewStation(region(code).pk, number, 150, 150) for code, number in places]
    made = preparation.add_stations(play.election, new)
    rebuilding.rebuild(play.election)
    return made


def at(code, **query):
    return reverse("region", args=["pilkada-2020", code], query=query or None)


def station_at(play, station):
    return reverse("station", args=["pilkada-2020", play.result(station).pk])


def photo_at(form, sha256):
    return reverse("photo", args=[form.uuid, sha256])


def words_of(markup):
    """The text of markup, as a reader has it: tags gone, space folded."""
    text = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", markup))).strip()
    return re.sub(r" (?=[.,)])", "", text)


def words(response):
    return words_of(response.content.decode())


def rows(response):
    """The text of each row of the page's tables, the parts of a coverage bar left out."""
    found = re.findall(r"<tr data-row=.*?</tr>", response.content.decode(), re.DOTALL)
    return [re.sub(r" Terverifikasi \d+, .*?Belum masuk \d+", "", words_of(row)) for row in found]


@pytest.fixture
def counted(play):
    """Malang: three of four stations in, one of them verified. Lamongan: one of two."""
    first = send(play, "dampit_1", [100, 80, 20])
    send(play, "dampit_2", [40, 90, 15])
    send(play, "gedangan_1", [10, 30, 5], by="dewi")
    send(play, "babat_1", [70, 61], by="wati")
    verification.approve(first, by=play.budi, seen=1)
    aggregation.drain()
    return play


# The numbers


def test_the_numbers_of_a_contest_are_the_ones_of_the_report(counted, client):
    report = reporting.contest_report(counted.malang, region("35.07"))
    client.force_login(counted.budi)
    text = words(client.get(at("35.07")))
    assert [line.votes for line in report.line.pairs] == [150, 200, 40]
    for line in report.line.pairs:
        assert f"{line.pair.name} " in text
        assert f"{format_number(line.votes)} suara" in text
        assert format_share(line.share) in text
    assert "3 dari 4" in text
    assert "Paslon 2 unggul 50 suara (+12,82 poin)." in text
    assert "Dari TPS terverifikasi saja: 50,00% / 40,00% / 10,00%." in text
    assert "sah 390 · tidak sah 15 · partisipasi 45,00%" in text
    assert "33,33% dari yang masuk sudah terverifikasi." in text


def test_each_child_stands_with_its_own_numbers(counted, client):
    client.force_login(counted.budi)
    lines = {line.region.name: line for line in reporting.contest_report(counted.malang, region("35.07")).children}
    found = {row.split()[0]: row for row in rows(client.get(at("35.07")))}
    assert set(found) == {"Dampit", "Gedangan"}
    for name, line in lines.items():
        assert f"{line.progress.stations_in} dari {line.progress.stations}" in found[name]
        for pair in line.pairs:
            assert format_share(pair.share) in found[name]
        assert format_points(line.lead_share, 1) in found[name]


def test_the_leader_of_a_row_is_bold_and_nobody_else(counted, client):
    client.force_login(counted.budi)
    page = client.get(at("35.07")).content.decode()
    assert re.findall(r'<td class="n best[^"]*">([^<]*)</td>', page) == ["49,28%", "66,67%"]


def test_a_desa_lists_its_stations_with_state_and_votes(counted, client):
    client.force_login(counted.budi)
    assert rows(client.get(at("35.07.05.2001"))) == ["TPS 001 Terverifikasi 100 80 20", "TPS 002 Masuk 40 90 15"]


def test_above_contests_the_party_stands_against_the_others(counted, client):
    report = reporting.party_report(counted.election, Office.REGENT, region("35"))
    client.force_login(counted.dewi)
    response = client.get(at("35"))
    text = words(response)
    assert (report.total.party_votes, report.total.other_votes) == (211, 310)
    assert "Unggul 0 dari 2 tertinggal 2, imbang 0, belum dihitung 0" in text
    assert "211 40,50% paslon lain 310. Tidak dijumlah per nomor. Dari TPS terverifikasi saja: 50,00%." in text
    assert "4 dari 6" in text
    assert rows(response) == [
        "Kabupaten Malang Tertinggal Paslon 1 Sanusi-Didik 38,46% 51,28% −12,8 3 dari 4 1",
        "Kabupaten Lamongan Tertinggal Paslon 2 Kartika-Saim 46,56% 53,44% −6,9 1 dari 2 1",
    ]


def test_the_nation_shows_its_provinsi_and_every_contest(counted, client):
    client.force_login(counted.nasi)
    names = [row.split(" ", 2)[:2] for row in rows(client.get(at("ID")))]
    assert names == [["Jawa", "Timur"], ["Kabupaten", "Malang"], ["Kabupaten", "Lamongan"]]


def test_a_region_where_nothing_is_in_says_so_and_invents_no_share(counted, client):
    client.force_login(counted.budi)
    response = client.get(at("35.07.05.1002"))
    text = words(response)
    assert "0 dari 1" in text
    assert "Belum ada suara yang dihitung." in text
    assert "0,00%" not in text.split("Perolehan suara")[1]
    assert rows(response) == ["TPS 001 Belum masuk – – –"]


def test_in_a_tie_nobody_leads(play, client):
    send(play, "dampit_1", [50, 50, 10])
    aggregation.drain()
    client.force_login(play.budi)
    response = client.get(at("35.07"))
    assert "Imbang: tidak ada yang unggul." in words(response)
    assert "result--leads" not in response.content.decode()
    assert ' best"' not in response.content.decode()
    assert "45,45% 45,45% 9,09% imbang" in " ".join(rows(response))


def test_almost_complete_is_not_a_hundred_percent():
    class Almost:
        stations, stations_in = 100_000, 99_999

    assert format_share(reporting.coverage_rounded_down(Almost)) == "99,99%"


def test_a_disputed_station_is_shown_as_disputed_also_when_verified(counted, client):
    send(counted, "dampit_1", [1, 2, 3], by="joko")
    client.force_login(counted.budi)
    assert rows(client.get(at("35.07.05.2001")))[0] == "TPS 001 Janggal 100 80 20"


@pytest.mark.parametrize(
    ("who", "code"), [("budi", "35.07"), ("budi", "35.07.05.2001"), ("dewi", "35"), ("nasi", "ID")]
)
def test_no_result_without_its_frame(counted, client, who, code):
    client.force_login(counted.people[who])
    assert words(client.get(at(code))).count(FRAME) == 1
    assert words(client.get(at(code), headers={"HX-Request": "true"})).count(FRAME) == 1


def test_simulated_and_practice_elections_say_so(counted, client):
    real = Election.objects.create(name="Sungguhan", slug="sungguhan", date=date(2020, 12, 9))
    Election.objects.filter(pk=counted.election.pk).update(is_simulation=True, practice_of=real)
    client.force_login(counted.budi)
    text = words(client.get(at("35.07")))
    assert "Data simulasi" in text
    assert text.count("LATIHAN. Angka ini tidak dihitung.") == 2


# The same name, the same address


def test_three_desa_called_sukamaju_stay_apart(counted, client):
    client.force_login(counted.dewi)
    stations = {code: rows(client.get(at(code))) for code in ("35.07.05.2001", "35.07.06.2001", "35.24.01.2001")}
    assert stations == {
        "35.07.05.2001": ["TPS 001 Terverifikasi 100 80 20", "TPS 002 Masuk 40 90 15"],
        "35.07.06.2001": ["TPS 001 Masuk 10 30 5"],
        "35.24.01.2001": ["TPS 001 Masuk 70 61", "TPS 002 Belum masuk – –"],
    }
    assert "Kec. Gedangan · Pemilihan Bupati Malang 2020" in words(client.get(at("35.07.06.2001")))


def test_the_way_up_has_links_only_within_the_own_region(counted, client):
    client.force_login(counted.budi)
    page = client.get(at("35.07.05.2001")).content.decode()
    trail = page.split('class="breadcrumb"')[1].split("</nav>")[0]
    assert re.findall(r'href="([^"]*)"', trail) == [at("35.07"), at("35.07.05")]
    assert words_of(trail.split(">", 1)[1]) == "Indonesia Jawa Timur Kabupaten Malang Kec. Dampit Desa Sukamaju"


# Order


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("", ["Gedangan", "Dampit"]),
        ("belum", ["Gedangan", "Dampit"]),
        ("nama", ["Dampit", "Gedangan"]),
        ("masuk", ["Dampit", "Gedangan"]),
        ("janggal", ["Dampit", "Gedangan"]),
        ("unggul", ["Dampit", "Gedangan"]),
        # Not in the list: the default, never a column of the database.
        ("-region__parent__people__password", ["Gedangan", "Dampit"]),
        ("poin", ["Gedangan", "Dampit"]),
        ("\0", ["Gedangan", "Dampit"]),
    ],
)
def test_only_known_columns_sort(play, client, asked, expected):
    add_stations(play, *(("35.07.06.2001", number) for number in (2, 3, 4)))
    send(play, "dampit_1", [100, 80, 20])
    send(play, "dampit_1", [90, 80, 20], by="joko")
    aggregation.drain()
    client.force_login(play.budi)
    assert [row.split()[0] for row in rows(client.get(at("35.07", urut=asked)))] == expected


def test_the_sorted_column_says_so_and_the_others_link(counted, client):
    client.force_login(counted.budi)
    page = client.get(at("35.07", urut="nama")).content.decode()
    assert re.findall(r'aria-sort="(\w+)"><a id="sort-(\w+)"', page) == [("ascending", "nama")]
    assert f'href="{at("35.07", urut="belum")}"' in page


# Offices


@pytest.fixture
def governor(counted):
    contest = preparation.create_contest(
        counted.election, region("35"), Office.GOVERNOR, [NewPair(1, "Khofifah-Emil"), NewPair(2, "Risma-Hans", True)]
    )
    preparation.add_missing_results(counted.election)
    rebuilding.rebuild(counted.election)
    return contest


def test_two_offices_are_a_choice_and_every_link_keeps_it(governor, counted, client):
    client.force_login(counted.budi)
    first = client.get(at("35.07"))
    assert "Khofifah-Emil" in words(first)
    assert "Sanusi-Didik" not in words(first)
    page = client.get(at("35.07", jabatan="bupati")).content.decode()
    assert "Sanusi-Didik" in page
    assert at("35.07.05", jabatan="bupati") in page
    assert words(client.get(at("35.07", jabatan="raja"))) == words(first)


# Who sees what


def every_address(play):
    """Addresses of Malang, with data behind each."""
    form = send(play, "dampit_1", [100, 81, 20], by="joko", photos=(bring_photo(play, "joko"),))
    photo = form.photo_names.get().sha256
    codes = ["ID", "35", "35.07", "35.07.05", "35.07.05.2001", "35.07.05.1002", "35.07.06"]
    return [
        *(at(code) for code in codes),
        *(station_at(play, station) for station in ("dampit_1", "dampit_2", "pamotan_1", "gedangan_1")),
        photo_at(form, photo),
        photo_at(form, photo) + "?ukuran=kecil",
    ]


def test_a_coordinator_of_another_kabupaten_finds_nothing(counted, client):
    addresses = every_address(counted)
    client.force_login(counted.agus)
    assert {address: client.get(address).status_code for address in addresses} == dict.fromkeys(addresses, 404)
    assert Refusal.objects.filter(user=counted.agus, status=404).count() == len(addresses)
    client.force_login(counted.nasi)
    assert {address: client.get(address).status_code for address in addresses} == dict.fromkeys(addresses, 200)


@pytest.mark.parametrize("who", ["siti", "oper"])
def test_witness_and_operator_have_no_result_pages(counted, client, who):
    addresses = [*every_address(counted), reverse("results-home")]
    client.force_login(counted.people[who])
    assert {address: client.get(address).status_code for address in addresses} == dict.fromkeys(addresses, 404)


def test_a_stranger_is_sent_to_the_sign_in_and_told_nothing(counted, client):
    for address in [*every_address(counted), reverse("results-home"), at("no-such-code")]:
        response = client.get(address)
        assert (response.status_code, response.url.split("?")[0]) == (302, "/masuk/")


@pytest.mark.parametrize(
    "address",
    [
        "/hasil/pilkada-2020/35.99/",
        "/hasil/pilkada-2020/35%00/",
        "/hasil/pilkada-1999/35.07/",
        "/hasil/pilkada-2020/tps/999999/",
        "/hasil/pilkada-2020/tps/99999999999999999999999999/",
    ],
)
def test_what_does_not_exist_is_not_found(counted, client, address):
    client.force_login(counted.budi)
    assert client.get(address).status_code == 404


def test_a_station_is_found_only_under_its_own_election(counted, client):
    other = Election.objects.create(name="Lain", slug="lain", date=date(2024, 11, 27), phase=Phase.OPEN)
    preparation.create_contest(other, region("35.07"), Office.REGENT, [NewPair(1, "A"), NewPair(2, "B")])
    client.force_login(counted.budi)
    assert client.get(reverse("station", args=["lain", counted.result("dampit_1").pk])).status_code == 404


def test_a_name_with_a_script_is_text(counted, client):
    counted.siti.full_name = "<script>alert(1)</script>"
    counted.siti.save()
    region_of_it = region("35.07.05")
    region_of_it.name = "<script>alert(2)</script>"
    region_of_it.save()
    client.force_login(counted.budi)
    for address in (station_at(counted, "dampit_1"), at("35.07")):
        assert "<script>alert" not in client.get(address).content.decode()


# The way in


def test_with_one_election_the_way_in_leads_to_the_own_region(counted, client):
    for who, code in (("budi", "35.07"), ("dewi", "35"), ("nasi", "ID")):
        client.force_login(counted.people[who])
        assert client.get(reverse("results-home")).url == at(code)


def test_the_way_in_goes_down_to_the_only_contest_of_the_region(play, client):
    play.lamongan.delete()
    client.force_login(play.dewi)
    assert client.get(reverse("results-home")).url == at("35.07")


def test_with_several_elections_the_reader_chooses(counted, client):
    other = Election.objects.create(name="Pilgub 2024", slug="pilgub-2024", date=date(2024, 11, 27))
    preparation.create_contest(other, region("35"), Office.GOVERNOR, [NewPair(1, "A"), NewPair(2, "B")])
    elsewhere = Election.objects.create(name="Bali", slug="bali", date=date(2024, 11, 27))
    import_regions([*cast.TREE, Row("51", "ID", Level.PROVINCE, "Bali")])
    preparation.create_contest(elsewhere, region("51"), Office.GOVERNOR, [NewPair(1, "A"), NewPair(2, "B")])
    client.force_login(counted.budi)
    page = client.get(reverse("results-home")).content.decode()
    links = re.findall(r'<a href="(/hasil/[^"]+)">([^<]+)</a><small>', page)
    assert links == [("/hasil/pilgub-2024/35.07/", "Pilgub 2024"), ("/hasil/pilkada-2020/35.07/", "Pilkada 2020")]


def test_no_election_says_what_to_do(play, client):
    Election.objects.all().delete()
    client.force_login(play.budi)
    assert "Minta staf DPD menyiapkan pemilihan" in words(client.get(reverse("results-home")))


def test_the_tabs_mark_where_the_reader_is(counted, client):
    client.force_login(counted.budi)
    page = client.get(at("35.07")).content.decode()
    nav = page.split('class="tabs"')[1].split("</nav>")[0]
    assert re.findall(r'<a href="([^"]*)" aria-current="page">([^<]*)</a>', nav) == [(at("35.07"), "Hasil")]
    assert "Administrasi" not in nav


# Live


def test_unchanged_answers_304_and_a_new_form_does_not(counted, client):
    client.force_login(counted.budi)
    client.get(at("35.07"))  # sets the cookie that the next page is bound to
    etag = client.get(at("35.07"))["ETag"]
    again = client.get(at("35.07"), headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    assert "HX-Request" in again["Vary"]
    assert again["Cache-Control"] == "private, no-cache"
    assert client.get(at("35.07"), headers={"If-None-Match": f"W/{etag}"}).status_code == 304
    send(counted, "pamotan_1", [5, 5, 5], by="dewi")
    aggregation.drain()
    assert client.get(at("35.07"), headers={"If-None-Match": etag}).status_code == 200


def test_a_desa_notices_a_form_before_its_totals_do(counted, client):
    client.force_login(counted.budi)
    headers = {"HX-Request": "true"}
    etag = client.get(at("35.07.05.2001"), headers=headers)["ETag"]
    headers["If-None-Match"] = etag
    assert client.get(at("35.07.05.2001"), headers=headers).status_code == 304
    send(counted, "dampit_1", [1, 1, 1], by="joko")
    assert client.get(at("35.07.05.2001"), headers=headers).status_code == 200


def test_readers_of_a_place_share_a_rendered_report_and_nothing_personal(counted, client):
    client.force_login(counted.budi)
    budis = client.get(at("35.07.05"))
    client.force_login(counted.dewi)
    client.get(at("35"))  # the number beside the tab is counted once a minute
    with CaptureQueriesContext(connection) as captured:
        dewis = client.get(at("35.07.05"))
    assert len(captured) == UNCHANGED + 1
    assert rows(budis) == rows(dewis) != []
    trail = dewis.content.decode().split('class="breadcrumb"')[1].split("</nav>")[0]
    assert re.findall(r'href="([^"]*)"', trail) == [at("35"), at("35.07")]
    assert "Budi" not in words(dewis)[:200]
    type(counted.dewi).objects.filter(pk=counted.dewi.pk).update(language="en")
    with CaptureQueriesContext(connection) as captured:
        client.get(at("35.07.05"))
    assert len(captured) == REGION


def test_the_right_etag_opens_nothing(counted, client):
    client.force_login(counted.budi)
    client.get(at("35.07"))
    etag = client.get(at("35.07"))["ETag"]
    fragment = client.get(at("35.07"), headers={"HX-Request": "true"})["ETag"]
    form = send(counted, "dampit_1", [100, 80, 20], by="joko", photos=(bring_photo(counted, "joko"),))
    photo = photo_at(form, form.photo_names.get().sha256)
    photo_etag = client.get(photo)["ETag"]
    for who in ("agus", "siti", "oper"):
        client.force_login(counted.people[who])
        assert client.get(at("35.07"), headers={"If-None-Match": etag}).status_code == 404
        live = {"HX-Request": "true", "If-None-Match": fragment}
        assert client.get(at("35.07"), headers=live).status_code == 404
        assert client.get(photo, headers={"If-None-Match": photo_etag}).status_code == 404
    client.logout()
    assert client.get(at("35.07"), headers={"If-None-Match": etag}).status_code == 302


def test_page_fragment_order_language_and_reader_are_different_states(counted, client):
    client.force_login(counted.budi)
    client.get(at("35.07"))
    etags = [
        client.get(at("35.07"))["ETag"],
        client.get(at("35.07"), headers={"HX-Request": "true"})["ETag"],
        client.get(at("35.07", urut="nama"))["ETag"],
        client.get(at("35.07.05"))["ETag"],
    ]
    type(counted.budi).objects.filter(pk=counted.budi.pk).update(language="en")
    etags.append(client.get(at("35.07"))["ETag"])
    client.force_login(counted.rina)
    client.get(at("35.07"))
    etags.append(client.get(at("35.07"))["ETag"])
    assert len(set(etags)) == 6


def test_the_fragment_is_the_report_alone_and_the_page_names_its_state(counted, client):
    client.force_login(counted.budi)
    page = client.get(at("35.07")).content.decode()
    fragment = client.get(at("35.07"), headers={"HX-Request": "true"})
    assert "<html" not in fragment.content.decode()
    assert fragment.content.decode().strip() in page
    assert f'data-etag="{html.escape(fragment["ETag"])}"' in page
    assert f'hx-get="{at("35.07", urut="belum")}" hx-trigger="every 5s, refresh"' in page


@pytest.mark.parametrize("first_look", [0, 14])
def test_what_no_stamp_sees_is_shown_fifteen_seconds_later(counted, client, monkeypatch, first_look):
    """A pair is renamed: nothing came in, no total is newer. An open page must not say the old name for minutes."""
    monkeypatch.setattr(conditional, "period", PERIOD)
    client.force_login(counted.budi)
    headers = {"HX-Request": "true"}
    with time_machine.travel(time.time() // 600 * 600 + 600 + first_look, tick=False) as clock:
        headers["If-None-Match"] = client.get(at("35.07"), headers=headers)["ETag"]
        counted.malang.pairs.filter(number=1).update(name="Sanusi dan Didik")
        assert client.get(at("35.07"), headers=headers).status_code == 304
        clock.shift(15)
        assert "Sanusi dan Didik" in words(client.get(at("35.07"), headers=headers))


def test_a_page_with_a_message_is_not_kept(counted, client, monkeypatch):
    monkeypatch.setattr(conditional, "get_messages", lambda request: [constants.INFO])
    client.force_login(counted.budi)
    assert not client.get(at("35.07")).has_header("ETag")


# One station


def test_a_station_shows_figures_questions_versions_and_record(counted, client):
    first = send(counted, "pamotan_1", [60, 20, 20], by="dewi", values={"valid_votes": 101})
    second = send(counted, "pamotan_1", [60, 21, 20], by="dewi", supersedes=first.uuid, values={"valid_votes": 102})
    verification.ask_for_fix(second, by=counted.budi, seen=2, reason="Hitung lagi suara sah")
    client.force_login(counted.budi)
    text = words(client.get(station_at(counted, "pamotan_1")))
    said = "Suara sah dan tidak sah berjumlah 107, tetapi pengguna hak pilih 106. Selisih 1. C1-E08"
    assert said in text
    assert "Suara sah: 101 → 102" in text
    assert "Paslon 2 (Lathifah-Budi): 20 → 21" in text
    assert f"kode {first.receipt}" in text
    assert f"kode {second.receipt}" in text
    assert text.count("Digantikan") == 1
    assert "Perlu diperbaiki · Budi ·" in text
    assert "Hitung lagi suara sah" in text
    assert "3 peristiwa" in text
    assert FRAME in text


def test_a_confirmed_contradiction_says_that_the_paper_has_it(counted, client):
    send(counted, "pamotan_1", [60, 20, 20], by="dewi", values={"valid_votes": 101}, confirmed=("C1-E08",))
    client.force_login(counted.budi)
    text = words(client.get(station_at(counted, "pamotan_1")))
    assert "Saksi memastikan: tertulis begitu di formulir." in text


def test_open_rivals_stand_beside_the_counted_form(counted, client):
    send(counted, "dampit_2", [41, 90, 15], by="joko")
    client.force_login(counted.budi)
    response = client.get(station_at(counted, "dampit_2"))
    text = words(response)
    assert "Dua laporan TPS ini berbeda pada 3 dari 6 angka:" in text
    assert "Berbeda, belum diputus" in text
    settled = counted.result("dampit_2")
    verification.approve(settled.form, by=counted.budi, seen=settled.audit_seq)
    text = words(client.get(station_at(counted, "dampit_2")))
    assert "Dua laporan" not in text
    assert "Sudah diputus, tidak dihitung" in text


def test_a_rejected_form_is_shown_and_said_not_to_count(counted, client):
    form = send(counted, "pamotan_1", [60, 20, 20], by="dewi")
    verification.reject(form, by=counted.budi, seen=1, reason="Foto TPS lain")
    client.force_login(counted.budi)
    text = words(client.get(station_at(counted, "pamotan_1")))
    assert "Formulir ini ditolak. Angkanya tidak ikut dihitung." in text
    assert "Foto TPS lain" in text


def test_a_full_form_shows_every_part_in_paper_order(db, client):
    play = cast.make_play(form_kind="lengkap")
    send(play, "dampit_1", [100, 80, 20], values={"registered_dpt_male": 147, "ballots_used": 205})
    client.force_login(play.budi)
    page = client.get(station_at(play, "dampit_1")).content.decode()
    parts = re.findall(r"<h3>([IV]+\.[^<]*)</h3>", page)
    assert parts == [
        "IV. Perolehan suara",
        "I.A Data pemilih",
        "I.B Pengguna hak pilih",
        "II. Surat suara",
        "III. Pemilih disabilitas",
        "V. Suara sah dan tidak sah",
    ]
    assert '<span class="visually-hidden">147</span>' in page


def test_a_station_with_nothing_in_names_whom_to_call(counted, client):
    counted.wati.phone = "0812-0000-0142"
    counted.wati.save()
    client.force_login(counted.agus)
    preparation_free = words(client.get(station_at(counted, "babat_2")))
    assert "Belum ada C1 dari TPS ini" in preparation_free
    assert "belum ada yang dihitung" in preparation_free


def test_a_photo_used_twice_names_only_stations_the_reader_may_see(counted, client):
    name = bring_photo(counted, "siti")
    send(
        counted, "dampit_2", [41, 90, 15], by="siti", supersedes=counted.result("dampit_2").form.uuid, photos=(name,)
    )
    send(counted, "pamotan_1", [1, 2, 3], by="dewi", photos=(name,))
    send(counted, "babat_2", [1, 2], by="wati", photos=(name,))
    client.force_login(counted.budi)
    response = client.get(station_at(counted, "dampit_2"))
    text = words(response)
    assert "Foto sama dipakai TPS lain. TPS 001, Kel. Pamotan, Kec. Dampit 1 TPS di luar wilayah Anda." in text
    assert station_at(counted, "babat_2") not in response.content.decode()
    client.force_login(counted.dewi)
    assert station_at(counted, "babat_2") in client.get(station_at(counted, "dampit_2")).content.decode()


# Photos


def test_the_copy_is_shown_and_the_original_never(counted, client):
    original = jpeg("red") + b"<script>alert(1)</script>"
    photo, _new = photos.receive(original, by=counted.siti)
    form = send(counted, "dampit_1", [100, 80, 20], photos=(PhotoName(photo.sha256, 1),))
    client.force_login(counted.budi)
    assert client.get(photo_at(form, photo.sha256)).status_code == 404  # not processed yet
    photos.process_waiting()
    response = client.get(photo_at(form, photo.sha256))
    body = b"".join(response.streaming_content)
    assert (response.status_code, response["Content-Type"]) == (200, "image/jpeg")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"] == 'inline; filename="foto-c1.jpg"'
    assert "private" in response["Cache-Control"]
    assert "max-age=300" in response["Cache-Control"]
    assert b"<script>" not in body
    assert hashlib.sha256(body).hexdigest() != photo.sha256
    small = client.get(photo_at(form, photo.sha256), {"ukuran": "kecil"})
    with Image.open(io.BytesIO(b"".join(small.streaming_content))) as thumbnail:
        assert max(thumbnail.size) == 320
    assert small["ETag"] != response["ETag"]
    again = client.get(photo_at(form, photo.sha256), headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_naming_the_hash_of_another_shows_nothing(counted, client):
    stolen = bring_photo(counted, "wati")  # a photo of Lamongan
    form = send(counted, "dampit_1", [100, 80, 20], by="siti", photos=(stolen,))
    client.force_login(counted.budi)
    assert client.get(photo_at(form, stolen.sha256)).status_code == 404
    assert "belum tiba" in words(client.get(station_at(counted, "dampit_1")))


def test_after_a_correction_the_photo_it_was_read_from_still_stands_there(play, client):
    form = send(play, "dampit_1", [100, 80, 20], photos=(bring_photo(play),))
    fixed = submission(play, "dampit_1", [100, 81, 20], supersedes=form.uuid)
    verification.correct(form, fixed, by=play.budi, seen=1, reason="Salah ketik")
    client.force_login(play.budi)
    page = client.get(reverse("station", args=[play.election.slug, play.result("dampit_1").pk]))
    assert photo_at(form, form.photo_names.get().sha256) in page.content.decode()


def test_a_photo_is_found_only_through_a_form_that_names_it(counted, client):
    name = bring_photo(counted, "siti")
    form = send(counted, "dampit_1", [100, 80, 20], by="siti")
    client.force_login(counted.budi)
    guessed = [f"/hasil/foto/{form.uuid}/{one}/" for one in (name.sha256, "0" * 64, "..%2Foriginal", "%00")]
    guessed += [f"/hasil/foto/{uuid.uuid4()}/{name.sha256}/", reverse("reading-photo", args=[form.pk, name.sha256])]
    guessed += [reverse(one, args=[form.uuid, name.sha256]) for one in ("api-form-photo", "recap-photo")]
    for address in guessed:
        answer = client.get(address)
        assert (answer.status_code, "private" in answer["Cache-Control"]) == (404, True), address


def test_a_witness_sees_the_own_photo(counted, client):
    form = send(counted, "dampit_1", [100, 80, 20], by="joko", photos=(bring_photo(counted, "joko"),))
    address = photo_at(form, form.photo_names.get().sha256)
    client.force_login(counted.joko)
    assert client.get(address).status_code == 200


# The party's colour


@pytest.mark.parametrize(
    ("colour", "text", "outline"),
    [
        ("#A0161C", "#FFFFFF", "transparent"),
        ("#FFD21F", "#14201F", "#14201F"),
        ("#FFFFFF", "#14201F", "#14201F"),
        ("#7D7D7D", "#000000", "transparent"),
    ],
)
def test_the_text_on_the_party_colour_is_readable(play, client, colour, text, outline):
    play.election.party_color = colour
    play.election.save()
    response = client.get(reverse("party-css", args=["pilkada-2020"]))
    assert response.content.decode() == (f":root{{--party:{colour};--party-text:{text};--party-outline:{outline}}}\n")
    assert colours.contrast(colour, text) >= 4.5
    assert response["Content-Type"] == "text/css; charset=utf-8"
    assert {part.strip() for part in response["Cache-Control"].split(",")} == {"public", "max-age=3600"}


def test_every_grey_has_a_readable_text():
    greys = [f"#{level:02X}{level:02X}{level:02X}" for level in range(256)]
    assert min(colours.contrast(grey, colours.text_on(grey)) for grey in greys) >= 4.5


def test_the_colour_of_no_election_is_not_found(db, client):
    assert client.get(reverse("party-css", args=["tidak-ada"])).status_code == 404


# Queries do not grow with rows


#: Session, person with the own region, election, place, offices, contest and stamp are 7; the rest is the report.
#: Of a station four are C6 reports, reports of errors, attempts to call and messages; with a C6 report come its photo
#: names and two for the photos.
UNCHANGED, REGION, DESA, PARTY, STATION = 7, 12, 15, 13, 26


def test_a_region_asks_as_often_for_three_children_as_for_one(play, client):
    client.force_login(play.budi)
    extra = [Row(f"35.07.0{n}", "35.07", Level.DISTRICT, f"Kecamatan {n}") for n in (7, 8)]
    villages = [Row(f"35.07.0{n}.2001", f"35.07.0{n}", Level.VILLAGE, f"Desa {n}") for n in (7, 8)]
    send(play, "gedangan_1", [10, 30, 5], by="dewi")
    aggregation.drain()
    one = queries(client, at("35.07.06"))
    import_regions([*cast.TREE, Row("35.07.06.2002", "35.07.06", Level.VILLAGE, "Gajahrejo"), *extra, *villages])
    add_stations(play, *((code, 1) for code in ("35.07.06.2002", "35.07.07.2001", "35.07.08.2001")))
    assert len(rows(client.get(at("35.07")))) == 4
    assert (one, queries(client, at("35.07.06")), queries(client, at("35.07"))) == (REGION, REGION, REGION)


def test_a_desa_asks_as_often_for_three_stations_as_for_one(play, client):
    client.force_login(play.budi)
    send(play, "gedangan_1", [10, 30, 5], by="dewi")
    one = queries(client, at("35.07.06.2001"))
    for number, station in enumerate(add_stations(play, ("35.07.06.2001", 2), ("35.07.06.2001", 3))):
        play.stations[f"more_{number}"] = station
        send(play, f"more_{number}", [10, 30, 5], by="dewi")
    assert len(rows(client.get(at("35.07.06.2001")))) == 3
    assert (one, queries(client, at("35.07.06.2001"))) == (DESA, DESA)


def test_a_party_page_asks_as_often_for_three_contests_as_for_one(play, client):
    client.force_login(play.dewi)
    play.lamongan.delete()
    rebuilding.rebuild(play.election)
    one = queries(client, at("35"))
    import_regions([*cast.TREE, *(Row(f"35.0{n}", "35", Level.REGENCY, f"Kabupaten {n}") for n in (1, 2))])
    for code in ("35.01", "35.02"):
        preparation.create_contest(
            play.election, region(code), Office.REGENT, [NewPair(1, "A", usungan=True), NewPair(2, "B")]
        )
    rebuilding.rebuild(play.election)
    assert len(rows(client.get(at("35")))) == 3
    assert (one, queries(client, at("35"))) == (PARTY, PARTY)


def test_a_station_asks_as_often_for_three_versions_as_for_one(play, client):
    client.force_login(play.budi)
    photo = bring_photo(play, "siti")
    form = send(play, "dampit_1", [100, 80, 20], photos=(photo,))
    send(play, "dampit_2", [1, 1, 1], photos=(photo,))
    send(play, "dampit_1", [100, 80, 19], by="joko")
    one = queries(client, station_at(play, "dampit_1"))
    for votes in ([100, 80, 21], [100, 80, 22]):
        form = send(play, "dampit_1", votes, supersedes=form.uuid, photos=(photo, bring_photo(play, "siti", "grey")))
    send(play, "dampit_1", [100, 80, 18], by="joko")
    send(play, "pamotan_1", [1, 1, 1], by="dewi", photos=(photo,))
    assert (one, queries(client, station_at(play, "dampit_1"))) == (STATION, STATION)


def test_nothing_new_costs_no_report(counted, client):
    client.force_login(counted.budi)
    headers = {"HX-Request": "true"}
    headers["If-None-Match"] = client.get(at("35.07"), headers=headers)["ETag"]
    with CaptureQueriesContext(connection) as captured:
        assert client.get(at("35.07"), headers=headers).status_code == 304
    assert len(captured) == UNCHANGED
