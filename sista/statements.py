"""Statements that PostgreSQL parses and plans once a connection.

For the small statements every form and every page passes through it spends
more on that than on running them: 2.5 CPU-milliseconds a form, 1.5 without.
psycopg2 has no way of its own to prepare; PREPARE and EXECUTE are SQL. They
belong to a connection, so behind a pooler that hands connections on
(``SISTA_POOLER``) statements go as they are. So they do in tests, which look
at the SQL, and on SQLite, which keeps statements by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import DatabaseError, OperationalError

#: SQL with ``%s`` for each of its values, and these.
First = tuple[str, list[Any]]
#: What PostgreSQL says of a statement that is not there, is there already, or whose columns a migration has changed.
_ASTRAY = ("26000", "42P05", "0A000")


class Statement:
    """SQL with ``%s`` for each of its values; whoever keeps it, keeps what the server prepared."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        # By its SQL: should a pooler hand on what another process prepared, it is the same statement.
        self._name = f"sista_{hashlib.sha256(sql.encode()).hexdigest()[:40]}"

    def run(self, cursor: Any, values: Sequence[Any], first: First | None = None) -> None:
        """Execute it, as ``cursor.execute(sql, values)`` would, on the connection of ``cursor``.

        ``first`` is a statement of its own in the same round trip, on PostgreSQL: when it
        has waited for a lock, what comes after sees what was committed meanwhile.
        """
        connection = cursor.db
        before, given_first = "", []
        if first and connection.vendor == "postgresql":
            before, given_first = f"{first[0]}; ", first[1]
        if not settings.PREPARE_ON_SERVER or connection.vendor != "postgresql":
            cursor.execute(before + self.sql, [*given_first, *values])
            return
        try:
            self._prepare(connection)
            given = f" ({', '.join(['%s'] * len(values))})" if values else ""
            cursor.execute(f"{before}EXECUTE {self._name}{given}", [*given_first, *values])
        except DatabaseError as error:
            if getattr(error.__cause__, "pgcode", None) not in _ASTRAY:
                raise
            # The next connection prepares anew; until then the sender is asked to try again.
            connection.close()
            raise OperationalError("a prepared statement went astray") from error

    def _prepare(self, connection: Any) -> None:
        known = _prepared(connection)
        if self._name not in known:
            parts = self.sql.split("%s")
            numbered = "".join(f"{part}${place}" for place, part in enumerate(parts[:-1], start=1)) + parts[-1]
            # Not through Django's cursor: it is no statement of the application.
            with connection.wrap_database_errors, connection.connection.cursor() as cursor:
                cursor.execute(f"PREPARE {self._name} AS {numbered.replace('%%', '%')}")
            known.add(self._name)


def _prepared(connection: Any) -> set[str]:
    """Names of what the present ``connection`` to the server has prepared."""
    kept = getattr(connection, "sista_prepared", None)
    if kept is None or kept[0] is not connection.connection:
        kept = connection.sista_prepared = (connection.connection, set())
    return kept[1]
