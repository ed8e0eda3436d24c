"""Claims about the witness's pages, made by pressing what the page shows."""

import re
import uuid

import pytest
from django.utils.html import escape

from accounts.models import Refusal, User
from tallies import assigning, intake, photos
from tallies.count_room import verification
from tallies.models import (
    C1Form,
    Channel,
    Election,
    Phase,
    QuarantinedForm,
    Review,
    StationResult,
)
from tallies.wording_refusals import CODES, refusal_sentence
from tests.cast import make_play, person, submission
from tests.witness_hands import GOOD, address, again, fill, hidden, text

#: The sum of the pairs stays 200.
SIX_MORE = {"valid_votes": "206", "voters_total": "211"}
SEVEN_MORE = {"valid_votes": "207", "voters_total": "212"}
BAD_FIGURES = ["-1", "1e3", "1_000", " 12 ", "12 ", "0x10", "12.0", "1.5", "1,5", "1O2", str(2**63), "99999999999"]
BAD_FIGURES += ["136188", "١٢", "１２", "१२", "²", "+5", "12\x00", "NaN", "<b>1</b>"]


@pytest.fixture
def siti(play, client):
    client.force_login(play.siti)
    return client


def send(play, station="dampit_1", votes=(100, 80, 20), by="siti", **changes):
    sent = submission(play, station, list(votes), **changes)
    return intake.submit(sent, by=play.people[by], channel=Channel.API).form


def seen(play, station="dampit_1"):
    return play.result(station).audit_seq


# Home: my TPS


def test_home_shows_the_station_first_and_the_step_to_take(play, client):
    client.force_login(play.joko)
    page = text(client.get("/saksi/"))
    assert re.search(r"<h1[^>]*>TPS 001</h1>", page)
    assert "Desa Sukamaju" in page
    assert "Belum ada yang terkirim" in page
    assert f'href="{address(play)}"' in page
    assert page.count("button--main") == 1


def test_a_witness_of_two_stations_sees_both_and_none_of_the_neighbours(play, siti):
    page = text(siti.get("/saksi/"))
    assert [f'href="{address(play, name)}"' in page for name in play.stations] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]
    assert page.count("button--main") == 1


def test_home_asks_as_many_questions_for_three_stations_as_the_page_needs(
    play, client, django_assert_max_num_queries
):
    client.force_login(play.siti)
    # One of them only says which stations: asked along with the rest, it was three seconds in a nation of stations.
    with django_assert_max_num_queries(16):
        client.get("/saksi/")


def test_who_guards_no_station_is_told_whom_to_call(play, client):
    client.force_login(person("baru", "saksi"))
    page = text(client.get("/saksi/"))
    assert "Anda belum ditugaskan di TPS mana pun" in page
    assert "Telepon Koordinator DPC" in page


def test_wrong_station_says_what_to_do_and_whom_to_call(play, client):
    User.objects.filter(username="budi").update(phone="0812-3456-7890")
    client.force_login(play.joko)
    home = text(client.get("/saksi/"))
    link = re.search(r'href="(/saksi/\?salah=\d+)#', home).group(1)
    page = text(client.get(link))
    assert "Jangan isi apa pun di sini" in page
    assert 'href="tel:+6281234567890"' in page
    assert "Jangan isi apa pun di sini" not in home


def test_home_shows_the_coordinators_of_the_own_kabupaten_only(play, client):
    User.objects.filter(username="agus").update(phone="0811-1111-1111")
    client.force_login(play.joko)
    assert "tel:" not in text(client.get("/saksi/"))


@pytest.mark.parametrize(
    ("decide", "word"),
    [
        (lambda form, play: None, "menunggu verifikasi"),
        (lambda form, play: verification.approve(form, by=play.budi, seen=1), "Terverifikasi"),
        (lambda form, play: verification.reject(form, by=play.budi, seen=1, reason="Foto <TPS> lain"), "Ditolak"),
        (lambda form, play: verification.ask_for_fix(form, by=play.budi, seen=1, reason="Foto <TPS> lain"), "Perlu"),
    ],
)
def test_home_and_receipt_show_the_state_with_the_coordinators_reason(play, siti, decide, word):
    form = send(play)
    decision = decide(form, play)
    home, receipt = text(siti.get("/saksi/")), text(siti.get(f"/saksi/kiriman/{form.uuid}/"))
    assert word.lower() in home.lower()
    assert word.lower() in receipt.lower()
    if decision and decision.reason:
        assert (escape("Foto <TPS> lain") in home, escape("Foto <TPS> lain") in receipt) == (True, True)


def test_a_correction_by_the_coordinator_is_shown_with_its_reason(play, siti):
    form = send(play)
    fixed = submission(play, "dampit_1", [100, 81, 19], supersedes=form.uuid)
    verification.correct(form, fixed, by=play.budi, seen=1, reason="Tertulis 81")
    page = text(siti.get(f"/saksi/kiriman/{form.uuid}/"))
    assert "Diperbaiki dan diverifikasi DPC" in page
    assert "Tertulis 81" in page


def test_a_practice_run_says_that_it_does_not_count_and_starts_empty_each_time(play, siti):
    Election.objects.filter(pk=play.election.pk).update(
        practice_of=Election.objects.create(name="Pilkada", slug="asli", date=play.election.date)
    )
    fill(siti, play)
    home = text(siti.get("/saksi/"))
    assert "LATIHAN. Angka ini tidak dihitung." in home
    assert "Mulai latihan ke-2" in home
    page = siti.get(address(play) + "?baru")
    assert 'name="votes_1" value=""' in text(page)
    assert fill(siti, play, votes_1="90", valid_votes="190").status_code == 302
    assert play.result("dampit_1").disputed is False


# The form


def test_the_form_has_the_pairs_and_rows_of_the_election(play, siti):
    page = text(siti.get(address(play)))
    names = re.findall(r'class="figure__text"[^>]* name="([a-z0-9_]+)"', page)
    assert names == ["voters_total", "votes_1", "votes_2", "votes_3", "valid_votes", "invalid_votes"]
    assert (page.count("<h1"), page.count("button--main")) == (1, 1)


def test_the_full_form_has_every_row_under_the_headings_of_the_paper(db, client):
    play = make_play(form_kind="lengkap")
    client.force_login(play.siti)
    page = text(client.get(address(play)))
    assert len(re.findall(r'class="figure__text"[^>]* name="', page)) == 3 + len(play.election.fields)
    titles = ["I.A Data pemilih", "I.B Pengguna hak pilih", "II Surat suara", "III Pemilih disabilitas"]
    titles += ["IV Perolehan suara", "V Suara sah dan tidak sah"]
    assert re.findall(r"<h3[^>]*>([^<]+)</h3>", page) == titles


def test_sending_ends_at_a_receipt_with_code_time_and_figures(play, siti):
    response = fill(siti, play)
    form = C1Form.objects.get()
    assert response.url == f"/saksi/kiriman/{form.uuid}/"
    assert (form.channel, form.submitted_by) == (Channel.PAGE, play.siti)
    assert form.figures.votes == {1: 100, 2: 80, 3: 20}
    page = text(siti.get(response.url))
    assert form.receipt in page
    assert re.search(r"\d\d\.\d\d\.\d\d WIB", page)
    assert "<td>100</td>" in page
    assert play.result("dampit_1").form == form


def test_the_receipt_tells_the_time_of_the_region(play, siti):
    station = play.stations["dampit_1"]
    station.region.time_zone = "Asia/Makassar"
    station.region.save()
    assert " WITA" in text(siti.get(fill(siti, play).url))


def test_checking_stores_no_form(play, siti):
    response = fill(siti, play, step="check")
    assert "Semua jumlah cocok" in text(response)
    assert C1Form.objects.count() == 0


def test_enter_in_a_box_checks_and_never_sends(play, siti):
    page = text(fill(siti, play, step="check"))
    buttons = re.findall(r'<button[^>]*name="step" value="(\w+)"', page)
    assert buttons[0] == "check"
    assert "send" in buttons


def test_a_blank_box_is_not_zero(play, siti):
    fill(siti, play, votes_2="", votes_3="0", valid_votes="")
    form = C1Form.objects.get()
    assert (form.figures.votes, form.valid_votes) == ({1: 100, 2: None, 3: 0}, None)


@pytest.mark.parametrize("figure", BAD_FIGURES)
@pytest.mark.parametrize("step", ["check", "send"])
def test_what_is_not_a_figure_comes_back_with_the_name_of_its_field(play, siti, figure, step):
    response = fill(siti, play, step=step, valid_votes=figure)
    page = text(response)
    assert response.status_code == 400
    assert "Suara sah: Hanya angka 0–9, paling banyak empat. Huruf O bukan nol." in page
    assert 'id="id_valid_votes_error"' in page
    assert page.count(" data-figure=") == 6
    assert C1Form.objects.count() == 0


def test_a_bad_figure_of_a_pair_names_the_pair_and_keeps_the_rest(play, siti):
    page = text(fill(siti, play, votes_2="8O"))
    assert "Paslon 2 (Lathifah-Budi): Hanya angka" in page
    assert 'name="votes_1" value="100"' in page
    assert 'name="votes_2" value="8O"' in page


def test_941_is_accepted_and_flagged(play, siti):
    assert fill(siti, play, votes_1="941", valid_votes="1041", voters_total="1046").status_code == 302
    form = C1Form.objects.get()
    assert (form.figures.votes[1], "C1-W03" in form.checks) == (941, True)


@pytest.mark.parametrize("change", [{"votes_4": "5"}, {"votes_0": "0"}, {"votes_x": "1"}])
def test_a_pair_that_does_not_run_here_is_refused(play, siti, change):
    response = fill(siti, play, **change)
    assert response.status_code == 400
    assert "bukan peserta di TPS ini" in text(response)
    assert C1Form.objects.count() == 0


def test_a_missing_pair_is_refused(play, siti):
    at = address(play)
    data = hidden(siti.get(at)) | GOOD | {"step": "send"}
    del data["votes_3"]
    response = siti.post(at, data)
    assert response.status_code == 400
    assert "Paslon 3 tidak ada di kiriman" in text(response)
    assert C1Form.objects.count() == 0


def test_status_verifier_and_station_in_the_body_are_ignored(play, siti):
    other = play.stations["babat_1"].pk
    fill(siti, play, review="verified", station_id=other, contest=play.lamongan.pk, submitted_by=1)
    form = C1Form.objects.get()
    assert (form.station, form.contest, form.submitted_by) == (play.stations["dampit_1"], play.malang, play.siti)
    assert play.result("dampit_1").review == Review.PENDING


@pytest.mark.parametrize("key", ["", "123", "not-a-uuid", "' or 1=1"])
def test_a_broken_key_is_refused_in_words(play, siti, key):
    response = fill(siti, play, uuid=key)
    assert response.status_code == 400
    assert "Kunci kiriman tidak terbaca" in text(response)
    assert C1Form.objects.count() == 0


# What does not add up


def test_a_contradiction_is_asked_under_its_field_with_two_answers(play, siti):
    page = text(fill(siti, play, step="check", **SIX_MORE))
    question = page.index('id="question-C1-E09-200-206"')
    assert page.index('name="valid_votes"') < question < page.index('name="invalid_votes"')
    below = page[question:]
    assert "Apakah di formulir memang tertulis begitu?" in below
    assert 'href="#id_valid_votes">Ubah angka</a>' in below
    assert re.search(r'name="confirmed" value="C1-E09\.[^"]*"', below)
    assert 'aria-describedby="id_valid_votes_hint question-C1-E09-200-206"' in page


def test_yes_is_recorded_and_nothing_blocks(play, siti):
    page = fill(siti, play, step="check", **SIX_MORE)
    key = re.search(r'name="confirmed" value="(C1-E09[^"]*)"', text(page)).group(1)
    assert again(siti, play, page, **SIX_MORE, confirmed=key).status_code == 302
    form = C1Form.objects.get()
    assert (form.confirmed, "C1-E09" in form.checks) == (["C1-E09"], True)


def test_an_unanswered_question_is_sent_all_the_same(play, siti):
    page = fill(siti, play, step="check", **SIX_MORE)
    assert again(siti, play, page, **SIX_MORE).status_code == 302
    assert C1Form.objects.get().confirmed == []


def test_a_yes_does_not_answer_for_a_figure_changed_afterwards(play, siti):
    page = fill(siti, play, step="check", **SIX_MORE)
    key = re.search(r'name="confirmed" value="(C1-E09[^"]*)"', text(page)).group(1)
    asked_again = again(siti, play, page, **SEVEN_MORE, confirmed=key)
    assert asked_again.status_code == 200
    assert "suara sah 207" in text(asked_again)
    assert C1Form.objects.count() == 0
    again(siti, play, asked_again, **SEVEN_MORE, confirmed=key)
    assert C1Form.objects.get().confirmed == []


def test_a_question_that_was_not_asked_cannot_be_confirmed(play, siti):
    fill(siti, play, confirmed=["C1-E09", "C1-E99", "<script>"])
    assert C1Form.objects.get().confirmed == []


def test_two_rows_of_one_code_are_confirmed_only_together(db, client):
    play = make_play(form_kind="lengkap")
    client.force_login(play.siti)
    at = address(play)
    blank = dict.fromkeys(play.election.fields, "")
    rows = {f"registered_{row}{part}": "3" for row in ("dpt", "dptb") for part in ("_male", "_female", "")}
    data = hidden(client.get(at)) | blank | {"votes_1": "", "votes_2": "", "votes_3": ""} | rows
    page = text(client.post(at, data | {"step": "check"}))
    keys = re.findall(r'name="confirmed" value="(C1-E01[^"]*)"', page)
    assert len(keys) == 2
    client.post(at, data | {"step": "send", "confirmed": keys[:1]})
    assert C1Form.objects.get().confirmed == []
    client.post(at, data | {"step": "send", "confirmed": keys, "uuid": str(uuid.uuid4())})
    assert C1Form.objects.last().confirmed == ["C1-E01"]


# Twice


def test_pressing_send_twice_is_one_form_and_says_so(play, siti):
    at = address(play)
    data = hidden(siti.get(at)) | GOOD | {"step": "send"}
    first, second = siti.post(at, data), siti.post(at, data)
    assert C1Form.objects.count() == 1
    assert second.url == first.url + "?ulang"
    page = text(siti.get(second.url))
    assert "Sudah terkirim sebelumnya." in page
    assert "Tidak ada yang ganda" in page


def test_going_back_and_sending_other_figures_becomes_a_correction(play, siti):
    at = address(play)
    data = hidden(siti.get(at)) | GOOD | {"step": "send"}
    siti.post(at, data)
    response = siti.post(at, data | {"votes_2": "81", "valid_votes": "201"})
    assert response.status_code == 409
    assert "Kiriman ini sudah tersimpan dengan isi lain" in text(response)
    assert C1Form.objects.count() == 1
    assert again(siti, play, response, votes_2="81", valid_votes="201").status_code == 302
    result = play.result("dampit_1")
    assert (result.form.figures.votes[2], result.disputed) == (81, False)


def test_the_key_of_another_person_opens_nothing(play, siti):
    theirs = send(play, votes=(1, 199, 0), by="joko")
    response = fill(siti, play, uuid=str(theirs.uuid))
    assert response.status_code == 409
    assert theirs.receipt not in text(response)
    assert siti.get(f"/saksi/kiriman/{theirs.uuid}/").status_code == 404
    assert C1Form.objects.count() == 1


def test_two_witnesses_never_overwrite_each_other(play, siti):
    theirs = send(play, votes=(1, 199, 0), by="joko")
    fill(siti, play)
    result = play.result("dampit_1")
    assert (result.form, result.disputed, C1Form.objects.count()) == (theirs, True, 2)
    assert "yang dihitung formulir lain" in text(siti.get("/saksi/"))


# Corrections


def test_a_correction_starts_from_what_was_sent_and_replaces_it(play, siti):
    first = send(play)
    page = siti.get(address(play))
    assert 'name="votes_2" value="80"' in text(page)
    assert "Ini memperbaiki kiriman Anda" in text(page)
    again(siti, play, page, votes_2="81", valid_votes="201")
    result = play.result("dampit_1")
    assert (result.form.supersedes, result.disputed) == (first, False)
    assert "Diganti oleh kiriman Anda" in text(siti.get(f"/saksi/kiriman/{first.uuid}/"))


def test_a_correction_of_a_verified_form_says_that_it_waits_and_waits(play, siti):
    first = send(play)
    verification.approve(first, by=play.budi, seen=seen(play))
    page = siti.get(address(play))
    assert "Perbaikan menunggu DPC" in text(page)
    response = again(siti, play, page, votes_2="81", valid_votes="201")
    assert play.result("dampit_1").form == first
    assert "angka sebelumnya tetap dihitung" in text(siti.get(response.url))


def test_after_a_rejection_the_page_says_that_a_new_form_counts_again(play, siti):
    first = send(play)
    verification.reject(first, by=play.budi, seen=seen(play), reason="Foto TPS lain")
    page = siti.get(address(play))
    assert "Kiriman baru dihitung lagi" in text(page)
    again(siti, play, page, votes_1="90", valid_votes="190")
    assert play.result("dampit_1").review == Review.PENDING


@pytest.mark.parametrize("whose", ["joko", "nobody"])
def test_a_correction_names_an_own_form_only(play, siti, whose):
    theirs = send(play, by="joko").uuid if whose == "joko" else uuid.uuid4()
    response = fill(siti, play, supersedes=str(theirs))
    assert response.status_code == 400
    assert C1Form.objects.filter(submitted_by=play.siti).count() == 0


# Phases


@pytest.mark.parametrize(
    ("phase", "words"),
    [(Phase.PREPARATION, "Penerimaan belum dibuka"), (Phase.CLOSED, "Pemilihan ini terkunci")],
)
def test_a_closed_phase_says_why_and_stores_nothing(play, siti, phase, words):
    at = address(play)
    data = hidden(siti.get(at)) | GOOD
    Election.objects.update(phase=phase)
    assert words in text(siti.get(at))
    for step in ("check", "send"):
        response = siti.post(at, data | {"step": step})
        assert response.status_code == 409
        assert words in text(response)
        assert "belum tersimpan di server" in text(response)
    assert C1Form.objects.count() == 0
    assert f'href="{at}"' not in text(siti.get("/saksi/"))


def test_a_repeated_press_after_closing_still_gets_its_receipt(play, siti):
    at = address(play)
    data = hidden(siti.get(at)) | GOOD | {"step": "send"}
    first = siti.post(at, data)
    Election.objects.update(phase=Phase.CLOSED)
    assert siti.post(at, data).url == first.url + "?ulang"


# Whose page it is


@pytest.mark.parametrize("station", ["pamotan_1", "babat_1"])
def test_a_station_of_somebody_else_is_not_there(play, siti, station):
    at = address(play, station)
    send(play, "babat_1", (10, 20), by="wati")
    before = C1Form.objects.count()
    for response in (siti.get(at), siti.post(at, GOOD | {"uuid": str(uuid.uuid4()), "step": "send"})):
        assert response.status_code == 404
        assert "Suhandoyo" not in text(response)
    assert C1Form.objects.count() == before
    assert Refusal.objects.filter(user=play.siti, status=404).count() == 2


@pytest.mark.parametrize("who", ["budi", "dewi", "nasi"])
def test_who_may_see_a_station_but_does_not_guard_it_may_not_send(play, client, who):
    client.force_login(play.people[who])
    at = address(play)
    assert client.get(at).status_code == 403
    assert client.post(at, GOOD | {"uuid": str(uuid.uuid4()), "step": "send"}).status_code == 403
    assert C1Form.objects.count() == 0


@pytest.mark.parametrize("who", ["agus", "oper", "wati"])
def test_others_do_not_find_it_at_all(play, client, who):
    client.force_login(play.people[who])
    assert client.get(address(play)).status_code == 404


def test_who_is_not_signed_in_sees_nothing(play, client):
    form = send(play)
    for at in ("/saksi/", address(play), f"/saksi/kiriman/{form.uuid}/"):
        assert client.get(at).url.startswith("/masuk/?next=")


def test_a_receipt_is_for_its_sender_only(play, client):
    form = send(play)
    for who in ("joko", "wati", "budi", "agus", "oper"):
        client.force_login(play.people[who])
        assert client.get(f"/saksi/kiriman/{form.uuid}/").status_code == 404


def test_pages_are_never_kept_by_a_proxy(play, siti):
    form = send(play)
    for at in ("/saksi/", address(play), f"/saksi/kiriman/{form.uuid}/"):
        assert "private" in siti.get(at)["Cache-Control"]


@pytest.mark.parametrize("step", ["check", "send"])
def test_what_a_revoked_witness_sends_is_kept_for_review_and_never_counts(play, siti, step):
    at = address(play)
    data = hidden(siti.get(at)) | GOOD | {"step": step}
    assigning.revoke(play.siti.assignments.get(station=play.stations["dampit_1"]), by=play.dewi)
    response = siti.post(at, data)
    assert response.status_code == 403
    assert "Penugasan Anda di TPS ini sudah dicabut" in text(response)
    assert QuarantinedForm.objects.get().content["votes"] == {"1": 100, "2": 80, "3": 20}
    assert play.result("dampit_1").review == Review.NOT_IN
    assert siti.get(at).status_code == 404


def test_script_in_a_note_or_a_name_is_text(play, siti):
    play.malang.pairs.filter(number=1).update(name="<script>alert(1)</script>")
    note = "<img src=x onerror=alert(1)>\n\u202eketerangan"
    response = fill(siti, play, note=note, objection="ada")
    assert C1Form.objects.get().note.splitlines() == note.splitlines()
    for page in (text(siti.get(response.url)), text(fill(siti, play, step="check", note=note))):
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "&lt;img src=x onerror=alert(1)&gt;" in page


@pytest.mark.parametrize("note", ["x" * 501, "nul\x00"])
def test_a_note_that_cannot_be_kept_comes_back(play, siti, note):
    response = fill(siti, play, note=note)
    assert response.status_code == 400
    assert 'id="id_note_error"' in text(response)
    assert C1Form.objects.count() == 0


@pytest.mark.parametrize(("answer", "stored"), [("ada", True), ("tidak", False), ("", None)])
def test_the_objection_is_yes_no_or_not_answered(play, siti, answer, stored):
    fill(siti, play, objection=answer)
    assert C1Form.objects.get().objection is stored


# The sentences


def test_every_code_that_can_be_raised_has_a_sentence():
    raised = set()
    for module in (intake, photos, verification):
        with open(module.__file__, encoding="utf-8") as source:
            raised |= set(re.findall(r"raise [A-Z]\w+\(\s*\"([a-z_]+)\"", source.read()))
    assert len(raised) >= 12
    assert raised <= set(CODES)


def test_an_unknown_code_still_gets_a_sentence():
    assert refusal_sentence("something_new").endswith("something_new")


def test_all_results_of_the_play_are_untouched_by_looking(play, siti):
    for at in ("/saksi/", address(play), address(play, "dampit_2")):
        siti.get(at)
    assert set(StationResult.objects.values_list("review", flat=True)) == {Review.NOT_IN}
