"""What a coordinator still has to do in a region of a contest, as numbers that each open a list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from django.utils.functional import Promise

from regions.models import Region
from tallies.models import OPEN_READINGS, Contest, ContestTotal, ErrorReport, Review, StationResult
from tallies.silent.silent_list import Area, View, condition_of
from tallies.totals import reporting


@dataclass(frozen=True)
class WorkLeft:
    """Stations: that differ, silent in a stronghold, with an unreadable photo, to be verified, to be read, …

    The first, the pending and those to be read are what the filters of the queue hold.
    """

    differences: int
    strongholds: int
    unreadable: int
    pending: int
    reading: int
    needs_fix: int
    rejected: int
    #: Not stations: what people say is wrong, not answered yet.
    reports: int


def work_left(contest: Contest, region: Region) -> WorkLeft:
    """Read what is left: from the stored totals, and by a count where they do not tell (few rows, by an index)."""
    total = ContestTotal.objects.filter(contest=contest, region=region).first()
    results = StationResult.objects.filter(contest=contest).within(region)
    lines = reporting.district_lines(contest.election, region)
    areas = [Area(key, line, line.progress.stations_missing) for key, line in lines if line.progress]
    # Of a station with a difference that one is named, as in the queue.
    needs_fix = results.filter(review=Review.NEEDS_FIX).values_list("disputed")
    back = [disputed for (disputed,) in needs_fix]
    proposed = results.filter(proposed_form__isnull=False, disputed=False).count()
    # Another person looks at these first, and the queue has them apart.
    reading = results.filter(
        reading__in=OPEN_READINGS, review=Review.PENDING, disputed=False, proposed_form=None
    ).count()
    return WorkLeft(
        differences=(total.stations_disputed if total else 0) + proposed,
        strongholds=sum(area.count for area in areas if area.contest_id == contest.pk and area.is_stronghold),
        unreadable=results.filter(condition_of(View.UNREADABLE)).count(),
        pending=max(0, total.parts["pending"] - back.count(False) - reading) if total else 0,
        reading=reading,
        needs_fix=len(back),
        rejected=total.stations_rejected if total else 0,
        reports=_open_reports(contest, region),
    )


def _open_reports(contest: Contest, region: Region) -> int:
    stations = (region.first, region.last)
    reports = ErrorReport.objects.filter(result__contest=contest, result__station__region__first__range=stations)
    return reports.filter(closed_at=None).count()


# What a higher app knows of


@dataclass(frozen=True)
class OtherWork:
    """A number that opens a list, of an app above this one. ``severity``: shown while the number is not 0.

    ``number`` is ``None`` until somebody counted: the line has its place before its number.
    """

    label: Promise
    url: str
    severity: str
    count: Callable[[], int]
    number: int | None = None


_OTHERS: list[Callable[[Contest, Region], OtherWork]] = []


def register(read: Callable[[Contest, Region], OtherWork]) -> None:
    """Have ``read`` asked whenever work left is shown; called once, when its app is ready."""
    _OTHERS.append(read)


def other_lines(contest: Contest, region: Region) -> list[OtherWork]:
    """The lines without their numbers; no query."""
    return [read(contest, region) for read in _OTHERS]


def other_work(contest: Contest, region: Region) -> list[OtherWork]:
    return [replace(one, number=one.count()) for one in other_lines(contest, region)]
