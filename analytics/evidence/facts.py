"""What a pack says besides its stations: its head, the stored totals, the findings with people's answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from analytics.evidence.station_records import name_of
from analytics.evidence.subject import Subject
from analytics.models import EvidencePack, Finding, FindingEvent, Severity
from regions.models import Region
from tallies.models import PROGRESS_FIELDS
from tallies.totals import places, reporting
from tallies.wording import FIELD_LABELS

#: Named in every file of a pack, so that a verifier of another time knows what it reads.
FORMAT, VERSION = "sista-bukti", 1


def head(pack: EvidencePack, subject: Subject, as_of: datetime) -> dict[str, Any]:
    """What, where, when, by whom, how much is in; without which no number leaves."""
    contest, region, election = subject.contest, subject.region, subject.contest.election
    above = places.above(region)
    [line] = reporting.region_lines(contest, list(contest.pairs.all()), [region])
    progress = line.progress
    return {
        "format": FORMAT,
        "version": VERSION,
        "pack": str(pack.uuid),
        "notice": _("Hasil sementara, bukan hasil resmi KPU"),
        "is_practice": election.practice_of_id is not None,
        "is_simulation": election.is_simulation,
        "as_of": as_of.isoformat(),
        "made_by": {"name": name_of(pack.made_by), "role": str(pack.made_by.get_role_display())},
        "election": {"slug": election.slug, "name": election.name, "date": election.date.isoformat()},
        "contest": {"id": contest.pk, "title": contest.title, "region": contest.region.code},
        "region": {
            "code": region.code,
            "title": region.title,
            "path": [one.title for one in above],
            "zone": region.zone,
        },
        "finding": subject.finding.pk if subject.finding else None,
        "address": pack.origin + address_of(subject),
        "is_whole_region": subject.is_whole_region,
        "counted_at": progress.counted_at.isoformat() if progress else None,
        "region_stations": progress.stations if progress else 0,
        "region_stations_in": progress.stations_in if progress else 0,
        "pairs": [
            {"number": pair.number, "name": pair.name, "usungan": pair.usungan} for pair in contest.pairs.all()
        ],
        "fields": {name: str(FIELD_LABELS[name]) for name in election.fields},
    }


def address_of(subject: Subject) -> str:
    """Path of the page in the archive that the pack is about."""
    if subject.finding:
        return reverse("finding", args=[subject.finding.pk])
    return reverse("region", args=[subject.contest.election.slug, subject.region.code])


def totals(subject: Subject) -> list[dict[str, Any]]:
    """The stored totals of the region and all below it, highest first; none where a pack is not a whole region."""
    if not subject.is_whole_region:
        return []
    contest = subject.contest
    regions = Region.objects.within(subject.region)
    lines = reporting.region_lines(contest, list(contest.pairs.all()), regions)
    return [_total(line) for line in lines if line.progress]


def _total(line: reporting.RegionLine) -> dict[str, Any]:
    assert line.progress is not None
    return {
        "code": line.region.code,
        "title": line.region.title,
        "level": line.region.level,
        "counted_at": line.progress.counted_at.isoformat(),
        "progress": {name: getattr(line.progress, name) for name in PROGRESS_FIELDS},
        "votes": {str(one.pair.number): [one.votes, one.votes_verified] for one in line.pairs},
    }


def findings(subject: Subject) -> list[dict[str, Any]]:
    """The finding of the pack, or those of its region; with every version and every answer."""
    if subject.finding:
        rows = Finding.objects.filter(pk=subject.finding.pk)
    else:
        inside = (subject.region.first, subject.region.last)
        rows = Finding.objects.filter(contest=subject.contest, region__first__range=inside)
    rows = rows.select_related("region", "station__region", "assigned_to")
    return [_finding(one) for one in rows.prefetch_related("versions", "events__actor", "events__assigned_to")]


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "id": one.pk,
        "rule": one.rule,
        "title": str(one.get_rule_display()),
        "severity": Severity(one.severity).name,
        "severity_word": str(one.get_severity_display()),
        "state": str(one.state),
        "state_word": str(one.get_state_display()),
        "is_statistical": one.is_statistical,
        "region": one.region.code,
        "place": f"{one.station.title}, {one.region.title}" if one.station else one.region.title,
        "code": one.station.code if one.station else one.region.code,
        "assigned_to": name_of(one.assigned_to) if one.assigned_to else None,
        "stake": one.stake,
        "numbers": one.numbers,
        "suggestions": one.suggestions,
        "opened_at": one.opened_at.isoformat(),
        "closed_at": one.closed_at.isoformat() if one.closed_at else None,
        "versions": [
            {"number": v.number, "at": v.at.isoformat(), "severity": Severity(v.severity).name, "numbers": v.numbers}
            for v in one.versions.all()
        ],
        "events": [_event(event) for event in one.events.all()],
    }


def _event(event: FindingEvent) -> dict[str, Any]:
    return {
        "at": event.at.isoformat(),
        "by": name_of(event.actor) if event.actor else None,
        "action": event.action,
        "reason": event.reason,
        "assigned_to": name_of(event.assigned_to) if event.assigned_to else None,
        "numbers": event.numbers,
    }
