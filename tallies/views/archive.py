"""Tata laksana arsip: what came in, found again by place, TPS, person or code; and one with its whole history."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.models import Role
from regions.models import Region
from tallies import photos
from tallies.archive import browsing, history
from tallies.archive.browsing import KINDS, STATES, Asked
from tallies.models import C1Form, Election, QuarantinedForm, RecapForm
from tallies.views.scopes import reader_scope


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The newest election of the reader's region."""
    reader_scope(request)
    election = Election.objects.visible_to(request.user).first()
    return redirect("archive", election.slug) if election else redirect("results-home")  # which says what is missing


@login_required
@require_safe
def browse(request: HttpRequest, slug: str) -> HttpResponse:
    """List what the archive holds of a region (``?wilayah=``) by kind, state and search; ``?sesudah=`` pages."""
    scope = reader_scope(request)
    election = get_object_or_404(Election.objects.visible_to(request.user), slug=slug)
    region = scope
    if code := request.GET.get("wilayah", "").replace("\0", ""):
        region = get_object_or_404(Region.objects.within(scope), code=code)
    asked = Asked.read(request.GET)
    page = browsing.page_of(request.user, election, region, asked)
    tree = browsing.tree_at(scope, region)
    pictured = photos.photos_of_each(page.rows) if asked.kind in ("c1", "foto") else {}
    rows = [
        {
            "form": form,
            "state": browsing.state_of(form)[0] if asked.kind != "karantina" else "",
            "photos": pictured.get(form.pk, ()),
        }
        for form in page.rows
    ]
    context = {
        **election_context(election),
        "scope": scope,
        "tree": tree,
        "places": [{"name": one.title, "url": asked.address(one)} for one in tree.above],
        "below": [(one, asked.address(one)) for one in tree.below],
        "asked": asked,
        "kinds": KINDS.items(),
        "states": STATES.items(),
        "rows": rows,
        "is_too_wide": browsing.is_too_wide(region, asked),
        "is_filtered": bool(asked.state or asked.search),
        "all_url": asked.address(region, keadaan="", cari=""),
        "first_url": asked.address(region) if asked.after else "",
        "next_url": asked.address(region, sesudah=page.following) if page.following else "",
        "may_pack": browsing.is_packable(region) and request.user.may_decide,
        "sees_retention": request.user.is_superuser or request.user.role == Role.PROVINCE_STAFF,
        "zone": region.zone,
    }
    return render(request, "archive/list.html", context)


@login_required
@require_safe
def form(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One C1 with its whole history; 404 outside the reader's region."""
    reader_scope(request)
    rows = C1Form.objects.visible_to(request.user).select_related(
        "station__region__parent", "contest__region", "contest__election", "submitted_by", "supersedes"
    )
    found = get_object_or_404(rows.prefetch_related("votes__pair", "photo_names", "counted_in"), uuid=uuid)
    title = f"{found.station.title}, {found.station.region.title}"
    return _one(request, history.history_of_form(found), found.station.region, title, "c1")


@login_required
@require_safe
def recap(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One D.Hasil with its whole history; 404 outside the reader's region."""
    reader_scope(request)
    rows = RecapForm.objects.visible_to(request.user).select_related(
        "region__parent", "contest__region", "contest__election", "submitted_by", "supersedes"
    )
    rows = rows.prefetch_related("columns__votes__pair", "photo_names", "counted_in")
    found = get_object_or_404(rows, uuid=uuid)
    return _one(request, history.history_of_recap(found, request.user), found.region, found.region.title, "rekap")


@login_required
@require_safe
def quarantined(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One sending of a revoked witness, as it came; 404 outside the reader's region."""
    reader_scope(request)
    rows = QuarantinedForm.objects.visible_to(request.user).select_related(
        "station__region__parent", "contest__region", "contest__election", "submitted_by"
    )
    found = get_object_or_404(rows, uuid=uuid)
    context = {
        **election_context(found.contest.election),
        "form": found,
        "region": found.station.region,
        "zone": found.station.region.zone,
        "pairs": [(pair, found.content.get("votes", {}).get(str(pair.number))) for pair in found.contest.pairs.all()],
        "back": _back(found.contest.election, found.station.region, "karantina"),
    }
    return render(request, "archive/quarantined.html", context)


def _one(request: HttpRequest, found: history.History, region: Region, title: str, kind: str) -> HttpResponse:
    election = found.form.contest.election
    context = {
        **election_context(election),
        "history": found,
        "form": found.form,
        "region": region,
        "title": title,
        "kind": kind,
        "zone": region.zone,
        "back": _back(election, region, kind),
    }
    return render(request, "archive/form.html", context)


def _back(election: Election, region: Region, kind: str) -> str:
    return reverse("archive", args=[election.slug]) + Asked(kind=kind).address(region)


def election_context(election: Election) -> dict[str, Any]:
    return {"election": election, "party_stylesheet": reverse("party-css", args=[election.slug])}
