"""Claims about the record of a station: append-only, and `verify_audit` finds what was changed behind it."""

import json
import uuid
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from tallies import append_only, assigning, audit, intake, preparation
from tallies.count_room import error_reports, verification
from tallies.models import (
    AuditEvent,
    C1Form,
    Channel,
    ContactOutcome,
    Decision,
    Election,
    FormPhoto,
    OfficialFigure,
    OfficialImport,
    OfficialVote,
    Pair,
    ReadingMode,
    StationResult,
    Vote,
)
from tallies.preparation import NewPair, NewStation
from tallies.silent import calling
from tallies.submission import PhotoName, Submission
from tallies.witnesses import invitations
from tests import recaps
from tests.cast import region, submission
from tests.reading import figures, read, read_all_twice, take
from tests.reading import send as send_with_photo

PHOTO = PhotoName("ab" * 32, 1)


@pytest.fixture
def history(play):
    """Three stations with everything that is recorded: photo, rival, approval, rejection, an open difference."""
    first = send(play, "dampit_1", [100, 80, 20], photos=(PHOTO,))
    send(play, "dampit_1", [100, 90, 20], by="joko")
    verification.approve(first, by=play.budi, seen=2)
    second = send(play, "gedangan_1", [50, 60, 70])
    verification.reject(second, by=play.budi, seen=1, reason="Foto TPS lain")
    send(play, "gedangan_1", [50, 61, 70])
    send(play, "dampit_2", [9, 8, 7])
    send(play, "dampit_2", [9, 8, 6], by="joko")
    report_invitations(play.stations["dampit_1"], by=play.siti)
    call(play.result("pamotan_1"), by=play.budi)
    read_second(play)
    bring_official_figures(play.malang, play.stations["dampit_1"])
    told = error_reports.tell(play.result("dampit_1"), "palsu", "", by=play.siti)
    error_reports.close(told.entry.report, "Sudah diperiksa.", seen=told.entry.pk, by=play.budi)
    recaps.read_alike(play)
    return play


def read_second(play):
    """One form of a station of its own, read twice."""
    read_all_twice(play)
    form = send_with_photo(play, "pamotan_1", [5, 6, 7], by=play.siti)
    assert take(play.oper, play.election) == form
    read(form, figures([5, 6, 7]), by=play.oper)
    read_all_twice(play, ReadingMode.LOOK)


def bring_official_figures(contest, station):
    source = OfficialImport.objects.create(
        election=contest.election, office=contest.office, contest=contest, region=contest.region, source="KPU",
        as_of="2020-12-15T10:00+07:00", size=1, sha256="ab" * 32, state="diimpor", language="id",
        imported_at="2020-12-16T10:00+07:00",
    )  # fmt: skip
    figure = OfficialFigure.objects.create(source=source, contest=contest, station=station)
    OfficialVote.objects.create(figure=figure, pair=contest.pairs.first(), votes=7)


def report_invitations(station, *, by):
    report = invitations.Report(uuid.uuid4(), station.pk, 300, 290, 10, photos=(PHOTO,))
    return invitations.submit(report, by=by, channel=Channel.API).report


def call(result, *, by):
    return calling.record(result, ContactOutcome.NO_ANSWER, by=by, key=uuid.uuid4())


def send(play, station, votes, by="siti", **changes):
    sent = submission(play, station, votes, **changes)
    return intake.submit(sent, by=play.people[by], channel=Channel.API).form


@pytest.fixture
def without_triggers(history):
    """What somebody with the database's password can do: take the triggers away."""
    if connection.vendor == "postgresql":
        sql("SET CONSTRAINTS ALL IMMEDIATE")  # else the foreign keys' pending events hold the tables
    for statement in append_only.drop_statements(connection.vendor):
        sql(statement)
    return history


def sql(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.rowcount


def first_form():
    return C1Form.objects.order_by("pk").first()


def rival():
    return C1Form.objects.order_by("pk")[1]


def event_of(play, station, seq):
    return AuditEvent.objects.get(result=play.result(station), seq=seq)


def test_a_history_that_nobody_touched_is_silent(history):
    assert list(audit.verify()) == []
    out = StringIO()
    call_command("verify_audit", stdout=out)
    assert out.getvalue() == "6 hasil TPS diperiksa, 0 perubahan ditemukan.\n"


def change_a_vote(play):
    return sql("UPDATE tallies_vote SET votes = votes + 1 WHERE form_id = %s AND votes = 100", first_form().pk)


def blank_a_vote(play):
    return sql("UPDATE tallies_vote SET votes = NULL WHERE form_id = %s AND votes = 100", first_form().pk)


def change_a_figure(play):
    return sql("UPDATE tallies_c1form SET invalid_votes = 6 WHERE id = %s", first_form().pk)


def change_a_figure_nobody_counts(play):
    return sql("UPDATE tallies_c1form SET invalid_votes = 6 WHERE id = %s", rival().pk)


def change_the_effective_valid_votes(play):
    return sql("UPDATE tallies_c1form SET effective_valid = 999 WHERE id = %s", first_form().pk)


def change_the_note(play):
    return sql("UPDATE tallies_c1form SET note = 'x' WHERE id = %s", first_form().pk)


def change_the_time_of_arrival(play):
    return sql("UPDATE tallies_c1form SET received_at = '2020-12-09 10:00:00+00' WHERE id = %s", first_form().pk)


def change_the_checks(play):
    return sql("UPDATE tallies_c1form SET checks = '[\"C1-E09\"]' WHERE id = %s", first_form().pk)


def change_the_page_of_a_photo(play):
    return sql("UPDATE tallies_formphoto SET page = 2")


def change_what_a_photo_shows(play):
    return FormPhoto.objects.filter(form=first_form()).update(subject="keberatan")


def name_another_photo(play):
    FormPhoto.objects.create(form=first_form(), sha256="cd" * 32, page=2)
    return 1


def drop_the_name_of_a_photo(play):
    return sql("DELETE FROM tallies_formphoto")


def delete_a_form(play):
    newest = C1Form.objects.filter(readings=None).order_by("pk").last()
    sql("DELETE FROM tallies_vote WHERE form_id = %s", newest.pk)
    return sql("DELETE FROM tallies_c1form WHERE id = %s", newest.pk)


def delete_one_vote(play):
    return sql("DELETE FROM tallies_vote WHERE form_id = %s AND votes = 100", first_form().pk)


def add_a_form(play):
    """A row that never went through the intake."""
    form = first_form()
    votes = list(form.votes.all())
    form.pk, form.uuid = None, uuid.uuid4()
    form.save(force_insert=True)
    Vote.objects.bulk_create(Vote(form=form, pair_id=vote.pair_id, votes=vote.votes) for vote in votes)
    return 1


def change_what_an_event_says(play):
    event = event_of(play, "dampit_1", 1)
    event.content["effective_valid"] = 999
    return sql("UPDATE tallies_auditevent SET content = %s WHERE id = %s", json.dumps(event.content), event.pk)


def change_who_did_it(play):
    return sql("UPDATE tallies_auditevent SET actor_id = %s WHERE seq = 1", play.people["agus"].pk)


def change_when_it_happened(play):
    return sql("UPDATE tallies_auditevent SET at = '2020-12-09 10:00:00+00' WHERE seq = 1")


def delete_the_last_event(play):
    return sql("DELETE FROM tallies_auditevent WHERE id = %s", event_of(play, "dampit_1", 3).pk)


def delete_an_event_in_between(play):
    return sql("DELETE FROM tallies_auditevent WHERE id = %s", event_of(play, "dampit_1", 2).pk)


def delete_the_whole_chain(play):
    return sql("DELETE FROM tallies_auditevent WHERE result_id = %s", play.result("dampit_1").pk)


def change_the_review(play):
    return sql("UPDATE tallies_stationresult SET review = 'pending' WHERE review = 'verified'")


def clear_a_dispute(play):
    return sql("UPDATE tallies_stationresult SET disputed = NOT disputed WHERE id = %s", play.result("dampit_1").pk)


def count_another_form(play):
    return sql("UPDATE tallies_stationresult SET form_id = %s WHERE id = %s", rival().pk, play.result("dampit_1").pk)


def verify_what_never_came(play):
    """A station that is not in gets another's form."""
    return sql(
        "UPDATE tallies_stationresult SET review = 'verified', form_id = %s WHERE id = %s",
        first_form().pk,
        play.result("pamotan_1").pk,
    )


def change_the_reason_of_a_decision(play):
    return sql("UPDATE tallies_decision SET reason = 'lain' WHERE outcome = 'rejected'")


def turn_a_decision_round(play):
    return sql("UPDATE tallies_decision SET outcome = 'verified' WHERE outcome = 'rejected'")


def delete_a_decision(play):
    return sql("DELETE FROM tallies_decision WHERE outcome = 'rejected'")


def add_a_decision(play):
    decision = Decision.objects.first()
    decision.pk = None
    decision.save(force_insert=True)
    return 1


TAMPERING = [
    change_a_vote,
    blank_a_vote,
    delete_one_vote,
    change_a_figure,
    change_a_figure_nobody_counts,
    change_the_effective_valid_votes,
    change_the_note,
    change_the_time_of_arrival,
    change_the_checks,
    change_the_page_of_a_photo,
    name_another_photo,
    change_what_a_photo_shows,
    drop_the_name_of_a_photo,
    delete_a_form,
    add_a_form,
    change_what_an_event_says,
    change_who_did_it,
    change_when_it_happened,
    delete_the_last_event,
    delete_an_event_in_between,
    delete_the_whole_chain,
    change_the_review,
    clear_a_dispute,
    count_another_form,
    verify_what_never_came,
    change_the_reason_of_a_decision,
    turn_a_decision_round,
    delete_a_decision,
    add_a_decision,
]


@pytest.mark.parametrize("tamper", TAMPERING, ids=lambda tamper: tamper.__name__)
def test_verify_audit_finds(without_triggers, tamper):
    assert tamper(without_triggers) > 0
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("verify_audit", election=without_triggers.election.slug, stdout=out)
    assert ended.value.code == 1
    *sentences, last = out.getvalue().splitlines()
    assert sentences
    assert last == f"6 hasil TPS diperiksa, {len(sentences)} perubahan ditemukan."


def test_tampering_names_its_station_and_no_other(without_triggers):
    change_a_vote(without_triggers)
    (sentence,) = audit.verify()
    assert sentence == f"hasil {without_triggers.result('dampit_1').pk}: formulir {first_form().uuid} berubah"


# The triggers


APPEND_ONLY_ROWS = {
    "tallies_c1form": "note = 'x'",
    "tallies_vote": "votes = 1",
    "tallies_formphoto": "page = 9",
    "tallies_decision": "reason = 'x'",
    "tallies_auditevent": "action = 'x'",
    "tallies_invitationreport": "received = 1",
    "tallies_invitationphoto": "page = 9",
    "tallies_reading": "valid_votes = 1",
    "tallies_readingvote": "votes = 1",
    "tallies_errorreportentry": "text = 'x'",
    "tallies_errorreportanswer": "text = 'x'",
    "tallies_contactattempt": "note = 'x'",
    "tallies_recapform": "note = 'x'",
    "tallies_recapcolumn": "valid_votes = 1",
    "tallies_recapvote": "votes = 1",
    "tallies_recapphoto": "page = 9",
    "tallies_recapreading": "unreadable = 'x'",
    "tallies_recapdecision": "reason = 'x'",
    "tallies_recapevent": "action = 'x'",
    "tallies_officialfigure": "valid_votes = 1",
    "tallies_officialvote": "votes = 1",
}


@pytest.mark.parametrize("table", APPEND_ONLY_ROWS)
def test_rows_refuse_to_change(history, table):
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        sql(f"UPDATE {table} SET {APPEND_ONLY_ROWS[table]}")


@pytest.mark.parametrize("table", APPEND_ONLY_ROWS)
def test_rows_refuse_to_go(history, table):
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        sql(f"DELETE FROM {table}")


def test_every_append_only_table_is_tried_here():
    assert set(APPEND_ONLY_ROWS) == set(append_only.APPEND_ONLY)


def test_a_vote_for_a_pair_of_another_contest_is_refused(history):
    foreign = Pair.objects.filter(contest=history.lamongan).first()
    with pytest.raises(IntegrityError, match="contest"), transaction.atomic():
        Vote.objects.create(form=first_form(), pair=foreign, votes=1)


@pytest.fixture
def practice(history):
    """A practice election with one decided form, beside the real history."""
    election = Election.objects.create(
        name="Latihan", slug="latihan", date="2020-12-01", phase="terbuka", practice_of=history.election
    )
    contest = preparation.create_contest(election, region("35.07"), "bupati", [NewPair(1, "Satu"), NewPair(2, "Dua")])
    (station,) = preparation.add_stations(election, [NewStation(region("35.07.05.2001").pk, 1)])
    figures = submission(history, "babat_1", [10, 20]).figures
    sent = Submission(
        uuid=uuid.uuid4(), contest_id=contest.pk, station_id=station.pk, figures=figures, photos=(PHOTO,)
    )
    form = intake.submit(sent, by=history.siti, channel=Channel.API).form
    verification.approve(form, by=history.budi, seen=1)
    assigning.assign(station, history.siti, by=history.dewi)
    report_invitations(station, by=history.siti)
    bring_official_figures(contest, station)
    call(StationResult.objects.get(contest=contest), by=history.budi)
    return contest


PRACTICE_ROWS = [
    ("tallies_officialvote", "pair_id IN (SELECT id FROM tallies_pair WHERE contest_id = %s)"),
    ("tallies_officialfigure", "contest_id = %s"),
    ("tallies_contactattempt", "result_id IN (SELECT id FROM tallies_stationresult WHERE contest_id = %s)"),
    (
        "tallies_invitationphoto",
        "report_id IN (SELECT r.id FROM tallies_invitationreport r JOIN tallies_stationresult s"
        " ON s.station_id = r.station_id WHERE s.contest_id = %s)",
    ),
    (
        "tallies_invitationreport",
        "station_id IN (SELECT station_id FROM tallies_stationresult WHERE contest_id = %s)",
    ),
    ("tallies_auditevent", "result_id IN (SELECT id FROM tallies_stationresult WHERE contest_id = %s)"),
    ("tallies_decision", "result_id IN (SELECT id FROM tallies_stationresult WHERE contest_id = %s)"),
    ("tallies_formphoto", "form_id IN (SELECT id FROM tallies_c1form WHERE contest_id = %s)"),
    ("tallies_vote", "form_id IN (SELECT id FROM tallies_c1form WHERE contest_id = %s)"),
]


def test_rows_of_a_practice_may_be_deleted_and_the_real_ones_stay(practice):
    real = C1Form.objects.exclude(contest=practice)
    before = list(real.values_list("pk", flat=True))
    for table, condition in PRACTICE_ROWS:
        assert sql(f"DELETE FROM {table} WHERE {condition}", practice.pk) > 0
    StationResult.objects.filter(contest=practice).update(form=None, review="not_in")
    assert sql("DELETE FROM tallies_c1form WHERE contest_id = %s", practice.pk) == 1
    assert list(real.values_list("pk", flat=True)) == before


def test_rows_of_a_practice_do_not_change_either(practice):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql("UPDATE tallies_c1form SET note = 'x' WHERE contest_id = %s", practice.pk)


def test_a_practice_election_goes_whole_and_the_real_one_never(practice):
    real = C1Form.objects.exclude(contest=practice).count()
    practice.election.delete()
    assert (C1Form.objects.count(), Election.objects.filter(slug="latihan").exists()) == (real, False)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Election.objects.get().delete()


@pytest.mark.parametrize("column", ["submitted_by_id"])
def test_another_sender_of_a_form_is_found(without_triggers, column):
    form = first_form()
    C1Form.objects.filter(pk=form.pk).update(**{column: without_triggers.joko.pk})
    assert list(audit.verify()) == [f"hasil {without_triggers.result('dampit_1').pk}: formulir {form.uuid} berubah"]


@pytest.mark.parametrize(
    ("column", "value"),
    [("decided_by_id", "rina"), ("decided_at", "2020-12-09T01:00:00Z"), ("settled_through_id", None)],
)
def test_another_decider_moment_or_reach_of_a_decision_is_found(without_triggers, column, value):
    decision = Decision.objects.order_by("pk").first()
    known = {"decided_by_id": without_triggers.rina.pk, "settled_through_id": rival().pk + 1}
    Decision.objects.filter(pk=decision.pk).update(**{column: known.get(column, value)})
    assert list(audit.verify()) == [f"hasil {decision.result_id}: keputusan {decision.pk} berubah"]
