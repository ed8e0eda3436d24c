"""What empties PostgreSQL after a committed test: only the tables that hold rows, and row by row.

TRUNCATE writes each of a hundred tables and their indexes anew to the disk, seconds for each test. The rows refuse to
be deleted, so the triggers have to be off, which only a superuser may; everybody else waits for TRUNCATE.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql.operations import DatabaseOperations

#: Written by migrations and the same for every test.
KEPT = {"django_content_type", "auth_permission"}

_truncating = DatabaseOperations.sql_flush


def install() -> None:
    DatabaseOperations.sql_flush = _deleting


def _deleting(
    self: DatabaseOperations, style: Any, tables: list[str], *, reset_sequences: bool = False, **options: Any
) -> list[str]:
    with self.connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if reset_sequences or not cursor.fetchone()[0]:
            return _truncating(self, style, tables, reset_sequences=reset_sequences, **options)
        names = [self.quote_name(table) for table in tables if table not in KEPT]
        cursor.execute(f"SELECT {', '.join(f'EXISTS (SELECT 1 FROM {name})' for name in names)}")
        filled = [name for name, holds in zip(names, cursor.fetchone(), strict=True) if holds]
    return ["SET LOCAL session_replication_role = replica", *(f"DELETE FROM {name}" for name in filled)]
