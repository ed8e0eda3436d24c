"""The page of what revoked witnesses still sent: read-only."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from sista.keys import key_in
from tallies.count_room import quarantine
from tallies.models import Election
from tallies.totals import reporting


@login_required
@require_safe
def quarantine_page(request: HttpRequest, slug: str) -> HttpResponse:
    """List what is in quarantine in the reader's region, the newest first. ``?sebelum=`` pages."""
    scope = request.user.scope
    if scope is None:
        raise Http404
    election = get_object_or_404(Election.objects.visible_to(request.user), slug=slug)
    asked = request.GET.get("sebelum", "")
    before = key_in(asked)
    entries, following = quarantine.page(request.user, election, before=before)
    context = {
        "election": election,
        "party_stylesheet": reverse("party-css", args=[slug]),
        "scope": scope,
        "entries": [(entry, reporting.station_state(entry.result) if entry.result else "") for entry in entries],
        "first_url": request.path if before else "",
        "next_url": f"{request.path}?sebelum={following}" if following else "",
        "queue_url": reverse("verification-queue", args=[slug]),
    }
    return render(request, "verification/quarantine.html", context)
