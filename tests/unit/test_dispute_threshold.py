"""Claims about the threshold of the Constitutional Court (Pasal 158 UU 10/2016)."""

from datetime import date, timedelta
from fractions import Fraction

import pytest

from analytics.rules.dispute_threshold import dispute, petition_deadline, rate_for


@pytest.mark.parametrize(
    ("population", "percent"),
    [
        (1, "2"),
        (2_000_000, "2"),
        (2_000_001, "1.5"),
        (6_000_000, "1.5"),
        (6_000_001, "1"),
        (12_000_000, "1"),
        (12_000_001, "0.5"),
        (40_000_000, "0.5"),
    ],
)
def test_bands_of_a_province_include_their_upper_bound(population, percent):
    assert rate_for(population, is_province=True) == Fraction(percent) / 100


@pytest.mark.parametrize(
    ("population", "percent"),
    [
        (1, "2"),
        (250_000, "2"),
        (250_001, "1.5"),
        (500_000, "1.5"),
        (500_001, "1"),
        (1_000_000, "1"),
        (1_000_001, "0.5"),
        (2_900_000, "0.5"),
    ],
)
def test_bands_of_a_regency_include_their_upper_bound(population, percent):
    assert rate_for(population, is_province=False) == Fraction(percent) / 100


def test_banyuwangi_2020_is_outside():
    found = dispute(population=1_700_000, is_province=False, valid_votes=836_960, margin=40_734)
    assert (found.rate, found.votes, found.inside, found.missing) == (Fraction(5, 1000), 4_185, False, 36_549)


def test_exactly_the_threshold_is_inside_and_a_vote_more_is_not():
    at = dispute(population=1_700_000, is_province=False, valid_votes=200_000, margin=1_000)
    above = dispute(population=1_700_000, is_province=False, valid_votes=200_000, margin=1_001)
    assert (at.votes, at.inside, at.missing) == (1_000, True, 0)
    assert (above.inside, above.missing) == (False, 1)


def test_the_exact_fraction_decides_not_the_rounded_votes():
    # 0,5% of 836.960 is 4.184,8: shown as 4.185, and a margin of 4.185 is above it.
    found = dispute(population=1_700_000, is_province=False, valid_votes=836_960, margin=4_185)
    assert (found.votes, found.inside) == (4_185, False)


def test_a_margin_of_nothing_is_inside_even_when_nothing_is_counted():
    assert dispute(population=100_000, is_province=False, valid_votes=0, margin=0).inside is True


# The day


@pytest.mark.parametrize(
    ("announced", "last"),
    [
        ("2020-12-14", "2020-12-17"),  # Monday
        ("2020-12-15", "2020-12-18"),
        ("2020-12-16", "2020-12-21"),  # Wednesday: a weekend between
        ("2020-12-18", "2020-12-23"),
        ("2020-12-19", "2020-12-23"),  # Saturday
        ("2020-12-20", "2020-12-23"),
    ],
)
def test_a_petition_has_three_working_days_after_the_announcement(announced, last):
    assert petition_deadline(date.fromisoformat(announced)) == date.fromisoformat(last)


def test_a_holiday_is_no_working_day():
    christmas = date(2020, 12, 25)
    assert petition_deadline(date(2020, 12, 22), holidays=[christmas]) == date(2020, 12, 28)
    assert petition_deadline(date(2020, 12, 22)) == christmas == date(2020, 12, 22) + timedelta(3)
