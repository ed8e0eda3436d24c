"""A backup comes back: looked at byte by byte, put in place, its results summed anew and compared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.sessions.models import Session
from django.core.files.base import File
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from sista.database import writing
from sista.progress import SILENT, Progress
from sista.templatetags.formats import format_number
from tallies import photos
from tallies.archive import backing_up, database_copies, photo_files
from tallies.archive.backing_up import MANIFEST, PHOTO_LIST, PHOTOS, read_list, sha256_of
from tallies.archive.database_copies import CopyFailed
from tallies.archive.results_hash import all_hashes
from tallies.models import Election, PartialPhoto
from tallies.totals import rebuilding

NAME_IN_STORE = re.compile(
    r"(original/(?P<a>[0-9a-f]{2})/(?P=a)[0-9a-f]{62}|(copy|thumbnail)/(?P<b>[0-9a-f]{2})/(?P=b)[0-9a-f]{62}\.jpg)"
)


class NotWhole(CopyFailed):
    """The backup is not what its manifest says. ``problems``: a sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Restored:
    folder: Path
    elections: int
    photos_brought: int
    photos_listed: int


def chosen(folder: Path) -> Path:
    """The backup that ``folder`` is, or the newest complete one in it. Raises `CopyFailed`."""
    if (folder / MANIFEST).is_file():
        return folder
    if folder.name.startswith(backing_up.UNFINISHED) or not (found := backing_up.complete(folder)):
        raise CopyFailed(f"Di {folder} tidak ada cadangan yang lengkap.")
    return found[-1]


def restore(folder: Path, *, replace: bool = False, progress: Progress = SILENT) -> Restored:
    """Bring the backup in ``folder`` into this installation.

    Raises `CopyFailed`: for a target in use without ``replace``, a backup that is not whole (`NotWhole`), one of
    another database or of a newer program, and when the results that come out are not those that went in.
    """
    backup = chosen(folder)
    manifest = _manifest(backup)
    _refuse_misfits(manifest)
    database_copies.check_programs()
    if database_copies.holds_people() and not replace:
        raise CopyFailed(
            f"Tujuan sudah berisi data ({database_copies.where()}). Untuk menggantinya, tambahkan --replace: "
            "isi yang sekarang hilang."
        )
    database_copies.refuse_company()  # now, not after hours of reading
    if problems := list(problems_of(backup, manifest, progress)):
        raise NotWhole(problems)
    # Photos first: they replace nothing, and a row must never be without its bytes.
    brought = _bring_photos(backup, progress)
    progress.begin("Memulihkan basis data …")
    database_copies.bring_back(backup / manifest["database"]["name"])
    _put_in_order(progress)
    progress.begin("Membandingkan hasil …")
    if (found := all_hashes()) != manifest["results"]:
        said = manifest["results"]
        differing = sorted(slug for slug in {*found, *said} if found.get(slug) != said.get(slug))
        raise CopyFailed(f"Hasil sesudah pemulihan tidak sama dengan isi cadangan: {', '.join(differing)}.")
    return Restored(backup, len(found), brought, manifest["photos"]["files"])


def problems_of(backup: Path, manifest: dict[str, Any], progress: Progress = SILENT) -> Iterator[str]:
    """Yield a sentence for every file of a backup that is missing or is not the one that was written."""
    progress.begin("Memeriksa cadangan …")
    database, listed = manifest["database"], manifest["photos"]
    parts = (("basis data", database["name"], database["sha256"]), ("daftar foto", PHOTO_LIST, listed["sha256"]))
    for what, name, digest in parts:
        if not (backup / name).is_file():
            yield f"{what} hilang: {name}"
        elif sha256_of(backup / name) != digest:
            yield f"{what} berubah: {name}"
    if not (backup / PHOTO_LIST).is_file():
        return
    for number, (digest, name) in enumerate(read_list(backup / PHOTO_LIST), start=1):
        if not NAME_IN_STORE.fullmatch(name):
            yield f"nama foto tidak dikenal: {name[:120]!r}"
            continue
        path = backup.parent / PHOTOS / name
        if not path.is_file():
            yield f"foto hilang: {PHOTOS}/{name}"
        elif sha256_of(path) != digest:
            yield f"foto berubah: {PHOTOS}/{name}"
        if number % 30 == 0:
            progress.at(f"{format_number(number)} dari {format_number(listed['files'])} berkas foto diperiksa")


def _manifest(backup: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((backup / MANIFEST).read_text())
        if manifest["format"] != backing_up.FORMAT:
            raise CopyFailed(f"Format cadangan {manifest['format']} tidak dikenal oleh versi program ini.")
        for part in ("vendor", "database", "photos", "migrations", "results"):
            manifest[part]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CopyFailed(f"{backup / MANIFEST} tidak terbaca: cadangan ini tidak lengkap.") from error
    if manifest["database"]["name"] not in (database_copies.SQLITE_NAME, database_copies.POSTGRES_NAME):
        raise CopyFailed(f"{backup / MANIFEST} menyebut berkas yang tidak dikenal.")
    return manifest


def _refuse_misfits(manifest: dict[str, Any]) -> None:
    if manifest["vendor"] != connection.vendor:
        kinds = {"sqlite": "SQLite (DATABASE_URL kosong)", "postgresql": "PostgreSQL (DATABASE_URL diisi)"}
        came = kinds.get(manifest["vendor"], "basis data lain")
        raise CopyFailed(f"Cadangan ini dari {came}, tujuannya {kinds[connection.vendor]}.")
    known = set(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)
    if unknown := [f"{app}.{name}" for app, name in manifest["migrations"] if (app, name) not in known]:
        raise CopyFailed(
            f"Cadangan ini dari versi program yang lebih baru ({unknown[0]} tidak dikenal). Perbarui program dulu."
        )


def _bring_photos(backup: Path, progress: Progress) -> int:
    """Put the photos into the store; those that are there, byte for byte, stay. Returns how many were brought."""
    brought = 0
    for number, (digest, name) in enumerate(read_list(backup / PHOTO_LIST), start=1):
        if not _is_there(name, digest):
            photos.store().delete(name)
            with (backup.parent / PHOTOS / name).open("rb") as stream:
                photos.store().save(name, File(stream))
            brought += 1
        if number % 30 == 0:
            progress.at(f"{format_number(number)} berkas foto, {format_number(brought)} dipulihkan")
    return brought


def _is_there(name: str, digest: str) -> bool:
    try:
        return photo_files.digest(name) == digest
    except FileNotFoundError:
        return False


def _put_in_order(progress: Progress) -> None:
    """Migrate to this program's state, drop what only the lost moment could go on with, sum everything anew."""
    call_command("migrate", verbosity=0, interactive=False)
    with writing():
        # Pieces of photos are not backed up: their phones begin those photos again. Nobody stays signed in.
        PartialPhoto.objects.all().delete()
        Session.objects.all().delete()
    for election in Election.objects.order_by("pk"):
        rebuilding.rebuild(election, progress)
