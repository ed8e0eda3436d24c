"""What phones of revoked witnesses still sent, read for those who look after the region.

It is looked at and nothing else: no total, no queue and no decision reads these rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, QuerySet

from regions.models import Region
from tallies.figures import FULL_FIELDS
from tallies.models import Assignment, Election, Pair, QuarantinedForm, StationResult
from tallies.wording import field_label

PAGE = 20
#: A list is counted so far; "99+" is enough to know.
COUNTED = 99


@dataclass(frozen=True)
class Entry:
    """One sending. ``revoked_at``: why it is here; ``result``: what the station has besides."""

    form: QuarantinedForm
    votes: tuple[tuple[Pair, int | None], ...]
    rows: tuple[tuple[str, int], ...]
    revoked_at: datetime | None
    result: StationResult | None

    @property
    def photo_count(self) -> int:
        return len(self.form.content["photos"])


def visible(user: Any, election: Election, within: Region | None = None) -> QuerySet[QuarantinedForm]:
    forms = QuarantinedForm.objects.visible_to(user).filter(contest__election=election)
    return forms if within is None else forms.filter(station__region__first__range=(within.first, within.last))


def count(user: Any, election: Election) -> int:
    """How many there are, at most one more than `COUNTED`."""
    return visible(user, election)[: COUNTED + 1].count()


def page(
    user: Any, election: Election, *, within: Region | None = None, before: int | None = None, size: int | None = None
) -> tuple[list[Entry], int | None]:
    """The newest entries (sent before the row ``before``), and the row after which more follow."""
    size = size or PAGE
    rows = visible(user, election, within).select_related(
        "station__region__parent", "contest__region", "contest__election", "submitted_by"
    )
    if before is not None:
        rows = rows.filter(pk__lt=before)
    forms = list(rows.prefetch_related("contest__pairs").order_by("-pk")[: size + 1])
    shown = forms[:size]
    return _entries(shown), shown[-1].pk if len(forms) > size else None


def _entries(forms: list[QuarantinedForm]) -> list[Entry]:
    stations = {form.station_id for form in forms}
    results = {
        (result.contest_id, result.station_id): result
        for result in StationResult.objects.filter(station__in=stations)
    }
    ends = Assignment.objects.filter(station__in=stations, witness__in={form.submitted_by_id for form in forms})
    revoked = {
        (station, witness): end
        for station, witness, end in ends.values_list("station", "witness").annotate(end=Max("revoked_at"))
    }
    return [
        Entry(
            form=form,
            # Of the contest's own pairs: what was sent was not held against them.
            votes=tuple((pair, form.content["votes"].get(str(pair.number))) for pair in form.contest.pairs.all()),
            rows=tuple(
                (field_label(name, {}), form.content["values"][name])
                for name in FULL_FIELDS
                if name in form.content["values"]
            ),
            revoked_at=revoked.get((form.station_id, form.submitted_by_id)),
            result=results.get((form.contest_id, form.station_id)),
        )
        for form in forms
    ]
