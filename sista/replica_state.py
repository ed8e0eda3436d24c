"""How late the copy of the database is, and whether it is left alone: known per process.

A position in the primary's log is noted now and then; once the copy has
replayed it, the copy is at most as late as the note is old. The time of the
last transaction that was replayed says the same more finely while things
happen. The smaller of the two counts: each is an upper bound, by the
primary's own clock. What the copy says of its receiver is not asked: one that
is cut off has replayed all it received.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence

from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections

log = logging.getLogger(__name__)

ALIAS = "replica"
#: A copy that is later than this answers nobody.
MOST_BEHIND = 3.0
#: How long a measurement is good for.
LOOK_SECONDS = 1.0
#: So long a copy that failed is left alone.
AWAY_SECONDS = 10.0
_NOTES = 120


def position(text: str) -> int:
    """A position in PostgreSQL's log, ``16/B374D848``, as a number."""
    high, _, low = text.partition("/")
    return (int(high, 16) << 32) | int(low, 16)


def bound(
    notes: Sequence[tuple[float, int]], now: float, replayed: int, since_last_transaction: float | None
) -> float | None:
    """Seconds that a copy which has ``replayed`` up to there is late at most; None where nothing bounds it.

    ``notes`` are (time, position of the primary), oldest first; the last may be of ``now``.
    """
    bounds = [now - at for at, there in notes if there <= replayed][-1:]
    if since_last_transaction is not None:
        bounds.append(since_last_transaction)
    return max(0.0, min(bounds)) if bounds else None


class State:
    """What this process knows. One thread looks at a time; whoever comes meanwhile goes by what was known."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self.behind: float | None = None
        self._looked = self._until = float("-inf")
        self._notes: deque[tuple[float, int]] = deque(maxlen=_NOTES)

    def why_not(self) -> str:
        """Why the copy may not be read now, "away" or "late"; empty when it may."""
        now = time.monotonic()
        if now < self._until:
            return "away"
        if now - self._looked >= LOOK_SECONDS and self._lock.acquire(blocking=False):
            try:
                self.look()
            finally:
                self._lock.release()
            now = time.monotonic()
        if now < self._until:
            return "away"
        known = now - self._looked < 2 * LOOK_SECONDS
        return "" if known and self.behind is not None and self.behind <= MOST_BEHIND else "late"

    def look(self) -> None:
        """Measure now."""
        try:
            self.behind = self._measured()
        except (DatabaseError, InterfaceError) as error:
            log.warning("the replica cannot be measured: %s", type(error).__name__)
            self.leave_alone()
        self._looked = time.monotonic()

    def leave_alone(self) -> None:
        """It failed: nobody asks it for a while."""
        self.behind = None
        self._until = time.monotonic() + AWAY_SECONDS

    def _measured(self) -> float | None:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute("SELECT pg_current_wal_lsn()::text, extract(epoch FROM clock_timestamp())")
            there, clock = cursor.fetchone()
        now = time.monotonic()
        self._notes.append((now, position(there)))
        with connections[ALIAS].cursor() as cursor:
            cursor.execute(
                "SELECT pg_last_wal_replay_lsn()::text, extract(epoch FROM pg_last_xact_replay_timestamp()) "
                "WHERE pg_is_in_recovery()"
            )
            found = cursor.fetchone()
        if found is None or found[0] is None:
            # Somebody made a primary of it, or it never was a copy: what it holds is another history.
            log.error("REPLICA_URL names a database that does not follow: it is not read")
            return None
        since = float(clock) - float(found[1]) if found[1] is not None else None
        return bound(self._notes, now, position(found[0]), since)


state = State()


def behind_now() -> float | None:
    """Seconds that the copy is late at most, for the metrics; None when it may not be read."""
    return None if state.why_not() == "away" else state.behind
