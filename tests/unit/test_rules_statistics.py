"""Beta-binomial and false discoveries, held against sums done the long way."""

from __future__ import annotations

from itertools import product
from math import comb, exp, lgamma, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.models import Severity as StoredSeverity
from analytics.rules.beta_binomial import alpha_beta, log_gamma, log_multinomial, log_pmf, two_sided
from analytics.rules.false_discovery import q_values, q_values_by_group, stands
from analytics.rules.severity import Severity

RHO = 0.066

shares = st.floats(0.01, 0.99)
spreads = st.floats(0.01, 0.9)


def plain_pmf(x: int, n: int, share: float, rho: float) -> float:
    """The mass as a product, as the definition has it."""
    a, b = share * (1 - rho) / rho, (1 - share) * (1 - rho) / rho
    mass = float(comb(n, x))
    for i in range(x):
        mass *= (a + i) / (a + b + i)
    for j in range(n - x):
        mass *= (b + j) / (a + b + x + j)
    return mass


def test_severities_are_stored_as_they_are():
    assert {one.name: one.value for one in Severity} == {one.name: one.value for one in StoredSeverity}


@given(st.floats(1e-3, 1e6))
def test_log_gamma_is_that_of_the_standard_library(value):
    assert float(log_gamma(value)) == pytest.approx(lgamma(value), rel=1e-11, abs=1e-11)


@given(st.integers(0, 60), shares, spreads)
def test_mass_is_that_of_the_definition_and_adds_up_to_one(n, share, rho):
    mass = np.exp(log_pmf(np.arange(n + 1), n, share, rho))
    assert mass == pytest.approx([plain_pmf(x, n, share, rho) for x in range(n + 1)], rel=1e-8)
    assert mass.sum() == pytest.approx(1)


@given(st.integers(0, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), shares, spreads)
def test_two_sided_tail_is_twice_the_smaller_one(xn, share, rho):
    x, n = xn
    mass = [plain_pmf(k, n, share, rho) for k in range(n + 1)]
    expected = min(1.0, 2 * min(sum(mass[: x + 1]), sum(mass[x:])))
    assert float(two_sided(x, n, share, rho)) == pytest.approx(expected, rel=1e-7)


def test_tails_of_rows_of_any_size_are_those_of_each_row_alone():
    random = np.random.default_rng(1)
    n = random.integers(0, 400, 500)
    x = (n * random.random(500)).astype(int)
    p = random.random(500)
    alone = [float(two_sided(x[i], n[i], p[i], RHO)) for i in range(500)]
    assert two_sided(x, n, p, RHO) == pytest.approx(alone, rel=1e-9)


def test_small_tail_keeps_its_digits():
    # P(X = 0) at 300 votes, share 0.9: about 1e-22, far below what 1 - P(X >= 1) could say.
    tail = float(two_sided(0, 300, 0.9, RHO))
    assert tail == pytest.approx(2 * plain_pmf(0, 300, 0.9, RHO), rel=1e-9)
    assert 0 < tail < 1e-15


def test_row_without_an_expectation_gets_no_tail():
    found = two_sided([3, 3], [10, 10], [float("nan"), 0.3], RHO)
    assert np.isnan(found[0])
    assert found[1] == two_sided(3, 10, 0.3, RHO)


def test_overdispersion_is_what_widens_the_spread():
    a, b = alpha_beta(0.5, RHO)
    spread = float(a * b / ((a + b) ** 2) * (1 + 199 * RHO) / 200) ** 0.5
    assert f"{spread:.2f}" == "0.13"


@pytest.mark.parametrize("rho", [0.0, 1.0, -0.1, 1.5])
def test_rho_lies_strictly_between_nought_and_one(rho):
    with pytest.raises(ValueError):
        log_pmf(1, 2, 0.5, rho)
    with pytest.raises(ValueError):
        log_multinomial([1, 1], [0.5, 0.5], rho)


def test_more_votes_than_valid_ones_are_refused():
    with pytest.raises(ValueError):
        two_sided(11, 10, 0.5, RHO)


@given(st.integers(0, 30), st.integers(0, 30), shares, spreads)
def test_two_pairs_are_the_beta_binomial(x, y, share, rho):
    assert log_multinomial([x, y], [share, 1 - share], rho) == pytest.approx(float(log_pmf(x, x + y, share, rho)))


def test_three_pairs_add_up_to_one():
    whole = sum(
        exp(log_multinomial([x, y, 9 - x - y], [0.5, 0.3, 0.2], RHO))
        for x, y in product(range(10), repeat=2)
        if x + y <= 9
    )
    assert whole == pytest.approx(1)


def test_q_values_of_the_example_of_benjamini_and_hochberg():
    """Their table of 1995: 15 p-values, of which q <= 0.05 reports four."""
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528]
    p += [0.7590, 1.0000]
    assert int((q_values(p) <= 0.05).sum()) == 4


@given(st.lists(st.floats(0, 1), max_size=40), st.sampled_from([0.01, 0.05, 0.2]))
def test_q_values_report_what_the_procedure_reports(p, level):
    ordered = sorted(p)
    last = max((i for i, one in enumerate(ordered, start=1) if one * len(p) / i <= level), default=0)
    assert int((q_values(p) <= level).sum()) == (sum(one <= ordered[last - 1] for one in p) if last else 0)


def test_what_was_not_tested_does_not_count():
    found = q_values([0.01, float("nan"), 0.02])
    assert (found[0], found[2]) == (0.02, 0.02)
    assert np.isnan(found[1])
    assert q_values([]).size == 0


def test_each_group_is_corrected_by_itself():
    assert list(q_values_by_group([0.01, 0.5, 0.01, 0.02], ["a", "b", "b", "a"])) == [0.02, 0.5, 0.02, 0.02]


@pytest.mark.parametrize(
    ("q", "is_open", "expected"),
    [(0.01, False, True), (0.02, False, False), (0.02, True, True), (0.05, True, True), (0.051, True, False)],
)
def test_an_open_finding_stays_until_it_is_plainly_gone(q, is_open, expected):
    assert stands(q, is_open=is_open, opens=0.01, closes=0.05) is expected


def test_logarithm_is_natural():
    assert float(log_pmf(1, 1, 0.25, RHO)) == pytest.approx(log(0.25))
