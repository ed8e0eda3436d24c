"""One page of administrative events, the newest first, found by its last key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from functools import reduce
from operator import or_
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from accounts.models import AdministrativeEvent, User
from regions.models import Region
from tallies.trail.words import GROUPS

PAGE = 50


@dataclass(frozen=True)
class Wanted:
    """What is asked for. ``group``: of `GROUPS`; ``person``: part of a name or username; ``day``: in ``zone``."""

    region: Region | None = None
    group: str = ""
    person: str = ""
    day: date | None = None
    zone: str = "Asia/Jakarta"


@dataclass(frozen=True)
class Page:
    events: tuple[AdministrativeEvent, ...]
    next: int | None


def page(user: Any, wanted: Wanted, *, before: int | None = None) -> Page:
    """One page of what ``user`` may see."""
    events = AdministrativeEvent.objects.visible_to(user).select_related("actor", "region")
    if wanted.region is not None:
        events = events.filter(region__first__range=(wanted.region.first, wanted.region.last))
    if wanted.group in GROUPS:
        _label, starts = GROUPS[wanted.group]
        events = events.filter(reduce(or_, (Q(action__startswith=start) for start in starts)))
    if wanted.person:
        events = events.filter(actor__in=_called(user, wanted.person))
    if wanted.day is not None:
        zone = ZoneInfo(wanted.zone)
        begin = datetime.combine(wanted.day, time.min, tzinfo=zone)
        events = events.filter(at__gte=begin, at__lte=datetime.combine(wanted.day, time.max, tzinfo=zone))
    if before is not None:
        events = events.filter(pk__lt=before)
    found = list(events.order_by("-pk")[: PAGE + 1])
    return Page(tuple(found[:PAGE]), found[PAGE - 1].pk if len(found) > PAGE else None)


def _called(user: Any, person: str) -> list[int]:
    words = person.replace("\0", "")
    people = User.objects.visible_to(user).filter(Q(full_name__icontains=words) | Q(username__icontains=words))
    return list(people.order_by().values_list("pk", flat=True)[:200])
