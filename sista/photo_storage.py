"""Where photos lie on disk: written so that a power cut cannot take an accepted one."""

import datetime as dt
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage


class PhotoStoreAway(OSError):
    """The store did not do what was asked, and may do it later. Nothing was acknowledged."""


class DurableFileSystemStorage(FileSystemStorage):
    """Write beside, sync, rename, sync the folder. Names are made from hashes: the same name is the same bytes."""

    def _save(self, name: str, content: File) -> str:
        target = self.path(name)
        if os.path.exists(target):
            return name
        folder = os.path.dirname(target)
        _make(folder)
        handle, beside = tempfile.mkstemp(dir=folder)
        try:
            with os.fdopen(handle, "wb") as stream:
                for chunk in content.chunks():
                    stream.write(chunk)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(beside, target)
        except BaseException:
            os.unlink(beside)
            raise
        _sync(folder)
        return name

    def names_older_than(self, folder: str, moment: dt.datetime) -> list[str]:
        """Names below ``folder`` last written before ``moment``; what a crash left beside a file is among them."""
        root, found = Path(self.path("")), []
        for path in Path(self.path(folder)).rglob("*"):
            with suppress(FileNotFoundError):  # removed meanwhile
                if path.is_file() and path.stat().st_mtime < moment.timestamp():
                    found.append(path.relative_to(root).as_posix())
        return found

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name


def _make(folder: str) -> None:
    """Make ``folder`` and those above it; each is synced in the one that holds it."""
    if os.path.isdir(folder):
        return
    above = os.path.dirname(folder)
    _make(above)
    os.makedirs(folder, exist_ok=True)
    _sync(above)


def _sync(folder: str) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
