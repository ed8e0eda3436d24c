"""The part of a kabupaten's page that is a coordinator's: what is left to do, and what came in last."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from tallies.silent.work_left import other_work
from tallies.silent.work_left import work_left as work_left_at
from tallies.totals import places, reporting
from tallies.totals.places import Place, place_for
from tallies.views.results import zone_of

#: Seconds for which readers of one place share it: the page asks again as often.
SHARED_SECONDS = 10
NEWEST = 6


@login_required
@require_safe
def work_left(request: HttpRequest, slug: str, code: str) -> HttpResponse:
    """What is left to do in a region of a contest; 404 outside the reader's region, and above the contests."""
    place = place_for(request.user, slug, code, office=request.GET.get("jabatan", ""))
    if place.contest is None:
        raise Http404
    # Nothing in it belongs to one reader.
    key = f"work:{place.contest.pk}:{place.region.pk}:{get_language()}"
    html = cache.get(key)
    if html is None:
        html = _rendered(place)
        cache.set(key, html, SHARED_SECONDS)
    return HttpResponse(html)


def _rendered(place: Place) -> str:
    assert place.contest is not None
    context = {
        "election": place.election,
        "region": place.region,
        "work": work_left_at(place.contest, place.region),
        "other_work": other_work(place.contest, place.region),
        "newest": reporting.newest_stations(place.contest, place.region, most=NEWEST),
        "zone": zone_of(places.above(place.region)),
    }
    return render_to_string("results/_work_left.html", context)
