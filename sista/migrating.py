"""Migrate a database that forms are coming into: a migration that cannot have its lock steps back and tries again.

An ALTER TABLE that waits for one open transaction lets nobody past it: every form that comes after it waits too. So
each lock is waited for only `LOCK_TIMEOUT`, less than PostgreSQL's ``deadlock_timeout`` (one second): where a
migration and a form stand in each other's way, the migration gives up, never the form.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

#: How long a form can wait behind a migration that waits for a lock.
LOCK_TIMEOUT = "500ms"
#: Seconds between two tries, doubled up to the longest, and after which the command gives up.
FIRST_PAUSE, LONGEST_PAUSE, PATIENCE = 1.0, 10.0, 600.0
#: SQLSTATE: the lock was not to be had; two waited for one another.
_LOCKED, _DEADLOCK = "55P03", "40P01"


class StillLocked(Exception):
    """The tables were in use for as long as we were ready to wait. What was migrated until then stays."""


class HalfDone(Exception):
    """A migration without a transaction was ended in its middle: what it had begun is there, and not finished."""


def limit_waits(connection: BaseDatabaseWrapper, *, atomic: bool) -> None:
    """Bound the waits of the migration that begins now.

    One without a transaction of its own builds an index beside the work, which waits for those who are in the table
    and stops nobody: it may take its time, and cut short it would leave half an index.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_TIMEOUT if atomic else "0"])


def patiently(
    connection: BaseDatabaseWrapper,
    run: Callable[[], Any],
    say: Callable[[str], Any],
    *,
    patience: float = PATIENCE,
    is_atomic: Callable[[], bool] = lambda: True,
) -> None:
    """Call ``run`` until no lock was in its way; what it finished before is not done twice. Raises `StillLocked`.

    ``is_atomic``: whether the migration that failed left nothing behind. Raises `HalfDone` where it did not.
    """
    began, pause = time.monotonic(), FIRST_PAUSE
    while True:
        try:
            run()
            return
        except OperationalError as error:
            if getattr(error.__cause__, "pgcode", None) not in (_LOCKED, _DEADLOCK):
                raise
            if not is_atomic():
                raise HalfDone(
                    "Two waited for one another, and a migration that builds beside the work was ended: an index "
                    "of it may be there, INVALID. Find it (SELECT indexrelid::regclass FROM pg_index WHERE NOT "
                    "indisvalid), DROP INDEX CONCURRENTLY, and run migrate again."
                ) from error
            if time.monotonic() - began > patience:
                raise StillLocked(
                    f"A table was in use whenever we looked for {patience:.0f} s. Nothing waits behind us. Look in "
                    "pg_stat_activity for a transaction that stays open, and run migrate again."
                ) from error
            say(f"A table is in use; forms go first. Again in {pause:.0f} s …")
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        finally:
            if connection.vendor == "postgresql" and connection.connection is not None and connection.is_usable():
                limit_waits(connection, atomic=False)
