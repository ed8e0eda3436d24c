"""Rules S: figures far from what their surroundings say. Statistics, never a proof of anything.

S1 a TPS against its desa · S2 an improbable zero · S3 an area against its expectation. At a TPS of 200 votes the
honest spread is 13 points, so little is seen there: of shifts of 20 points two or three in a hundred. Both
directions are found about equally often.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import erfc, log, sqrt

import numpy as np
from numpy.typing import NDArray

from analytics.rules.beta_binomial import Floats, log_pmf, two_sided
from analytics.rules.false_discovery import q_values, q_values_by_group
from analytics.rules.settings import DEFAULTS, RuleSettings
from analytics.rules.severity import Severity

Integers = NDArray[np.int64]

#: Normal quantile of 3/4: MAD / 0.6745 is the standard deviation of a normal distribution.
_QUARTILE = 0.6745


@dataclass(frozen=True)
class StationVotes:
    """Columns of equal length, a row a TPS: a pair's votes, all valid votes, and where the TPS stands.

    Areas are named by any numbers; a desa belongs to one kecamatan, a kecamatan to one kabupaten.
    """

    votes: Integers
    valid: Integers
    village: Integers
    district: Integers
    regency: Integers

    def __post_init__(self) -> None:
        columns = (self.votes, self.valid, self.village, self.district, self.regency)
        if len({len(one) for one in columns}) != 1:
            raise ValueError("columns of equal length")


@dataclass(frozen=True)
class Expectation:
    """What the surroundings say of each TPS: its share (not a number: nothing is known) and the spread round it."""

    share: Floats
    rho: Floats


@dataclass(frozen=True)
class StationSwing:
    """S1. ``row`` of the columns given; ``votes``: above (positive) or below (negative) what was expected."""

    severity: Severity
    row: int
    share: float
    expected: float
    votes: float
    p: float
    q: float
    code: str = "S1"


@dataclass(frozen=True)
class ImprobableZero:
    """S2. ``log_chance``: natural logarithm of the chance of it. ``rival``: who has all, ``None`` for our zero."""

    severity: Severity
    rival: int | None
    log_chance: float
    code: str = "S2"


@dataclass(frozen=True)
class AreaSwing:
    """S3. ``swing``: logit of the share minus that of ``expected``, the share that its group's swing predicts."""

    severity: Severity
    row: int
    share: float
    expected: float
    swing: float
    z: float
    q: float
    code: str = "S3"


@dataclass(frozen=True)
class Around:
    """Votes of the pair and all valid votes of each TPS's kecamatan and kabupaten, the TPS's own among them."""

    district_votes: Integers
    district_valid: Integers
    regency_votes: Integers
    regency_valid: Integers


def surroundings(
    stations: StationVotes, settings: RuleSettings = DEFAULTS, *, around: Around | None = None
) -> Expectation:
    """Return the share of the desa's other TPS, with 30 pseudo-votes at the share of the rest of the kecamatan.

    The TPS itself is in neither, else a wrong figure would vouch for itself. A TPS alone in its desa has
    its kecamatan's share with that spread; one alone in its kecamatan, its kabupaten's. With ``around`` the
    columns need to hold all TPS of their desa only; without, of their kabupaten.
    """
    village_votes, village_valid = _others(stations.votes, stations.valid, stations.village)
    if around is None:
        district_share = _share(*_others(stations.votes, stations.valid, stations.district))
        regency_share = _share(*_others(stations.votes, stations.valid, stations.regency))
    else:
        district_share = _share(*_rest(stations, around.district_votes, around.district_valid))
        regency_share = _share(*_rest(stations, around.regency_votes, around.regency_valid))
    wider = np.where(np.isnan(district_share), regency_share, district_share)
    pseudo = settings.swing_pseudo_votes
    share = (village_votes + pseudo * wider) / (village_valid + pseudo)
    rho = np.where(
        village_valid > 0,
        settings.rho_village,
        np.where(np.isnan(district_share), settings.rho_regency, settings.rho_district),
    )
    return Expectation(share, rho)


def station_swings(
    stations: StationVotes, expectation: Expectation | None = None, settings: RuleSettings = DEFAULTS
) -> tuple[StationSwing, ...]:
    """S1: two-sided beta-binomial tail, q ≤ 0.01 within the kabupaten, and 15 points or more.

    Without an ``expectation`` that of the :func:`surroundings`.
    """
    known = surroundings(stations, settings) if expectation is None else expectation
    p = tail_probabilities(stations, known)
    q = q_values_by_group(p, stations.regency)
    return standing_swings(stations.votes, stations.valid, known.share, p, q, settings=settings)


def tail_probabilities(stations: StationVotes, expectation: Expectation) -> Floats:
    """Return the two-sided beta-binomial tail of each TPS; not a number where there is nothing to test."""
    tested = np.flatnonzero((stations.valid > 0) & ~np.isnan(expectation.share))
    p = np.full(len(stations.votes), np.nan)
    p[tested] = two_sided(
        stations.votes[tested], stations.valid[tested], expectation.share[tested], expectation.rho[tested]
    )
    return p


def standing_swings(
    votes: Integers,
    valid: Integers,
    expected: Floats,
    p: Floats,
    q: Floats,
    *,
    is_open: NDArray[np.bool_] | None = None,
    settings: RuleSettings = DEFAULTS,
) -> tuple[StationSwing, ...]:
    """The rows that S1 finds. One that ``is_open`` already stands until its q is above ``swing_q_closes``."""
    share = _share(votes, valid)
    highest = np.full(len(q), settings.swing_q)
    if is_open is not None:
        highest[is_open] = settings.swing_q_closes
    # 15 points are reached at 15 points: 0.65 - 0.5 is less than 0.15 in binary.
    rows = np.flatnonzero((q <= highest) & (np.abs(share - expected) >= settings.swing_least - 1e-9))
    return tuple(
        StationSwing(
            severity=Severity.MEDIUM,
            row=int(row),
            share=float(share[row]),
            expected=float(expected[row]),
            votes=float(votes[row] - expected[row] * valid[row]),
            p=float(p[row]),
            q=float(q[row]),
        )
        for row in rows
    )


def improbable_zero(
    votes: Mapping[int, int | None],
    expected: Mapping[int, float],
    *,
    own: int,
    witness_present: bool,
    rho: float | None = None,
    settings: RuleSettings = DEFAULTS,
) -> ImprobableZero | None:
    """S2: our pair has none, or a rival has all, where the chance of that is below 1e-6.

    High where our witness was present: somebody saw this count. ``votes`` by pair, ``expected`` shares
    without the TPS itself; a blank box is no zero. That a rival has all says more than that we have
    none, so it is told instead where both are improbable.
    """
    known = {pair: vote for pair, vote in votes.items() if vote is not None}
    valid = sum(known.values())
    if len(known) < len(votes) or not valid:
        return None
    spread = settings.rho_village if rho is None else rho
    severity = Severity.HIGH if witness_present else Severity.MEDIUM
    for pair, vote in known.items():
        everything = pair != own and vote == valid
        if everything and pair in expected:
            chance = float(log_pmf(valid, valid, expected[pair], spread))
            if chance < log(settings.zero_probability):
                return ImprobableZero(severity, pair, chance)
    if known.get(own) == 0 and own in expected:
        chance = float(log_pmf(0, valid, expected[own], spread))
        if chance < log(settings.zero_probability):
            return ImprobableZero(severity, None, chance)
    return None


def area_swings(
    share: Floats, earlier: Floats, group: Integers, settings: RuleSettings = DEFAULTS
) -> tuple[AreaSwing, ...]:
    """S3: areas of one level whose share is far from a_group + b·logit(earlier), robustly.

    ``share`` now and ``earlier`` (an earlier result, or the expectation) are fractions, ``group`` the kabupaten
    (of kabupaten: the provinsi). b is fitted within the groups: a uniform swing (b = 1) was worse than
    none. e = the rest; z = 0.6745(e - median)/MAD, |z| ≥ 3.5, and q ≤ 0.05 over the areas given. Where all
    rests are equal there is no spread to measure by, and nothing is found.
    """
    usable = np.flatnonzero((share > 0) & (share < 1) & (earlier > 0) & (earlier < 1))
    if usable.size == 0:
        return ()
    y, x = _logit(share[usable]), _logit(earlier[usable])
    _names, label = np.unique(group[usable], return_inverse=True)
    b = _slope_within(x, y, label)
    rest = y - b * x
    a = np.array([np.median(rest[label == one]) for one in range(label.max() + 1)])[label]
    swing = rest - a
    centre = np.median(swing)
    spread = np.median(np.abs(swing - centre))
    if spread <= 1e-12:
        return ()
    z = _QUARTILE * (swing - centre) / spread
    q = q_values(_two_sided_normal(z))
    rows = np.flatnonzero((np.abs(z) >= settings.area_z) & (q <= settings.area_q))
    return tuple(
        AreaSwing(
            severity=Severity.MEDIUM,
            row=int(usable[row]),
            share=float(share[usable[row]]),
            expected=float(1 / (1 + np.exp(-(a[row] + b * x[row])))),
            swing=float(swing[row]),
            z=float(z[row]),
            q=float(q[row]),
        )
        for row in rows
    )


# Small parts


def _others(votes: Integers, valid: Integers, area: Integers) -> tuple[Floats, Floats]:
    """Return for each TPS the votes and valid votes of all others of its area."""
    _names, label = np.unique(area, return_inverse=True)
    all_votes = np.bincount(label, weights=votes)[label].astype(np.float64)
    all_valid = np.bincount(label, weights=valid)[label].astype(np.float64)
    return all_votes - votes, all_valid - valid


def _rest(stations: StationVotes, votes: Integers, valid: Integers) -> tuple[Floats, Floats]:
    """Return the area's sums without the TPS itself; a form that the sums do not know yet takes nothing below 0."""
    rest_valid = np.maximum(valid - stations.valid, 0).astype(np.float64)
    return np.clip((votes - stations.votes).astype(np.float64), 0.0, rest_valid), rest_valid


def _share(votes: Integers | Floats, valid: Integers | Floats) -> Floats:
    """Return votes of valid, not a number where there are none."""
    some = valid > 0
    return np.where(some, votes / np.where(some, valid, 1), np.nan)


def _logit(share: Floats) -> Floats:
    return np.asarray(np.log(share / (1 - share)), dtype=np.float64)


def _slope_within(x: Floats, y: Floats, label: NDArray[np.intp]) -> float:
    """Return the least-squares slope after each group's own mean is taken off; 1 where x does not vary."""
    size = np.bincount(label)
    x_within = x - (np.bincount(label, weights=x) / size)[label]
    y_within = y - (np.bincount(label, weights=y) / size)[label]
    variation = float(x_within @ x_within)
    return float(x_within @ y_within) / variation if variation > 1e-12 else 1.0


def _two_sided_normal(z: Floats) -> Floats:
    """P(|Z| ≥ |z|). One call a value: numpy has no error function, and a level has some thousand areas at most."""
    return np.array([erfc(abs(one) / sqrt(2)) for one in z])
