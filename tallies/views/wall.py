"""The big screen: what anybody sees who has its address, and nobody signed in.

No person is read here, not even when one asks: the page is the same for all.
"""

from __future__ import annotations

import hashlib
import math
import time
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language, override
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_safe

from sista import replica
from tallies.models import WallLink
from tallies.totals import places, reporting, wall_links
from tallies.totals.places import Place, place_of
from tallies.views.conditional import known_etags
from tallies.views.results import zone_of

#: How often a screen asks for news, in seconds.
ASKS_EVERY = 5


@require_safe
@sensitive_variables("token")
def screen(request: HttpRequest, token: str) -> HttpResponse:
    """Show the place of a link. ``?isi`` is the part that changes, for the script of a screen that is on.

    Never issued: 404. Revoked or expired: 410, from the next request on, as
    the link itself is asked for every time. What it shows is read once for
    all screens of the place (`settings.WALL_SECONDS`).
    """
    link = wall_links.find(token)
    with override(link.language if link else settings.LANGUAGE_CODE):
        if link is None or not link.is_open:
            return _guarded(HttpResponse(render_to_string("wall/ended.html"), status=410 if link else 404))
        wall_links.mark_seen(link, timezone.now())
        shown = _shown(link)
        return _guarded(_part(request, shown) if "isi" in request.GET else _whole(link, token, shown))


def _part(request: HttpRequest, shown: dict[str, Any]) -> HttpResponse:
    is_known = shown["etag"] in known_etags(request)
    response = HttpResponseNotModified() if is_known else HttpResponse(shown["html"])
    response["ETag"] = shown["etag"]
    return response


@sensitive_variables("token", "context")
def _whole(link: WallLink, token: str, shown: dict[str, Any]) -> HttpResponse:
    context = shown | {
        "address": reverse("wall", args=[token]),
        "seconds": ASKS_EVERY,
        "seconds_left": int((link.expires_at - timezone.now()).total_seconds()),
    }
    return HttpResponse(render_to_string("wall/screen.html", context))


def _guarded(response: HttpResponse) -> HttpResponse:
    """Keep the answer to this browser, and its address out of everything it leads to."""
    patch_cache_control(response, private=True, no_store=True)
    response["Content-Language"] = get_language()
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


# What is shown


def _shown(link: WallLink) -> dict[str, Any]:
    """What all screens of the place show, read anew by one of them before it is too old.

    It is kept for `settings.WALL_SECONDS` and no longer. In its last third
    one screen reads anew, and the others are not kept waiting meanwhile.
    """
    seconds = settings.WALL_SECONDS
    key = f"wall:{link.election_id}:{link.region_id}:{link.office}:{get_language()}"
    kept = cache.get(key)
    if kept:
        is_fresh = time.time() < kept["read_at"] + seconds * 2 / 3
        if is_fresh or not cache.add(f"{key}:reading", 1, timeout=max(1, seconds // 3)):
            return kept["shown"]
    # What a copy of the database is late by is part of the age.
    behind = replica.seconds_behind()
    shown, read_at = _read(link), time.time() - behind
    cache.set(key, {"shown": shown, "read_at": read_at}, timeout=max(1, seconds - math.ceil(behind)))
    return shown


def _read(link: WallLink) -> dict[str, Any]:
    election, region = link.election, link.region
    place = place_of(election, region, link.office)
    zone = zone_of(places.above(region))
    report = _report(place, link.office)
    html = render_to_string("wall/_report.html", report | {"election": election, "region": region, "zone": zone})
    return {
        "html": html,
        "etag": '"' + hashlib.sha256(html.encode()).hexdigest()[:32] + '"',
        "title": f"{region.title}, {election.name}",
        "is_practice": election.practice_of_id is not None,
        "party_stylesheet": reverse("party-css", args=[election.slug]),
        "zone": zone,
        "zone_name": timezone.now().astimezone(ZoneInfo(zone)).tzname(),
    }


def _report(place: Place, office: str) -> dict[str, Any]:
    """The numbers of the place, and the template that shows them."""
    if place.office != office:  # the contest was taken back since
        return {"body": "wall/_no_contest.html", "progress": None, "counted_at": None}
    if place.contest is None:
        party = reporting.party_report(place.election, office, place.region)
        return {
            "body": "wall/_party.html",
            "report": party,
            "progress": party.total,
            "counted_at": party.counted_at,
            "contest_rows": [(contest, line, "") for contest, line in party.contests],
        }
    contest = reporting.contest_report(place.contest, place.region)
    return {
        "body": "wall/_contest.html",
        "report": contest,
        "contest": place.contest,
        "progress": contest.line.progress,
        "counted_at": contest.counted_at,
        "child_rows": [(line, "") for line in contest.children],
    }
