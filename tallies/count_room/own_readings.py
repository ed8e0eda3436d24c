"""What a reader did today: how many forms, how long each took, and what came of those that are closed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q, QuerySet
from django.utils import timezone

from sista.templatetags.formats import as_zone
from tallies.count_room.reading_page import code_of
from tallies.models import Election, Finding, Reading, ReadingState

#: Readings on one page.
PAGE = 50


@dataclass(frozen=True)
class Today:
    """``seconds``: from the photo to the first figures of a form, on average; None before the first."""

    forms: int
    seconds: Decimal | None


@dataclass(frozen=True)
class OwnReading:
    """``finding`` is None while the form waits to be read once more: nothing is said of an open one."""

    pk: int
    code: str
    at: dt.datetime
    again: bool
    finding: Finding | None


@dataclass(frozen=True)
class Page:
    rows: tuple[OwnReading, ...]
    next: int | None


def today(user: Any, election: Election) -> Today:
    """The work of ``user`` since midnight of the own region."""
    took = ExpressionWrapper(F("read_at") - F("claimed_at"), output_field=DurationField())
    found = _of_today(user, election).aggregate(forms=Count("form", distinct=True), took=Avg(took, filter=Q(round=1)))
    seconds = Decimal(found["took"].total_seconds()) if found["took"] is not None else None
    return Today(found["forms"], seconds)


def page(user: Any, election: Election, *, before: int | None = None, size: int = PAGE) -> Page:
    """Readings of today, the newest first, older than the one ``before``."""
    rows = _of_today(user, election).order_by("-pk").select_related("result").only(*_NEEDED)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: size + 1])
    shown = found[:size]
    return Page(tuple(map(_own, shown)), shown[-1].pk if len(found) > size else None)


_NEEDED = ("form_id", "round", "finding", "read_at", "result__form_id", "result__reading")


def _of_today(user: Any, election: Election) -> QuerySet[Reading]:
    here = timezone.localtime(timezone.now(), as_zone(user.region.zone))
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    return Reading.objects.filter(reader=user.pk, read_at__gte=midnight, result__contest__election=election)


def _own(reading: Reading) -> OwnReading:
    result = reading.result
    is_open = result.form_id == reading.form_id and result.reading == ReadingState.AGAIN
    finding = None if is_open else Finding(reading.finding)
    return OwnReading(reading.pk, code_of(reading.form_id), reading.read_at, reading.round == 2, finding)
