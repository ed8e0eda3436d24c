"""Claims about findings that rest on more than one place: what one of them becomes moves what stands at the other."""

import datetime as dt
from dataclasses import replace

from django.db import connection
from django.test.utils import CaptureQueriesContext

from analytics.examining import running
from analytics.examining.recording import record
from analytics.expectations import choosing
from analytics.findings import acting
from analytics.models import ElectionRules, Expectation, Finding, FindingAttachment, FindingState, Rule
from analytics.off_target.documents import marks_of
from tallies import intake, preparation
from tallies.count_room import verification
from tallies.models import Channel, Election, ExaminationRow, FormKind, Office, Phase
from tallies.official import importing
from tallies.preparation import NewStation
from tallies.submission import PhotoName
from tallies.totals import aggregation
from tests import cast, recaps
from tests.cast import submission
from tests.finding_makers import PDF, found
from tests.recaps import official

SAME, OTHER, THIRD = "ab" * 32, "cd" * 32, "ef" * 32


def send(play, station, votes, by=None, photos=(), **changes):
    named = tuple(PhotoName(sha256, number) for number, sha256 in enumerate(photos, start=1))
    given = submission(play, station, votes, photos=named, **changes)
    receipt = intake.submit(given, by=by or play.budi, channel=Channel.API)
    aggregation.drain()
    running.examine_changed()
    return receipt.form


def reject(play, form, station):
    verification.reject(form, by=play.rina, reason="Bukan C1", seen=play.result(station).audit_seq)
    aggregation.drain()
    running.examine_changed()


def at(play, rule, station):
    return Finding.objects.get(rule=rule, station=play.stations[station])


def active(play, rule):
    names = {station.pk: name for name, station in play.stations.items()}
    return {names[one.station_id] for one in Finding.objects.open().filter(rule=rule)}


def test_a_photo_that_is_replaced_at_one_station_closes_the_finding_at_the_other(play):
    first = send(play, "dampit_1", [80, 100, 20], photos=[SAME])
    send(play, "gedangan_1", [70, 60, 10], photos=[SAME])
    assert active(play, Rule.SAME_FILE) == {"dampit_1", "gedangan_1"}
    send(play, "dampit_1", [80, 100, 20], photos=[OTHER], supersedes=first.uuid)
    assert active(play, Rule.SAME_FILE) == set()


def test_the_photo_of_a_rejected_form_is_nobodys_copy(play):
    first = send(play, "dampit_1", [80, 100, 20], photos=[SAME])
    second = send(play, "gedangan_1", [70, 60, 10], photos=[SAME])
    reject(play, first, "dampit_1")
    assert active(play, Rule.SAME_FILE) == set()
    send(play, "gedangan_1", [70, 61, 10], photos=[SAME], supersedes=second.uuid)
    assert active(play, Rule.SAME_FILE) == set()


def test_a_station_keeps_all_its_copies_whichever_neighbour_is_examined(play):
    send(play, "dampit_1", [80, 100, 20], photos=[SAME, OTHER])
    send(play, "dampit_2", [81, 100, 20], photos=[SAME])
    third = send(play, "gedangan_1", [70, 60, 10], photos=[OTHER])
    assert at(play, Rule.SAME_FILE, "dampit_1").numbers["photos"] == [SAME, OTHER]
    send(play, "gedangan_1", [70, 60, 10], photos=[THIRD], supersedes=third.uuid)
    assert active(play, Rule.SAME_FILE) == {"dampit_1", "dampit_2"}
    assert at(play, Rule.SAME_FILE, "dampit_1").numbers["photos"] == [SAME]


def test_another_report_that_differs_opens_what_was_answered_for_the_first(play):
    send(play, "dampit_1", [80, 100, 20])
    send(play, "dampit_1", [100, 80, 20], by=play.siti)
    answered = at(play, Rule.TWO_READINGS, "dampit_1")
    Finding.objects.filter(pk=answered.pk).update(state=FindingState.EXPLAINED, closed_at=answered.opened_at)
    send(play, "dampit_1", [1, 180, 20], by=play.joko)
    assert at(play, Rule.TWO_READINGS, "dampit_1").state == FindingState.OPEN


# Answers, expectations, and a contest in which we back nobody


def seen(finding):
    finding.refresh_from_db()
    return acting.Seen(finding.version, finding.events.last().pk)


def test_an_answer_taken_back_after_the_figures_were_mended_closes_by_itself(play):
    wrong = send(play, "dampit_1", [80, 100, 20], values={"valid_votes": 220, "voters_total": 225})
    finding = at(play, Rule.SUM_OF_PAIRS, "dampit_1")
    acting.explain(finding, "Memang begitu", seen=seen(finding), by=play.budi)
    send(play, "dampit_1", [80, 100, 20], supersedes=wrong.uuid)
    acting.reopen(finding, "Keliru", seen=seen(finding), by=play.budi)
    running.examine_changed()
    finding.refresh_from_db()
    assert finding.state == FindingState.CLOSED


def test_the_same_note_with_another_file_loses_no_file(play):
    send(play, "dampit_1", [80, 100, 20], values={"valid_votes": 220, "voters_total": 225})
    finding = at(play, Rule.SUM_OF_PAIRS, "dampit_1")
    page = seen(finding)
    for file in (PDF, PDF, PDF + b"\n%%EOF\n"):
        acting.note(finding, "Lihat berkas", seen=page, by=play.budi, files=[file])
    assert FindingAttachment.objects.filter(event__finding=finding).count() == 2


def test_what_was_found_against_an_expectation_is_asked_again_when_another_is_in_force(play):
    record([found(play, rule, "") for rule in (Rule.AREA_SWING, Rule.SILENT_STRONGHOLD)], set())
    today = dt.date(2020, 12, 1)
    other = Expectation.objects.create(
        contest=play.malang, method="impor", source="x", stated_on=today, is_active=False
    )
    choosing.activate(other, by=play.budi)
    running.examine_changed()
    assert not Finding.objects.open().exists()


def test_where_we_back_nobody_documents_are_compared_all_the_same(play):
    play.malang.pairs.update(usungan=False)
    send(play, "dampit_1", [80, 100, 20])
    send(play, "dampit_2", [70, 60, 10])
    send(play, "pamotan_1", [60, 50, 10])
    padded = {recaps.SUKAMAJU: [150, 190, 30], recaps.PAMOTAN: [60, 50, 10]}
    recaps.send(play, recaps.columns(padded), by=recaps.recap_witness(play))
    official(play, {"dampit_1": [80, 130, 20]})
    running.examine_changed()
    shift = Finding.objects.get(rule=Rule.SHIFT)
    assert (shift.numbers["kind"], shift.numbers["proven"], shift.stake) == ("padding", {"2": 30}, 0)
    differs = at(play, Rule.OFFICIAL_DIFFERS, "dampit_1")
    assert (differs.numbers["margin_votes"], differs.stake) == (None, 0)


def test_a_pair_of_which_the_source_says_nothing_is_no_difference(play):
    send(play, "dampit_1", [80, 100, 20])
    official(play, {"dampit_1": [80, 100, ""]})
    running.examine_changed()
    assert not Finding.objects.filter(rule=Rule.OFFICIAL_DIFFERS).exists()
    official(play, {"dampit_1": [80, 101, ""]})
    running.examine_changed()
    assert [one["pair"] for one in at(play, Rule.OFFICIAL_DIFFERS, "dampit_1").numbers["differences"]] == [2]


def test_a_batch_of_thirty_stations_costs_as_many_queries_as_one_of_three(play):
    desa = cast.region("35.07.06.2001").pk
    names = [f"gedangan_{number}" for number in range(2, 35)]
    made = preparation.add_stations(play.election, [NewStation(desa, n, 150, 150) for n in range(2, 35)])
    play.stations.update(zip(names, made, strict=True))
    aggregation.drain()
    running.examine_changed()
    cost = []
    for some in (names[:3], names[3:]):
        for number, station in enumerate(some):
            given = submission(
                play,
                station,
                [80 + number, 100, 20],
                values={"valid_votes": 220, "voters_total": 225},
                photos=(PhotoName(SAME, 1),),
            )
            intake.submit(given, by=play.budi, channel=Channel.API)
        aggregation.drain()
        with CaptureQueriesContext(connection) as queries:
            running.examine_batch(play.election)
        cost.append(len(queries))
    assert Finding.objects.filter(rule=Rule.SAME_FILE).count() == len(names)
    assert cost[1] <= cost[0] + 2, cost


def test_votes_of_a_confirmed_difference_are_missing_only_while_the_documents_differ(play):
    """Confirmed, then put right by the KPU: the answer stays, the votes are back."""
    send(play, "dampit_1", [80, 100, 20])
    official(play, {"dampit_1": [60, 120, 20]})
    running.examine_changed()
    finding = at(play, Rule.OFFICIAL_DIFFERS, "dampit_1")
    acting.confirm(finding, "C1 asli sama dengan C1 kita", seen=seen(finding), by=play.budi)

    def missing():
        marks = marks_of([play.malang.pk])
        return marks[play.malang.pk].deltas(play.malang.region) if marks else {}

    assert missing() == {1: -20, 2: 20}
    right = official(play, {"dampit_1": [80, 100, 20]})
    running.examine_changed()
    assert missing() == {}
    finding.refresh_from_db()
    assert (finding.state, finding.events.last().action) == (FindingState.CONFIRMED, "past")
    importing.undo(right, by=play.budi)
    running.examine_changed()
    assert missing() == {1: -20, 2: 20}
    finding.refresh_from_db()
    assert (finding.state, finding.version) == (FindingState.CONFIRMED, 1)


def test_an_election_with_thresholds_that_are_none_holds_up_no_other(play):
    intake.submit(submission(play, "dampit_1", [80, 100, 20]), by=play.budi, channel=Channel.API)
    ElectionRules.objects.create(election=play.election, rules={"no_such_threshold": 1})
    later = Election.objects.create(
        name="Pilkada lain", slug="lain", date=dt.date(2024, 11, 27), phase=Phase.OPEN, form_kind=FormKind.SHORT
    )
    pairs = [preparation.NewPair(1, "Satu", usungan=True), preparation.NewPair(2, "Dua")]
    contest = preparation.create_contest(later, cast.region("35.24"), Office.REGENT, pairs)
    [station] = preparation.add_stations(later, [NewStation(cast.region("35.24.01.2001").pk, 7, 150, 150)])
    given = submission(play, "babat_1", [80, 100], values={"valid_votes": 220, "voters_total": 225})
    given = replace(given, contest_id=contest.pk, station_id=station.pk)
    intake.submit(given, by=play.agus, channel=Channel.API)
    aggregation.drain()
    assert running.examine_changed() >= 1
    assert Finding.objects.get(rule=Rule.SUM_OF_PAIRS).contest == contest
    assert ExaminationRow.objects.filter(contest=play.malang).exists()
