"""The empty test database, migrated once: whoever needs one after that takes a copy.

A migration makes Django build its picture of all models anew, 20 seconds of
work over the whole history, and each worker of a run needs a database of its
own. The copy is named after everything the migrations are made of, so that a
changed one is run again.
"""

from __future__ import annotations

import ast
import fcntl
import hashlib
import shutil
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import django
from django.conf import settings
from django.db import DatabaseError, connection

APPS = ("regions", "accounts", "tallies", "analytics")
#: Older ones are removed, beyond so many: several branches of a machine do not take each other's away.
KEPT = 4
PREFIX = "test_sista_migrated_"


def ingredients(root: Path) -> list[Path]:
    """Every file that decides what an empty migrated database holds.

    The migrations, the models (Django writes content types and permissions
    after them), what both import of the project, the settings, and the
    packages with migrations of their own.
    """
    waiting = [path for app in APPS for path in (root / app).rglob("*.py") if _is_of_models(path.relative_to(root))]
    waiting += [root / "sista" / "settings.py"]
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imported(path, root)
    return sorted(found | set(root.glob("requirements*.txt")))


def _is_of_models(path: Path) -> bool:
    return "migrations" in path.parts or "models" in path.parts or path.name in ("models.py", "apps.py")


def _imported(path: Path, root: Path) -> Iterator[Path]:
    """The project's own files that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(path.relative_to(root).parts[: -node.level]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        for name in names:
            place = root.joinpath(*name.split("."))
            yield from (file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file())


def digest(root: Path) -> str:
    summed = hashlib.sha256(django.__version__.encode())
    for path in ingredients(root):
        summed.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return summed.hexdigest()[:16]


class Template:
    """The migrated database to copy, or the one that the first to come makes while the others wait."""

    def __init__(self, test_settings: dict[str, Any]) -> None:
        self.test_settings = test_settings
        self.folder = Path(settings.DATA_DIR) / "migrated"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.copied = False
        self._lock: IO[str] | None = None

    @cached_property
    def name(self) -> str:
        return PREFIX + digest(Path(settings.BASE_DIR))

    @property
    def file(self) -> Path:
        return self.folder / f"{self.name}.sqlite3"

    def use(self) -> None:
        """Let Django make the test database as a copy, or wait until it may make the first."""
        self._lock = (self.folder / f"{connection.vendor}.lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.copied = self._is_there()
        if not self.copied:
            return
        if connection.vendor == "sqlite":
            shutil.copyfile(self.file, self.test_settings["NAME"])
        else:
            self.test_settings["TEMPLATE"] = self.name
        # What is left for Django to do is what it does after migrations.
        self.test_settings["MIGRATE"] = False
        self.release()

    def keep(self) -> None:
        """Keep the database that was just migrated for the next."""
        if not self.copied:
            try:
                self._keep_file() if connection.vendor == "sqlite" else self._keep_database()
            finally:
                self.release()

    def release(self) -> None:
        if self._lock:
            self._lock.close()
            self._lock = None

    def _is_there(self) -> bool:
        if connection.vendor == "sqlite":
            return self.file.exists()
        with connection._nodb_cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.name])
            return cursor.fetchone() is not None

    def _keep_file(self) -> None:
        begun = self.file.with_suffix(".begun")
        begun.unlink(missing_ok=True)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(begun)])
        begun.rename(self.file)
        files = sorted(self.folder.glob(f"{PREFIX}*.sqlite3"), key=lambda file: file.stat().st_mtime)
        for old in files[:-KEPT]:
            old.unlink()

    def _keep_database(self) -> None:
        # PostgreSQL copies only a database that nobody is connected to.
        connection.close()
        with connection._nodb_cursor() as cursor:
            try:
                cursor.execute(f'CREATE DATABASE "{self.name}" TEMPLATE "{connection.settings_dict["NAME"]}"')
                cursor.execute(
                    "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY oid DESC OFFSET %s",
                    [PREFIX, KEPT],
                )
                for (old,) in cursor.fetchall():
                    cursor.execute(f'DROP DATABASE IF EXISTS "{old}"')
            except DatabaseError:
                # Another checkout of the same files was quicker, or uses the old one: it costs the next one time.
                return
