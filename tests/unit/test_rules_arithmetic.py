"""H1 to H5: boundaries, blanks and one finding a cause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.rules.arithmetic import (
    AboveRegister,
    FullTurnout,
    FullTurnoutArea,
    above_register,
    broken_relations,
    examine,
    full_turnout,
    full_turnout_area,
)
from analytics.rules.severity import Severity
from tallies.figures import Figures, StationFacts, Thresholds

STATION, LIMITS = StationFacts(300), Thresholds()
OWN = 1


def form(votes, **values):
    total = sum(v for v in votes if v is not None)
    written = {"voters_total": total + 5, "valid_votes": total, "invalid_votes": 5} | values
    return Figures(dict(enumerate(votes, start=1)), written)


def broken(figures, station=STATION):
    found = broken_relations(figures, station, LIMITS, own=OWN)
    return [(one.code, one.severity, one.relation.code, one.gap) for one in found]


def test_a_form_that_adds_up_says_nothing():
    assert examine(form([100, 60, 20]), STATION, LIMITS, own=OWN) == ()


@pytest.mark.parametrize(
    ("off", "expected"),
    [(9, Severity.MEDIUM), (10, Severity.HIGH), (-9, Severity.MEDIUM), (-10, Severity.HIGH)],
)
def test_a_wrong_sum_of_the_pairs_is_high_from_ten_votes_on(off, expected):
    typed = form([100, 60, 20 + off], valid_votes=180, voters_total=185)
    assert broken(typed) == [("H1", expected, "C1-E09", off)]


@pytest.mark.parametrize(
    ("rival", "gap", "expected"),
    [(97, 3, Severity.MEDIUM), (97, 4, Severity.HIGH), (103, 4, Severity.HIGH), (104, 4, Severity.MEDIUM)],
)
def test_a_wrong_sum_is_high_where_it_is_larger_than_our_margin(rival, gap, expected):
    valid = 100 + rival - gap
    typed = form([100, rival], valid_votes=valid, voters_total=valid + 5)
    assert broken(typed) == [("H1", expected, "C1-E09", gap)]


def test_other_relations_are_h2():
    assert broken(form([100, 60], voters_total=160)) == [("H2", Severity.MEDIUM, "C1-E08", 5)]


def test_a_mistyped_sum_that_breaks_two_relations_is_one_finding():
    assert broken(form([100, 60], valid_votes=190, voters_total=165)) == [("H2", Severity.MEDIUM, "C1-E08", 30)]


@pytest.mark.parametrize(("ballots", "expected"), [(165, []), (164, [("H3", Severity.HIGH, "C1-E10", 1)])])
def test_more_votes_than_ballots_is_hard_evidence(ballots, expected):
    assert broken(form([100, 60], ballots_received=ballots)) == expected


@pytest.mark.parametrize("blank", ["valid_votes", "invalid_votes"])
def test_a_blank_box_is_not_looked_at(blank):
    assert broken(form([100, 60], voters_total=999, **{blank: None})) == []


def above(figures, station=STATION, **more):
    return above_register(figures, station, LIMITS, **more)


def test_reserve_is_rounded_up_and_may_be_used_up():
    # 300 voters, 2.5% reserve: 307.5, so 308 sheets.
    assert above(form([303, 0])) is None
    assert above(form([304, 0])) == AboveRegister(Severity.MEDIUM, 309, 308, None, None)


def test_what_the_form_says_of_voters_who_moved_in_accounts_for_it():
    typed = form([314, 0], registered_dpph=1, registered_dptb=10, ballots_received=320)
    assert above(typed) is None
    assert above(form([315, 0], registered_dpph=1, registered_dptb=10, ballots_received=320)) == AboveRegister(
        Severity.MEDIUM, 320, 308, 11, 320
    )
    # One of the two blank: not known, so nothing is excused.
    half_known = above(form([314, 0], registered_dptb=10))
    assert half_known is not None
    assert half_known.additional is None


def test_exempt_stations_hold_more_voters_than_their_register():
    assert above(form([400, 0]), exempt=True) is None


def test_the_master_data_come_before_the_form():
    assert above(form([304, 0], registered_dpt=900)) is not None
    assert above(form([304, 0], registered_dpt=900), StationFacts(None)) is None
    assert above(form([304, 0]), StationFacts(None)) is None


def test_the_sum_of_the_pairs_stands_in_for_a_blank_box():
    assert above(form([304, 0], valid_votes=None)) is not None
    assert above(form([304, None], valid_votes=None)) is None


def test_more_votes_than_the_form_allows_is_told_once():
    typed = form([330, 0], registered_dpt=300, registered_dpph=0, registered_dptb=10)
    assert [one.code for one in examine(typed, STATION, LIMITS, own=OWN)] == ["H2"]


@pytest.mark.parametrize(("voters", "expected"), [(300, FullTurnout(Severity.INFO, 300)), (299, None), (301, None)])
def test_full_turnout_is_exact(voters, expected):
    assert full_turnout(form([100, 60], voters_total=voters), STATION) == expected


def test_nobody_of_nobody_is_no_turnout():
    assert full_turnout(form([0, 0], voters_total=0), StationFacts(0)) is None
    assert full_turnout(form([100, 60], voters_total=None), STATION) is None


@pytest.mark.parametrize(
    ("full", "of", "found"), [(3, 10, True), (2, 7, False), (2, 6, True), (1, 1, False), (1, 2, False), (0, 0, False)]
)
def test_a_desa_is_looked_at_from_three_in_ten_on(full, of, found):
    expected = FullTurnoutArea(Severity.MEDIUM, full, of) if found else None
    assert full_turnout_area([True] * full + [False] * (of - full)) == expected


@given(st.lists(st.none() | st.integers(0, 400), min_size=1, max_size=3), st.none() | st.integers(0, 500))
def test_each_cause_has_one_finding(votes, valid):
    found = examine(form(votes, valid_votes=valid), STATION, LIMITS, own=OWN)
    codes = [one.code for one in found]
    assert codes.count("H1") + codes.count("H4") + codes.count("H5") == len(
        {code for code in codes if code in ("H1", "H4", "H5")}
    )
