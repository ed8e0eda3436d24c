"""Claims about rule W: what was expected, what the documents say, and what a loss comes from."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from analytics.models import (
    Expectation,
    ExpectationMethod,
    ExpectedShare,
    Finding,
    FindingState,
    ProjectionRun,
    Severity,
    Target,
)
from analytics.off_target import refreshing
from tallies import intake
from tallies.models import Channel, StationResult
from tallies.totals import aggregation
from tests.cast import region, submission

STATIONS = ("dampit_1", "dampit_2", "pamotan_1", "gedangan_1")


def send(play, station, votes):
    intake.submit(submission(play, station, votes), by=play.siti, channel=Channel.API)
    aggregation.drain()


def complete(play, votes=(80, 100, 20)):
    for station in STATIONS:
        send(play, station, list(votes))


def expect(play, shares, *, contest=None, **facts):
    """An expectation of Malang: code → (margin, spread)."""
    contest = contest or play.malang
    made = Expectation.objects.create(
        contest=contest, method=ExpectationMethod.IMPORTED, source="Survei", stated_on=dt.date(2020, 11, 1),
        made_by=play.dewi, **facts,
    )  # fmt: skip
    own = contest.pairs.get(usungan=True)
    for code, (margin, spread) in shares.items():
        ExpectedShare.objects.create(
            expectation=made, region=region(code), pair=own, margin=margin, margin_spread=spread
        )
    return made


def state_target(play):
    return Target.objects.create(contest=play.malang, stated_on=dt.date(2020, 10, 14), stated_by="DPD", source="x")


def project(play, chance, *, code="35.07", refusal=""):
    pairs = (
        []
        if refusal
        else [{"pair": n, "share": 0.3, "low": 0.2, "high": 0.4, "chance_behind": chance} for n in (1, 2, 3)]
    )
    return ProjectionRun.objects.create(
        contest=play.malang, region=region(code), at=timezone.now(), stations=4, stations_in=1, seen=0.25,
        reached=0.5, refusal=refusal, pairs=pairs,
    )  # fmt: skip


def document(play, rule, code, numbers, *, station=None, **facts):
    now = timezone.now()
    return Finding.objects.create(
        rule=rule, contest=play.malang, region=region(code), station=station, severity=Severity.HIGH,
        numbers=numbers, opened_at=now, updated_at=now, **facts,
    )  # fmt: skip


def found():
    refreshing.refresh_changed()
    return {
        one.region.code: (one.numbers.get("cause", "open"), Severity(one.severity).name)
        for one in Finding.objects.open().filter(rule="W").select_related("region")
    }


# Before


def test_an_expectation_alone_makes_a_win_expected_and_says_so_of_its_kecamatan(play):
    made = expect(play, {"35.07": (0.10, 0.05), "35.07.05": (0.10, 0.05), "35.07.06": (0.01, 0.05)})
    complete(play)
    assert set(found()) == {"35.07", "35.07.05"}
    assert Finding.objects.filter(numbers__expectation=made.pk, numbers__target=None).count() == 0
    assert Finding.objects.filter(numbers__expectation=made.pk).count() == 2


@pytest.mark.parametrize("shares", [{"35.07": (0.10, 0.5)}, {"35.07": (0.10, None)}, {"35.07": (-0.2, 0.01)}, {}])
def test_what_was_no_expected_win_is_no_finding(play, shares):
    expect(play, shares)
    complete(play)
    assert found() == {}


def test_an_expectation_that_no_longer_holds_closes_what_rested_on_it(play):
    made = expect(play, {"35.07": (0.10, 0.05), "35.07.05": (0.10, 0.05)})
    complete(play)
    assert len(found()) == 2
    Expectation.objects.filter(pk=made.pk).update(is_active=False)
    assert found() == {}
    assert {one.state for one in Finding.objects.all()} == {FindingState.CLOSED}


def test_a_kecamatan_that_is_won_stays_out_of_it(play):
    expect(play, {"35.07": (0.10, 0.05), "35.07.05": (0.10, 0.05), "35.07.06": (0.10, 0.05)})
    for station in STATIONS[:3]:
        send(play, station, [80, 100, 20])
    send(play, "gedangan_1", [120, 80, 0])
    assert set(found()) == {"35.07", "35.07.05"}


# Now


def test_the_projection_opens_what_is_led_and_keeps_shut_what_is_only_behind(play):
    state_target(play)
    send(play, "dampit_1", [100, 80, 20])
    project(play, 0.91)
    assert set(found()) == {"35.07"}
    assert Finding.objects.get().numbers["chance_behind"] == 0.91
    project(play, 0.40)
    assert found() == {}
    send(play, "dampit_2", [0, 200, 0])
    assert found() == {}


def test_a_projection_that_refuses_leaves_the_standing_of_the_moment(play):
    state_target(play)
    project(play, 0.01)
    project(play, None, refusal="too_little")
    send(play, "dampit_1", [80, 100, 20])
    assert found() == {"35.07": ("open", "MEDIUM")}


def test_a_complete_loss_without_documents_is_a_missed_expectation(play):
    state_target(play)
    complete(play)
    assert found() == {"35.07": ("missed", "INFO")}


# Documents


def differing(own, rival):
    return {
        "differences": [
            {"pair": 1, "first": own[0], "second": own[1]},
            {"pair": 2, "first": rival[0], "second": rival[1]},
        ]
    }


def test_documents_that_turn_our_win_are_critical_although_our_c1s_are_ahead(play):
    state_target(play)
    complete(play, (110, 100, 0))
    assert found() == {}
    document(play, "D2", "35.07.05.2001", differing((110, 80), (100, 130)), station=play.stations["dampit_1"])
    assert found() == {"35.07": ("documents_decide", "CRITICAL")}
    numbers = Finding.objects.get(rule="W").numbers
    assert (numbers["party_votes"], numbers["rival_votes"], numbers["margin_votes"]) == (410, 430, -20)


@pytest.mark.parametrize(("lost", "weight"), [(25, "INFO"), (27, "HIGH")])
def test_a_quarter_of_the_margin_in_documents_is_high(play, lost, weight):
    state_target(play)
    complete(play)  # 80 behind: 27 more are 25.2%
    document(play, "D3", "35.07.05", {"proven": {"1": -lost}})
    assert found()["35.07"][1] == weight


def test_a_recap_takes_in_the_figures_of_its_own_tps(play):
    state_target(play)
    complete(play)
    document(play, "D2", "35.07.05.2001", differing((80, 50), (100, 100)), station=play.stations["dampit_1"])
    document(play, "D4", "35.07.05.2001", {"bounds": [{"pair": 1, "recap": 130, "lowest": 160, "highest": 160}]})
    document(play, "D3", "35.07.05", {"proven": {"1": -40, "2": 10}})
    document(play, "D2", "35.07.06.2001", differing((80, 70), (100, None)), station=play.stations["gedangan_1"])
    found()
    assert Finding.objects.get(rule="W").numbers["parts"]["documents"] == -60


@pytest.mark.parametrize(
    ("state", "counts"), [("dijelaskan", False), ("tertutup", False), ("dipastikan", True), ("diteruskan", True)]
)
def test_what_somebody_explained_no_longer_counts_and_what_somebody_confirmed_does(play, state, counts):
    state_target(play)
    complete(play)
    closed = None if state == "diteruskan" else timezone.now()
    document(play, "D3", "35.07.05", {"proven": {"1": -400}}, state=state, closed_at=closed)
    assert (found()["35.07"][1] == "HIGH") is counts


def test_a_tps_with_a_hard_flag_has_its_own_part(play):
    state_target(play)
    complete(play)
    for rule in ("H3", "P1"):
        document(play, rule, "35.07.05.2001", {}, station=play.stations["dampit_1"])
    assert found() == {"35.07": ("documents", "HIGH")}
    parts = Finding.objects.get(rule="W").numbers["parts"]
    assert (parts["hard"], parts["undivided"], parts["documents"]) == (-20, -60, 0)


def test_the_documents_of_another_contest_are_not_ours(play):
    state_target(play)
    complete(play)
    other = document(play, "D3", "35.24.01", {"proven": {"1": -400}})
    Finding.objects.filter(pk=other.pk).update(contest=play.lamongan)
    assert found() == {"35.07": ("missed", "INFO")}


# What people do with it


def test_an_answer_stands_while_the_cause_is_the_same_and_falls_when_documents_appear(play):
    state_target(play)
    complete(play)
    found()
    Finding.objects.update(state=FindingState.EXPLAINED, closed_at=timezone.now())
    assert (refreshing.refresh_changed(), found()) == (0, {})
    document(play, "D3", "35.07.05", {"proven": {"1": -400}})
    assert found()["35.07"] == ("documents", "HIGH")


def test_who_it_is_assigned_to_keeps_it_when_numbers_move(play):
    state_target(play)
    send(play, "dampit_1", [80, 100, 20])
    found()
    Finding.objects.update(state=FindingState.ASSIGNED, assigned_to=play.budi)
    send(play, "dampit_2", [80, 100, 20])
    found()
    one = Finding.objects.get()
    assert (one.state, one.assigned_to, one.numbers["margin_votes"]) == (FindingState.ASSIGNED, play.budi, -40)


def test_where_nothing_changed_it_asks_the_same_few_questions_and_writes_nothing(play):
    expect(play, {"35.07": (0.10, 0.05), "35.07.05": (0.10, 0.05), "35.07.06": (0.10, 0.05)})
    expect(play, {"35.24": (0.10, 0.05), "35.24.01": (0.10, 0.05)}, contest=play.lamongan)
    complete(play)
    found()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert refreshing.refresh_changed() == 0
    assert [one["sql"] for one in asked if one["sql"].split()[0] in ("INSERT", "UPDATE", "DELETE", "BEGIN")] == []
    assert len(asked) <= 16
    assert StationResult.objects.filter(contest=play.malang).counted().count() == 4
