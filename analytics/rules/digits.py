"""Rules E: what figures may have been meant to say. Shown beside the photo, never applied.

E1 a slip of the hand that explains what does not add up · E2 columns swapped · E3 the figures of another
TPS. A one-slip repair that restores the sum contains the truth in 89.6%, mostly as a tie of two, so that up to
three are shown. Expected shares are fractions by pair; without them slips alone are weighed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations, permutations
from math import inf, log

import numpy as np
from numpy.typing import NDArray

from analytics.rules.arithmetic import above_register
from analytics.rules.beta_binomial import LEAST_SHARE, Floats, log_gamma, log_multinomial
from analytics.rules.settings import DEFAULTS, NO_SHARES, RuleSettings
from analytics.rules.severity import Severity
from analytics.rules.slips import Slip, likeliest
from tallies.checks import EQUALITIES, broken_relations, check
from tallies.figures import MAX_FIGURE, Figures, StationFacts, Thresholds

#: The relations that say what a box would have to hold: total = sum of parts, parts before the total.
_SUMS = frozenset({"C1-E09", *(one.code for one in EQUALITIES)})

#: Above this many pairs only two columns are exchanged: 5! = 120 orders, 6! = 720.
_ALL_ORDERS = 5


@dataclass(frozen=True)
class Change:
    """``field`` would hold ``value`` instead of ``instead_of``; ``None`` is a blank box."""

    field: str
    value: int | None
    instead_of: int | None


@dataclass(frozen=True)
class Repair:
    """E1. ``score``: natural logarithm of the slip's share times the chance of the votes it leads to.

    ``left``: relations that are still broken with it; of two repairs the one that leaves fewer comes first.
    """

    slip: Slip
    changes: tuple[Change, ...]
    score: float
    left: int
    code: str = "E1"


@dataclass(frozen=True)
class SwappedColumns:
    """E2. ``votes`` are those of the order that fits, ``log_ratio`` how much better it does (natural logarithm)."""

    severity: Severity
    votes: Mapping[int, int]
    log_ratio: float
    code: str = "E2"


@dataclass(frozen=True)
class Row:
    """The figures of one TPS, in one order of boxes, with the digests of its photos."""

    station: int
    figures: tuple[int | None, ...]
    photos: Collection[str] = ()


@dataclass(frozen=True)
class AnotherStation:
    """E3. ``stations``: whose figures these may be; more than one where several TPS agree."""

    severity: Severity
    station: int
    stations: tuple[int, ...]
    code: str = "E3"


def repairs(
    figures: Figures,
    station: StationFacts,
    thresholds: Thresholds,
    *,
    mends: str | None = None,
    expected: Mapping[int, float] = NO_SHARES,
    settings: RuleSettings = DEFAULTS,
) -> tuple[Repair, ...]:
    """E1: return up to three repairs, the likeliest first.

    One slip in one box, or two boxes or columns exchanged, such that fewer of H1, H2 and H4 are broken;
    on a form that keeps them all, only columns whose exchange fits ``expected`` better. ``mends``: the code of
    the relation beside which they are shown; without it, repairs of two relations compete for the three places.
    """
    before = _broken(figures, station, thresholds)
    now = _log_votes(figures, expected, settings)
    found: dict[tuple[Change, ...], Repair] = {}
    for slip, share, changes in _candidates(figures, station, thresholds, expected, settings):
        changed = _with(figures, changes)
        if mends is not None and any(one.code == mends for one in broken_relations(changed, station, thresholds)):
            continue
        after = _broken(changed, station, thresholds)
        votes = _log_votes(changed, expected, settings)
        if after < before or (after == before == 0 and votes > now):
            repair = Repair(slip, changes, log(share) + votes if share else -inf, after)
            known = found.get(changes)
            if known is None or known.score < repair.score:
                found[changes] = repair
    # Equal scores keep the order of the form.
    ranked = sorted(found.values(), key=lambda one: (one.left, -one.score))
    return tuple(ranked[: settings.suggestions])


def swapped_columns(
    votes: Mapping[int, int | None], expected: Mapping[int, float], settings: RuleSettings = DEFAULTS
) -> SwappedColumns | None:
    """E2: log BB(x_σ) - log BB(x) > 6 for the order σ that fits ``expected`` best.

    An exchange of pairs keeps the sum and so every relation of the form. ``expected`` must not contain the
    TPS's own votes.
    """
    pairs = sorted(votes)
    written = [votes[pair] for pair in pairs]
    known = [vote for vote in written if vote is not None]
    if len(known) < len(pairs) or len(pairs) < 2 or any(pair not in expected for pair in pairs):
        return None
    shares = [expected[pair] for pair in pairs]
    now = log_multinomial(known, shares, settings.rho_village)
    best, order = max(
        ((log_multinomial(one, shares, settings.rho_village), tuple(one)) for one in _orders(known)),
        default=(now, tuple(known)),
    )
    if best - now <= settings.swap_log_ratio:
        return None
    return SwappedColumns(Severity.MEDIUM, dict(zip(pairs, order, strict=True)), best - now)


def best_order_ratios(votes: NDArray[np.int64], shares: Floats, settings: RuleSettings = DEFAULTS) -> Floats:
    """Return for each row (TPS by pair) log BB of the best order minus log BB of the order written; E2 for many.

    Of all orders the one that gives the most votes to the largest share is the likeliest: only
    Σ ln Γ(x_j + α_j) depends on the order, and its differences grow in both (rearrangement inequality).
    """
    weight = (1 - settings.rho_village) / settings.rho_village
    kept = np.maximum(shares, LEAST_SHARE)
    alphas = kept / kept.sum(axis=1, keepdims=True) * weight
    written = log_gamma(votes + alphas).sum(axis=1)
    best = log_gamma(np.sort(votes, axis=1) + np.sort(alphas, axis=1)).sum(axis=1)
    return np.asarray(best - written, dtype=np.float64)


def another_station(row: Row, others: Iterable[Row]) -> AnotherStation | None:
    """E3: the row equals that of another TPS of the same desa, and no photo is shared (that is P1).

    ``others`` are the TPS of the desa with the same boxes. Rows with a blank box, and rows of zeros, equal too
    many others to say anything.
    """
    if None in row.figures or not any(row.figures):
        return None
    same = tuple(
        other.station
        for other in others
        if other.station != row.station and other.figures == row.figures and not set(other.photos) & set(row.photos)
    )
    return AnotherStation(Severity.MEDIUM, row.station, same) if same else None


# Candidates


def _candidates(
    figures: Figures,
    station: StationFacts,
    thresholds: Thresholds,
    expected: Mapping[int, float],
    settings: RuleSettings,
) -> Iterator[tuple[Slip, float, tuple[Change, ...]]]:
    """Yield (slip, probability, changes), before anybody asks what they do to the form."""
    implied = set(_implied(figures, station, thresholds))
    for name, value in sorted(implied):
        found = likeliest(value, figures.get(name), settings.slip_shares)
        if found is not None:
            yield *found, (Change(name, value, figures.get(name)),)
    filled = _filled(figures)
    ways = max(1, len(filled) * (len(filled) - 1) // 2)
    for changes in chain(_exchanges(figures, implied), _reorders(figures) if expected else ()):
        yield Slip.SWAPPED, settings.slip_shares.get(Slip.SWAPPED, 0.0) / ways, changes


def _implied(figures: Figures, station: StationFacts, thresholds: Thresholds) -> Iterator[tuple[str, int]]:
    """Yield (box, value) for every box of a broken sum, follow-on errors included: what would make it hold."""
    for one in broken_relations(figures, station, thresholds):
        if one.code in _SUMS:
            gap = one.left - one.right
            for name in one.fields:
                value = (figures.get(name) or 0) + (gap if name == one.fields[-1] else -gap)
                if 0 <= value <= MAX_FIGURE:
                    yield name, value
    # One blank pair beside a filled sum.
    blank = [name for name in figures.vote_fields if figures.get(name) is None]
    valid = figures.get("valid_votes")
    if len(blank) == 1 and valid is not None:
        value = valid - sum(vote or 0 for vote in figures.votes.values())
        if value > 0:
            yield blank[0], value


def _exchanges(figures: Figures, implied: Collection[tuple[str, int]]) -> Iterator[tuple[Change, ...]]:
    """Yield exchanges of two boxes: both in broken sums, or one of them with a box that holds what it should."""
    questioned = {name for name, _value in implied}
    couples = set(combinations(sorted(questioned), 2))
    for name, value in implied:
        couples |= {(min(name, one), max(name, one)) for one in _filled(figures) if figures.get(one) == value}
    for one, other in sorted(couples):
        first, second = figures.get(one), figures.get(other)
        if first is not None and second is not None and first != second:
            yield Change(one, second, first), Change(other, first, second)


def _reorders(figures: Figures) -> Iterator[tuple[Change, ...]]:
    """Yield the pairs' votes in every other order; nothing while one is blank."""
    written = figures.known(figures.vote_fields) or []
    for order in _orders(written):
        yield tuple(
            Change(name, value, now)
            for name, value, now in zip(figures.vote_fields, order, written, strict=True)
            if value != now
        )


def _orders(votes: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield the other orders of the votes, each once."""
    if len(votes) <= _ALL_ORDERS:
        yield from sorted(set(permutations(votes)) - {tuple(votes)})
        return
    for one, other in combinations(range(len(votes)), 2):
        if votes[one] != votes[other]:
            order = list(votes)
            order[one], order[other] = order[other], order[one]
            yield tuple(order)


# Small parts


def _filled(figures: Figures) -> tuple[str, ...]:
    names = (*figures.vote_fields, *figures.values)
    return tuple(name for name in names if figures.get(name) is not None)


def _broken(figures: Figures, station: StationFacts, thresholds: Thresholds) -> int:
    """Count what E1 mends: the relations of the form, a blank pair beside a filled sum, and H4."""
    relations = sum(one.is_error for one in check(figures, station, thresholds))
    blank = figures.get("valid_votes") is not None and figures.pair_sum is None
    return relations + blank + (above_register(figures, station, thresholds) is not None)


def _log_votes(figures: Figures, expected: Mapping[int, float], settings: RuleSettings) -> float:
    """Return the logarithm of the chance of the votes; 0 where nothing is expected or a pair is blank."""
    pairs = sorted(figures.votes)
    known = figures.known(figures.vote_fields)
    if known is None or not known or any(pair not in expected for pair in pairs):
        return 0.0
    return log_multinomial(known, [expected[pair] for pair in pairs], settings.rho_village)


def _with(figures: Figures, changes: Iterable[Change]) -> Figures:
    votes, values = dict(figures.votes), dict(figures.values)
    for one in changes:
        if one.field.startswith("votes_"):
            votes[int(one.field.removeprefix("votes_"))] = one.value
        else:
            values[one.field] = one.value
    return replace(figures, votes=votes, values=values)
