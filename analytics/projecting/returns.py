"""What is in and what is not, by kecamatan: the only thing the projection reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Tree:
    """Which kabupaten each kecamatan is in, and which provinsi each kabupaten: numbered from 0 in that order.

    Children of one parent stand together, every parent has a child: sums over a
    parent are then sums over a slice, also for hundreds of replicates at once.
    """

    regency_of: Indices
    province_of: Indices

    def __post_init__(self) -> None:
        for parents in (self.regency_of, self.province_of):
            if not len(parents) or parents[0] != 0 or not set(np.unique(np.diff(parents))) <= {0, 1}:
                raise ValueError(
                    "parents are numbered 0, 1, 2 …, in the order of their children, none without a child"
                )
        if self.regency_of[-1] + 1 != len(self.province_of):
            raise ValueError("every kabupaten needs its provinsi")

    @property
    def districts(self) -> int:
        return len(self.regency_of)

    @property
    def regencies(self) -> int:
        return len(self.province_of)

    @property
    def provinces(self) -> int:
        return int(self.province_of[-1]) + 1

    @property
    def province_of_district(self) -> Indices:
        return self.province_of[self.regency_of]

    def by_regency(self, values: Floats) -> Floats:
        """Add up over the last axis, kecamatan to kabupaten."""
        return _added(values, self.regency_of)

    def by_province(self, values: Floats) -> Floats:
        """Add up over the last axis, kabupaten to provinsi."""
        return _added(values, self.province_of)


def _added(values: Floats, parents: Indices) -> Floats:
    starts = np.flatnonzero(np.diff(parents, prepend=-1))
    return np.asarray(np.add.reduceat(values, starts, axis=-1), dtype=np.float64)


@dataclass(frozen=True)
class Returns:
    """Sums by kecamatan (last axis K); *seen* are the TPS that are in.

    ``votes``: (J, K), votes of each pair in the seen TPS; valid votes are their
    sum. ``registered_seen``, ``registered_unseen``: voters of the DPT. ``stations_seen``,
    ``stations_unseen``: TPS. ``squares``: (K, J+1, J+1), over the seen TPS the sum of
    z zᵀ with z = (votes of the pairs …, DPT): how unlike each other the TPS of a
    kecamatan are. All are sums, so a database can make them.
    """

    tree: Tree
    votes: Floats
    registered_seen: Floats
    registered_unseen: Floats
    stations_seen: Floats
    stations_unseen: Floats
    squares: Floats

    @property
    def valid(self) -> Floats:
        return np.asarray(self.votes.sum(axis=0), dtype=np.float64)

    @property
    def registered(self) -> Floats:
        return self.registered_seen + self.registered_unseen


def add_up(
    tree: Tree,
    *,
    district: Indices,
    registered: Floats,
    votes: Floats,
    seen: npt.NDArray[np.bool_],
) -> Returns:
    """Add stations up by kecamatan.

    One entry a TPS: ``district`` its kecamatan in ``tree``, ``registered`` its DPT
    (NaN where unknown: the mean of its kecamatan is taken, of all where that has
    none), ``votes`` (TPS, J), read only where ``seen``.
    """
    known = _known(registered, district, tree.districts)
    counted = np.where(seen[:, None], votes, 0.0).astype(np.float64)
    facts = np.column_stack([counted, known])[seen].astype(np.float64)
    width = facts.shape[1]
    squares = np.empty((tree.districts, width, width))
    for row in range(width):
        for column in range(row + 1):
            product = _summed(facts[:, row] * facts[:, column], district[seen], tree)
            squares[:, row, column] = squares[:, column, row] = product
    return Returns(
        tree=tree,
        votes=np.array([_summed(column, district, tree) for column in counted.T]),
        registered_seen=_summed(np.where(seen, known, 0.0).astype(np.float64), district, tree),
        registered_unseen=_summed(np.where(seen, 0.0, known).astype(np.float64), district, tree),
        stations_seen=_summed(seen.astype(np.float64), district, tree),
        stations_unseen=_summed((~seen).astype(np.float64), district, tree),
        squares=squares,
    )


def _summed(values: Floats, district: Indices, tree: Tree) -> Floats:
    return np.bincount(district, weights=values, minlength=tree.districts).astype(np.float64)


def _known(registered: Floats, district: Indices, districts: int) -> Floats:
    """The DPT of every TPS, unknown ones guessed."""
    unknown = np.isnan(registered)
    if not unknown.any():
        return registered
    if unknown.all():
        return np.ones_like(registered)
    sums = np.bincount(district, weights=np.where(unknown, 0.0, registered), minlength=districts)
    counts = np.bincount(district, weights=(~unknown).astype(np.float64), minlength=districts)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), sums.sum() / counts.sum())
    return np.where(unknown, means[district], registered)
