"""Hold the whole archive against its hashes: forms, readings, recaps, chains and the bytes of every photo."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from regions.models import Region
from sista.progress import Progress
from sista.templatetags.formats import format_number
from tallies import audit, photos
from tallies.archive import photo_files
from tallies.models import (
    C1Form,
    Election,
    FormPhoto,
    InvitationPhoto,
    InvitationReport,
    Photo,
    RecapPhoto,
    RecapResult,
    StationResult,
)
from tallies.recap import auditing as recap_auditing
from tallies.witnesses.invitations import content_hash_of_stored as invitation_hash

#: A file this young may belong to a photo whose row is not written yet: bytes come first.
YOUNG = dt.timedelta(hours=1)
BATCH = 500


@dataclass
class Checked:
    """How much was held against its hashes."""

    stations: int = 0
    recaps: int = 0
    invitations: int = 0
    photos: int = 0
    files: int = 0


def verify(election: Election | None, region: Region | None, checked: Checked, progress: Progress) -> Iterator[str]:
    """Yield a sentence for everything that is not as it was accepted; ``checked`` is counted up meanwhile.

    ``election``, ``region``: only what belongs there. Files that belong to no photo are looked for when neither
    is given: of a file without a row nobody knows the place.
    """
    yield from _chains(election, region, checked, progress)
    yield from _invitations(election, region, checked, progress)
    yield from _photos(election, region, checked, progress)
    if election is None and region is None:
        progress.begin("Mencari berkas tanpa catatan …")
        for name in photo_files.orphans(timezone.now() - YOUNG):
            yield f"berkas tanpa catatan: {name}"


def _inside(region: Region | None, path: str) -> dict[str, Any]:
    return {f"{path}__first__range": (region.first, region.last)} if region else {}


def _of(election: Election | None, path: str) -> dict[str, Any]:
    return {path: election} if election else {}


def _chains(election: Election | None, region: Region | None, checked: Checked, progress: Progress) -> Iterator[str]:
    results = StationResult.objects.filter(**_of(election, "contest__election"), **_inside(region, "station__region"))

    def tell(done: int, total: int) -> None:
        checked.stations = done
        progress.at(f"{format_number(done)} dari {format_number(total)} hasil TPS diperiksa")

    yield from audit.verify(results, tell)
    # The chain says which hash a form was accepted with; a form without one is held against its own.
    yield from _forms_beside(results)
    recaps = RecapResult.objects.filter(**_of(election, "contest__election"), **_inside(region, "region"))
    checked.recaps = recaps.count()
    yield from recap_auditing.verify(recaps)


def _forms_beside(results: QuerySet[StationResult]) -> Iterator[str]:
    """Forms at a station that has no result for their contest: no chain speaks of them."""
    one = StationResult.objects.filter(contest=OuterRef("contest"), station=OuterRef("station"))
    stations = results.values("station")
    for form in C1Form.objects.filter(~Exists(one), station__in=stations).iterator(BATCH):
        yield f"formulir {form.uuid} tidak punya hasil TPS"


def _invitations(
    election: Election | None, region: Region | None, checked: Checked, progress: Progress
) -> Iterator[str]:
    rows = InvitationReport.objects.filter(**_of(election, "station__election"), **_inside(region, "station__region"))
    rows = rows.select_related("supersedes").prefetch_related("photo_names").order_by("pk")
    for report in rows.iterator(BATCH):
        checked.invitations += 1
        if checked.invitations % BATCH == 0:
            progress.at(f"{format_number(checked.invitations)} laporan C6 diperiksa")
        if invitation_hash(report) != report.content_hash:
            yield f"laporan C6 {report.uuid} berubah"


def _photos(election: Election | None, region: Region | None, checked: Checked, progress: Progress) -> Iterator[str]:
    rows = photos_of(election, region)
    for photo in rows.order_by("pk").iterator(BATCH):
        checked.photos += 1
        if checked.photos % 20 == 0:
            progress.at(f"{format_number(checked.photos)} foto diperiksa")
        for name in photo_files.names_of(photo):
            checked.files += 1
            if problem := _problem(photo, name):
                yield f"foto {photo.sha256}{_where(photo)}: {problem}"


def photos_of(election: Election | None, region: Region | None) -> QuerySet[Photo]:
    """The photos that came, of an election or a region: named by a C1, a C6 report or a D.Hasil there."""
    if election is None and region is None:
        return Photo.objects.all()
    of_forms = FormPhoto.objects.filter(
        **_of(election, "form__contest__election"), **_inside(region, "form__station__region")
    )
    of_recaps = RecapPhoto.objects.filter(
        **_of(election, "form__contest__election"), **_inside(region, "form__region")
    )
    of_reports = InvitationPhoto.objects.filter(
        **_of(election, "report__station__election"), **_inside(region, "report__station__region")
    )
    # From the place down to its photos: one condition beside another would look at every photo there is.
    first, *others = (named.order_by().values("sha256") for named in (of_forms, of_recaps, of_reports))
    return Photo.objects.filter(pk__in=first.union(*others))


def _problem(photo: Photo, name: str) -> str:
    try:
        if name == photos.original_name(photo.sha256):
            return "" if photo_files.digest(name) == photo.sha256 else f"isi berkas berubah ({name})"
        first = next(photo_files.pieces(name), b"")
        # Of a copy no hash is kept: it is made anew from the original.
        return "" if first else f"salinan kosong ({name})"
    except FileNotFoundError:
        return f"berkas hilang ({name})"


def _where(photo: Photo) -> str:
    """At which station or recap, for a sentence; found only when there is something to say."""
    form = C1Form.objects.filter(photo_names__sha256=photo.pk).select_related("station__region").first()
    if form is not None:
        return f" (TPS {form.station.code})"
    named = RecapPhoto.objects.filter(sha256=photo.pk).select_related("form__region").first()
    return f" (D.Hasil {named.form.region.code})" if named else ""
