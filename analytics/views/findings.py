"""The list of findings, one of them, and what a person does with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from analytics.findings import acting, attaching, flood, in_words, listing, refusals
from analytics.findings.acting import ActionRefused, Seen
from analytics.findings.attaching import AttachmentRefused
from analytics.findings.describing import described
from analytics.findings.listing import Asked, Position, View
from analytics.models import (
    AttachmentKind,
    ElectionRules,
    Finding,
    FindingAttachment,
    Rule,
    Severity,
)
from analytics.views import targets
from analytics.views.finding_panel import panel_context
from regions.models import Region
from sista.keys import key_in
from tallies import photos
from tallies.count_room import work_queue
from tallies.models import Election, Photo, PhotoState
from tallies.views.conditional import page_etag, unchanged, with_etag
from tallies.views.photos import FRESH_SECONDS, stored_copy
from tallies.views.results import zone_of

# The list


@login_required
@require_safe
def findings(request: HttpRequest, slug: str) -> HttpResponse:
    """List the findings of the reader's region, the gravest first; ``?temuan=`` shows one beside them.

    For htmx only the list, for a known ETag 304. Filters: `listing.Asked`. Without a region, or with the region of
    another in the filter, 404.
    """
    scope = request.user.scope
    if scope is None:
        raise Http404
    election = get_object_or_404(Election.objects.visible_to(request.user), slug=slug)
    asked, after = _asked(request.GET, scope), Position.read(request.GET.get("setelah", ""))
    counts = listing.counts(request.user, election, asked)
    fragment = bool(request.htmx)
    progress = work_queue.progress(request.user, election)
    stamp = f"{request.get_full_path()} {counts.stamp} {progress['counted_at']} {election.phase}"
    etag = page_etag(request, stamp, fragment=fragment)
    if answer := unchanged(request, etag):
        return answer
    chosen = _chosen(request, election)
    context = _list_context(request, election, asked, after, counts)
    context |= {"progress": progress, "chosen": chosen.pk if chosen else None} | clock(scope)
    if fragment:
        return with_etag(render(request, "analytics/_findings.html", context), etag)
    context["fragment_etag"] = page_etag(request, stamp, fragment=True)
    if chosen:
        context |= panel_context(request, chosen)
        etag = None  # what stands beside the list is not in its stamp
    return with_etag(render(request, "analytics/findings.html", context), etag)


def _asked(given: QueryDict, scope: Region) -> Asked:
    try:
        return Asked.read(given, scope)
    except Region.DoesNotExist as error:
        raise Http404 from error


def _chosen(request: HttpRequest, election: Election) -> Finding | None:
    """The finding beside the list: 404 when it is not the reader's. That of rule W has a page only."""
    key = request.GET.get("temuan", "")
    if not key:
        return None
    rows = listing.with_place(listing.visible(request.user, election)).exclude(rule=Rule.OFF_TARGET)
    return get_object_or_404(rows, pk=key_in(key) or 0)


def _list_context(
    request: HttpRequest, election: Election, asked: Asked, after: Position | None, counts: listing.Counts
) -> dict[str, Any]:
    here, scope = request.path, request.user.scope
    page = listing.page(request.user, election, asked, after=after)
    by_severity = counts.severities(asked.view)
    regions = Region.objects.filter(parent=scope).order_by("first")
    rules = ElectionRules.objects.filter(election=election).first()
    kept = {"setelah": str(after)} if after else {}
    return {
        "election": election,
        "party_stylesheet": reverse("party-css", args=[election.slug]),
        "scope": scope,
        "asked": asked,
        "place": asked.region or scope,
        "rows": in_words.rows(
            [(one, asked.address(here, temuan=str(one.finding.pk), **kept)) for one in described(page.rows)]
        ),
        "views": [
            (
                label,
                counts.views[view],
                asked.address(here, keadaan="" if view == View.ACTIVE else view),
                view == asked.view,
            )
            for view, label in listing.VIEW_LABELS.items()
            if view != View.MINE or request.user.may_decide
        ],
        "severities": [
            (
                word,
                Severity(level).name,
                by_severity[level],
                asked.address(here, saring="" if word == asked.severity else word),
                word == asked.severity,
            )
            for word, level in listing.SEVERITIES.items()
        ],
        "groups": listing.GROUP_LABELS.items(),
        "regions": list(regions),
        "held": counts.held if asked.view == View.ACTIVE else 0,
        "most_open": rules.most_open if rules else flood.MOST_OPEN,
        "is_filtered": bool(set(asked.query) - {"keadaan"}),
        "address": request.get_full_path(),
        "list_query": request.GET.urlencode(),
        "first_url": asked.address(here) if after else "",
        "next_url": asked.address(here, setelah=str(page.next)) if page.next else "",
        "all_url": here,
        "export_query": asked.address("").removeprefix("?"),
    }


def clock(region: Region) -> dict[str, Any]:
    zone = zone_of(list(Region.objects.ancestors_of(region)))
    return {"zone": zone, "zone_name": timezone.now().astimezone(ZoneInfo(zone)).tzname()}


# One finding


@login_required
@require_safe
def finding(request: HttpRequest, finding_id: int) -> HttpResponse:
    """Show one finding on a page of its own; that of rule W is `analytics.views.targets.finding`."""
    found = _visible(request, finding_id)
    if found.rule == Rule.OFF_TARGET:
        return targets.finding(request, finding_id)
    return _page(request, found)


def _visible(request: HttpRequest, finding_id: int) -> Finding:
    return get_object_or_404(listing.with_place(Finding.objects.visible_to(request.user)), pk=finding_id)


def _page(request: HttpRequest, found: Finding, *, status: int = 200, **attempt: Any) -> HttpResponse:
    election = found.contest.election
    context = {
        "election": election,
        "party_stylesheet": reverse("party-css", args=[election.slug]),
        "finding": found,
        "list_url": reverse("findings", args=[election.slug]),
        "progress": work_queue.progress(request.user, election),
    }
    context |= panel_context(request, found, **attempt) | clock(found.region)
    return render(request, "analytics/finding_page.html", context, status=status)


# What a person does

_ANSWERS: dict[str, Callable[..., acting.Done]] = {
    "jelaskan": acting.explain,
    "teruskan": acting.escalate,
    "pastikan": acting.confirm,
    "buka-lagi": acting.reopen,
    "catat": acting.note,
}


@login_required
@require_POST
def act(request: HttpRequest, finding_id: int) -> HttpResponse:
    """Do what ``tindakan`` says: 404 outside the reader's region, 403 for who only reads.

    400 with the page for what is not complete, 409 when somebody or a rule was quicker; nothing is written then.
    """
    found = _visible(request, finding_id)
    if not request.user.may_decide:
        raise PermissionDenied
    version, event = (key_in(request.POST.get(name, "")) for name in ("versi", "peristiwa"))
    action = request.POST.get("tindakan", "")
    if version is None or event is None or action not in {"tugaskan", *_ANSWERS}:
        raise BadRequest("tindakan, versi or peristiwa is missing")
    try:
        done = _do(request, found, action, Seen(version, event))
    except (ActionRefused, AttachmentRefused) as refused:
        status = 409 if refused.code in refusals.OVERTAKEN else 400
        said = {"error": refusals.sentence(refused.code), "reason": request.POST.get("alasan", "")}
        who = getattr(refused, "event", None)
        return _page(request, _visible(request, finding_id), status=status, overtaken_by=who, **said)
    if done.is_new:
        messages.success(request, _("Tersimpan dalam riwayat temuan."))
    else:
        messages.info(request, _("Ini sudah tersimpan; tidak ada yang baru."))
    return redirect(_way_back(request, found))


def _do(request: HttpRequest, found: Finding, action: str, seen: Seen) -> acting.Done:
    if action == "tugaskan":
        to = User.objects.filter(pk=key_in(request.POST.get("kepada", "")) or 0).first()
        if to is None:
            raise ActionRefused("not_assignable")
        return acting.assign(found, to, seen=seen, by=request.user)
    files = request.FILES.getlist("berkas")
    if len(files) > attaching.MOST_FILES:
        raise AttachmentRefused("too_many_files")
    if any(file.size > attaching.MOST_BYTES for file in files):
        raise AttachmentRefused("attachment_too_large")
    read = [file.read() for file in files]
    return _ANSWERS[action](found, request.POST.get("alasan", ""), seen=seen, by=request.user, files=read)


def _way_back(request: HttpRequest, found: Finding) -> str:
    """The list with its filters and the finding beside it, where it was; else the finding's own page."""
    given = QueryDict(request.POST.get("dari", ""))
    if found.rule == Rule.OFF_TARGET or "temuan" not in given:
        return reverse("finding", args=[found.pk])
    path = reverse("findings", args=[found.contest.election.slug])
    return _asked(given, request.user.scope).address(path, temuan=str(found.pk))


# A file beside an answer


@login_required
@require_safe
def attachment(request: HttpRequest, finding_id: int, attachment_id: int) -> HttpResponseBase:
    """Serve a file of a finding's history to who sees the finding; 404 also while a photo's copy is not made.

    Of a photo the re-encoded copy is shown. A PDF is somebody else's program: it is only ever downloaded.
    """
    found = get_object_or_404(Finding.objects.visible_to(request.user), pk=finding_id)
    file = get_object_or_404(FindingAttachment.objects.filter(event__finding=found), pk=attachment_id)
    if file.kind == AttachmentKind.PHOTO:
        get_object_or_404(Photo, pk=file.sha256, state=PhotoState.READY)
        response = stored_copy(file.sha256)
    else:
        try:
            stream = photos.store().open(attaching.pdf_name(file.sha256))
        except FileNotFoundError as error:
            raise Http404 from error
        name = f"temuan-{found.pk}-{file.number}.pdf"
        response = FileResponse(stream, as_attachment=True, content_type="application/pdf", filename=name)
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    patch_cache_control(response, private=True, max_age=FRESH_SECONDS)
    return response
