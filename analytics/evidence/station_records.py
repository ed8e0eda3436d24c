"""Each station of a pack as plain JSON: which form counts, every version, readings, decisions, the audit chain.

What is hashed is given as it is hashed, so that `verify.py` recomputes every digest without this program.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from regions.models import Region
from tallies import audit
from tallies.models import AuditEvent, C1Form, Decision, Photo, PhotoUpload, Reading, StationResult
from tallies.submission import content_of_stored

STATIONS_AT_A_TIME = 50
#: A telephone number serves as a user name here and there; a pack holds none.
_NUMBER = re.compile(r"\+?[0-9][0-9 .-]{7,}")

EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "HEIF": "heic"}


@dataclass
class Gathered:
    """What the stations mention: grows with people and photos, never with their bytes."""

    people: set[int] = field(default_factory=set)
    #: By SHA-256, in the order in which the stations name them.
    photos: dict[str, dict[str, Any]] = field(default_factory=dict)
    stations: int = 0
    stations_in: int = 0


def station_records(
    results: QuerySet[StationResult], top: Region, origin: str, gathered: Gathered
) -> Iterator[dict[str, Any]]:
    """Yield one record a station, in the order of the tree; ``top`` is the highest region it is counted in."""
    order = ("station__region__first", "station__number", "pk")
    keys = iter(results.order_by(*order).values_list("pk", flat=True))
    while part := list(islice(keys, STATIONS_AT_A_TIME)):
        yield from _records_of(part, order, top, origin, gathered)


def _records_of(
    part: list[int], order: tuple[str, ...], top: Region, origin: str, gathered: Gathered
) -> Iterator[dict[str, Any]]:
    rows = StationResult.objects.filter(pk__in=part).order_by(*order)
    results = list(rows.select_related("station__region__parent__parent", "contest__election"))
    forms = _forms_of(results)
    brought = _photos_of([form for those in forms.values() for form in those], gathered)
    decisions = _by_result(Decision.objects.filter(result__in=part))
    readings = _by_result(Reading.objects.filter(result__in=part).prefetch_related("votes__pair"))
    events = _by_result(AuditEvent.objects.filter(result__in=part).order_by("result", "seq"))
    for result in results:
        gathered.stations += 1
        gathered.stations_in += result.is_in
        record = _station(result, top, origin) | {
            "forms": [_form(form, result, brought) for form in forms[result.station_id]],
            "readings": [audit.reading_content(one) for one in readings[result.pk]],
            "decisions": [audit.decision_content(one) for one in decisions[result.pk]],
            "events": [_event(one) for one in events[result.pk]],
        }
        gathered.people.update(_people_in(record))
        yield record


def _by_result(rows: QuerySet[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.result_id].append(row)
    return found


def _forms_of(results: list[StationResult]) -> dict[int, list[C1Form]]:
    """Every version of the stations, the oldest first."""
    found: dict[int, list[C1Form]] = defaultdict(list)
    contests, stations = {one.contest_id for one in results}, {one.station_id for one in results}
    forms = C1Form.objects.filter(contest__in=contests, station__in=stations).select_related("supersedes")
    for form in forms.prefetch_related("votes__pair", "photo_names").order_by("pk"):
        found[form.station_id].append(form)
    return found


def _station(result: StationResult, top: Region, origin: str) -> dict[str, Any]:
    station, village = result.station, result.station.region
    above = [village, village.parent, village.parent.parent if village.parent else None]
    within = [one for one in above if one and top.contains(one)]
    return {
        "code": station.code,
        "number": station.number,
        "village": village.title,
        "district": village.parent.title if village.parent else "",
        "within": [one.code for one in within],
        "registered_male": station.registered_male,
        "registered_female": station.registered_female,
        "result_id": result.pk,
        "contest_id": result.contest_id,
        "station_id": station.pk,
        "state": audit.state_of(result),
        "audit_seq": result.audit_seq,
        "audit_head": result.audit_head,
        "address": origin + reverse("station", args=[result.contest.election.slug, result.pk]),
    }


def _form(form: C1Form, result: StationResult, brought: set[tuple[str, int]]) -> dict[str, Any]:
    return {
        "id": form.pk,
        "counts": result.is_in and form.pk == result.form_id,
        "receipt": form.receipt,
        "content": content_of_stored(form),
        "filled_at": form.filled_at.isoformat() if form.filled_at else None,
        "photos": [
            {
                "sha256": name.sha256,
                "page": name.page,
                "subject": str(name.subject),
                "arrived": (name.sha256, form.submitted_by_id) in brought,
            }
            for name in form.photo_names.all()
        ],
        **audit.form_content(form),
    }


def _event(event: AuditEvent) -> dict[str, Any]:
    return {
        "seq": event.seq,
        "at": event.at.isoformat(),
        "actor": event.actor_id,
        "action": event.action,
        "content": event.content,
        "previous": event.previous,
        "digest": event.digest,
    }


def _people_in(record: dict[str, Any]) -> Iterator[int]:
    yield from (one["submitted_by"] for one in record["forms"])
    yield from (one["reader"] for one in record["readings"])
    yield from (one["decided_by"] for one in record["decisions"])
    yield from (one["actor"] for one in record["events"] if one["actor"])


def _photos_of(forms: list[C1Form], gathered: Gathered) -> set[tuple[str, int]]:
    """Gather the photos that the senders of ``forms`` brought; return who brought which.

    Others who brought the same file are other people's business: they are not named.
    """
    named = {(name.sha256, form.submitted_by_id) for form in forms for name in form.photo_names.all()}
    hashes = {sha256 for sha256, _person in named}
    uploads = PhotoUpload.objects.filter(photo__in=hashes).order_by("pk")
    mine = [one for one in uploads if (one.photo_id, one.uploaded_by_id) in named]
    known = Photo.objects.in_bulk(hashes)
    for one in mine:
        photo = gathered.photos.setdefault(one.photo_id, _photo(known[one.photo_id]))
        entry = {"person": one.uploaded_by_id, "at": one.at.isoformat()}
        if entry not in photo["brought_by"]:
            photo["brought_by"].append(entry)
        gathered.people.add(one.uploaded_by_id)
    return {(one.photo_id, one.uploaded_by_id) for one in mine}


def _photo(photo: Photo) -> dict[str, Any]:
    return {
        "sha256": photo.sha256,
        "file": f"photos/{photo.sha256}.{EXTENSIONS.get(photo.format, 'bin')}",
        "size": photo.size,
        "format": photo.format,
        "width": photo.width,
        "height": photo.height,
        "state": str(photo.state),
        "received_at": photo.received_at.isoformat(),
        "brought_by": [],
        "exif": photo.facts,
    }


def people(keys: set[int]) -> dict[str, dict[str, str]]:
    """Name and role by key, as text. No telephone number, even where it serves as a user name."""
    found = User.objects.in_bulk(keys)
    return {
        str(key): {"name": name_of(found[key]), "role": str(found[key].get_role_display())} for key in sorted(found)
    }


def name_of(user: User) -> str:
    name = str(user)
    return _("Akun %(number)s") % {"number": user.pk} if _NUMBER.fullmatch(name) else name
