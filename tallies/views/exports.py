"""Take a table away as a file: a short one at once, a long one from a page that tells how far it is."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import recording
from regions.models import LEVEL_WORDS, Level, Region
from tallies.exports import files, jobs
from tallies.exports.tables import (
    DESK_TABLES,
    Filters,
    NoSuchTable,
    Table,
    TableName,
    levels_at,
    names_at,
    refuse,
    table_of,
)
from tallies.models import ExportJob, FileFormat, Office
from tallies.totals import places
from tallies.totals.places import Place, place_for
from tallies.views.results import zone_of

# One table


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def export(request: HttpRequest, slug: str, code: str, table: str, file_format: str) -> HttpResponseBase:
    """Answer a table as a file, or offer to prepare one that is too long to wait for; a POST has it prepared.

    Filters are those of the page (`Filters`). 404 for who sees no figures, outside the
    reader's region, and for a table that is not there; 403 for a table of those who decide.
    """
    if file_format not in FileFormat.values:
        raise Http404
    filters = Filters.read(request.GET)
    place = place_for(request.user, slug, code, office=filters.office)
    found = _table(request.user, place, table, filters)
    most = _direct_rows(file_format)
    rows = found.count(most + 1)
    if rows <= most:
        return _at_once(request, place, table, filters, file_format)
    rows = found.count(None)
    if rows > files.MOST_ROWS.get(FileFormat(file_format), rows):
        return _offer(request, place, found, rows, file_format, fits=False)
    if request.method != "POST":
        return _offer(request, place, found, rows, file_format, fits=True)
    try:
        job = jobs.ask(place, table, filters, file_format, rows=rows, by=request.user)
    except jobs.TooManyFiles:
        return _offer(request, place, found, rows, file_format, fits=True, too_many=True, status=429)
    return redirect("export-job", job.uuid)


def _direct_rows(file_format: str) -> int:
    """Paper costs ten times what a row of a file does."""
    return settings.EXPORT_DIRECT_ROWS // (10 if file_format == FileFormat.PDF else 1)


def _table(user: Any, place: Place, name: str, filters: Filters) -> Table:
    try:
        return table_of(user, place, name, filters)
    except NoSuchTable as error:
        raise Http404 from error


def _at_once(request: HttpRequest, place: Place, table: str, filters: Filters, file_format: str) -> HttpResponseBase:
    user = request.user
    out = files.written(lambda: table_of(user, place, table, filters), file_format)
    _record("table downloaded", request, place.election.slug, place.region, table, file_format)
    return _as_download(out, place.election.slug, place.region.code, table, file_format)


def _record(action: str, request: HttpRequest, slug: str, region: Region, table: str, file_format: str) -> None:
    """Who took which table away. Before the answer: what cannot be written down is not handed out."""
    if request.method != "HEAD":
        content = {"election": slug, "code": region.code, "table": str(table), "format": str(file_format)}
        recording.record(action, by=request.user, region=region, content=content)


def _as_download(content: Any, slug: str, code: str, table: str, file_format: str) -> FileResponse:
    name = files.download_name(slug, code, table, file_format)
    content_type = files.CONTENT_TYPES[FileFormat(file_format)]
    response = FileResponse(content, as_attachment=True, filename=name, content_type=content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _offer(
    request: HttpRequest,
    place: Place,
    table: Table,
    rows: int,
    file_format: str,
    *,
    fits: bool,
    too_many: bool = False,
    status: int = 200,
) -> HttpResponse:
    others = [(one, _file_address(place, table.name, one, request.GET.dict())) for one in ("csv", "xlsx")]
    context = _here(place) | {
        "table": table,
        "rows": rows,
        "file_format": FileFormat(file_format),
        "most_rows": files.MOST_ROWS.get(FileFormat(file_format)),
        "others": [(FileFormat(one).name, address) for one, address in others],
        "fits": fits,
        "too_many": too_many,
        "most_files": settings.EXPORTS_PER_PERSON,
        "hours": settings.EXPORT_HOURS,
    }
    return render(request, "exports/offer.html", context, status=status)


# What a place has


@login_required
@require_safe
def tables_page(request: HttpRequest, slug: str, code: str) -> HttpResponse:
    """List the tables of a place with their formats, and the reader's own files."""
    place = place_for(request.user, slug, code, office=request.GET.get("jabatan", ""))
    here = reverse("exports", args=[slug, code])
    offices = [(Office(one).label, f"{here}?jabatan={one}", one == place.office) for one in place.offices]
    context = _here(place) | {
        "offices": offices if len(offices) > 1 else [],
        "rows": [(label, _formats(place, name, **query)) for label, name, query in _listed(request.user, place)],
        "jobs": ExportJob.objects.visible_to(request.user).select_related("election", "region"),
    }
    return render(request, "exports/tables.html", context)


def _listed(user: Any, place: Place) -> list[tuple[str, str, dict[str, str]]]:
    labels = {
        TableName.CONTESTS: _("Semua kontes"),
        TableName.STATIONS: _("Setiap TPS"),
        TableName.QUEUE: _("Antrean verifikasi"),
    }
    found: list[tuple[str, str, dict[str, str]]] = []
    for name in names_at(place):
        if name == TableName.VOTES:
            for word in levels_at(place):
                label = _("Suara paslon, tingkat %(level)s") % {"level": Level(LEVEL_WORDS[word]).label.lower()}
                found.append((label, name, {"tingkat": word}))
        elif name == TableName.CHILDREN:
            found.append((str(Level(place.region.level + 1).label), name, {}))
        else:
            found.append((labels[name], name, {}))
    for word, desk in DESK_TABLES.items():
        if desk.is_at(place) and (user.may_decide or not desk.decides):
            found.append((str(desk.label), word, {}))
    return found


def _formats(place: Place, name: str, **query: str) -> list[tuple[str, str]]:
    return [(one.name, _file_address(place, name, one, query)) for one in FileFormat]


def _file_address(place: Place, name: str, file_format: str, query: dict[str, str]) -> str:
    if place.office and place.names_office:
        query = {"jabatan": place.office} | query
    path = reverse("export", args=[place.election.slug, place.region.code, name, file_format])
    return f"{path}?{urlencode(query)}" if query else path


def _here(place: Place) -> dict[str, Any]:
    above = places.above(place.region)
    return {
        "election": place.election,
        "party_stylesheet": reverse("party-css", args=[place.election.slug]),
        "region": place.region,
        "place": place,
        "back": place.address(place.region),
        "zone": zone_of(above),
    }


# A file that was prepared


@login_required
@require_safe
def job(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Tell how far a file is; for htmx only the part that changes. The owner's alone: 404 for anybody else."""
    found = _own_job(request, uuid)
    template = "exports/_job.html" if request.htmx else "exports/job.html"
    context = {
        "job": found,
        "election": found.election,
        "party_stylesheet": reverse("party-css", args=[found.election.slug]),
        "title": _job_title(found),
        "zone": found.region.zone,
        "hours": settings.EXPORT_HOURS,
        "again": _again(found),
    }
    return render(request, template, context)


@login_required
@require_safe
def job_file(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Hand out the file, to its owner, while the region is still the owner's."""
    found = _own_job(request, uuid)
    refuse(request.user, found.table)
    if not found.is_ready:
        raise Http404
    try:
        content = jobs.store().open(found.stored_name)
    except FileNotFoundError as error:
        raise Http404 from error
    _record("file downloaded", request, found.election.slug, found.region, found.table, found.file_format)
    response = _as_download(content, found.election.slug, found.region.code, found.table, found.file_format)
    response["ETag"] = f'"{found.sha256}"'
    return response


@login_required
@require_POST
def job_remove(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Remove a file before its day is over; one that is being written ends with its next rows."""
    found = _own_job(request, uuid)
    jobs.remove(found)
    messages.success(request, _("Berkas dihapus."))
    return redirect("exports", found.election.slug, found.region.code)


def _own_job(request: HttpRequest, uuid: UUID) -> ExportJob:
    mine = ExportJob.objects.visible_to(request.user).select_related("election", "region__parent")
    return get_object_or_404(mine, uuid=uuid)


def _job_title(found: ExportJob) -> str:
    return files.download_name(found.election.slug, found.region.code, found.table, found.file_format)


def _again(found: ExportJob) -> str:
    path = reverse("export", args=[found.election.slug, found.region.code, found.table, found.file_format])
    return f"{path}?{found.query}" if found.query else path
