"""Claims about `analytics.findings.acting`: who may answer a finding, when, with what, and what is written."""

import threading

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction

from analytics.findings import acting, attaching
from analytics.findings.acting import ActionRefused, Seen
from analytics.findings.attaching import AttachmentRefused
from analytics.models import Finding, FindingAttachment, FindingEvent, FindingState
from tallies import photos
from tests.cast import person
from tests.finding_makers import PDF, RELATION, write
from tests.sending import picture

WHY = "Formulir memang tertulis begitu"
ANSWERS = {
    "explained": (acting.explain, FindingState.EXPLAINED),
    "escalated": (acting.escalate, FindingState.ESCALATED),
    "confirmed": (acting.confirm, FindingState.CONFIRMED),
}


@pytest.fixture
def finding(play):
    return write(play, "H1")


def seen(finding):
    finding.refresh_from_db()
    return Seen(finding.version, finding.events.last().pk)


def actions(finding):
    return list(finding.events.values_list("action", "actor__username", "reason"))


def refused(code, act, *args, **kwargs):
    with pytest.raises(ActionRefused) as error:
        act(*args, **kwargs)
    assert error.value.code == code
    return error.value


# What is written


@pytest.mark.parametrize("action", ANSWERS)
def test_an_answer_has_its_state_its_reason_and_who(play, finding, action):
    act, state = ANSWERS[action]
    done = act(finding, f"  {WHY}\r\nsudah ditanyakan ", seen=seen(finding), by=play.budi)
    finding.refresh_from_db()
    assert (done.is_new, finding.state) == (True, state)
    assert (finding.closed_at is not None) == (state not in ("diteruskan",))
    assert actions(finding)[1:] == [(action, "budi", f"{WHY}\nsudah ditanyakan")]


def test_assigning_says_to_whom_and_needs_no_reason(play, finding):
    acting.assign(finding, play.rina, seen=seen(finding), by=play.budi)
    finding.refresh_from_db()
    assert (finding.state, finding.assigned_to) == (FindingState.ASSIGNED, play.rina)
    assert finding.events.last().assigned_to == play.rina


def test_what_is_passed_on_is_in_nobodys_hands_and_can_be_taken_up(play, finding):
    acting.assign(finding, play.rina, seen=seen(finding), by=play.budi)
    acting.escalate(finding, WHY, seen=seen(finding), by=play.rina)
    finding.refresh_from_db()
    assert (finding.state, finding.assigned_to, finding.closed_at) == (FindingState.ESCALATED, None, None)
    acting.assign(finding, play.dewi, seen=seen(finding), by=play.dewi)
    acting.confirm(finding, "D.Hasil keliru", seen=seen(finding), by=play.dewi)
    assert [one[:2] for one in actions(finding)[1:]] == [
        ("assigned", "budi"), ("escalated", "rina"), ("assigned", "dewi"), ("confirmed", "dewi"),
    ]  # fmt: skip


def test_an_answer_can_be_taken_back_with_a_reason(play, finding):
    acting.explain(finding, WHY, seen=seen(finding), by=play.budi)
    refused("finding_reason_missing", acting.reopen, finding, " ", seen=seen(finding), by=play.budi)
    acting.reopen(finding, "Saksi mengirim foto lain", seen=seen(finding), by=play.rina)
    finding.refresh_from_db()
    assert (finding.state, finding.closed_at) == (FindingState.OPEN, None)


def test_a_note_moves_nothing(play, finding):
    before = Finding.objects.values("state", "updated_at", "closed_at", "version").get()
    acting.note(finding, "Saksi ditelepon", seen=seen(finding), by=play.budi)
    assert Finding.objects.values("state", "updated_at", "closed_at", "version").get() == before
    assert actions(finding)[1:] == [("noted", "budi", "Saksi ditelepon")]


# What is refused


@pytest.mark.parametrize("action", [*ANSWERS, "noted"])
@pytest.mark.parametrize(
    ("reason", "code"),
    [("", "finding_reason_missing"), (" \n\0", "finding_reason_missing"), ("x" * 501, "finding_reason_too_long")],
)
def test_a_person_says_why_in_so_many_letters(play, finding, action, reason, code):
    act = ANSWERS[action][0] if action in ANSWERS else acting.note
    refused(code, act, finding, reason, seen=seen(finding), by=play.budi)
    assert finding.events.count() == 1


@pytest.mark.parametrize("action", [*ANSWERS, "noted", "assigned"])
def test_what_was_decided_on_older_figures_is_not_written(play, finding, action):
    old = seen(finding)
    write(play, "H1", numbers={"relations": [RELATION | {"right": 240, "gap": 9}]})
    if action == "assigned":
        refused("finding_moved", acting.assign, finding, play.rina, seen=old, by=play.budi)
    else:
        act = ANSWERS[action][0] if action in ANSWERS else acting.note
        refused("finding_moved", act, finding, WHY, seen=old, by=play.budi)
    assert FindingEvent.objects.filter(actor__isnull=False).count() == 0


def test_who_comes_second_is_told_who_was_quicker(play, finding):
    old = seen(finding)
    acting.explain(finding, WHY, seen=old, by=play.budi)
    error = refused("finding_overtaken", acting.confirm, finding, "Salah", seen=old, by=play.rina)
    assert (error.event.actor, error.event.action) == (play.budi, "explained")
    finding.refresh_from_db()
    assert finding.state == FindingState.EXPLAINED


def test_a_note_of_another_person_stops_no_answer(play, finding):
    old = seen(finding)
    acting.note(finding, "Saksi ditelepon", seen=old, by=play.rina)
    assert acting.explain(finding, WHY, seen=old, by=play.budi).is_new


def test_the_same_act_twice_is_one_event(play, finding):
    old = seen(finding)
    first = acting.explain(finding, WHY, seen=old, by=play.budi)
    again = acting.explain(finding, WHY, seen=old, by=play.budi)
    assert (again.event, again.is_new, finding.events.count()) == (first.event, False, 2)


def test_the_same_assignment_twice_is_one_event_and_to_another_is_overtaken(play, finding):
    old = seen(finding)
    acting.assign(finding, play.rina, seen=old, by=play.budi)
    assert not acting.assign(finding, play.rina, seen=old, by=play.budi).is_new
    refused("finding_overtaken", acting.assign, finding, play.budi, seen=old, by=play.budi)


@pytest.mark.parametrize("action", ANSWERS)
def test_what_is_answered_is_not_answered_again(play, finding, action):
    acting.explain(finding, WHY, seen=seen(finding), by=play.budi)
    refused("finding_state", ANSWERS[action][0], finding, "Lain", seen=seen(finding), by=play.budi)


def test_what_the_rule_closed_only_the_rule_opens(play, finding):
    Finding.objects.update(state=FindingState.CLOSED, closed_at=finding.opened_at)
    refused("finding_state", acting.reopen, finding, WHY, seen=seen(finding), by=play.budi)


# Who


@pytest.mark.parametrize("who", ["agus", "siti", "oper"])
def test_who_does_not_see_it_cannot_answer_it(play, finding, who):
    with pytest.raises(Finding.DoesNotExist):
        acting.explain(finding, WHY, seen=seen(finding), by=play.people[who])
    assert finding.events.count() == 1


def test_who_only_reads_cannot_answer(play, finding):
    with pytest.raises(PermissionDenied):
        acting.note(finding, WHY, seen=seen(finding), by=play.nasi)
    assert finding.events.count() == 1


def test_it_is_assigned_to_those_who_decide_there(play, finding):
    person("mantan", "dpc", "35.07", is_active=False)
    names = {
        who: {one.username for one in acting.assignable(finding, by=play.people[who])} for who in ("budi", "dewi")
    }
    assert names == {"budi": {"budi", "rina"}, "dewi": {"budi", "rina", "dewi"}}


@pytest.mark.parametrize("who", ["oper", "siti", "agus", "nasi", "dewi"])
def test_a_coordinator_assigns_it_to_nobody_else(play, finding, who):
    refused("not_assignable", acting.assign, finding, play.people[who], seen=seen(finding), by=play.budi)


# Files


def test_files_are_kept_by_their_content_once(play, finding):
    photo = picture(seed=5)
    acting.explain(finding, WHY, seen=seen(finding), by=play.budi, files=[photo, PDF, photo])
    files = list(FindingAttachment.objects.values_list("number", "kind", "size"))
    assert files == [(1, "foto", len(photo)), (2, "pdf", len(PDF))]
    pdf = FindingAttachment.objects.get(kind="pdf")
    assert photos.store().open(attaching.pdf_name(pdf.sha256)).read() == PDF


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "attachment_empty"),
        (b"<html><script>alert(1)</script>%PDF-1.7 %%EOF", "attachment_kind"),
        (b"MZ\x90\x00 program", "attachment_kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "attachment_kind"),
        (PDF[:20], "attachment_cut_off"),
        (picture(seed=5)[:-200], "attachment_cut_off"),
        (b"%PDF-" + b"x" * attaching.MOST_BYTES + b"%%EOF", "attachment_too_large"),
    ],
)
def test_what_is_no_photo_and_no_pdf_is_not_kept_and_nothing_is_written(play, finding, data, code):
    with pytest.raises(AttachmentRefused) as error:
        acting.confirm(finding, WHY, seen=seen(finding), by=play.budi, files=[PDF, data])
    finding.refresh_from_db()
    assert (error.value.code, finding.state, finding.events.count()) == (code, FindingState.OPEN, 1)
    assert FindingAttachment.objects.count() == 0


def test_more_than_four_files_are_too_many(play, finding):
    files = [PDF + str(number).encode() for number in range(5)]
    with pytest.raises(AttachmentRefused, match="too_many_files"):
        acting.note(finding, WHY, seen=seen(finding), by=play.budi, files=files)


def test_a_power_cut_in_the_middle_leaves_the_finding_as_it_was(play, finding, monkeypatch):
    monkeypatch.setattr(attaching, "name", lambda event, kept: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        acting.explain(finding, WHY, seen=seen(finding), by=play.budi, files=[PDF])
    finding.refresh_from_db()
    assert (finding.state, finding.events.count()) == (FindingState.OPEN, 1)


def test_the_database_keeps_what_the_acts_promise(play, finding):
    for change in ({"state": "dijelaskan"}, {"state": "ditugaskan"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Finding.objects.update(**change)


# At once


def test_of_two_answers_at_once_one_is_written(committed_play):
    play = committed_play
    finding = write(play, "H1")
    old, said = seen(finding), []

    def answer(act, who):
        try:
            act(finding, WHY, seen=old, by=who)
            said.append("written")
        except ActionRefused as error:
            said.append(error.code)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=answer, args=args)
        for args in ((acting.explain, play.budi), (acting.confirm, play.rina))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["finding_overtaken", "written"]
    assert FindingEvent.objects.filter(actor__isnull=False).count() == 1
