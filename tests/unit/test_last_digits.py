"""Claims about last digits and round percentages: what chance gives, and what 2019 gave."""

import random

import numpy as np
import pytest

from analytics.information.last_digits import _chance_of_nine, is_round, last_digits, round_shares
from tests import returns_2019

DRAW = random.Random(7)


def test_numbers_that_are_rounded_to_tens_stand_out_and_honest_ones_do_not():
    honest = [DRAW.randint(60, 240) for _station in range(2000)]
    assert not last_digits(honest).is_rare
    rounded = [one // 10 * 10 if station % 10 == 0 else one for station, one in enumerate(honest)]
    found = last_digits(rounded)
    assert found.is_rare
    assert found.digits[0].count > found.digits[0].usual[1]


def test_where_few_stations_have_many_votes_low_digits_are_expected_more_often():
    """A tenth each would call this uneven: at 50 votes there are four times as many TPS as at 59."""
    falling = [50 + int(DRAW.expovariate(1 / 6)) for _station in range(3000)]
    falling += [50 - int(DRAW.expovariate(1 / 6)) for _station in range(3000)]
    found = last_digits(falling)
    assert found.digits[0].expected > 1.5 * found.digits[9].expected
    assert sum(one.expected for one in found.digits) == pytest.approx(found.stations)


def test_small_numbers_are_left_out_and_nothing_is_no_surprise():
    assert last_digits([49, 9, 0]).stations == 0
    assert (last_digits([]).chance, last_digits([]).is_rare, round_shares([]).count) == (1.0, False, 0)
    assert last_digits([100] * 99).are_enough is False


@pytest.mark.parametrize(
    ("own", "valid", "expected"), [(100, 200, True), (101, 200, False), (60, 240, True), (1, 3, False)]
)
def test_a_share_is_round_at_multiples_of_five_percent(own, valid, expected):
    assert is_round(own, valid) is expected


def test_shares_made_round_stand_out_from_their_neighbours():
    honest = [(DRAW.randint(60, 140), 200 + DRAW.randint(0, 60)) for _station in range(2000)]
    assert not round_shares(honest).is_rare
    made = [(round(valid * 0.55), valid) for _own, valid in honest[:200]] + honest[200:]
    assert round_shares(made).is_rare


@pytest.mark.parametrize(("value", "chance"), [(0, 1), (4.168, 0.9), (16.919, 0.05), (21.666, 0.01)])
def test_the_chance_is_that_of_the_table_of_nine_degrees(value, chance):
    assert _chance_of_nine(value) == pytest.approx(chance, abs=1e-4)


@pytest.mark.returns
@pytest.mark.skipif(not returns_2019.RETURNS.exists(), reason="real returns are not here")
def test_two_of_31_kabupaten_of_2019_stand_out_by_digits_and_none_by_round_shares():
    """The sentence of the page. Bangkalan and Sampang: there a fifth of the counts of one pair end in 0."""
    election = returns_2019.read()
    regency = election.tree.regency_of[election.district]
    large, digits, rounds = 0, set(), 0
    for number, code in enumerate(election.regency_codes):
        votes = election.votes[regency == number].astype(int)
        if len(votes) >= 1000:
            large += 1
            digits |= {code for pair in votes.T if last_digits(pair.tolist()).is_rare}
            rounds += round_shares(np.column_stack([votes[:, 0], votes.sum(axis=1)]).tolist()).is_rare
    assert (large, digits, rounds) == (31, {"3526", "3527"}, 0)
