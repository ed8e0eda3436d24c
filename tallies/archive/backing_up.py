"""A backup: the database of one moment, every photo it knows, and a manifest that comes last.

In the folder, `foto/` holds photos for all backups made into it, so that the next one brings the new ones only;
each backup is a folder named by its time with the database, the list of its photos and the manifest. It is
written under another name and renamed when everything is on disk: what was interrupted never looks complete.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from sista.progress import SILENT, Progress
from sista.templatetags.formats import format_number
from tallies.archive import database_copies, photo_files
from tallies.archive.database_copies import CopyFailed, sync_folder
from tallies.archive.results_hash import all_hashes
from tallies.models import Photo

FORMAT = 1
PHOTOS, PHOTO_LIST, MANIFEST = "foto", "foto.sha256", "manifest.json"
UNFINISHED = ".belum-selesai-"
COMPLETE = re.compile(r"\d{8}T\d{6}Z(-\d+)?")
BATCH = 500


@dataclass(frozen=True)
class Backup:
    """A complete backup. ``photos_copied``: those the folder had not yet."""

    folder: Path
    manifest: dict[str, Any]
    photos_copied: int = 0


def complete(folder: Path) -> list[Path]:
    """The complete backups in ``folder``, the oldest first."""
    if not folder.is_dir():
        return []
    return sorted(one for one in folder.iterdir() if COMPLETE.fullmatch(one.name) and (one / MANIFEST).is_file())


def back_up(folder: Path, progress: Progress = SILENT) -> Backup:
    """Make a backup into ``folder``, while the program runs. Raises `CopyFailed`, OSError."""
    database_copies.check_programs()
    (folder / PHOTOS).mkdir(parents=True, exist_ok=True)
    before = complete(folder)
    now = timezone.now()
    beside = folder / f"{UNFINISHED}{now:%Y%m%dT%H%M%SZ}-{os.getpid()}"
    beside.mkdir(mode=0o700)
    try:
        backup = _filled(beside, folder, before[-1] if before else None, now.isoformat(), progress)
        named = _free(folder, f"{now:%Y%m%dT%H%M%SZ}")
        os.rename(beside, named)
        sync_folder(folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return Backup(named, backup.manifest, backup.photos_copied)


def _free(folder: Path, name: str) -> Path:
    """``name``, or with a number behind it where another backup has this second already."""
    found, number = folder / name, 1
    while found.exists():
        number += 1
        found = folder / f"{name}-{number}"
    return found


def _filled(beside: Path, folder: Path, before: Path | None, made_at: str, progress: Progress) -> Backup:
    database = beside / database_copies.copy_name()
    progress.begin("Menyalin basis data …")
    with database_copies.copied(database):
        progress.begin("Menjumlah hasil …")
        results = all_hashes()
        migrations = sorted(map(list, MigrationRecorder(connection).applied_migrations()))
        # Rows of the copied moment; their bytes were there before them and never change.
        copied, listed = _copy_photos(folder, beside / PHOTO_LIST, before, progress)
    progress.begin("Memeriksa salinan basis data …")
    manifest = {
        "format": FORMAT,
        "made_at": made_at,
        "vendor": connection.vendor,
        "database": {"name": database.name, "size": database.stat().st_size, "sha256": sha256_of(database)},
        "photos": {"list": PHOTO_LIST, "files": listed, "sha256": sha256_of(beside / PHOTO_LIST)},
        "migrations": migrations,
        "results": results,
    }
    for name in (database, beside / PHOTO_LIST):
        _sync(name)
    (beside / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
    _sync(beside / MANIFEST)
    sync_folder(beside)
    return Backup(beside, manifest, copied)


def _copy_photos(folder: Path, listing: Path, before: Path | None, progress: Progress) -> tuple[int, int]:
    """Bring every file of every photo into the folder; write the list. Returns (files brought, files listed)."""
    known = _Known(before)
    brought = listed = 0
    with listing.open("w") as out:
        for photo in Photo.objects.order_by("pk").iterator(BATCH):
            for name in photo_files.names_of(photo):
                target = folder / PHOTOS / name
                digest = known.digest(name)
                if digest is None or not target.is_file():
                    digest, new = _brought(photo, name, target)
                    brought += new
                out.write(f"{digest}  {PHOTOS}/{name}\n")
                listed += 1
            if listed % 30 == 0:
                progress.at(f"{format_number(listed)} berkas foto, {format_number(brought)} baru")
    return brought, listed


def _brought(photo: Photo, name: str, target: Path) -> tuple[str, bool]:
    """Copy one file, beside first. Raises `CopyFailed` for one the store has lost or damaged: a backup is whole."""
    is_original = name.startswith("original/")
    if target.is_file() and (digest := sha256_of(target)) and (not is_original or digest == photo.sha256):
        return digest, False  # left by a backup that was interrupted
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    seen = hashlib.sha256()
    try:
        with beside.open("wb") as out:
            for data in photo_files.pieces(name):
                seen.update(data)
                out.write(data)
            out.flush()
            os.fsync(out.fileno())
        if is_original and seen.hexdigest() != photo.sha256:
            raise CopyFailed(f"Foto {photo.sha256} rusak di penyimpanan ({name}). Jalankan verify_archive.")
        os.replace(beside, target)
    except FileNotFoundError as error:
        raise CopyFailed(f"Foto {photo.sha256} hilang dari penyimpanan ({name}). Jalankan verify_archive.") from error
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(target.parent)
    return seen.hexdigest(), True


class _Known:
    """The digests of the backup before, read beside the photos: both are in the order of the photos' hashes."""

    def __init__(self, before: Path | None) -> None:
        self._lines = _of_photos(read_list(before / PHOTO_LIST)) if before else iter(())
        self._now: tuple[str, dict[str, str]] = ("", {})

    def digest(self, name: str) -> str | None:
        sha256 = photo_of(name)
        while self._now[0] < sha256:
            following = next(self._lines, None)
            if following is None:
                return None
            self._now = following
        return self._now[1].get(name) if self._now[0] == sha256 else None


def _of_photos(lines: Iterator[tuple[str, str]]) -> Iterator[tuple[str, dict[str, str]]]:
    """The files of one photo after the other, as (its hash, digests by name)."""
    photo, files = "", {}
    for digest, name in lines:
        if photo_of(name) != photo:
            if files:
                yield photo, files
            photo, files = photo_of(name), {}
        files[name] = digest
    if files:
        yield photo, files


def photo_of(name: str) -> str:
    return name.rsplit("/", 1)[-1].split(".")[0]


def read_list(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (digest, name in the store) of every line of a list of photos."""
    with path.open() as lines:
        for line in lines:
            digest, name = line.rstrip("\n").split("  ", 1)
            yield digest, name.removeprefix(f"{PHOTOS}/")


def sha256_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
