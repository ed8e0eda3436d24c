"""Where a reader of results is: found in five queries, composed once, for every page, its live part and its 304."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse

from regions.models import Region
from sista.prepared import prepared
from tallies.models import Contest, Election, Office
from tallies.totals import reporting


@dataclass(frozen=True)
class Place:
    """A region of an election, one office, and the contest that covers it, if one does."""

    election: Election
    region: Region
    #: "" where no contest touches the region.
    office: str
    offices: tuple[str, ...]
    contest: Contest | None
    #: Whether the election has other offices, here or elsewhere.
    names_office: bool

    @property
    def stamp(self) -> str:
        """What is shown here now, as a short text that changes with it; "" where nothing is counted."""
        if self.contest:
            return reporting.contest_stamp(self.contest, self.region)
        return reporting.party_stamp(self.election, self.office, self.region) if self.office else ""

    def address(self, region: Region, **query: str) -> str:
        """The address of ``region`` for the same office."""
        if self.office and self.names_office:
            query["jabatan"] = self.office
        return region_address(self.election, region, **query)


def region_address(election: Election, region: Region, **query: str) -> str:
    path = reverse("region", args=[election.slug, region.code])
    return f"{path}?{urlencode(query)}" if query else path


def place_for(user: Any, slug: str, code: str, *, office: str) -> Place:
    """The place that ``user`` may see, for the ``office`` asked for where it is held; else 404."""
    scope = user.scope
    if scope is None or "\0" in code:  # PostgreSQL takes no NUL in a text
        raise Http404
    for election in _elections(slug, scope.first, scope.last):
        for here in _regions(code, scope.first, scope.last):
            return place_of(election, here, office)
    raise Http404


@prepared
def _elections(slug: str, first: int, last: int) -> QuerySet[Election]:
    return Election.objects.touching(Region(first=first, last=last)).filter(slug=slug)


@prepared
def _regions(code: str, first: int, last: int) -> QuerySet[Region]:
    return Region.objects.within(Region(first=first, last=last)).filter(code=code)


def place_of(election: Election, here: Region, asked: str) -> Place:
    """Find the offices of the place and the nearest contest that covers it.

    Sorted out here: the database takes longer to plan the question than to
    hand over the few hundred contests of the largest election.
    """
    rows = _contests(election.pk)
    covering = {office: pk for pk, office, first, last in rows if first <= here.first <= last}
    held = {office for _pk, office, first, _last in rows if here.first <= first <= here.last} | set(covering)
    offices = tuple(office for office in Office.values if office in held)
    office = asked if asked in offices else next(iter(offices), "")
    contest = None
    if office in covering:
        [contest] = _contest(covering[office])
    return Place(election, here, office, offices, contest, names_office=len({row[1] for row in rows}) > 1)


@prepared
def _contests(election: int) -> QuerySet[Contest, tuple[int, str, int, int]]:
    rows = Contest.objects.filter(election=election).order_by("region__level")
    return rows.values_list("pk", "office", "region__first", "region__last")


@prepared
def _contest(key: int) -> QuerySet[Contest]:
    return Contest.objects.select_related("region", "election").filter(pk=key)


def above(region: Region) -> list[Region]:
    """``region`` and all above it, the nation first."""
    return _above(region.first)


@prepared
def _above(first: int) -> QuerySet[Region]:
    return Region.objects.ancestors_of(Region(first=first))
