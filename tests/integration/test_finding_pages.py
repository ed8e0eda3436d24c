"""Claims about the list of findings and the page of one: what it says, to whom, and what a press of a button does."""

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from analytics.findings import acting, listing
from analytics.findings.acting import Seen
from analytics.findings.flood import limit_open
from analytics.findings.listing import Asked
from analytics.models import ElectionRules, Finding, FindingAttachment, FindingState, Severity
from tallies import photos
from tallies.submission import PhotoName
from tests import reading
from tests.finding_makers import NUMBERS, PDF, write
from tests.sending import picture

HTMX = {"HX-Request": "true"}
NO_PROOF = "Ini bukan bukti kecurangan."
SUGGESTED = [{"votes": {"1": 104}, "fields": {"valid_votes": 220}, "reason": "digit", "chance": 0.6}]


def as_(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def url(play):
    return reverse("findings", args=[play.election.slug])


def at(finding, name="finding", *more):
    return reverse(name, args=[finding.pk, *more])


def words(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def rules(answer):
    return [row.one.rule for row in answer.context["rows"]]


def seen(finding):
    finding.refresh_from_db()
    return Seen(finding.version, finding.events.last().pk)


def body(finding, action="jelaskan", **changes):
    known = seen(finding)
    said = {"tindakan": action, "alasan": "Memang tertulis begitu", "versi": known.version, "peristiwa": known.event}
    return said | changes


# The list


def test_the_gravest_stand_first_then_the_votes_at_stake(play, url):
    for rule, severity, stake in (
        ("H1", Severity.MEDIUM, 5), ("H2", Severity.MEDIUM, 50), ("H5", Severity.INFO, 900), ("D1", Severity.HIGH, 1),
    ):  # fmt: skip
        write(play, rule, severity=severity, stake=stake)
    page = as_(play.budi).get(url)
    assert rules(page) == ["D1", "H2", "H1", "H5"]
    assert [(word, count) for word, _s, count, _u, _c in page.context["severities"]] == [
        ("kritis", 0), ("tinggi", 1), ("sedang", 2), ("info", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("jenis=D", ["D1"]),
        ("jenis=X", ["D1", "H1", "S1"]),
        ("saring=sedang", ["H1", "S1"]),
        ("keadaan=ditugaskan", ["S1"]),
        ("keadaan=saya", ["S1"]),
        ("wilayah=35.07.06", ["S1"]),
        ("keadaan=dijelaskan", ["H2"]),
        ("keadaan=tertutup", []),
        ("tingkat=kabupaten", ["D1", "H1", "S1"]),
    ],
)
def test_filters_keep_what_they_say(play, url, query, expected):
    write(play, "D1", severity=Severity.HIGH)
    write(play, "H1", stake=20)
    taken = write(play, "S1", "gedangan_1", stake=5)
    acting.assign(taken, play.budi, seen=seen(taken), by=play.rina)
    answered = write(play, "H2")
    acting.explain(answered, "Memang begitu", seen=seen(answered), by=play.rina)
    assert rules(as_(play.budi).get(f"{url}?{query}")) == expected


def test_pages_follow_each_other_whatever_is_settled_meanwhile(play, monkeypatch):
    monkeypatch.setattr(listing, "PAGE", 2)
    for stake, rule in enumerate(("H1", "H2", "H4", "E2", "S1"), start=1):
        write(play, rule, stake=stake)
    first = listing.page(play.budi, play.election, Asked(), size=2)
    acting.explain(first.rows[0], "Memang begitu", seen=seen(first.rows[0]), by=play.budi)
    second = listing.page(play.budi, play.election, Asked(), after=first.next, size=2)
    third = listing.page(play.budi, play.election, Asked(), after=second.next, size=2)
    assert [one.rule for page in (first, second, third) for one in page.rows] == ["S1", "E2", "H4", "H2", "H1"]
    assert third.next is None


@pytest.mark.parametrize("after", ["", "x", "1-2", "3-5-٣", "-1-2-3", "9" * 30, "99-9999999999-999999999999999999"])
def test_an_odd_position_is_no_error(play, url, after):
    write(play, "H1")
    assert as_(play.budi).get(url, {"setelah": after}).status_code == 200


def test_those_that_wait_are_counted_and_not_listed(play, url):
    ElectionRules.objects.create(election=play.election, most_open=1)
    for rule, stake in (("H1", 5), ("H2", 50), ("H4", 7)):
        write(play, rule, stake=stake)
    limit_open([play.malang.pk])
    page = as_(play.budi).get(url)
    assert (rules(page), page.context["held"]) == (["H2"], 2)
    assert "2 lagi menunggu giliran. Paling banyak 1 temuan SEDANG" in words(page)
    waiting = Finding.objects.get(rule="H4")
    assert "menunggu giliran" in words(as_(play.budi).get(at(waiting)))


def test_without_findings_the_page_says_that_the_rules_watch(play, url):
    assert "Tidak ada temuan yang menunggu" in words(as_(play.budi).get(url))
    assert "Tidak ada yang cocok" in words(as_(play.budi).get(f"{url}?jenis=D"))


def test_a_list_of_many_costs_the_queries_of_one(play, url):
    client = as_(play.budi)

    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert client.get(url).status_code == 200
        return len(asked)

    write(play, "H1")
    queries()  # the number beside the tab is counted once a minute
    few = queries()
    for rule in ("H2", "H4", "S1", "S2", "E2"):
        for station in ("dampit_1", "pamotan_1", "gedangan_1"):
            write(play, rule, station)
    assert queries() == few <= 20


# Each rule in words


RULES = [rule for rule in NUMBERS if rule != "W"]
SAID = {
    "D1": "Lathifah-Budi 104 704 +600",
    "D2": "Menurut C1 kita selisih usungan berbeda +100 suara.",
    "D3": "Sanusi-Didik 11.204 10.871 −333",
    "D4": "C1 dari 2 TPS belum ada.",
    "H1": "Paslon berjumlah 249, tetapi suara sah 246. Selisih 3. 249 246 3",
    "H2": "251 249 2",
    "H3": "331 318 13",
    "H4": "Suara sah dan tidak sah berjumlah 331, lebih banyak daripada DPT dan cadangan: 308.",
    "H5": "Semua 287 orang dalam DPT memilih.",
    "H6": "293 orang dalam DPT memilih, padahal 21 undangan (C6) tidak tersampaikan: yang mungkin datang 279.",
    "E1": "Satu angka yang diganti membuat semua jumlah cocok.",
    "E2": "Sanusi-Didik 87 154 +67",
    "E3": "persis sama dengan angka TPS lain",
    "P1": "juga dipakai di 2 TPS lain.",
    "P2": "14 dari 256",
    "P3": "sebelum TPS ditutup",
    "P4": "3 TPS bertetangga",
    "S1": "Suara usungan 71 dari 333 Dibanding harapan −105 suara",
    "S2": "Semua 246 suara sah untuk paslon 2.",
    "S3": "31,3% di wilayah ini, sedangkan diharapkan 42,8%",
    "T1": "18 TPS di kantong suara belum masuk.",
    "T2": "mempunyai 5 versi. Versi terakhir datang 2 hari sesudah D.Hasil.",
}


def test_each_rule_says_what_it_found_with_its_numbers(play):
    client, missing, no_proof = as_(play.budi), [], set()
    for rule in RULES:
        text = words(client.get(at(write(play, rule, suggestions=SUGGESTED, severity=Severity.HIGH))))
        missing += [rule] if SAID[rule] not in text or "Paslon 1 (Sanusi-Didik): 104" not in text else []
        no_proof |= {rule} if NO_PROOF in text else set()
    # Of the others a grave one compares documents.
    assert (missing, no_proof) == ([], {"E2", "S1", "S2", "S3"})


@pytest.mark.parametrize("numbers", [{}, {name: "x" for one in NUMBERS.values() for name in one}, {"stations": 3.5}])
def test_numbers_that_are_missing_or_odd_break_no_page(play, url, numbers):
    client = as_(play.budi)
    for rule in RULES:
        finding = write(play, rule, numbers=numbers, suggestions=["x", {"votes": {"١": 1, "1": "2", "2": -3}}])
        assert NO_PROOF in words(client.get(at(finding)))
    assert len(rules(client.get(url))) == len(RULES)


def test_both_pages_speak_english(play, url):
    play.budi.language = "en"
    play.budi.save()
    client = as_(play.budi)
    finding = write(play, "S1")
    client.post(reverse("set-language"), {"language": "en"})
    assert "This is no proof of fraud." in words(client.get(at(finding)))
    assert "Our pair 21.3%, expected 52.8%" in words(client.get(url))


# One finding


@pytest.fixture
def photographed(play):
    """dampit_1 with a form and its photo, and a finding that rests on it."""
    photo, _new = photos.receive(picture(seed=3), by=play.siti)
    photos.process_waiting()
    form = reading.send(play, "dampit_1", [60, 120, 20], by=play.siti, photos=(PhotoName(photo.pk, 1),))
    finding = write(play, "H1", numbers=NUMBERS["H1"] | {"forms": [form.pk]}, suggestions=SUGGESTED)
    return finding, form, photo


def test_the_photos_are_at_the_address_of_the_forms(play, photographed):
    finding, form, photo = photographed
    text = as_(play.budi).get(at(finding)).content.decode()
    assert reverse("photo", args=[form.uuid, photo.pk]) in text


def test_a_suggestion_fills_the_boxes_of_the_settling_page_and_is_not_applied(play, photographed):
    finding, _form, _photo = photographed
    text = as_(play.budi).get(at(finding)).content.decode()
    [address] = re.findall(r'href="([^"]*isi=[^"]*)"', text)
    page = as_(play.budi).get(address.replace("&amp;", "&"))
    boxes = page.context["figures"].initial
    assert (boxes["votes_1"], boxes["valid_votes"], boxes["votes_2"]) == (104, 220, 120)
    assert play.result("dampit_1").form.votes.get(pair__number=1).votes == 60


def test_stations_of_another_region_are_counted_and_not_named(play):
    others = [play.stations[name].pk for name in ("dampit_1", "pamotan_1", "babat_1")]
    finding = write(play, "P1", numbers={"digest": "ab", "stations": others})
    text = words(as_(play.budi).get(at(finding)))
    assert ("TPS 001, Kel. Pamotan" in text, "Babat" in text) == (True, False)
    assert "1 TPS di luar wilayah Anda." in text


def test_forms_of_another_region_show_no_photo(play):
    photo, _new = photos.receive(picture(seed=4), by=play.wati)
    photos.process_waiting()
    form = reading.send(play, "babat_1", [30, 100], by=play.wati, photos=(PhotoName(photo.pk, 1),))
    finding = write(play, "P1", numbers={"forms": [form.pk], "stations": []})
    assert str(form.uuid) not in as_(play.budi).get(at(finding)).content.decode()


def test_the_list_shows_the_chosen_one_beside_it_and_keeps_its_filters(play, url):
    finding = write(play, "H1")
    write(play, "D1", severity=Severity.HIGH)
    page = as_(play.budi).get(f"{url}?jenis=H&temuan={finding.pk}")
    assert (rules(page), page.context["detail"].finding) == (["H1"], finding)
    answer = as_(play.budi).post(at(finding, "finding-act"), body(finding, dari=f"jenis=H&temuan={finding.pk}"))
    assert (answer.status_code, answer.url) == (302, f"{url}?jenis=H&temuan={finding.pk}")


# Who sees it


@pytest.mark.parametrize("who", ["agus", "siti", "oper"])
def test_it_is_not_there_for_others(play, url, who):
    finding = write(play, "H1")
    acting.note(finding, "Lihat", seen=seen(finding), by=play.budi, files=[PDF])
    file = FindingAttachment.objects.get()
    client = as_(play.people[who])
    for address in (at(finding), at(finding, "finding-attachment", file.pk)):
        assert client.get(address).status_code == 404
    assert client.post(at(finding, "finding-act"), body(finding)).status_code == 404
    listed = client.get(url)
    assert (listed.status_code, rules(listed)) == (200, []) if who == "agus" else listed.status_code == 404
    assert client.get(url, {"temuan": finding.pk}).status_code == 404
    assert client.get(url, {"wilayah": "35.07"}).status_code == 404
    finding.refresh_from_db()
    assert finding.state == FindingState.OPEN


def test_who_only_reads_has_no_buttons_and_may_not_post(play):
    finding = write(play, "H1")
    assert 'name="tindakan"' not in as_(play.nasi).get(at(finding)).content.decode()
    assert as_(play.nasi).post(at(finding, "finding-act"), body(finding)).status_code == 403
    assert finding.events.count() == 1


def test_an_unknown_reader_is_led_to_the_door(play, url):
    finding = write(play, "H1")
    assert {Client().get(address).status_code for address in (url, at(finding))} == {302}
    assert Client().post(at(finding, "finding-act"), body(finding)).status_code == 302


# What a press of a button does


@pytest.mark.parametrize(
    ("action", "state"),
    [("jelaskan", "dijelaskan"), ("teruskan", "diteruskan"), ("pastikan", "dipastikan"), ("catat", "terbuka")],
)
def test_an_answer_is_written_and_stands_in_the_history(play, action, state):
    finding = write(play, "H1")
    client = as_(play.budi)
    answer = client.post(at(finding, "finding-act"), body(finding, action), follow=True)
    finding.refresh_from_db()
    assert (answer.status_code, finding.state) == (200, state)
    assert "Memang tertulis begitu" in words(answer)
    assert "Tersimpan dalam riwayat temuan." in words(answer)


def test_twice_is_once(play):
    finding = write(play, "H1")
    said, client = body(finding), as_(play.budi)
    for _time in range(2):
        assert client.post(at(finding, "finding-act"), said).status_code == 302
    assert finding.events.count() == 2


def test_figures_that_moved_are_409_and_what_was_written_is_kept_on_the_page(play):
    finding = write(play, "H1")
    said = body(finding)
    write(play, "H1", numbers={"relations": []})
    answer = as_(play.budi).post(at(finding, "finding-act"), said)
    assert answer.status_code == 409
    assert "Angka temuan ini sudah berubah." in words(answer)
    assert "Memang tertulis begitu</textarea>" in answer.content.decode()


def test_who_comes_second_reads_who_was_quicker(play):
    finding = write(play, "H1")
    said = body(finding, "pastikan")
    acting.explain(finding, "Sudah ditanyakan", seen=seen(finding), by=play.rina)
    answer = as_(play.budi).post(at(finding, "finding-act"), said)
    assert (answer.status_code, "Oleh Rina, " in words(answer)) == (409, True)


def test_without_a_reason_nothing_is_written(play):
    finding = write(play, "H1")
    answer = as_(play.budi).post(at(finding, "finding-act"), body(finding, alasan=" "))
    assert (answer.status_code, "Tulis alasannya dahulu." in words(answer)) == (400, True)
    assert finding.events.count() == 1


@pytest.mark.parametrize("change", [{"versi": "x"}, {"peristiwa": ""}, {"tindakan": "hapus"}])
def test_what_is_no_act_is_400(play, change):
    finding = write(play, "H1")
    assert as_(play.budi).post(at(finding, "finding-act"), body(finding, **change)).status_code == 400


def test_assigning_by_the_page(play):
    finding = write(play, "H1")
    client = as_(play.budi)
    text = client.get(at(finding)).content.decode()
    offered = re.findall(r'<option value="(\d+)"', text[text.index('id="kepada"') :])
    assert offered == [str(play.budi.pk), str(play.rina.pk)]
    client.post(at(finding, "finding-act"), body(finding, "tugaskan", kepada=play.rina.pk))
    finding.refresh_from_db()
    assert finding.assigned_to == play.rina
    refused = client.post(at(finding, "finding-act"), body(finding, "tugaskan", kepada=play.oper.pk))
    assert refused.status_code == 400


def test_a_pdf_is_only_downloaded_and_a_photo_shown_as_its_copy(play):
    finding = write(play, "H1")
    client = as_(play.budi)
    files = [
        SimpleUploadedFile("../../x.html", PDF, "text/html"),
        SimpleUploadedFile("foto.pdf", picture(seed=6), "application/pdf"),
    ]
    assert client.post(at(finding, "finding-act"), body(finding, berkas=files)).status_code == 302
    pdf, photo = FindingAttachment.objects.order_by("number")
    answer = client.get(at(finding, "finding-attachment", pdf.pk))
    assert b"".join(answer.streaming_content) == PDF
    assert answer["Content-Disposition"] == f'attachment; filename="temuan-{finding.pk}-1.pdf"'
    assert (answer["X-Content-Type-Options"], "sandbox" in answer["Content-Security-Policy"]) == ("nosniff", True)
    assert client.get(at(finding, "finding-attachment", photo.pk)).status_code == 404
    photos.process_waiting()
    shown = client.get(at(finding, "finding-attachment", photo.pk))
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/jpeg")


def test_an_attachment_is_found_under_its_own_finding_only(play):
    finding, other = write(play, "H1"), write(play, "H2")
    acting.note(finding, "Lihat", seen=seen(finding), by=play.budi, files=[PDF])
    file = FindingAttachment.objects.get()
    assert as_(play.budi).get(at(other, "finding-attachment", file.pk)).status_code == 404


def test_a_file_of_a_wrong_kind_is_refused_with_a_sentence(play):
    finding = write(play, "H1")
    file = SimpleUploadedFile("bukti.pdf", b"<html>%PDF", "application/pdf")
    answer = as_(play.budi).post(at(finding, "finding-act"), body(finding, berkas=[file]))
    assert (answer.status_code, "Berkas itu bukan foto atau PDF." in words(answer)) == (400, True)
    assert finding.events.count() == 1


def test_a_reason_with_a_script_is_text(play):
    finding = write(play, "H1")
    client = as_(play.budi)
    client.post(at(finding, "finding-act"), body(finding, alasan="<script>alert(1)</script>"))
    text = client.get(at(finding)).content.decode()
    assert ("<script>alert(1)" in text, "&lt;script&gt;alert(1)" in text) == (False, True)


# Live


def test_the_list_is_304_until_something_moves(play, url):
    finding = write(play, "H1")
    client = as_(play.budi)
    page = client.get(url)
    known = HTMX | {"If-None-Match": page.context["fragment_etag"]}
    assert client.get(url, headers=known).status_code == 304
    acting.assign(finding, play.rina, seen=seen(finding), by=play.budi)
    fresh = client.get(url, headers=known)
    assert (fresh.status_code, "<html" in fresh.content.decode(), "Rina" in words(fresh)) == (200, False, True)
    assert as_(play.agus).get(url, headers=known).status_code == 200


# The work left, and the file


def test_the_work_left_of_a_kabupaten_counts_the_open_ones(play):
    for rule in ("H1", "H2"):
        write(play, rule)
    write(play, "H1", "babat_1")
    answer = as_(play.budi).get(reverse("work-left", args=[play.election.slug, "35.07"])).content.decode()
    found = re.findall(r'>(\d+)</span><a [^>]*href="([^"]*/temuan/[^"]*)"', answer)
    assert found == [("2", f"/analisis/{play.election.slug}/temuan/?wilayah=35.07")]
    assert len(rules(as_(play.budi).get(found[0][1]))) == 2


def test_the_file_has_the_rows_and_the_words_of_the_page(play, url):
    write(play, "S1", stake=71)
    write(play, "H2")
    write(play, "H1", "babat_1")
    address = reverse("export", args=[play.election.slug, "35.07", "temuan", "xlsx"])
    answer = as_(play.budi).get(address)
    data = b"".join(answer.streaming_content) if answer.streaming else answer.content
    rows = list(load_workbook(io.BytesIO(data)).active.iter_rows(values_only=True))
    [row] = [one for one in rows if one[1] == "S1"]
    assert row[7:9] == ("Usungan 21,3%, diharapkan 52,8%", 71)
    assert not [one for one in rows if "Lamongan" in str(one)]
    assert as_(play.agus).get(address).status_code == 404
    link = re.findall(r'href="(/unduh/[^"]*temuan.csv[^"]*)"', as_(play.budi).get(f"{url}?jenis=H").content.decode())
    assert link == [f"/unduh/{play.election.slug}/35.07/temuan.csv?jenis=H"]
    file = b"".join(as_(play.budi).get(link[0]).streaming_content).decode()
    assert ("S1" in file, "H2" in file) == (False, True)
