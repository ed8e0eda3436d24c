"""The photos of a recap: which have come, who may see one, and the tray of a page that is filled in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db.models import Exists, OuterRef, Q, QuerySet

from tallies.models import Photo, PhotoState, PhotoSubject, PhotoUpload, RecapForm, RecapPhoto
from tallies.photo_tray import PhotoTray, fill_tray
from tallies.recap import second_reading
from tallies.recap.submission import RecapPage
from tallies.submission import PhotoName


def pages_of(form: RecapForm) -> list[tuple[RecapPhoto, Photo | None]]:
    """The photos a version names, each with the photo, or None where the copy cannot be shown."""
    names = list(_brought(form.photo_names.all()))
    arrived = Photo.objects.in_bulk([one.sha256 for one in names])
    return [(one, arrived.get(one.sha256)) for one in names]


def _brought(names: QuerySet[RecapPhoto]) -> QuerySet[RecapPhoto]:
    """Naming a hash shows nobody a picture that was not brought for it."""
    upload = PhotoUpload.objects.filter(photo=OuterRef("sha256"), uploaded_by=OuterRef("brought_by"))
    return names.filter(Exists(upload))


def may_show(user: Any, form_uuid: Any, sha256: str) -> bool:
    """Whether ``user`` sees this photo of this version: who sees the version, and its second reader."""
    seen = RecapForm.objects.visible_to(user).filter(uuid=form_uuid).values("pk")
    to_read = second_reading.waiting_for(user).filter(form__uuid=form_uuid).values("form")
    names = RecapPhoto.objects.filter(Q(form__in=seen) | Q(form__in=to_read), sha256=sha256)
    return _brought(names).exists() and Photo.objects.filter(pk=sha256, state=PhotoState.READY).exists()


def tray_of(start: RecapForm | None) -> PhotoTray:
    """The photos a correction begins with, without those that turned out unreadable."""
    tray = PhotoTray()
    for name, photo in pages_of(start) if start else []:
        if photo is not None and photo.state == PhotoState.UNREADABLE:
            tray.refuse("cut_off", 400, PhotoName(name.sha256, name.page))
        else:
            tray.put(PhotoName(name.sha256, name.page))
    return tray


def received_tray(
    kept: Iterable[str], dropped: Iterable[str], files: Iterable[UploadedFile], *, before: Any, by: Any
) -> PhotoTray:
    """Take back what the page carried and receive new ``files``. ``before``: versions ``by`` may see."""
    taken = [(PhotoSubject.C1.value, file) for file in files]
    return fill_tray(kept=kept, dropped=dropped, files=taken, before=before, by=by, subjects=[PhotoSubject.C1.value])


def pages_in(tray: PhotoTray) -> list[RecapPage]:
    return [RecapPage(one.sha256, one.page) for one in tray.names]
