"""Carry the shares of an earlier election over to a later one of which nothing is known yet. Pure.

What may be carried is how the kecamatan of a kabupaten differ from each other, with a slope; how far the
whole moves may not: the move between two past elections says nothing of the next one.
Shares and spreads are fractions, slopes are between logits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from analytics.expecting import ExpectingSettings, Spread, replay
from analytics.projecting.returns import Floats, Tree
from analytics.projecting.shrinking import expit, logit

#: Standard deviation of a kecamatan's swing round the mean swing, East Java, Jokowi 2019 to Risma 2024.
#: Used where no other pair of elections is at hand to measure one.
DEFAULT_SWING = 0.159


@dataclass(frozen=True)
class Measured:
    """What two past elections of the same places say of carrying shares over from one to the next.

    ``mean``: how far all moved together (in no spread below but ``without`` and ``with_slope``). ``without``,
    ``with_slope``: root mean square of share found − share carried over, with slope 1 and with the fitted one.
    ``regencies``: kabupaten they share.
    """

    spread: Spread
    mean: float
    without: float
    with_slope: float
    regencies: int

    @property
    def slope(self) -> float:
        """The slope to carry with: the fitted one if that was nearer, at least 0."""
        return max(self.spread.fit.slope, 0.0) if self.with_slope < self.without else 1.0

    @property
    def share_spread(self) -> float:
        """How far a share carried over with ``slope`` was off, the common move included."""
        return min(self.with_slope, self.without)


def measure(
    tree: Tree, earlier: Floats, later: Floats, whole: Floats, settings: ExpectingSettings | None = None
) -> Measured:
    """Carry ``earlier`` over to ``later`` (K, NaN where unknown) and measure how far that is off.

    ``whole``: valid votes of the later one. Raise ValueError with too few kabupaten in both.
    """
    spread = replay(tree, earlier, later, whole, settings)
    use = ~np.isnan(earlier) & ~np.isnan(later)
    carried = carry(tree, earlier, whole, max(spread.fit.slope, 0.0))
    return Measured(
        spread=spread,
        mean=float((later - earlier)[use].mean()),
        without=_root_mean_square((later - earlier)[use]),
        with_slope=_root_mean_square((later - carried)[use]),
        regencies=len(np.unique(tree.regency_of[use])),
    )


def carry(tree: Tree, shares: Floats, whole: Floats, slope: float) -> Floats:
    """Draw the kecamatan of each kabupaten together (slope < 1) about its mean logit, weighted by ``whole``.

    NaN stays NaN; with slope 1 nothing changes.
    """
    known = ~np.isnan(shares)
    weight = np.where(known, np.maximum(whole, 1.0), 0.0)
    at = logit(np.where(known, shares, 0.5))
    in_regency = tree.by_regency(weight)
    mean = (tree.by_regency(weight * at) / np.maximum(in_regency, 1e-9))[tree.regency_of]
    return np.asarray(np.where(known, expit(mean + slope * (at - mean)), np.nan), dtype=np.float64)


def rival_part(rivals: list[int], *, pairs: int) -> float:
    """Return the part of the others' votes that the strongest rival is expected to take: cautiously, the larger of
    what it took (``rivals``: votes of each earlier) and an even split among those who run now (``pairs``, ours too).
    """
    if pairs <= 2 or not sum(rivals):
        return 1.0
    return max(max(rivals) / sum(rivals), 1 / (pairs - 1))


def margin(share: float, part: float) -> float:
    """Our share minus the strongest rival's, who takes ``part`` of what we leave."""
    return share - part * (1 - share)


def margin_spread(share_spread: float, part: float) -> float:
    """The spread of `margin`: what we lose, the rival gains in part. Twice that of a share between two pairs."""
    return share_spread * (1 + part)


def _root_mean_square(values: Floats) -> float:
    return float(np.sqrt((values**2).mean())) if len(values) else math.nan
