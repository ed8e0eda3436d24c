"""The files of photos in the store, read piece by piece, whatever the store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime

from tallies import photos
from tallies.models import Photo, PhotoState

CHUNK = 1024 * 1024
#: Folder of the store → how a file in it is named for a photo.
NAMES = {"original": photos.original_name, "copy": photos.copy_name, "thumbnail": photos.thumbnail_name}


def names_of(photo: Photo) -> list[str]:
    """The files that must be there: the original, and the copies once they are made."""
    kinds = NAMES if photo.state == PhotoState.READY else ("original",)
    return [NAMES[kind](photo.sha256) for kind in kinds]


def pieces(name: str) -> Iterator[bytes]:
    """The bytes of one file. Raises `FileNotFoundError`."""
    with photos.store().open(name) as stream:
        while data := stream.read(CHUNK):
            yield data


def digest(name: str) -> str:
    """SHA-256 (hex) of one file. Raises `FileNotFoundError`."""
    seen = hashlib.sha256()
    for data in pieces(name):
        seen.update(data)
    return seen.hexdigest()


def orphans(before: datetime) -> Iterator[str]:
    """Names of files last written ``before`` that belong to no photo; one of 256 folders in memory at a time."""
    for kind, name_of in NAMES.items():
        for number in range(256):
            names = photos.store().names_older_than(f"{kind}/{number:02x}", before)  # type: ignore[attr-defined]
            by_hash = {name.rsplit("/", 1)[-1].split(".")[0]: name for name in names}
            known = set(Photo.objects.filter(pk__in=by_hash).values_list("pk", flat=True)) if by_hash else set()
            for sha256, name in sorted(by_hash.items()):
                if sha256 not in known or name != name_of(sha256):
                    yield name
