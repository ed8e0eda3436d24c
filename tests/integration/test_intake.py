"""Claims about `tallies.intake`: what is stored, what counts, what is kept beside."""

import uuid

import pytest

from tallies import audit, intake
from tallies.count_room import verification
from tallies.models import C1Form, Channel, ContestTotal, OutboxRow, PairTotal, Phase, Review, StationResult
from tallies.totals import aggregation, rebuilding
from tests.cast import submission


def send(play, station, votes, by="siti", **changes):
    return intake.submit(submission(play, station, votes, **changes), by=play.people[by], channel=Channel.API)


def votes_at(code):
    return list(PairTotal.objects.filter(region__code=code).order_by("pair__number").values_list("votes", flat=True))


def test_a_first_form_counts_at_once_and_waits_for_verification(play):
    receipt = send(play, "dampit_1", [100, 80, 20])
    result = play.result("dampit_1")
    assert (result.form, result.review, result.disputed) == (receipt.form, Review.PENDING, False)


def test_the_totals_follow_up_to_the_contest(play):
    send(play, "dampit_1", [100, 80, 20])
    send(play, "gedangan_1", [10, 30, 5])
    aggregation.drain()
    assert votes_at("35.07.05.2001") == [100, 80, 20]
    assert votes_at("35.07.05") == [100, 80, 20]
    assert votes_at("35.07") == [110, 110, 25]
    total = ContestTotal.objects.get(region__code="35.07")
    assert (total.stations, total.stations_in, total.valid_votes, total.invalid_votes) == (4, 2, 245, 10)
    assert rebuilding.differences(play.election) == []
    assert not OutboxRow.objects.exists()


def test_the_same_form_twice_is_one_form_and_the_same_answer(play):
    sent = submission(play, "dampit_1", [100, 80, 20])
    first = intake.submit(sent, by=play.siti, channel=Channel.API)
    second = intake.submit(sent, by=play.siti, channel=Channel.API)
    assert (first.created, second.created, second.form) == (True, False, first.form)
    assert C1Form.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(play):
    key = uuid.uuid4()
    send(play, "dampit_1", [100, 80, 20], uuid=key)
    with pytest.raises(intake.KeyReused):
        send(play, "dampit_1", [100, 80, 21], uuid=key)


def test_a_second_witness_never_overwrites(play):
    first = send(play, "dampit_1", [100, 80, 20])
    send(play, "dampit_1", [100, 90, 20], by="joko")
    result = play.result("dampit_1")
    assert (result.form, result.disputed) == (first.form, True)
    assert C1Form.objects.count() == 2


def test_equal_forms_of_two_witnesses_corroborate_and_verify_nothing(play):
    send(play, "dampit_1", [100, 80, 20])
    send(play, "dampit_1", [100, 80, 20], by="joko")
    result = play.result("dampit_1")
    assert (result.review, result.disputed) == (Review.PENDING, False)


def test_a_correction_that_names_the_counted_form_replaces_it(play):
    first = send(play, "dampit_1", [100, 80, 20])
    second = send(play, "dampit_1", [100, 81, 20], supersedes=first.form.uuid)
    result = play.result("dampit_1")
    assert (result.form, result.disputed) == (second.form, False)


def test_naming_another_witness_form_does_not_replace_it(play):
    first = send(play, "dampit_1", [100, 80, 20])
    send(play, "dampit_1", [1, 199, 0], by="joko", supersedes=first.form.uuid)
    result = play.result("dampit_1")
    assert (result.form, result.disputed) == (first.form, True)


def test_a_correction_of_a_verified_form_waits_and_the_verified_one_counts(play):
    first = send(play, "dampit_1", [100, 80, 20])
    verification.approve(first.form, by=play.budi, seen=play.result("dampit_1").audit_seq)
    second = send(play, "dampit_1", [100, 81, 20], supersedes=first.form.uuid)
    result = play.result("dampit_1")
    assert (result.form, result.proposed_form, result.review) == (first.form, second.form, Review.VERIFIED)


def test_a_rejected_form_leaves_the_totals_and_a_new_one_counts_again(play):
    first = send(play, "dampit_1", [100, 80, 20])
    verification.reject(first.form, by=play.budi, seen=1, reason="Foto TPS lain")
    aggregation.drain()
    assert votes_at("35.07") == [0, 0, 0]
    send(play, "dampit_1", [90, 80, 20])
    aggregation.drain()
    assert votes_at("35.07") == [90, 80, 20]
    assert rebuilding.differences(play.election) == []


def test_when_the_counted_form_is_rejected_the_open_rival_counts_unverified(play):
    first = send(play, "dampit_1", [100, 80, 20])
    rival = send(play, "dampit_1", [100, 90, 20], by="joko")
    verification.reject(first.form, by=play.budi, seen=2, reason="Bukan foto TPS ini")
    result = play.result("dampit_1")
    assert (result.form, result.review, result.disputed) == (rival.form, Review.PENDING, False)
    aggregation.drain()
    assert votes_at("35.07") == [100, 90, 20]


def test_a_proposal_that_another_one_passes_over_stays_a_difference(play):
    first = send(play, "dampit_1", [100, 80, 20])
    verification.approve(first.form, by=play.budi, seen=1)
    send(play, "dampit_1", [100, 81, 20], supersedes=first.form.uuid)
    newest = send(play, "dampit_1", [100, 82, 20], supersedes=first.form.uuid)
    result = play.result("dampit_1")
    assert (result.form, result.proposed_form, result.disputed) == (first.form, newest.form, True)


def test_after_the_recap_is_locked_a_refused_station_changes_by_two_persons(play):
    first = send(play, "dampit_1", [100, 80, 20])
    verification.reject(first.form, by=play.budi, seen=1, reason="Foto TPS lain")
    play.election.phase = Phase.RECAP
    play.election.save()
    fixed = submission(play, "dampit_1", [100, 81, 20], supersedes=first.form.uuid)
    receipt = verification.correct(first.form, fixed, by=play.budi, seen=2, reason="Foto yang benar")
    result = play.result("dampit_1")
    assert (result.review, result.proposed_form) == (Review.REJECTED, receipt.form)
    verification.approve(receipt.form, by=play.rina, seen=result.audit_seq)
    assert play.result("dampit_1").review == Review.VERIFIED


@pytest.mark.parametrize("phase", [Phase.PREPARATION, Phase.CLOSED])
def test_a_closed_phase_refuses_with_a_reason(play, phase):
    play.election.phase = phase
    play.election.save()
    with pytest.raises(intake.PhaseClosed):
        send(play, "dampit_1", [100, 80, 20])


def test_after_the_recap_is_locked_a_correction_needs_a_second_person(play):
    first = send(play, "dampit_1", [100, 80, 20])
    play.election.phase = Phase.RECAP
    play.election.save()
    seen = play.result("dampit_1").audit_seq
    fixed = submission(play, "dampit_1", [100, 81, 20], supersedes=first.form.uuid)
    receipt = verification.correct(first.form, fixed, by=play.budi, seen=seen, reason="Salah ketik")
    result = play.result("dampit_1")
    assert (result.form, result.proposed_form) == (first.form, receipt.form)
    with pytest.raises(verification.SamePerson):
        verification.approve(receipt.form, by=play.budi, seen=result.audit_seq)
    verification.approve(receipt.form, by=play.rina, seen=result.audit_seq)
    assert play.result("dampit_1").form == receipt.form


@pytest.mark.parametrize("votes", [[100, 80], [100, 80, 20, 5]])
def test_a_missing_or_additional_pair_is_refused(play, votes):
    with pytest.raises(intake.WrongPairs):
        send(play, "dampit_1", votes)


def test_a_blank_vote_is_not_zero(play):
    receipt = send(play, "dampit_1", [100, None, 20], values={"valid_votes": None})
    assert receipt.form.figures.votes == {1: 100, 2: None, 3: 20}
    assert receipt.form.effective_valid is None


def test_a_blank_valid_box_is_counted_from_the_pairs(play):
    send(play, "dampit_1", [100, 80, 20], values={"valid_votes": None})
    aggregation.drain()
    assert ContestTotal.objects.get(region__code="35.07").valid_votes == 200


def test_a_revoked_witness_goes_to_quarantine_and_never_counts(play):
    play.siti.assignments.update(revoked_at="2020-12-09T05:00:00Z")
    with pytest.raises(intake.AssignmentRevoked):
        intake.submit_as_witness(submission(play, "dampit_1", [100, 80, 20]), by=play.siti, channel=Channel.API)
    assert play.result("dampit_1").review == Review.NOT_IN
    assert play.malang.quarantine.count() == 1


def test_a_quarantined_key_is_not_used_for_another_form(play):
    play.siti.assignments.update(revoked_at="2020-12-09T05:00:00Z")
    key = uuid.uuid4()
    for _again in range(2):
        with pytest.raises(intake.AssignmentRevoked):
            intake.submit_as_witness(
                submission(play, "dampit_1", [100, 80, 20], uuid=key), by=play.siti, channel=Channel.API
            )
    with pytest.raises(intake.KeyReused):
        intake.submit_as_witness(
            submission(play, "dampit_1", [100, 80, 21], uuid=key), by=play.siti, channel=Channel.API
        )
    assert play.malang.quarantine.count() == 1


def test_a_station_that_never_was_theirs_is_not_found(play):
    with pytest.raises(StationResult.DoesNotExist):
        intake.submit_as_witness(submission(play, "babat_1", [100, 80]), by=play.siti, channel=Channel.API)


def test_the_audit_chain_holds_after_all_of_this(play):
    first = send(play, "dampit_1", [100, 80, 20])
    send(play, "dampit_1", [100, 90, 20], by="joko")
    verification.approve(first.form, by=play.budi, seen=play.result("dampit_1").audit_seq)
    assert list(audit.verify()) == []
    assert play.result("dampit_1").audit_seq == 3
