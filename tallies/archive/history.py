"""Everything known of one version: its siblings, photos, decisions, readings, and the chain of events in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tallies import photos
from tallies.archive.browsing import state_of
from tallies.figures import Figures
from tallies.models import (
    AuditEvent,
    C1Form,
    Decision,
    Pair,
    Photo,
    Reading,
    RecapDecision,
    RecapEvent,
    RecapForm,
    RecapReading,
    RecapResult,
    StationResult,
)
from tallies.recap import places as recap_places
from tallies.recap.pages import pages_of
from tallies.recap.sheet import sheet_of
from tallies.wording import field_label

#: What happened, by the code in the chain.
EVENT_WORDS: dict[str, Promise] = {
    "form received": _("Formulir diterima"),
    "form moved here": _("Formulir dipindahkan ke sini"),
    "form verified": _("Formulir diverifikasi"),
    "form rejected": _("Formulir ditolak"),
    "form corrected": _("Formulir diperbaiki"),
    "form needs_fix": _("Saksi diminta memperbaiki"),
    "form moved": _("Formulir dipindahkan ke TPS lain"),
    "second reading": _("Bacaan kedua"),
    "recap received": _("D.Hasil diterima"),
    "recap read": _("D.Hasil dibaca orang kedua"),
    "recap as read": _("Versi menurut bacaan kedua dibuat"),
    "recap verified": _("D.Hasil ditetapkan"),
    "recap corrected": _("D.Hasil diperbaiki"),
    "recap rejected": _("D.Hasil ditolak"),
}


@dataclass(frozen=True)
class Event:
    """One link of the chain. ``is_own``: it speaks of the version that is shown."""

    at: datetime
    words: str
    by: Any
    reason: str
    digest: str
    is_own: bool


@dataclass(frozen=True)
class Line:
    """A row of figures; ``pair`` where it is one of section IV."""

    label: str
    value: int | None
    pair: Pair | None = None


@dataclass(frozen=True)
class Sibling:
    """A version of the same station or recap, as a list shows it."""

    form: Any
    state: str
    counts: bool
    is_this: bool


@dataclass(frozen=True)
class History:
    form: Any
    state: str
    counts: bool
    superseded_by: list[Any]
    lines: list[Line]
    columns: list[Any]
    photos: list[tuple[Any, Photo | None]]
    versions: list[Sibling]
    decisions: list[Any]
    readings: list[Any]
    events: list[Event]
    result: Any


def history_of_form(form: C1Form) -> History:
    """What is known of a C1; the reader's right to it was looked at."""
    result = StationResult.objects.filter(contest=form.contest_id, station=form.station_id).first()
    siblings = C1Form.objects.filter(contest=form.contest_id, station=form.station_id).order_by("-pk")
    events = AuditEvent.objects.filter(result=result).select_related("actor").order_by("seq") if result else []
    state, counts = state_of(form)
    return History(
        form=form,
        state=state,
        counts=counts,
        superseded_by=list(form.superseded_by.order_by("pk")),
        lines=_lines(form.figures, list(form.contest.pairs.all()), form.contest.election.fields),
        columns=[],
        photos=photos.photos_of(form),
        versions=_siblings(form, siblings),
        decisions=list(Decision.objects.filter(form=form).select_related("decided_by")),
        readings=list(Reading.objects.filter(form=form).select_related("reader")),
        events=[_event(one, _names_form(one.content, form)) for one in events],
        result=result,
    )


def history_of_recap(form: RecapForm, user: Any) -> History:
    """What is known of a D.Hasil; the reader's right to it was looked at."""
    result = RecapResult.objects.filter(contest=form.contest_id, region=form.region_id).first()
    siblings = RecapForm.objects.filter(contest=form.contest_id, region=form.region_id).order_by("-pk")
    events = RecapEvent.objects.filter(result=result).select_related("actor").order_by("seq") if result else []
    state, counts = state_of(form)
    place = recap_places.place_of(user, form.contest_id, form.region.code)
    return History(
        form=form,
        state=state,
        counts=counts,
        superseded_by=list(form.superseded_by.order_by("pk")),
        lines=[],
        columns=sheet_of(place, [form]),
        photos=pages_of(form),
        versions=_siblings(form, siblings),
        decisions=list(RecapDecision.objects.filter(form=form).select_related("decided_by")),
        readings=list(RecapReading.objects.filter(form=form).select_related("reader")),
        events=[_event(one, _names_recap(one.content, form)) for one in events],
        result=result,
    )


def _siblings(form: Any, rows: Any) -> list[Sibling]:
    found = rows.select_related("submitted_by").prefetch_related("counted_in")
    return [Sibling(one, *state_of(one), is_this=one.pk == form.pk) for one in found]


def _lines(figures: Figures, pairs: list[Pair], fields: tuple[str, ...]) -> list[Line]:
    lines = [Line(pair.name, figures.votes.get(pair.number), pair) for pair in pairs]
    return lines + [Line(str(field_label(name, {})), figures.values.get(name)) for name in fields]


def _event(event: Any, is_own: bool) -> Event:
    words = EVENT_WORDS.get(event.action)
    said = next((event.content[key] for key in ("decision", "reading", "recap") if key in event.content), {})
    reason = said.get("reason", "") if isinstance(said, dict) else ""
    return Event(event.at, str(words) if words else event.action, event.actor, reason, event.digest, is_own)


def _names_form(content: dict[str, Any], form: C1Form) -> bool:
    if content.get("uuid") == str(form.uuid):
        return True
    return any(content[key].get("form_id") == form.pk for key in ("decision", "reading") if key in content)


def _names_recap(content: dict[str, Any], form: RecapForm) -> bool:
    if content.get("recap", {}).get("id") == form.pk:
        return True
    return any(content[key].get("form") == form.pk for key in ("decision", "reading") if key in content)
