"""What a coordinator does about a form whose two readings differ, or which belongs to another TPS."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from tallies.models import C1Form, Channel, Decision, Finding, Outcome, Phase, Reading, ReadingState, Review
from tallies.phone import news
from tests.reading import figures, read, read_all_twice, report, send, take
from tests.sending import client_of as signed_in

WRITTEN = [121, 104, 31]


@pytest.fixture
def play(play):
    read_all_twice(play)
    return play


def differing(play):
    """The witness typed 704; the operator saw 104, twice."""
    form = send(play, "dampit_1", [121, 704, 31], by=play.siti, values={"valid_votes": 256, "voters_total": 261})
    take(play.oper, play.election)
    read(form, figures(WRITTEN), by=play.oper)
    read(form, figures(WRITTEN), by=play.oper)
    return form


def url(play, station="dampit_1"):
    return reverse("verification-decide", args=[play.result(station).pk])


def press(play, action, *, who=None, station="dampit_1", **fields):
    seen = fields.pop("seen", play.result(station).audit_seq)
    return signed_in(who or play.budi).post(url(play, station), {"tindakan": action, "seen": seen} | fields)


def chosen(reason="ketik"):
    return {"tetapkan-reason": reason}


def test_both_readings_stand_side_by_side_and_only_the_differing_box_is_lit(play):
    differing(play)
    answer = signed_in(play.budi).get(url(play))
    page, text = answer.context["page"], answer.content.decode()
    assert [(column.mark, column.by, column.label) for column in page.columns] == [
        ("counted", play.siti, 704),
        ("reading", play.oper, 104),
    ]
    assert [line.label for part in page.parts for line in part.lines if line.row.differs] == ["Lathifah-Budi"]
    assert ("Pakai 704" in text, "Tetapkan 104" in text, "Salah baca operator" in text) == (True, True, True)
    assert re.search(r"<input[^>]*(checked)", text) is None, "nothing is chosen beforehand"


def test_the_second_reading_is_taken_and_the_first_stays(play):
    form = differing(play)
    reading = Reading.objects.get(round=2)
    answer = press(play, "verifikasi", form=f"bacaan-{reading.pk}", **chosen("ketik"))
    assert answer.status_code == 302
    result = play.result("dampit_1")
    assert (result.review, result.disputed, result.reading) == (Review.VERIFIED, False, ReadingState.NONE)
    assert (result.form.figures.votes, result.form.supersedes) == ({1: 121, 2: 104, 3: 31}, form)
    assert (result.form.channel, result.form.submitted_by) == (Channel.CORRECTION, play.budi)
    assert Decision.objects.get().reason == "Salah ketik saksi"


def test_pressed_twice_it_is_one_correction(play):
    differing(play)
    seen, pk = play.result("dampit_1").audit_seq, Reading.objects.get(round=2).pk
    for _press in range(2):
        assert press(play, "verifikasi", seen=seen, form=f"bacaan-{pk}", **chosen()).status_code == 302
    assert C1Form.objects.count() == 2


def test_the_witness_was_right_and_the_reader_is_charged_with_it(play):
    form = differing(play)
    assert press(play, "verifikasi", form=form.pk, **chosen("baca")).status_code == 302
    assert (play.result("dampit_1").form, play.result("dampit_1").review) == (form, Review.VERIFIED)
    assert Decision.objects.get().reason == "Salah baca operator"


def test_a_reason_is_required(play):
    form = differing(play)
    answer = press(play, "verifikasi", form=form.pk)
    assert (answer.status_code, Decision.objects.count()) == (400, 0)
    assert "Pilih alasannya" in answer.content.decode()


def test_a_reading_of_another_station_is_not_found(play):
    differing(play)
    other = send(play, "dampit_2", [1, 2, 3], by=play.siti)
    take(play.oper, play.election)
    stranger = read(other, figures([1, 2, 4]), by=play.oper)
    assert press(play, "verifikasi", form=f"bacaan-{stranger.pk}", **chosen()).status_code == 404


def test_a_suggestion_only_fills_its_box(play):
    differing(play)
    client = signed_in(play.budi)
    text = client.get(url(play)).content.decode()
    assert "Lathifah-Budi, kini 704. Semua jumlah cocok. Sama dengan bacaan lain." in text
    address = re.search(r'href="([^"]*isi=votes_2:104)"', text)[1].replace("&amp;", "&")
    shown = client.get(address).context["figures"]
    assert [shown[f"votes_{number}"].value() for number in (1, 2, 3)] == [121, 104, 31]
    assert (play.result("dampit_1").form.figures.votes[2], Decision.objects.count()) == (704, 0)
    for nonsense in ("votes_2:1e3", "uuid:12", "votes_9:3", "votes_2", "votes_2:99999"):
        shown = client.get(url(play), {"perbaiki": 1, "isi": nonsense}).context["figures"]
        assert shown["votes_2"].value() == 704


def test_what_the_operator_says_of_the_photo_stands_above_the_figures(play):
    form = send(play, "dampit_1", WRITTEN, by=play.siti)
    take(play.oper, play.election)
    report(form, Finding.WRONG_STATION, by=play.oper, reason="Tertulis TPS 2")
    answer = signed_in(play.budi).get(url(play))
    assert [column.mark for column in answer.context["page"].columns] == ["counted"]
    text = answer.content.decode()
    assert ("Foto dari TPS lain." in text, "Tertulis TPS 2" in text) == (True, True)


def test_an_operator_and_another_kabupatens_coordinator_find_nothing(play):
    differing(play)
    for who in (play.oper, play.agus, play.siti):
        assert signed_in(who).get(url(play)).status_code == 404
        assert press(play, "pindah", who=who).status_code == 404


# Moving


def target(play, station, number="1"):
    return {"pindah-ke-village": play.stations[station].region_id, "pindah-ke-number": number}


def test_a_form_is_moved_and_the_witness_sees_where_it_went(play):
    form = send(play, "dampit_1", WRITTEN, by=play.siti)
    answer = press(play, "pindah", form=form.pk, **target(play, "gedangan_1", "001"), **{"pindah-reason": "foto"})
    assert answer.status_code == 302
    assert play.result("gedangan_1").form.figures == form.figures
    assert Decision.objects.get().outcome == Outcome.MOVED
    text = signed_in(play.siti).get(reverse("witness-home") + "?biasa").content.decode()
    assert "Dipindahkan DPC ke TPS lain." in text
    assert "Sekarang di TPS 001, Desa Sukamaju. Di foto tertulis TPS lain" in text
    places = news.news_for(play.siti)["places"]
    fate = places[0]["contests"][0]["sent"][0]["fate"]
    assert (fate["code"], fate["again"]) == ("moved", True)
    history = signed_in(play.budi).get(reverse("station", args=[play.election.slug, play.result("dampit_1").pk]))
    assert "Dipindahkan ke TPS lain" in history.content.decode()


def test_moved_twice_by_one_press_too_many_is_one_move(play):
    form = send(play, "dampit_1", WRITTEN, by=play.siti)
    seen = play.result("dampit_1").audit_seq
    for _press in range(2):
        answer = press(
            play, "pindah", seen=seen, form=form.pk, **target(play, "gedangan_1"), **{"pindah-reason": "foto"}
        )
        assert answer.status_code == 302
    assert C1Form.objects.count() == 2


@pytest.mark.parametrize(
    ("place", "number", "sentence"),
    [
        ("gedangan_1", "7", "TPS ini tidak ada di desa itu."),
        ("gedangan_1", "", "Tulis nomor TPS"),
        ("gedangan_1", "satu", "TPS ini tidak ada di desa itu."),
        ("babat_1", "1", ""),
        ("dampit_1", "1", "Formulir ini sudah ada di TPS itu."),
    ],
)
def test_where_it_cannot_go_is_said_and_nothing_is_written(play, place, number, sentence):
    form = send(play, "dampit_1", WRITTEN, by=play.siti)
    answer = press(play, "pindah", form=form.pk, **target(play, place, number), **{"pindah-reason": "foto"})
    assert answer.status_code in (400, 409)
    assert sentence in answer.content.decode()
    assert (C1Form.objects.count(), Decision.objects.count()) == (1, 0)


def test_in_a_locked_recap_there_is_no_moving(play):
    send(play, "dampit_1", WRITTEN, by=play.siti)
    type(play.election).objects.update(phase=Phase.RECAP)
    assert 'value="pindah"' not in signed_in(play.budi).get(url(play)).content.decode()
