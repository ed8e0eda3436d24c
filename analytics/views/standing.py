"""People, coverage and findings of a place as one table: for those who watch from above, read only."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from analytics.standing.reading import standing
from regions.models import Level
from tallies.totals import places
from tallies.totals.places import place_for
from tallies.views.results import zone_of


@login_required
@require_safe
def standing_page(request: HttpRequest, slug: str, code: str) -> HttpResponse:
    """The regions right below a place of the reader's; 404 outside it, in a desa, and where no contest is held."""
    place = place_for(request.user, slug, code, office=request.GET.get("jabatan", ""))
    if not place.office or place.region.level == Level.VILLAGE:
        raise Http404
    query = urlencode({"jabatan": place.office}) if place.names_office else ""

    def address(region):
        path = reverse("standing", args=[slug, region.code])
        return f"{path}?{query}" if query else path

    read = standing(place.election, place.office, place.region)
    above = [region for region in places.above(place.region) if request.user.scope.contains(region)]
    context = {
        "election": place.election,
        "party_stylesheet": reverse("party-css", args=[slug]),
        "region": place.region,
        "places": [{"name": one.title, "url": address(one)} for one in above],
        "rows": [(line, address(line.region) if line.region.level < Level.VILLAGE else "") for line in read.lines],
        "total": read.total,
        "counted_at": read.counted_at,
        "results_url": place.address(place.region),
        "child_heading": read.lines[0].region.level_heading if read.lines else "",
        "zone": zone_of(places.above(place.region)),
    }
    return render(request, "analytics/standing.html", context)
