"""Read the TPS of some desa as columns, and the forms of a few of them as figures. A few queries a batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from regions.models import Region
from tallies.figures import FULL_FIELDS, Figures
from tallies.models import COUNTED_REVIEWS, C1Form, Contest, Pair, PairTotal, StationResult, Vote

Integers = NDArray[np.int64]

#: Blank, or nothing there.
NONE = -1


@dataclass(frozen=True)
class ContestFacts:
    """A contest as the rules need it. ``numbers``: of its pairs, ascending; ``own``: ours, or ``None``."""

    contest: Contest
    numbers: tuple[int, ...]
    pair_keys: tuple[int, ...]
    own: int | None

    @property
    def own_column(self) -> int | None:
        return None if self.own is None else self.numbers.index(self.own)

    @cached_property
    def column_of(self) -> dict[int, int]:
        return {key: column for column, key in enumerate(self.pair_keys)}


def read_contest(key: int) -> ContestFacts:
    contest = Contest.objects.select_related("election", "region").get(pk=key)
    pairs = sorted(Pair.objects.filter(contest=contest), key=lambda pair: pair.number)
    own = next((pair.number for pair in pairs if pair.usungan), None)
    return ContestFacts(contest, tuple(pair.number for pair in pairs), tuple(pair.pk for pair in pairs), own)


@dataclass(frozen=True)
class StationTable:
    """A row a TPS of the desa asked for, in or not. Keys and figures; -1 is blank or unknown.

    ``votes`` has a column a pair (`ContestFacts.numbers`). ``is_in``: its form counts. ``disputed``: something
    is open beside the counted form.
    """

    station: Integers
    region: Integers
    form: Integers
    is_in: NDArray[np.bool_]
    disputed: NDArray[np.bool_]
    registered: Integers
    valid: Integers
    invalid: Integers
    voters: Integers
    votes: Integers

    @cached_property
    def is_whole(self) -> NDArray[np.bool_]:
        """In, and no pair's row is blank: only these can be summed and compared."""
        return self.is_in & (self.votes >= 0).all(axis=1)

    @cached_property
    def cast(self) -> Integers:
        """Votes of all pairs, 0 where one is blank. Not *sah*: a share is of what the pairs have."""
        return np.where(self.is_whole, self.votes.sum(axis=1), 0)

    def rows_of(self, stations: Iterable[int]) -> NDArray[np.intp]:
        return np.flatnonzero(np.isin(self.station, list(stations)))


def read_stations(facts: ContestFacts, villages: Iterable[int]) -> StationTable:
    """Read every TPS of ``villages`` (keys of desa) with the figures of its counted form."""
    rows = list(
        StationResult.objects.filter(contest=facts.contest, station__region__any_of=sorted(villages))
        .order_by("station_id")
        .values_list(
            "station_id",
            "station__region_id",
            "form_id",
            "review",
            "disputed",
            "station__registered_male",
            "station__registered_female",
            "form__effective_valid",
            "form__invalid_votes",
            "form__voters_total",
        )
    )
    plain = [
        (
            station,
            region,
            NONE if form is None else form,
            review in COUNTED_REVIEWS,
            disputed,
            NONE if male is None or female is None else male + female,
            NONE if valid is None else valid,
            NONE if invalid is None else invalid,
            NONE if voters is None else voters,
        )
        for station, region, form, review, disputed, male, female, valid, invalid, voters in rows
    ]
    table = np.array(plain, dtype=np.int64).reshape(len(plain), 9)
    form = table[:, 2]
    return StationTable(
        station=table[:, 0],
        region=table[:, 1],
        form=form,
        is_in=table[:, 3].astype(bool),
        disputed=table[:, 4].astype(bool),
        registered=table[:, 5],
        valid=table[:, 6],
        invalid=table[:, 7],
        voters=table[:, 8],
        votes=_votes(facts, form, table[:, 3].astype(bool)),
    )


def _votes(facts: ContestFacts, form: Integers, is_in: NDArray[np.bool_]) -> Integers:
    """Votes by row and pair; -1 where blank or not in."""
    votes = np.full((len(form), len(facts.numbers)), NONE, dtype=np.int64)
    wanted = np.unique(form[is_in & (form >= 0)])
    if not len(wanted) or not len(facts.numbers):
        return votes
    found = list(
        Vote.objects.filter(form__any_of=wanted.tolist(), votes__isnull=False).values_list(
            "form_id", "pair_id", "votes"
        )
    )
    if not found:
        return votes
    of_form, of_pair, count = np.array(found, dtype=np.int64).T
    # A form counts at one station: each form is one row.
    order = np.argsort(form, kind="stable")
    row = order[np.searchsorted(form[order], of_form)]
    keys = np.array(facts.pair_keys, dtype=np.int64)
    by_key = np.argsort(keys)
    column = by_key[np.searchsorted(keys[by_key], of_pair)]
    votes[row, column] = count
    votes[~is_in] = NONE
    return votes


@dataclass(frozen=True)
class FormFacts:
    """The counted form of a changed TPS."""

    form: int
    figures: Figures
    received_at: datetime
    supersedes: int | None
    sent_by: int


def read_forms(facts: ContestFacts, forms: Sequence[int]) -> dict[int, FormFacts]:
    """Return the figures of ``forms`` by their keys."""
    names = ("pk", "received_at", "supersedes_id", "submitted_by_id", *FULL_FIELDS)
    rows = list(C1Form.objects.filter(pk__any_of=list(forms)).order_by().values_list(*names))
    votes: defaultdict[int, dict[int, int | None]] = defaultdict(lambda: dict.fromkeys(facts.numbers))
    number_of = dict(zip(facts.pair_keys, facts.numbers, strict=True))
    for form, pair, count in Vote.objects.filter(form__any_of=list(forms)).values_list("form_id", "pair_id", "votes"):
        votes[form][number_of[pair]] = count
    return {
        pk: FormFacts(
            pk,
            Figures(votes=votes[pk], values=dict(zip(FULL_FIELDS, values, strict=True))),
            received,
            supersedes,
            sender,
        )
        for pk, received, supersedes, sender, *values in rows
    }


# Regions above


@dataclass(frozen=True)
class Branch:
    """Keys of the kecamatan and kabupaten above each desa."""

    district_of: dict[int, int]
    regency_of: dict[int, int]


def read_branch(villages: Iterable[int]) -> Branch:
    rows = list(
        Region.objects.filter(pk__any_of=sorted(villages))
        .order_by()
        .values_list("pk", "parent_id", "parent__parent_id")
    )
    return Branch(
        {village: district for village, district, _ in rows}, {village: regency for village, _, regency in rows}
    )


def read_totals(facts: ContestFacts, regions: Iterable[int]) -> dict[int, Integers]:
    """Return the stored votes of ``regions``, a column a pair; a region without a row is left out."""
    found: dict[int, Integers] = {}
    rows = PairTotal.objects.filter(contest=facts.contest, region__any_of=sorted(regions)).order_by()
    for region, pair, votes in rows.values_list("region_id", "pair_id", "votes"):
        found.setdefault(region, np.zeros(len(facts.numbers), dtype=np.int64))[facts.column_of[pair]] = votes
    return found
