"""After any sequence of what people do to a station, its state is one that somebody can see, explain and settle."""

from __future__ import annotations

import random
import sys
from collections import Counter

import pytest
from django.db import connection, transaction
from hypothesis import given

from accounts.models import Role
from tallies import audit, intake
from tallies.count_room import claims, readings, suggesting, verification, work_queue
from tallies.count_room.decision_page import decision_page
from tallies.count_room.verification import NotDecidable
from tallies.models import (
    OPEN_READINGS,
    C1Form,
    Finding,
    Outcome,
    PairTotal,
    Phase,
    Reading,
    ReadingState,
    Review,
    StationResult,
)
from tallies.totals import aggregation, rebuilding
from tests import cast, examples
from tests.evenings import ACTIONS, STATIONS, Evening, Tally, decide, evenings, move
from tests.reading import figures, read, read_all_twice, report, send, take

VOTES = [100, 60, 20]
OTHERS = [1, 2, 3]


@pytest.fixture
def play(play):
    read_all_twice(play)
    play.people["reader"] = cast.person("reader", Role.OPERATOR, "35.07")
    return play


def state(play, station="dampit_1"):
    result = play.result(station)
    return result.form, result.review, result.reading, result.disputed


# What has to hold of one station


def of_station(result: StationResult) -> list[C1Form]:
    return list(C1Form.objects.filter(contest=result.contest_id, station=result.station_id))


def is_answered(form: C1Form, result: StationResult) -> bool:
    """Somebody said what becomes of ``form``: its sender with a later version, or a coordinator."""
    outcomes = set(form.decisions.values_list("outcome", flat=True))
    if outcomes & {Outcome.REJECTED, Outcome.MOVED}:
        return True
    later = [one for one in form.superseded_by.all() if not one.decisions.filter(outcome=Outcome.MOVED).exists()]
    settled = result.decisions.filter(outcome__in=[Outcome.VERIFIED, Outcome.CORRECTED])
    settling = settled.filter(settled_through__gte=form.pk)
    gone = C1Form.objects.filter(decisions__outcome__in=[Outcome.REJECTED, Outcome.MOVED])
    return bool(later) or settling.exclude(form__in=gone).exists()


def check_station(play, station, reader):
    result = play.result(station)
    if not result.is_in:
        left = {form for form in of_station(result) if not is_answered(form, result)}
        page = decision_page(with_place(result), for_user=play.budi)
        assert left <= {column.source for column in page.columns}, "a report nobody counts or sees"
        assert result.proposed_form_id or not left, "a report that nobody is asked about"
        assert (result.disputed, result.reading) == (False, ReadingState.NONE)
        return
    rivals = intake.has_open_rival(result)
    assert result.disputed == (rivals or result.reading == ReadingState.COORDINATOR)
    proposed = result.proposed_form
    assert proposed is None or proposed.pk != result.form_id
    assert proposed is None or result.form.supersedes_id != proposed.pk, "proposed although its sender replaced it"
    check_reading(play, result, reader)
    check_page(play, result)


def check_reading(play, result, reader):
    known = [(one.round, one.finding) for one in Reading.objects.filter(form=result.form).order_by("round")]
    if result.reading in OPEN_READINGS:
        assert result.review == Review.PENDING
        assert known == ([] if result.reading == ReadingState.WAITING else [(1, Finding.DIFFERS)])
        readable = claims.to_read(reader, play.election).filter(pk=result.pk).exists()
        assert readable or result.disputed or result.proposed_form_id, "it waits for nobody"
    if result.reading == ReadingState.COORDINATOR:
        assert readings.readings_of(result), "nothing to be seen of what was read"


def check_page(play, result):
    """What waits stands in one group of the queue, and some coordinator can settle it there."""
    election = play.election
    shown = work_queue.page(play.budi, election, work_queue.View.ALL).rows
    settled = result.review == Review.VERIFIED and not result.disputed and not result.proposed_form_id
    assert [one.pk for one in shown].count(result.pk) == (0 if settled else 1)
    if result.disputed:
        pages = [decision_page(with_place(result), for_user=one) for one in (play.budi, play.rina)]
        assert any(page.may_be_verified for page in pages), "disputed, and nobody can settle it"
        assert all(page.is_choice or page.remarks for page in pages), "disputed, and the page says no reason"


def with_place(result):
    return StationResult.objects.with_place().get(pk=result.pk)


def check(play, known=None):
    """Check both stations. ``known`` keeps what was checked: what nobody touched since is not looked at again."""
    for station in STATIONS:
        touched = traces(play, station)
        if known is None or known.get(station) != touched:
            check_station(play, station, play.reader)
        if known is not None:
            known[station] = touched


#: All that `check_station` is about. Forms, readings and decisions never change: their keys say what they are.
TRACES = [
    f"SELECT {columns} WHERE station_id = %s ORDER BY 1"
    for columns in (
        "* FROM tallies_stationresult",
        "c.* FROM tallies_readingclaim c JOIN tallies_stationresult r ON r.id = c.result_id",
        "id FROM tallies_c1form",
        "g.id FROM tallies_reading g JOIN tallies_c1form f ON f.id = g.form_id",
        "d.id FROM tallies_decision d JOIN tallies_c1form f ON f.id = d.form_id",
    )
]


def traces(play, station):
    found = [play.election.phase]
    with connection.cursor() as cursor:
        for rows in TRACES:
            cursor.execute(rows, [play.stations[station].pk])
            found.append(cursor.fetchall())
    return found


def check_sums(play):
    aggregation.drain()
    assert list(rebuilding.differences(play.election)) == []
    assert summed_by_hand(play) == stored_sums(play)
    assert list(audit.verify()) == []


def summed_by_hand(play):
    """Votes by region and pair as one adds them with a pencil: the paper that counts at each station, row by row."""
    sums = Counter()
    for result in StationResult.objects.filter(contest=play.malang).select_related("station__region"):
        for vote in result.form.votes.select_related("pair") if result.is_in else ():
            place = result.station.region
            while place is not None and place.level >= play.malang.region.level:
                sums[place.code, vote.pair.number] += vote.votes
                place = place.parent
    return +sums


def stored_sums(play):
    rows = PairTotal.objects.filter(contest=play.malang).values_list("region__code", "pair__number", "votes")
    return +Counter({(code, number): votes for code, number, votes in rows})


# Single sequences


def test_a_witness_who_takes_back_a_difference_ends_it(play):
    counted = send(play, "dampit_1", VOTES, by=play.siti)
    decide(play, verification.approve, counted)
    rival = send(play, "dampit_1", OTHERS, by=play.joko)
    assert state(play)[3] is True
    send(play, "dampit_1", VOTES, by=play.joko, supersedes=rival.uuid)
    assert state(play) == (counted, Review.VERIFIED, ReadingState.NONE, False)
    check(play)
    check_sums(play)


@pytest.mark.parametrize("act", ["reject", "move"])
def test_an_equal_report_of_another_witness_counts_when_the_counted_one_goes(play, act):
    counted = send(play, "dampit_1", VOTES, by=play.siti)
    equal = send(play, "dampit_1", VOTES, by=play.joko)
    if act == "move":
        move(play, counted, "gedangan_1")
    else:
        decide(play, verification.reject, counted, reason="Bukan C1")
    assert state(play) == (equal, Review.PENDING, ReadingState.WAITING, False)
    check(play)
    check_sums(play)


@pytest.mark.parametrize("act", ["reject", "move"])
def test_a_difference_is_open_again_when_the_form_that_settled_it_goes(play, act):
    counted = send(play, "dampit_1", VOTES, by=play.siti)
    other = send(play, "dampit_1", OTHERS, by=play.joko)
    decide(play, verification.approve, counted)
    if act == "move":
        move(play, counted, "gedangan_1")
    else:
        decide(play, verification.reject, counted, reason="Bukan C1")
    assert state(play) == (other, Review.PENDING, ReadingState.WAITING, False)
    check(play)
    check_sums(play)


def test_a_right_form_counts_again_when_the_wrong_one_sent_over_it_is_moved(play):
    """One witness, two TPS: the C1 of the second is sent as a correction of the first."""
    right = send(play, "dampit_1", VOTES, by=play.siti)
    wrong = send(play, "dampit_1", OTHERS, by=play.siti, supersedes=right.uuid)
    move(play, wrong, "dampit_2")
    assert state(play) == (right, Review.PENDING, ReadingState.WAITING, False)
    assert state(play, "dampit_2")[0].figures == wrong.figures
    check(play)
    check_sums(play)


def test_what_was_read_of_a_form_is_known_when_it_counts_again(play):
    for round_, (seen, expected) in enumerate(
        [(VOTES, ReadingState.DONE), (OTHERS, ReadingState.AGAIN), (None, ReadingState.COORDINATOR)]
    ):
        station = ("dampit_1", "dampit_2", "pamotan_1")[round_]
        form = send(play, station, VOTES, by=play.siti)
        assert take(play.oper, play.election) == form
        if seen is None:
            report(form, Finding.UNREADABLE, by=play.oper)
        else:
            read(form, figures(seen), by=play.oper)
        wrong = send(play, station, [7, 8, 9], by=play.siti, supersedes=form.uuid)
        if play.result(station).proposed_form_id:
            decide(play, verification.approve, wrong)
        move(play, wrong, "gedangan_1")
        assert state(play, station) == (form, Review.PENDING, expected, expected == ReadingState.COORDINATOR)
        if expected == ReadingState.AGAIN:
            assert take(play.oper, play.election) == form
            assert read(form, figures(VOTES), by=play.oper).finding == Finding.EQUAL
        decide(play, verification.reject, play.result("gedangan_1").form, reason="Bukan C1")
    check_sums(play)


def test_a_proposal_that_its_sender_replaces_is_a_proposal_no_longer(play):
    form = send(play, "dampit_1", VOTES, by=play.siti)
    decide(play, verification.approve, form)
    proposed = send(play, "dampit_1", OTHERS, by=play.siti, supersedes=form.uuid)
    decide(play, verification.ask_for_fix, form, reason="Foto buram")
    anew = send(play, "dampit_1", [7, 8, 9], by=play.siti, supersedes=proposed.uuid)
    assert (play.result("dampit_1").form, play.result("dampit_1").proposed_form) == (anew, None)
    assert take(play.oper, play.election) == anew
    check(play)
    check_sums(play)


def test_a_report_set_beside_a_refused_one_differs_from_the_next(play):
    """In a locked recap a second proposal takes the place of the first, which nobody answered."""
    form = send(play, "dampit_1", VOTES, by=play.siti)
    decide(play, verification.reject, form, reason="Bukan C1")
    type(play.election).objects.update(phase=Phase.RECAP)
    first = send(play, "dampit_1", OTHERS, by=play.joko)
    second = send(play, "dampit_1", [7, 8, 9], by=play.siti)
    page = decision_page(with_place(play.result("dampit_1")), for_user=play.budi)
    assert [(one.source, one.mark) for one in page.columns] == [
        (form, "rejected"),
        (second, "proposed"),
        (first, "rival"),
    ]
    type(play.election).objects.update(phase=Phase.OPEN)
    anew = send(play, "dampit_1", [4, 4, 4], by=play.siti, supersedes=second.uuid)
    assert state(play) == (anew, Review.PENDING, ReadingState.WAITING, True)
    assert play.result("dampit_1").proposed_form is None


def test_a_proposal_pushed_aside_waits_again_when_the_other_is_refused(play):
    form = send(play, "dampit_1", VOTES, by=play.siti)
    decide(play, verification.reject, form, reason="Bukan C1")
    type(play.election).objects.update(phase=Phase.RECAP)
    first = send(play, "dampit_1", OTHERS, by=play.joko)
    second = send(play, "dampit_1", [7, 8, 9], by=play.siti)
    decide(play, verification.reject, second, reason="Bukan C1")
    assert play.result("dampit_1").proposed_form == first
    check(play)
    check_sums(play)


def test_in_a_locked_recap_only_what_counts_or_waits_is_corrected(play):
    """Anything else would become one more rival, and the page would say that it counts."""
    send(play, "dampit_1", VOTES, by=play.siti)
    rival = send(play, "dampit_1", OTHERS, by=play.joko)
    type(play.election).objects.update(phase=Phase.RECAP)
    seen = cast.submission(play, "dampit_1", [4, 4, 4], supersedes=rival.uuid)
    with pytest.raises(NotDecidable, match="not_the_counted_form"):
        decide(play, verification.correct, rival, submission=seen, reason="Salah ketik")
    assert C1Form.objects.count() == 2


# Whole evenings


@pytest.fixture
def _suggested_once(monkeypatch):
    """What would add up is asked of the same figures again and again, and is a pure function of them."""
    known, suggest = {}, suggesting.suggest

    def remembered(*asked):
        key = repr(asked)
        if key not in known:
            known[key] = suggest(*asked)
        return known[key]

    monkeypatch.setattr(suggesting, "suggest", remembered)


@pytest.mark.usefixtures("_suggested_once")
def test_after_any_evening_nothing_is_lost_and_everything_open_can_be_settled(play, capsys):
    known = {}
    spend_evenings(60, play, capsys, begin=known.clear, after_each=lambda: check(play, known))


def test_after_any_evening_the_totals_equal_a_recount(play, capsys):
    """The sums alone, a sixth of the work: for ten thousand evenings."""
    spend_evenings(20, play, capsys)


def spend_evenings(usual, play, capsys, *, begin=lambda: None, after_each=lambda: None):
    """Spend as many evenings as are asked for, each from nothing; after each, compare totals with a recount."""
    tally = Tally()

    @examples.many(usual)
    @given(evenings)
    def spend(evening):
        with transaction.atomic():
            actor = Evening(play)
            begin()
            for action, seed in evening:
                actor.do(action, random.Random(seed))
                after_each()
            check_sums(play)
            transaction.set_rollback(True)
        play.election.refresh_from_db()
        tally.add(actor)
        if tally.evenings % 100 == 0:
            say(capsys, tally.line())

    spend()
    say(capsys, f"{tally}\n0 differences")
    if tally.evenings >= 1000:
        acts = [name for name in ACTIONS if tally.done(name) * 100 < tally.evenings]
        assert not acts, "what hardly ever succeeds shows nothing"


def say(capsys, words):
    if examples.ASKED:
        with capsys.disabled():
            sys.stdout.write(f"{words}\n")
            sys.stdout.flush()
