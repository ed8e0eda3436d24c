"""Claims about the projection: what it says, when it refuses, and what it makes of an expectation."""

import numpy as np
import pytest

from analytics.expecting import chance_ahead, expect, fit, replay, shares_of_districts, shares_of_stations
from analytics.projecting.projection import Refusal, project
from analytics.projecting.returns import Tree, add_up
from analytics.projecting.settings import ProjectionSettings
from analytics.projecting.shrinking import Expected, expit, logit
from tests import projection_replay, returns_2019

QUICK = ProjectionSettings(replicates=60)


def country(provinces=2, regencies=3, districts=10):
    """A tree with so many kabupaten in each provinsi and kecamatan in each kabupaten."""
    return Tree(
        regency_of=np.repeat(np.arange(provinces * regencies), districts),
        province_of=np.repeat(np.arange(provinces), regencies),
    )


def election(tree, *, stations=8, pairs=2, seed=1):
    """Stations with their DPT and votes: kabupaten and kecamatan differ, two thirds vote."""
    draw = np.random.default_rng(seed)
    regency = draw.normal(0.3, 0.5, (pairs, tree.regencies))[:, tree.regency_of]
    weight = np.exp(regency + draw.normal(0, 0.3, (pairs, tree.districts)))
    district = np.repeat(np.arange(tree.districts), stations)
    registered = draw.integers(150, 300, len(district)).astype(float)
    shares = (weight / weight.sum(axis=0)).T[district]
    votes = np.round(registered[:, None] * 2 / 3 * shares)
    return {"district": district, "registered": registered, "votes": votes}


def sums(tree, facts, seen):
    return add_up(tree, seen=seen, **facts)


def test_when_all_is_in_the_projection_is_the_count_and_has_no_width():
    tree = country()
    facts = election(tree)
    found = project(sums(tree, facts, np.ones(len(facts["district"]), bool)), settings=QUICK)
    votes = facts["votes"].sum(axis=0)
    shares = votes / votes.sum()
    assert found.refusal is None
    assert [(one.share, one.counted) for one in found.pairs] == [pytest.approx((share, share)) for share in shares]
    assert [one.high - one.low for one in found.pairs] == pytest.approx([0, 0])
    assert found.chance_behind == ((1.0, 0.0) if shares[0] < shares[1] else (0.0, 1.0))


def test_with_nothing_in_there_is_no_answer():
    tree = country()
    facts = election(tree)
    found = project(sums(tree, facts, np.zeros(len(facts["district"]), bool)), settings=QUICK)
    assert (found.refusal, found.pairs, found.reached.stations_in, found.reached.stations) == (
        Refusal.NOTHING_IN,
        (),
        0,
        480,
    )


@pytest.mark.parametrize(("districts_in", "refusal"), [(35, Refusal.TOO_LITTLE_REACHED), (36, None), (60, None)])
def test_an_answer_needs_sixty_percent_of_the_voters_in_kecamatan_with_a_report(districts_in, refusal):
    tree = country()
    facts = election(tree) | {"registered": np.full(480, 200.0)}
    # One TPS of each, every second kecamatan first: no provinsi is silent.
    ranks = np.argsort(np.argsort(np.arange(60) % 2, kind="stable"), kind="stable")
    seen = (ranks[facts["district"]] < districts_in) & (np.arange(480) % 8 == 0)
    found = project(sums(tree, facts, seen), settings=QUICK)
    assert (found.refusal, found.reached.reached) == (refusal, pytest.approx(districts_in / 60))


def test_a_silent_provinsi_is_not_guessed_however_much_is_in():
    tree = country(provinces=4)
    facts = election(tree)
    seen = tree.province_of_district[facts["district"]] != 2
    found = project(sums(tree, facts, seen), settings=QUICK)
    assert (found.refusal, found.reached.silent_provinces, found.pairs) == (Refusal.SILENT_PROVINCE, (2,), ())
    assert found.reached.reached > 0.7


@pytest.mark.parametrize(("silent", "refusal"), [(3, None), (4, Refusal.SILENT_REGENCIES)])
def test_kabupaten_that_are_silent_may_hold_fifteen_percent_of_the_voters(silent, refusal):
    tree = country(regencies=10, districts=4)
    facts = election(tree)
    facts["registered"] = np.full(len(facts["district"]), 200.0)
    found = project(sums(tree, facts, tree.regency_of[facts["district"]] >= silent), settings=QUICK)
    assert (found.refusal, found.reached.regencies) == (refusal, pytest.approx(1 - silent / 20))
    assert found.reached.silent_provinces == ()


def test_a_kecamatan_that_is_in_early_does_not_pull_the_others_along():
    tree = country(provinces=1, regencies=2)
    facts = election(tree)
    strong = tree.regency_of[facts["district"]] == 0
    facts["votes"] = np.where(strong[:, None], [120.0, 30.0], [30.0, 120.0])
    facts["registered"] = np.full(len(strong), 200.0)
    # All of the stronghold, one TPS of each kecamatan of the other.
    seen = strong | (np.arange(len(strong)) % 8 == 0)
    found = project(sums(tree, facts, seen), settings=QUICK).pairs[0]
    assert found.counted == pytest.approx(0.733, abs=0.001)
    assert found.share == pytest.approx(0.5, abs=0.06)


def test_three_pairs_add_up_to_one_and_the_strongest_other_is_the_rival():
    tree = country()
    facts = election(tree, pairs=3)
    seen = np.arange(480) % 2 == 0
    found = project(sums(tree, facts, seen), settings=QUICK)
    assert sum(one.share for one in found.pairs) == pytest.approx(1)
    assert all(one.low <= one.share <= one.high for one in found.pairs)
    assert sum(found.chance_behind) == pytest.approx(2)


def test_the_same_question_has_the_same_answer():
    tree = country()
    returns = sums(tree, election(tree), np.arange(480) % 3 == 0)
    assert project(returns, settings=QUICK) == project(returns, settings=QUICK)


def test_votes_of_stations_that_are_not_in_are_never_read():
    tree = country()
    facts = election(tree)
    seen = np.arange(480) % 3 == 0
    spoiled = facts | {"votes": np.where(seen[:, None], facts["votes"], np.nan)}
    assert project(sums(tree, spoiled, seen), settings=QUICK) == project(sums(tree, facts, seen), settings=QUICK)


def test_an_unknown_register_takes_the_mean_of_its_kecamatan():
    tree = country(provinces=1, regencies=1, districts=2)
    registered = np.array([100.0, 300.0, np.nan, np.nan, np.nan])
    facts = {"district": np.array([0, 0, 0, 1, 1]), "registered": registered, "votes": np.ones((5, 2))}
    assert sums(tree, facts, np.zeros(5, bool)).registered.tolist() == [600.0, 400.0]


@pytest.mark.parametrize(
    ("regency_of", "province_of"), [([0, 1, 0], [0, 0]), ([0, 2], [0, 0, 0]), ([0, 1], [0]), ([], []), ([1], [0])]
)
def test_a_tree_out_of_order_is_refused(regency_of, province_of):
    with pytest.raises(ValueError):
        Tree(np.array(regency_of), np.array(province_of))


# With an expectation.


def follows(slope, *, tree):
    """Return (expected logit, facts): the share follows it with ``slope``, kabupaten depart by up to 0.8."""
    draw = np.random.default_rng(3)
    expected = draw.normal(0.2, 0.7, tree.districts)
    share = expit(slope * expected + np.linspace(-0.8, 0.8, tree.regencies)[tree.regency_of])
    district = np.repeat(np.arange(tree.districts), 8)
    votes = 200 * np.column_stack([share, 1 - share])[district]
    return expected, {"district": district, "registered": np.full(len(district), 300.0), "votes": votes}


@pytest.mark.parametrize("slope", [0.3, 1.0, 1.6])
def test_the_slope_is_found_whatever_it_is(slope):
    tree = country()
    expected, facts = follows(slope, tree=tree)
    seen = (np.arange(480) % 8 < 4) & (facts["district"] % 3 != 0)
    returns = sums(tree, facts, seen)
    plain = project(returns, settings=QUICK)
    found = project(returns, expected=Expected(0, expected), settings=QUICK)
    truth = facts["votes"][:, 0].sum() / facts["votes"].sum()
    assert (plain.slope, found.slope) == (None, pytest.approx(slope, rel=0.03))
    assert abs(found.pairs[0].share - truth) < abs(plain.pairs[0].share - truth)
    assert found.pairs[0].high - found.pairs[0].low < plain.pairs[0].high - plain.pairs[0].low


def test_an_expectation_for_too_few_kecamatan_is_left_aside():
    tree = country()
    expected, facts = follows(1.0, tree=tree)
    returns = sums(tree, facts, np.arange(480) % 2 == 0)
    few = np.where(np.arange(60) < 8, expected, np.nan)
    assert project(returns, expected=Expected(0, few), settings=QUICK) == project(returns, settings=QUICK)


def test_with_an_expectation_three_pairs_still_add_up_to_one():
    tree = country()
    returns = sums(tree, election(tree, pairs=3), np.arange(480) % 2 == 0)
    expected = Expected(1, np.random.default_rng(5).normal(0, 1, 60))
    found = project(returns, expected=expected, settings=QUICK)
    assert sum(one.share for one in found.pairs) == pytest.approx(1)


def test_a_new_station_is_expected_to_be_like_its_kecamatan():
    of_district = np.array([0.4, 0.6])
    found = shares_of_stations(
        np.array([0.0, 90.0]), np.array([0.0, 90.0]), district=np.array([1, 0]), of_district=of_district
    )
    assert found.tolist() == [0.6, pytest.approx((90 + 30 * 0.4) / 120)]


def test_a_kabupaten_without_an_earlier_result_has_no_expectation():
    tree = country(provinces=1, regencies=2, districts=2)
    part, whole = np.array([50.0, 150.0, 0.0, 0.0]), np.array([200.0, 200.0, 0.0, 0.0])
    found = shares_of_districts(tree, part, whole)
    assert found[:2].tolist() == [0.375, 0.625]
    assert np.isnan(found[2:]).all()
    assert np.isnan(expect(tree, 0, part, whole).logit).tolist() == [False, False, True, True]


def test_a_replay_separates_the_swing_the_slope_and_the_kabupaten():
    tree = country(regencies=4)
    expected, _facts = follows(0.5, tree=tree)
    effect = np.linspace(-0.8, 0.8, tree.regencies)
    later = expit(0.5 * expected + effect[tree.regency_of])
    found = replay(tree, expit(expected), later, np.ones(tree.districts))
    assert found.fit.slope == pytest.approx(0.5)
    assert found.fit.effect + found.fit.start == pytest.approx(effect)
    assert found.after_regency == pytest.approx(0, abs=1e-9)
    assert found.swing > found.regression > 0.05


def test_a_replay_of_too_few_kabupaten_is_refused():
    tree = country(provinces=1, regencies=3)
    with pytest.raises(ValueError):
        replay(tree, np.full(30, 0.4), np.full(30, 0.5), np.ones(30))


def test_a_kabupaten_without_a_report_has_no_effect():
    tree = country(provinces=1, regencies=2, districts=2)
    found = fit(tree, np.array([0.4, 0.6, np.nan, np.nan]), np.array([0.3, 0.5, 0.2, 0.7]))
    assert found.effect[1] == 0


@pytest.mark.parametrize(
    ("margin", "spread", "chance"), [(0.0, 0.1, 0.5), (0.0842, 0.1, 0.8), (-0.1, 0, 0.0), (0, 0, 0.5)]
)
def test_a_chance_is_the_margin_in_units_of_its_spread(margin, spread, chance):
    assert chance_ahead(margin, spread) == pytest.approx(chance, abs=1e-3)


def test_logits_stay_finite_at_the_ends():
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()


# On real returns.


@pytest.fixture(scope="module")
def east_java():
    if not returns_2019.RETURNS.exists() or not returns_2019.LATER.exists():
        pytest.skip("real returns are not here")
    return returns_2019.read()


@pytest.mark.returns
def test_the_interval_holds_and_beats_the_naive_share_over_orders(east_java):
    """Few orders, so a wide bound; ``./run bench projection`` has 200 and the real ones."""
    parts = {0.1: 0.6, 0.3: 0.7, 0.6: 0.7}
    settings = ProjectionSettings(replicates=100)
    found = projection_replay.replay(east_java, projection_replay.AS_2019, tuple(parts), 24, settings)
    assert {part: record.answered for part, record in found.items()} == dict.fromkeys(parts, 24)
    assert [part for part, record in found.items() if record.coverage < parts[part]] == []
    assert [part for part, record in found.items() if record.rmse >= record.naive_rmse / 3] == []
    assert [round(record.half_width, 1) for record in found.values()] == [0.4, 0.2, 0.1]


@pytest.mark.returns
@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize(
    ("part", "refusal"),
    [
        (0.1, Refusal.TOO_LITTLE_REACHED),
        (0.3, Refusal.TOO_LITTLE_REACHED),
        (0.6, Refusal.SILENT_REGENCIES),
        (0.8, Refusal.SILENT_REGENCIES),
    ],
)
def test_an_order_from_one_end_of_the_province_is_refused(east_java, direction, part, refusal):
    found = project(east_java.seen(direction * east_java.east_first(), part), settings=QUICK)
    assert (found.refusal, found.pairs) == (refusal, ())


@pytest.mark.returns
def test_the_spread_of_an_expectation_is_that_of_2019_and_2024(east_java):
    """East Java by kecamatan, both of one party: Jokowi 2019, Risma 2024."""
    part, whole = returns_2019.governor_2024(east_java)
    tree = east_java.tree
    votes = east_java.seen(east_java.real_order(), 1.0).votes
    later = np.where(whole > 0, part / np.maximum(whole, 1), np.nan)
    found = replay(tree, votes[0] / votes.sum(axis=0), later, whole)
    in_points = [round(100 * one, 1) for one in (found.swing, found.regression, found.after_regency)]
    assert in_points == [15.9, 12.4, 4.8]
