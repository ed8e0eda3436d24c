"""Splitting a contest into stations is exact, repeatable and looks like an election."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallies.demo import splitting
from tallies.demo.pilkada_2020 import CONTESTS, STATION_CAP, DemoContest
from tallies.demo.splitting import ContestSplit, Ints, split_contest, spread_stations

KECAMATAN, DESA, STATIONS = 386, 4_789, 48_607
LOPSIDED = {"Kabupaten Ngawi"}


def groups_of(contest: DemoContest, seed: int = 1) -> list[tuple[str, str]]:
    """Invented villages in the real density: station groups of a contest."""
    kecamatan = max(3, round(KECAMATAN * contest.stations / STATIONS))
    desa = max(3, round(DESA * contest.stations / STATIONS))
    codes = [f"{contest.code}.{i % kecamatan + 1:02d}.{2001 + i // kecamatan}" for i in range(desa)]
    counts = spread_stations(contest.stations, codes, seed=seed)
    return [(code.rpartition(".")[0], code) for code in codes for _ in range(counts[code])]


def split(contest: DemoContest, seed: int = 1) -> ContestSplit:
    return split_contest(
        registered=contest.registered_voters,
        valid=contest.valid_votes,
        invalid=contest.invalid_votes,
        pair_votes={pair.number: pair.votes for pair in contest.pairs},
        station_groups=groups_of(contest),
        cap=STATION_CAP,
        seed=seed,
    )


@pytest.fixture(scope="module")
def splits() -> dict[str, ContestSplit]:
    return {contest.name: split(contest) for contest in CONTESTS}


def assert_exact(
    result: ContestSplit, registered: int, valid: int, invalid: int, pair_votes: Mapping[int, int]
) -> None:
    assert int(result.dpt.sum()) == registered
    assert int(result.valid.sum()) == valid
    assert int(result.invalid.sum()) == invalid
    assert int(result.voters.sum()) == valid + invalid
    assert {number: int(votes.sum()) for number, votes in result.votes.items()} == dict(pair_votes)


def assert_station_invariants(result: ContestSplit, stations: int, largest: int) -> None:
    columns = [result.dpt_male, result.dpt_female, result.voters_male, result.voters_female]
    columns += [result.valid, result.invalid, *result.votes.values()]
    for column in columns:
        assert column.shape == (stations,)
        assert column.dtype == np.int64
        assert (column >= 0).all()
    pairs = sum(result.votes.values(), start=np.zeros(stations, dtype=np.int64))
    assert (pairs == result.valid).all()
    assert (result.voters_male + result.voters_female == result.valid + result.invalid).all()
    assert (result.voters_male <= result.dpt_male).all()
    assert (result.voters_female <= result.dpt_female).all()
    assert (result.dpt <= largest).all()


def same(one: ContestSplit, other: ContestSplit) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("dpt_male", "dpt_female", "voters_male", "voters_female", "valid", "invalid")
    ) and all(np.array_equal(one.votes[number], other.votes[number]) for number in one.votes)


@pytest.mark.parametrize("contest", CONTESTS, ids=lambda contest: contest.name)
def test_an_official_result_is_split_to_the_last_vote(contest: DemoContest, splits: dict[str, ContestSplit]) -> None:
    result = splits[contest.name]
    official = {pair.number: pair.votes for pair in contest.pairs}
    assert_exact(result, contest.registered_voters, contest.valid_votes, contest.invalid_votes, official)
    assert_station_invariants(result, contest.stations, STATION_CAP)


def test_the_whole_election_is_split_in_seconds() -> None:
    started = time.process_time()
    for contest in CONTESTS:
        split(contest)
    # A loop over stations and votes in Python would take minutes; vectorised it is a fraction of a second.
    assert time.process_time() - started < 5


def test_the_same_seed_repeats_and_another_does_not() -> None:
    contest = CONTESTS[0]
    assert same(split(contest, seed=7), split(contest, seed=7))
    assert not same(split(contest, seed=7), split(contest, seed=8))


def test_no_station_looks_invented(splits: dict[str, ContestSplit]) -> None:
    for name, result in splits.items():
        turnout = result.voters / result.dpt
        assert turnout.min() > 0.2, name
        assert turnout.max() < 1, name
        assert result.valid.min() > 0, name
        assert (result.invalid == 0).mean() < 0.01, name
        assert result.dpt.std() > 20, name
        without_votes = sum(int((votes == 0).sum()) for votes in result.votes.values())
        assert without_votes <= (0.01 * len(result.valid) if name in LOPSIDED else 0), name


def test_men_and_women_are_about_equally_many(splits: dict[str, ContestSplit]) -> None:
    for name, result in splits.items():
        assert 0.48 < result.dpt_male.sum() / result.dpt.sum() < 0.51, name
        men = result.voters_male.sum() / result.dpt_male.sum()
        women = result.voters_female.sum() / result.dpt_female.sum()
        assert men < women < men + 0.06, name


def test_a_fit_that_stopped_early_is_still_rounded_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitting, "FIT_ROUNDS", 1)
    contest = CONTESTS[2]
    official = {pair.number: pair.votes for pair in contest.pairs}
    result = split(contest)
    assert_exact(result, contest.registered_voters, contest.valid_votes, contest.invalid_votes, official)
    assert_station_invariants(result, contest.stations, STATION_CAP)


def overdispersion(votes: Ints, valid: Ints, areas: Sequence[object]) -> float:
    """Moment estimate of rho in Var(x/n) = p(1-p)(rho + (1-rho)/n), pooled round the share of each area."""
    area = np.unique(np.array([str(key) for key in areas]), return_inverse=True)[1]
    total = np.bincount(area, valid)
    share = np.bincount(area, votes) / total
    squares = np.bincount(area, valid * (votes / valid - share[area]) ** 2)
    binomial = share * (1 - share) * (np.bincount(area) - 1)
    clustered = share * (1 - share) * (total - np.bincount(area, valid**2) / total)
    return float((squares - binomial).sum() / (clustered - binomial).sum())


def test_shares_spread_as_in_real_returns() -> None:
    groups = [(f"k{k}", f"k{k}d{d}") for k in range(200) for d in range(12) for _ in range(10)]
    each = 125 * len(groups)
    result = split_contest(
        registered=390 * len(groups),
        valid=2 * each,
        invalid=8 * len(groups),
        pair_votes={1: each, 2: each},
        station_groups=groups,
        cap=500,
        seed=3,
    )
    within_desa = overdispersion(result.votes[1], result.valid, [desa for _, desa in groups])
    within_kecamatan = overdispersion(result.votes[1], result.valid, [kecamatan for kecamatan, _ in groups])
    in_all = overdispersion(result.votes[1], result.valid, [0] * len(groups))
    assert within_desa == pytest.approx(0.066, rel=0.15)
    assert within_kecamatan == pytest.approx(0.094, rel=0.15)
    assert in_all == pytest.approx(0.122, rel=0.15)


@st.composite
def small_contests(draw: st.DrawFn) -> dict[str, object]:
    groups = draw(st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from("abcd")), min_size=1, max_size=30))
    votes = draw(st.lists(st.integers(0, 3_000) | st.integers(0, 3), min_size=1, max_size=6))
    invalid = draw(st.integers(0, 400))
    spare = draw(st.integers(0, 5_000) | st.just(0))
    return {
        "registered": sum(votes) + invalid + spare,
        "valid": sum(votes),
        "invalid": invalid,
        "pair_votes": dict(enumerate(votes)),
        "station_groups": groups,
        "cap": draw(st.integers(0, 800)),
        "seed": draw(st.integers(0, 2**32)),
    }


@given(small_contests())
@settings(max_examples=300, deadline=None)
def test_any_small_contest_is_split_exactly(arguments: dict[str, object]) -> None:
    result = split_contest(**arguments)  # type: ignore[arg-type]
    official = {key: arguments[key] for key in ("registered", "valid", "invalid", "pair_votes")}
    assert_exact(result, **official)  # type: ignore[arg-type]
    stations = len(arguments["station_groups"])  # type: ignore[arg-type]
    mean_rounded_up = -(-arguments["registered"] // stations)  # type: ignore[operator]
    assert_station_invariants(result, stations, max(arguments["cap"], mean_rounded_up))  # type: ignore[type-var]
    assert same(result, split_contest(**arguments))  # type: ignore[arg-type]


CONSISTENT = {
    "registered": 100,
    "valid": 60,
    "invalid": 4,
    "pair_votes": {1: 40, 2: 20},
    "station_groups": [("a", "a.1")],
    "cap": 500,
    "seed": 0,
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"registered": 63},
        {"pair_votes": {1: 40, 2: 21}},
        {"pair_votes": {1: 61, 2: -1}},
        {"invalid": -1},
        {"station_groups": []},
    ],
)
def test_contradicting_figures_are_refused(wrong: dict[str, object]) -> None:
    split_contest(**CONSISTENT)  # type: ignore[arg-type]
    with pytest.raises(ValueError):
        split_contest(**{**CONSISTENT, **wrong})  # type: ignore[arg-type]


@given(
    st.integers(0, 400),
    st.sets(st.text("0123456789.", min_size=1, max_size=6), max_size=40),
    st.integers(0, 99),
)
@settings(max_examples=200, deadline=None)
def test_stations_are_spread_over_every_village(total: int, codes: set[str], seed: int) -> None:
    if total and not codes:
        with pytest.raises(ValueError):
            spread_stations(total, [], seed=seed)
        return
    counts = spread_stations(total, sorted(codes), seed=seed)
    assert counts.keys() == codes
    assert sum(counts.values()) == total
    if total >= len(codes):
        assert all(count >= 1 for count in counts.values())
    else:
        assert set(counts.values()) <= {0, 1}
    assert counts == spread_stations(total, sorted(codes, reverse=True), seed=seed)


def test_another_seed_spreads_stations_differently() -> None:
    codes = [f"35.78.01.{1001 + i}" for i in range(20)]
    assert spread_stations(200, codes, seed=1) != spread_stations(200, codes, seed=2)


def test_stations_follow_the_weights_by_largest_remainder() -> None:
    assert spread_stations(10, ["a", "b", "c"], {"a": 4.4, "b": 3.4, "c": 2.2}, seed=0) == {
        "a": 5,
        "b": 3,
        "c": 2,
    }


def test_a_village_too_small_for_a_station_still_has_one() -> None:
    weights = {"a": 900.0, "b": 99.0, "c": 1.0, "d": 0.0}
    assert spread_stations(22, list(weights), weights, seed=0) == {"a": 18, "b": 2, "c": 1, "d": 1}


def test_too_few_stations_go_to_the_largest_villages() -> None:
    assert spread_stations(2, ["a", "b", "c"], {"a": 1.0, "b": 3.0, "c": 2.0}, seed=0) == {
        "a": 0,
        "b": 1,
        "c": 1,
    }


def test_equal_villages_share_their_remainder_by_lot() -> None:
    codes = ["a", "b", "c"]
    equal = dict.fromkeys(codes, 1.0)
    luck = Counter(max(codes, key=spread_stations(4, codes, equal, seed=seed).__getitem__) for seed in range(60))
    assert luck.keys() == set(codes)


@pytest.mark.parametrize(
    ("total", "codes", "weights"),
    [
        (-1, ["a"], None),
        (2, ["a", "a"], None),
        (2, ["a", "b"], {"a": 1.0, "b": -1.0}),
        (2, ["a", "b"], {"a": 1.0, "b": float("nan")}),
    ],
)
def test_impossible_spreads_are_refused(total: int, codes: list[str], weights: dict[str, float] | None) -> None:
    with pytest.raises(ValueError):
        spread_stations(total, codes, weights, seed=0)
