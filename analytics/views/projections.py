"""What the end may be: the page of a contest or a kabupaten in it, and its picture at an address of its own."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from csp.constants import NONE, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from analytics import rule_settings
from analytics.models import ProjectionRun
from analytics.projections import picture, report, wording
from regions.models import Region
from tallies.models import Contest
from tallies.totals import drawing, places
from tallies.views.conditional import page_etag, unchanged, with_etag
from tallies.views.results import region_address, zone_of

# Opened alone a picture is a document of its own: it has styles, and nothing else is let in.
as_picture = csp_replace({"default-src": [NONE], "style-src": [UNSAFE_INLINE]})


class Here:
    """The place asked for in its contest; raises `Http404` for what the reader may not see, or has no contest."""

    def __init__(self, request: HttpRequest, slug: str, code: str) -> None:
        self.place = places.place_for(request.user, slug, code, office=request.GET.get("jabatan", ""))
        if self.place.contest is None:
            raise Http404
        self.election, self.region, self.contest = self.place.election, self.place.region, self.place.contest
        self.above = places.above(self.region)
        self.zone = zone_of(self.above)
        self.query = {"jabatan": self.place.office} if self.place.names_office else {}

    def address(self, name: str, region: Region | None = None, **query: str) -> str:
        """The address of the page or picture ``name`` of this place, or of ``region``, for the same office."""
        code = (region or self.region).code
        return reverse(name, args=[self.election.slug, code], query=self.query | query or None)

    def trail(self, scope: Region) -> list[dict[str, str]]:
        """Names from the nation down, with links within the reader's region."""
        return [
            {"name": one.title, "url": self.place.address(one) if scope.contains(one) else ""} for one in self.above
        ]

    def context(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "election": self.election,
            "region": self.region,
            "contest": self.contest,
            "zone": self.zone,
            "places": self.trail(request.user.scope),
            "results_url": region_address(self.election, self.region, **self.query),
            "query": urlencode(self.query),
            "party_stylesheet": reverse("party-css", args=[self.election.slug]),
        }


@login_required
@require_safe
def projection_page(request: HttpRequest, slug: str, code: str) -> HttpResponse:
    """Show the newest run with how much is in, and all runs over time; ``?jabatan=`` as on the result page.

    404 outside the reader's region, and where the region is neither a contest's own nor a kabupaten in one.
    """
    here = _projected(request, slug, code)
    etag = page_etag(request, f"{_stamp(here.contest)} {here.place.stamp} {request.path}", fragment=False)
    if answer := unchanged(request, etag):
        return answer
    pairs = report.pairs_of(here.contest)
    run = report.newest(here.contest, here.region)
    points = report.over_time(here.contest, here.region, pairs, ZoneInfo(here.zone))
    thresholds = rule_settings.projection_of(here.election)
    context = here.context(request) | {
        "run": run,
        "line": report.line_of(run, pairs) if run else None,
        "why": wording.why(run, thresholds) if run else None,
        "level": thresholds.level,
        "silent": report.silent_places(here.contest, here.region, run.refusal) if run else None,
        "silent_url": reverse("silent", args=[slug]),
        "pairs": pairs,
        "points": [point for point in points if point.is_new],
        "picture": here.address("projection-picture") if any(point.line.pairs for point in points) else "",
        "small_picture": here.address("projection-picture", ukuran="kecil"),
        "parts": [
            (part, here.address("projection", part.total.region))
            for part in report.parts_of(here.contest, here.region, pairs)
        ],
    }
    return with_etag(render(request, "analytics/projection.html", context), etag)


@as_picture
@login_required
@require_safe
def projection_picture(request: HttpRequest, slug: str, code: str) -> HttpResponse:
    """Draw the projection over time as SVG; 404 while no run had an answer. ``?ukuran=kecil`` for a phone."""
    here = _projected(request, slug, code)
    size = request.GET.get("ukuran", "")
    if size not in drawing.SIZES:
        raise Http404
    etag = page_etag(request, f"{_stamp(here.contest)} {here.region.pk} {size}", fragment=True)
    if answer := unchanged(request, etag):
        return answer
    pairs, zone = report.pairs_of(here.contest), ZoneInfo(here.zone)
    points = report.over_time(here.contest, here.region, pairs, zone)
    if not any(point.line.pairs for point in points):
        raise Http404
    drawn = picture.over_time_picture(points, pairs, points[0].at.tzname() or "", drawing.SIZES[size])
    return with_etag(HttpResponse(drawn, content_type="image/svg+xml"), etag)


def _projected(request: HttpRequest, slug: str, code: str) -> Here:
    here = Here(request, slug, code)
    if not report.has_projection(here.contest, here.region):
        raise Http404
    return here


def _stamp(contest: Contest) -> str:
    """Changes with every run of the contest."""
    newest = ProjectionRun.objects.filter(contest=contest).order_by("-pk").values_list("pk", flat=True).first()
    return f"projection {contest.pk} {newest}"
