"""The stations that are not in, in the order in which to telephone them.

The rule: kecamatan by kecamatan. First those where our pair leads among the
forms that are in (*kantong suara*, strongholds), by the votes at stake there:
its lead as a share, times the registered voters whose TPS are still missing.
Then those of which nothing is known yet (nothing in, a tie, no pair of ours),
last those where we trail, both by the registered voters still missing. Inside a
kecamatan the largest TPS comes first; of unknown DPT is the last. Targets are
not asked: they are of `analytics`, which stands above.

A kecamatan rather than each station is ranked, so that a page costs the same at
a hundred and at a hundred thousand stations: where to look comes from the stored
totals, and only the stations of the kecamatan on the page are read. A page is
found by its last row (keyset): a station that comes in meanwhile moves nobody's page.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.phone_numbers import may_be_answered
from regions.models import Level, Region
from tallies.models import (
    COUNTED_REVIEWS,
    Assignment,
    ContactAttempt,
    ContactOutcome,
    Election,
    FormPhoto,
    Photo,
    PhotoState,
    Review,
    StationResult,
)
from tallies.station_place import StationPlace
from tallies.totals import reporting
from tallies.totals.reporting import RegionLine

PAGE = 50
#: Of a list that is read to its end, as many at once.
ROWS_AT_A_TIME = 500
#: Kecamatan that one query reads, at most.
_MOST_AREAS = 200


class View(StrEnum):
    """Which stations, by their word in the address."""

    SILENT = "belum"
    STRONGHOLDS = "kantong"
    REJECTED = "ditolak"
    NEEDS_FIX = "perbaikan"
    UNREADABLE = "foto"


VIEW_LABELS: dict[View, Promise] = {
    View.SILENT: _("Belum masuk"),
    View.STRONGHOLDS: _("Kantong suara"),
    View.REJECTED: _("Ditolak"),
    View.NEEDS_FIX: _("Perlu diperbaiki"),
    View.UNREADABLE: _("Foto tidak terbaca"),
}


def unreadable_forms() -> QuerySet[FormPhoto]:
    """Keys of the forms that name a photo nobody can read: from the few such photos to their forms."""
    photos = Photo.objects.filter(state=PhotoState.UNREADABLE).values("pk")
    return FormPhoto.objects.filter(sha256__in=photos).values("form")


def condition_of(view: View) -> Q:
    """What holds of the results in ``view``; which kecamatan are strongholds is not asked here."""
    if view == View.UNREADABLE:
        return Q(review__in=COUNTED_REVIEWS, form__in=unreadable_forms())
    reviews = {View.REJECTED: Review.REJECTED, View.NEEDS_FIX: Review.NEEDS_FIX}
    return Q(review=reviews.get(view, Review.NOT_IN))


#: Nobody was called yet: beside the outcomes, a filter by the last one.
UNTRIED = "belum_dicoba"
LAST_FILTERS: tuple[str, ...] = (UNTRIED, *ContactOutcome.values)


@dataclass(frozen=True)
class Asked:
    """What is listed: in ``place``, by review, by the last outcome ("" for whatever it was)."""

    place: Region
    view: View = View.SILENT
    last: str = ""

    @property
    def reads_totals(self) -> bool:
        """Whether the stored totals know how many there are in each kecamatan."""
        is_silent = self.view in (View.SILENT, View.STRONGHOLDS)
        return is_silent and self.last in ("", UNTRIED) and self.place.level <= Level.DISTRICT


@dataclass(frozen=True)
class Area:
    """A kecamatan of a contest. ``count``: stations of it that are asked for."""

    contest_id: int
    line: RegionLine
    count: int

    @property
    def key(self) -> tuple[int, int]:
        return self.contest_id, self.line.region.pk

    @property
    def is_stronghold(self) -> bool:
        return self.line.standing == "leading"

    @property
    def missing_voters(self) -> int:
        """Registered voters whose TPS is not in, by the kecamatan's average."""
        progress = self.line.progress
        if progress is None or not progress.stations:
            return 0
        return progress.registered_voters * progress.stations_missing // progress.stations

    @cached_property
    def at_stake(self) -> int | None:
        """Votes our lead would grow by if the rest of the kecamatan voted alike; None but in a stronghold."""
        if not self.is_stronghold:
            return None
        return round((self.line.usungan_margin_share or 0) * self.missing_voters)

    @property
    def order(self) -> tuple[int, int, int, int]:
        group = {"leading": 0, "trailing": 2}.get(self.line.standing, 1)
        weight = self.missing_voters if self.at_stake is None else self.at_stake
        return group, -weight, self.line.region.first, self.contest_id


@dataclass(frozen=True)
class Position:
    """A row's place in the list. Written and read back as "3-71-300-1204-9-5531"."""

    contest_id: int
    district_id: int
    registered: int
    place: StationPlace

    def __str__(self) -> str:
        return f"{self.contest_id}-{self.district_id}-{self.registered}-{self.place}"

    @classmethod
    def read(cls, text: str) -> Position | None:
        """Return the position, or None for anything that is not one."""
        parts = re.fullmatch("([0-9]{1,18})-([0-9]{1,18})-([0-9]{1,9})-(.+)", text)
        place = StationPlace.read(parts[4]) if parts else None
        return cls(*map(int, parts.groups()[:3]), place) if parts and place else None

    @property
    def rest_of_area(self) -> Q:
        """What follows this row inside its kecamatan."""
        return Q(registered__lt=self.registered) | (Q(registered=self.registered) & self.place.following)


@dataclass(frozen=True)
class Contact:
    """A witness to call; without a number that can be dialled ``number`` is ""."""

    person: User

    @property
    def number(self) -> str:
        return self.person.phone if may_be_answered(self.person.phone) else ""

    @property
    def telephone(self) -> str:
        return f"tel:{self.number}"

    @property
    def whatsapp(self) -> str:
        return f"https://wa.me/{self.number.removeprefix('+')}"


@dataclass(frozen=True)
class Row:
    result: StationResult
    area: Area | None
    contacts: tuple[Contact, ...]
    last: ContactAttempt | None


@dataclass(frozen=True)
class Page:
    """``count``: all stations asked for; ``strongholds``: those where our pair leads, as of ``counted_at``."""

    rows: tuple[Row, ...]
    next: Position | None
    count: int
    strongholds: int
    counted_at: datetime | None


def results_of(user: Any, election: Election, asked: Asked) -> QuerySet[StationResult]:
    """The stations asked for, as far as ``user`` may see them; a witness and an operator none."""
    if user.scope is None:
        return StationResult.objects.none()
    results = StationResult.objects.visible_to(user).within(asked.place)
    results = results.filter(condition_of(asked.view), contest__election=election)
    if not asked.last:
        return results
    if asked.last == UNTRIED:
        return results.filter(attempts=None)
    latest = ContactAttempt.objects.latest_of_each().filter(outcome=asked.last)
    return results.filter(pk__in=latest.values("result"))


def page(user: Any, election: Election, asked: Asked, *, after: Position | None = None, size: int = PAGE) -> Page:
    """One page of the list, following ``after``."""
    results = results_of(user, election, asked)
    areas = areas_of(user, election, asked)
    found = list(_walk(results, areas, after, size + 1))
    shown = found[:size]
    return Page(
        rows_of(shown, {area.key: area for area in areas}),
        _position(shown[-1]) if len(found) > size else None,
        sum(area.count for area in areas),
        sum(area.count for area in areas if area.is_stronghold),
        max((area.line.progress.counted_at for area in areas if area.line.progress), default=None),
    )


def rows(user: Any, election: Election, asked: Asked) -> Iterator[Row]:
    """Yield the whole list, some kecamatan at a time: it may be as long as the election has stations."""
    results, areas = results_of(user, election, asked), areas_of(user, election, asked)
    by_key = {area.key: area for area in areas}
    waiting = [area for area in areas if area.count > 0]
    while waiting:
        part = _enough(waiting, ROWS_AT_A_TIME)
        waiting = waiting[len(part) :]
        yield from rows_of(_in_order(results, part, None), by_key)


def first_keys(user: Any, election: Election, asked: Asked, *, most: int) -> list[int]:
    """Keys of the first ``most`` results, in the order of the list."""
    results = results_of(user, election, asked)
    return [result.pk for result in _walk(results, areas_of(user, election, asked), None, most)]


def areas_of(user: Any, election: Election, asked: Asked) -> list[Area]:
    """The kecamatan of what is asked for, in their order; those without any too, as a page may end in one."""
    place = asked.place
    within = place if place.level <= Level.DISTRICT or place.parent is None else place.parent
    lines = reporting.district_lines(election, within)
    counts = _counts(user, election, asked, lines)
    areas = [Area(contest, line, counts.get((contest, line.region.pk), 0)) for contest, line in lines]
    if asked.view == View.STRONGHOLDS:
        areas = [area for area in areas if area.is_stronghold]
    return sorted(areas, key=lambda area: area.order)


def _counts(
    user: Any, election: Election, asked: Asked, lines: list[tuple[int, RegionLine]]
) -> dict[tuple[int, int], int]:
    """Stations by contest and kecamatan: from the totals where they know, else counted."""
    if not asked.reads_totals:
        return _grouped(results_of(user, election, asked))
    missing = {(contest, line.region.pk): line.progress.stations_missing for contest, line in lines if line.progress}
    if asked.last == UNTRIED:
        # Those that were tried are few; to count those that were not took 0.8 s at 60,000.
        everything = results_of(user, election, replace(asked, last=""))
        for key, tried in _grouped(everything.filter(pk__in=ContactAttempt.objects.values("result"))).items():
            missing[key] = max(0, missing.get(key, 0) - tried)
    return missing


def _grouped(results: QuerySet[StationResult]) -> dict[tuple[int, int], int]:
    rows = results.order_by().values_list("contest", "station__region__parent").annotate(number=Count("pk"))
    return {(contest, district): number for contest, district, number in rows}


def rows_of(results: Iterable[StationResult], areas: Mapping[tuple[int, int], Area]) -> tuple[Row, ...]:
    """Give each result its witnesses and the last attempt, from two queries."""
    results = list(results)
    contacts: dict[int, list[Contact]] = defaultdict(list)
    guards = Assignment.objects.active().filter(station__in=[one.station_id for one in results])
    for guard in guards.select_related("witness").order_by("pk"):
        contacts[guard.station_id].append(Contact(guard.witness))
    attempts = ContactAttempt.objects.latest_of_each().filter(result__in=[one.pk for one in results])
    last = {attempt.result_id: attempt for attempt in attempts.select_related("by")}
    return tuple(
        Row(
            one,
            areas.get((one.contest_id, one.station.region.parent_id or 0)),
            tuple(contacts[one.station_id]),
            last.get(one.pk),
        )
        for one in results
    )


def _walk(
    results: QuerySet[StationResult], areas: list[Area], after: Position | None, size: int
) -> Iterator[StationResult]:
    """Yield up to ``size`` results, area by area.

    One query reads as many areas as should fill the page. The totals may be a
    moment behind: where they promised more than there is, the next areas are read.
    """
    waiting = areas
    if after is not None:
        places = {area.key: place for place, area in enumerate(areas)}
        start = places.get((after.contest_id, after.district_id))
        if start is not None:
            waiting = areas[start + 1 :]
            for result in _in_order(results, [areas[start]], after)[:size]:
                size -= 1
                yield result
    waiting = [area for area in waiting if area.count > 0]
    wanted = size
    while size > 0 and waiting:
        part = _enough(waiting, wanted)
        waiting = waiting[len(part) :]
        for result in _in_order(results, part, None)[:size]:
            size -= 1
            yield result
        wanted *= 2


def _enough(areas: list[Area], wanted: int) -> list[Area]:
    part: list[Area] = []
    for area in areas[:_MOST_AREAS]:
        part.append(area)
        wanted -= area.count
        if wanted <= 0:
            break
    return part


def _in_order(results: QuerySet[StationResult], areas: list[Area], after: Position | None) -> QuerySet[StationResult]:
    chosen: dict[int, list[int]] = defaultdict(list)
    for contest, district in (area.key for area in areas):
        chosen[contest].append(district)
    inside = Q()
    for contest, districts in chosen.items():
        inside |= Q(contest=contest, station__region__parent__in=districts)
    place = [
        When(contest=area.contest_id, station__region__parent=area.line.region.pk, then=Value(number))
        for number, area in enumerate(areas)
    ]
    rows = results.filter(inside).annotate(
        # Unknown as soon as one of the two is, and then the last.
        registered=Coalesce(F("station__registered_male") + F("station__registered_female"), 0),
        place=Case(*place, default=Value(len(areas)), output_field=IntegerField()),
    )
    if after is not None:
        rows = rows.filter(after.rest_of_area)
    return rows.with_place().order_by(
        "place", F("registered").desc(), "station__region__first", "station__number", "pk"
    )


def _position(result: StationResult) -> Position:
    station = result.station
    return Position(
        result.contest_id,
        station.region.parent_id or 0,
        station.registered_voters or 0,
        StationPlace.of(result),
    )
