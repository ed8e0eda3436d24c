"""How wrong the prediction of the unseen part may be: a block bootstrap over kecamatan.

Each replicate makes an election that is like the one we see, lets the same TPS be in,
predicts the rest with the same estimator and compares. Kabupaten and kecamatan take the
departure from their prior (all pairs and turnout together: the block) of another one of
their provinsi that reports; the TPS of a kecamatan scatter as those seen in its kabupaten.

Resampling whole kecamatan with their seen votes would add the error of what is already
counted: such intervals cover 99 to 100% and say nothing. Binomial ones take TPS for
independent voters and cover 2 to 5%.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.projecting.returns import Floats, Indices, Returns
from analytics.projecting.settings import ProjectionSettings
from analytics.projecting.shrinking import Estimate, Expected, estimate, expit, logit

#: Replicates × kecamatan worked on at once: more would leave the processor's cache.
AT_ONCE = 60_000
#: No kecamatan of a replicate leaves these bounds.
LOWEST, HIGHEST = 0.002, 0.998


@dataclass(frozen=True)
class Scatter:
    """``district`` (J+1, K): departures from the prior, divided by √(p(1−p)), scaled to their true spread.
    ``regency`` (J+1, R): in logits. ``station`` (R, J+1, J+1): a matrix root of the covariance of one TPS, in votes.
    """

    district: Floats
    regency: Floats
    station: Floats


def predict(registered_unseen: Floats, found: Estimate) -> Floats:
    """Return the votes (…, J) still to come from ``registered_unseen`` voters of the DPT (K)."""
    coming = registered_unseen * found.turnout.mean
    return np.stack([(coming * one.mean).sum(axis=-1) for one in found.shares], axis=-1)


def errors(returns: Returns, found: Estimate, settings: ProjectionSettings, expected: Expected | None) -> Floats:
    """Return (replicates, J): predicted minus true final share of each pair."""
    generator = np.random.default_rng(settings.seed)
    scatter = measure_scatter(returns, found, settings)
    size = max(1, AT_ONCE // returns.tree.districts)
    sizes = [min(size, settings.replicates - done) for done in range(0, settings.replicates, size)]
    parts = [_replicate(returns, found, scatter, settings, expected, generator, size) for size in sizes]
    return np.concatenate(parts)


def measure_scatter(returns: Returns, found: Estimate, settings: ProjectionSettings) -> Scatter:
    """Split what departs from the prior into kecamatan and TPS, from the TPS that are in."""
    tree = returns.tree
    station = _station_covariance(returns)
    of_station = np.diagonal(station, axis1=1, axis2=2).T[:, tree.regency_of]
    reports = returns.valid > 0
    whole = np.vstack([*([returns.valid] * len(found.shares)), returns.registered_seen])
    part = np.vstack([returns.votes, returns.valid])
    prior = np.vstack([*(one.prior for one in found.shares), found.turnout.prior])
    unit = np.sqrt(np.maximum(prior * (1 - prior), LOWEST))
    counted = np.maximum(whole, 1.0)
    departure = np.where(reports, (part / counted - prior) / unit, 0.0)
    noise = of_station * returns.stations_seen / counted**2 / unit**2
    weight = np.where(reports, returns.valid / (returns.valid + settings.pseudo_votes), 0.0)
    spread = _own_variance(departure, noise, weight, lost=len(np.unique(tree.regency_of[reports])))
    scale = np.sqrt(spread / np.maximum(spread + noise, 1e-12))
    values, vectors = np.linalg.eigh(station)
    return Scatter(
        district=departure * scale,
        regency=np.vstack([*(one.effect for one in found.shares), found.turnout.effect]),
        station=vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :],
    )


def _own_variance(departure: Floats, noise: Floats, weight: Floats, *, lost: int) -> Floats:
    """The variance between kecamatan without that of their TPS (moments); ``lost`` means were fitted."""
    count = int((weight > 0).sum())
    total = (weight * departure**2).sum(axis=-1) / max(weight.sum(), 1e-12) * count / max(count - lost, 1)
    of_stations = (weight * noise).sum(axis=-1) / max(weight.sum(), 1e-12)
    return np.asarray(np.maximum(total - of_stations, 0.0)[:, None], dtype=np.float64)


def _station_covariance(returns: Returns) -> Floats:
    """(R, J+1, J+1): votes of a TPS round its kecamatan's shares and turnout, by kabupaten.

    A kabupaten counts with twenty degrees of freedom's worth of the whole's mean.
    """
    tree, pairs = returns.tree, len(returns.votes)
    share = returns.votes / np.maximum(returns.valid, 1.0)
    turnout = returns.valid / np.maximum(returns.registered_seen, 1.0)
    # r = L z: votes less share × valid; valid less turnout × DPT.
    linear = np.zeros((tree.districts, pairs + 1, pairs + 1))
    linear[:, :pairs, :pairs] = np.eye(pairs) - share.T[:, :, None]
    linear[:, pairs, :pairs] = 1.0
    linear[:, pairs, pairs] = -turnout
    scattered = linear @ returns.squares @ linear.transpose(0, 2, 1)
    degrees = np.maximum(returns.stations_seen - 1, 0.0)
    scattered = np.where(degrees[:, None, None] > 0, scattered, 0.0)
    per_regency = tree.by_regency(scattered.transpose(1, 2, 0)).transpose(2, 0, 1)
    of_all = per_regency.sum(axis=0) / max(degrees.sum(), 1.0)
    return np.asarray((per_regency + 20 * of_all) / (tree.by_regency(degrees) + 20)[:, None, None], dtype=np.float64)


def _donors(
    generator: np.random.Generator, parents: Indices, gives: Floats, rows: int, settings: ProjectionSettings
) -> Indices:
    """(rows, len(parents)): for each one another (or itself) of the same parent that gives; of all where too few."""
    giving = np.flatnonzero(gives > 0)
    counts = np.bincount(parents[giving], minlength=int(parents[-1]) + 1)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    few = counts < settings.fewest_donors
    counts, starts = np.where(few, len(giving), counts), np.where(few, 0, starts)
    drawn = generator.random((rows, len(parents))) * counts[parents]
    return np.asarray(giving[starts[parents] + drawn.astype(np.intp)], dtype=np.intp)


def _replicate(
    returns: Returns,
    found: Estimate,
    scatter: Scatter,
    settings: ProjectionSettings,
    expected: Expected | None,
    generator: np.random.Generator,
    rows: int,
) -> Floats:
    tree, pairs = returns.tree, len(returns.votes)
    reports = (returns.valid > 0).astype(np.float64)
    regencies = _donors(generator, tree.province_of, tree.by_regency(reports), rows, settings)
    districts = _donors(generator, tree.province_of_district, reports, rows, settings)
    base = logit(np.vstack([*(one.base for one in found.shares), found.turnout.base]))
    effect = scatter.regency[:, regencies][..., tree.regency_of]
    prior = expit(base[:, None, :] + effect)
    prior[:pairs] /= prior[:pairs].sum(axis=0)
    true = np.clip(prior + scatter.district[:, districts] * np.sqrt(prior * (1 - prior)), LOWEST, HIGHEST)
    true[:pairs] /= true[:pairs].sum(axis=0)
    shares, turnout = true[:pairs].transpose(1, 0, 2), true[pairs]

    def polled(registered: Floats, stations: Floats) -> Floats:
        """Votes (rows, J, K) of so many TPS of each kecamatan."""
        normal = generator.standard_normal((pairs + 1, rows, tree.districts)) * np.sqrt(stations)
        noise = np.einsum("kij,jrk->rik", scatter.station[tree.regency_of], normal, optimize=True)
        valid = np.clip(registered * turnout + noise[:, pairs], 0.0, None)
        votes = valid[:, None, :] * shares + noise[:, :pairs]
        return np.asarray(np.clip(votes, 0.0, None), dtype=np.float64)

    seen = polled(returns.registered_seen, returns.stations_seen)
    unseen = polled(returns.registered_unseen, returns.stations_unseen).sum(axis=-1)
    again = estimate(tree, seen, returns.registered_seen, settings, expected)
    in_already = seen.sum(axis=-1)
    return _shares(in_already + predict(returns.registered_unseen, again)) - _shares(in_already + unseen)


def _shares(votes: Floats) -> Floats:
    return np.asarray(votes / np.maximum(votes.sum(axis=-1, keepdims=True), 1.0), dtype=np.float64)
