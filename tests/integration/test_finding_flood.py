"""Claims about `analytics.findings.flood`: how many SEDANG findings a coordinator is shown, and which."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from analytics.examining.found import Found, Place
from analytics.examining.recording import record
from analytics.findings import acting
from analytics.findings.acting import Seen
from analytics.findings.flood import limit_open
from analytics.models import ElectionRules, Finding, FindingState, Severity
from tallies import preparation
from tallies.models import Office
from tallies.preparation import NewPair
from tests.cast import region
from tests.finding_makers import found, write

HIGH, INFO = Severity.HIGH, Severity.INFO


@pytest.fixture
def most_two(play):
    ElectionRules.objects.create(election=play.election, most_open=2)
    return play


def held():
    return list(Finding.objects.filter(is_held=True).order_by("pk").values_list("rule", flat=True))


def seen(finding):
    finding.refresh_from_db()
    return Seen(finding.version, finding.events.last().pk)


def test_the_highest_stakes_are_shown_and_the_others_wait(most_two):
    for rule, stake in (("H1", 5), ("H2", 50), ("H4", 20), ("S1", 1)):
        write(most_two, rule, stake=stake)
    assert limit_open([most_two.malang.pk]) == 2
    assert held() == ["H1", "S1"]
    assert limit_open([most_two.malang.pk]) == 0


def test_without_a_setting_thirty_are_shown(play):
    stations = [
        found(play, rule, name)
        for rule in ("H1", "H2", "H4", "E2", "E3", "S1", "S2", "P2")
        for name in ("dampit_1", "dampit_2", "pamotan_1", "gedangan_1")
    ]
    record(stations, {(one.rule, one.place.key) for one in stations})
    limit_open([play.malang.pk])
    assert (Finding.objects.open().shown().count(), Finding.objects.filter(is_held=True).count()) == (30, 2)


def test_grave_ones_never_wait_and_info_takes_no_place(most_two):
    for rule, severity in (("D1", HIGH), ("D2", Severity.CRITICAL), ("H5", INFO), ("T2", INFO), ("H3", HIGH)):
        write(most_two, rule, severity=severity, stake=900)
    for rule in ("H1", "H2", "H4"):
        write(most_two, rule)
    limit_open([most_two.malang.pk])
    assert held() == ["H4"]


def test_each_kabupaten_has_its_own_limit(most_two):
    for rule in ("H1", "H2", "H4"):
        write(most_two, rule)
        write(most_two, rule, "babat_1")
    limit_open([most_two.malang.pk])
    assert held() == ["H4"]
    limit_open([most_two.malang.pk, most_two.lamongan.pk])
    assert held() == ["H4", "H4"]


def test_two_offices_share_the_limit_of_a_kabupaten(most_two):
    play = most_two
    pairs = [NewPair(1, "Satu", usungan=True), NewPair(2, "Dua")]
    governor = preparation.create_contest(play.election, region("35"), Office.GOVERNOR, pairs)
    for rule, stake in (("H1", 5), ("H2", 50)):
        write(play, rule, stake=stake)
    Finding.objects.create(
        rule="H4", contest=governor, region=play.stations["dampit_1"].region, station=play.stations["dampit_1"],
        severity=Severity.MEDIUM, stake=20, opened_at=Finding.objects.first().opened_at,
        updated_at=Finding.objects.first().opened_at,
    )  # fmt: skip
    limit_open([governor.pk])
    assert held() == ["H1"]


def test_when_one_is_settled_the_next_appears(most_two):
    first = write(most_two, "H1", stake=30)
    for rule, stake in (("H2", 20), ("H4", 10), ("S1", 5)):
        write(most_two, rule, stake=stake)
    limit_open([most_two.malang.pk])
    assert held() == ["H4", "S1"]
    acting.explain(first, "Memang tertulis begitu", seen=seen(first), by=most_two.budi)
    assert held() == ["S1"]


def test_what_somebody_has_in_hand_stays_in_sight(most_two):
    low = write(most_two, "S1", stake=1)
    acting.assign(low, most_two.rina, seen=seen(low), by=most_two.budi)
    for rule, stake in (("H1", 30), ("H2", 20)):
        write(most_two, rule, stake=stake)
    limit_open([most_two.malang.pk])
    assert held() == ["H2"]


def test_a_missed_target_never_waits(most_two):
    for rule, stake in (("H1", 30), ("H2", 20)):
        write(most_two, rule, stake=stake)
    write(most_two, "W", "", stake=0)
    limit_open([most_two.malang.pk])
    assert held() == ["H2"]


def test_the_missed_target_of_a_kecamatan_comes_after_all_others(most_two):
    place = Place(most_two.malang.pk, region("35.07.05").pk)
    part = Found("W", place, Severity.MEDIUM, {}, basis=[], stake=9_000)
    record([part], {("W", place.key)})
    for rule in ("H1", "H2"):
        write(most_two, rule)
    limit_open([most_two.malang.pk])
    assert held() == ["W"]


@pytest.mark.parametrize("change", [{"severity": HIGH}, {"state": FindingState.CLOSED}])
def test_what_is_no_longer_open_and_medium_waits_no_more(most_two, change):
    for rule in ("H1", "H2", "H4"):
        write(most_two, rule)
    limit_open([most_two.malang.pk])
    waiting = Finding.objects.filter(rule="H4")
    closed = {"closed_at": waiting.get().updated_at} if "state" in change else {}
    waiting.update(**change, **closed)
    limit_open([most_two.malang.pk])
    assert held() == []


def test_of_more_findings_it_asks_as_often(most_two):
    def queries():
        Finding.objects.update(is_held=False)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            limit_open([most_two.malang.pk, most_two.lamongan.pk])
        return len([one for one in asked if not one["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN"))])

    for rule in ("H1", "H2", "H4"):
        write(most_two, rule)
    few = queries()
    for rule in ("H1", "H2", "H4", "S1", "S2", "E2"):
        for station in ("dampit_2", "pamotan_1", "babat_1", "babat_2"):
            write(most_two, rule, station)
    assert (queries(), few <= 8) == (few, True)


def test_of_no_contest_nothing_is_limited(play):
    assert limit_open([]) == 0
