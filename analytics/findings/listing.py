"""The list of findings: what is asked for, one page of it, and how many there are of each kind.

By severity, then by the votes at stake. A page is found by its last row (keyset): what is answered meanwhile moves
nobody's page. Findings that wait behind the limit (`analytics.findings.flood`) are counted and not listed.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analytics.models import ACTIVE_STATES, Finding, FindingState, Rule, Severity
from regions.models import Region
from sista.keys import key_in
from tallies.models import Contest, Election

PAGE = 50
ROWS_AT_A_TIME = 500


class View(StrEnum):
    """By the state they are in, by their word in the address."""

    ACTIVE = "aktif"
    #: Active, and in the reader's hands.
    MINE = "saya"
    ASSIGNED = FindingState.ASSIGNED.value
    ESCALATED = FindingState.ESCALATED.value
    EXPLAINED = FindingState.EXPLAINED.value
    CONFIRMED = FindingState.CONFIRMED.value
    CLOSED = FindingState.CLOSED.value


VIEW_LABELS: dict[View, Promise] = {
    View.ACTIVE: _("Belum selesai"),
    View.MINE: _("Untuk saya"),
    View.ASSIGNED: _("Ditugaskan"),
    View.ESCALATED: _("Diteruskan"),
    View.EXPLAINED: _("Dijelaskan"),
    View.CONFIRMED: _("Dipastikan"),
    View.CLOSED: _("Tertutup"),
}
#: Rules by what they rest on: the first letter of their codes.
GROUP_LABELS: dict[str, Promise] = {
    "D": _("Dokumen"),
    "H": _("Hitungan formulir"),
    "E": _("Isian"),
    "P": _("Foto dan angka kembar"),
    "S": _("Statistik"),
    "T": _("Waktu"),
    "W": _("Lepas dari target"),
}
GROUPS: dict[str, tuple[str, ...]] = {
    group: tuple(rule.value for rule in Rule if rule.value.startswith(group)) for group in GROUP_LABELS
}
#: Severities by their word in the address.
SEVERITIES: dict[str, Severity] = {
    "kritis": Severity.CRITICAL,
    "tinggi": Severity.HIGH,
    "sedang": Severity.MEDIUM,
    "info": Severity.INFO,
}


@dataclass(frozen=True)
class Asked:
    """What of the findings is asked for. ``region`` is None for all that the reader sees."""

    view: View = View.ACTIVE
    severity: str = ""
    group: str = ""
    region: Region | None = None

    @classmethod
    def read(cls, given: Mapping[str, str], scope: Region) -> Asked:
        """From an address; a word that is none of the filter's does nothing. Raises `Region.DoesNotExist`."""
        view, severity, group = (given.get(name, "") for name in ("keadaan", "saring", "jenis"))
        code = given.get("wilayah", "").replace("\0", "")
        return cls(
            View(view) if view in list(View) else View.ACTIVE,
            severity if severity in SEVERITIES else "",
            group if group in GROUPS else "",
            Region.objects.within(scope).get(code=code) if code else None,
        )

    @property
    def query(self) -> dict[str, str]:
        """As the address says it, without what is so anyway."""
        said = {
            "keadaan": "" if self.view == View.ACTIVE else self.view,
            "saring": self.severity,
            "jenis": self.group,
            "wilayah": self.region.code if self.region else "",
        }
        return {name: str(value) for name, value in said.items() if value}

    def address(self, path: str, **changes: str) -> str:
        """``path`` with what is asked for, ``changes`` of it; an empty change leaves that out."""
        query = {name: value for name, value in (self.query | changes).items() if value}
        return f"{path}?{urlencode(query)}" if query else path


@dataclass(frozen=True)
class Position:
    """A row's place in the list. Written and read back as "3-120-4711"."""

    severity: int
    stake: int
    pk: int

    def __str__(self) -> str:
        return f"{self.severity}-{self.stake}-{self.pk}"

    @classmethod
    def read(cls, text: str) -> Position | None:
        """Return the position, or None for anything that is not one."""
        parts = [key_in(part) for part in text.split("-")]
        # No column is larger than its rows: what is larger would be an error of the database.
        if len(parts) != 3 or parts[0] is None or parts[1] is None or parts[2] is None:
            return None
        return cls(min(parts[0], 9), min(parts[1], 2**31 - 1), parts[2])

    @property
    def following(self) -> Q:
        below = Q(severity__lt=self.severity) | Q(severity=self.severity, stake__lt=self.stake)
        return below | Q(severity=self.severity, stake=self.stake, pk__gt=self.pk)


@dataclass(frozen=True)
class Page:
    rows: tuple[Finding, ...]
    next: Position | None


@dataclass(frozen=True)
class Counts:
    """How many findings there are of each state and severity; those that wait are apart."""

    shown: Mapping[tuple[str, int], int]
    mine: Mapping[int, int]
    held: int
    stamp: str
    newest: datetime | None

    @cached_property
    def views(self) -> dict[View, int]:
        return {view: sum(self.severities(view).values()) for view in View}

    def severities(self, view: View) -> dict[int, int]:
        found: Counter[int] = Counter(self.mine if view == View.MINE else ())
        for (state, severity), number in self.shown.items():
            if view != View.MINE and state in _states(view):
                found[severity] += number
        return {severity.value: found[severity.value] for severity in reversed(Severity)}


def visible(user: Any, election: Election) -> QuerySet[Finding]:
    """The findings of an election that ``user`` may see, in no order."""
    if user.scope is None:
        return Finding.objects.none()
    contests = Contest.objects.filter(election=election).values("pk")
    return Finding.objects.visible_to(user).filter(contest__in=contests).order_by()


def page(user: Any, election: Election, asked: Asked, *, after: Position | None = None, size: int = PAGE) -> Page:
    """One page of what is asked for, following ``after``."""
    return _page(_rows(user, election, asked), after, size)


def rows(user: Any, election: Election, asked: Asked) -> Iterator[Finding]:
    """Yield the whole list, page by page."""
    found, after = _rows(user, election, asked), None
    while True:
        part = _page(found, after, ROWS_AT_A_TIME)
        yield from part.rows
        after = part.next
        if after is None:
            return


def count(user: Any, election: Election, asked: Asked, *, most: int | None) -> int:
    """How many `rows` yields, counted no further than ``most``."""
    found = _rows(user, election, asked)
    return (found if most is None else found[:most]).count()


def counts(user: Any, election: Election, asked: Asked) -> Counts:
    """Count what is asked for, by state and severity, in one query; ``asked``'s own of both do nothing."""
    groups = (
        _within(user, election, asked)
        .values("state", "severity", "is_held")
        .annotate(
            number=Count("pk"), newest=Max("updated_at"), keys=Sum("pk"), mine=Count("pk", filter=Q(assigned_to=user))
        )
    )
    found = sorted(groups, key=lambda one: (one["state"], one["severity"], one["is_held"]))
    shown: Counter[tuple[str, int]] = Counter()
    mine: Counter[int] = Counter()
    held = 0
    for one in found:
        if one["state"] in ACTIVE_STATES:
            mine[one["severity"]] += one["mine"]
        if one["is_held"] and one["state"] in ACTIVE_STATES:
            held += one["number"]
        else:
            shown[one["state"], one["severity"]] += one["number"]
    newest = max((one["newest"] for one in found), default=None)
    return Counts(shown, mine, held, hashlib.sha256(repr(found).encode()).hexdigest(), newest)


def _within(user: Any, election: Election, asked: Asked) -> QuerySet[Finding]:
    found = visible(user, election)
    if asked.region is not None:
        found = found.filter(region__first__range=(asked.region.first, asked.region.last))
    if asked.group:
        found = found.filter(rule__in=GROUPS[asked.group])
    return found


def _states(view: View) -> tuple[str, ...]:
    return ACTIVE_STATES if view in (View.ACTIVE, View.MINE) else (view.value,)


def _rows(user: Any, election: Election, asked: Asked) -> QuerySet[Finding]:
    states = _states(asked.view)
    found = _within(user, election, asked).filter(state__in=states)
    if asked.view == View.MINE:
        found = found.filter(assigned_to=user)
    elif states[0] in ACTIVE_STATES:
        found = found.shown()
    return found.filter(severity=SEVERITIES[asked.severity]) if asked.severity else found


def _page(found: QuerySet[Finding], after: Position | None, size: int) -> Page:
    if after is not None:
        found = found.filter(after.following)
    # Keys first: a sort carries what it sorts, and the numbers of a finding are long.
    keys = list(found.order_by("-severity", "-stake", "pk").values_list("pk", "severity", "stake")[: size + 1])
    shown = keys[:size]
    by_key = with_place(Finding.objects.filter(pk__in=[pk for pk, *_rest in shown])).in_bulk()
    rows = tuple(by_key[pk] for pk, *_rest in shown if pk in by_key)
    last = Position(shown[-1][1], shown[-1][2], shown[-1][0]) if len(keys) > size else None
    return Page(rows, last)


def with_place(found: QuerySet[Finding]) -> QuerySet[Finding]:
    """Read with each where it is and who has it."""
    return found.select_related("contest__region", "contest__election", "region__parent", "station", "assigned_to")
