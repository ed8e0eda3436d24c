"""Where we expected to win and how it stands, and the page of one finding."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from analytics.models import Finding, Rule
from analytics.off_target import target_report
from analytics.views import losing
from regions.models import Region
from tallies.models import Election
from tallies.views.conditional import page_etag, unchanged, with_etag
from tallies.views.results import zone_of

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


@login_required
@require_safe
def finding(request: HttpRequest, finding_id: int) -> HttpResponse:
    """Show one finding of rule W: see `analytics.views.losing`. 404 outside the reader's region."""
    rows = Finding.objects.visible_to(request.user).select_related("contest__region", "contest__election", "region")
    found = get_object_or_404(rows, pk=finding_id, rule=Rule.OFF_TARGET)
    return losing.page(request, found.contest, found.region, found)
