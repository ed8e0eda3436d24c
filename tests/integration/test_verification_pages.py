"""Claims about the queue and the page on which a coordinator decides."""

import re
import threading
import uuid

import pytest
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from accounts.models import Refusal
from tallies import audit, intake, photos
from tallies.count_room import verification, work_queue
from tallies.models import C1Form, Channel, Decision, FormKind, Outcome, Phase, Review
from tallies.submission import PhotoName
from tallies.totals import aggregation
from tests import cast
from tests.cast import submission
from tests.sending import picture

FOTO = {"tolak-reason": "tps", "tolak-words": ""}


def send(play, station, votes, by="siti", **changes):
    return intake.submit(submission(play, station, votes, **changes), by=play.people[by], channel=Channel.API).form


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def queue_url(play, **query):
    return reverse("verification-queue", args=[play.election.slug], query=query or None)


def decide_url(play, station):
    return reverse("verification-decide", args=[play.result(station).pk])


def decide(user, play, station, action, *, form=None, seen=None, **data):
    result = play.result(station)
    form = form or result.form
    body = {"tindakan": action, "seen": result.audit_seq if seen is None else seen, "form": form.pk, **data}
    return signed_in(user).post(decide_url(play, station), body, follow=True)


def said(response):
    return [str(message) for message in response.context["messages"]]


def stations_in(response):
    return [row.result.station.region.name + str(row.result.station.number) for row in response.context["rows"]]


HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


def posts_of(page):
    """The hidden fields of each form on a page by its ``tindakan``, as a browser sends them."""
    forms = [dict(HIDDEN.findall(part)) for part in page.content.decode().split("<form")]
    return {fields["tindakan"]: fields for fields in forms if "tindakan" in fields}


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize(
    ("action", "review", "more"),
    [
        ("verifikasi", Review.VERIFIED, {}),
        ("perbaikan", Review.NEEDS_FIX, {"perbaikan-reason": "foto", "perbaikan-words": "Halaman 2 buram"}),
        ("tolak", Review.REJECTED, FOTO),
    ],
)
def test_what_the_page_itself_posts_is_taken_also_after_the_thousandth_form(play, language, action, review, more):
    type(play.budi).objects.filter(pk=play.budi.pk).update(language=language)
    assert send(play, "dampit_1", [100, 80, 20]).pk > 1000
    client = signed_in(play.budi)
    posts = posts_of(client.get(decide_url(play, "dampit_1")))
    client.post(decide_url(play, "dampit_1"), posts[action] | more)
    assert play.result("dampit_1").review == review


# The queue


def test_differences_come_first_then_what_does_not_add_up_then_the_rest(play):
    send(play, "dampit_1", [100, 80, 20])
    send(play, "dampit_2", [100, 80, 20], values={"valid_votes": 201})
    send(play, "gedangan_1", [100, 80, 20])
    send(play, "gedangan_1", [100, 90, 20], by="joko")
    page = signed_in(play.budi).get(queue_url(play))
    assert [row.result for row in page.context["rows"]] == [
        play.result("gedangan_1"),
        play.result("dampit_2"),
        play.result("dampit_1"),
    ]


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("semua", ["gedangan_1", "dampit_1", "dampit_2", "pamotan_1"]),
        ("selisih", ["gedangan_1"]),
        ("menunggu", ["dampit_1"]),
        ("perbaikan", ["dampit_2"]),
        ("ditolak", ["pamotan_1"]),
        ("apa saja", ["gedangan_1", "dampit_1", "dampit_2", "pamotan_1"]),
    ],
)
def test_a_filter_shows_its_state_only(play, view, expected):
    send(play, "dampit_1", [100, 80, 20])
    verification.ask_for_fix(send(play, "dampit_2", [1, 2, 3]), by=play.budi, seen=1, reason="Foto buram")
    verification.reject(send(play, "pamotan_1", [1, 2, 3]), by=play.budi, seen=1, reason="Foto TPS lain")
    send(play, "gedangan_1", [100, 80, 20])
    send(play, "gedangan_1", [100, 90, 20], by="joko")
    page = signed_in(play.budi).get(queue_url(play, saring=view))
    assert [row.result for row in page.context["rows"]] == [play.result(station) for station in expected]


def test_a_verified_station_leaves_the_queue_and_a_proposal_brings_it_back(play):
    first = send(play, "dampit_1", [100, 80, 20])
    verification.approve(first, by=play.budi, seen=1)
    assert signed_in(play.budi).get(queue_url(play)).context["rows"] == []
    send(play, "dampit_1", [100, 81, 20], supersedes=first.uuid)
    page = signed_in(play.budi).get(queue_url(play, saring="selisih"))
    assert [row.result for row in page.context["rows"]] == [play.result("dampit_1")]
    assert "Usulan perbaikan" in page.content.decode()


def test_the_neighbours_stations_are_not_in_the_queue(play):
    send(play, "dampit_1", [100, 80, 20])
    send(play, "babat_1", [100, 80], by="wati")
    assert stations_in(signed_in(play.budi).get(queue_url(play))) == ["Sukamaju1"]
    assert [r.result for r in signed_in(play.agus).get(queue_url(play)).context["rows"]] == [play.result("babat_1")]
    assert len(signed_in(play.dewi).get(queue_url(play)).context["rows"]) == 2


@pytest.mark.parametrize("name", ["siti", "oper"])
def test_a_witness_and_an_operator_find_no_queue_and_no_decision(play, name):
    send(play, "dampit_1", [100, 80, 20])
    client = signed_in(play.people[name])
    assert client.get(queue_url(play)).status_code == 404
    assert client.get(decide_url(play, "dampit_1")).status_code == 404


def test_every_row_names_its_kecamatan(play):
    send(play, "gedangan_1", [100, 80, 20])
    assert "Gedangan" in signed_in(play.budi).get(queue_url(play)).content.decode()


def test_pages_follow_each_other_without_a_gap_or_a_repeat(play):
    send(play, "gedangan_1", [100, 80, 20])
    send(play, "gedangan_1", [100, 90, 20], by="joko")
    send(play, "dampit_2", [100, 80, 20], values={"valid_votes": 201})
    send(play, "pamotan_1", [100, 80, 20])
    send(play, "dampit_1", [100, 80, 20])
    whole = work_queue.page(play.budi, play.election, work_queue.View.ALL).rows
    pages, after = [], None
    for _turn in whole:
        page = work_queue.page(play.budi, play.election, work_queue.View.ALL, after=after, size=1)
        pages += page.rows
        after = work_queue.Position.read(str(page.next)) if page.next else None
    assert (pages, after, len(whole)) == (list(whole), None, 4)


@pytest.mark.parametrize(
    "text", ["", "x", "selisih-1-2", "selisih-1-2-x", "selisih-1-2-٣", "lain-1-2-3", "selisih--1-2-3"]
)
def test_a_position_that_is_none_begins_at_the_beginning(play, text):
    send(play, "dampit_1", [100, 80, 20])
    page = signed_in(play.budi).get(queue_url(play, setelah=text))
    assert len(page.context["rows"]) == 1


def test_a_position_beyond_every_number_is_an_empty_page_not_an_error(play):
    send(play, "dampit_1", [100, 80, 20])
    page = signed_in(play.budi).get(queue_url(play, setelah=f"ditolak-{'9' * 18}-{'9' * 18}-{'9' * 18}"))
    assert (page.status_code, page.context["rows"]) == (200, [])


def test_empty_says_what_is_still_to_come(play):
    assert "Belum ada TPS yang masuk" in signed_in(play.budi).get(queue_url(play)).content.decode()
    verification.approve(send(play, "dampit_1", [100, 80, 20]), by=play.budi, seen=1)
    aggregation.drain()
    page = signed_in(play.budi).get(queue_url(play, saring="selisih")).content.decode()
    assert "Tidak ada selisih" in page
    assert "Masih 3 TPS belum masuk" in page


def test_the_progress_is_the_stored_total_of_the_own_region(play):
    send(play, "dampit_1", [100, 80, 20])
    send(play, "babat_1", [100, 80], by="wati")
    aggregation.drain()
    assert work_queue.progress(play.budi, play.election)["total"] == 4
    found = work_queue.progress(play.dewi, play.election)
    assert (found["total"], found["in"], found["pending"], found["not_in"]) == (6, 2, 2, 4)


def test_the_queue_reads_three_rows_with_the_queries_of_one(play, django_assert_num_queries):
    client = signed_in(play.budi)
    client.get(queue_url(play))  # the number beside the tab is counted once a minute
    send(play, "dampit_1", [100, 80, 20])
    with django_assert_num_queries(QUEUE_QUERIES):
        client.get(queue_url(play))
    send(play, "dampit_2", [100, 80, 20])
    send(play, "pamotan_1", [100, 80, 20])
    with django_assert_num_queries(QUEUE_QUERIES):
        assert len(client.get(queue_url(play)).context["rows"]) == 3


#: Session, user, region, election, zone, progress, quarantine, reports of errors, and one a group of the queue.
QUEUE_QUERIES = 13


# One station


def test_a_single_form_shows_its_figures_and_what_does_not_add_up(play):
    send(play, "dampit_1", [100, 80, 20], values={"valid_votes": 206, "voters_total": 211})
    page = signed_in(play.budi).get(decide_url(play, "dampit_1"))
    text = page.content.decode()
    assert "Paslon berjumlah 200, tetapi suara sah 206. Selisih 6." in text
    assert "200 ≠ 206" in text
    assert len(page.context["page"].columns) == 1
    assert 'value="verifikasi"' in text


def test_rivals_stand_in_columns_and_only_the_differing_row_is_lit(play):
    send(play, "dampit_1", [121, 704, 31], values={"valid_votes": 256})
    send(play, "dampit_1", [121, 104, 31], by="joko", values={"voters_total": 861, "invalid_votes": 5})
    page = signed_in(play.budi).get(decide_url(play, "dampit_1"))
    shown = page.context["page"]
    assert [column.mark for column in shown.columns] == ["counted", "rival"]
    assert [column.label for column in shown.columns] == [704, 104]
    lit = [line.label for part in shown.parts for line in part.lines if line.row.differs]
    assert lit == ["Lathifah-Budi"]
    text = page.content.decode()
    assert "Satu angka berbeda" in text
    assert "Pakai 104" in text
    assert "Tetapkan 104" in text
    assert text.count('class="figure__digit figure__digit--differs" aria-hidden="true">7<') == 1
    assert text.count('class="figure__digit figure__digit--differs" aria-hidden="true">1<') == 1


def test_no_column_is_chosen_beforehand_and_none_is_asked_for(play):
    first = send(play, "dampit_1", [100, 80, 20])
    send(play, "dampit_1", [100, 90, 20], by="joko")
    text = signed_in(play.budi).get(decide_url(play, "dampit_1")).content.decode()
    assert ("checked" in text, "3 angka berbeda" in text) == (False, True)
    answer = signed_in(play.budi).post(decide_url(play, "dampit_1"), {"tindakan": "verifikasi", "seen": 2})
    assert (answer.status_code, play.result("dampit_1").review) == (400, Review.PENDING)
    assert "Pilih dahulu kolom" in answer.content.decode()
    assert play.result("dampit_1").form == first


def test_the_chosen_column_is_verified_and_the_difference_settled(play):
    send(play, "dampit_1", [100, 80, 20])
    rival = send(play, "dampit_1", [100, 90, 20], by="joko")
    answer = decide(play.budi, play, "dampit_1", "verifikasi", form=rival)
    result = play.result("dampit_1")
    assert (result.form, result.review, result.disputed) == (rival, Review.VERIFIED, False)
    assert said(answer) == ["Tersimpan. TPS 001 terverifikasi."]


def test_after_a_decision_the_next_station_of_the_queue_opens(play):
    for station in ("dampit_1", "dampit_2", "gedangan_1"):
        send(play, station, [100, 80, 20])
    answer = decide(play.budi, play, "dampit_2", "verifikasi")
    assert answer.redirect_chain[-1][0] == decide_url(play, "gedangan_1")
    answer = decide(play.budi, play, "gedangan_1", "verifikasi")
    assert answer.redirect_chain[-1][0] == decide_url(play, "dampit_1")
    answer = decide(play.budi, play, "dampit_1", "verifikasi")
    assert answer.redirect_chain[-1][0] == queue_url(play)
    assert said(answer) == ["Tersimpan. TPS 001 terverifikasi."]


def test_the_filter_travels_along_and_skipping_decides_nothing(play):
    for station in ("dampit_1", "pamotan_1"):
        send(play, station, [100, 80, 20])
        send(play, station, [100, 90, 20], by="joko")
    send(play, "dampit_2", [100, 80, 20])
    answer = signed_in(play.budi).get(decide_url(play, "dampit_1") + "?saring=selisih&lewati=1")
    assert answer["Location"] == decide_url(play, "pamotan_1") + "?saring=selisih"
    assert Decision.objects.count() == 0


@pytest.mark.parametrize("action", ["tolak", "perbaikan"])
def test_a_refusal_needs_a_reason_and_none_is_preselected(play, action):
    send(play, "dampit_1", [100, 80, 20])
    answer = decide(play.budi, play, "dampit_1", action)
    assert (answer.status_code, Decision.objects.count()) == (400, 0)
    assert "Pilih alasannya. Saksi membaca alasan ini." in answer.content.decode()
    answer = decide(play.budi, play, "dampit_1", action, **{f"{action}-reason": "lain", f"{action}-words": "  "})
    assert (answer.status_code, Decision.objects.count()) == (400, 0)
    assert "Tulis alasannya." in answer.content.decode()


def test_a_rejected_form_leaves_the_totals_with_the_reason_for_the_witness(play):
    send(play, "dampit_1", [100, 80, 20])
    answer = decide(
        play.budi, play, "dampit_1", "tolak", **{"tolak-reason": "tps", "tolak-words": "Fotonya <b>TPS 004</b>"}
    )
    decision = Decision.objects.get()
    assert (decision.outcome, decision.reason) == (
        Outcome.REJECTED,
        "Foto milik TPS lain. Fotonya <b>TPS 004</b>",
    )
    assert said(answer) == ["Tersimpan. TPS 001 ditolak dan tidak dihitung."]
    page = signed_in(play.budi).get(decide_url(play, "dampit_1")).content.decode()
    assert "Fotonya &lt;b&gt;TPS 004&lt;/b&gt;" in page
    assert play.result("dampit_1").review == Review.REJECTED


def test_the_reason_is_kept_in_indonesian_whatever_the_page_speaks(play):
    send(play, "dampit_1", [100, 80, 20])
    client = signed_in(play.budi)
    body = {"tindakan": "perbaikan", "seen": 1, "form": play.result("dampit_1").form_id, "perbaikan-reason": "foto"}
    client.post(decide_url(play, "dampit_1"), body, headers={"Accept-Language": "en"})
    assert Decision.objects.get().reason == "Foto buram atau terpotong"
    assert play.result("dampit_1").review == Review.NEEDS_FIX


def test_after_the_counted_form_is_rejected_the_one_that_takes_its_place_is_shown(play):
    send(play, "dampit_1", [100, 80, 20])
    rival = send(play, "dampit_1", [100, 90, 20], by="joko")
    answer = decide(play.budi, play, "dampit_1", "tolak", **FOTO)
    assert answer.redirect_chain[-1][0] == decide_url(play, "dampit_1")
    assert [column.mark for column in answer.context["page"].columns] == ["counted"]
    assert (play.result("dampit_1").form, play.result("dampit_1").review) == (rival, Review.PENDING)
    decide(play.budi, play, "dampit_1", "verifikasi", form=rival)
    assert (play.result("dampit_1").form, play.result("dampit_1").review) == (rival, Review.VERIFIED)


# Who was first


def test_of_two_coordinators_one_wins_and_the_other_reads_who_was_first(play):
    send(play, "dampit_1", [100, 80, 20])
    decide(play.budi, play, "dampit_1", "verifikasi", seen=1)
    answer = decide(play.rina, play, "dampit_1", "tolak", seen=1, **FOTO)
    assert answer.status_code == 409
    assert answer.context["attempt"].refusal.bold.startswith("Sudah ditetapkan oleh Budi, ")
    text = answer.content.decode()
    assert "Pilihan Anda tidak disimpan." in text
    assert "Lihat hasilnya" in text
    assert list(Decision.objects.values_list("outcome", "decided_by")) == [(Outcome.VERIFIED, play.budi.pk)]


def test_a_form_that_arrived_meanwhile_is_named(play):
    first = send(play, "dampit_1", [100, 80, 20])
    send(play, "dampit_1", [100, 90, 20], by="joko")
    answer = decide(play.budi, play, "dampit_1", "verifikasi", form=first, seen=1)
    assert (answer.status_code, Decision.objects.count()) == (409, 0)
    assert answer.context["attempt"].refusal.bold.startswith("Laporan baru dari Joko, ")


def test_pressing_verify_twice_is_one_decision_and_no_reproach(play):
    form = send(play, "dampit_1", [100, 80, 20])
    for _press in range(2):
        answer = decide(play.budi, play, "dampit_1", "verifikasi", form=form, seen=1)
        assert answer.status_code == 200
    assert Decision.objects.count() == 1


def test_who_sent_a_form_does_not_verify_it(play):
    form = send(play, "dampit_1", [100, 80, 20], by="budi")
    page = signed_in(play.budi).get(decide_url(play, "dampit_1")).content.decode()
    assert 'value="verifikasi"' not in page
    answer = decide(play.budi, play, "dampit_1", "verifikasi", form=form)
    assert (answer.status_code, Decision.objects.count()) == (409, 0)
    assert "Formulir yang Anda kirim sendiri diverifikasi oleh orang lain." in answer.content.decode()


def test_a_closed_election_shows_the_figures_and_takes_no_decision(play):
    form = send(play, "dampit_1", [100, 80, 20])
    play.election.phase = Phase.CLOSED
    play.election.save()
    page = signed_in(play.budi).get(decide_url(play, "dampit_1")).content.decode()
    assert ("Pemilihan ini terkunci." in page, 'name="tindakan"' in page) == (True, False)
    answer = decide(play.budi, play, "dampit_1", "verifikasi", form=form)
    assert (answer.status_code, Decision.objects.count()) == (409, 0)


# Who may


def test_the_dpp_looks_and_decides_nothing(play):
    form = send(play, "dampit_1", [100, 80, 20])
    page = signed_in(play.nasi).get(decide_url(play, "dampit_1"))
    assert (page.status_code, 'name="tindakan"' in page.content.decode()) == (200, False)
    assert decide(play.nasi, play, "dampit_1", "verifikasi", form=form).status_code == 403
    assert Refusal.objects.filter(user=play.nasi, status=403).count() == 1
    assert Decision.objects.count() == 0


def test_a_coordinator_of_another_kabupaten_finds_nothing_and_decides_nothing(play):
    form = send(play, "dampit_1", [100, 80, 20])
    assert signed_in(play.agus).get(decide_url(play, "dampit_1")).status_code == 404
    assert decide(play.agus, play, "dampit_1", "verifikasi", form=form).status_code == 404
    assert Refusal.objects.filter(user=play.agus, status=404).count() == 2
    assert Decision.objects.count() == 0


def test_a_form_of_another_station_cannot_be_decided_here(play):
    send(play, "dampit_1", [100, 80, 20])
    other = send(play, "babat_1", [100, 80], by="wati")
    for action in ("verifikasi", "tolak", "koreksi"):
        assert decide(play.budi, play, "dampit_1", action, form=other, **FOTO).status_code == 404
    assert Decision.objects.count() == 0


@pytest.mark.parametrize(
    "body",
    [{}, {"tindakan": "verifikasi"}, {"tindakan": "hapus", "seen": 1}, {"tindakan": "verifikasi", "seen": "x"}],
)
def test_a_post_that_says_nothing_is_refused(play, body):
    send(play, "dampit_1", [100, 80, 20])
    assert signed_in(play.budi).post(decide_url(play, "dampit_1"), body).status_code == 400
    assert Decision.objects.count() == 0


def test_without_a_csrf_token_nothing_is_decided(play):
    form = send(play, "dampit_1", [100, 80, 20])
    client = Client(enforce_csrf_checks=True)
    client.force_login(play.budi)
    body = {"tindakan": "verifikasi", "seen": 1, "form": form.pk}
    assert client.post(decide_url(play, "dampit_1"), body).status_code == 403
    assert Decision.objects.count() == 0


def test_a_station_that_is_not_in_says_so(play):
    page = signed_in(play.budi).get(decide_url(play, "dampit_1"))
    assert (page.status_code, "TPS ini belum masuk" in page.content.decode()) == (200, True)
    assert signed_in(play.budi).get(decide_url(play, "dampit_1") + "?perbaiki=1").status_code == 200


# Corrections


def correction(play, station, votes, *, seen=1, key=None, **data):
    total = sum(votes)
    body = {
        "tindakan": "koreksi",
        "seen": seen,
        "form": play.result(station).form_id,
        "uuid": str(key or uuid.uuid4()),
        "voters_total": total + 5,
        "valid_votes": total,
        "invalid_votes": 5,
        "koreksi-reason": "ketik",
        "koreksi-words": "",
        **{f"votes_{number}": given for number, given in enumerate(votes, start=1)},
    }
    return body | data


def test_the_correction_starts_from_the_counted_figures(play):
    send(play, "dampit_1", [100, 80, 20])
    page = signed_in(play.budi).get(decide_url(play, "dampit_1") + "?perbaiki=1")
    figures = page.context["figures"]
    assert [figures[f"votes_{number}"].value() for number in (1, 2, 3)] == [100, 80, 20]
    assert page.content.decode().count("button--main") == 1


def test_a_correction_is_a_new_verified_version_and_the_earlier_one_is_kept(play):
    first = send(play, "dampit_1", [100, 80, 20], note="Hujan", objection=True)
    answer = signed_in(play.budi).post(
        decide_url(play, "dampit_1"), correction(play, "dampit_1", [100, 81, 20]), follow=True
    )
    result = play.result("dampit_1")
    assert (result.review, result.form.supersedes, result.form.submitted_by) == (Review.VERIFIED, first, play.budi)
    assert result.form.figures.votes == {1: 100, 2: 81, 3: 20}
    assert (result.form.channel, result.form.note, result.form.objection) == (Channel.CORRECTION, "Hujan", True)
    assert Decision.objects.get().reason == "Salah ketik saksi"
    assert said(answer) == ["Tersimpan. Angka TPS 001 diperbaiki dan terverifikasi."]
    assert list(audit.verify()) == []


def test_a_correction_pressed_twice_is_one_version(play):
    send(play, "dampit_1", [100, 80, 20])
    body = correction(play, "dampit_1", [100, 81, 20])
    for _press in range(2):
        assert signed_in(play.budi).post(decide_url(play, "dampit_1"), body, follow=True).status_code == 200
    assert (C1Form.objects.count(), Decision.objects.count()) == (2, 1)


def test_a_correction_on_an_old_page_is_not_written(play):
    send(play, "dampit_1", [100, 80, 20])
    body = correction(play, "dampit_1", [100, 81, 20])
    decide(play.rina, play, "dampit_1", "verifikasi")
    answer = signed_in(play.budi).post(decide_url(play, "dampit_1"), body)
    assert (answer.status_code, C1Form.objects.count()) == (409, 1)
    assert answer.context["attempt"].refusal.bold.startswith("Sudah ditetapkan oleh Rina, ")


def test_a_correction_needs_a_reason_and_figures_and_keeps_what_was_typed(play):
    send(play, "dampit_1", [100, 80, 20])
    body = correction(play, "dampit_1", [100, 81, 20]) | {"votes_2": "8O", "koreksi-reason": ""}
    answer = signed_in(play.budi).post(decide_url(play, "dampit_1"), body)
    text = answer.content.decode()
    assert (answer.status_code, C1Form.objects.count()) == (400, 1)
    assert "Hanya angka 0–9, paling banyak empat. Huruf O bukan nol." in text
    assert "Pilih alasannya." in text
    assert 'value="8O"' in text
    assert f'value="{body["uuid"]}"' in text


def test_a_contradiction_in_a_correction_is_asked_once_and_never_blocks(play):
    send(play, "dampit_1", [100, 80, 20])
    body = correction(play, "dampit_1", [100, 81, 20]) | {"valid_votes": 207, "voters_total": 212}
    asked = signed_in(play.budi).post(decide_url(play, "dampit_1"), body)
    assert (asked.status_code, C1Form.objects.count()) == (200, 1)
    [question] = asked.context["attempt"].questions
    assert question.code == "C1-E09"
    assert question.sentence in asked.content.decode()
    body |= {"asked": [question.key], "confirmed": [question.key]}
    signed_in(play.budi).post(decide_url(play, "dampit_1"), body)
    form = play.result("dampit_1").form
    assert (form.checks, form.confirmed) == (["C1-E09"], ["C1-E09"])


def test_a_correction_settles_a_difference(play):
    send(play, "dampit_1", [100, 80, 20])
    send(play, "dampit_1", [100, 90, 20], by="joko")
    signed_in(play.budi).post(decide_url(play, "dampit_1"), correction(play, "dampit_1", [100, 85, 20], seen=2))
    result = play.result("dampit_1")
    assert (result.review, result.disputed, result.form.figures.votes[2]) == (Review.VERIFIED, False, 85)


def test_a_correction_after_the_recap_waits_for_a_second_person(play):
    first = send(play, "dampit_1", [100, 80, 20])
    play.election.phase = Phase.RECAP
    play.election.save()
    answer = signed_in(play.budi).post(
        decide_url(play, "dampit_1"), correction(play, "dampit_1", [100, 81, 20]), follow=True
    )
    result = play.result("dampit_1")
    proposal = result.proposed_form
    assert (result.form, proposal.figures.votes[2]) == (first, 81)
    assert said(answer) == ["Tersimpan. Usulan perbaikan TPS 001 menunggu persetujuan orang kedua."]
    page = signed_in(play.budi).get(decide_url(play, "dampit_1"))
    assert [(column.mark, column.may_be_verified) for column in page.context["page"].columns] == [
        ("counted", True),
        ("proposed", False),
    ]
    assert decide(play.budi, play, "dampit_1", "verifikasi", form=proposal).status_code == 409
    decide(play.rina, play, "dampit_1", "verifikasi", form=proposal)
    assert (play.result("dampit_1").form, play.result("dampit_1").proposed_form) == (proposal, None)


def test_the_full_form_folds_what_is_not_in_question(db):
    play = cast.make_play(form_kind=FormKind.FULL)
    values = {"registered_dpt_male": 150, "registered_dpt_female": 150, "registered_dpt": 301, "total_votes": 205}
    send(play, "dampit_1", [100, 80, 20], values=values)
    parts = signed_in(play.budi).get(decide_url(play, "dampit_1")).context["page"].parts
    assert [part.folded for part in parts] == [False, True, True, True, False, False]


# Photos


def test_the_photo_stands_beside_the_figures_with_a_link_to_its_full_size(play):
    data = picture()
    photo, _new = photos.receive(data, by=play.siti)
    photos.process_waiting()
    form = send(play, "dampit_1", [100, 80, 20], photos=(PhotoName(photo.pk, 2), PhotoName("0" * 64, 1)))
    client = signed_in(play.budi)
    text = client.get(decide_url(play, "dampit_1")).content.decode()
    url = reverse("photo", args=[form.uuid, photo.pk])
    assert (f'href="{url}"' in text, f'src="{url}"' in text) == (True, True)
    assert "Foto halaman 1 belum sampai." in text
    assert client.get(url).status_code == 200


def test_after_a_correction_the_witness_photo_is_still_beside_it(play):
    photo, _new = photos.receive(picture(), by=play.siti)
    photos.process_waiting()
    form = send(play, "dampit_1", [100, 80, 20], photos=(PhotoName(photo.pk, 1),))
    signed_in(play.budi).post(decide_url(play, "dampit_1"), correction(play, "dampit_1", [100, 81, 20]))
    text = signed_in(play.budi).get(decide_url(play, "dampit_1")).content.decode()
    assert reverse("photo", args=[form.uuid, photo.pk]) in text


def test_three_rivals_are_read_with_the_queries_of_one(play, django_assert_num_queries):
    client = signed_in(play.budi)
    client.get(queue_url(play))  # the number beside the tab is counted once a minute
    for station, rivals in (("dampit_1", 1), ("dampit_2", 3)):
        send(play, station, [100, 80, 20])
        for number, by in zip(range(rivals), ("joko", "wati", "rina"), strict=False):
            send(play, station, [100, 90 + number, 20], by=by)
        with django_assert_num_queries(19):
            page = client.get(decide_url(play, station)).context["page"]
        assert len(page.columns) == rivals + 1


# At once


@pytest.mark.services
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer: nothing meets here")
def test_two_coordinators_at_the_same_moment_make_one_decision(committed_play):
    play = committed_play
    rounds = 4
    keys = ["dampit_1", "dampit_2", "pamotan_1", "gedangan_1"][:rounds]
    for key in keys:
        send(play, key, [100, 80, 20])
    for key in keys:
        url, form = decide_url(play, key), play.result(key).form
        together = threading.Barrier(2)
        answers = {}

        def press(name, url=url, form=form, together=together, answers=answers):
            client = signed_in(play.people[name])
            action = {"budi": {"tindakan": "verifikasi"}, "rina": {"tindakan": "tolak", **FOTO}}[name]
            together.wait(10)
            try:
                answers[name] = client.post(url, {"seen": 1, "form": form.pk, **action})
            finally:
                connections.close_all()

        threads = [threading.Thread(target=press, args=[name]) for name in ("budi", "rina")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(answer.status_code for answer in answers.values()) == [302, 409]
        [decision] = Decision.objects.filter(form=form)
        winner = decision.decided_by.full_name
        [refused] = [answer for answer in answers.values() if answer.status_code == 409]
        assert f"Sudah ditetapkan oleh {winner}, " in refused.content.decode()
    assert list(audit.verify()) == []
