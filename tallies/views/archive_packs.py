"""The archive of a kecamatan or kabupaten as a ZIP: offered, its progress, the file, its end."""

from __future__ import annotations

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

from regions.models import Region
from tallies.archive import pack_jobs
from tallies.archive.browsing import Asked, is_packable
from tallies.models import ArchivePack, Election
from tallies.views.archive import election_context
from tallies.views.scopes import reader_scope


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def offer(request: HttpRequest, slug: str, code: str) -> HttpResponse:
    """Offer the archive of a region, and have it made on POST.

    404 outside the reader's region and for a region that is no kecamatan or kabupaten, 403 for who only reads.
    """
    scope = reader_scope(request)
    election = get_object_or_404(Election.objects.visible_to(request.user), slug=slug)
    region = get_object_or_404(Region.objects.within(scope), code=code.replace("\0", ""))
    if not is_packable(region):
        raise Http404
    _refuse(request)
    problem, status = "", 200
    if request.method == "POST":
        try:
            return redirect("archive-pack", pack_jobs.ask(election, region, by=request.user).uuid)
        except pack_jobs.TooManyPacks:
            problem, status = "many", 429
        except pack_jobs.TooLarge:
            problem, status = "large", 413
    context = {
        **election_context(election),
        "region": region,
        "problem": problem,
        "most": settings.ARCHIVES_PER_PERSON,
        "hours": settings.EXPORT_HOURS,
        "bytes": pack_jobs.bytes_of(election, region),
        "back": _back(election, region),
        "packs": ArchivePack.objects.visible_to(request.user).select_related("region", "election")[:20],
    }
    return render(request, "archive/pack_offer.html", context, status=status)


@login_required
@require_safe
def pack(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Tell how far an archive is; for htmx only the part that changes. Its owner's alone: 404 for anybody else."""
    found = _own(request, uuid)
    context = {
        **election_context(found.election),
        "pack": found,
        "zone": found.region.zone,
        "again": reverse("archive-pack-offer", args=[found.election.slug, found.region.code]),
        "back": _back(found.election, found.region),
    }
    return render(request, "archive/_pack.html" if request.htmx else "archive/pack.html", context)


@login_required
@require_safe
def pack_file(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Hand out the ZIP, to its owner, while the region is still the owner's; and record that it was fetched."""
    found = _own(request, uuid)
    if not found.is_ready:
        raise Http404
    try:
        content = pack_jobs.store().open(found.stored_name)
    except FileNotFoundError as error:
        raise Http404 from error
    if request.method == "GET":
        pack_jobs.record_download(found, by=request.user)
    name = slugify(f"arsip-{found.election.slug}-{found.region.code.replace('.', '-')}")
    response = FileResponse(content, as_attachment=True, filename=f"{name}.zip", content_type="application/zip")
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


@login_required
@require_POST
def pack_remove(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Remove the file before its day is over."""
    found = _own(request, uuid)
    pack_jobs.remove(found)
    messages.success(request, _("Berkas dihapus."))
    return redirect(_back(found.election, found.region))


def _own(request: HttpRequest, uuid: UUID) -> ArchivePack:
    rows = ArchivePack.objects.visible_to(request.user).select_related("election", "region__parent")
    found = get_object_or_404(rows, uuid=uuid)
    _refuse(request)
    return found


def _refuse(request: HttpRequest) -> None:
    if not request.user.may_decide:
        raise PermissionDenied


def _back(election: Election, region: Region) -> str:
    return reverse("archive", args=[election.slug]) + Asked().address(region)
