"""Evidence packs: asked for from a finding or a region, their progress, the file, what was made here."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from analytics.evidence import jobs, verify
from analytics.evidence.facts import address_of
from analytics.evidence.subject import Subject
from analytics.models import EvidencePack, EvidenceState, Finding
from regions.models import Region
from tallies.totals.places import place_for

#: Packs that the list shows at most.
LISTED = 100


# Asking


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def of_region(request: HttpRequest, slug: str, code: str) -> HttpResponse:
    """Offer the pack of a region, and have it made on POST.

    404 outside the reader's region and above the contests, 403 for who only reads.
    """
    place = place_for(request.user, slug, code, office=request.GET.get("jabatan", ""))
    _refuse(request)
    if place.contest is None:
        raise Http404
    return _offer(request, Subject(place.contest, place.region))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def of_finding(request: HttpRequest, finding_id: int) -> HttpResponse:
    """Offer the pack of a finding, and have it made on POST. As `of_region`."""
    rows = Finding.objects.visible_to(request.user).select_related(
        "contest__region", "contest__election", "region", "station"
    )
    found = get_object_or_404(rows, pk=finding_id)
    _refuse(request)
    return _offer(request, Subject.of_finding(found))


def _refuse(request: HttpRequest) -> None:
    if not request.user.may_decide:
        raise PermissionDenied


def _offer(request: HttpRequest, subject: Subject) -> HttpResponse:
    too_many, status = False, 200
    too_large = subject.is_too_large(request.user)
    if request.method == "POST" and not too_large:
        try:
            pack = jobs.ask(subject, by=request.user, origin=request.build_absolute_uri("/"))
        except jobs.TooManyPacks:
            too_many, status = True, 429
        else:
            return redirect("evidence", pack.uuid)
    below = Region.objects.filter(parent=subject.region) if too_large else Region.objects.none()
    context = {
        "election": subject.contest.election,
        "party_stylesheet": reverse("party-css", args=[subject.contest.election.slug]),
        "subject": subject,
        "back": address_of(subject),
        "stations": None if too_large else subject.results(request.user).count(),
        "too_large": too_large,
        "too_many": too_many,
        "below": below,
        "most_stations": settings.EVIDENCE_MOST_STATIONS,
        "most_packs": settings.EVIDENCE_PER_PERSON,
        "hours": settings.EVIDENCE_HOURS,
        "address": request.get_full_path(),
        "query": f"?jabatan={subject.contest.office}",
    }
    return render(request, "evidence/offer.html", context, status=status)


# What was made


@login_required
@require_safe
def packs(request: HttpRequest) -> HttpResponse:
    """List the packs of the reader's region: own ones with their file, others' as a record. 404 without a region."""
    if request.user.scope is None:
        raise Http404
    _refuse(request)
    rows = EvidencePack.objects.visible_to(request.user)
    rows = rows.select_related("made_by", "region", "contest__election", "contest__region", "finding")
    context = {
        "packs": rows.filter(made_by=request.user)[:LISTED],
        "others": rows.exclude(made_by=request.user).exclude(state=EvidenceState.FAILED)[:LISTED],
        "zone": request.user.scope.zone,
    }
    return render(request, "evidence/list.html", context)


@login_required
@require_safe
def pack(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Tell how far a pack is; for htmx only the part that changes. Its maker's alone: 404 for anybody else."""
    found = _own(request, uuid)
    subject = Subject.of_pack(found)
    context = {
        "pack": found,
        "election": found.contest.election,
        "party_stylesheet": reverse("party-css", args=[found.contest.election.slug]),
        "subject": subject,
        "zone": found.region.zone,
        "again": _again(found),
        "back": address_of(subject),
        "downloads": found.downloads.select_related("by"),
    }
    return render(request, "evidence/_pack.html" if request.htmx else "evidence/pack.html", context)


@login_required
@require_safe
def pack_file(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Hand out the ZIP, to its maker, while the region is still the maker's; and write down that it was fetched."""
    found = _own(request, uuid)
    if not found.is_ready:
        raise Http404
    try:
        content = jobs.store().open(found.stored_name)
    except FileNotFoundError as error:
        raise Http404 from error
    if request.method == "GET":
        jobs.record_download(found, by=request.user)
    name = slugify(f"bukti-{found.contest.election.slug}-{found.region.code.replace('.', '-')}-{found.uuid.hex[:8]}")
    response = FileResponse(content, as_attachment=True, filename=f"{name}.zip", content_type="application/zip")
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["ETag"] = f'"{found.sha256}"'
    return response


@login_required
@require_POST
def pack_remove(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Remove the file before its day is over; what was made stays in the list."""
    jobs.remove(_own(request, uuid))
    messages.success(request, _("Berkas dihapus. Catatannya tetap ada."))
    return redirect("evidence-packs")


@login_required
@require_safe
def verifier(request: HttpRequest) -> HttpResponse:
    """The verifier from the archive itself: who was handed a pack need not trust the one inside."""
    _refuse(request)
    response = HttpResponse(Path(verify.__file__).read_bytes(), content_type="text/x-python; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="verify.py"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _own(request: HttpRequest, uuid: UUID) -> EvidencePack:
    rows = EvidencePack.objects.of_maker(request.user)
    rows = rows.select_related(
        "contest__election", "contest__region", "region__parent", "finding__region", "finding__station"
    )
    found = get_object_or_404(rows, uuid=uuid)
    _refuse(request)
    return found


def _again(found: EvidencePack) -> Any:
    if found.finding_id:
        return reverse("finding-evidence", args=[found.finding_id])
    path = reverse("region-evidence", args=[found.contest.election.slug, found.region.code])
    return f"{path}?jabatan={found.contest.office}"
