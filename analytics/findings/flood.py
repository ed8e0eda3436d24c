"""Against a flood: a coordinator is shown so many SEDANG findings at once, those that are about most votes.

The others wait (``is_held``). KRITIS and TINGGI never wait, INFO asks nothing of anybody, and what somebody has in
hand stays in sight. The missed target of a contest (rule W) is what all others are looked at for: it never waits.
That of a part of the contest repeats it, with stakes above those of any form: it comes after all others.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from sys import maxsize

from analytics.models import (
    ACTIVE_STATES,
    ElectionRules,
    Finding,
    FindingState,
    Rule,
    Severity,
)
from regions.models import Level, Region
from sista.database import writing
from tallies.models import Contest

#: `ElectionRules.most_open` of an election that has no row there.
MOST_OPEN: int = ElectionRules._meta.get_field("most_open").default


@dataclass(frozen=True)
class _Open:
    """One active SEDANG finding. ``first``: of its region, a number along the tree."""

    pk: int
    election: int
    first: int
    stake: int
    is_held: bool
    is_pinned: bool
    is_last: bool

    @property
    def rank(self) -> tuple[bool, bool, int, int]:
        return not self.is_pinned, self.is_last, -self.stake, self.pk


def limit_open(contest_ids: Collection[int]) -> int:
    """Hold back and let through the SEDANG findings of these contests; return how many rows changed.

    At most `ElectionRules.most_open` in a kabupaten of an election are in sight, the highest stake first. Call it
    after the rules ran; after a person settled one it is called too, and the next appears. Eight queries, however
    many findings there are.
    """
    with writing():
        # One at a time for a contest. Not the whole row: forms that come in point at it.
        contests = Contest.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=contest_ids)
        places = [
            _Span(*row) for row in contests.order_by("pk").values_list("election_id", "region__first", "region__last")
        ]
        if not places:
            return 0
        regencies = _regencies(places)
        found = _open_ones(places)
        held = _beyond(found, regencies, places)
        mine = [one for one in found if _group(one, regencies)]
        change = {one.pk for one in mine if one.is_held != (one.pk in held)}
        # Held while it was SEDANG and open, and not both any more.
        stale = Finding.objects.filter(contest__in=contest_ids, is_held=True).exclude(
            severity=Severity.MEDIUM, state__in=ACTIVE_STATES
        )
        change.update(stale.values_list("pk", flat=True))
        # Held in the order in which everybody holds them.
        rows = Finding.objects.select_for_update(of=("self",)).filter(pk__in=change).order_by("pk")
        locked = list(rows.values_list("pk", flat=True))
        Finding.objects.filter(pk__in=[pk for pk in locked if pk not in held]).update(is_held=False)
        Finding.objects.filter(pk__in=[pk for pk in locked if pk in held]).update(is_held=True)
    return len(locked)


@dataclass(frozen=True)
class _Span:
    """An election and a stretch of the tree, by the numbers of its first and last region."""

    election: int
    first: int
    last: int


def _regencies(places: Sequence[_Span]) -> list[tuple[int, int]]:
    """The kabupaten that the places touch, in order."""
    low, high = min(one.first for one in places), max(one.last for one in places)
    rows = Region.objects.filter(level=Level.REGENCY, first__lte=high, last__gte=low).order_by("first")
    spans = rows.values_list("first", "last")
    return [(first, last) for first, last in spans if any(one.first <= last and first <= one.last for one in places)]


def _open_ones(places: Sequence[_Span]) -> list[_Open]:
    """Of every contest of the elections: a coordinator has one pile, however many offices are voted for."""
    low, high = min(one.first for one in places), max(one.last for one in places)
    rows = Finding.objects.filter(
        contest__election__in={one.election for one in places},
        region__first__range=(low, high),
        severity=Severity.MEDIUM,
        state__in=ACTIVE_STATES,
    )
    return [
        _Open(
            pk,
            election,
            first,
            stake,
            is_held,
            is_pinned=state != FindingState.OPEN or (rule == Rule.OFF_TARGET and region == whole),
            is_last=rule == Rule.OFF_TARGET,
        )
        for pk, election, first, stake, is_held, state, rule, region, whole in rows.order_by("pk").values_list(
            "pk",
            "contest__election_id",
            "region__first",
            "stake",
            "is_held",
            "state",
            "rule",
            "region_id",
            "contest__region_id",
        )
    ]


def _group(one: _Open, regencies: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """Election and kabupaten; None of what is about a provinsi or the nation, which is on nobody's pile."""
    place = bisect_right(regencies, (one.first, maxsize)) - 1
    return (one.election, place) if place >= 0 and one.first <= regencies[place][1] else None


def _beyond(found: Iterable[_Open], regencies: Sequence[tuple[int, int]], places: Sequence[_Span]) -> set[int]:
    """Keys of those that wait: in each kabupaten of an election what is below the line."""
    rules = ElectionRules.objects.filter(election__in={one.election for one in places})
    most = dict(rules.values_list("election_id", "most_open"))
    piles: dict[tuple[int, int], list[_Open]] = defaultdict(list)
    for one in found:
        if group := _group(one, regencies):
            piles[group].append(one)
    held: set[int] = set()
    for (election, _place), pile in piles.items():
        below = sorted(pile, key=lambda one: one.rank)[most.get(election, MOST_OPEN) :]
        held.update(one.pk for one in below if not one.is_pinned)
    return held
