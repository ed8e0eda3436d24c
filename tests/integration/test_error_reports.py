"""Claims about reports of errors: one open report a station, nothing repeated or lost, an answer for who reported."""

import threading
from dataclasses import replace

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Refusal
from tallies import assigning, intake
from tallies.count_room import error_reports, work_queue
from tallies.models import (
    Assignment,
    Channel,
    Election,
    ErrorKind,
    ErrorReport,
    ErrorReportAnswer,
    ErrorReportEntry,
    FormKind,
    Office,
    Phase,
    StationResult,
)
from tallies.preparation import NewPair, NewStation, add_stations, create_contest
from tallies.totals import rebuilding
from tests.cast import region, submission

KIND = ErrorKind.MISTYPED


@pytest.fixture
def reported(play):
    """A form at dampit_1, dampit_2 and babat_1; nothing is reported yet."""
    for station, who, votes in (
        ("dampit_1", "siti", [100, 80, 20]),
        ("dampit_2", "siti", [1, 2, 3]),
        ("babat_1", "wati", [71, 29]),
    ):
        intake.submit(submission(play, station, votes), by=play.people[who], channel=Channel.API)
    return play


def as_(user):
    client = Client()
    client.force_login(user)
    return client


def tell(play, who, station="dampit_1", kind=KIND, text="Paslon 2 tertulis 81"):
    return error_reports.tell(play.result(station), kind, text, by=play.people[who])


def at(play, station="dampit_1"):
    return reverse("error-report", args=[play.result(station).pk])


def send(play, who, station="dampit_1", *, follow=False, **fields):
    return as_(play.people[who]).post(at(play, station), {"kind": KIND, "text": ""} | fields, follow=follow)


def listed(play, **query):
    return reverse("error-reports", args=[play.election.slug]) + (
        "?" + "&".join(f"{name}={value}" for name, value in query.items()) if query else ""
    )


def closing(play, who, report, answer="Sudah kami periksa.", seen=None):
    seen = report.entries.latest("pk").pk if seen is None else seen
    address = reverse("error-report-close", args=[report.pk])
    return as_(play.people[who]).post(address, {"jawaban": answer, "seen": seen})


def text(answer):
    return answer.content.decode()


def main(answer):
    return text(answer).partition("<main")[2]


# Who says it


@pytest.mark.parametrize("who", ["siti", "joko", "budi", "dewi", "nasi"])
def test_whoever_may_see_the_station_reports(reported, who):
    answer = send(reported, who, text="Paslon 2 tertulis 81", follow=True)
    assert "Laporan terkirim" in text(answer)
    entry = ErrorReportEntry.objects.get()
    assert (entry.by, entry.kind, entry.text) == (reported.people[who], "salah_ketik", "Paslon 2 tertulis 81")
    assert entry.report.result == reported.result("dampit_1")


@pytest.mark.parametrize("who", ["wati", "agus", "oper"])
def test_to_everybody_else_the_station_is_not_there(reported, who):
    tell(reported, "siti", text="Rahasia saksi")
    client = as_(reported.people[who])
    for method in ("get", "post"):
        answer = getattr(client, method)(at(reported), {"kind": KIND, "text": "x"})
        assert answer.status_code == 404
        assert "Rahasia" not in text(answer)
    assert Refusal.objects.filter(user=reported.people[who], status=404).count() == 2
    assert ErrorReportEntry.objects.count() == 1


def test_who_is_not_signed_in_goes_to_the_door(reported):
    tell(reported, "siti")
    report = ErrorReport.objects.get()
    for path in (at(reported), listed(reported), reverse("error-report-close", args=[report.pk])):
        for method in ("get", "post"):
            assert getattr(Client(), method)(path).url == f"/masuk/?next={path}"
    assert (ErrorReportEntry.objects.count(), ErrorReportAnswer.objects.count()) == (1, 0)


def test_a_revoked_witness_reports_no_more_and_reads_no_more(reported):
    tell(reported, "joko", text="Kata Joko")
    assigning.revoke(Assignment.objects.active().get(witness=reported.joko), by=reported.dewi)
    assert send(reported, "joko", kind="lain", text="lagi").status_code == 404
    assert "Kata Joko" not in text(as_(reported.joko).get("/saksi/?biasa"))


def test_an_operator_reports_through_the_plain_function(reported):
    told = error_reports.tell(reported.result("dampit_1"), ErrorKind.UNREADABLE, "", by=reported.oper)
    assert (told.is_new, told.entry.by) == (True, reported.oper)


# What is said


def test_there_is_one_open_report_a_station_and_what_others_say_is_added(reported):
    for who, kind in (("siti", KIND), ("joko", KIND), ("budi", "palsu"), ("siti", "buram")):
        send(reported, who, kind=kind)
    report = ErrorReport.objects.get()
    said = [(entry.by.username, entry.kind) for entry in report.entries.all()]
    assert said == [("siti", "salah_ketik"), ("joko", "salah_ketik"), ("budi", "palsu"), ("siti", "buram")]
    send(reported, "siti", station="dampit_2")
    assert ErrorReport.objects.count() == 2


def test_the_database_keeps_a_second_open_report_out(reported):
    tell(reported, "siti")
    with pytest.raises(IntegrityError), transaction.atomic():
        ErrorReport.objects.create(result=reported.result("dampit_1"), opened_at=timezone.now())


def test_the_same_person_saying_the_same_again_adds_nothing_and_is_told(reported):
    send(reported, "siti", text="Pertama")
    answer = send(reported, "siti", text="Kedua kali", follow=True)
    assert "Anda sudah melaporkan hal ini" in text(answer)
    assert [entry.text for entry in ErrorReportEntry.objects.all()] == ["Pertama"]


def test_one_person_cannot_fill_a_station_with_reports(reported, monkeypatch):
    monkeypatch.setattr(error_reports, "PER_PERSON", 2)
    for kind in (KIND, "buram"):
        assert send(reported, "siti", kind=kind).status_code == 302
    answer = send(reported, "siti", kind="palsu")
    assert answer.status_code == 409
    assert "sudah banyak dan tersimpan semua" in text(answer)
    assert send(reported, "joko", kind="palsu").status_code == 302
    assert ErrorReportEntry.objects.count() == 3


def test_a_missing_signature_is_explained_before_and_after_and_makes_no_report(reported):
    sentence = "bukan kesalahan"
    assert sentence in text(as_(reported.siti).get(at(reported)))
    answer = send(reported, "siti", kind="tanda_tangan")
    assert answer.status_code == 200
    assert "Tidak ada laporan yang dibuat" in text(answer)
    assert not ErrorReport.objects.exists()
    assert send(reported, "siti", kind="tanda_tangan", text="  \r\n ").status_code == 200
    assert not ErrorReport.objects.exists()
    assert send(reported, "siti", kind="tanda_tangan", text="Ketua KPPS menolak hadir").status_code == 302
    assert ErrorReportEntry.objects.get().text == "Ketua KPPS menolak hadir"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"kind": ""}, "Pilih dahulu apa yang salah"),
        ({"kind": "lain-lain"}, "Pilih dahulu apa yang salah"),
        ({"kind": "lain"}, "Tulis apa yang salah"),
        ({"text": "x" * 301}, "Keterangan terlalu panjang"),
    ],
)
def test_what_cannot_be_read_is_said_at_its_box_and_not_kept(reported, fields, sentence):
    answer = send(reported, "siti", **fields)
    assert answer.status_code == 400
    assert sentence in text(answer)
    assert not ErrorReport.objects.exists()


def test_three_hundred_characters_with_line_breaks_fit(reported):
    send(reported, "siti", text="\r\n".join(["x" * 74] * 4) + "y")
    assert len(ErrorReportEntry.objects.get().text) == 300


def test_a_station_without_a_form_has_nothing_to_report(reported):
    answer = as_(reported.budi).post(at(reported, "gedangan_1"), {"kind": KIND, "text": ""})
    assert answer.status_code == 409
    assert "belum ada C1" in text(answer)
    assert not ErrorReport.objects.exists()


def test_a_script_is_shown_as_text_everywhere(reported):
    tell(reported, "siti", text="<script>alert(1)</script>")
    station = reverse("station", args=[reported.election.slug, reported.result("dampit_1").pk])
    for who, address in (
        ("budi", listed(reported)),
        ("budi", station),
        ("siti", "/saksi/?biasa"),
        ("siti", at(reported)),
    ):
        page = text(as_(reported.people[who]).get(address))
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert" not in page


def test_a_report_changes_no_figure_no_queue_and_no_decision(reported):
    before = list(StationResult.objects.order_by("pk").values())
    rows = work_queue.page(reported.budi, reported.election, work_queue.View.ALL).rows
    tell(reported, "siti")
    closing(reported, "budi", ErrorReport.objects.get())
    assert list(StationResult.objects.order_by("pk").values()) == before
    assert work_queue.page(reported.budi, reported.election, work_queue.View.ALL).rows == rows


# Who reads it


def test_each_region_sees_its_own_and_witnesses_and_operators_no_list(reported):
    tell(reported, "siti", text="Kata Siti")
    tell(reported, "wati", "babat_1", text="Kata Wati")
    seen = {}
    for who in ("budi", "agus", "dewi", "nasi"):
        page = text(as_(reported.people[who]).get(listed(reported)))
        seen[who] = ("Kata Siti" in page, "Kata Wati" in page)
    assert seen == {"budi": (True, False), "agus": (False, True), "dewi": (True, True), "nasi": (True, True)}
    for who in ("siti", "wati", "oper"):
        assert as_(reported.people[who]).get(listed(reported)).status_code == 404
        assert not ErrorReport.objects.visible_to(reported.people[who]).exists()
    assert as_(reported.budi).get(reverse("error-reports", args=["tidak-ada"])).status_code == 404


def test_a_report_leads_to_the_decision_and_from_the_station_to_the_form(reported):
    tell(reported, "siti")
    result = reported.result("dampit_1")
    client = as_(reported.budi)
    decide = reverse("verification-decide", args=[result.pk])
    assert f'href="{decide}"' in text(client.get(listed(reported)))
    assert client.get(decide).status_code == 200
    assert f'href="{at(reported)}"' in text(client.get(reverse("station", args=[reported.election.slug, result.pk])))
    assert f'href="{at(reported)}"' in text(as_(reported.siti).get("/saksi/?biasa"))


def test_the_queue_says_how_many_are_open_in_the_own_region(reported, monkeypatch):
    queue = reverse("verification-queue", args=[reported.election.slug])
    client = as_(reported.budi)
    tell(reported, "wati", "babat_1")
    assert "Laporan kesalahan:" not in main(client.get(queue))
    tell(reported, "siti")
    tell(reported, "siti", "dampit_2")
    assert "Laporan kesalahan: 2 terbuka" in text(client.get(queue))
    assert f'href="{listed(reported)}"' in text(client.get(queue))
    monkeypatch.setattr(error_reports, "COUNTED", 1)
    assert "Laporan kesalahan: lebih dari 1" in text(client.get(queue))


def test_a_witness_reads_own_words_and_no_others(reported):
    tell(reported, "siti", text="Kata Siti")
    tell(reported, "joko", text="Kata Joko")
    for who, other in (("siti", "Kata Joko"), ("joko", "Kata Siti")):
        for address in ("/saksi/?biasa", at(reported)):
            page = text(as_(reported.people[who]).get(address))
            assert f"Kata {who.title()}" in page
            assert other not in page


# The answer


def test_the_answer_closes_the_report_and_is_read_by_who_reported(reported):
    tell(reported, "siti", text="Kata Siti")
    tell(reported, "joko", kind="buram", text="")
    report = ErrorReport.objects.get()
    assert closing(reported, "budi", report, "Angka sudah diperbaiki.").url == listed(reported)
    answer = ErrorReportAnswer.objects.get()
    assert (answer.by, answer.text) == (reported.budi, "Angka sudah diperbaiki.")
    for who in ("siti", "joko"):
        for address in ("/saksi/?biasa", at(reported)):
            assert "Angka sudah diperbaiki." in text(as_(reported.people[who]).get(address))
    station = reverse("station", args=[reported.election.slug, reported.result("dampit_1").pk])
    assert "Angka sudah diperbaiki." in text(as_(reported.budi).get(station))
    assert "Kata Siti" not in text(as_(reported.budi).get(listed(reported)))
    assert "Kata Siti" in text(as_(reported.budi).get(listed(reported, saring="ditutup")))


def test_who_reports_after_the_answer_opens_a_new_report(reported):
    tell(reported, "siti")
    closing(reported, "budi", ErrorReport.objects.get())
    assert tell(reported, "siti").is_new
    assert [report.closed_at is None for report in ErrorReport.objects.order_by("pk")] == [False, True]


@pytest.mark.parametrize(("who", "status"), [("agus", 404), ("siti", 404), ("oper", 404), ("nasi", 403)])
def test_nobody_else_closes_a_report(reported, who, status):
    tell(reported, "siti")
    assert closing(reported, who, ErrorReport.objects.get()).status_code == status
    assert Refusal.objects.filter(user=reported.people[who], status=status).count() == 1
    assert not ErrorReportAnswer.objects.exists()
    assert "Tutup laporan" not in text(as_(reported.nasi).get(listed(reported)))


@pytest.mark.parametrize("answer", ["", "  \r\n", "x" * 501])
def test_an_answer_that_says_nothing_or_too_much_closes_nothing(reported, answer):
    tell(reported, "siti")
    page = closing(reported, "budi", ErrorReport.objects.get(), answer)
    assert page.status_code == 400
    assert "alert--failed" in text(page)
    assert ErrorReport.objects.open().count() == 1


def test_of_two_answers_the_second_is_not_written(reported):
    tell(reported, "siti")
    report = ErrorReport.objects.get()
    closing(reported, "budi", report, "Jawaban pertama.")
    page = closing(reported, "rina", report, "Jawaban kedua.")
    assert page.status_code == 409
    assert "sudah ditutup orang lain" in text(page)
    assert "Jawaban pertama." in text(page)
    assert [answer.text for answer in ErrorReportAnswer.objects.all()] == ["Jawaban pertama."]


def test_what_was_said_meanwhile_is_read_before_the_report_is_closed(reported):
    tell(reported, "siti")
    report = ErrorReport.objects.get()
    seen = report.entries.get().pk
    tell(reported, "joko", text="Kata baru Joko")
    page = closing(reported, "budi", report, "Tulisan saya", seen=seen)
    assert page.status_code == 409
    for words in ("bertambah sejak Anda membukanya", "Kata baru Joko", "Tulisan saya"):
        assert words in text(page)
    assert not ErrorReportAnswer.objects.exists()
    assert closing(reported, "budi", report, "Tulisan saya").status_code == 302


# Kept


def test_what_was_said_and_answered_never_changes_and_never_goes(reported):
    tell(reported, "siti")
    closing(reported, "budi", ErrorReport.objects.get())
    for model in (ErrorReportEntry, ErrorReportAnswer):
        for change in (lambda m=model: m.objects.update(text="Lain"), lambda m=model: m.objects.all().delete()):
            with pytest.raises(DatabaseError), transaction.atomic():
                change()
    with pytest.raises(DatabaseError), transaction.atomic():
        ErrorReport.objects.all().delete()
    assert ErrorReportEntry.objects.get().text == "Paslon 2 tertulis 81"


def test_a_practice_goes_with_its_reports(play):
    practice = Election.objects.create(
        name="Latihan", slug="latihan", date=play.election.date, phase=Phase.OPEN, form_kind=FormKind.SHORT,
        practice_of=play.election,
    )  # fmt: skip
    contest = create_contest(
        practice, region("35.07"), Office.REGENT, [NewPair(1, "A", usungan=True), NewPair(2, "B")]
    )
    [station] = add_stations(practice, [NewStation(region("35.07.05.2001").pk, 1, 150, 150)])
    assigning.assign(station, play.siti, by=play.dewi)
    rebuilding.rebuild(practice)
    play.stations["latihan"] = station
    sent = replace(submission(play, "latihan", [5, 6]), contest_id=contest.pk)
    intake.submit(sent, by=play.siti, channel=Channel.API)
    error_reports.tell(StationResult.objects.get(station=station), KIND, "x", by=play.siti)
    practice.delete()
    assert not ErrorReport.objects.exists()


def test_eight_people_at_once_make_one_report(committed_play):
    play = committed_play
    intake.submit(submission(play, "dampit_1", [100, 80, 20]), by=play.siti, channel=Channel.API)
    result, people, failed = play.result("dampit_1"), list(play.people.values())[:8], []
    start = threading.Barrier(8)

    def report(person):
        try:
            start.wait(20)
            error_reports.tell(result, KIND, "x", by=person)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=report, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert (ErrorReport.objects.count(), ErrorReportEntry.objects.count()) == (1, 8)


# Lists


def test_a_list_of_many_is_bounded_and_goes_on(reported, monkeypatch):
    monkeypatch.setattr(error_reports, "PAGE", 2)
    made = []
    for number in range(5):
        tell(reported, "siti", text=f"Nomor {number}")
        made.append(ErrorReport.objects.open().get(result=reported.result("dampit_1")))
        closing(reported, "budi", made[-1])
    client, found, url = as_(reported.budi), [], listed(reported, saring="ditutup")
    while url:
        page = client.get(url)
        found += page.context["reports"]
        url = page.context["next_url"]
    assert found == made[::-1]
    for where in ("x", "-1", "9" * 30, "²"):
        assert len(client.get(listed(reported, saring="ditutup", sebelum=where)).context["reports"]) == 2
    assert client.get(listed(reported, saring="apa")).context["closed"] is False


def test_the_lists_cost_the_same_for_one_report_and_for_three(reported):
    intake.submit(submission(reported, "pamotan_1", [4, 5, 6]), by=reported.siti, channel=Channel.API)
    pages = [
        ("budi", listed(reported)),
        ("budi", reverse("verification-queue", args=[reported.election.slug])),
        ("budi", reverse("station", args=[reported.election.slug, reported.result("dampit_1").pk])),
        ("siti", "/saksi/?biasa"),
        ("siti", at(reported)),
    ]
    counts: list[list[int]] = []
    as_(reported.budi).get(listed(reported))  # the number beside the tab is counted once a minute
    tell(reported, "siti", text="Satu")
    for more in ((), (("dampit_2", "siti"), ("pamotan_1", "budi"), ("dampit_1", "joko"))):
        for station, who in more:
            tell(reported, who, station)
            tell(reported, who, station, kind="palsu")
        counts.append([])
        for who, address in pages:
            client = as_(reported.people[who])
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            counts[-1].append(len(queries))
    assert counts[0] == counts[1]
