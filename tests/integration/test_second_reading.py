"""The second reading: blind, by another person, and what becomes of the form."""

from __future__ import annotations

import uuid

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Role
from tallies import audit, intake
from tallies.count_room import asking, claims, readings, verification
from tallies.count_room.readings import NotClaimed, ReadingRefused, Sent
from tallies.models import (
    Channel,
    Decision,
    Finding,
    Outcome,
    Phase,
    Reading,
    ReadingClaim,
    ReadingMode,
    ReadingState,
    Review,
    StationResult,
)
from tallies.submission import PhotoName
from tallies.totals import aggregation, rebuilding
from tests import cast
from tests.reading import arrived, figures, read, read_all_twice, report, send, take

VOTES = [100, 60, 20]


@pytest.fixture
def play(play):
    read_all_twice(play)
    return play


def state(play, station="dampit_1"):
    result = play.result(station)
    return result.review, result.reading, result.disputed


def nothing_to_repair(play):
    aggregation.drain()
    assert list(rebuilding.differences(play.election)) == []
    assert list(audit.verify()) == []


# Equal


def test_equal_figures_verify_by_rule_and_both_persons_are_on_record(play):
    form = send(play, "dampit_1", VOTES, by=play.siti)
    assert state(play) == (Review.PENDING, ReadingState.WAITING, False)
    assert take(play.oper, play.election) == form
    reading = read(form, figures(VOTES), by=play.oper)
    assert state(play) == (Review.VERIFIED, ReadingState.DONE, False)
    assert (reading.finding, reading.first_reader, reading.reader) == (Finding.EQUAL, play.siti, play.oper)
    decision = Decision.objects.get()
    assert (decision.outcome, decision.decided_by, decision.reading) == (Outcome.VERIFIED, play.oper, reading)
    assert not ReadingClaim.objects.exists()
    nothing_to_repair(play)


def test_a_blank_box_is_not_a_zero(play):
    form = send(play, "dampit_1", [100, None, 0], by=play.siti, values={"valid_votes": 100})
    take(play.oper, play.election)
    reading = read(form, figures([100, 0, None], voters_total=105, valid_votes=100), by=play.oper)
    assert (reading.finding, reading.differing) == (Finding.DIFFERS, ["votes_2", "votes_3"])


# Different


def test_only_the_boxes_that_differ_are_asked_again_and_a_slip_of_the_reader_costs_nothing(play):
    form = send(play, "dampit_1", VOTES, by=play.siti)
    take(play.oper, play.election)
    first = read(form, figures([100, 66, 20], valid_votes=180, voters_total=185), by=play.oper)
    assert (first.round, first.finding, first.differing) == (1, Finding.DIFFERS, ["votes_2"])
    assert state(play) == (Review.PENDING, ReadingState.AGAIN, False)
    claim = claims.take(play.oper, play.election)
    assert (claim.form, readings.asked_fields(claim)) == (form, ("votes_2",))
    # What was not asked is not taken, whatever is sent.
    again = read(form, figures([1, 60, 2]), by=play.oper)
    assert (again.round, again.finding, again.figures.votes) == (2, Finding.EQUAL, {1: 100, 2: 60, 3: 20})
    assert state(play) == (Review.VERIFIED, ReadingState.DONE, False)
    nothing_to_repair(play)


def test_what_differs_still_goes_to_a_coordinator_and_counts_meanwhile(play):
    form = send(play, "dampit_1", [700, 60, 20], by=play.siti)
    take(play.oper, play.election)
    read(form, figures([100, 60, 20], valid_votes=780, voters_total=785), by=play.oper)
    read(form, figures([100, 60, 20]), by=play.oper)
    assert state(play) == (Review.PENDING, ReadingState.COORDINATOR, True)
    assert take(play.oper, play.election) is None
    assert [(one.round, one.differing) for one in readings.readings_of(play.result("dampit_1"))] == [
        (1, ["votes_1"]),
        (2, ["votes_1"]),
    ]
    nothing_to_repair(play)
    seen = play.result("dampit_1").audit_seq
    settled = cast.submission(play, "dampit_1", VOTES, supersedes=form.uuid)
    verification.correct(form, settled, by=play.budi, seen=seen, reason="Salah ketik saksi")
    assert state(play) == (Review.VERIFIED, ReadingState.NONE, False)
    nothing_to_repair(play)


def test_a_round_left_lying_is_finished_by_another_reader(play):
    other = cast.person("oper2", Role.OPERATOR, "35.07")
    form = send(play, "dampit_1", VOTES, by=play.siti)
    take(play.oper, play.election)
    read(form, figures([100, 61, 20], valid_votes=180), by=play.oper)
    ReadingClaim.objects.update(expires_at=timezone.now())
    claim = claims.take(other, play.election)
    assert (claim.form, claim.reader, readings.asked_fields(claim)) == (form, other, ("voters_total", "votes_2"))
    with pytest.raises(NotClaimed):
        read(form, figures(VOTES), by=play.oper)
    assert read(form, figures(VOTES), by=other).finding == Finding.EQUAL
    assert list(Reading.objects.values_list("round", "reader__username")) == [(1, "oper"), (2, "oper2")]


# No figures


def test_an_unreadable_photo_asks_the_witness_for_another_and_the_form_counts(play):
    form = send(play, "dampit_1", VOTES, by=play.siti)
    take(play.oper, play.election)
    report(form, Finding.UNREADABLE, by=play.oper)
    assert state(play) == (Review.NEEDS_FIX, ReadingState.NONE, False)
    assert Decision.objects.get().reason == readings.UNREADABLE
    nothing_to_repair(play)
    anew = send(play, "dampit_1", VOTES, by=play.siti, supersedes=form.uuid, photos=(arrived(play.siti, "sharp"),))
    assert state(play) == (Review.PENDING, ReadingState.WAITING, False)
    assert take(play.oper, play.election) == anew


@pytest.mark.parametrize("finding", [Finding.WRONG_STATION, Finding.NOT_C1, Finding.DUPLICATE])
def test_a_photo_of_something_else_goes_to_a_coordinator(play, finding):
    form = send(play, "dampit_1", VOTES, by=play.siti)
    take(play.oper, play.election)
    reading = report(form, finding, by=play.oper, reason="Tertulis TPS 2")
    assert (reading.finding, reading.reason, reading.votes.count()) == (finding, "Tertulis TPS 2", 0)
    assert state(play) == (Review.PENDING, ReadingState.COORDINATOR, True)
    nothing_to_repair(play)


def test_a_finding_without_a_reason_is_refused(play):
    form = send(play, "dampit_1", VOTES, by=play.siti)
    take(play.oper, play.election)
    with pytest.raises(ReadingRefused, match="reason_missing"):
        readings.read(Sent(uuid.uuid4(), form.pk, finding=Finding.NOT_C1, reason="  "), by=play.oper)
    assert not Reading.objects.exists()


# Which forms


@pytest.mark.parametrize(
    ("mode", "votes", "values", "asked"),
    [
        (ReadingMode.ALL, VOTES, {}, True),
        (ReadingMode.FLAGGED, VOTES, {}, False),
        (ReadingMode.FLAGGED, VOTES, {"valid_votes": 999}, True),
        (ReadingMode.LOOK, VOTES, {"valid_votes": 999}, False),
    ],
)
def test_an_election_says_which_forms_are_read_twice(play, mode, votes, values, asked):
    read_all_twice(play, mode)
    send(play, "dampit_1", votes, by=play.siti, values=values)
    assert (take(play.oper, play.election) is not None) is asked


def test_another_wish_of_the_election_reaches_the_forms_that_are_in(play):
    read_all_twice(play, ReadingMode.LOOK)
    plain = send(play, "dampit_1", VOTES, by=play.siti)
    odd = send(play, "dampit_2", VOTES, by=play.siti, values={"valid_votes": 999})
    send(play, "pamotan_1", VOTES, by=play.siti, photos=())
    settled = send(play, "gedangan_1", VOTES, by=play.siti)
    verification.approve(settled, by=play.budi, seen=play.result("gedangan_1").audit_seq)

    def wait_after(mode):
        read_all_twice(play, mode)
        changed = asking.ask_anew(play.election)
        waiting = StationResult.objects.filter(reading=ReadingState.WAITING)
        return changed, set(waiting.values_list("form", flat=True))

    assert wait_after(ReadingMode.FLAGGED) == (1, {odd.pk})
    assert wait_after(ReadingMode.ALL) == (1, {odd.pk, plain.pk})
    assert wait_after(ReadingMode.FLAGGED) == (1, {odd.pk})
    assert wait_after(ReadingMode.LOOK) == (1, set())
    nothing_to_repair(play)


def test_a_form_without_a_photo_waits_for_a_coordinator(play):
    send(play, "dampit_1", VOTES, by=play.siti, photos=())
    assert state(play) == (Review.PENDING, ReadingState.NONE, False)
    assert take(play.oper, play.election) is None


def test_a_photo_that_has_not_arrived_is_not_handed_out_and_a_strangers_is_not_its(play):
    name = arrived(play.joko, "of joko")
    form = send(play, "dampit_1", VOTES, by=play.siti, photos=(name,))
    assert take(play.oper, play.election) is None
    arrived(play.siti, "of joko")
    assert take(play.oper, play.election) == form


def test_nobody_reads_the_own_form_or_another_kabupatens(play):
    send(play, "dampit_1", VOTES, by=play.oper)
    send(play, "babat_1", [80, 70], by=play.wati)
    assert take(play.oper, play.election) is None


@pytest.mark.parametrize("name", ["siti", "budi", "dewi", "nasi"])
def test_only_operators_read(play, name):
    send(play, "dampit_1", VOTES, by=play.joko)
    assert take(getattr(play, name), play.election) is None


def test_a_difference_between_two_witnesses_is_settled_and_not_read(play):
    send(play, "dampit_1", VOTES, by=play.siti)
    send(play, "dampit_1", [100, 50, 30], by=play.joko)
    assert take(play.oper, play.election) is None


# Claims


def test_the_oldest_form_comes_first_and_each_reader_gets_another(play):
    other = cast.person("oper2", Role.OPERATOR, "35.07")
    first = send(play, "dampit_2", VOTES, by=play.siti)
    second = send(play, "dampit_1", VOTES, by=play.siti)
    assert take(play.oper, play.election) == first
    assert take(play.oper, play.election) == first, "the own claim is kept"
    assert take(other, play.election) == second
    assert take(cast.person("oper3", Role.OPERATOR, "35.07"), play.election) is None
    claims.release(other)
    assert take(cast.person("oper4", Role.OPERATOR, "35.07"), play.election) == second


def test_a_correction_while_it_is_read_is_not_verified_by_the_reading_of_the_old_one(play):
    form = send(play, "dampit_1", VOTES, by=play.siti)
    take(play.oper, play.election)
    anew = send(play, "dampit_1", [100, 61, 20], by=play.siti, supersedes=form.uuid)
    with pytest.raises(NotClaimed, match="form_changed"):
        read(form, figures(VOTES), by=play.oper)
    assert state(play) == (Review.PENDING, ReadingState.WAITING, False)
    assert take(play.oper, play.election) == anew


def test_a_claim_on_an_old_version_keeps_nobody_from_the_new_one(play):
    other = cast.person("oper2", Role.OPERATOR, "35.07")
    form = send(play, "dampit_1", VOTES, by=play.siti)
    take(play.oper, play.election)
    anew = send(play, "dampit_1", [100, 61, 20], by=play.siti, supersedes=form.uuid)
    assert take(other, play.election) == anew
    with pytest.raises(NotClaimed):
        read(form, figures(VOTES), by=play.oper)
    assert take(play.oper, play.election) is None


def test_forms_whose_photos_are_on_their_way_cost_no_query_each(play, monkeypatch):
    monkeypatch.setattr(claims, "AHEAD", 1)

    def asked_for(expected):
        with CaptureQueriesContext(connection) as asked:
            assert take(play.oper, play.election) == expected
        claims.release(play.oper)
        return len(asked)

    here = send(play, "pamotan_1", VOTES, by=play.siti)
    alone = asked_for(here)
    later = send(play, "gedangan_1", VOTES, by=play.joko, photos=(PhotoName("ab" * 32, 1),))
    intake.submit(
        cast.submission(play, "pamotan_1", [1, 2, 3], supersedes=here.uuid, photos=(PhotoName("cd" * 32, 1),)),
        by=play.siti,
        channel=Channel.API,
    )
    newest = send(play, "dampit_1", VOTES, by=play.siti)
    assert later.pk < newest.pk
    assert asked_for(newest) == alone


def test_a_coordinators_decision_ends_a_reading(play):
    form = send(play, "dampit_1", VOTES, by=play.siti)
    take(play.oper, play.election)
    verification.reject(form, by=play.budi, seen=play.result("dampit_1").audit_seq, reason="Bukan C1")
    with pytest.raises(NotClaimed):
        read(form, figures(VOTES), by=play.oper)
    assert take(play.oper, play.election) is None
    assert not ReadingClaim.objects.exists()


def test_a_claim_given_up_in_another_tab_loses_no_reading(play, monkeypatch):
    form = send(play, "dampit_1", VOTES, by=play.siti)
    take(play.oper, play.election)
    follow = readings._follow

    def give_up(reading, result, *, by):
        follow(reading, result, by=by)
        ReadingClaim.objects.all().delete()

    monkeypatch.setattr(readings, "_follow", give_up)
    read(form, figures([1, 2, 3]), by=play.oper)
    monkeypatch.undo()
    assert state(play) == (Review.PENDING, ReadingState.AGAIN, False)
    assert take(play.oper, play.election) == form


def test_nothing_is_read_in_a_closed_election(play):
    form = send(play, "dampit_1", VOTES, by=play.siti)
    take(play.oper, play.election)
    type(play.election).objects.update(phase=Phase.CLOSED)
    with pytest.raises(NotClaimed):
        read(form, figures(VOTES), by=play.oper)


# Twice


def test_pressed_twice_is_one_reading_and_a_used_key_is_refused(play):
    form = send(play, "dampit_1", VOTES, by=play.siti)
    take(play.oper, play.election)
    sent = Sent(uuid.uuid4(), form.pk, figures(VOTES))
    assert readings.read(sent, by=play.oper) == readings.read(sent, by=play.oper)
    assert (Reading.objects.count(), Decision.objects.count()) == (1, 1)
    with pytest.raises(ReadingRefused, match="key_reused"):
        readings.read(Sent(sent.uuid, form.pk, figures([1, 2, 3])), by=play.oper)


# What the database refuses


def raw_reading(play, form, **changes):
    values = {
        "uuid": uuid.uuid4(),
        "result": play.result("dampit_1"),
        "form": form,
        "round": 1,
        "reader": play.oper,
        "first_reader": play.siti,
        "finding": Finding.EQUAL,
        "claimed_at": timezone.now(),
        "read_at": timezone.now(),
        "content_hash": "",
    }
    return Reading.objects.create(**values | changes)


def test_the_second_reader_is_another_person_by_a_rule_of_the_database(play):
    form = send(play, "dampit_1", VOTES, by=play.siti)
    elsewhere = play.result("dampit_2")
    wrong = [
        {"reader": play.siti},  # the first reader again
        {"reader": play.siti, "first_reader": play.joko},  # who says it was somebody else
        {"result": elsewhere},
        {"round": 3},
        {"differing": ["votes_1"]},
        {"finding": Finding.NOT_C1},
    ]
    for changes in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            raw_reading(play, form, **changes)
    raw_reading(play, form)
    with pytest.raises(IntegrityError), transaction.atomic():
        raw_reading(play, form)  # the same round twice


def test_a_reading_is_never_changed_and_the_audit_finds_one_that_was(play):
    form = send(play, "dampit_1", VOTES, by=play.siti)
    take(play.oper, play.election)
    reading = read(form, figures(VOTES), by=play.oper)
    for act in (
        lambda: Reading.objects.update(valid_votes=1),
        lambda: reading.votes.update(votes=1),
        lambda: reading.votes.all().delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            act()
    stray = raw_reading(play, form, round=2)
    assert list(audit.verify()) == [f"hasil {play.result('dampit_1').pk}: bacaan {stray.pk} tidak tercatat"]


def test_a_stronger_look_stays_possible(play):
    """A coordinator need not wait for the second reading."""
    form = send(play, "dampit_1", VOTES, by=play.siti)
    verification.approve(form, by=play.budi, seen=play.result("dampit_1").audit_seq)
    assert state(play) == (Review.VERIFIED, ReadingState.NONE, False)
    assert take(play.oper, play.election) is None


def test_a_second_witness_with_equal_figures_confirms_and_leaves_the_reading(play):
    form = send(play, "dampit_1", VOTES, by=play.siti)
    send(play, "dampit_1", VOTES, by=play.joko)
    assert take(play.oper, play.election) == form
    assert StationResult.objects.get(pk=play.result("dampit_1").pk).form == form


def test_intake_takes_no_more_statements_for_it(play):
    def statements(station, mode):
        read_all_twice(play, mode)
        submission = cast.submission(play, station, VOTES, photos=(arrived(play.siti, station),))
        with CaptureQueriesContext(connection) as asked:
            intake.submit(submission, by=play.siti, channel=Channel.API)
        return len(asked)

    assert statements("dampit_1", ReadingMode.LOOK) == statements("dampit_2", ReadingMode.ALL)
