"""E1 to E3: what matters is that what was meant is among what is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.rules.digits import (
    AnotherStation,
    Change,
    Row,
    another_station,
    repairs,
    swapped_columns,
)
from analytics.rules.severity import Severity
from analytics.rules.slips import ERROR_SHARES, Slip, likeliest, slips
from tallies.checks import check
from tallies.figures import Figures, StationFacts, Thresholds

STATION, LIMITS = StationFacts(310), Thresholds()


def form(votes, **values):
    total = sum(v for v in votes if v is not None)
    written = {"voters_total": total + 5, "valid_votes": total, "invalid_votes": 5} | values
    return Figures(dict(enumerate(votes, start=1)), written)


@pytest.mark.parametrize(
    ("meant", "written", "kind"),
    [
        (104, 704, Slip.DIGIT),
        (104, 100, Slip.DIGIT),
        (29, 129, Slip.LEADING_ADDED),
        (80, 880, Slip.LEADING_ADDED),  # an X read as an 8
        (126, 26, Slip.LEADING_LOST),
        (104, 4, Slip.LEADING_LOST),
        (13, 31, Slip.TRANSPOSED),
        (150, 15, Slip.LOST),
        (15, 150, Slip.ADDED),
        (42, 0, Slip.ZERO_OR_BLANK),
        (42, None, Slip.ZERO_OR_BLANK),
        (5, 0, Slip.ZERO_OR_BLANK),
    ],
)
def test_each_slip_is_known_by_its_kind(meant, written, kind):
    assert kind in {slip for slip, _ways in slips(meant, written)}


@pytest.mark.parametrize(("meant", "written"), [(104, 104), (104, 47), (150, 999), (12, 345)])
def test_what_one_slip_cannot_do_is_none(meant, written):
    assert list(slips(meant, written)) == []
    assert likeliest(meant, written, ERROR_SHARES) is None


def test_error_shares_are_those_measured():
    """57.5% are in both cells at once and no slip."""
    assert sum(ERROR_SHARES.values()) == pytest.approx(1 - 0.575)


def meant(typed, field, value, expected=None):
    found = repairs(typed, STATION, LIMITS, **({"expected": expected} if expected else {}))
    return [
        number
        for number, one in enumerate(found, start=1)
        if (field, value) in {(change.field, change.value) for change in one.changes}
    ]


@pytest.mark.parametrize(
    ("typed", "field", "value"),
    [
        (form([121, 704, 31], valid_votes=256, voters_total=261), "votes_2", 104),
        (form([121, 104, 13], valid_votes=256, voters_total=261), "votes_3", 31),
        (form([880, 104, 31], valid_votes=223, voters_total=228), "votes_1", 88),
        (form([121, 10, 31], valid_votes=256, voters_total=261), "votes_2", 104),
        (form([121, 0, 31], valid_votes=256, voters_total=261), "votes_2", 104),
        (form([121, None, 31], valid_votes=256, voters_total=261), "votes_2", 104),
        (form([121, 104, 31], valid_votes=266, voters_total=261), "valid_votes", 256),
        (form([121, 104, 31], invalid_votes=256, valid_votes=5, voters_total=261), "valid_votes", 256),
    ],
)
def test_what_was_meant_comes_first(typed, field, value):
    assert meant(typed, field, value) == [1]


def test_a_tie_is_shown_as_two_and_what_is_expected_decides_their_order():
    typed = form([154, 48], valid_votes=192, voters_total=197)  # 144 + 48 or 154 + 38
    assert sorted(meant(typed, "votes_1", 144) + meant(typed, "votes_2", 38)) == [1, 2]
    assert meant(typed, "votes_1", 144, {1: 0.6, 2: 0.4}) == [1]
    assert meant(typed, "votes_2", 38, {1: 0.95, 2: 0.05}) == [1]


def test_a_form_that_adds_up_has_only_columns_to_exchange():
    typed = form([40, 160])
    assert repairs(typed, STATION, LIMITS) == ()
    assert repairs(typed, STATION, LIMITS, expected={1: 0.3, 2: 0.7}) == ()
    (only,) = repairs(typed, STATION, LIMITS, expected={1: 0.7, 2: 0.3})
    assert (only.code, only.slip, only.left) == ("E1", Slip.SWAPPED, 0)
    assert only.changes == (Change("votes_1", 160, 40), Change("votes_2", 40, 160))


def test_beside_a_relation_only_what_mends_it_is_shown():
    # Two slips: 152 for 52, and 194 voters for 196. Each sum has its own three places.
    typed = form([141, 152], valid_votes=193, invalid_votes=3, voters_total=194)
    beside_pairs = repairs(typed, STATION, LIMITS, mends="C1-E09")
    assert (Change("votes_2", 52, 152),) in [one.changes for one in beside_pairs]
    assert {change.field for one in beside_pairs for change in one.changes} <= {"votes_1", "votes_2", "valid_votes"}
    beside_voters = repairs(typed, STATION, LIMITS, mends="C1-E08")
    assert (Change("voters_total", 196, 194),) in [one.changes for one in beside_voters]


figures = st.builds(
    lambda votes, valid, invalid: form(votes, valid_votes=valid, invalid_votes=invalid),
    st.lists(st.none() | st.integers(0, 900), min_size=2, max_size=3),
    st.none() | st.integers(0, 999),
    st.none() | st.integers(0, 999),
)


@given(figures)
def test_a_repair_never_breaks_more_and_never_more_than_three(typed):
    found = repairs(typed, STATION, LIMITS, expected={1: 0.5, 2: 0.3, 3: 0.2})
    assert len(found) <= 3
    for one in found:
        votes, values = dict(typed.votes), dict(typed.values)
        for change in one.changes:
            assert change.instead_of == typed.get(change.field)
            if change.field.startswith("votes_"):
                votes[int(change.field.removeprefix("votes_"))] = change.value
            else:
                values[change.field] = change.value
        after = sum(c.is_error for c in check(Figures(votes, values), STATION, LIMITS))
        assert after <= one.left
        assert Figures(votes, values) != typed


def test_swapped_columns_are_found_where_the_desa_is_one_sided():
    found = swapped_columns({1: 40, 2: 160}, {1: 0.8, 2: 0.2})
    assert found is not None
    assert (found.code, found.severity, found.votes) == ("E2", Severity.MEDIUM, {1: 160, 2: 40})
    assert found.log_ratio > 6
    assert swapped_columns({1: 160, 2: 40}, {1: 0.8, 2: 0.2}) is None


def test_in_an_even_desa_an_exchange_cannot_be_seen():
    assert swapped_columns({1: 90, 2: 110}, {1: 0.55, 2: 0.45}) is None


@pytest.mark.parametrize(
    ("votes", "expected"),
    [({1: 40, 2: None}, {1: 0.8, 2: 0.2}), ({1: 40, 2: 160}, {1: 0.8}), ({1: 40}, {1: 1.0}), ({}, {})],
)
def test_without_figures_or_expectation_nothing_is_said(votes, expected):
    assert swapped_columns(votes, expected) is None


def test_of_three_columns_the_two_exchanged_are_named():
    found = swapped_columns({1: 10, 2: 50, 3: 140}, {1: 0.7, 2: 0.25, 3: 0.05})
    assert found is not None
    assert found.votes == {1: 140, 2: 50, 3: 10}


def test_more_pairs_than_five_exchange_two_columns():
    votes = {1: 2, 2: 20, 3: 18, 4: 17, 5: 15, 6: 150}
    found = swapped_columns(votes, {1: 0.7, 2: 0.08, 3: 0.08, 4: 0.07, 5: 0.06, 6: 0.01})
    assert found is not None
    assert (found.votes[1], found.votes[6]) == (150, 2)


ROW = Row(4, (104, 60, 7), {"a"})


@pytest.mark.parametrize(
    ("others", "found"),
    [
        ([Row(5, (104, 60, 7), {"b"})], (5,)),
        ([Row(5, (104, 60, 7), {"b"}), Row(9, (104, 60, 7))], (5, 9)),
        ([Row(5, (104, 60, 8), {"b"})], None),
        ([Row(5, (104, 60, 7), {"a", "b"})], None),  # the same photo: P1
        ([ROW], None),  # itself
        ([], None),
    ],
)
def test_figures_of_another_station_of_the_desa(others, found):
    assert another_station(ROW, others) == (None if found is None else AnotherStation(Severity.MEDIUM, 4, found))


@pytest.mark.parametrize("row", [(0, 0, 0), (104, None, 7)])
def test_zeros_and_blanks_belong_to_nobody(row):
    assert another_station(Row(4, row), [Row(5, row)]) is None
