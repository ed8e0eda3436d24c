"""Claims about the rules as they run: what changed is asked, written down once, and let go."""

import datetime as dt
import io
import uuid

import pytest

from analytics.examining import batches, running
from analytics.examining.swing_memory import Memory
from analytics.models import ElectionRules, Finding, FindingState, Rule, Severity, SwingMemory
from tallies import assigning, intake
from tallies.count_room import verification
from tallies.models import Channel, ExaminationRow, FormKind, Office
from tallies.official import importing, receiving, turns
from tallies.submission import PhotoName
from tallies.totals import aggregation, rebuilding
from tallies.witnesses import invitations
from tests import cast, recaps
from tests.cast import submission

#: 220 written where the pairs have 200; the voters agree with what is written.
WRONG_SUM = {"valid_votes": 220, "voters_total": 225}


def send(play, station, votes, by=None, **changes):
    receipt = intake.submit(submission(play, station, votes, **changes), by=by or play.siti, channel=Channel.API)
    aggregation.drain()
    return receipt.form


def found(rule):
    return Finding.objects.filter(rule=rule)


def test_a_form_that_came_is_queued_for_the_rules_in_the_transaction_that_counts_it(play):
    ExaminationRow.objects.all().delete()
    form = send(play, "dampit_1", [80, 100, 20])
    row = ExaminationRow.objects.get()
    assert (row.contest_id, row.station_id) == (form.contest_id, form.station_id)
    running.examine_changed()
    assert not ExaminationRow.objects.exists()


def test_a_rebuild_loses_nothing_that_waits_for_the_rules(play):
    ExaminationRow.objects.all().delete()
    form = intake.submit(submission(play, "dampit_1", [80, 100, 20]), by=play.siti, channel=Channel.API).form
    rebuilding.rebuild(play.election)
    assert ExaminationRow.objects.filter(station=form.station_id).exists()


def test_a_wrong_sum_is_found_once_with_its_gap_and_what_would_mend_it(play):
    form = send(play, "dampit_1", [80, 100, 20], values=WRONG_SUM)
    assert running.examine_changed() >= 1
    finding = found(Rule.SUM_OF_PAIRS).get()
    assert (finding.station_id, finding.region_id) == (form.station_id, form.station.region_id)
    assert finding.severity == Severity.HIGH
    assert abs(finding.numbers["relations"][0]["gap"]) == 20
    assert finding.numbers["forms"] == [form.pk]
    assert 1 <= len(finding.suggestions) <= 3
    written = {"1": 80, "2": 100, "3": 20}
    for one in finding.suggestions:
        assert sum((written | one["votes"]).values()) == one["fields"].get("valid_votes", 220)
    assert list(finding.versions.values_list("number", flat=True)) == [1]
    # The same thing twice (a task delivered again) changes nothing.
    ExaminationRow.objects.create(contest=play.malang, region=form.station.region, station=form.station)
    assert running.examine_changed() == 0
    assert finding.events.count() == 1


def test_a_correction_that_mends_it_closes_the_finding(play):
    form = send(play, "dampit_1", [80, 100, 20], values=WRONG_SUM)
    running.examine_changed()
    send(play, "dampit_1", [80, 100, 20], supersedes=form.uuid)
    running.examine_changed()
    finding = found(Rule.SUM_OF_PAIRS).get()
    assert finding.state == FindingState.CLOSED
    assert finding.closed_at
    assert list(finding.events.values_list("action", flat=True)) == ["opened", "closed"]


def test_what_a_person_explained_stays_explained_until_the_figures_are_others(play):
    form = send(play, "dampit_1", [80, 100, 20], values=WRONG_SUM)
    running.examine_changed()
    now = dt.datetime.now(dt.UTC)
    found(Rule.SUM_OF_PAIRS).update(state=FindingState.EXPLAINED, closed_at=now)
    ExaminationRow.objects.create(contest=play.malang, region=form.station.region, station=form.station)
    running.examine_changed()
    assert found(Rule.SUM_OF_PAIRS).get().state == FindingState.EXPLAINED
    send(
        play,
        "dampit_1",
        [80, 100, 20],
        values=WRONG_SUM | {"valid_votes": 230, "voters_total": 235},
        supersedes=form.uuid,
    )
    running.examine_changed()
    finding = found(Rule.SUM_OF_PAIRS).get()
    assert (finding.state, finding.version, finding.closed_at) == (FindingState.OPEN, 2, None)
    assert finding.events.last().action == "reopened"


def test_two_witnesses_who_differ_are_d1_until_somebody_settles_it(play):
    counted = send(play, "dampit_1", [80, 100, 20])
    rival = send(play, "dampit_1", [100, 80, 20], by=play.joko)
    running.examine_changed()
    finding = found(Rule.TWO_READINGS).get()
    assert finding.severity == Severity.HIGH
    assert finding.numbers["is_swap"]
    assert finding.numbers["differences"] == [
        {"pair": 1, "first": 80, "second": 100},
        {"pair": 2, "first": 100, "second": 80},
    ]
    assert finding.numbers["second"] == f"form {rival.pk}"
    result = play.result("dampit_1")
    verification.approve(counted, by=play.budi, seen=result.audit_seq)
    aggregation.drain()
    running.examine_changed()
    assert found(Rule.TWO_READINGS).get().state == FindingState.CLOSED


def test_more_votes_than_the_register_allows_are_found_unless_the_station_is_exempt(play):
    form = send(play, "dampit_1", [200, 90, 20], values={"voters_total": 315})
    running.examine_changed()
    finding = found(Rule.ABOVE_REGISTER).get()
    assert (finding.numbers["votes_cast"], finding.numbers["allowed"], finding.stake) == (315, 308, 7)
    rules, _made = ElectionRules.objects.get_or_create(election=play.election)
    rules.exempt_stations.add(form.station_id)
    ExaminationRow.objects.create(contest=play.malang, region=form.station.region, station=form.station)
    running.examine_changed()
    assert found(Rule.ABOVE_REGISTER).get().state == FindingState.CLOSED


def test_equal_figures_of_two_stations_ask_about_the_later_and_name_the_desa(play):
    send(play, "dampit_1", [80, 100, 20])
    second = send(play, "dampit_2", [80, 100, 20])
    running.examine_changed()
    other = found(Rule.OTHER_STATION).get()
    assert other.station_id == second.station_id
    assert other.numbers["other_station"] == play.stations["dampit_1"].pk
    twins = found(Rule.IDENTICAL_FIGURES).get()
    assert (twins.station_id, twins.region_id, twins.severity) == (None, second.station.region_id, Severity.INFO)


def test_one_photo_for_two_stations_is_found_at_both(play):
    digest = "ab" * 32
    for station in ("dampit_1", "gedangan_1"):
        send(play, station, [80, 100, 20], photos=(PhotoName(digest, 1),))
    running.examine_changed()
    findings = found(Rule.SAME_FILE)
    assert {one.station_id for one in findings} == {play.stations[s].pk for s in ("dampit_1", "gedangan_1")}
    assert all(one.severity == Severity.HIGH and one.numbers["digest"] == digest for one in findings)


def test_a_second_examiner_writes_nothing_that_the_first_has_taken(play, monkeypatch):
    send(play, "dampit_1", [80, 100, 20], values=WRONG_SUM)
    taken = batches.take(play.election)
    monkeypatch.setattr(batches, "take", lambda election, limit: taken if ExaminationRow.objects.exists() else None)
    assert running.examine_batch(play.election) >= 1
    monkeypatch.setattr(batches, "take", lambda election, limit: taken)
    assert running.examine_batch(play.election) == 0
    assert found(Rule.SUM_OF_PAIRS).get().version == 1


def test_a_contest_without_a_pair_of_ours_is_examined_all_the_same(play):
    play.malang.pairs.update(usungan=False)
    send(play, "dampit_1", [80, 100, 20], values=WRONG_SUM)
    running.examine_changed()
    assert found(Rule.SUM_OF_PAIRS).exists()
    assert not SwingMemory.objects.exists()


def test_the_memory_of_s1_holds_the_stations_that_are_in(play):
    form = send(play, "dampit_1", [80, 100, 20])
    send(play, "dampit_2", [90, 90, 20])
    running.examine_changed()
    memory = Memory.unpack(bytes(SwingMemory.objects.get().content))
    assert memory.rows["station"].tolist() == sorted(play.stations[s].pk for s in ("dampit_1", "dampit_2"))
    result = play.result("dampit_1")
    verification.reject(form, by=play.budi, reason="Bukan C1", seen=result.audit_seq)
    aggregation.drain()
    running.examine_changed()
    memory = Memory.unpack(bytes(SwingMemory.objects.get().content))
    assert memory.rows["station"].tolist() == [play.stations["dampit_2"].pk]


# Documents


def whole_dampit(play):
    """Every C1 of kecamatan Dampit: ours 80 + 70 + 60, the rival's 100 + 60 + 50, the third 20 + 10 + 10."""
    for station, votes in (("dampit_1", [80, 100, 20]), ("dampit_2", [70, 60, 10]), ("pamotan_1", [60, 50, 10])):
        send(play, station, votes, by=play.budi)
    running.examine_changed()


SHIFTED = {recaps.SUKAMAJU: [130, 180, 30], recaps.PAMOTAN: [60, 50, 10]}


def test_votes_that_moved_between_the_c1s_and_the_recap_are_proven_with_every_c1_in_hand(play):
    whole_dampit(play)
    recap = recaps.send(play, recaps.columns(SHIFTED), by=recaps.recap_witness(play))
    running.examine_changed()
    finding = found(Rule.SHIFT).get()
    assert (finding.region.code, finding.station_id, finding.severity) == (recaps.DAMPIT, None, Severity.CRITICAL)
    assert finding.numbers["kind"] == "shift"
    assert finding.numbers["proven"] == {"1": -20, "2": 20}
    columns = [(one["region"], one["kind"]) for one in finding.numbers["columns"]]
    assert columns == [(recaps.key(recaps.SUKAMAJU), "shift")]
    assert (finding.numbers["missing"], finding.numbers["recap_form"], finding.stake) == (0, recap.pk, 40)


def test_a_recap_that_says_what_the_c1s_say_is_no_finding(play):
    whole_dampit(play)
    honest = {recaps.SUKAMAJU: [150, 160, 30], recaps.PAMOTAN: [60, 50, 10]}
    recaps.send(play, recaps.columns(honest), by=recaps.recap_witness(play))
    running.examine_changed()
    assert not Finding.objects.filter(rule__in=[Rule.SHIFT, Rule.PROVEN_SHIFT]).exists()


def test_a_shift_is_closed_by_a_recap_that_is_corrected(play):
    whole_dampit(play)
    witness = recaps.recap_witness(play)
    wrong = recaps.send(play, recaps.columns(SHIFTED), by=witness)
    running.examine_changed()
    honest = {recaps.SUKAMAJU: [150, 160, 30], recaps.PAMOTAN: [60, 50, 10]}
    recaps.send(play, recaps.columns(honest), by=witness, supersedes=wrong.uuid)
    running.examine_changed()
    assert found(Rule.SHIFT).get().state == FindingState.CLOSED


def test_with_a_c1_missing_only_what_no_ballot_explains_is_proven(play):
    """Dampit 2 is silent: 308 ballots could be anybody's. 20 votes may hide there; fewer than we hold may not."""
    send(play, "dampit_1", [80, 100, 20], by=play.budi)
    send(play, "pamotan_1", [60, 50, 10], by=play.budi)
    running.examine_changed()
    witness = recaps.recap_witness(play)
    possible = {recaps.SUKAMAJU: [80, 230, 30], recaps.PAMOTAN: [60, 50, 10]}
    form = recaps.send(play, recaps.columns(possible), by=witness)
    running.examine_changed()
    assert not found(Rule.PROVEN_SHIFT).exists()
    impossible = {recaps.SUKAMAJU: [60, 250, 30], recaps.PAMOTAN: [60, 50, 10]}
    recaps.send(play, recaps.columns(impossible), by=witness, supersedes=form.uuid)
    running.examine_changed()
    finding = found(Rule.PROVEN_SHIFT).get()
    assert (finding.numbers["missing"], finding.numbers["proven"]) == (1, {"1": -20})
    assert finding.severity == Severity.CRITICAL


def test_an_official_figure_that_is_not_ours_is_found_with_what_it_does_to_the_margin(play):
    send(play, "dampit_1", [80, 100, 20])
    text = "kode desa;tps;1;2;3\n35.07.05.2001;1;60;120;20\n"
    when = dt.datetime(2020, 12, 15, tzinfo=dt.UTC)
    said = receiving.Statement(play.election, Office.REGENT, play.malang, play.malang.region, "KPU", when)
    brought = receiving.receive(io.BytesIO(text.encode()), "kpu.csv", said, by=play.budi)
    turns.run(brought)
    importing.confirm(brought, by=play.budi)
    turns.run(brought)
    running.examine_changed()
    finding = found(Rule.OFFICIAL_DIFFERS).get()
    assert finding.numbers["differences"] == [
        {"pair": 1, "first": 80, "second": 60},
        {"pair": 2, "first": 100, "second": 120},
    ]
    # The only TPS that is in: 40 votes are more than a quarter of the margin of 20.
    assert (finding.numbers["margin_votes"], finding.severity) == (40, Severity.CRITICAL)
    # The margin grows elsewhere: the same difference decides nothing any more.
    send(play, "gedangan_1", [250, 20, 10], by=play.budi)
    running.examine_changed()
    finding.refresh_from_db()
    assert (finding.severity, finding.numbers["margin_votes"], finding.state) == (
        Severity.HIGH,
        40,
        FindingState.OPEN,
    )


# Invitations (C6)


def invited(play, station="dampit_1", by=None, **figures):
    told = {"received": 150, "handed_out": 150, "not_delivered": 0} | figures
    sent = invitations.Report(uuid=uuid.uuid4(), station_id=play.stations[station].pk, **told)
    return invitations.submit(sent, by=by or play.siti, channel=Channel.API).report


def test_more_voters_than_invitations_that_arrived_are_found_whichever_came_first(db):
    play = cast.make_play(form_kind=FormKind.FULL)
    send(play, "dampit_1", [100, 100, 50], values={"voters_dpt": 255, "registered_dpt": 300})
    running.examine_changed()
    assert not found(Rule.ABOVE_INVITATIONS).exists()
    report = invited(play, received=300, handed_out=240, not_delivered=46)
    assert ExaminationRow.objects.get().station == report.station
    running.examine_changed()
    finding = found(Rule.ABOVE_INVITATIONS).get()
    assert (finding.severity, finding.numbers["excess"], finding.stake) == (Severity.MEDIUM, 1, 1)
    # One who had fewer come back explains the voters: what was said closes.
    invited(play, by=play.joko, received=300, handed_out=255, not_delivered=45)
    running.examine_changed()
    finding.refresh_from_db()
    assert finding.state == FindingState.CLOSED


def test_a_report_that_is_not_kept_queues_nothing(play):
    ExaminationRow.objects.all().delete()
    sent = invitations.Report(uuid.uuid4(), play.stations["dampit_1"].pk, 1, 1, 0)
    invitations.submit(sent, by=play.siti, channel=Channel.API)
    invitations.submit(sent, by=play.siti, channel=Channel.API)
    assert ExaminationRow.objects.count() == 1
    assigning.revoke(play.joko.assignments.get(), by=play.budi)
    with pytest.raises(invitations.AssignmentRevoked):
        invited(play, by=play.joko)
    assert ExaminationRow.objects.count() == 1
