"""Claims about the relations of a C1: one row a claim, worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallies.checks import (
    CODES,
    Contradiction,
    broken_relations,
    check,
    disagreement,
    reaches_share,
    reserve_ballots,
)
from tallies.figures import FULL_FIELDS, GENDERED_ROWS, Figures, StationFacts, Thresholds

LIMITS = Thresholds()
STATION = StationFacts(registered_voters=400)

#: A form without any contradiction. DPT 400 -> reserve ceil(10.0) = 10 -> 410 ballots.
GOOD: dict[str, int | None] = {
    "registered_dpt_male": 190,
    "registered_dpt_female": 210,
    "registered_dpt": 400,
    "registered_dpph_male": 1,
    "registered_dpph_female": 2,
    "registered_dpph": 3,
    "registered_dptb_male": 4,
    "registered_dptb_female": 1,
    "registered_dptb": 5,
    "registered_total_male": 195,
    "registered_total_female": 213,
    "registered_total": 408,
    "voters_dpt_male": 140,
    "voters_dpt_female": 152,
    "voters_dpt": 292,
    "voters_dpph_male": 1,
    "voters_dpph_female": 2,
    "voters_dpph": 3,
    "voters_dptb_male": 4,
    "voters_dptb_female": 1,
    "voters_dptb": 5,
    "voters_total_male": 145,
    "voters_total_female": 155,
    "voters_total": 300,
    "ballots_received": 410,
    "ballots_used": 300,
    "ballots_spoiled": 2,
    "ballots_unused": 108,
    "disabled_voters_male": 2,
    "disabled_voters_female": 1,
    "disabled_voters": 3,
    "valid_votes": 290,
    "invalid_votes": 10,
    "total_votes": 300,
    "votes_1": 150,
    "votes_2": 140,
}

ZEROS: dict[str, int | None] = dict.fromkeys(GOOD, 0)


def form(changes: dict[str, int | None] | None = None, base: dict[str, int | None] = GOOD) -> Figures:
    merged = {**base, **(changes or {})}
    return Figures(
        votes={int(n.removeprefix("votes_")): v for n, v in merged.items() if n.startswith("votes_")},
        values={n: v for n, v in merged.items() if not n.startswith("votes_")},
    )


def short(one: int | None, two: int | None, *, voters: int | None, valid: int | None, invalid: int | None):
    return Figures(
        votes={1: one, 2: two},
        values={"voters_total": voters, "valid_votes": valid, "invalid_votes": invalid},
    )


def asked(figures: Figures, station: StationFacts = STATION, limits: Thresholds = LIMITS) -> list[str]:
    return [one.code for one in check(figures, station, limits)]


def broken(figures: Figures, station: StationFacts = STATION, limits: Thresholds = LIMITS) -> list[str]:
    return [one.code for one in broken_relations(figures, station, limits)]


def only(code: str, figures: Figures, station: StationFacts = STATION, limits: Thresholds = LIMITS):
    return [one for one in broken_relations(figures, station, limits) if one.code == code]


def test_the_form_without_contradiction_has_none_and_fills_every_box() -> None:
    assert broken(form()) == []
    assert set(FULL_FIELDS) < set(GOOD)


# Each code on its own: what it says, and the nearest form on which it is silent.

FIRES = [
    (
        {"registered_dpph": 4},
        Contradiction(
            "C1-E01",
            ("registered_dpph_male", "registered_dpph_female", "registered_dpph"),
            3,
            4,
            "registered_dpph",
        ),
    ),
    (
        {"registered_total_male": 196},
        Contradiction(
            "C1-E02",
            ("registered_dpt_male", "registered_dpph_male", "registered_dptb_male", "registered_total_male"),
            195,
            196,
            "registered_total_male",
        ),
    ),
    (
        {"voters_total": 310},
        Contradiction(
            "C1-E03",
            ("voters_dpt", "voters_dpph", "voters_dptb", "voters_total"),
            300,
            310,
            "voters_total",
        ),
    ),
    (
        {"voters_dpt_female": 211},
        Contradiction("C1-E04", ("voters_dpt_female", "registered_dpt_female"), 211, 210, "voters_dpt_female"),
    ),
    (
        {"disabled_voters": 301},
        Contradiction("C1-E05", ("disabled_voters", "voters_total"), 301, 300, "disabled_voters"),
    ),
    (
        {"ballots_unused": 109},
        Contradiction("C1-E06", ("ballots_used", "ballots_spoiled", "ballots_unused", "ballots_received"), 411, 410),
    ),
    (
        {"ballots_used": 299},
        Contradiction("C1-E07", ("valid_votes", "invalid_votes", "ballots_used"), 300, 299),
    ),
    (
        {"voters_total": 301},
        Contradiction("C1-E08", ("valid_votes", "invalid_votes", "voters_total"), 300, 301),
    ),
    ({"votes_1": 144}, Contradiction("C1-E09", ("votes_1", "votes_2", "valid_votes"), 284, 290)),
    (
        {"ballots_received": 299},
        Contradiction(
            "C1-E10",
            ("valid_votes", "invalid_votes", "ballots_received"),
            300,
            299,
            "ballots_received",
        ),
    ),
    (
        # 400 + 3 + 5 + 10 reserve = 418.
        {"invalid_votes": 129, "ballots_received": None},
        Contradiction(
            "C1-E10",
            ("valid_votes", "invalid_votes", "registered_dpt", "registered_dpph", "registered_dptb"),
            419,
            418,
            "registered_dpt",
        ),
    ),
    (
        {"total_votes": 290},
        Contradiction("C1-E11", ("valid_votes", "invalid_votes", "total_votes"), 300, 290),
    ),
    ({"ballots_received": 413}, Contradiction("C1-W01", ("registered_dpt", "ballots_received"), 410, 413)),
    ({"registered_dpt": 501}, Contradiction("C1-W02", ("registered_dpt",), 501, 500)),
    # 1.02 x 400 = 408, of the master data.
    (
        {"invalid_votes": 119},
        Contradiction("C1-W03", ("valid_votes", "invalid_votes"), 409, 408),
    ),
    ({"invalid_votes": 33}, Contradiction("C1-W04", ("invalid_votes", "valid_votes"), 33, 323)),
    ({"votes_2": 0}, Contradiction("C1-W05", ("votes_2",), 0, 290)),
    ({"registered_dpt": 401}, Contradiction("C1-W07", ("registered_dpt",), 401, 400)),
]


@pytest.mark.parametrize(("changes", "expected"), FIRES, ids=lambda value: getattr(value, "code", ""))
def test_relation_that_does_not_hold_is_found(changes, expected) -> None:
    found = only(expected.code, form(changes))
    assert [one for one in found if one.row == expected.row] == [expected]


SILENT = [
    ("C1-E01", {"registered_dpph": 3}),
    ("C1-E01", {"registered_dpph": 0, "registered_dpph_male": 0, "registered_dpph_female": 0}),
    ("C1-E02", {"registered_dpph_male": 0, "registered_dptb_male": 5}),
    ("C1-E03", {"voters_dpt": 291, "voters_dpph": 4}),
    ("C1-E04", {"voters_dpt_male": 190, "voters_dpt_female": 210, "voters_dpt": 400}),
    ("C1-E05", {"disabled_voters": 300, "disabled_voters_male": 145, "disabled_voters_female": 155}),
    ("C1-E06", {"ballots_spoiled": 110, "ballots_unused": 0}),
    ("C1-E07", {"valid_votes": 300, "invalid_votes": 0}),
    ("C1-E08", {"valid_votes": 0, "invalid_votes": 300}),
    ("C1-E09", {"votes_1": 290, "votes_2": 0}),
    ("C1-E10", {"ballots_received": 300}),
    ("C1-E10", {"invalid_votes": 128, "ballots_received": None}),
    ("C1-E11", {"valid_votes": 299, "invalid_votes": 1}),
    ("C1-W01", {"ballots_received": 410}),
    ("C1-W02", {"registered_dpt": 500}),
    ("C1-W03", {"invalid_votes": 118}),
    ("C1-W04", {"invalid_votes": 32}),  # 32 of 322 is 9.94%
    ("C1-W05", {"votes_1": 289, "votes_2": 1}),
    ("C1-W06", {name: 0 for name in GOOD if name != "votes_2"} | {"votes_2": 1}),
    ("C1-W06", {**ZEROS, "registered_dpt": 400}),
    ("C1-W07", {"registered_dpt": 400}),
]


@pytest.mark.parametrize(("code", "changes"), SILENT)
def test_relation_at_its_boundary_is_silent(code, changes) -> None:
    assert only(code, form(changes)) == []


def test_every_code_has_a_claim_on_both_sides() -> None:
    elsewhere = {"C1-W06", "C1-W08"}
    assert {one.code for _, one in FIRES} | elsewhere == set(CODES)
    assert {code for code, _ in SILENT} | {"C1-W08"} == set(CODES)


@pytest.mark.parametrize(
    ("code", "blank"),
    [(one.code, name) for changes, one in FIRES for name in one.fields if one.code[3] == "E"],
)
def test_a_blank_box_leaves_its_error_unchecked(code, blank) -> None:
    changes, row = next((c, one.row) for c, one in FIRES if one.code == code and blank in one.fields)
    left = only(code, form({**changes, blank: None}))
    assert [one for one in left if one.row == row] == []


def test_a_form_of_blanks_only_says_nothing() -> None:
    nothing = form(dict.fromkeys(GOOD))
    assert broken(nothing, StationFacts()) == []
    assert broken(Figures(votes={}), StationFacts()) == []


def test_blank_is_not_zero() -> None:
    assert asked(form({"ballots_spoiled": None})) == []
    assert asked(form({"ballots_spoiled": 0})) == ["C1-E06"]


def test_errors_and_warnings_are_told_apart() -> None:
    assert [one.is_error for one in check(form({"votes_1": 144}), STATION, LIMITS)] == [True]
    assert [one.is_error for one in check(form(), StationFacts(399), LIMITS)] == [False]


def test_empty_box_counts_among_the_pairs() -> None:
    lone = {n: v for n, v in GOOD.items() if n not in ("votes_1", "votes_2")}
    assert broken(form({"votes_0": 170, "votes_1": 120}, lone)) == []
    found = only("C1-E09", form({"votes_0": 160, "votes_1": 120}, lone))
    assert found == [Contradiction("C1-E09", ("votes_0", "votes_1", "valid_votes"), 280, 290)]


# Thresholds of the election


@pytest.mark.parametrize(
    ("registered", "rate", "expected"),
    [(400, "0.025", 10), (401, "0.025", 11), (453, "0.025", 12), (0, "0.025", 0), (500, "0.02", 10)],
)
def test_reserve_is_rounded_up_exactly(registered, rate, expected) -> None:
    assert reserve_ballots(registered, Decimal(rate)) == expected


@pytest.mark.parametrize(
    ("count", "total", "expected"),
    [(10, 100, True), (9, 100, False), (1, 0, True), (0, 0, False), (0, 100, False), (29, 290, True)],
)
def test_share_is_reached_at_or_above_it(count, total, expected) -> None:
    assert reaches_share(count, total, Decimal("0.10")) is expected


@pytest.mark.parametrize(
    ("invalid", "count_limit", "share_limit", "expected"),
    [
        (10, None, None, False),
        (10, 10, None, True),
        (9, 10, None, False),
        (10, 11, "0.5", False),
        (290, 291, "0.5", True),
        (289, None, "0.5", False),
        (0, None, "0.1", False),
    ],
)
def test_invalid_votes_are_many_by_count_or_by_share(invalid, count_limit, share_limit, expected) -> None:
    share = None if share_limit is None else Decimal(share_limit)
    limits = replace(LIMITS, invalid_count_limit=count_limit, invalid_share_limit=share)
    found = only("C1-W04", form({"invalid_votes": invalid}), STATION, limits)
    assert bool(found) is expected


def test_no_votes_at_all_reach_no_limit_of_invalid_votes() -> None:
    limits = replace(LIMITS, invalid_count_limit=0, invalid_share_limit=Decimal(0))
    assert only("C1-W04", form({"valid_votes": 0, "invalid_votes": 0}), STATION, limits) == []


def test_cap_belongs_to_the_election() -> None:
    assert only("C1-W02", form(), STATION, replace(LIMITS, station_cap=399))
    assert not only("C1-W02", form({"registered_dpt": 900}), STATION, replace(LIMITS, station_cap=None))


def test_dpt_of_the_master_data_stands_in_for_a_blank_box() -> None:
    blank = {"registered_dpt": None}
    large = StationFacts(501)
    assert only("C1-W02", form(blank), large) == [Contradiction("C1-W02", (), 501, 500)]
    # 501 + ceil(12.525) = 514
    assert only("C1-W01", form(blank), large) == [Contradiction("C1-W01", ("ballots_received",), 514, 410)]
    assert broken(form(blank), StationFacts()) == []


def test_turnout_trusts_the_master_data_before_the_form() -> None:
    # 1.02 x 290 = 295.8: the master data's DPT is too small for 300 votes, the form's is not.
    assert only("C1-W03", form(), StationFacts(290)) == [
        Contradiction("C1-W03", ("valid_votes", "invalid_votes"), 300, 295)
    ]
    assert only("C1-W03", form({"registered_dpt": 290}), StationFacts(400)) == []
    assert only("C1-W03", form({"registered_dpt": 294}), StationFacts()) == [
        Contradiction("C1-W03", ("valid_votes", "invalid_votes", "registered_dpt"), 300, 299)
    ]


def test_turnout_takes_the_sum_of_the_pairs_for_a_blank_valid_box() -> None:
    figures = short(300, 100, voters=410, valid=None, invalid=10)
    expected = Contradiction("C1-W03", ("votes_1", "votes_2", "invalid_votes"), 410, 408)
    assert check(figures, STATION, LIMITS) == (expected,)
    assert asked(short(300, None, voters=410, valid=None, invalid=10)) == []


def test_one_sided_form_is_reported_once_with_the_pair_that_has_all_first() -> None:
    found = check(form({"votes_1": 0, "votes_2": 290}), STATION, LIMITS)
    assert found == (Contradiction("C1-W05", ("votes_2", "votes_1"), 290, 290),)


def test_pair_with_all_valid_votes_is_reported_beside_a_wrong_sum() -> None:
    found = only("C1-W05", form({"votes_1": 290, "votes_2": 5}))
    assert found == [Contradiction("C1-W05", ("votes_1",), 290, 290)]


def test_single_row_of_votes_is_not_one_sided() -> None:
    assert only("C1-W05", Figures({1: 290}, {"valid_votes": 290})) == []


def test_all_zero_form_is_one_warning() -> None:
    found = check(form(base=ZEROS), StationFacts(), LIMITS)
    assert [one.code for one in found] == ["C1-W06"]
    assert (found[0].left, found[0].right) == (0, len(GOOD))
    assert broken(form(base=ZEROS), StationFacts()) == ["C1-W05", "C1-W06"]


def test_all_zero_short_form_with_a_blank_box_is_still_all_zero() -> None:
    assert asked(short(0, 0, voters=0, valid=None, invalid=0)) == ["C1-W06"]
    assert asked(short(0, None, voters=0, valid=0, invalid=0)) == ["C1-W05"]


# One cause, one question


@pytest.mark.parametrize(
    ("changes", "all_broken", "reported"),
    [
        # Valid votes 290 -> 296: 296 + 10 against 300 three times, 290 against 296 once.
        ({"valid_votes": 296}, ["C1-E07", "C1-E08", "C1-E09", "C1-E11"], ["C1-E07"]),
        # 10 -> 130 invalid: 420 votes, above 410 ballots, above 418, above 408 = 1.02 x DPT.
        (
            {"invalid_votes": 130},
            ["C1-E07", "C1-E08", "C1-E10", "C1-E10", "C1-E11", "C1-W03", "C1-W04"],
            ["C1-E07", "C1-W04"],
        ),
        # 300 -> 30 voters: row, column and votes disagree, and 3 disabled voters are fewer than 30.
        ({"voters_total": 30}, ["C1-E01", "C1-E03", "C1-E08"], ["C1-E01"]),
        # 300 -> 2 voters: the 3 disabled voters are now more, which 300 would mend.
        ({"voters_total": 2}, ["C1-E01", "C1-E03", "C1-E05", "C1-E08"], ["C1-E01"]),
        # DPT (L) 190 -> 19: its row, its column, and 140 voted of 19; 190 mends all three.
        ({"registered_dpt_male": 19}, ["C1-E01", "C1-E02", "C1-E04"], ["C1-E01"]),
        # Ballots 410 -> 41: 300 used of 41; W01 is not an error of the form and stays.
        ({"ballots_received": 41}, ["C1-E06", "C1-E10", "C1-W01"], ["C1-E06", "C1-W01"]),
        # Used 300 -> 30.
        ({"ballots_used": 30}, ["C1-E06", "C1-E07"], ["C1-E06"]),
        # One pair: only the sum of the pairs is wrong.
        ({"votes_2": 104}, ["C1-E09"], ["C1-E09"]),
    ],
)
def test_one_wrong_box_is_one_error(changes, all_broken, reported) -> None:
    assert broken(form(changes)) == all_broken
    assert asked(form(changes)) == reported


@pytest.mark.parametrize(
    ("changes", "reported"),
    [
        # Unconnected boxes: DPT (L), in row and column, and a pair.
        ({"registered_dpt_male": 191, "votes_2": 146}, ["C1-E01", "C1-E09"]),
        # Pair +6 and invalid +2: no one value of the valid votes mends E09 and E07.
        ({"votes_2": 146, "invalid_votes": 12}, ["C1-E07", "C1-E09"]),
        # Pair +6 and voters +2, on one column.
        ({"votes_2": 146, "voters_total": 302}, ["C1-E01", "C1-E09"]),
        # Pair -6 and voters -6: 284 valid votes would mend E08 and E09, but E07 and E11 confirm
        # 290, so it is not one cause.
        ({"votes_2": 134, "voters_total": 294}, ["C1-E01", "C1-E09"]),
        # Valid votes +6 and voters +1 meet in E08, which neither alone explains: nothing is hidden.
        (
            {"valid_votes": 296, "voters_total": 301},
            ["C1-E01", "C1-E03", "C1-E07", "C1-E08", "C1-E09", "C1-E11"],
        ),
        # Both cells of a row and of no common equality but E01: L +1 and jumlah +5.
        ({"registered_dptb_male": 5, "registered_dptb": 10}, ["C1-E01", "C1-E02", "C1-E02"]),
    ],
)
def test_two_mistakes_are_both_reported(changes, reported) -> None:
    assert asked(form(changes)) == reported


def test_short_form_blames_the_valid_votes_only_when_they_explain_both_errors() -> None:
    # 240 + 4 = 244 voters, but 246 valid: 240 mends both.
    assert broken(short(120, 120, voters=244, valid=246, invalid=4)) == ["C1-E08", "C1-E09"]
    assert asked(short(120, 120, voters=244, valid=246, invalid=4)) == ["C1-E08"]
    # 240 pairs, 246 valid, 251 voters: E09 wants 240, E08 wants 247.
    assert asked(short(120, 120, voters=251, valid=246, invalid=4)) == ["C1-E08", "C1-E09"]


def test_a_negative_or_five_digit_value_explains_nothing() -> None:
    # 95 used and 95 voters, 100 valid (as the pairs say), 9 invalid: -5 invalid would mend both.
    figures = short(60, 40, voters=95, valid=100, invalid=9)
    figures = replace(figures, values={**figures.values, "ballots_used": 95})
    assert asked(figures) == ["C1-E07", "C1-E08"]
    # Pairs 9,999 + 9,999: both want valid = 19,998, which four boxes cannot hold.
    figures = short(9999, 9999, voters=19998, valid=0, invalid=0)
    assert asked(figures, StationFacts()) == ["C1-E08", "C1-E09"]


def test_a_box_that_another_equality_confirms_explains_nothing() -> None:
    # 284 of the pairs, 294 voters, 290 valid, 10 invalid: 284 valid would mend E08 and E09 ...
    figures = short(144, 140, voters=294, valid=290, invalid=10)
    assert asked(figures) == ["C1-E08"]
    # ... but 300 ballots used confirm the 290: two boxes are wrong.
    figures = replace(figures, values={**figures.values, "ballots_used": 300})
    assert asked(figures) == ["C1-E08", "C1-E09"]


def test_limit_that_the_implied_value_does_not_mend_is_reported_too() -> None:
    # Voters 300 -> 310 breaks E01, E03, E08; the 311 disabled voters exceed 300 as well.
    figures = form({"voters_total": 310, "disabled_voters": 311})
    assert [(one.code, one.row) for one in check(figures, STATION, LIMITS)] == [
        ("C1-E01", "voters_total"),
        ("C1-E01", "disabled_voters"),
    ]
    # Blank halves leave nothing that could explain 311 disabled voters.
    figures = form({"voters_total": 310, "disabled_voters": 311, "disabled_voters_male": None, "voters_dpt": None})
    assert asked(figures) == ["C1-E01", "C1-E05"]


def test_too_many_in_one_half_is_not_said_again_of_the_jumlah() -> None:
    changes: dict[str, int | None] = {"registered_dpt_male": 100, "registered_dpt": 290}
    changes |= {"registered_dpt_female": 190, "registered_total_male": 105, "registered_total": 298}
    changes |= {"registered_total_female": 193, "ballots_received": None}
    rows = [one.row for one in broken_relations(form(changes), STATION, LIMITS) if one.code == "C1-E04"]
    assert rows == ["voters_dpt_male", "voters_dpt"]
    rows = [one.row for one in check(form(changes), STATION, LIMITS) if one.code == "C1-E04"]
    assert rows == ["voters_dpt_male"]


def test_more_votes_than_ballots_silences_the_turnout_and_the_wider_limit() -> None:
    # A form that agrees with itself: 420 voters and votes, 410 ballots, no E06 boxes filled.
    changes: dict[str, int | None] = dict.fromkeys(GOOD) | {"registered_dpt": 400}
    changes |= {"registered_dpph": 3, "registered_dptb": 5, "ballots_received": 410}
    changes |= {"voters_total": 420, "valid_votes": 410, "invalid_votes": 10, "votes_1": 210, "votes_2": 200}
    assert broken(form(changes)) == ["C1-E10", "C1-E10", "C1-W03"]
    found = check(form(changes), STATION, LIMITS)
    assert [(one.code, one.row) for one in found] == [("C1-E10", "ballots_received")]


# Two readings


def test_equal_readings_agree() -> None:
    assert disagreement(form(), form()) is None
    assert disagreement(Figures({}), Figures({})) is None


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"votes_1": 151}, ("votes_1",)),
        ({"ballots_spoiled": None}, ("ballots_spoiled",)),
        (
            {"total_votes": 301, "votes_2": 0, "registered_dpt": 1},
            ("registered_dpt", "votes_2", "total_votes"),
        ),
    ],
)
def test_differing_boxes_are_named_in_paper_order(changes, fields) -> None:
    expected = Contradiction("C1-W08", fields, len(fields), len(GOOD))
    assert disagreement(form(), form(changes)) == expected
    assert disagreement(form(changes), form()) == expected


def test_box_blank_in_both_readings_agrees_and_blank_against_zero_differs() -> None:
    blank, zero = form({"ballots_spoiled": None}), form({"ballots_spoiled": 0})
    assert disagreement(blank, blank) is None
    found = disagreement(blank, zero)
    assert found is not None
    assert found.fields == ("ballots_spoiled",)


def test_short_form_is_compared_on_what_it_was_asked() -> None:
    assert disagreement(form(), short(150, 140, voters=300, valid=290, invalid=10)) is None
    found = disagreement(form(), short(150, 140, voters=300, valid=None, invalid=10))
    assert found == Contradiction("C1-W08", ("valid_votes",), 1, 5)


def test_pair_missing_from_one_reading_differs() -> None:
    both, one = Figures({1: 5, 2: 6}), Figures({1: 5})
    expected = Contradiction("C1-W08", ("votes_2",), 1, 2)
    assert (disagreement(both, one), disagreement(one, both)) == (expected, expected)


# Generated forms


@st.composite
def consistent_forms(draw: st.DrawFn) -> Figures:
    """Build a form bottom-up: voters of each kind and sex, then everything they add up to."""
    values: dict[str, int | None] = {}
    for kind in ("dpt", "dpph", "dptb"):
        for part in ("_male", "_female"):
            registered = draw(st.integers(0, 300 if kind == "dpt" else 20))
            values[f"registered_{kind}{part}"] = registered
            values[f"voters_{kind}{part}"] = draw(st.integers(0, registered))
    for group in ("registered", "voters"):
        for part in ("_male", "_female"):
            kinds = (values[f"{group}_{kind}{part}"] or 0 for kind in ("dpt", "dpph", "dptb"))
            values[f"{group}_total{part}"] = sum(kinds)
    for part in ("_male", "_female"):
        values[f"disabled_voters{part}"] = draw(st.integers(0, values[f"voters_total{part}"] or 0))
    for row in GENDERED_ROWS:
        values[row] = (values[row + "_male"] or 0) + (values[row + "_female"] or 0)
    used = values["voters_total"] or 0
    spoiled, unused = draw(st.integers(0, 20)), draw(st.integers(0, 300))
    values |= {"ballots_used": used, "ballots_spoiled": spoiled, "ballots_unused": unused}
    values |= {"ballots_received": used + spoiled + unused}
    valid = draw(st.integers(0, used))
    values |= {"valid_votes": valid, "invalid_votes": used - valid, "total_votes": used}
    cuts = sorted(draw(st.lists(st.integers(0, valid), min_size=1, max_size=4)))
    edges = [0, *cuts, valid]
    votes = {number: high - low for number, (low, high) in enumerate(pairwise(edges))}
    return Figures(votes=votes, values=values)


def errors(figures: Figures) -> list[Contradiction]:
    return [one for one in check(figures, StationFacts(), LIMITS) if one.is_error]


@given(consistent_forms())
def test_consistent_form_yields_no_error(figures: Figures) -> None:
    assert errors(figures) == []


@given(consistent_forms(), st.data())
def test_any_single_changed_digit_is_noticed_as_one_error(figures: Figures, data: st.DataObject) -> None:
    """Every box of the form stands in an equality, so no digit can change unseen, nor be asked twice."""
    name = data.draw(st.sampled_from((*FULL_FIELDS, *figures.vote_fields)))
    digits = list(str(figures.get(name)))
    place = data.draw(st.integers(0, len(digits) - 1))
    digits[place] = data.draw(st.sampled_from([d for d in "0123456789" if d != digits[place]]))
    value = int("".join(digits))
    if name.startswith("votes_"):
        changed = replace(figures, votes={**figures.votes, int(name[6:]): value})
    else:
        changed = replace(figures, values={**figures.values, name: value})
    found = errors(changed)
    assert len(found) == 1
    assert name in found[0].fields


@given(consistent_forms(), st.integers(0, 9999), st.integers(0, 9999))
def test_the_report_is_a_sorted_part_of_what_is_broken(figures: Figures, valid: int, dpt: int) -> None:
    changed = replace(figures, values={**figures.values, "valid_votes": valid, "registered_dpt": dpt})
    everything = broken_relations(changed, STATION, LIMITS)
    found = check(changed, STATION, LIMITS)
    assert set(found) <= set(everything)
    assert bool(found) == bool(everything)
    assert [one.code for one in found] == sorted(one.code for one in found)
