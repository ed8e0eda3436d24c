"""The record of administrative acts, as a page: who did what, where and when."""

from __future__ import annotations

from datetime import MINYEAR, date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from accounts.models import AdministrativeEvent
from regions.models import Region
from sista.keys import key_in
from tallies.models import AuditSeal
from tallies.trail import listing
from tallies.trail.words import GROUPS, word_of
from tallies.views.results import zone_of

#: What of an event's content the page shows, in this order; the rest is for the verifier.
SHOWN = ("kind", "code", "path", "from", "to", "election", "table", "format", "role", "reason", "number")


@login_required
@require_safe
def acts(request: HttpRequest) -> HttpResponse:
    """A page of acts in the reader's region: ``wilayah``, ``jenis``, ``orang``, ``tanggal``; ``sebelum`` pages."""
    scope = request.user.scope
    if scope is None:
        raise Http404
    zone = zone_of(list(Region.objects.ancestors_of(scope)))
    wanted = _wanted(request, scope, zone)
    before = key_in(request.GET.get("sebelum", ""))
    page = listing.page(request.user, wanted, before=before)
    query = {
        "wilayah": wanted.region.code if wanted.region else "",
        "jenis": wanted.group,
        "orang": wanted.person,
        "tanggal": wanted.day.isoformat() if wanted.day else "",
    }
    kept = {name: value for name, value in query.items() if value}
    here = reverse("trail")
    context = {
        "rows": [(event, word_of(event.action), _said(event)) for event in page.events],
        "groups": [(word, label) for word, (label, _starts) in GROUPS.items()],
        "places": [scope, *scope.children.order_by("first")],
        "query": query,
        "is_filtered": bool(kept),
        "first_url": f"{here}?{urlencode(kept)}" if before else "",
        "next_url": f"{here}?{urlencode(kept | {'sebelum': page.next})}" if page.next else "",
        "seal": AuditSeal.objects.order_by("-seq").first(),
        "zone": zone,
    }
    return render(request, "trail/acts.html", context)


def _wanted(request: HttpRequest, scope: Region, zone: str) -> listing.Wanted:
    code = request.GET.get("wilayah", "").replace("\0", "")
    region = Region.objects.within(scope).filter(code=code).first() if code else None
    if code and region is None:
        raise Http404
    group = request.GET.get("jenis", "")
    try:
        day = date.fromisoformat(request.GET.get("tanggal", ""))
    except ValueError:
        day = None
    if day is not None and day.year < MINYEAR + 1:
        day = None  # its first hours have no date in UTC
    return listing.Wanted(
        region=None if region == scope else region,
        group=group if group in GROUPS else "",
        person=request.GET.get("orang", "").strip()[:60],
        day=day,
        zone=zone,
    )


def _said(event: AdministrativeEvent) -> list[tuple[str, Any]]:
    """What the event says of the act, short values only."""
    return [(name, event.content[name]) for name in SHOWN if event.content.get(name) not in (None, "")]
