"""What the stored totals do not hold: the DPT of the TPS that are in, and how unlike the TPS of a kecamatan are.

Sums of products over the stations, made by the database, one row a kecamatan. Kept in the
cache with the moment its totals were counted: only kecamatan that moved since are read again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.core.cache import cache
from django.db.models import BigIntegerField, Count, F, FilteredRelation, Q, QuerySet, Sum
from django.db.models.functions import Cast, Coalesce

from analytics.projecting.returns import Floats
from tallies.models import COUNTED_REVIEWS, Contest, StationResult

#: Longer than a night without a new form; lost, it is read again.
_KEPT_SECONDS = 24 * 3600
#: More kecamatan than this in one statement, and all are read: a list of keys would be longer than the answer.
_MOST_NAMED = 500


@dataclass(frozen=True)
class StationSums:
    """Of the stations of one kecamatan.

    ``known``, ``known_voters``: TPS whose DPT is known, and that DPT together, over all; ``seen``: TPS that are in,
    of which ``seen_known`` with a known DPT of ``seen_voters`` together. ``squares``: (J+1, J+1), over the TPS that
    are in the sum of z zᵀ, z = (votes of the pairs …, DPT), a blank box and an unknown DPT as 0. ``unknown_votes``:
    (J,), votes in those whose DPT is unknown.
    """

    known: int
    known_voters: int
    seen: int
    seen_known: int
    seen_voters: int
    squares: Floats
    unknown_votes: Floats

    @classmethod
    def nothing(cls, pairs: int) -> StationSums:
        return cls(0, 0, 0, 0, 0, np.zeros((pairs + 1, pairs + 1)), np.zeros(pairs))

    def squares_with(self, voters: float) -> Floats:
        """Return ``squares`` with ``voters`` in place of each DPT that is unknown."""
        filled = self.squares.copy()
        filled[-1, :-1] += voters * self.unknown_votes
        filled[:-1, -1] += voters * self.unknown_votes
        filled[-1, -1] += voters**2 * (self.seen - self.seen_known)
        return filled


def sums_of(contest: Contest, pairs: Sequence[int], counted: Mapping[int, datetime]) -> dict[int, StationSums]:
    """Return the sums of each kecamatan of ``counted`` (key → when its totals were counted); none without stations.

    ``pairs``: keys of the contest's pairs in ballot order.
    """
    key = f"station-sums:{contest.pk}"
    kept: tuple[Sequence[int], dict[int, tuple[datetime, StationSums]]] = cache.get(key) or ((), {})
    known = kept[1] if list(kept[0]) == list(pairs) else {}
    stale = [region for region, at in counted.items() if region not in known or known[region][0] != at]
    if stale:
        found = _read(contest, pairs, stale if len(stale) <= _MOST_NAMED else None)
        known |= {region: (counted[region], found[region]) for region in stale if region in found}
        cache.set(key, (list(pairs), known), _KEPT_SECONDS)
    return {region: known[region][1] for region in counted if region in known}


def _read(contest: Contest, pairs: Sequence[int], regions: list[int] | None) -> dict[int, StationSums]:
    results = StationResult.objects.filter(contest=contest).order_by()
    if regions is not None:
        results = results.filter(station__region__parent__in=regions)
    return {region: _as_sums(len(pairs), *values) for region, *values in _grouped(results, pairs)}


def _grouped(results: QuerySet[StationResult], pairs: Sequence[int]) -> Any:
    """Kecamatan, five counts, J votes, and the products of the lower triangle, row by row."""
    is_in = Q(review__in=COUNTED_REVIEWS)
    voters = F("station__registered_male") + F("station__registered_female")
    known = Q(station__registered_male__isnull=False, station__registered_female__isnull=False)
    sums: dict[str, Any] = {
        "known": Count("pk", filter=known),
        "known_voters": Coalesce(Sum(voters), 0),
        "seen": Count("pk", filter=is_in),
        "seen_known": Count("pk", filter=is_in & known),
        "seen_voters": Coalesce(Sum(voters, filter=is_in), 0),
    }
    for number, pair in enumerate(pairs):
        of_pair = FilteredRelation("form__votes", condition=Q(form__votes__pair=pair))
        results = results.annotate(**{f"pair_{number}": of_pair})
    votes = [F(f"pair_{number}__votes") for number in range(len(pairs))]
    for number, one in enumerate(votes):
        sums[f"unknown_{number}"] = Coalesce(Sum(one, filter=is_in & ~known), 0)
    # Votes are small integers: on PostgreSQL the product of two would be one too, and overflow.
    row = [*(Cast(one, BigIntegerField()) for one in votes), Cast(voters, BigIntegerField())]
    for i, one in enumerate(row):
        for j in range(i + 1):
            sums[f"product_{i}_{j}"] = Coalesce(Sum(one * row[j], filter=is_in), 0)
    place = "station__region__parent_id"
    return results.values(place).annotate(**sums).values_list(place, *sums)


def _as_sums(
    pairs: int, known: int, known_voters: int, seen: int, seen_known: int, seen_voters: int, *rest: int
) -> StationSums:
    squares = np.zeros((pairs + 1, pairs + 1))
    rows, columns = np.tril_indices(pairs + 1)
    squares[rows, columns] = squares[columns, rows] = rest[pairs:]
    return StationSums(
        known, known_voters, seen, seen_known, seen_voters, squares, np.array(rest[:pairs], dtype=float)
    )
