"""The page of a lost target, down the tree to the TPS, and its picture."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from csp.constants import NONE, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from analytics.models import Finding, FindingEvent, FindingState, Rule, Severity, Target
from analytics.off_target import lost_picture
from analytics.off_target.lost_area import DISPUTED_LEVELS, TPS_NAMED, LostArea, lost_area
from analytics.off_target.lost_picture import Drawn
from analytics.views.finding_panel import panel_context
from regions.models import Region
from tallies.models import Contest
from tallies.totals import places
from tallies.totals.places import region_address
from tallies.views.conditional import page_etag, unchanged, with_etag
from tallies.views.results import zone_of


@login_required
@require_safe
def area(request: HttpRequest, slug: str, contest_id: int, code: str) -> HttpResponse:
    """Show an area of a contest: verdict, split of the loss, what lies below. 404 outside the reader's region."""
    contest, region = _place(request, slug, contest_id, code)
    found = Finding.objects.filter(rule=Rule.OFF_TARGET, contest=contest, region=region).first()
    return page(request, contest, region, found)


# Opened alone the picture is a document of its own: it has styles, and nothing else is let in.
@csp_replace({"default-src": [NONE], "style-src": [UNSAFE_INLINE]})
@login_required
@require_safe
def picture(request: HttpRequest, slug: str, contest_id: int, code: str) -> HttpResponse:
    """Draw expected and actual shares below an area; ``?ukuran=kecil`` for a phone. 404 while there are none."""
    contest, region = _place(request, slug, contest_id, code)
    size = request.GET.get("ukuran", "")
    if size not in lost_picture.WIDTH:
        raise Http404
    drawn = Drawn.of(lost_area(contest, region).below)
    if not drawn.places:
        raise Http404
    told = [(one.name, one.expected, one.actual) for one in drawn.places]
    stamp = hashlib.sha256(repr([told, size, contest.election.party_color]).encode()).hexdigest()
    etag = page_etag(request, f"dots {stamp}", fragment=True)
    if answer := unchanged(request, etag):
        return answer
    drawing = lost_picture.dots_picture(drawn, size, contest.election.party_color)
    return with_etag(HttpResponse(drawing, content_type="image/svg+xml"), etag)


def _place(request: HttpRequest, slug: str, contest_id: int, code: str) -> tuple[Contest, Region]:
    if request.user.scope is None or "\0" in code:  # PostgreSQL takes no NUL in a text
        raise Http404
    region = get_object_or_404(Region.objects.visible_to(request.user), code=code)
    contests = Contest.objects.select_related("region", "election")
    contest = get_object_or_404(contests, pk=contest_id, election__slug=slug)
    if not contest.region.contains(region):
        raise Http404
    return contest, region


@dataclass(frozen=True)
class HistoryLine:
    """One event of a finding. ``word``: opened, reopened, updated or closed."""

    event: FindingEvent
    word: str


def page(request: HttpRequest, contest: Contest, region: Region, found: Finding | None) -> HttpResponse:
    """The page of ``region``, which the reader may see; ``found`` is its finding of rule W, if there is one."""
    shown = lost_area(contest, region)
    election, judged = contest.election, shown.judged
    above = places.above(region)
    zone = zone_of(above)
    today = timezone.now().astimezone(ZoneInfo(zone)).date()
    context: dict[str, Any] = {
        "election": election,
        "party_stylesheet": reverse("party-css", args=[election.slug]),
        "area": shown,
        "region": region,
        "row": judged,
        "line": shown.line,
        "progress": shown.line.progress,
        "state": judged.verdict.state if judged else "waiting",
        "finding": found,
        "is_open": found is not None and found.is_active,
        "was_closed": found is not None and found.state == FindingState.CLOSED,
        "severity": Severity(found.severity).name if found else "",
        "target": shown.target or _last_target(found),
        "behind_by": -judged.verdict.margin_votes if judged else None,
        "population": region.population,
        "has_threshold": region.level in DISPUTED_LEVELS,
        "dispute": shown.dispute,
        "named": shown.marked[:TPS_NAMED],
        "drawn": len(Drawn.of(shown.below).places),
        "history": history_of(found) if found else [],
        "places": _trail(request, contest, above),
        "region_url": region_address(election, region),
        "region_admin_url": _admin_url(request, "regions_region_change", region.pk),
        "outcome_admin_url": _outcome_url(request, shown),
        "days_left": (shown.deadline - today).days if shown.deadline else None,
        "zone": zone,
        "zone_name": timezone.now().astimezone(ZoneInfo(zone)).tzname(),
    }
    if found is not None:
        context |= panel_context(request, found)
    ours = shown.line.usungan
    if shown.expected_share is not None and ours and ours.share is not None:
        context["gap_to_expected"] = ours.share - shown.expected_share
    return render(request, "analytics/lost_target.html", context)


def _last_target(found: Finding | None) -> Target | None:
    """The target the finding was judged against, once none is active any more."""
    if found is None or "target" not in found.numbers:
        return None
    return Target.objects.filter(pk=found.numbers["target"], contest=found.contest_id).first()


def history_of(found: Finding) -> list[HistoryLine]:
    """Newest first; an opening that is not the first is a reopening."""
    lines: list[HistoryLine] = []
    for event in found.events.select_related("actor"):
        again = event.action == "opened" and bool(lines)
        lines.append(HistoryLine(event, "reopened" if again else event.action))
    return lines[::-1]


def _trail(request: HttpRequest, contest: Contest, above: list[Region]) -> list[dict[str, str]]:
    """The areas of the contest down to this one; those above the reader's region carry no link."""
    scope, slug = request.user.scope, contest.election.slug
    return [
        {
            "name": one.title,
            "url": reverse("lost-area", args=[slug, contest.pk, one.code]) if scope.contains(one) else "",
        }
        for one in above
        if contest.region.contains(one)
    ]


def _admin_url(request: HttpRequest, name: str, *keys: int) -> str:
    """An address of the admin, for those who may change things there."""
    user = request.user
    if not (user.is_superuser or (user.is_staff and user.may_decide)):
        return ""
    return reverse(f"admin:{name}", args=keys)


def _outcome_url(request: HttpRequest, shown: LostArea) -> str:
    if shown.outcome:
        return _admin_url(request, "analytics_contestoutcome_change", shown.outcome.pk)
    add = _admin_url(request, "analytics_contestoutcome_add")
    return f"{add}?contest={shown.contest.pk}" if add else ""
