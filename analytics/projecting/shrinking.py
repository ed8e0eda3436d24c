"""Share and turnout of every kecamatan, drawn towards its kabupaten and that towards its provinsi.

A mean of n votes drawn towards a prior with m pseudo-votes is (x + m·prior) / (n + m),
the posterior mean of a beta prior. A kecamatan counts in the mean of its kabupaten with
n·m / (n + m) votes: its TPS are alike, the thousandth vote says little that the first
hundred did not (one-way random effects, weights 1 / (σ² + s²/n)). Every function takes
leading axes, so that the replicates of an interval are estimated in one call.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.projecting.returns import Floats, Tree
from analytics.projecting.settings import ProjectionSettings

#: Shares are kept this far from 0 and 1 before a logarithm.
EDGE = 1e-4


@dataclass(frozen=True)
class Means:
    """Of one ratio. ``base`` (K): what the provinsi alone would say; ``effect`` (R): the kabupaten's, in logits;
    ``prior`` (K): both together; ``mean`` (K): with the kecamatan's own votes. ``slope``: on the expectation.
    """

    base: Floats
    effect: Floats
    prior: Floats
    mean: Floats
    slope: Floats | None = None


@dataclass(frozen=True)
class Estimate:
    """``shares``: one a pair, each like its column of votes. ``turnout``: valid votes a registered voter."""

    shares: tuple[Means, ...]
    turnout: Means

    @property
    def slope(self) -> Floats | None:
        return next((one.slope for one in self.shares if one.slope is not None), None)


@dataclass(frozen=True)
class Expected:
    """``logit`` (K): of the share of pair ``pair`` that an earlier result lets us expect."""

    pair: int
    logit: Floats


def logit(share: Floats) -> Floats:
    kept = np.clip(share, EDGE, 1 - EDGE)
    return np.asarray(np.log(kept / (1 - kept)), dtype=np.float64)


def expit(value: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-value)), dtype=np.float64)


def estimate(
    tree: Tree, votes: Floats, registered: Floats, settings: ProjectionSettings, expected: Expected | None = None
) -> Estimate:
    """Estimate from the seen part: ``votes`` (…, J, K), ``registered`` (…, K) of the TPS that are in."""
    valid = votes.sum(axis=-2)
    pairs = range(votes.shape[-2])
    shares = [
        _means(tree, votes[..., j, :], valid, settings, expected.logit if expected and expected.pair == j else None)
        for j in pairs
    ]
    if expected:
        shares = _to_one(shares, votes, valid, expected.pair, settings)
    return Estimate(tuple(shares), _means(tree, valid, registered, settings))


def _means(
    tree: Tree, part: Floats, whole: Floats, settings: ProjectionSettings, expected: Floats | None = None
) -> Means:
    """Shrink part / whole; with ``expected`` (logits by kecamatan) the base follows it with a fitted slope."""
    weight = whole * settings.pseudo_votes / (whole + settings.pseudo_votes)
    in_regency = tree.by_regency(weight)
    steady = in_regency * settings.regency_pseudo_votes / (in_regency + settings.regency_pseudo_votes)
    raw = _ratio(part, whole)
    regency = _ratio(tree.by_regency(weight * raw), in_regency)
    slope = None
    if expected is None:
        base = _of_province(tree, regency, steady)[..., tree.regency_of]
    else:
        slope, base = _along(tree, part, whole, weight, steady, expected)
    of_base = _ratio(tree.by_regency(weight * base), in_regency)
    shrunk = (in_regency * regency + settings.regency_pseudo_votes * of_base) / (
        in_regency + settings.regency_pseudo_votes
    )
    effect = np.where(in_regency > 0, logit(shrunk) - logit(of_base), 0.0)
    prior = expit(logit(base) + effect[..., tree.regency_of])
    mean = (part + settings.pseudo_votes * prior) / (whole + settings.pseudo_votes)
    return Means(base, effect, prior, mean, slope)


def _of_province(tree: Tree, regency: Floats, steady: Floats) -> Floats:
    """The mean of the kabupaten of each one's provinsi: (…, R)."""
    return _ratio(tree.by_province(steady * regency), tree.by_province(steady))[..., tree.province_of]


def _along(
    tree: Tree, part: Floats, whole: Floats, weight: Floats, steady: Floats, expected: Floats
) -> tuple[Floats, Floats]:
    """Fit logit share = a + b·logit p0 + kabupaten effect: b within kabupaten, a by provinsi. Return (b, base)."""
    found = logit((part + 0.5) / (whole + 1))
    in_regency = tree.by_regency(weight)
    mean_found = _ratio(tree.by_regency(weight * found), in_regency)
    mean_expected = _ratio(tree.by_regency(weight * expected), in_regency)
    apart = expected - mean_expected[..., tree.regency_of]
    slope = _ratio(
        (weight * apart * (found - mean_found[..., tree.regency_of])).sum(axis=-1), (weight * apart**2).sum(axis=-1)
    )[..., None]
    start = _of_province(tree, mean_found - slope * mean_expected, steady)
    return slope, expit(start[..., tree.regency_of] + slope * expected)


def _to_one(
    shares: list[Means], votes: Floats, valid: Floats, pair: int, settings: ProjectionSettings
) -> list[Means]:
    """Give the others what the expected pair leaves, in the proportion they have without it."""
    left = 1 - shares[pair].prior
    others = sum((one.prior for j, one in enumerate(shares) if j != pair), np.zeros_like(left))
    scale = _ratio(left, others)
    return [
        one
        if j == pair
        else Means(
            one.base,
            one.effect,
            one.prior * scale,
            (votes[..., j, :] + settings.pseudo_votes * one.prior * scale) / (valid + settings.pseudo_votes),
        )
        for j, one in enumerate(shares)
    ]


def _ratio(above: Floats, below: Floats) -> Floats:
    """Divide; 0 where there is nothing to divide by (such a value always has the weight 0)."""
    return np.divide(above, below, out=np.zeros(np.broadcast(above, below).shape), where=below > 0)
