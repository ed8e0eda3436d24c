"""Spread stations over villages and split an official contest result into stations, exactly.

Everything here is arithmetic: no database, no clock, no global random state. The same arguments give the same
answer (with one version of numpy); the totals of every column are the official figures to the last vote.

How a result is split: each quantity gets seeded random effects (kecamatan, desa, station) on the log-odds
scale, an intercept is solved so that the expected total is the official one, and the expectations are
rounded so that the total is exact. The votes of the pairs have two margins (a station's valid votes, a
pair's official votes): they are fitted by iterative proportional fitting and rounded so that both hold.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Overdispersion of a pair's share measured on real East Java and national returns: round the other stations
# of the desa, of the kecamatan, of the kabupaten. Each wider area contains the spread of the narrower one.
RHO_DESA, RHO_KECAMATAN, RHO_KABUPATEN = 0.066, 0.094, 0.122

# Shares move less than the first-order formula below says, because log-odds flatten towards 0 and 1. The
# factor is fitted: with it a large even contest, measured by moments, shows 0.066, 0.089 and 0.115.
CURVATURE = 1.2

# The variance of log-weights that gives an overdispersion rho grows without bound as one pair approaches
# 100%; the limit keeps the loser of a lopsided contest above zero in nearly every station.
LARGEST_WEIGHT_VARIANCE_PER_RHO = 1 / (2 * 0.15)

# Standard deviations of the log-odds (kecamatan, desa, station): plausible, not measured.
SIZE_SPREAD = (0.10, 0.45, 0.45)
TURNOUT_SPREAD = (0.15, 0.15, 0.20)
INVALID_SPREAD = (0.20, 0.25, 0.45)
SEX_SPREAD = (0.01, 0.02, 0.08)

# No source at hand gives men and women separately: slightly fewer men are registered, and fewer of them vote.
MALE_SHARE = 0.495
MALE_TURNOUT_RATIO = 0.94

FIT_ROUNDS, FIT_TOLERANCE = 200, 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class ContestSplit:
    """Figures per station, int64 arrays in the order of ``station_groups``; ``votes`` by pair number.

    At every station: dpt_male + dpt_female = dpt; voters_male + voters_female = voters = valid + invalid <=
    dpt, men and women each within their own list; the pairs add up to valid; nothing is negative.
    """

    dpt_male: Ints
    dpt_female: Ints
    voters_male: Ints
    voters_female: Ints
    valid: Ints
    invalid: Ints
    votes: dict[int, Ints]

    @property
    def dpt(self) -> Ints:
        return self.dpt_male + self.dpt_female

    @property
    def voters(self) -> Ints:
        return self.valid + self.invalid


def spread_stations(
    total: int, village_codes: Sequence[str], weights: Mapping[str, float] | None = None, *, seed: int
) -> dict[str, int]:
    """Divide ``total`` stations over the villages: code -> number of stations, adding up to ``total``.

    Every village has at least one when there are enough; else the villages with the largest weights have
    one and the others none. Without ``weights`` (all villages, not negative) sizes are drawn. The order of
    the codes does not matter; ties are drawn. ValueError when a code is repeated or the arguments make no
    division.
    """
    codes = sorted(village_codes)
    if total < 0 or (total and not codes):
        raise ValueError(f"cannot put {total} stations into {len(codes)} villages")
    if len(set(codes)) != len(codes):
        raise ValueError("a village code is repeated")
    rng = np.random.default_rng(seed)
    drawn = np.exp(rng.normal(0.0, 0.5, len(codes)))
    size = drawn if weights is None else np.array([weights[code] for code in codes], dtype=np.float64)
    if not np.all(np.isfinite(size)) or np.any(size < 0):
        raise ValueError("weights must be finite and not negative")
    tie_break = rng.permutation(len(codes))
    counts = np.zeros(len(codes), dtype=np.int64)
    if total < len(codes):
        counts[np.lexsort((tie_break, -size))[:total]] = 1
    elif codes:
        counts = _share_at_least_one(total, size, tie_break)
    return dict(zip(codes, counts.tolist(), strict=True))


def split_contest(
    *,
    registered: int,
    valid: int,
    invalid: int,
    pair_votes: Mapping[int, int],
    station_groups: Sequence[tuple[str, str]],
    cap: int,
    seed: int,
) -> ContestSplit:
    """Split one contest's official figures into its stations.

    ``station_groups`` holds one (kecamatan code, desa code) per station, which decides who shares which
    random effect. Column totals equal the official figures exactly; see ContestSplit for what holds at
    every station. No station has more than ``cap`` registered voters, or, when that cannot be, more than
    the mean rounded up. ValueError when the official figures contradict each other.
    """
    _require_consistent(registered, valid, invalid, pair_votes, len(station_groups))
    nesting = _Nesting.of(station_groups)
    # One stream a quantity: a change in how one is drawn leaves the others as they were.
    size_rng, turnout_rng, invalid_rng, pairs_rng, sex_rng = np.random.default_rng(seed).spawn(5)

    largest = max(cap, -(-registered // nesting.stations))
    capacity = np.full(nesting.stations, largest, dtype=np.int64)
    dpt = _fill_to_total(capacity, registered, nesting.effects(size_rng, SIZE_SPREAD))
    voters = _fill_to_total(dpt, valid + invalid, nesting.effects(turnout_rng, TURNOUT_SPREAD))
    spoilt = _fill_to_total(voters, invalid, nesting.effects(invalid_rng, INVALID_SPREAD))
    votes = _split_votes(pairs_rng, nesting, voters - spoilt, pair_votes)
    men, voting_men = _split_sexes(sex_rng, nesting, dpt, voters)
    return ContestSplit(
        dpt_male=men,
        dpt_female=dpt - men,
        voters_male=voting_men,
        voters_female=voters - voting_men,
        valid=voters - spoilt,
        invalid=spoilt,
        votes=votes,
    )


def _require_consistent(
    registered: int, valid: int, invalid: int, pair_votes: Mapping[int, int], stations: int
) -> None:
    if not stations:
        raise ValueError("a contest needs a station")
    if min(registered, valid, invalid, *pair_votes.values(), 0) < 0:
        raise ValueError("a figure is negative")
    if sum(pair_votes.values()) != valid:
        raise ValueError(f"the pairs have {sum(pair_votes.values())} votes, but {valid} are valid")
    if valid + invalid > registered:
        raise ValueError(f"{valid + invalid} voted, but only {registered} are registered")


@dataclass(frozen=True, slots=True)
class _Nesting:
    """For each station the index of its kecamatan and of its desa."""

    kecamatan: Ints
    desa: Ints

    @classmethod
    def of(cls, station_groups: Sequence[tuple[str, str]]) -> "_Nesting":
        return cls(
            kecamatan=_index_of([kecamatan for kecamatan, _ in station_groups]),
            desa=_index_of([tuple(group) for group in station_groups]),
        )

    @property
    def stations(self) -> int:
        return len(self.desa)

    def effects(self, rng: np.random.Generator, spread: tuple[float, float, float]) -> Floats:
        """One effect a station: the sum of its kecamatan's, its desa's and its own."""
        return self.effect_table(rng, spread, 1)[:, 0]

    def effect_table(self, rng: np.random.Generator, spread: tuple[float, float, float], columns: int) -> Floats:
        kecamatan, desa, station = spread
        table: Floats = rng.normal(0.0, station, (self.stations, columns))
        table += rng.normal(0.0, kecamatan, (int(self.kecamatan.max()) + 1, columns))[self.kecamatan]
        table += rng.normal(0.0, desa, (int(self.desa.max()) + 1, columns))[self.desa]
        return table


def _index_of(keys: Sequence[Hashable]) -> Ints:
    positions = {key: position for position, key in enumerate(dict.fromkeys(keys))}
    return np.array([positions[key] for key in keys], dtype=np.int64)


def _share_at_least_one(total: int, size: Floats, tie_break: Ints) -> Ints:
    """By largest remainder of size, but at least one each: who falls below one is set to one first."""
    counts = np.ones(len(size), dtype=np.int64)
    free = np.ones(len(size), dtype=np.bool_)
    while free.any():
        left = total - int((~free).sum())
        weight = size[free] if size[free].sum() > 0 else np.ones(int(free.sum()))
        share = left * (weight / weight.sum())
        if np.all(share >= 1):
            whole = np.floor(share).astype(np.int64)
            order = np.lexsort((tie_break[free], whole - share))
            whole[order[: left - int(whole.sum())]] += 1
            counts[free] = whole
            break
        free[np.flatnonzero(free)[share < 1]] = False
    return counts


def _fill_to_total(capacity: Ints, total: int, effect: Floats) -> Ints:
    """Integers between 0 and ``capacity`` that add up to ``total``, at odds that vary with ``effect``."""
    if total == int(capacity.sum()):
        return capacity.copy()
    if total == 0:
        return np.zeros_like(capacity)
    low, high = -50.0, 50.0
    for _ in range(60):
        middle = (low + high) / 2
        if float((capacity * _logistic(middle + effect)).sum()) < total:
            low = middle
        else:
            high = middle
    return _round_to_total(capacity * _logistic(high + effect), total, capacity)


def _logistic(log_odds: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-log_odds)), dtype=np.float64)


def _round_to_total(expected: Floats, total: int, upper: Ints) -> Ints:
    """Largest remainder within 0 and ``upper``; needs 0 <= total <= sum of upper."""
    rounded = np.clip(np.floor(expected).astype(np.int64), 0, upper)
    while missing := total - int(rounded.sum()):
        step = 1 if missing > 0 else -1
        movable = np.flatnonzero(rounded < upper if step > 0 else rounded > 0)
        order = np.argsort(step * (rounded - expected)[movable], kind="stable")
        rounded[movable[order[: abs(missing)]]] += step
    return rounded


def _split_sexes(rng: np.random.Generator, nesting: _Nesting, dpt: Ints, voters: Ints) -> tuple[Ints, Ints]:
    """Men registered and men who voted: no official total, but nobody votes off the other list."""
    effect = nesting.effects(rng, SEX_SPREAD)
    men = np.rint(dpt * _logistic(np.log(MALE_SHARE / (1 - MALE_SHARE)) + effect)).astype(np.int64)
    weight = men * MALE_TURNOUT_RATIO * np.exp(nesting.effects(rng, SEX_SPREAD))
    share = np.divide(weight, weight + (dpt - men), out=np.zeros_like(weight), where=dpt > 0)
    lower, upper = np.maximum(0, voters - (dpt - men)), np.minimum(men, voters)
    return men, np.clip(np.rint(voters * share).astype(np.int64), lower, upper)


def _split_votes(
    rng: np.random.Generator, nesting: _Nesting, valid: Ints, pair_votes: Mapping[int, int]
) -> dict[int, Ints]:
    numbers = list(pair_votes)
    official = np.array([pair_votes[number] for number in numbers], dtype=np.int64)
    total = int(valid.sum())
    if not total:
        return {number: np.zeros_like(valid) for number in numbers}
    shares = official / total
    noise = nesting.effect_table(rng, _pair_spread(shares, total / nesting.stations), len(numbers))
    table = _round_both_margins(_fit_margins(shares * np.exp(noise), valid, official), valid, official)
    return {number: table[:, column].copy() for column, number in enumerate(numbers)}


def _pair_spread(shares: Floats, votes_per_station: float) -> tuple[float, float, float]:
    """Standard deviations of the pairs' log-weights that give the measured overdispersion of shares.

    Log-weights of variance s2 move share j by the variance s2 p_j^2 ((1 - p_j)^2 + sum of the other p^2),
    to first order; overdispersion rho means p_j (1 - p_j) rho. The two are equated over all pairs. A
    station adds what the draw of its own voters would (the binomial part), because rounding expectations
    draws nothing.
    """
    squares = shares**2
    response = float((squares * ((1 - shares) ** 2 + squares.sum() - squares)).sum())
    wanted = float((shares * (1 - shares)).sum())
    per_rho = LARGEST_WEIGHT_VARIANCE_PER_RHO
    if response > 0:
        per_rho = min(wanted / response, per_rho)
    station = RHO_DESA + (1 - RHO_DESA) / max(votes_per_station, 1.0)
    levels = (RHO_KABUPATEN - RHO_KECAMATAN, RHO_KECAMATAN - RHO_DESA, station)
    kecamatan, desa, own = (float(np.sqrt(CURVATURE * rho * per_rho)) for rho in levels)
    return kecamatan, desa, own


def _fit_margins(weights: Floats, rows: Ints, columns: Ints) -> Floats:
    """Iterative proportional fitting; exceeds neither margin, and meets both but for the tolerance."""
    table = weights.copy()
    for _ in range(FIT_ROUNDS):
        table *= _ratio(columns, table.sum(axis=0))
        off = float(np.abs(table.sum(axis=1) - rows).max())
        table *= _ratio(rows, table.sum(axis=1))[:, np.newaxis]
        if off < FIT_TOLERANCE:
            break
    table *= np.minimum(1.0, _ratio(columns, table.sum(axis=0)))
    return table


def _ratio(wanted: Ints, present: Floats) -> Floats:
    return np.divide(wanted, present, out=np.zeros(len(wanted)), where=present > 0)


def _round_both_margins(table: Floats, rows: Ints, columns: Ints) -> Ints:
    """Integers with exactly these row and column sums, near a table that exceeds neither.

    Floors leave every row and column a deficit of zero or more, in all the same. A column hands its deficit
    to the rows that still have one: first those that would otherwise be left with more than the columns to
    come can take at one each, then the largest remainders. The last column meets its total because the
    others do.
    """
    # A sum may pass its margin by a rounding error of floating point; the tiny cut keeps floors below it.
    rounded = np.floor(table * (1 - 1e-12)).astype(np.int64)
    row_left, column_left = rows - rounded.sum(axis=1), columns - rounded.sum(axis=0)
    for column in range(len(columns)):
        to_come = len(columns) - column - 1
        while column_left[column] > 0:
            open_rows = np.flatnonzero(row_left > 0)
            if not len(open_rows):
                raise ArithmeticError("the fitted table exceeds its margins")
            remainder = (table[:, column] - rounded[:, column])[open_rows]
            order = np.lexsort((-remainder, row_left[open_rows] <= to_come))
            chosen = open_rows[order[: column_left[column]]]
            rounded[chosen, column] += 1
            row_left[chosen] -= 1
            column_left[column] -= len(chosen)
    return rounded
