"""The information page of a kabupaten: pictures and counts that prove nothing, with what chance alone would give."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from analytics.information import kabupaten, pictures
from analytics.models import Expectation
from analytics.views.projections import Here, as_picture
from regions.models import Level
from tallies.models import Pair
from tallies.totals import drawing, reporting
from tallies.views.conditional import page_etag, unchanged, with_etag

PICTURES: dict[str, pictures.Picture] = {
    "harapan": pictures.expected_picture,
    "partisipasi": pictures.turnout_picture,
}


class _HereInformed(Here):
    """A kabupaten of a contest, with the pair that is looked at and the expectation the reader may see."""

    def __init__(self, request: HttpRequest, slug: str, code: str) -> None:
        super().__init__(request, slug, code)
        if self.region.level != Level.REGENCY:
            raise Http404
        [self.line] = reporting.region_lines(self.contest, self._pairs(), [self.region])
        self.pair: Pair | None = kabupaten.pair_looked_at(self.line)
        self.expectation: Expectation | None = kabupaten.expectation_for(request.user, self.contest)
        stations = self.line.progress.stations if self.line.progress else 0
        self.is_large = stations >= kabupaten.FEWEST_STATIONS

    def _pairs(self) -> list[Pair]:
        return list(Pair.objects.filter(contest=self.contest))

    @property
    def stamp(self) -> str:
        return f"information {self.place.stamp} {self.expectation and self.expectation.pk} {self.is_large}"

    def districts(self) -> list[kabupaten.DistrictFacts]:
        if self.pair is None:
            return []
        return kabupaten.districts_of(self.contest, self.region, self.pair, self.expectation)


@login_required
@require_safe
def information_page(request: HttpRequest, slug: str, code: str) -> HttpResponse:
    """Show the kecamatan of a kabupaten against what was expected; digits and turnout from 1,000 TPS on.

    404 outside the reader's region, for a region that is no kabupaten, and where no contest covers it.
    """
    here = _HereInformed(request, slug, code)
    etag = page_etag(request, f"{here.stamp} {request.path}", fragment=False)
    if answer := unchanged(request, etag):
        return answer
    districts = here.districts()
    compared = sorted(
        (one for one in districts if one.difference is not None), key=lambda one: -abs(one.difference or 0)
    )
    digits = []
    if here.is_large and here.line.progress and here.line.progress.stations_in:
        pairs = [line.pair for line in here.line.pairs]
        digits = kabupaten.digits_of(here.contest, here.region, pairs, here.place.stamp)
    context = here.context(request) | {
        "progress": here.line.progress,
        "pair": here.pair,
        "expectation": here.expectation,
        "compared": compared,
        "expected_picture": here.address("information-picture", gambar="harapan"),
        "turnout_picture": here.address("information-picture", gambar="partisipasi"),
        "is_large": here.is_large,
        "fewest": kabupaten.FEWEST_STATIONS,
        "with_turnout": [one for one in districts if one.turnout is not None] if here.is_large else [],
        "digits": digits,
    }
    return with_etag(render(request, "analytics/information.html", context), etag)


@as_picture
@login_required
@require_safe
def information_picture(request: HttpRequest, slug: str, code: str) -> HttpResponse:
    """Draw ``?gambar=harapan`` or ``partisipasi`` as SVG; 404 where the page has no such picture."""
    here = _HereInformed(request, slug, code)
    kind, size = request.GET.get("gambar", ""), request.GET.get("ukuran", "")
    if kind not in PICTURES or size not in drawing.SIZES or (kind == "partisipasi" and not here.is_large):
        raise Http404
    etag = page_etag(request, f"{here.stamp} {kind} {size}", fragment=True)
    if answer := unchanged(request, etag):
        return answer
    try:
        drawn = PICTURES[kind](here.districts(), drawing.SIZES[size])
    except ValueError as nothing:
        raise Http404 from nothing
    return with_etag(HttpResponse(drawn, content_type="image/svg+xml"), etag)
