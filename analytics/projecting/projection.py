"""The final result, with its interval, from the TPS that are in; or why there is no answer yet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from analytics.projecting.intervals import errors, predict
from analytics.projecting.returns import Floats, Returns
from analytics.projecting.settings import ProjectionSettings
from analytics.projecting.shrinking import Expected, estimate


class Refusal(StrEnum):
    """Why there is not enough to project from."""

    NOTHING_IN = "nothing_in"
    TOO_LITTLE_REACHED = "too_little_reached"
    SILENT_PROVINCE = "silent_province"
    SILENT_REGENCIES = "silent_regencies"


@dataclass(frozen=True)
class Reached:
    """How much is in. ``seen``: part of the DPT in TPS that are in; ``reached``: in kecamatan with a report.

    ``regencies``: in kabupaten with a report. ``silent_provinces``: numbers of the tree.
    """

    stations_in: int
    stations: int
    seen: float
    reached: float
    regencies: float
    silent_provinces: tuple[int, ...]


@dataclass(frozen=True)
class PairProjection:
    """Fractions of the valid votes at the end. ``counted``: of those that are in, as they are."""

    share: float
    low: float
    high: float
    counted: float


@dataclass(frozen=True)
class Projection:
    """``pairs`` in the order of the votes, empty with a ``refusal``.

    ``chance_behind``: of each pair, that its final margin over the strongest other is below 0.
    ``turnout``: valid votes a registered voter, at the end. ``slope``: on the expectation, None without.
    """

    reached: Reached
    refusal: Refusal | None
    pairs: tuple[PairProjection, ...] = ()
    chance_behind: tuple[float, ...] = ()
    turnout: float | None = None
    slope: float | None = None


def project(
    returns: Returns, *, expected: Expected | None = None, settings: ProjectionSettings | None = None
) -> Projection:
    """Project: final = seen + Σ over kecamatan of unseen DPT × turnout × share, both shrunk.

    With ``expected`` (NaN where nothing is known) the share of that pair follows
    logit share = a + b·logit p0 + kabupaten effect, b fitted; with too few kecamatan
    to fit b, as without.
    """
    settings = settings or ProjectionSettings()
    reached = measure_reached(returns)
    if refusal := _refusal(reached, settings):
        return Projection(reached, refusal)
    expected = _usable(expected, returns, settings)
    found = estimate(returns.tree, returns.votes, returns.registered_seen, settings, expected)
    counted = returns.votes.sum(axis=-1)
    final = counted + predict(returns.registered_unseen, found)
    share = final / final.sum()
    replicates = np.clip(share - errors(returns, found, settings, expected), 0.0, 1.0)
    low, high = np.quantile(replicates, [(1 - settings.level) / 2, (1 + settings.level) / 2], axis=0)
    return Projection(
        reached,
        None,
        pairs=tuple(
            PairProjection(float(share[j]), float(low[j]), float(high[j]), float(counted[j] / counted.sum()))
            for j in range(len(share))
        ),
        chance_behind=tuple(_chance_behind(replicates, j) for j in range(len(share))),
        turnout=float(final.sum() / returns.registered.sum()),
        slope=None if found.slope is None else float(found.slope[0]),
    )


def measure_reached(returns: Returns) -> Reached:
    tree, everybody = returns.tree, returns.registered.sum()
    reports = returns.stations_seen > 0
    by_regency = tree.by_regency(returns.stations_seen)
    in_regencies = tree.by_regency(returns.registered)[by_regency > 0].sum()
    return Reached(
        stations_in=int(returns.stations_seen.sum()),
        stations=int((returns.stations_seen + returns.stations_unseen).sum()),
        seen=float(returns.registered_seen.sum() / everybody) if everybody else 0.0,
        reached=float(returns.registered[reports].sum() / everybody) if everybody else 0.0,
        regencies=float(in_regencies / everybody) if everybody else 0.0,
        silent_provinces=tuple(int(one) for one in np.flatnonzero(tree.by_province(by_regency) == 0)),
    )


def _refusal(reached: Reached, settings: ProjectionSettings) -> Refusal | None:
    if reached.stations_in == 0:
        return Refusal.NOTHING_IN
    if reached.reached < settings.reached_enough:
        return Refusal.TOO_LITTLE_REACHED
    if reached.silent_provinces:
        return Refusal.SILENT_PROVINCE
    return Refusal.SILENT_REGENCIES if reached.regencies < settings.regencies_enough else None


def _usable(expected: Expected | None, returns: Returns, settings: ProjectionSettings) -> Expected | None:
    """The expectation with its gaps filled; None where a slope on it would be a guess."""
    if expected is None:
        return None
    known = ~np.isnan(expected.logit)
    informed = known & (returns.stations_seen > 0)
    regencies = len(np.unique(returns.tree.regency_of[informed]))
    if informed.sum() - regencies < settings.fewest_for_slope:
        return None
    return replace(expected, logit=_filled(expected.logit, known, returns))


def _filled(values: Floats, known: npt.NDArray[np.bool_], returns: Returns) -> Floats:
    """Gaps take the mean of their kabupaten, of all where that has none."""
    tree = returns.tree
    counts = tree.by_regency(known.astype(np.float64))
    sums = tree.by_regency(np.where(known, values, 0.0))
    means = np.where(counts > 0, sums / np.maximum(counts, 1), sums.sum() / max(counts.sum(), 1))
    return np.where(known, values, means[tree.regency_of])


def _chance_behind(replicates: Floats, pair: int) -> float:
    others = np.delete(replicates, pair, axis=-1)
    if not others.shape[-1]:
        return 0.0
    return float((replicates[:, pair] < others.max(axis=-1)).mean())
