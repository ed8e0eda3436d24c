"""What an earlier election lets us expect of a later one, and how far such an expectation has been off.

The earlier result is no forecast by itself: a pair's share follows it with a slope that is
fitted, not taken for 1 (as a uniform swing would), and each kabupaten departs as a whole.
Logits throughout, so that nothing leaves 0 to 1; shares and spreads are fractions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from analytics.projecting.returns import Floats, Indices, Tree
from analytics.projecting.shrinking import Expected, expit, logit


@dataclass(frozen=True)
class ExpectingSettings:
    """Pseudo-votes in valid votes of the earlier election."""

    #: A TPS is drawn towards its kecamatan as if that had so many votes in it.
    station_pseudo_votes: float = 30.0
    #: A kecamatan towards its kabupaten: few there are small.
    district_pseudo_votes: float = 200.0
    #: With fewer kabupaten a regression that leaves one out says nothing.
    fewest_regencies: int = 4


@dataclass(frozen=True)
class Fit:
    """logit share = ``start`` + ``slope``·logit p0 (+ ``effect`` of the kabupaten, R; 0 where none reports)."""

    start: float
    slope: float
    effect: Floats


@dataclass(frozen=True)
class Spread:
    """Standard deviations of share found − share expected over kecamatan, by replay of two past elections.

    ``swing``: round the mean difference of the two shares. ``regression``: after start and slope,
    each kabupaten predicted by the others: what holds before a vote is counted. ``after_regency``:
    with the kabupaten's effect, each kecamatan predicted by the others: what holds once its
    neighbours are in. ``regency``: of whole kabupaten, as ``regression``.
    """

    swing: float
    regression: float
    after_regency: float
    regency: float
    fit: Fit


def shares_of_districts(tree: Tree, part: Floats, whole: Floats, settings: ExpectingSettings | None = None) -> Floats:
    """Return p0 by kecamatan (K): ``part`` of ``whole`` votes there, drawn a little towards its kabupaten.

    NaN where the whole kabupaten had none.
    """
    pseudo = (settings or ExpectingSettings()).district_pseudo_votes
    parts, wholes = tree.by_regency(part), tree.by_regency(whole)
    regency = np.where(wholes > 0, parts / np.maximum(wholes, 1.0), np.nan)[tree.regency_of]
    return np.asarray((part + pseudo * regency) / (whole + pseudo), dtype=np.float64)


def shares_of_stations(
    part: Floats, whole: Floats, *, district: Indices, of_district: Floats, settings: ExpectingSettings | None = None
) -> Floats:
    """Return p0 by TPS: its own earlier votes (0 of 0 for a new one), drawn towards its kecamatan's p0."""
    pseudo = (settings or ExpectingSettings()).station_pseudo_votes
    return np.asarray((part + pseudo * of_district[district]) / (whole + pseudo), dtype=np.float64)


def expect(tree: Tree, pair: int, part: Floats, whole: Floats, settings: ExpectingSettings | None = None) -> Expected:
    """Make of earlier returns by kecamatan what ``project`` takes for the pair in column ``pair``."""
    return Expected(pair, _logit_or_nan(shares_of_districts(tree, part, whole, settings)))


def fit(tree: Tree, found: Floats, expected: Floats) -> Fit:
    """Fit the slope within kabupaten by least squares, kecamatan alike; NaN in either is left out."""
    use, y, x = _usable(found, expected)
    regency = tree.regency_of[use]
    count = np.maximum(np.bincount(regency, minlength=tree.regencies), 1)
    mean_y = np.bincount(regency, weights=y, minlength=tree.regencies) / count
    mean_x = np.bincount(regency, weights=x, minlength=tree.regencies) / count
    apart = x - mean_x[regency]
    scattered = float((apart**2).sum())
    slope = float((apart * (y - mean_y[regency])).sum()) / scattered if scattered else 0.0
    start = float((y - slope * x).mean()) if len(y) else 0.0
    present = np.bincount(regency, minlength=tree.regencies) > 0
    return Fit(start, slope, np.where(present, mean_y - slope * mean_x - start, 0.0))


def replay(
    tree: Tree, earlier: Floats, later: Floats, whole: Floats, settings: ExpectingSettings | None = None
) -> Spread:
    """Predict ``later`` shares by kecamatan from ``earlier`` ones as if they were not known, and measure the errors.

    ``whole``: valid votes of the later election, the weights of a kecamatan in its kabupaten.
    Raise ValueError with too few kabupaten to leave one out.
    """
    use, y, x = _usable(later, earlier)
    regency = tree.regency_of[use]
    if len(np.unique(regency)) < (settings or ExpectingSettings()).fewest_regencies:
        raise ValueError("too few kabupaten to predict each by the others")
    by_others = expit(_left_out(y, x, regency, tree.regencies))
    off = later[use] - by_others
    fitted = fit(tree, later, earlier)
    counts = np.bincount(regency, minlength=tree.regencies)[regency]
    own = y - fitted.start - fitted.slope * x - fitted.effect[regency]
    several = counts > 1
    # A mean without one of its n values departs from that value by n / (n − 1) times as much.
    by_neighbours = expit((y - own * counts / np.maximum(counts - 1, 1))[several])
    weight = whole[use]
    regency_off = _ratio_by(regency, weight * off, weight, tree.regencies)
    return Spread(
        swing=float((later[use] - earlier[use]).std()),
        regression=_root_mean_square(off),
        after_regency=_root_mean_square(later[use][several] - by_neighbours),
        regency=_root_mean_square(regency_off),
        fit=fitted,
    )


def chance_ahead(margin: float, spread: float) -> float:
    """Return Φ(margin / spread), both fractions of the valid votes; between two pairs the margin's spread
    is twice that of a share."""
    if spread <= 0:
        return 0.5 if margin == 0 else float(margin > 0)
    return 0.5 * (1 + math.erf(margin / spread / math.sqrt(2)))


def _usable(found: Floats, expected: Floats) -> tuple[Indices, Floats, Floats]:
    use = np.flatnonzero(~np.isnan(found) & ~np.isnan(expected))
    return use, logit(found[use]), logit(expected[use])


def _logit_or_nan(share: Floats) -> Floats:
    return np.asarray(np.where(np.isnan(share), np.nan, logit(np.nan_to_num(share, nan=0.5))), dtype=np.float64)


def _left_out(y: Floats, x: Floats, regency: Indices, regencies: int) -> Floats:
    """The line through the kecamatan of all other kabupaten, at each x: sums less one kabupaten's sums."""

    def others(values: Floats) -> Floats:
        return np.asarray(values.sum() - np.bincount(regency, weights=values, minlength=regencies), dtype=np.float64)

    n, of_x, of_y = others(np.ones_like(x)), others(x), others(y)
    below = others(x * x) - of_x**2 / n
    slope = np.where(below > 0, (others(x * y) - of_x * of_y / n) / np.where(below > 0, below, 1.0), 0.0)
    start = (of_y - slope * of_x) / n
    return np.asarray(start[regency] + slope[regency] * x, dtype=np.float64)


def _ratio_by(regency: Indices, above: Floats, below: Floats, regencies: int) -> Floats:
    wholes = np.bincount(regency, weights=below, minlength=regencies)
    there = wholes > 0
    return np.asarray(
        np.bincount(regency, weights=above, minlength=regencies)[there] / wholes[there], dtype=np.float64
    )


def _root_mean_square(values: Floats) -> float:
    return float(np.sqrt((values**2).mean())) if len(values) else math.nan
