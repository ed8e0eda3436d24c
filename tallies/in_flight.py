"""What is being written of a contest, and what has to wait for it: a change of phase, and of the contest's pairs.

Whoever writes figures under the rules of a phase holds the contest together with all others who do
(`join`); whoever changes the rules holds it alone (`wait_out`): once they have changed, nothing of
the old ones is written any more. A lock of the transaction, on PostgreSQL only: SQLite has one writer.

Not on the row of the election or contest. FOR SHARE would wait for the drainer, which holds the election
while it adds up; FOR KEY SHARE may return a row as it was before a change that does not touch its key;
and either writes to the one row that every form of a night shares.

Order: the election's row (``no_key``), then `wait_out`, then rows of contests and pairs; `join` before any row that
others who join wait for. So nobody waits in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

#: Names these locks among all advisory locks of the database.
_KIND = 5_020_050
#: Forms take milliseconds. Whoever has to wait longer steps back, and is told to try again.
LONGEST_WAIT = "2s"
#: Keys above are no contests: the lock's number is of four bytes.
LAST_KEY = 2**31 - 1


def joining(contest_id: int) -> tuple[str, list[int]]:
    """The SQL of `join` and its values, for a statement that sends both together; PostgreSQL's."""
    return "SELECT pg_advisory_xact_lock_shared(%s, %s)", [_KIND, contest_id]


def join(contest_id: int) -> None:
    """Until the transaction ends, neither the contest's phase nor its pairs change. Then read them."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(*joining(contest_id))


def wait_out(contest_ids: Iterable[int]) -> None:
    """Let what is being written of these contests end, and nothing else begin until the transaction ends.

    What was read before is to be read again. OperationalError after `LONGEST_WAIT` for one contest: every form that
    comes waits behind us, and a form whose machine lost its power may stay in flight for hours.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout')")
        [before] = cursor.fetchone()
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LONGEST_WAIT])
        for contest_id in sorted(set(contest_ids)):
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_KIND, contest_id])
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [before])
