"""A form sent for the wrong TPS is moved to the right one, and nothing of it is lost."""

from __future__ import annotations

from uuid import uuid5

import pytest

from tallies import audit
from tallies.count_room import moving, verification
from tallies.count_room.verification import AlreadyChanged, NotDecidable
from tallies.models import C1Form, Channel, ContestTotal, Decision, Outcome, PairTotal, Phase, ReadingState, Review
from tallies.totals import aggregation, rebuilding
from tests.reading import figures, read, read_all_twice, send, take
from tests.sending import at_once

VOTES = [100, 60, 20]


def move(play, form, station, *, by=None, seen=None):
    source = next(name for name, one in play.stations.items() if one.pk == form.station_id)
    seen = play.result(source).audit_seq if seen is None else seen
    target = play.result(station)
    return moving.move(form, target, by=by or play.budi, seen=seen, reason="Di foto tertulis TPS lain")


def votes_of_first_pair(play):
    aggregation.drain()
    assert list(rebuilding.differences(play.election)) == []
    assert list(audit.verify()) == []
    rows = PairTotal.objects.filter(contest=play.malang, pair__number=1).exclude(votes=0)
    return {row.region.name: row.votes for row in rows.select_related("region")}


def test_the_form_counts_where_it_belongs_and_both_branches_are_right(play):
    form = send(play, "dampit_1", VOTES, by=play.siti)
    assert votes_of_first_pair(play)["Dampit"] == 100
    decision = move(play, form, "gedangan_1")
    copy = decision.moved_to
    assert (decision.outcome, decision.form, decision.decided_by) == (Outcome.MOVED, form, play.budi)
    assert (copy.submitted_by, copy.channel, copy.station) == (play.siti, Channel.MOVE, play.stations["gedangan_1"])
    assert (copy.figures, copy.filled_at) == (form.figures, form.filled_at)
    assert [one.sha256 for one in copy.photo_names.all()] == [one.sha256 for one in form.photo_names.all()]
    assert (play.result("dampit_1").review, play.result("dampit_1").form) == (Review.NOT_IN, None)
    assert (play.result("gedangan_1").review, play.result("gedangan_1").form) == (Review.PENDING, copy)
    assert votes_of_first_pair(play)["Gedangan"] == 100
    dampit = ContestTotal.objects.get(contest=play.malang, region__name="Dampit")
    assert (dampit.stations_in, "Dampit" in votes_of_first_pair(play)) == (0, False)


def test_the_right_form_then_counts_where_the_wrong_one_stood(play):
    form = send(play, "dampit_1", VOTES, by=play.siti)
    move(play, form, "gedangan_1")
    right = send(play, "dampit_1", [1, 2, 3], by=play.siti, supersedes=form.uuid)
    assert play.result("dampit_1").form == right
    assert votes_of_first_pair(play)["Kabupaten Malang"] == 101


def test_a_moved_form_is_read_by_another_than_its_witness(play):
    read_all_twice(play)
    form = send(play, "dampit_1", VOTES, by=play.siti)
    copy = move(play, form, "gedangan_1").moved_to
    assert play.result("dampit_1").reading == ReadingState.NONE
    assert take(play.oper, play.election) == copy
    assert read(copy, figures(VOTES), by=play.oper).first_reader == play.siti
    assert play.result("gedangan_1").review == Review.VERIFIED


def test_where_another_form_counts_it_is_a_rival_and_an_equal_one_confirms(play):
    there = send(play, "dampit_2", [1, 2, 3], by=play.siti)
    form = send(play, "dampit_1", VOTES, by=play.siti)
    move(play, form, "dampit_2")
    result = play.result("dampit_2")
    assert (result.form, result.disputed) == (there, True)
    equal = send(play, "dampit_1", [1, 2, 3], by=play.joko)
    move(play, equal, "gedangan_1")
    assert play.result("gedangan_1").disputed is False
    assert votes_of_first_pair(play)["Kabupaten Malang"] == 2


def test_a_rival_is_moved_away_and_the_difference_is_gone(play):
    counted = send(play, "dampit_1", VOTES, by=play.siti)
    rival = send(play, "dampit_1", [1, 2, 3], by=play.joko)
    assert play.result("dampit_1").disputed
    move(play, rival, "gedangan_1")
    assert (play.result("dampit_1").form, play.result("dampit_1").disputed) == (counted, False)


def test_when_the_counted_one_goes_an_open_rival_counts(play):
    counted = send(play, "dampit_1", VOTES, by=play.siti)
    rival = send(play, "dampit_1", [1, 2, 3], by=play.joko)
    move(play, counted, "gedangan_1")
    result = play.result("dampit_1")
    assert (result.form, result.review, result.disputed) == (rival, Review.PENDING, False)


def test_it_is_moved_once(play):
    form = send(play, "dampit_1", VOTES, by=play.siti)
    seen = play.result("dampit_1").audit_seq
    move(play, form, "gedangan_1", seen=seen)
    with pytest.raises(AlreadyChanged):
        move(play, form, "gedangan_1", seen=seen)
    with pytest.raises(NotDecidable, match="was_moved"):
        move(play, form, "pamotan_1")
    with pytest.raises(NotDecidable, match="was_moved"):
        verification.approve(form, by=play.rina, seen=play.result("dampit_1").audit_seq)
    assert C1Form.objects.count() == 2


def test_a_key_that_could_be_guessed_keeps_no_form_where_it_is(play):
    form = send(play, "dampit_1", VOTES, by=play.siti)
    guessed = uuid5(form.uuid, f"station {play.stations['dampit_2'].pk}")
    send(play, "dampit_2", [1, 2, 3], by=play.siti, uuid=guessed)
    assert move(play, form, "dampit_2").moved_to.figures == form.figures


def test_what_cannot_be_moved(play):
    form = send(play, "dampit_1", VOTES, by=play.siti)
    with pytest.raises(NotDecidable, match="same_station"):
        move(play, form, "dampit_1")
    with pytest.raises(NotDecidable, match="another_contest"):
        move(play, form, "babat_1")
    verification.approve(form, by=play.budi, seen=play.result("dampit_1").audit_seq)
    send(play, "dampit_1", [1, 2, 3], by=play.siti, supersedes=form.uuid)
    with pytest.raises(NotDecidable, match="proposal_waits"):
        move(play, form, "gedangan_1")
    for phase, code in ((Phase.RECAP, "recap_locked"), (Phase.CLOSED, "phase_closed")):
        type(play.election).objects.update(phase=phase)
        with pytest.raises(NotDecidable, match=code):
            move(play, form, "gedangan_1")
    assert Decision.objects.filter(outcome=Outcome.MOVED).count() == 0


def test_two_moves_that_cross(committed_play):
    """A's form belongs to B and B's to A; both are moved at once."""

    play = committed_play
    forms = [send(play, "dampit_1", VOTES, by=play.siti), send(play, "dampit_2", [1, 2, 3], by=play.siti)]
    targets = ["dampit_2", "dampit_1"]

    def act(place):
        try:
            return move(play, forms[place], targets[place])
        except AlreadyChanged:
            return None

    assert any(at_once(2, act))
    for place in range(2):
        if not forms[place].decisions.exists():  # the other was first
            move(play, forms[place], targets[place])
    counted = {name: play.result(name).form.figures.votes[1] for name in targets}
    assert counted == {"dampit_1": 1, "dampit_2": 100}
    assert votes_of_first_pair(play)["Kabupaten Malang"] == 101
