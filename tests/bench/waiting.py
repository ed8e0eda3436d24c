"""What sessions of PostgreSQL wait for, looked at again and again while something runs."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection

SECONDS_BETWEEN_LOOKS = 0.005
#: A row lock is waited for as the other's transaction; which row, the lock on its tuple says (held by the first in
#: the queue, asked for by those behind). Two INSERTs of one key have no tuple yet: then the statement's tables count.
_LOOK = """
    SELECT session.wait_event_type, session.query, CASE WHEN session.wait_event_type = 'Lock' THEN ARRAY(
        SELECT class.relname FROM pg_locks held JOIN pg_class class ON class.oid = held.relation
        WHERE held.pid = session.pid AND (held.locktype = 'tuple' OR NOT held.granted)) END
    FROM pg_stat_activity session
    WHERE session.datname = current_database() AND session.state = 'active' AND session.pid <> pg_backend_pid()
"""
_TABLE = re.compile(r'(?:FROM|JOIN|UPDATE|INTO)\s+"?(\w+)"?', re.IGNORECASE)


@dataclass
class Waits:
    """``looks``: how often it was looked; ``kinds``: sessions seen, by what they waited for ("at work": nothing).

    ``tables``: looks in which somebody waited for a lock on a row of this table, or on the table.
    """

    looks: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    tables: Counter[str] = field(default_factory=Counter)

    def looks_at(self, *prefixes: str) -> int:
        """Looks in which somebody waited for a table whose name begins so. One look may count twice, never zero."""
        return sum(count for table, count in self.tables.items() if table.startswith(prefixes))


@contextmanager
def watched(found: Waits) -> Iterator[None]:
    """Add to ``found`` every 5 ms what sessions of this database wait for."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(SECONDS_BETWEEN_LOOKS):
            look(found)
        connection.close()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def look(found: Waits) -> None:
    """Look once."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOK)
        sessions = cursor.fetchall()
    found.looks += 1
    found.kinds.update(kind or "at work" for kind, _query, _tables in sessions)
    waiting = [set(tables) or set(_TABLE.findall(query)) for kind, query, tables in sessions if kind == "Lock"]
    found.tables.update(set().union(*waiting))
