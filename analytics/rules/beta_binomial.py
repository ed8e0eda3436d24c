"""The beta-binomial: votes at a TPS whose own share varies round that of its area.

With share p and overdispersion rho (the correlation of two voters of one TPS), alpha = p(1 - rho)/rho
and beta = (1 - p)(1 - rho)/rho. The spread of the share over TPS of n votes is p(1 - p)(1 + (n - 1)rho)/n:
at 200 votes and rho 0.066 13 points, where a plain binomial says 3.5 and so flags 20.6% of all TPS
at |z| > 4. Source: Johnson, Kemp, Kotz, *Univariate Discrete Distributions*, 6.2; the form of several pairs is
the Dirichlet-multinomial, Mosimann 1962.

No scipy: only the mass and the tails are needed, and a row's whole distribution comes from the ratios of
its neighbouring terms, for many rows at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import lgamma, log

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: A share of exactly 0 or 1 would make the first other vote impossible; no area of some thousand voters proves that.
LEAST_SHARE = 1e-4

#: Cells (rows by terms) worked on at once: half a megabyte an array stays in the processor's cache.
_BLOCK = 65_536


def alpha_beta(share: ArrayLike, rho: ArrayLike) -> tuple[Floats, Floats]:
    """Return alpha and beta. Shares are kept ``LEAST_SHARE`` away from 0 and 1; rho must lie strictly between."""
    spread = np.asarray(rho, dtype=np.float64)
    if not np.all((spread > 0) & (spread < 1)):
        raise ValueError("rho lies between 0 and 1, both excluded")
    p = np.clip(np.asarray(share, dtype=np.float64), LEAST_SHARE, 1 - LEAST_SHARE)
    weight = (1 - spread) / spread
    return p * weight, (1 - p) * weight


def log_pmf(votes: ArrayLike, valid: ArrayLike, share: ArrayLike, rho: ArrayLike) -> Floats:
    """Return the natural logarithm of the chance of ``votes`` out of ``valid``; arrays are broadcast."""
    x, n = np.asarray(votes, dtype=np.float64), np.asarray(valid, dtype=np.float64)
    a, b = alpha_beta(share, rho)
    choose = log_gamma(n + 1) - log_gamma(x + 1) - log_gamma(n - x + 1)
    return choose + _log_beta(x + a, n - x + b) - _log_beta(a, b)


def two_sided(votes: ArrayLike, valid: ArrayLike, share: ArrayLike, rho: ArrayLike) -> Floats:
    """Return for each row twice the smaller tail, at most 1: P(X <= x) or P(X >= x), both with x itself.

    Each tail is summed from its own end, so one of 1e-30 keeps its digits. A row with a share that is
    not a number gets no number.
    """
    x, n, p, spread = np.broadcast_arrays(
        np.asarray(votes, dtype=np.int64),
        np.asarray(valid, dtype=np.int64),
        np.asarray(share, dtype=np.float64),
        np.asarray(rho, dtype=np.float64),
    )
    if np.any((x < 0) | (x > n)):
        raise ValueError("votes lie between 0 and the valid votes")
    shape, (x, n, p, spread) = x.shape, (one.ravel() for one in (x, n, p, spread))
    a, b = alpha_beta(p, spread)
    # The upper tail is the lower one of the others' votes.
    is_low = x <= n * p
    here = np.where(is_low, x, n - x).astype(np.float64)
    a, b = np.where(is_low, a, b), np.where(is_low, b, a)
    at = np.exp(log_pmf(x, n, p, spread))
    result = np.empty(x.size)
    # Rows of like length stand together, the longest first: a block is as wide as its first tail.
    order = np.argsort(-here, kind="stable")
    start = 0
    while start < order.size:
        rows = max(1, _BLOCK // (int(here[order[start]]) + 1))
        block = order[start : start + rows]
        result[block] = _tail(here[block], n[block], a[block], b[block])
        start += rows
    tail = at * result
    return np.asarray(np.minimum(1.0, 2 * np.minimum(tail, 1 - tail + at)), dtype=np.float64).reshape(shape)


def log_multinomial(votes: Sequence[int], shares: Sequence[float], rho: float) -> float:
    """Return the natural logarithm of the chance of all pairs' votes together (Dirichlet-multinomial).

    For two pairs this is :func:`log_pmf`. ``shares`` need not add up to 1.
    """
    if len(votes) != len(shares):
        raise ValueError("a share for each pair")
    if not 0 < rho < 1:
        raise ValueError("rho lies between 0 and 1, both excluded")
    kept = [max(share, LEAST_SHARE) for share in shares]
    weight = (1 - rho) / rho
    alphas = [share / sum(kept) * weight for share in kept]
    n = sum(votes)
    result = lgamma(weight) - lgamma(n + weight) + lgamma(n + 1)
    for vote, alpha in zip(votes, alphas, strict=True):
        result += lgamma(vote + alpha) - lgamma(alpha) - lgamma(vote + 1)
    return result


def log_gamma(values: ArrayLike) -> Floats:
    """Return ln gamma of positive numbers, to about 1e-13: Stirling's series above 10, reached by recurrence."""
    x = np.array(values, dtype=np.float64)
    shift = np.zeros_like(x)
    for _step in range(10):
        small = x < 10
        if not small.any():
            break
        shift -= np.where(small, np.log(np.where(small, x, 1.0)), 0.0)
        x = np.where(small, x + 1, x)
    inverse = 1 / x
    square = inverse * inverse
    # Bernoulli terms of Abramowitz and Stegun 6.1.41.
    series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188))))
    return np.asarray((x - 0.5) * np.log(x) - x + 0.5 * log(2 * np.pi) + series + shift, dtype=np.float64)


def _log_beta(a: Floats, b: Floats) -> Floats:
    return np.asarray(log_gamma(a) + log_gamma(b) - log_gamma(a + b), dtype=np.float64)


def _tail(x: Floats, n: NDArray[np.int64], a: Floats, b: Floats) -> Floats:
    """Return P(X <= x) / P(X = x): the terms from x down to 0, each from the one above it.

    P(k - 1) / P(k) = k(beta + n - k) / ((n - k + 1)(alpha + k - 1)); below 0 the products are 0.
    """
    k = x[:, None] - np.arange(int(x.max()), dtype=np.float64)[None, :]
    np.maximum(k, 0.0, out=k)
    rest = n[:, None] - k
    ratio = k * (b[:, None] + rest)
    ratio /= (rest + 1) * (a[:, None] + np.maximum(k - 1, 0.0))
    return np.asarray(1.0 + np.cumprod(ratio, axis=1).sum(axis=1), dtype=np.float64)
