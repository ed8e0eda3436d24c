"""Claims about rule W: when an expected win is behind, lost, or neither."""

import pytest

from analytics.rules.expected_win import Standing, State, chance_of_winning, expects_win, judge


def standing(ours, theirs, *, others=0, stations=10, stations_in=10):
    return Standing(ours, theirs, ours + theirs + others, stations, stations_in)


@pytest.mark.parametrize(
    ("ours", "theirs", "stations_in", "state"),
    [
        (101, 100, 10, State.WON),
        (101, 100, 9, State.LEADING),
        (100, 101, 10, State.LOST),
        (100, 101, 9, State.BEHIND),
        (100, 100, 10, State.TIED),
        (100, 100, 9, State.TIED),
        (0, 0, 0, State.WAITING),
        (0, 0, 10, State.WAITING),
    ],
)
def test_the_last_word_needs_every_station(ours, theirs, stations_in, state):
    assert judge(standing(ours, theirs, stations_in=stations_in)).state == state


@pytest.mark.parametrize(
    ("state", "off"),
    [
        (State.WAITING, False),
        (State.LEADING, False),
        (State.WON, False),
        (State.TIED, False),
        (State.BEHIND, True),
        (State.LOST, True),
    ],
)
def test_off_target_is_behind_or_lost_and_a_tie_is_neither(state, off):
    votes = {State.LEADING: (2, 1), State.WON: (2, 1), State.TIED: (1, 1), State.WAITING: (0, 0)}
    ours, theirs = votes.get(state, (1, 2))
    complete = state in (State.WON, State.LOST)
    found = judge(standing(ours, theirs, stations_in=10 if complete else 9))
    assert (found.state, found.is_off_target) == (state, off)


def test_the_margin_is_ours_minus_the_strongest_and_its_share_is_of_all_pairs():
    found = judge(standing(300, 500, others=200))
    assert (found.margin_votes, found.margin_share) == (-200, -0.2)


def test_while_nothing_is_counted_there_is_no_margin():
    found = judge(standing(0, 0, stations_in=0))
    assert (found.margin_votes, found.margin_share) == (0, None)


# Before


@pytest.mark.parametrize(
    ("margin", "spread", "expected"),
    [
        (0.0842, 0.10, True),
        (0.0841, 0.10, False),
        (0.0, 0.10, False),
        (-0.2, 0.01, False),
        (0.5, None, False),
        (None, 0.1, False),
    ],
)
def test_a_win_is_expected_from_a_chance_of_80_percent(margin, spread, expected):
    assert expects_win(margin, spread) is expected


def test_the_chance_is_the_normal_one():
    assert chance_of_winning(0.0, 0.1) == 0.5
    assert chance_of_winning(0.1, 0.1) == pytest.approx(0.841345, abs=1e-6)
    assert chance_of_winning(-0.1, 0.1) == pytest.approx(0.158655, abs=1e-6)


# Now, with a projection


@pytest.mark.parametrize(
    ("ours", "chance", "off"), [(1, 0.80, True), (1, 0.79, False), (3, 0.80, True), (3, 0.1, False), (1, None, True)]
)
def test_while_forms_are_missing_the_projection_decides_and_without_one_who_is_behind(ours, chance, off):
    found = judge(standing(ours, 2, stations_in=9), chance)
    assert (found.is_off_target, found.chance_behind) == (off, chance)
    assert found.is_settled is (off and chance is not None)


def test_with_every_station_in_there_is_nothing_left_to_project():
    found = judge(standing(3, 2), 0.99)
    assert (found.state, found.is_off_target, found.chance_behind) == (State.WON, False, None)
