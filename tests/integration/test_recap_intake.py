"""D.Hasil: taken in once, kept in versions, read a second time, settled by another person, told to the rules."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from tallies import append_only
from tallies import intake as c1_intake
from tallies.models import (
    ExaminationRow,
    Outcome,
    Phase,
    ReadingState,
    RecapDecision,
    RecapForm,
    RecapReading,
    RecapResult,
    RecapVote,
    Review,
)
from tallies.recap import auditing, intake, second_reading, settling
from tallies.recap.reading import counted_columns
from tests import cast, recaps
from tests.recaps import DAMPIT, PAMOTAN, SUKAMAJU, columns, key, send, submission
from tests.sending import at_once

OTHER = {SUKAMAJU: [100, 50, 25], PAMOTAN: [60, 80, 20]}


@pytest.fixture
def parto(play):
    return recaps.recap_witness(play)


@pytest.fixture
def told(play):
    """What the rules are told: the regions, one a change."""
    ExaminationRow.objects.all().delete()
    return lambda: list(ExaminationRow.objects.order_by("pk").values_list("contest", "region", "station"))


def test_a_recap_counts_and_the_rules_are_told_once(play, parto, told):
    form = send(play, by=parto)
    result = recaps.result(play)
    assert (result.form, result.review, result.disputed, result.reading) == (form, Review.PENDING, False, "")
    assert counted_columns(play.malang, cast.region(DAMPIT)) == {
        key(SUKAMAJU): {1: 100, 2: 50, 3: 25}, key(PAMOTAN): {1: 80, 2: 60, 3: 20},
        key(DAMPIT): {1: 180, 2: 110, 3: 45},
    }  # fmt: skip
    assert told() == [(play.malang.pk, key(DAMPIT), None)]
    assert form.checks == []


def test_sent_again_it_is_one_recap_and_the_same_answer(play, parto, told):
    one = submission(play, photos=(recaps.photo(parto),), note="Saksi lain absen", confirmed=("RK-E01",))
    answers = [intake.submit(one, by=parto) for _time in range(3)]
    assert [(a.form, a.created) for a in answers] == [(answers[0].form, n == 0) for n in range(3)]
    play.election.phase = Phase.CLOSED
    play.election.save()
    assert intake.submit(one, by=parto).form == answers[0].form  # a week later
    assert RecapForm.objects.count() == 1
    assert len(told()) == 1


@pytest.mark.parametrize("what", ["figures", "person", "region"])
def test_one_key_for_something_else_is_refused_and_nothing_changes(play, parto, what):
    first = submission(play)
    intake.submit(first, by=parto)
    other = {
        "figures": replace(first, columns=columns(OTHER)),
        "person": first,
        "region": replace(
            first, region_id=key("35.07.06"), columns=columns({"35.07.06.2001": [1, 2, 3]}, "35.07.06")
        ),
    }[what]
    with pytest.raises(c1_intake.KeyReused):
        intake.submit(other, by=play.budi if what == "person" else parto)
    assert RecapForm.objects.get().columns_by_region == first.columns
    assert RecapResult.objects.count() == 1


def test_contradictions_are_recorded_and_never_refused(play, parto):
    given = columns({SUKAMAJU: [100, 50, 25], PAMOTAN: [80, 60, 20]}, votes_1=190, valid_votes=335)
    given[key(PAMOTAN)] = recaps.column([80, 60, 20], valid_votes=170)
    form = send(play, given, by=parto)
    assert form.checks == [
        ["RK-E01", key(PAMOTAN), "valid_votes"],
        ["RK-E02", key(PAMOTAN), "total_votes"],
        ["RK-E01", key(DAMPIT), "valid_votes"],
        ["RK-E05", key(DAMPIT), "votes_1"],
        ["RK-E05", key(DAMPIT), "valid_votes"],
    ]
    assert recaps.result(play).form == form


def test_a_blank_box_is_no_zero_and_is_not_added(play, parto):
    given = columns({SUKAMAJU: [100, 50, None], PAMOTAN: [80, 60, 20]})
    form = send(play, given, by=parto)
    assert counted_columns(play.malang, cast.region(DAMPIT))[key(SUKAMAJU)] == {1: 100, 2: 50, 3: None}
    assert form.checks == []


@pytest.mark.parametrize("phase", [Phase.PREPARATION, Phase.CLOSED])
def test_outside_of_the_count_and_the_recap_nothing_is_taken(play, parto, phase):
    play.election.phase = phase
    play.election.save()
    with pytest.raises(c1_intake.PhaseClosed):
        send(play, by=parto)
    assert not RecapForm.objects.exists()
    assert not RecapResult.objects.exists()


def test_in_the_recap_phase_it_is_taken(play, parto):
    play.election.phase = Phase.RECAP
    play.election.save()
    assert send(play, by=parto) == recaps.result(play).form


def test_columns_and_pairs_are_those_of_the_paper(play, parto):
    good = submission(play).columns
    stranger = dict(good) | {key("35.24.01.2001"): recaps.column([1, 2, 3])}
    missing = {region: one for region, one in good.items() if region != key(PAMOTAN)}
    for given in (stranger, missing):
        with pytest.raises(c1_intake.UnknownBoxes):
            send(play, given, by=parto)
    with pytest.raises(c1_intake.WrongPairs):
        send(play, dict(good) | {key(PAMOTAN): recaps.column([1, 2])}, by=parto)
    with pytest.raises(intake.UnknownPhoto):
        send(play, by=parto, photos=(recaps.photo(play.siti),))
    with pytest.raises(intake.UnknownVersion):
        send(play, by=parto, supersedes=uuid.uuid4())


def test_two_people_who_differ_are_both_kept_and_the_first_counts(play, parto, told):
    first, second = send(play, by=parto), send(play, columns(OTHER), by=play.budi)
    result = recaps.result(play)
    assert (result.form, result.disputed, RecapForm.objects.count()) == (first, True, 2)
    assert len(told()) == 1
    # Taken back by an equal version: nothing is open.
    send(play, by=play.budi, supersedes=second.uuid)
    assert (recaps.result(play).form, recaps.result(play).disputed) == (first, False)


def test_an_equal_recap_of_another_person_corroborates_and_verifies_nothing(play, parto):
    first = send(play, by=parto)
    send(play, by=play.budi)
    result = recaps.result(play)
    assert (result.form, result.review, result.disputed) == (first, Review.PENDING, False)


def test_a_correction_replaces_the_own_recap_and_waits_once_it_was_verified(play, parto, told):
    first = send(play, by=parto)
    second = send(play, columns(OTHER), by=parto, supersedes=first.uuid)
    assert (recaps.result(play).form, recaps.result(play).disputed) == (second, False)
    settling.choose(second, by=play.budi, seen=recaps.result(play).audit_seq, reason="Cocok dengan kertas")
    assert len(told()) == 2
    third = send(play, by=parto, supersedes=second.uuid)
    result = recaps.result(play)
    assert (result.form, result.review, result.disputed) == (second, Review.VERIFIED, True)
    settling.choose(third, by=play.rina, seen=result.audit_seq, reason="Kertas sudah diperbaiki")
    assert (recaps.result(play).form, recaps.result(play).disputed) == (third, False)
    assert len(told()) == 3


def test_another_witness_does_not_replace_what_counts(play, parto):
    first = send(play, by=parto)
    other = recaps.recap_witness(play, "sari")
    send(play, columns(OTHER), by=other, supersedes=first.uuid)
    assert (recaps.result(play).form, recaps.result(play).disputed) == (first, True)


# The second reading


def _read(form, given=None, *, by, **changes):
    said = given or form.columns_by_region
    return second_reading.read(form, said, by=by, uuid=changes.pop("uuid", None) or uuid.uuid4(), **changes).reading


@pytest.fixture
def form(play, parto):
    return send(play, by=parto, photos=(recaps.photo(parto),))


def test_read_alike_by_another_person_it_is_verified_by_rule(play, form, told):
    assert [one.form for one in second_reading.waiting_for(play.oper)] == [form]
    reading = _read(form, by=play.oper)
    result, decision = recaps.result(play), RecapDecision.objects.get()
    assert (result.review, result.reading, result.disputed) == (Review.VERIFIED, ReadingState.DONE, False)
    assert (decision.outcome, decision.reading, decision.decided_by) == (Outcome.VERIFIED, reading, play.oper)
    assert not second_reading.waiting_for(play.rina).exists()
    assert told() == []  # the figures that count are the same


def test_read_otherwise_it_is_disputed_until_a_coordinator_chooses(play, form, told):
    reading = _read(form, columns(OTHER), by=play.oper)
    assert reading.differing == [
        [key(PAMOTAN), "votes_1"], [key(PAMOTAN), "votes_2"], [key(DAMPIT), "votes_1"], [key(DAMPIT), "votes_2"],
    ] or reading.differing == [
        (key(PAMOTAN), "votes_1"), (key(PAMOTAN), "votes_2"), (key(DAMPIT), "votes_1"), (key(DAMPIT), "votes_2"),
    ]  # fmt: skip
    result = recaps.result(play)
    assert (result.review, result.reading, result.disputed) == (Review.PENDING, ReadingState.COORDINATOR, True)
    settling.adopt(reading, by=play.budi, seen=result.audit_seq, reason="Angka 6 terbaca 8")
    result = recaps.result(play)
    assert (result.review, result.disputed, result.form.submitted_by) == (Review.VERIFIED, False, play.oper)
    assert result.form.supersedes == form
    assert counted_columns(play.malang, cast.region(DAMPIT))[key(PAMOTAN)] == {1: 60, 2: 80, 3: 20}
    assert [one.sha256 for one in result.form.photo_names.all()] == [one.sha256 for one in form.photo_names.all()]
    assert len(told()) == 1


def test_what_cannot_be_read_goes_to_a_coordinator(play, form):
    _read(form, by=play.oper, unreadable="Halaman dua buram")
    assert (recaps.result(play).reading, recaps.result(play).disputed) == (ReadingState.COORDINATOR, True)
    settling.choose(form, by=play.budi, seen=recaps.result(play).audit_seq, reason="Dicocokkan dengan kertas asli")
    assert recaps.result(play).review == Review.VERIFIED


def test_who_entered_it_does_not_read_it(play, parto):
    form = send(play, by=play.budi, photos=(recaps.photo(play.budi),))
    assert not second_reading.waiting_for(play.budi).exists()
    with pytest.raises(second_reading.ReadingRefused, match="same_person"):
        _read(form, by=play.budi)
    row = {"uuid": uuid.uuid4(), "form": form, "reader": play.budi, "columns": {}, "content_hash": "x"}
    row["read_at"] = form.received_at
    # The database says so too, and no false first reader gets round it.
    for first in (play.budi, play.oper):
        with pytest.raises(DatabaseError), transaction.atomic():
            RecapReading.objects.create(first_reader=first, **row)


def test_a_reading_is_one_however_often_it_is_sent_and_a_late_one_is_refused(play, form, parto):
    sent = uuid.uuid4()
    assert _read(form, by=play.oper, uuid=sent) == _read(form, by=play.oper, uuid=sent)
    with pytest.raises(c1_intake.KeyReused):
        _read(form, columns(OTHER), by=play.oper, uuid=sent)
    with pytest.raises(second_reading.ReadingRefused, match="recap_not_waiting"):
        _read(form, by=play.rina)
    corrected = send(play, columns(OTHER), by=parto)
    with pytest.raises(second_reading.ReadingRefused, match="recap_not_waiting"):
        _read(corrected, by=play.rina)  # it does not count


def test_a_rival_keeps_an_equal_reading_from_settling_it(play, form):
    send(play, columns(OTHER), by=play.budi)
    _read(form, by=play.oper)
    result = recaps.result(play)
    assert (result.review, result.reading, result.disputed) == (Review.PENDING, ReadingState.DONE, True)


# Settling


def test_nobody_settles_with_the_own_version(play, parto):
    send(play, by=parto)
    mine = send(play, columns(OTHER), by=play.budi)
    with pytest.raises(settling.SettlingRefused, match="recap_own_version"):
        settling.choose(mine, by=play.budi, seen=recaps.result(play).audit_seq, reason="Karena")
    with pytest.raises(IntegrityError), transaction.atomic():
        RecapDecision.objects.create(
            result=recaps.result(play), form=mine, outcome=Outcome.CORRECTED, reason="x", settled_through=mine,
            entered_by=play.budi, decided_by=play.budi, decided_at=mine.received_at,
        )  # fmt: skip
    settling.choose(mine, by=play.rina, seen=recaps.result(play).audit_seq, reason="Salinan PPK")
    assert (recaps.result(play).form, recaps.result(play).disputed) == (mine, False)


def test_a_decision_on_an_old_page_or_without_a_reason_is_not_written(play, parto):
    form = send(play, by=parto)
    seen = recaps.result(play).audit_seq
    with pytest.raises(settling.SettlingRefused, match="recap_reason_missing"):
        settling.choose(form, by=play.budi, seen=seen, reason="  ")
    send(play, columns(OTHER), by=play.rina)
    with pytest.raises(settling.SettlingRefused, match="recap_changed"):
        settling.choose(form, by=play.budi, seen=seen, reason="Karena")
    assert not RecapDecision.objects.exists()


def test_a_rejected_recap_is_not_in_until_another_one_comes(play, parto, told):
    form = send(play, by=parto)
    settling.reject(form, by=play.budi, seen=recaps.result(play).audit_seq, reason="Bukan D.Hasil")
    assert counted_columns(play.malang, cast.region(DAMPIT)) == {}
    again = send(play, columns(OTHER), by=parto, supersedes=form.uuid)
    assert (recaps.result(play).form, recaps.result(play).review) == (again, Review.PENDING)
    assert len(told()) == 3


# What the database holds


def test_what_was_sent_never_changes_and_the_chain_shows_who_tries(play, form):
    reading = _read(form, columns(OTHER), by=play.oper)
    settling.choose(form, by=play.budi, seen=recaps.result(play).audit_seq, reason="Cocok")
    rows = [form, form.columns.first(), RecapVote.objects.first(), form.photo_names.get(), reading]
    rows += [RecapDecision.objects.get(), recaps.result(play).events.first()]
    for row in rows:
        for change in (
            lambda one: one.save(force_update=True),
            lambda one: type(one).objects.filter(pk=one.pk)._raw_delete(using="default"),
        ):
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                change(row)
    assert list(auditing.verify()) == []
    RecapResult.objects.update(disputed=True)
    assert [line.split(": ")[1] for line in auditing.verify()] == ["keadaan berubah tanpa peristiwa"]


def test_votes_altered_behind_the_program_are_found(play, form):
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else pending events hold the tables
        for statement in append_only.drop_statements(connection.vendor):
            cursor.execute(statement)
    RecapVote.objects.filter(column__form=form, votes=80).update(votes=81)
    assert [line.split(": ")[1] for line in auditing.verify()] == [f"angka formulir {form.pk} berubah"]


def test_rows_of_other_places_and_contests_are_refused(play, form):
    stranger = cast.region("35.24.01.2001")
    total = form.columns.get(region=key(DAMPIT))
    pair = play.lamongan.pairs.first()
    for model, row in (
        (type(total), {"form": form, "region": stranger}),
        (RecapVote, {"column": total, "pair": pair, "votes": 1}),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            model.objects.create(**row)
    with pytest.raises(DatabaseError), transaction.atomic():
        send(play, columns({"35.24.01.2001": [1, 2, 3]}, "35.24.01"), by=play.dewi, region_id=key("35.24.01"))


def test_a_practice_election_takes_its_recaps_along(play, parto, form):
    _read(form, columns(OTHER), by=play.oper)
    send(play, columns(OTHER), by=parto, supersedes=form.uuid)
    real = type(play.election).objects.create(name="Nyata", slug="nyata", date=play.election.date)
    type(play.election).objects.filter(pk=play.election.pk).update(practice_of=real)
    play.election.refresh_from_db()
    play.election.delete()
    assert RecapForm.objects.count() == RecapReading.objects.count() == 0


def test_at_once_one_key_is_one_recap_and_two_people_are_two(committed_play):
    play = committed_play
    parto = recaps.recap_witness(play)
    one = submission(play)
    answers = at_once(4, lambda _place: intake.submit(one, by=parto))
    assert sorted(answer.created for answer in answers) == [False, False, False, True]
    others = [submission(play, columns(OTHER)), submission(play, columns({SUKAMAJU: [9, 9, 9], PAMOTAN: [1, 1, 1]}))]
    at_once(2, lambda place: intake.submit(others[place], by=[play.budi, play.rina][place]))
    result = recaps.result(play)
    assert (RecapForm.objects.count(), result.disputed, result.audit_seq) == (3, True, 3)
    assert result.form.columns_by_region == one.columns
    # Two settle at once: the page of one of them is old.
    seen = result.audit_seq
    settled = at_once(2, lambda place: _settled(result.form, [play.budi, play.rina][place], seen))
    assert sorted(settled) == ["recap_changed", "settled"]
    assert list(auditing.verify()) == []


def _settled(form, by, seen):
    try:
        settling.choose(form, by=by, seen=seen, reason="Cocok")
    except settling.SettlingRefused as refused:
        return refused.code
    return "settled"
