"""Copy the database out and bring it back: SQLite through its backup API, PostgreSQL through its own programs."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, connections, transaction

SQLITE_NAME, POSTGRES_NAME = "database.sqlite3", "database.pgdump"


RUNNING = "Sista masih berjalan di atas basis data ini. Hentikan dulu, lalu ulangi."


class CopyFailed(Exception):
    """A sentence that says what is missing or went wrong, and what to do."""


def copy_name() -> str:
    return SQLITE_NAME if connection.vendor == "sqlite" else POSTGRES_NAME


@contextmanager
def copied(target: Path) -> Iterator[None]:
    """Write the database into ``target``; inside the block the connection reads the very moment that was copied."""
    if connection.vendor == "sqlite":
        with _moment_of_sqlite():
            # The read transaction is the copy's: the program may go on writing meanwhile.
            with closing(sqlite3.connect(target)) as out:
                connection.connection.backup(out)
                out.execute("PRAGMA journal_mode=DELETE")
            yield
    else:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            [snapshot] = cursor.fetchone()
            options = ["--format=custom", "--no-owner", "--no-privileges", "--no-comments", f"--snapshot={snapshot}"]
            _run("pg_dump", *options, f"--file={target}")
            yield


@contextmanager
def _moment_of_sqlite() -> Iterator[None]:
    # Not atomic(): transactions here begin IMMEDIATE and would hold up every witness for as long as the copy takes.
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        try:
            cursor.execute("SELECT count(*) FROM django_migrations")  # the moment begins with the first reading
            yield
        finally:
            cursor.execute("ROLLBACK")


def holds_people() -> bool:
    """True when the database is in use: somebody or some election is in it. Regions alone are no use yet."""
    if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).exists():
        return False
    try:
        there = set(connection.introspection.table_names())
        with connection.cursor() as cursor:
            for table in {"accounts_user", "tallies_election"} & there:
                cursor.execute(f"SELECT 1 FROM {table} LIMIT 1")
                if cursor.fetchone():
                    return True
    except DatabaseError as error:
        raise CopyFailed(f"Basis data tujuan tidak dapat dibaca: {error}") from error
    return False


def check_programs() -> None:
    """Say now what would be missing later. Raises `CopyFailed`."""
    if connection.vendor != "sqlite":
        for program in ("pg_dump", "pg_restore", "psql"):
            _found(program)


def refuse_company() -> None:
    """Refuse a PostgreSQL database that others are connected to; SQLite is asked when its file is replaced.

    What a running program accepts would be replaced under its feet, after the phone got its receipt. Raises
    `CopyFailed`.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        # Who has no name is a process of the server itself.
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND usename IS NOT NULL"
        )
        [others] = cursor.fetchone()
    if others:
        raise CopyFailed(f"{RUNNING} (Sambungan lain: {others}.)")


def bring_back(source: Path) -> None:
    """Replace the database by the copy in ``source``, wholly or not at all. Raises `CopyFailed`."""
    if connection.vendor == "sqlite":
        _bring_back_sqlite(source, Path(connection.settings_dict["NAME"]))
    else:
        refuse_company()
        connections.close_all()
        _bring_back_postgresql(source)
    connections.close_all()


def _bring_back_sqlite(source: Path, target: Path) -> None:
    connections.close_all()
    if target.exists():
        _alone(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(target.name + ".restoring")
    with source.open("rb") as read, beside.open("wb") as out:
        shutil.copyfileobj(read, out, 1024 * 1024)
        out.flush()
        os.fsync(out.fileno())
    os.replace(beside, target)
    sync_folder(target.parent)


def _alone(target: Path) -> None:
    """Empty the journal beside ``target``, which nobody else may have open: it would be read into the new file."""
    try:
        with closing(sqlite3.connect(target, timeout=1)) as old:
            old.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        raise CopyFailed(RUNNING) from error
    except sqlite3.DatabaseError:
        # Not a database, or a broken one: it is what is replaced.
        for ending in ("-wal", "-shm", "-journal"):
            target.with_name(target.name + ending).unlink(missing_ok=True)


def _bring_back_postgresql(source: Path) -> None:
    listed = _run("pg_restore", "--list", str(source), database=False).stdout.decode()
    kept = [line for line in listed.splitlines() if not re.search(r" SCHEMA - public ", line)]
    chosen = source.parent / f".{source.name}.{os.getpid()}.list"
    script = source.parent / f".{source.name}.{os.getpid()}.sql"
    try:
        chosen.write_text("\n".join(kept) + "\n")
        with script.open("wb") as out:
            out.write(b"DROP SCHEMA IF EXISTS public CASCADE;\nCREATE SCHEMA public;\n")
        options = ["--no-owner", "--no-privileges", f"--use-list={chosen}", "--file=-"]
        with script.open("ab") as out:
            _run("pg_restore", *options, str(source), database=False, stdout=out)
        # One transaction: a copy that cannot be read to its end leaves everything as it was.
        _run("psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", f"--file={script}")
    finally:
        chosen.unlink(missing_ok=True)
        script.unlink(missing_ok=True)


def _found(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise CopyFailed(
            f"{program} tidak ditemukan. Pasang klien PostgreSQL (Debian: sudo apt install postgresql-client), "
            "versinya sama dengan server atau lebih baru."
        )
    return path


def _run(program: str, *arguments: str, database: bool = True, stdout: Any = subprocess.PIPE) -> Any:
    """Run one of PostgreSQL's programs on our database; the password goes by the environment, never by the list."""
    environment, reached = dict(os.environ), []
    if database:
        said = connections["default"].get_connection_params()
        names = {
            "host": "PGHOST",
            "port": "PGPORT",
            "user": "PGUSER",
            "password": "PGPASSWORD",
            "dbname": "PGDATABASE",
        }
        environment |= {name: str(said[key]) for key, name in names.items() if said.get(key)}
        environment |= {"PGSSLMODE": str(said["sslmode"])} if said.get("sslmode") else {}
        reached = ["--no-password"]
    done = subprocess.run(
        [_found(program), *reached, *arguments], env=environment, stdout=stdout, stderr=subprocess.PIPE, check=False
    )
    if done.returncode:
        raise CopyFailed(_in_words(program, done.stderr.decode(errors="replace")))
    return done


def _in_words(program: str, said: str) -> str:
    if "version mismatch" in said:
        versions = " ".join(re.findall(r"(?:server version|pg_dump version): [^\n;]+", said))
        return (
            f"{program} lebih tua daripada server PostgreSQL ({versions}). Pasang klien PostgreSQL yang versinya "
            "sama dengan server atau lebih baru."
        )
    if "unsupported version" in said and "file header" in said:
        return (
            f"Salinan dibuat oleh pg_dump yang lebih baru daripada {program} di sini. Pasang klien yang lebih baru."
        )
    return f"{program} gagal: {' '.join(said.split())[:600]}"


def sync_folder(folder: Path) -> None:
    """Have the names in ``folder`` on disk, not only in memory."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def where() -> str:
    """Which database this is, in words without a secret."""
    if connection.vendor == "sqlite":
        return str(connection.settings_dict["NAME"])
    said = settings.DATABASES["default"]
    return f"{said['NAME']} di {said.get('HOST') or 'localhost'}"
