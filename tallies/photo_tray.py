"""The photos of a page that is being filled in: received at once, then carried along by their hash."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile

from tallies import photos
from tallies.models import PhotoState, PhotoSubject, PhotoUpload
from tallies.submission import PhotoName
from tallies.wording import photo_title
from tallies.wording_refusals import MOST_PHOTOS, refusal_sentence

_KEPT = re.compile(r"([0-9]{1,2}):([0-9a-f]{64})(?::([a-z0-9]+))?")


@dataclass
class PhotoTray:
    """The photos named so far, those of the C1 before those of the objection, and what was refused."""

    names: list[PhotoName] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    status: int = 200

    @property
    def is_full(self) -> bool:
        return len(self.names) >= MOST_PHOTOS

    @property
    def pages(self) -> list[PhotoName]:
        return [name for name in self.names if name.subject != PhotoSubject.OBJECTION]

    @property
    def objections(self) -> list[PhotoName]:
        return [name for name in self.names if name.subject == PhotoSubject.OBJECTION]

    def put(self, name: PhotoName) -> None:
        self.names.append(name)
        self.names.sort(key=lambda one: (one.subject, one.page))

    def refuse(self, code: str, status: int, name: Any = None) -> None:
        """Say no; ``name``: page and subject of the photo that is refused."""
        self.refusals.append(refusal_sentence(code, field=photo_title(name) if name else ""))
        self.status = max(self.status, status)

    def free_page(self, subject: str) -> int:
        taken = {name.page for name in self.names if name.subject == subject}
        return next(page for page in range(1, MOST_PHOTOS + 1) if page not in taken)


def tray_of(version: Any) -> PhotoTray:
    """The photos an earlier version (a form or a report) names, without those that turned out unreadable."""
    tray = PhotoTray()
    for name, photo in photos.photos_of(version) if version else []:
        if photo is not None and photo.state == PhotoState.UNREADABLE:
            tray.refuse("cut_off", 400, name)
        else:
            tray.names.append(PhotoName(name.sha256, name.page, name.subject))
    return tray


def fill_tray(
    *,
    kept: Iterable[str],
    dropped: Iterable[str],
    files: Iterable[tuple[str, UploadedFile]],
    before: Any,
    by: Any,
    subjects: Iterable[str] = PhotoSubject.values,
) -> PhotoTray:
    """Take back the photos a page carried and receive new ``files``, each with its subject.

    ``kept``: "page:sha256", with ":subject" behind it where that is not the
    first of ``subjects``. A hash is taken back only when ``by`` brought that
    photo, or named it in an earlier version (``before``; a phone may still be
    sending it). New photos get the lowest free pages in the order they come.
    """
    tray, files = PhotoTray(), list(files)
    _take_back(tray, kept, set(dropped), list(subjects), before, by)
    if len(tray.names) + len(files) > MOST_PHOTOS:
        tray.refuse("too_many_photos", 400)
        return tray
    for subject, file in files:
        _receive(tray, subject, file, by)
    return tray


def _take_back(
    tray: PhotoTray, kept: Iterable[str], dropped: set[str], subjects: list[str], before: Any, by: Any
) -> None:
    named: dict[str, PhotoName] = {}
    for text in kept:
        match = _KEPT.fullmatch(text)
        page, sha256, subject = match.groups(subjects[0]) if match else ("0", "", "")
        if not (1 <= int(page) <= MOST_PHOTOS and subject in subjects):
            tray.refuse("bad_photo_name", 400)
        elif sha256 not in dropped:
            named.setdefault(sha256, PhotoName(sha256, int(page), subject))
    if len(named) > MOST_PHOTOS:
        tray.refuse("too_many_photos", 400)
        return
    mine = set(PhotoUpload.objects.filter(uploaded_by=by, photo__in=named).values_list("photo_id", flat=True))
    mine |= set(before.filter(photo_names__sha256__in=named).values_list("photo_names__sha256", flat=True))
    if strangers := named.keys() - mine:
        tray.refuse("bad_photo_name", 400)
    for name in named.values():
        if name.sha256 not in strangers:
            tray.put(name)


def _receive(tray: PhotoTray, subject: str, file: UploadedFile, by: Any) -> None:
    place = PhotoName("", tray.free_page(subject), subject)
    # The size first: what is too large is never read into memory.
    if (file.size or 0) > settings.PHOTO_MAX_BYTES:
        tray.refuse("too_large", 413, place)
        return
    try:
        photo, _is_new = photos.receive(file.read(), by=by)
    except photos.PhotoRefused as refused:
        tray.refuse(refused.code, refused.status, place)
        return
    except PermissionDenied:
        # Revoked while the page was on its way: the figures still go to quarantine.
        tray.refuse("too_many", 429, place)
        return
    if all(name.sha256 != photo.sha256 for name in tray.names):
        tray.put(PhotoName(photo.sha256, place.page, subject))
