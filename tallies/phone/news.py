"""What a witness's phone has to know to work without a network, as plain values for JSON.

Only the own stations: what is not here, the phone cannot show.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone, translation

from sista.templatetags.formats import pair_colour, pair_name
from tallies import colours, intake, photos
from tallies.entry import own_forms
from tallies.models import C1Form, Election, InvitationReport, Pair, PollingStation, StationMessage, StationResult
from tallies.models.invitations import INVITATION_FIGURES
from tallies.witnesses.witness_status import invitations_of, messages_for
from tallies.witnesses.witness_work import (
    PAPER_CAME,
    Callee,
    callees_of,
    came_on_paper,
    correction_code,
    fate_of,
    results_of,
)

#: Practice runs a phone is told of.
LISTED_FORMS = 5


def news_for(user: Any) -> dict[str, Any]:
    """Stations, contests and what became of what was sent; moments are ISO 8601 with their zone."""
    rows = results_of(user).prefetch_related("contest__pairs")
    callees = _once(callees_of)
    places = [(station, list(results)) for station, results in groupby(rows, key=lambda result: result.station)]
    guarded = [station for station, _results in places]
    messages, reports = messages_for(guarded), invitations_of(user, guarded)
    return {
        "person": {"id": user.pk, "name": str(user)},
        "language": translation.get_language(),
        "callees": [_callee(one) for one in (callees(user.region) if user.region else [])],
        "places": [
            _place(station, results, user, callees)
            | {
                "messages": [*_from_paper(results, user), *(_message(one) for one in messages.get(station.pk, []))],
                "invitations": _invitations(reports[station.pk]) if station.pk in reports else None,
            }
            for station, results in places
        ],
    }


def _once(find: Callable[[Any], list[Callee]]) -> Callable[[Any], list[Callee]]:
    """Ask once a region: the practice of an election stands in the same desa."""
    known: dict[int, list[Callee]] = {}

    def found(region: Any) -> list[Callee]:
        if region.pk not in known:
            known[region.pk] = find(region)
        return known[region.pk]

    return found


def _callee(callee: Callee) -> dict[str, str]:
    return {"name": callee.name, "address": callee.address}


def _place(station: PollingStation, results: list[StationResult], user: Any, callees: Any) -> dict[str, Any]:
    region, election = station.region, results[0].contest.election
    zone = region.zone
    return {
        "station": station.pk,
        "title": station.title,
        "village": region.title,
        "district": region.parent.title if region.parent else "",
        "zone": zone,
        # The zone database itself says WIB, WITA and WIT.
        "zone_name": timezone.now().astimezone(ZoneInfo(zone)).strftime("%Z"),
        "registered": station.registered_voters,
        "election": _election(election),
        "callees": [_callee(one) for one in callees(region)],
        "contests": [_contest(result, user) for result in results],
    }


def _message(message: StationMessage) -> dict[str, str]:
    return {"at": message.at.isoformat(), "text": message.text}


def _from_paper(results: list[StationResult], user: Any) -> list[dict[str, str]]:
    """Tell a witness who sent nothing that the paper came: the phone shows it as a word from the DPC."""
    came = [result for result in results if came_on_paper(result) and not own_forms(result, user).exists()]
    text = " ".join(map(str, PAPER_CAME))
    return [{"at": result.form.received_at.isoformat(), "text": text} for result in came[:1] if result.form]


def _invitations(report: InvitationReport) -> dict[str, Any]:
    return {
        "uuid": str(report.uuid),
        "received_at": report.received_at.isoformat(),
        "photos": [{"page": name.page, "sha256": name.sha256} for name in report.photo_names.all()],
        **{name: getattr(report, name) for name in INVITATION_FIGURES},
    }


def _election(election: Election) -> dict[str, Any]:
    return {
        "name": election.name,
        "phase": election.phase,
        "open": election.phase in intake.ACCEPTING_PHASES,
        "practice": election.practice_of_id is not None,
        "rows": list(election.fields),
        "colour": {
            "--party": election.party_color,
            "--party-text": colours.text_on(election.party_color),
            "--party-outline": colours.outline_of(election.party_color),
        },
        "limits": election.thresholds.as_text,
    }


def _contest(result: StationResult, user: Any) -> dict[str, Any]:
    forms = own_forms(result, user)
    newest = list(forms.prefetch_related("votes__pair")[:LISTED_FORMS])
    return {
        "result": result.pk,
        "contest": result.contest_id,
        "title": result.contest.title,
        "pairs": [_pair(pair) for pair in result.contest.pairs.all()],
        "count": forms.count() if len(newest) == LISTED_FORMS else len(newest),
        "sent": [_form(form, result) for form in newest],
        "correction": correction_code(newest[0], result) if newest else "",
    }


def _pair(pair: Pair) -> dict[str, Any]:
    return {"number": pair.number, "name": pair_name(pair), "colour": pair_colour(pair)}


def _form(form: C1Form, result: StationResult) -> dict[str, Any]:
    fate = fate_of(form, result)
    figures = form.figures
    return {
        "uuid": str(form.uuid),
        "receipt": form.receipt,
        "received_at": form.received_at.isoformat(),
        "votes": {str(number): votes for number, votes in figures.votes.items()},
        "figures": {name: value for name, value in figures.values.items() if value is not None},
        "objection": form.objection,
        "note": form.note,
        "checks": form.checks,
        "fate": {"code": fate.code, "icon": fate.icon_name, "state": fate.icon, "reason": fate.reason}
        | {"disputed": fate.disputed, "again": fate.came_back},
        "photos": [
            {"page": name.page, "sha256": name.sha256, "subject": name.subject, "state": photo.state if photo else ""}
            for name, photo in photos.photos_of(form)
        ],
    }
