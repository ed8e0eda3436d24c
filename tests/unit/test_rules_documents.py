"""D1 to D4: one document against another, and what is proven while some are missing."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from analytics.rules.documents import (
    Bound,
    Difference,
    RecapKind,
    StationC1,
    official_figure,
    recap_against_c1s,
    two_readings,
)
from analytics.rules.settings import DEFAULTS
from analytics.rules.severity import Severity

OWN, RIVAL, THIRD = 1, 2, 3


def test_equal_readings_say_nothing():
    assert two_readings({1: 104, 2: 0}, {1: 104, 2: 0}) is None
    assert two_readings({1: None, 2: 5}, {1: None, 2: 5}) is None


def test_two_readings_differ_in_the_rows_named():
    found = two_readings({1: 104, 2: 60, 3: 7}, {1: 704, 2: 60, 3: 7})
    assert found is not None
    assert (found.code, found.severity, found.differences, found.is_swap) == (
        "D1",
        Severity.HIGH,
        (Difference(1, 104, 704),),
        False,
    )


@pytest.mark.parametrize("second", [{1: 104, 2: None}, {1: 104}])
def test_a_blank_box_is_no_zero(second):
    found = two_readings({1: 104, 2: 0}, second)
    assert found is not None
    assert found.differences == (Difference(2, 0, None),)


def test_swapped_columns_are_said_to_be_swapped():
    found = two_readings({1: 104, 2: 60, 3: 7}, {1: 60, 2: 104, 3: 7})
    assert found is not None
    assert found.is_swap is True
    turned = two_readings({1: 104, 2: 60, 3: None}, {1: None, 2: 104, 3: 60})
    assert turned is not None
    assert turned.is_swap is True


def official(ours, theirs, area_margin, settings=DEFAULTS):
    return official_figure(ours, theirs, own=OWN, rival=RIVAL, area_margin=area_margin, settings=settings)


def test_an_official_figure_equal_to_ours_says_nothing():
    assert official({1: 10, 2: 20}, {1: 10, 2: 20}, 0) is None


@pytest.mark.parametrize(
    ("area_margin", "expected"),
    [
        (80, Severity.CRITICAL),  # 20 of 80 is 25%: reached
        (-80, Severity.CRITICAL),
        (81, Severity.HIGH),
        (0, Severity.CRITICAL),  # a tie is moved by a single vote
    ],
)
def test_a_difference_is_critical_from_a_quarter_of_the_margin_on(area_margin, expected):
    found = official({1: 100, 2: 50}, {1: 90, 2: 60}, area_margin)
    assert found is not None
    assert (found.code, found.severity, found.margin_votes) == ("D2", expected, 20)


def test_a_mistake_in_our_favour_counts_as_much():
    found = official({1: 90, 2: 60}, {1: 100, 2: 50}, 80)
    assert found is not None
    assert (found.severity, found.margin_votes) == (Severity.CRITICAL, -20)


def test_a_difference_among_others_moves_no_margin():
    found = official({1: 90, 2: 60, 3: 5}, {1: 90, 2: 60, 3: 50}, 0)
    assert found is not None
    assert (found.severity, found.margin_votes) == (Severity.HIGH, 0)


def test_a_blank_row_is_a_difference_of_unknown_size():
    found = official({1: None, 2: 60}, {1: 100, 2: 60}, 4)
    assert found is not None
    assert (found.severity, found.margin_votes) == (Severity.HIGH, None)


def test_the_share_of_the_margin_is_a_setting():
    stricter = replace(DEFAULTS, margin_share=Decimal("0.10"))
    found = official({1: 100, 2: 50}, {1: 90, 2: 60}, 200, stricter)
    assert found is not None
    assert found.severity is Severity.CRITICAL


# D3, all C1s in hand

C1S = [StationC1({1: 100, 2: 50, 3: 10}, 200), StationC1({1: 80, 2: 90, 3: 0}, 200)]


def recap(one, two, three, stations=C1S):
    return recap_against_c1s(stations, {1: one, 2: two, 3: three}, own=OWN)


@pytest.mark.parametrize(
    ("figures", "kind", "severity", "proven"),
    [
        ((180, 140, 10), None, None, {}),
        ((170, 150, 10), RecapKind.SHIFT, Severity.CRITICAL, {1: -10, 2: 10}),
        ((179, 140, 11), RecapKind.SHIFT, Severity.CRITICAL, {1: -1, 3: 1}),
        ((180, 150, 10), RecapKind.PADDING, Severity.CRITICAL, {2: 10}),
        ((170, 160, 10), RecapKind.PADDING, Severity.CRITICAL, {1: -10, 2: 20}),
        ((190, 140, 10), RecapKind.PADDING, Severity.CRITICAL, {1: 10}),  # ours, and still one
        ((170, 140, 10), RecapKind.REMOVAL, Severity.CRITICAL, {1: -10}),
        ((190, 130, 10), RecapKind.OTHER, Severity.HIGH, {1: 10, 2: -10}),  # towards us
        ((180, 130, 20), RecapKind.OTHER, Severity.HIGH, {2: -10, 3: 10}),
        ((180, 130, 10), RecapKind.OTHER, Severity.HIGH, {2: -10}),
    ],
)
def test_what_became_of_the_votes_is_named(figures, kind, severity, proven):
    found = recap(*figures)
    assert (found.code, found.kind, found.severity, found.proven, found.missing) == (
        "D3",
        kind,
        severity,
        proven,
        0,
    )


def test_a_blank_row_of_the_recap_leaves_the_kind_open():
    found = recap_against_c1s(C1S, {1: 170, 2: None, 3: 10}, own=OWN)
    assert (found.kind, found.total, found.proven) == (RecapKind.UNDECIDED, None, {1: -10})


# D4, C1s missing

SOME = [*C1S, StationC1(None, 100)]


def test_a_figure_below_the_c1s_in_hand_is_proof_without_the_rest():
    found = recap(179, 190, 20, SOME)
    assert (found.code, found.kind, found.severity, found.proven, found.missing) == (
        "D4",
        RecapKind.UNDECIDED,
        Severity.CRITICAL,
        {1: -1},
        1,
    )


@pytest.mark.parametrize(("rival", "kind", "proven"), [(240, None, {}), (241, RecapKind.PADDING, {2: 1})])
def test_a_figure_above_all_ballots_of_the_missing_is_proof(rival, kind, proven):
    found = recap(180, rival, 10, SOME)
    assert (found.kind, found.proven) == (kind, proven)


def test_two_pairs_cannot_each_have_all_missing_ballots():
    found = recap(240, 181, 10, SOME)  # +60 and +41 of 100 ballots
    assert (found.kind, found.proven) == (RecapKind.PADDING, {})
    assert found.total == Bound(None, 431, 330, 430)
    assert found.total.proven == 1


def test_a_sum_below_the_c1s_in_hand_is_a_removal():
    found = recap(100, 140, 10, SOME)
    assert (found.kind, found.proven) == (RecapKind.REMOVAL, {1: -80})


def test_what_could_hide_is_said():
    ours = recap(200, 190, 20, SOME).bounds[0]
    assert ours == Bound(1, 200, 180, 280)
    assert (ours.proven, ours.hidden_loss, ours.hidden_gain) == (0, 80, 20)
    complete = recap(180, 140, 10).bounds[0]
    assert (complete.hidden_loss, complete.hidden_gain) == (0, 0)


def test_unknown_ballots_bound_nothing_from_above():
    found = recap(179, 9000, 10, [*C1S, StationC1(None)])
    assert (found.proven, found.bounds[1].highest, found.bounds[1].hidden_loss) == ({1: -1}, None, None)


def test_a_blank_row_of_a_c1_is_missing_for_that_pair_alone():
    stations = [*C1S, StationC1({1: 30, 2: None, 3: 0}, 100)]
    found = recap(210, 210, 10, stations)  # at most 70 of the 100 ballots are left for pair 2
    assert [(one.lowest, one.highest) for one in found.bounds] == [(210, 210), (140, 210), (10, 10)]
    assert (found.missing, found.kind) == (1, None)
    assert recap(210, 211, 10, stations).kind is RecapKind.PADDING


votes = st.tuples(st.integers(0, 120), st.integers(0, 120), st.integers(0, 120))


@given(st.lists(st.tuples(votes, st.booleans(), st.integers(0, 50)), min_size=1, max_size=8))
def test_an_honest_recap_is_never_accused(stations):
    held = [StationC1(dict(enumerate(v, start=1)) if have else None, sum(v) + unused) for v, have, unused in stations]
    truth = [sum(v[i] for v, _have, _unused in stations) for i in range(3)]
    assert recap(*truth, held).kind is None


@given(st.lists(votes, min_size=1, max_size=6), st.integers(1, 100))
def test_with_all_c1s_every_shift_is_found_and_named(stations, moved):
    truth = [sum(v[i] for v in stations) for i in range(3)]
    assume(truth[0] >= moved)
    held = [StationC1(dict(enumerate(v, start=1)), 400) for v in stations]
    found = recap(truth[0] - moved, truth[1] + moved, truth[2], held)
    assert (found.kind, found.proven) == (RecapKind.SHIFT, {1: -moved, 2: moved})
