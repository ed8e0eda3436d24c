"""Where we expected to win and how it stands, and the page of one finding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from analytics.models import Finding, FindingEvent, FindingState, Severity, Target
from analytics.off_target import target_report
from analytics.off_target.target_report import TargetRow
from analytics.rules.dispute_threshold import Dispute, dispute
from regions.models import Level, Region
from tallies.models import Election
from tallies.views.conditional import page_etag, unchanged, with_etag
from tallies.views.results import region_address, zone_of

#: A petition under Pasal 158 is about these; a president's result has no threshold.
DISPUTED_LEVELS = (Level.PROVINCE, Level.REGENCY)


# Targets


@login_required
@require_safe
def targets(request: HttpRequest, slug: str) -> HttpResponse:
    """List the contests of the reader's region with their targets, what is off target first.

    For htmx only the report, for a known ETag 304. Without a region 404.
    """
    scope = request.user.scope
    if scope is None:
        raise Http404
    election = get_object_or_404(Election.objects.visible_to(request.user), slug=slug)
    fragment = bool(request.htmx)
    stamp = f"{request.path} {target_report.stamp(request.user, election)}"
    etag = page_etag(request, stamp, fragment=fragment)
    if answer := unchanged(request, etag):
        return answer
    context = {
        "election": election,
        "scope": scope,
        "report": target_report.target_report(request.user, election),
        "address": request.path,
    } | _clock(scope)
    if fragment:
        return with_etag(render(request, "analytics/_targets.html", context), etag)
    context["fragment_etag"] = page_etag(request, stamp, fragment=True)
    context["party_stylesheet"] = reverse("party-css", args=[slug])
    return with_etag(render(request, "analytics/targets.html", context), etag)


def _clock(region: Region) -> dict[str, Any]:
    zone = zone_of(list(Region.objects.ancestors_of(region)))
    return {"zone": zone, "zone_name": timezone.now().astimezone(ZoneInfo(zone)).tzname()}


# A finding


@dataclass(frozen=True)
class HistoryLine:
    """One event of a finding. ``word``: opened, reopened, updated or closed."""

    event: FindingEvent
    word: str


@login_required
@require_safe
def finding(request: HttpRequest, finding_id: int) -> HttpResponse:
    """Show one finding: verdict, expected and actual, the threshold of the Court, its history."""
    rows = Finding.objects.visible_to(request.user).select_related("contest__region", "contest__election", "region")
    found = get_object_or_404(rows, pk=finding_id)
    election, region = found.contest.election, found.contest.region
    row = target_report.contest_row(found.contest)
    context = {
        "election": election,
        "party_stylesheet": reverse("party-css", args=[election.slug]),
        "finding": found,
        "is_open": found.state == FindingState.OPEN,
        "severity": Severity(found.severity).name,
        "row": row,
        "target": row.target or _last_target(found),
        "behind_by": -row.verdict.margin_votes if row.verdict else None,
        "population": region.population,
        "has_threshold": region.level in DISPUTED_LEVELS,
        "dispute": _dispute(row),
        "history": _history(found),
        "region_url": region_address(election, region),
        "region_admin_url": _region_admin_url(request, region),
    } | _clock(region)
    target, ours = context["target"], row.line.usungan
    if target and target.expected_share is not None and ours and ours.share is not None:
        context["gap_to_expected"] = ours.share - float(target.expected_share)
    return render(request, "analytics/finding.html", context)


def _last_target(found: Finding) -> Target | None:
    """The target the finding was judged against, once none is active any more."""
    return Target.objects.filter(pk=found.numbers.get("target"), contest=found.contest_id).first()


def _dispute(row: TargetRow) -> Dispute | None:
    """The margin held against the threshold; None unless we are behind and the population is known."""
    region, progress = row.contest.region, row.line.progress
    if row.verdict is None or row.verdict.margin_votes >= 0 or progress is None:
        return None
    if region.population is None or region.level not in DISPUTED_LEVELS:
        return None
    return dispute(
        population=region.population,
        is_province=region.level == Level.PROVINCE,
        valid_votes=progress.valid_votes,
        margin=-row.verdict.margin_votes,
    )


def _history(found: Finding) -> list[HistoryLine]:
    """Newest first; an opening that is not the first is a reopening."""
    lines: list[HistoryLine] = []
    for event in found.events.select_related("actor"):
        again = event.action == "opened" and bool(lines)
        lines.append(HistoryLine(event, "reopened" if again else event.action))
    return lines[::-1]


def _region_admin_url(request: HttpRequest, region: Region) -> str:
    """Where the population can be filled in, for those who may."""
    user = request.user
    if not (user.is_superuser or (user.is_staff and user.may_decide)):
        return ""
    return reverse("admin:regions_region_change", args=[region.pk])
