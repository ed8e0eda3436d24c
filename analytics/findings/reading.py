"""One finding with everything that stands round it: stations, photos, what would put it right, its history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from analytics.findings import acting
from analytics.findings.acting import ANSWERED_STATES, Seen
from analytics.findings.describing import Described, Suggestion, described
from analytics.models import Finding, FindingEvent, FindingState, FindingVersion
from tallies import photos
from tallies.models import C1Form, ContestTotal, Photo, StationResult
from tallies.totals import reporting

#: Forms whose photos are shown, and events of the history.
_MOST_FORMS = 8
_MOST_EVENTS = 100


@dataclass(frozen=True)
class StationLine:
    """A station the finding is about. ``votes``: of our margin, expected there (T1)."""

    result: StationResult
    votes: int | None


@dataclass(frozen=True)
class FormPhotos:
    form: C1Form
    photos: tuple[tuple[Any, Photo | None], ...]


@dataclass(frozen=True)
class Detail:
    """``hidden``: stations that are outside of the reader's region. ``result``: of the finding's own station."""

    described: Described
    result: StationResult | None
    stations: tuple[StationLine, ...]
    hidden: int
    forms: tuple[FormPhotos, ...]
    events: tuple[FindingEvent, ...]
    versions: tuple[FindingVersion, ...]
    margin: int | None
    progress: ContestTotal | None
    assignable: tuple[User, ...]
    may_act: bool
    last_event: int

    @property
    def finding(self) -> Finding:
        return self.described.finding

    @property
    def seen(self) -> Seen:
        return Seen(self.finding.version, self.last_event)

    @property
    def stake_share(self) -> float | None:
        """The votes at stake, of the contest's margin."""
        return self.finding.stake / abs(self.margin) if self.margin else None

    @property
    def suggestions(self) -> list[Suggestion]:
        return self.described.suggestions

    @property
    def is_answered(self) -> bool:
        """A person settled it, and may take that back."""
        return self.finding.state in ANSWERED_STATES

    @property
    def may_escalate(self) -> bool:
        return self.finding.state in (FindingState.OPEN, FindingState.ASSIGNED)

    @property
    def since(self) -> datetime | None:
        """When it came into the hands of whom it is assigned to."""
        given = [event.at for event in self.events if event.action == "assigned"]
        return given[0] if given else None


def detail(finding: Finding, user: Any) -> Detail:
    """Read what ``user`` may see round ``finding``, which ``user`` is known to see."""
    [about] = described([finding])
    result, lines, hidden = _stations(about, user)
    events = tuple(
        finding.events.select_related("actor", "assigned_to")
        .prefetch_related("attachments")
        .order_by("-pk")[:_MOST_EVENTS]
    )
    own = reporting.own_lines([finding.contest])[0]
    may_act = user.may_decide
    return Detail(
        described=about,
        result=result,
        stations=lines,
        hidden=hidden,
        forms=_forms(about, result, user),
        events=events,
        versions=tuple(finding.versions.order_by("-number")[:_MOST_EVENTS]),
        margin=own.usungan_margin,
        progress=own.progress,
        assignable=tuple(acting.assignable(finding, by=user)) if may_act and finding.is_active else (),
        may_act=may_act,
        last_event=events[0].pk if events else 0,
    )


def _stations(about: Described, user: Any) -> tuple[StationResult | None, tuple[StationLine, ...], int]:
    finding = about.finding
    others, expected = about.stations, dict(about.calls)
    wanted = [*others, *([finding.station_id] if finding.station_id else [])]
    results = StationResult.objects.visible_to(user).filter(
        station__in=wanted,
        contest__election=finding.contest.election_id,
        contest__office=finding.contest.office,
    )
    found = {one.station_id: one for one in results.with_place()}
    lines = tuple(StationLine(found[key], expected.get(key)) for key in others if key in found)
    own = found.get(finding.station_id) if finding.station_id else None
    return own, lines, len(others) - len(lines)


def _forms(about: Described, result: StationResult | None, user: Any) -> tuple[FormPhotos, ...]:
    """The forms it rests on, else the one that counts; those the reader may see, with their photos."""
    keys = about.forms[:_MOST_FORMS] or ([result.form_id] if result and result.form_id else [])
    visible = C1Form.objects.visible_to(user).filter(pk__in=keys)
    forms = list(visible.select_related("station__region").prefetch_related("photo_names").order_by("pk"))
    named = photos.photos_of_each(forms)
    return tuple(FormPhotos(form, named[form.pk]) for form in forms)
