"""Claims about the pages and files of the evaluation: for whom they are, what they say, that they stay bounded."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role
from tallies import assigning, practice, preparation
from tallies.evaluation.advice import Advice, Lesson, advice
from tallies.evaluation.day_report import slowest_villages
from tallies.models import Election
from tallies.preparation import NewStation
from tallies.totals import aggregation
from tests import cast
from tests.integration.test_evaluation import SLUG, ground, send, work_an_evening
from tests.integration.test_exports import address, frame_and_rows
from tests.sending import client_of as signed_in

PAGES = ("evaluation", "evaluation-witnesses", "evaluation-readers", "evaluation-report")


@pytest.fixture
def worked(play):
    work_an_evening(play)
    aggregation.drain()
    return play


def page(name, code="35.07", slug=SLUG, **query):
    return reverse(name, args=[slug, code], query=query or None)


def words(answer):
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


@pytest.mark.parametrize("name", PAGES)
def test_an_evaluation_is_for_those_who_see_figures_of_the_place(worked, name):
    for who, status in (
        ("budi", 200),
        ("dewi", 200),
        ("nasi", 200),
        ("agus", 404),
        ("oper", 404),
        ("siti", 404),
    ):
        assert signed_in(worked.people[who]).get(page(name)).status_code == status, who
    assert signed_in(worked.budi).post(page(name)).status_code == 405
    assert signed_in(worked.budi).get(page(name, "35")).status_code == 404


def test_everybody_is_led_to_the_own_region(worked):
    home = reverse("evaluation-home", args=[SLUG])
    for who, code in (("budi", "35.07"), ("dewi", "35"), ("nasi", "ID"), ("agus", "35.24")):
        assert signed_in(worked.people[who]).get(home).url == page("evaluation", code)
    for who in ("oper", "siti"):
        assert signed_in(worked.people[who]).get(home).status_code == 404


def test_the_results_and_the_election_lead_there(worked):
    client = signed_in(worked.budi)
    assert page("evaluation") in client.get(reverse("region", args=[SLUG, "35.07"])).content.decode()
    assert reverse("evaluation-home", args=[SLUG]) in client.get(reverse("election", args=[SLUG])).content.decode()


def test_of_the_nation_regions_are_listed_and_people_are_not(worked):
    client = signed_in(worked.nasi)
    assert "Jawa Timur" in words(client.get(page("evaluation", "ID")))
    for name in PAGES[1:]:
        text = words(client.get(page(name, "ID")))
        assert "Pilih provinsi dahulu" in text
        assert "Siti" not in text
        assert "Jaka" not in text
    for table in ("evaluasi-saksi", "evaluasi-pembaca"):
        assert client.get(address("ID", table)).status_code == 404


@pytest.mark.parametrize("query", ["pk", "password", "-name", "lambat'--", "", "\0"])
def test_an_order_that_is_not_on_the_list_is_the_default(worked, query):
    client = signed_in(worked.budi)
    for name in PAGES[:3]:
        answer = client.get(page(name, urut=query, setelah="1 OR 1=1"))
        assert answer.status_code == 200


def test_a_name_with_a_script_is_a_name(worked):
    worked.people["siti"].full_name = "<script>alert(1)</script>"
    worked.people["siti"].save()
    assert b"<script>alert(1)" not in signed_in(worked.budi).get(page("evaluation-witnesses")).content


def test_a_practice_has_its_evaluation_with_the_band(worked):
    copy = practice.make(worked.election, cast.region("35.07"), by=worked.budi)
    for name in PAGES:
        text = words(signed_in(worked.budi).get(page(name, slug=copy.slug)))
        assert "LATIHAN. Angka ini tidak dihitung." in text
    assert Election.objects.filter(practice_of=worked.election).count() == 1


def test_more_witnesses_cost_no_more_queries(worked):
    def queries():
        cache.clear()
        with CaptureQueriesContext(connection) as found:
            for name in PAGES:
                signed_in(worked.budi).get(page(name))
        return len(found)

    queries()
    before = queries()
    village = cast.region("35.07.06.2001").pk
    made = preparation.add_stations(worked.election, [NewStation(village, n, 10, 10) for n in range(2, 12)])
    for number, station in enumerate(made):
        person = cast.person(f"saksi{number}", Role.WITNESS)
        worked.people[person.username] = person
        worked.stations[f"s{number}"] = station
        assigning.assign(station, person, by=worked.dewi)
        send(worked, 60 + number, f"s{number}", [1, 2, 3], by=person.username)
    assert queries() <= before + 2


# The report


def test_the_report_says_it_in_numbers(worked):
    text = words(signed_in(worked.budi).get(page("evaluation-report")))
    for sentence in (
        "4 dari 4 TPS masuk (100,00%).",
        "Median formulir pertama 30 mnt, yang paling lambat 95 mnt.",
        "Setengah dari semua TPS terkirim pada 13.30 WIB, 9 Des.",
        "Sembilan dari sepuluh pada 14.35 WIB, 9 Des.",
        "Ponsel 1 dari 2 saksi aktif sebelum hari pemungutan, 1 pada hari itu atau sesudahnya, 0 tidak aktif.",
        "2 dari 6 formulir adalah perbaikan, 1 di antaranya oleh saksi sendiri.",
        "Foto 2 formulir bermasalah: 1 tidak terbaca, 1 bukan C1 TPS itu, 0 rusak.",
        "Bacaan kedua 2 formulir berbeda; 1 formulir diputuskan lain dari angka pengirimnya; 0 TPS masih janggal.",
        "C6 dilaporkan dari 1 dari 4 TPS. Keberatan saksi tercatat di 1 TPS.",
        "1 dari 3 bacaan yang angkanya sudah ditetapkan salah (33,33%), 3 kotak.",
        "Latih pembaca Kamar Hitung: 1 dari 3 bacaan (33,33%) salah.",
        "Hasil sementara, bukan hasil resmi KPU",
    ):
        assert sentence in text


def test_before_anything_came_in_the_report_says_so(play):
    assert "Belum ada yang dilaporkan" in words(signed_in(play.budi).get(page("evaluation-report")))


def test_the_slowest_desa_come_first_those_that_sent_nothing_before_all(worked):
    village = cast.region("35.07.06.2001").pk
    preparation.add_stations(worked.election, [NewStation(village, number, 10, 10) for number in (2, 3)])
    found = slowest_villages(ground(worked))
    assert [(one.village.code, one.stations, one.sent, one.median, one.slowest) for one in found] == [
        ("35.07.06.2001", 3, 1, None, 5),
        ("35.07.05.1002", 1, 1, 95, 95),
        ("35.07.05.2001", 2, 2, 30, 47),
    ]
    assert len(slowest_villages(ground(worked), most=1)) == 1


def test_what_to_train_is_what_reaches_its_limit_the_largest_excess_first():
    found = advice(
        {
            Lesson.READ: (2, 100),
            Lesson.PHOTO: (2, 100),
            Lesson.TYPE: (50, 100),
            Lesson.SETTLE: (0, 0),
        }
    )
    assert found == [Advice(Lesson.TYPE, 50, 100), Advice(Lesson.READ, 2, 100)]


# Files


def rows_of(client, table, code="35.07"):
    _frame, labels, rows = frame_and_rows(client.get(address(code, table)))
    return [dict(zip(labels, row, strict=True)) for row in rows]


def test_the_files_hold_the_numbers_of_the_pages_and_no_telephone(worked):
    worked.people["siti"].phone = "+6281234567890"
    worked.people["siti"].save()
    client = signed_in(worked.budi)
    dampit, gedangan, all_of_it = rows_of(client, "evaluasi")
    assert (dampit["Menit, median"], gedangan["Menit, median"], all_of_it["Menit, median"]) == ("47", "5", "30")
    assert (all_of_it["Perbaikan"], all_of_it["Perbaikan sendiri"], all_of_it["Saksi"]) == ("2", "1", "2")
    siti = next(row for row in rows_of(client, "evaluasi-saksi") if row["Saksi"] == "Siti")
    assert (siti["TPS terkirim"], siti["Menit, paling lambat"], siti["Diputuskan lain"]) == ("3", "47", "1")
    oper = next(row for row in rows_of(client, "evaluasi-pembaca") if row["Pembaca"] == "Oper")
    assert (oper["Formulir dibaca"], oper["Salah baca"], oper["Bagian salah"]) == ("3", "1", "0.500000")
    for table in ("evaluasi", "evaluasi-saksi", "evaluasi-pembaca"):
        for kind in ("csv", "xlsx", "pdf"):
            answer = client.get(address("35.07", table, kind))
            assert answer.status_code == 200
            if kind == "csv":
                assert b"81234567890" not in b"".join(answer.streaming_content).replace(b"-", b"")
        for who in ("agus", "oper", "siti"):
            assert signed_in(worked.people[who]).get(address("35.07", table)).status_code == 404


def test_a_formula_in_a_name_is_text_in_the_file(worked):
    worked.people["siti"].full_name = "=1+1"
    worked.people["siti"].save()
    names = [row["Saksi"] for row in rows_of(signed_in(worked.budi), "evaluasi-saksi")]
    assert "'=1+1" in names


def test_what_was_sent_before_the_closing_is_below_zero(play):
    send(play, -3, "dampit_1", [1, 2, 3])
    aggregation.drain()
    assert "−3 mnt" in words(signed_in(play.budi).get(page("evaluation")))
