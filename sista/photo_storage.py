"""Where photos lie on disk: written so that a power cut cannot take an accepted one."""

import datetime as dt
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage


class PhotoStoreAway(OSError):
    """The store did not do what was asked, and may do it later. Nothing was acknowledged."""


class DurableFileSystemStorage(FileSystemStorage):
    """Write beside, sync, rename, sync the folders. Names are made from hashes: the same name is the same bytes."""

    def _save(self, name: str, content: File) -> str:
        target = self.path(name)
        if not os.path.exists(target):
            self._write(target, content)
        # Also for one that is there: another process may have put it there, or its folder, and not have synced yet.
        leaf, *above = self._folders_of(target)
        _sync_folder(leaf)
        if leaf not in self._on_disk:
            for folder in above:
                _sync_folder(folder)
            self._on_disk.add(leaf)
        return name

    @cached_property
    def _on_disk(self) -> set[str]:
        """Folders whose own name is on disk; folders are never removed."""
        return set()

    def _write(self, target: str, content: File) -> None:
        folder = os.path.dirname(target)
        os.makedirs(folder, exist_ok=True)
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

    def _folders_of(self, target: str) -> Iterator[str]:
        """The folder of ``target`` and those above it, up to the one that holds the location's own name."""
        path = target
        while path != self.location:
            path = os.path.dirname(path)
            yield path
        yield os.path.dirname(path)

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


def _sync_folder(folder: str) -> None:
    """Have the names in ``folder`` on disk, not only in memory."""
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
