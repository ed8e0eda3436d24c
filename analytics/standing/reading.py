"""One line a region: its people, how much is in, what was found. All of it stored or counted a moment ago."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count

from accounts.models import Role, User
from analytics.models import ACTIVE_STATES, Finding
from analytics.rules.severity import Severity
from regions.models import Region
from tallies.models import ContestTotal, Election, PartyTotal
from tallies.models.totals import Progress
from tallies.roster.coverage import Counts, below_lately


@dataclass
class Line:
    """A region below the place. ``desks``: active accounts of coordinators and staff there or below."""

    region: Region
    people: Counts = field(default_factory=Counts)
    desks: int = 0
    progress: Progress | None = None
    findings: Counter[int] = field(default_factory=Counter)

    @property
    def critical(self) -> int:
        return self.findings[Severity.CRITICAL]

    @property
    def high(self) -> int:
        return self.findings[Severity.HIGH]

    @property
    def others(self) -> int:
        return self.findings.total() - self.critical - self.high

    @property
    def stations(self) -> int:
        return self.people.stations or (self.progress.stations if self.progress else 0)


@dataclass(frozen=True)
class Standing:
    """The lines of a place in the order of the regions, their sums, and when people were counted."""

    lines: tuple[Line, ...]
    total: Line
    counted_at: datetime


def standing(election: Election, office: str, place: Region) -> Standing:
    """Read the regions right below ``place`` that have a station of ``election``.

    Six queries however large the place is; people as counted up to ten minutes
    ago for the nation, a minute ago below it.
    """
    people = below_lately(election, place)
    ordered = sorted(people.lines, key=lambda line: line.region.first)
    lines = {line.region.pk: Line(line.region, line.counts) for line in ordered}
    _add_progress(election, office, lines)
    _add_desks(place, lines)
    _add_findings(election, office, place, lines)
    found = tuple(lines.values())
    return Standing(found, _sum(place, found), people.counted_at)


def _add_progress(election: Election, office: str, lines: dict[int, Line]) -> None:
    asked = {"region__in": list(lines)}
    for total in PartyTotal.objects.filter(election=election, office=office, **asked):
        lines[total.region_id].progress = total
    contests = election.contests.filter(office=office).values("pk")
    for total in ContestTotal.objects.filter(contest__in=contests, **asked):
        lines[total.region_id].progress = total


def _add_desks(place: Region, lines: dict[int, Line]) -> None:
    roles = [Role.COORDINATOR, Role.PROVINCE_STAFF]
    rows = User.objects.filter(role__in=roles, is_active=True, region__first__range=(place.first, place.last))
    for first, number in rows.order_by().values_list("region__first").annotate(number=Count("pk")):
        line = _line_at(first, lines)
        if line:
            line.desks += number


def _add_findings(election: Election, office: str, place: Region, lines: dict[int, Line]) -> None:
    """Open ones, by the region they are about; those about the place itself belong to no line."""
    contests = list(election.contests.filter(office=office).values_list("pk", flat=True))
    rows = Finding.objects.filter(
        contest__in=contests,
        state__in=ACTIVE_STATES,
        is_held=False,
        region__first__range=(place.first, place.last),
    )
    for first, severity, number in (
        rows.order_by().values_list("region__first", "severity").annotate(number=Count("pk"))
    ):
        line = _line_at(first, lines)
        if line:
            line.findings[severity] += number


def _line_at(first: int, lines: dict[int, Line]) -> Line | None:
    ordered = list(lines.values())  # in the order of the tree
    at = bisect_right(ordered, first, key=lambda line: line.region.first) - 1
    found = ordered[at] if at >= 0 else None
    return found if found and first <= found.region.last else None


def _sum(place: Region, lines: tuple[Line, ...]) -> Line:
    total = Line(place, sum((line.people for line in lines), Counts()), sum(line.desks for line in lines))
    total.progress = _progress_of(lines)
    for line in lines:
        total.findings.update(line.findings)
    return total


def _progress_of(lines: tuple[Line, ...]) -> Progress | None:
    """The sum of what is in."""
    with_progress = [line.progress for line in lines if line.progress]
    if not with_progress:
        return None
    names = ("stations", "stations_in", "stations_verified")
    return ContestTotal(**{name: sum(getattr(one, name) for one in with_progress) for name in names})
