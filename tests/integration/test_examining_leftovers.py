"""Claims about findings that rest on more than one place: what one of them becomes moves what stands at the other."""

from analytics.examining import running
from analytics.models import Finding, FindingState, Rule
from tallies import intake
from tallies.count_room import verification
from tallies.models import Channel
from tallies.submission import PhotoName
from tallies.totals import aggregation
from tests.cast import submission

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
