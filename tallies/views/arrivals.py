"""When the stations of a region came in: a page with table and pictures, and each picture at its own address."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from csp.constants import NONE, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from regions.models import Region
from tallies.models import Election, Office
from tallies.totals import arrivals, arrivals_picture, drawing
from tallies.views.conditional import page_etag, unchanged, with_etag
from tallies.views.results import region_address, zone_of

PICTURES = {"": arrivals_picture.sums_picture, "selang": arrivals_picture.intervals_picture}


@login_required
@require_safe
def arrivals_page(request: HttpRequest, slug: str, code: str) -> HttpResponse:
    """Show the arrivals of a region as table and pictures; ``?jabatan=`` as on its result page. 404 outside."""
    here = _Here(request, slug, code)
    etag = page_etag(request, here.stamp, fragment=False)
    if answer := unchanged(request, etag):
        return answer
    query = {"jabatan": here.office}
    context = {
        "election": here.election,
        "region": here.region,
        "office_label": Office(here.office).label,
        "arrivals": here.arrivals,
        "zone": here.zone,
        "places": _trail(request, here),
        "picture": reverse("arrivals-picture", args=[slug, code], query=query),
        "intervals_picture": reverse("arrivals-picture", args=[slug, code], query=query | {"gambar": "selang"}),
        "export_query": urlencode(query),
        "results_url": region_address(here.election, here.region, **query),
        "party_stylesheet": reverse("party-css", args=[slug]),
    }
    return with_etag(render(request, "results/arrivals.html", context), etag)


# Opened alone the picture is a document of its own: it has styles, and nothing else is let in.
@csp_replace({"default-src": [NONE], "style-src": [UNSAFE_INLINE]})
@login_required
@require_safe
def arrivals_picture_view(request: HttpRequest, slug: str, code: str) -> HttpResponse:
    """Draw the arrivals of a region as SVG; 404 while there are none.

    ``?gambar=selang`` draws the intervals instead of their sums, ``?ukuran=kecil`` for a phone.
    """
    here = _Here(request, slug, code)
    kind, size = request.GET.get("gambar", ""), request.GET.get("ukuran", "")
    if not here.arrivals.intervals or kind not in PICTURES or size not in drawing.SIZES:
        raise Http404
    etag = page_etag(request, f"{here.stamp} {kind} {size}", fragment=True)
    if answer := unchanged(request, etag):
        return answer
    drawn = PICTURES[kind](here.arrivals, drawing.SIZES[size])
    return with_etag(HttpResponse(drawn, content_type="image/svg+xml"), etag)


class _Here:
    """The region and office asked for, and its arrivals; raises `Http404` for what the reader may not see."""

    def __init__(self, request: HttpRequest, slug: str, code: str) -> None:
        if "\0" in code:  # PostgreSQL takes no NUL in a text
            raise Http404
        self.election = get_object_or_404(Election.objects.visible_to(request.user), slug=slug)
        self.region = get_object_or_404(Region.objects.visible_to(request.user), code=code)
        self.office = arrivals.office_at(self.election, self.region, request.GET.get("jabatan", ""))
        if not self.office:
            raise Http404
        self.above = list(Region.objects.ancestors_of(self.region))
        self.zone = zone_of(self.above)
        self.arrivals = arrivals.arrivals_of(self.election, self.office, self.region, ZoneInfo(self.zone))

    @property
    def stamp(self) -> str:
        shown = repr([self.election.pk, self.election.phase, self.office, self.region.pk, self.arrivals])
        return "arrivals " + hashlib.sha256(shown.encode()).hexdigest()


def _trail(request: HttpRequest, here: _Here) -> list[dict[str, Any]]:
    """Names from the nation down, with links within the reader's region."""
    scope, query = request.user.scope, {"jabatan": here.office}
    return [
        {"name": one.title, "url": region_address(here.election, one, **query) if scope.contains(one) else ""}
        for one in here.above
    ]
