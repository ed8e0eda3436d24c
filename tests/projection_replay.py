"""Let the TPS of a finished election come in again and again, and hold what the projection says against the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from analytics.projecting.projection import PairProjection, project
from analytics.projecting.settings import ProjectionSettings
from analytics.projecting.shrinking import Expected
from tests.returns_2019 import Election, Spread

#: A little wider than the citizens' count of 2019, where ``spread_of`` finds 0.51 and 0.40.
AS_2019 = Spread("as_2019", regency=0.5, district=0.5)
#: Half of the kabupaten are nearly done while others hardly begin.
UNEVEN = Spread("uneven", regency=1.0, district=0.7)


@dataclass(frozen=True)
class Record:
    """Of the first pair's share, in points; ``answered``: orders not refused, the rest counts in nothing."""

    orders: int
    answered: int
    coverage: float
    half_width: float
    rmse: float
    bias: float
    naive_rmse: float


def replay(
    election: Election,
    spread: Spread,
    parts: Sequence[float],
    orders: int,
    settings: ProjectionSettings | None = None,
    expected: Expected | None = None,
) -> dict[float, Record]:
    """Project at each of ``parts`` of the TPS seen, over orders with the seeds 0, 1, 2 …"""
    said: dict[float, list[PairProjection]] = {part: [] for part in parts}
    for seed in range(orders):
        order = election.order(spread, seed)
        for part in parts:
            found = project(election.seen(order, part), expected=expected, settings=settings)
            said[part].extend(found.pairs[:1])
    return {part: _record(answers, float(election.shares[0]), orders) for part, answers in said.items()}


def _record(answers: list[PairProjection], truth: float, orders: int) -> Record:
    if not answers:
        return Record(orders, 0, *[float("nan")] * 5)
    share, low, high, counted = np.array([(one.share, one.low, one.high, one.counted) for one in answers]).T
    return Record(
        orders=orders,
        answered=len(answers),
        coverage=float(((low <= truth) & (truth <= high)).mean()),
        half_width=float((high - low).mean()) * 50,
        rmse=_root_mean_square(share - truth) * 100,
        bias=float((share - truth).mean()) * 100,
        naive_rmse=_root_mean_square(counted - truth) * 100,
    )


def _root_mean_square(values: np.ndarray) -> float:
    return float(np.sqrt((values**2).mean()))


def spread_of(election: Election) -> tuple[float, float]:
    """Measure (kabupaten, kecamatan) of the citizens' count in units of a TPS, on normal scores of its ranks."""
    use = np.flatnonzero(~np.isnan(election.arrived))
    ranks = np.argsort(np.argsort(election.arrived[use], kind="stable"), kind="stable")
    scores = np.array([NormalDist().inv_cdf(one) for one in (np.arange(len(use)) + 0.5) / len(use)])[ranks]
    district = election.district[use]
    counts = np.maximum(np.bincount(district, minlength=election.tree.districts), 1)
    means = np.bincount(district, weights=scores, minlength=election.tree.districts) / counts
    of_regency = election.tree.by_regency(means) / np.bincount(election.tree.regency_of)
    own = float((scores - means[district]).std())
    apart = float((means - of_regency[election.tree.regency_of]).std())
    return float(of_regency.std()) / own, apart / own
