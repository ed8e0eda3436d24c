"""How many of many findings may be chance: Benjamini and Hochberg 1995."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def q_values(p_values: ArrayLike) -> NDArray[np.float64]:
    """Return for each p the smallest false discovery rate at which it would be reported.

    q of the i-th smallest of m is min over j >= i of p_j m / j, at most 1. What is not a number was not
    tested: it gets no q and does not count in m.
    """
    p = np.asarray(p_values, dtype=np.float64)
    result = np.full(p.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    if tested.size == 0:
        return result
    order = tested[np.argsort(p[tested], kind="stable")]
    scaled = p[order] * order.size / np.arange(1, order.size + 1)
    result[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return result


def q_values_by_group(p_values: ArrayLike, groups: ArrayLike) -> NDArray[np.float64]:
    """Return :func:`q_values` of each group by itself, e.g. of each kabupaten."""
    p, labels = np.asarray(p_values, dtype=np.float64), np.asarray(groups)
    result = np.full(p.shape, np.nan)
    order = np.argsort(labels, kind="stable")
    edges = np.flatnonzero(labels[order][1:] != labels[order][:-1]) + 1
    for members in np.split(order, edges):
        result[members] = q_values(p[members])
    return result


def stands(q: float, *, is_open: bool, opens: float, closes: float) -> bool:
    """Tell whether a finding stands: a new one up to ``opens``, an open one until q is above ``closes``.

    Between the two nothing changes, so that a finding does not come and go with every form.
    """
    return q <= (closes if is_open else opens)
