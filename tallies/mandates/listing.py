"""The letters of a region, found by number, by name, by state; and what a number that somebody holds is worth."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from regions.models import Region
from tallies.mandates import numbers
from tallies.models import Election, Mandate

PAGE = 50
#: Letters of one number that a check shows: one an election, where codes of kabupaten are alike.
MOST_FOUND = 10


class State(StrEnum):
    """The filters of the list, by their word in the address."""

    ALL = "semua"
    VALID = "berlaku"
    ENDED = "berakhir"


STATE_LABELS: dict[State, Promise] = {
    State.ALL: gettext_lazy("Semua"),
    State.VALID: gettext_lazy("Berlaku"),
    State.ENDED: gettext_lazy("Tidak berlaku"),
}


@dataclass(frozen=True)
class Page:
    rows: tuple[Mandate, ...]
    next: int | None


def page(
    user: Any,
    election: Election,
    place: Region,
    *,
    state: State = State.ALL,
    search: str = "",
    before: int | None = None,
    size: int = PAGE,
) -> Page:
    """One page, the newest letter first, of those before the key ``before``."""
    rows = _told(Mandate.objects.visible_to(user)).filter(
        election=election, assignment__station__region__first__range=(place.first, place.last)
    )
    if state != State.ALL:
        rows = rows.filter(revoked_at__isnull=state == State.VALID)
    if search:
        rows = rows.filter(**_asked(search))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: size + 1])
    return Page(tuple(found[:size]), found[size - 1].pk if len(found) > size else None)


def _asked(search: str) -> dict[str, Any]:
    if (written := numbers.read(search)) is not None:
        return {"number": written}
    if (seq := numbers.sequence(search)) is not None:
        return {"seq": seq}
    return {"name__icontains": search.replace("\0", "")}


def check(user: Any, text: str) -> list[Mandate] | None:
    """The letters with this number that ``user`` may see; None when ``text`` is no number of a letter."""
    written = numbers.read(text)
    if written is None:
        return None
    rows = _told(Mandate.objects.visible_to(user)).filter(number=written)
    return list(rows.order_by("-pk")[:MOST_FOUND])


def one(user: Any) -> QuerySet[Mandate]:
    return _told(Mandate.objects.visible_to(user))


def _told(rows: QuerySet[Mandate]) -> QuerySet[Mandate]:
    return rows.select_related(
        "election",
        "assignment__witness",
        "assignment__station__election",
        "assignment__station__region__parent",
        "activation",
        "issued_by",
        "revoked_by",
        "replaced_by",
        "replaces",
    )
