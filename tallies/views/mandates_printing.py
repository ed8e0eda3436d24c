"""Letters of mandate are printed here: of a region, with progress, as one file a kecamatan."""

from __future__ import annotations

import tempfile
import zipfile
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regions.models import Level, Region
from tallies.mandates import jobs, listing
from tallies.models import Assignment, Election, Mandate, MandateBatch, MandateFile, PageFormat, Printed
from tallies.views.mandates import chosen_election, chosen_place
from tallies.views.scopes import acting_scope

#: Batches that the page lists.
LISTED = 20


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def home(request: HttpRequest) -> HttpResponse:
    """Choose election, region, size and which letters; a POST has them printed. ``?pemilihan=``, ``?wilayah=``.

    Nothing is counted above a kabupaten, and nothing printed: there the page asks for one.
    """
    scope = acting_scope(request)
    election, elections = chosen_election(request, open_only=True)
    place = chosen_place(request, scope)
    too_many = False
    if request.method == "POST" and election:
        try:
            made = _ask(request, election, place)
        except jobs.TooManyBatches:
            too_many = True
        else:
            return redirect("mandate-batch", made.uuid)
    mine = MandateBatch.objects.of_maker(request.user).select_related("election", "region", "assignment__witness")
    context = {
        "election": election,
        "elections": elections,
        "scope": scope,
        "place": place,
        "choices": _choices(place),
        "may_print": place.level >= Level.REGENCY,
        "counts": _counts(request, election, place) if election and place.level >= Level.REGENCY else None,
        "formats": PageFormat.choices,
        "printed": Printed.choices,
        "batches": mine[:LISTED],
        "too_many": too_many,
        "most_files": settings.EXPORTS_PER_PERSON,
        "hours": settings.EXPORT_HOURS,
        "states": list(listing.STATE_LABELS.items()),
        "roster_url": _roster_url(),
        "zone": scope.zone,
    }
    return render(request, "mandates/home.html", context, status=429 if too_many else 200)


def _ask(request: HttpRequest, election: Election, place: Region) -> MandateBatch:
    page_format, printed = request.POST.get("ukuran", ""), request.POST.get("surat", "")
    try:
        return jobs.ask(
            election,
            place,
            by=request.user,
            origin=request.build_absolute_uri("/"),
            page_format=page_format if page_format in PageFormat.values else PageFormat.A4,
            printed=printed if printed in Printed.values else Printed.MISSING,
        )
    except jobs.Refused as error:
        raise PermissionDenied from error


def _choices(place: Region) -> list[Region]:
    """Where to narrow down to: what lies in ``place``."""
    return list(Region.objects.filter(parent=place).order_by("first")) if place.level < Level.VILLAGE else []


def _counts(request: HttpRequest, election: Election, place: Region) -> dict[str, int]:
    """Witnesses at stations of a kabupaten or less, and how many of them have a valid letter."""
    inside = {"station__election": election, "station__region__first__range": (place.first, place.last)}
    assigned = Assignment.objects.active().visible_to(request.user).filter(**inside)
    with_letter = Mandate.objects.valid().filter(
        assignment__revoked_at=None, **{f"assignment__{name}": value for name, value in inside.items()}
    )
    found = {"assigned": assigned.count(), "with_letter": with_letter.count()}
    return found | {"missing": found["assigned"] - found["with_letter"]}


def _roster_url() -> str:
    try:
        return reverse("roster-home")
    except NoReverseMatch:
        return ""


# One batch


@never_cache
@login_required
@require_safe
def batch(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Tell how far a batch is; for htmx only the part that changes. Its maker's alone: 404 for anybody else."""
    found = _own(request, uuid)
    context = {
        "batch": found,
        "files": found.files.exclude(sha256="").select_related("region"),
        "election": found.election,
        "zone": found.region.zone,
    }
    return render(request, "mandates/_batch.html" if request.htmx else "mandates/batch.html", context)


@login_required
@require_safe
def one_file(request: HttpRequest, uuid: UUID, code: str) -> HttpResponseBase:
    """Hand out the letters of one kecamatan, to who had them made, and write down that they were fetched."""
    found = _own(request, uuid)
    file = get_object_or_404(_whole(found), region__code=code.replace("\0", ""))
    content = _opened(file)
    if request.method == "GET":
        jobs.record_download(found, [file], by=request.user)
    return _as_download(content, f"{_name(found, file.region)}.pdf", "application/pdf")


@login_required
@require_safe
def all_files(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Hand out the files of all kecamatan that are ready in one ZIP, as `one_file` does one."""
    found = _own(request, uuid)
    files = list(_whole(found).select_related("region"))
    if not files:
        raise Http404
    out = tempfile.TemporaryFile()  # noqa: SIM115  closed by the response
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        for file in files:
            with _opened(file) as content:
                packed.writestr(f"{_name(found, file.region)}.pdf", content.read())
    out.seek(0)
    if request.method == "GET":
        jobs.record_download(found, files, by=request.user)
    return _as_download(out, f"{_name(found, found.region)}.zip", "application/zip")


@login_required
@require_POST
def remove(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Remove the files before their day is over; the letters stay valid."""
    jobs.remove(_own(request, uuid))
    messages.success(request, _("Berkas dihapus. Surat yang sudah dicetak tetap berlaku."))
    return redirect("mandates")


def _own(request: HttpRequest, uuid: UUID) -> MandateBatch:
    rows = MandateBatch.objects.of_maker(request.user).select_related("election", "region", "assignment__witness")
    found: MandateBatch = get_object_or_404(rows, uuid=uuid)
    acting_scope(request)
    return found


def _whole(found: MandateBatch) -> Any:
    """The files that are there; none of a batch whose day is over, also before the sweep has come by."""
    return found.files.exclude(sha256="") if found.has_files else found.files.none()


def _opened(file: MandateFile) -> Any:
    try:
        return jobs.store().open(file.stored_name)
    except FileNotFoundError as error:
        raise Http404 from error


def _name(found: MandateBatch, region: Region) -> str:
    return slugify(f"surat-mandat-{found.election.slug}-{region.code.replace('.', '-')}-{region.name}")


def _as_download(content: Any, name: str, content_type: str) -> FileResponse:
    response = FileResponse(content, as_attachment=True, filename=name, content_type=content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
