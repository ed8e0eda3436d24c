"""Claims about the split of a lost margin: it adds up, and says documents before expectations."""

import random

import pytest

from analytics.rules.loss_split import AreaVotes, Cause, common_swing, explain, split_loss
from analytics.rules.severity import Severity


def areas(*differences, expected=0.10, valid=1000):
    return [AreaVotes(valid, round(valid * (expected + one)), expected) for one in differences]


def total(split):
    return split.start + sum(votes for _name, votes in split.parts)


def test_the_common_swing_is_the_median_and_one_odd_place_does_not_move_it():
    even = common_swing(areas(-0.20, -0.21, -0.19, -0.20, -0.22, -0.18))
    odd = common_swing(areas(-0.20, -0.21, -0.19, -0.20, -0.22, -0.80))
    assert even.common == pytest.approx(-0.20)
    assert odd.common == pytest.approx(-0.205)
    assert odd.z[-1] == pytest.approx(0.6745 * (-0.80 + 0.205) / 0.01)
    assert abs(odd.z[0]) < 1


@pytest.mark.parametrize(
    "few", [areas(-0.2, -0.3, -0.9, -0.2), areas(-0.2, -0.2, -0.2, -0.2, -0.2, -0.9), [AreaVotes(900, -3)] * 9]
)
def test_without_a_spread_to_measure_by_no_place_stands_out(few):
    assert set(common_swing(few).z) == {None}


def test_where_nobody_said_what_to_expect_there_is_no_swing():
    assert common_swing([AreaVotes(900, -300), AreaVotes(0, 0, 0.1)]).common is None


def test_each_part_by_hand():
    # 10 points expected at 60% turnout; 50% came, and the margin fell by 20 points everywhere, by 60 in one place.
    places = [AreaVotes(1000, margin, 0.10, 0.50, 0.60) for margin in (-100, -100, -100, -100, -100, -500)]
    flagged = [AreaVotes(100, -60, 0.10)]
    split = split_loss(places, swing=common_swing(places).common, flagged=flagged, documents=-40)
    assert (split.expected, split.turnout, split.swing) == (720, -120, -1200)
    # The flagged TPS was to have −10 after the swing and has −60.
    assert (split.hard, split.local, split.documents) == (-50, -350, -40)
    assert (split.counted, split.actual, total(split)) == (-1000, -1040, -1040)
    assert split.share(split.swing) == pytest.approx(-0.2)


def test_the_parts_add_up_to_the_vote_whatever_the_figures():
    dice = random.Random(2020)
    for _ in range(500):
        places = [
            AreaVotes(
                valid := dice.randrange(0, 40_000),
                dice.randint(-valid, valid),
                dice.uniform(-1, 1),
                dice.choice([None, 0.0, dice.random()]),
                dice.choice([None, dice.random()]),
            )
            for _ in range(dice.randrange(1, 30))
        ]
        flagged = [AreaVotes(300, dice.randint(-300, 300), dice.uniform(-1, 1)) for _ in range(dice.randrange(4))]
        swing = common_swing(places).common
        split = split_loss(places, swing=swing, flagged=flagged, documents=dice.randint(-9999, 9999))
        assert total(split) == split.actual == sum(one.margin for one in places) + split.documents


def test_without_an_expectation_for_one_place_nothing_is_divided():
    split = split_loss([*areas(-0.2), AreaVotes(1000, -300)], swing=-0.2, documents=-30)
    assert (split.expected, split.turnout, split.swing, split.local) == (None, None, None, None)
    assert (split.undivided, split.documents, split.actual, total(split)) == (-400, -30, -430, -430)


# What it means


def lost(documents=0, hard=0, difference=-0.30):
    flagged = [AreaVotes(100, hard - 20, 0.10)] if hard else []
    return split_loss(areas(*[difference] * 6), swing=difference, flagged=flagged, documents=documents)


@pytest.mark.parametrize(
    ("documents", "cause", "severity"),
    [
        (0, Cause.MISSED, Severity.INFO),
        # 1,200 are lost by our C1s: 400 more by the documents are 25% of 1,600.
        (-399, Cause.MISSED, Severity.INFO),
        (-400, Cause.DOCUMENTS, Severity.HIGH),
        (+400, Cause.MISSED, Severity.INFO),
    ],
)
def test_a_quarter_of_the_margin_in_documents_is_high(documents, cause, severity):
    found = explain(lost(documents), local_z=None, settled=True)
    assert (found.cause, found.severity) == (cause, severity)


def test_critical_only_where_our_c1s_alone_would_not_have_lost():
    ahead = split_loss(areas(*[-0.05] * 6), swing=-0.05, documents=-301)
    assert (ahead.counted, ahead.actual) == (300, -1)
    assert explain(ahead, local_z=None, settled=True).severity == Severity.CRITICAL
    behind = split_loss(areas(*[-0.11] * 6), swing=-0.11, documents=-5000)
    assert (behind.counted, explain(behind, local_z=None, settled=True).severity) == (-60, Severity.HIGH)


def test_hard_flags_never_make_it_critical():
    flagged = [AreaVotes(6000, -1200, 0.10)]
    split = split_loss(areas(*[-0.30] * 6), swing=0.0, flagged=flagged)
    assert -split.hard > -split.actual
    assert explain(split, local_z=None, settled=True).severity == Severity.HIGH


def test_a_place_that_stands_out_asks_for_evidence_and_one_that_gained_does_not():
    assert explain(lost(), local_z=-3.5, settled=True).cause == Cause.LOCAL
    assert explain(lost(), local_z=-3.4, settled=True).cause == Cause.MISSED
    assert explain(lost(), local_z=9.0, settled=True).cause == Cause.MISSED
    assert explain(lost(-5000), local_z=-9.0, settled=True).cause == Cause.DOCUMENTS


def test_while_forms_are_missing_nobodys_expectation_was_missed():
    found = explain(lost(), local_z=None, settled=False)
    assert (found.cause, found.severity) == (Cause.OPEN, Severity.MEDIUM)


def test_where_the_common_swing_would_have_left_us_ahead_it_is_not_explained():
    places = [*areas(-0.05, -0.05, -0.05, -0.05), *areas(-1.05, expected=0.1)]
    split = split_loss(places, swing=common_swing(places).common)
    assert (split.actual < 0, split.local) == (True, -1000)
    assert explain(split, local_z=None, settled=True).cause == Cause.OPEN


def test_with_only_a_target_a_complete_loss_without_documents_is_a_missed_expectation():
    split = split_loss([AreaVotes(790_117, -178_858)], swing=None)
    found = explain(split, local_z=None, settled=True)
    assert (found.cause, found.severity, found.evidence) == (Cause.MISSED, Severity.INFO, 0.0)


def test_where_we_are_not_behind_there_is_no_margin_to_hold_documents_against():
    ahead = split_loss(areas(*[-0.05] * 6), swing=-0.05)
    assert explain(ahead, local_z=None, settled=True).evidence is None
