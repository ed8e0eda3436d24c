"""Claims about `analytics.off_target.refreshing`: when rule W opens, updates and closes a finding."""

import datetime as dt

import pytest

from analytics.models import Finding, FindingState, Severity, Target
from analytics.off_target import refreshing
from tallies import intake
from tallies.count_room import verification
from tallies.models import Channel, Phase
from tallies.totals import aggregation
from tests.cast import submission

STATIONS = ("dampit_1", "dampit_2", "pamotan_1", "gedangan_1")


@pytest.fixture
def target(play):
    return Target.objects.create(
        contest=play.malang, stated_on=dt.date(2020, 10, 14), stated_by="DPD", source="Daftar target"
    )


def send(play, station, votes, **changes):
    receipt = intake.submit(submission(play, station, votes, **changes), by=play.siti, channel=Channel.API)
    aggregation.drain()
    return receipt.form


def history():
    return list(Finding.objects.get().events.values_list("action", flat=True))


def test_a_target_that_is_behind_opens_a_finding_with_its_numbers(play, target):
    send(play, "dampit_1", [80, 100, 20])
    assert refreshing.refresh_changed() == 1
    finding = Finding.objects.get()
    assert (finding.contest, finding.region, finding.rule) == (play.malang, play.malang.region, "W")
    assert (finding.state, finding.severity, finding.closed_at) == (FindingState.OPEN, Severity.MEDIUM, None)
    assert finding.numbers == {
        "state": "behind",
        "margin_votes": -20,
        "margin_share": -0.1,
        "party_votes": 80,
        "rival_votes": 100,
        "all_votes": 200,
        "stations": 4,
        "stations_in": 1,
        "target": target.pk,
    }
    assert history() == ["opened"]


def test_with_every_station_in_it_is_lost(play, target):
    for station in STATIONS:
        send(play, station, [80, 100, 20])
    refreshing.refresh_changed()
    assert Finding.objects.get().numbers["state"] == "lost"


def test_from_behind_to_lost_is_one_finding_with_both_in_its_history(play, target):
    for station in STATIONS:
        send(play, station, [80, 100, 20])
        refreshing.refresh_changed()
    events = Finding.objects.get().events.all()
    assert [(event.action, event.numbers["state"]) for event in events] == [("opened", "behind"), ("updated", "lost")]


def test_new_numbers_update_the_finding_and_keep_its_opening(play, target):
    send(play, "dampit_1", [80, 100, 20])
    refreshing.refresh_changed()
    opened_at = Finding.objects.get().opened_at
    send(play, "dampit_2", [80, 100, 20])
    assert refreshing.refresh_changed() == 1
    finding = Finding.objects.get()
    assert (finding.numbers["margin_votes"], finding.numbers["stations_in"]) == (-40, 2)
    assert (finding.opened_at, finding.updated_at > opened_at) == (opened_at, True)


def test_ahead_again_closes_and_behind_again_reopens(play, target):
    send(play, "dampit_1", [80, 100, 20])
    refreshing.refresh_changed()
    send(play, "dampit_2", [150, 50, 0])
    assert refreshing.refresh_changed() == 1
    closed = Finding.objects.get()
    assert (closed.state, closed.closed_at is not None) == (FindingState.CLOSED, True)
    send(play, "pamotan_1", [0, 150, 0])
    assert refreshing.refresh_changed() == 1
    reopened = Finding.objects.get()
    assert (reopened.state, reopened.closed_at) == (FindingState.OPEN, None)
    assert history() == ["opened", "closed", "reopened"]


def test_a_rejected_form_that_was_the_loss_closes_it(play, target):
    form = send(play, "dampit_1", [80, 100, 20])
    refreshing.refresh_changed()
    verification.reject(form, by=play.budi, seen=1, reason="Foto TPS lain")
    aggregation.drain()
    refreshing.refresh_changed()
    finding = Finding.objects.get()
    assert (finding.state, finding.numbers["state"]) == (FindingState.CLOSED, "waiting")


def test_running_twice_changes_nothing(play, target):
    send(play, "dampit_1", [80, 100, 20])
    refreshing.refresh_changed()
    before = Finding.objects.values().get()
    assert refreshing.refresh_changed() == 0
    assert (Finding.objects.values().get(), history()) == (before, ["opened"])


def test_a_closed_finding_stays_as_it_was_closed(play, target):
    send(play, "dampit_1", [80, 100, 20])
    refreshing.refresh_changed()
    send(play, "dampit_2", [150, 50, 0])
    refreshing.refresh_changed()
    before = Finding.objects.values().get()
    send(play, "pamotan_1", [100, 10, 0])
    assert refreshing.refresh_changed() == 0
    assert Finding.objects.values().get() == before


def test_without_a_target_a_loss_is_no_finding(play):
    send(play, "dampit_1", [80, 100, 20])
    assert (refreshing.refresh_changed(), Finding.objects.exists()) == (0, False)


def test_a_target_that_no_longer_holds_is_not_judged(play, target):
    Target.objects.update(is_active=False)
    send(play, "dampit_1", [80, 100, 20])
    assert (refreshing.refresh_changed(), Finding.objects.exists()) == (0, False)


@pytest.mark.parametrize("votes", [[100, 80, 20], [100, 100, 20]])
def test_ahead_or_tied_is_no_finding(play, target, votes):
    send(play, "dampit_1", votes)
    assert (refreshing.refresh_changed(), Finding.objects.exists()) == (0, False)


def test_before_the_first_form_there_is_nothing_to_find(play, target):
    assert (refreshing.refresh_changed(), Finding.objects.exists()) == (0, False)


def test_a_contest_in_which_we_back_nobody_is_no_finding(play, target):
    play.malang.pairs.update(usungan=False)
    send(play, "dampit_1", [80, 100, 20])
    assert (refreshing.refresh_changed(), Finding.objects.exists()) == (0, False)


def test_after_the_election_is_closed_findings_rest(play, target):
    send(play, "dampit_1", [80, 100, 20])
    play.election.phase = Phase.CLOSED
    play.election.save()
    assert (refreshing.refresh_changed(), Finding.objects.exists()) == (0, False)


def test_the_neighbours_loss_is_not_ours(play, target):
    send(play, "dampit_1", [100, 80, 20])
    send(play, "babat_1", [100, 20])
    assert (refreshing.refresh_changed(), Finding.objects.exists()) == (0, False)


def test_a_finding_closes_when_nobody_expects_the_win_any_more(play, target):
    send(play, "dampit_1", [80, 100, 20])
    refreshing.refresh_changed()
    Target.objects.update(is_active=False)
    assert refreshing.refresh_changed() == 1
    assert (Finding.objects.get().state, history()) == (FindingState.CLOSED, ["opened", "closed"])
    assert refreshing.refresh_changed() == 0
