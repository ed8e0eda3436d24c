"""What waits for a coordinator, in the order in which it should be looked at.

Differences and proposals first, then what a relation of the form puts in
doubt, then the rest; what a second person is to read anyway stands behind
them. A page is found by its last row (keyset), group by group along the tree
of regions, so that page 900 costs what page 1 costs and a row that is decided
meanwhile moves nobody's page. Nothing here counts a table: numbers come from
the stored totals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import F, Max, Q, QuerySet, Sum

from regions.models import Region
from tallies.figures import FULL_FIELDS
from tallies.models import OPEN_READINGS, ContestTotal, Election, Review, StationResult
from tallies.station_place import StationPlace

PAGE = 50
ROWS_AT_A_TIME = 500

_DIFFERS = Q(disputed=True) | Q(proposed_form__isnull=False)
_SETTLED = Q(disputed=False, proposed_form=None)
#: Another person reads it first; the coordinator is asked when the readings differ.
_BEING_READ = Q(reading__in=OPEN_READINGS)


class Group(StrEnum):
    DIFFERENCE = "selisih"
    IN_DOUBT = "janggal"
    PENDING = "menunggu"
    READING = "dibaca"
    NEEDS_FIX = "perbaikan"
    REJECTED = "ditolak"


_GROUPS: dict[Group, Q] = {
    Group.DIFFERENCE: _DIFFERS,
    Group.IN_DOUBT: Q(review=Review.PENDING) & _SETTLED & ~_BEING_READ & ~Q(form__checks=[]),
    Group.PENDING: Q(review=Review.PENDING, form__checks=[]) & _SETTLED & ~_BEING_READ,
    Group.READING: Q(review=Review.PENDING) & _SETTLED & _BEING_READ,
    Group.NEEDS_FIX: Q(review=Review.NEEDS_FIX) & _SETTLED,
    Group.REJECTED: Q(review=Review.REJECTED) & _SETTLED,
}


class View(StrEnum):
    """The filters of the page, by their word in the address."""

    ALL = "semua"
    DIFFERENCES = "selisih"
    PENDING = "menunggu"
    READING = "dibaca"
    NEEDS_FIX = "perbaikan"
    REJECTED = "ditolak"


VIEW_GROUPS: dict[View, tuple[Group, ...]] = {
    View.ALL: tuple(Group),
    View.DIFFERENCES: (Group.DIFFERENCE,),
    View.PENDING: (Group.IN_DOUBT, Group.PENDING),
    View.READING: (Group.READING,),
    View.NEEDS_FIX: (Group.NEEDS_FIX,),
    View.REJECTED: (Group.REJECTED,),
}
#: What a coordinator can act on; the other groups wait for the witness.
WORK_GROUPS = (Group.DIFFERENCE, Group.IN_DOUBT, Group.PENDING)


@dataclass(frozen=True)
class Position:
    """A row's place in the queue. Written and read back as "selisih-1204-9-5531"."""

    group: Group
    place: StationPlace

    def __str__(self) -> str:
        return f"{self.group}-{self.place}"

    @classmethod
    def read(cls, text: str) -> Position | None:
        """Return the position, or None for anything that is not one."""
        group, _hyphen, rest = text.partition("-")
        place = StationPlace.read(rest)
        return cls(Group(group), place) if group in list(Group) and place else None


@dataclass(frozen=True)
class Page:
    rows: tuple[StationResult, ...]
    next: Position | None


def results_of(user: Any, election: Election) -> QuerySet[StationResult]:
    """The station results whose figures ``user`` may look at; a witness and an operator none."""
    if user.scope is None:
        return StationResult.objects.none()
    return StationResult.objects.visible_to(user).filter(contest__election=election)


def page(user: Any, election: Election, view: View, *, after: Position | None = None, size: int = PAGE) -> Page:
    """One page of the queue, following ``after``."""
    rows = list(_walk(results_of(user, election), VIEW_GROUPS[view], after, size + 1))
    more = len(rows) > size
    shown = rows[:size]
    return Page(tuple(result for _group, result in shown), _position(*shown[-1]) if more else None)


def rows(user: Any, election: Election, view: View, *, within: Region) -> Iterator[StationResult]:
    """Yield the whole queue of ``within``, page by page: it may be as long as the election has stations."""
    results, after = results_of(user, election).within(within), None
    while True:
        found = list(_walk(results, VIEW_GROUPS[view], after, ROWS_AT_A_TIME))
        yield from (result for _group, result in found)
        if len(found) < ROWS_AT_A_TIME:
            return
        after = _position(*found[-1])


def count(user: Any, election: Election, view: View, *, within: Region, most: int | None) -> int:
    """How many `rows` yields, counted no further than ``most``."""
    in_view = reduce(or_, (_GROUPS[group] for group in VIEW_GROUPS[view]))
    results = results_of(user, election).within(within).filter(in_view).order_by()
    return (results if most is None else results[:most]).count()


def position_of(result: StationResult, view: View) -> Position | None:
    """Where ``result`` stands in the queue now; None when it is not in it."""
    group = group_of(result)
    return _position(group, result) if group in VIEW_GROUPS[view] else None


def following(user: Any, election: Election, view: View, *, of: StationResult, at: Position | None) -> int | None:
    """Id of the next station to look at after ``of``, which stood ``at``; the first one at the end."""
    groups = WORK_GROUPS if view == View.ALL else VIEW_GROUPS[view]
    if at is not None and at.group not in groups:
        at = None
    others = results_of(user, election).exclude(pk=of.pk)
    for start in (at, None) if at else (None,):
        for _group, result in _walk(others, groups, start, 1):
            return result.pk
    return None


def group_of(result: StationResult) -> Group | None:
    """The group of one result; the same rule as `_GROUPS`, in Python."""
    if result.disputed or result.proposed_form_id:
        return Group.DIFFERENCE
    if result.review == Review.PENDING and result.reading in OPEN_READINGS:
        return Group.READING
    if result.review == Review.PENDING:
        return Group.IN_DOUBT if result.form.checks else Group.PENDING
    if result.review == Review.NEEDS_FIX:
        return Group.NEEDS_FIX
    return Group.REJECTED if result.review == Review.REJECTED else None


def progress(user: Any, election: Election) -> dict[str, Any]:
    """Stations of the user's region over all contests, from the stored totals: `_coverage_bar`'s parts, and when."""
    scope = user.scope
    at_scope = Q(region=scope, contest__region__first__lte=scope.first, contest__region__last__gte=scope.last)
    below = Q(region=F("contest__region"), contest__region__first__range=(scope.first, scope.last))
    totals = ContestTotal.objects.filter(at_scope | below, contest__election=election)
    sums = {name: Sum(name, default=0) for name in _PROGRESS}
    added = ContestTotal(**totals.aggregate(**sums, counted_at=Max("counted_at")))
    return added.parts | {"in": added.stations_in, "counted_at": added.counted_at}


_PROGRESS = (
    "stations",
    "stations_in",
    "stations_verified",
    "stations_disputed",
    "stations_verified_disputed",
    "stations_rejected",
)


def _walk(
    results: QuerySet[StationResult], groups: tuple[Group, ...], after: Position | None, size: int
) -> Iterator[tuple[Group, StationResult]]:
    """Yield up to ``size`` rows with their group, one query a group until the page is full."""
    start = groups.index(after.group) if after is not None and after.group in groups else 0
    for group in groups[start:]:
        rows = results.filter(_GROUPS[group])
        if after is not None and group == after.group:
            rows = rows.filter(after.place.following)
        rows = (
            rows.select_related(
                "contest__region", "contest__election", "station__region__parent", "form__submitted_by"
            )
            # A list shows no figures, and their columns cost more to build than the query takes.
            .defer(*(f"form__{name}" for name in FULL_FIELDS))
            .order_by("station__region__first", "station__number", "pk")
        )
        for result in rows[:size]:
            size -= 1
            yield group, result
        if not size:
            return


def _position(group: Group, result: StationResult) -> Position:
    return Position(group, StationPlace.of(result))
