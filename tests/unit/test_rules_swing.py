"""S1 to S3: boundaries, what a TPS may not say of itself, and what is not said at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analytics.rules.beta_binomial import log_pmf
from analytics.rules.settings import DEFAULTS
from analytics.rules.severity import Severity
from analytics.rules.swing import (
    Expectation,
    StationVotes,
    area_swings,
    improbable_zero,
    station_swings,
    surroundings,
)

DESA = 12


def stations(votes, valid, village=None, district=None, regency=None):
    size = len(votes)
    columns = [votes, valid, village or [1] * size, district or [1] * size, regency or [1] * size]
    return StationVotes(*(np.array(one, dtype=np.int64) for one in columns))


def test_a_station_is_not_in_its_own_expectation():
    # The desa's other TPS 60 of 100, 30 pseudo-votes at the 80 of 200 of the rest of the kecamatan.
    found = surroundings(stations([0, 60, 20], [300, 100, 100], [1, 1, 2]))
    assert found.share[0] == pytest.approx((60 + 30 * 80 / 200) / (100 + 30))
    assert found.rho[0] == DEFAULTS.rho_village


def test_a_station_alone_has_the_share_of_the_area_around():
    found = surroundings(stations([50, 30, 10], [100, 100, 100], [1, 2, 3], [1, 1, 2]))
    assert list(found.share) == [0.3, 0.5, pytest.approx(0.4)]
    assert list(found.rho) == [DEFAULTS.rho_district, DEFAULTS.rho_district, DEFAULTS.rho_regency]


def test_of_a_station_alone_in_its_kabupaten_nothing_is_known():
    alone = stations([50], [100])
    assert np.isnan(surroundings(alone).share[0])
    assert station_swings(alone) == ()


def test_a_far_station_is_found_and_its_neighbours_are_not():
    votes = [160] * (DESA - 1) + [6]
    (found,) = station_swings(stations(votes, [200] * DESA))
    assert (found.code, found.severity, found.row, found.share) == ("S1", Severity.MEDIUM, DESA - 1, 0.03)
    assert found.expected == pytest.approx(0.8)
    assert found.votes == pytest.approx(-154)
    assert found.q <= 0.01


def test_a_station_far_in_our_favour_is_found_as_well():
    (found,) = station_swings(stations([40] * (DESA - 1) + [194], [200] * DESA))
    assert found.votes == pytest.approx(154)


@pytest.mark.parametrize(("votes", "found"), [(1300, 1), (1299, 0)])
def test_fifteen_points_are_reached_at_fifteen_points(votes, found):
    """With hardly any overdispersion the points decide, not the chance."""
    known = Expectation(np.array([0.5]), np.array([1e-5]))
    assert len(station_swings(stations([votes], [2000]), known)) == found


def test_an_empty_station_is_not_tested():
    votes = stations([160] * (DESA - 1) + [0], [200] * (DESA - 1) + [0])
    assert station_swings(votes) == ()


def test_each_kabupaten_is_corrected_by_itself():
    far = [160] * (DESA - 1) + [6]
    both = stations(
        far * 2, [200] * 2 * DESA, [1] * DESA + [2] * DESA, [1] * DESA + [2] * DESA, [1] * DESA + [2] * DESA
    )
    alone = station_swings(stations(far, [200] * DESA))
    assert [(one.row, one.q) for one in station_swings(both)] == [
        (DESA - 1, alone[0].q),
        (2 * DESA - 1, alone[0].q),
    ]


def test_columns_have_one_length():
    with pytest.raises(ValueError):
        StationVotes(*(np.zeros(size, dtype=np.int64) for size in (1, 1, 1, 1, 2)))


def zero(votes, expected, settings=DEFAULTS, *, present=False):
    return improbable_zero(votes, expected, own=1, witness_present=present, settings=settings)


@pytest.mark.parametrize(("present", "severity"), [(True, Severity.HIGH), (False, Severity.MEDIUM)])
def test_an_improbable_zero_weighs_more_where_somebody_watched(present, severity):
    found = zero({1: 0, 2: 150, 3: 50}, {1: 0.6, 2: 0.3, 3: 0.1}, present=present)
    assert found is not None
    assert (found.code, found.severity, found.rival) == ("S2", severity, None)


def test_a_rival_who_has_all_is_told_instead():
    found = zero({1: 0, 2: 200, 3: 0}, {1: 0.6, 2: 0.3, 3: 0.1})
    assert found is not None
    assert found.rival == 2


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ({1: 0, 2: 200}, {1: 0.02, 2: 0.98}),  # a zero that was to be expected
        ({1: 0, 2: 4}, {1: 0.5, 2: 0.5}),  # too few votes to say anything
        ({1: None, 2: 200}, {1: 0.6, 2: 0.4}),  # blank
        ({1: 0, 2: 0}, {1: 0.6, 2: 0.4}),  # nobody voted
        ({1: 0, 2: 200}, {}),  # nothing expected
        ({1: 200, 2: 0}, {1: 0.4, 2: 0.6}),  # the rival's zero is not this rule's
        ({1: 1, 2: 199}, {1: 0.6, 2: 0.4}),
    ],
)
def test_other_zeros_say_nothing(votes, expected):
    assert zero(votes, expected) is None


def test_the_limit_itself_is_not_below_the_limit():
    chance = float(np.exp(log_pmf(0, 60, 0.5, DEFAULTS.rho_village)))
    votes, expected = {1: 0, 2: 60}, {1: 0.5}
    assert zero(votes, expected, replace(DEFAULTS, zero_probability=chance * 0.999999)) is None
    assert zero(votes, expected, replace(DEFAULTS, zero_probability=chance * 1.000001)) is not None


def areas(seed=3, size=60, groups=3):
    random = np.random.default_rng(seed)
    earlier = random.uniform(0.2, 0.8, size)
    group = np.arange(size) % groups
    logit = 0.4 * group + 0.8 * np.log(earlier / (1 - earlier)) + random.normal(0, 0.1, size)
    return 1 / (1 + np.exp(-logit)), earlier, group


def test_a_swing_of_a_whole_kabupaten_is_no_finding():
    assert area_swings(*areas()) == ()


@pytest.mark.parametrize("sign", [-1, 1])
def test_an_area_that_swings_alone_is_found(sign):
    share, earlier, group = areas()
    logit = np.log(share[7] / (1 - share[7])) + sign * 1.0
    share[7] = 1 / (1 + np.exp(-logit))
    (found,) = area_swings(share, earlier, group)
    assert (found.code, found.severity, found.row) == ("S3", Severity.MEDIUM, 7)
    assert np.sign(found.z) == sign
    assert abs(found.z) >= 3.5
    assert found.swing == pytest.approx(sign, abs=0.3)
    assert np.sign(found.share - found.expected) == sign


def test_without_spread_or_figures_nothing_is_found():
    same = np.full(5, 0.5)
    group = np.zeros(5, dtype=np.int64)
    assert area_swings(same, same, group) == ()
    assert area_swings(np.array([0.0, 1.0, np.nan]), np.full(3, 0.5), group[:3]) == ()
