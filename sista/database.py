"""One way to write: a transaction, and on SQLite a lock round it."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

from django.db import connection, connections, router, transaction

_one_writer = RLock()


@contextmanager
def writing() -> Iterator[None]:
    """Open the transaction of a write.

    SQLite has one writer. Its busy handler polls with growing sleeps (p95
    384-650 ms at 8 clients); a lock inside the one web process hands over at
    once (36 ms). PostgreSQL needs no such thing.
    """
    if connection.vendor == "sqlite":
        with _one_writer, transaction.atomic():
            yield
    else:
        with transaction.atomic():
            yield


@contextmanager
def writing_once() -> Iterator[None]:
    """The same round a write of one statement, which is a transaction by itself: two round trips less."""
    if connection.vendor == "sqlite":
        with _one_writer:
            yield
    else:
        yield


def wait_for_a_lock_at_most(seconds: int) -> None:
    """Until the open transaction ends, OperationalError for whoever waits longer than ``seconds`` for one lock.

    Does nothing on SQLite, which waits ``timeout`` seconds (sista.settings) in any case.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{seconds}s"])


def gave_up_on_a_lock(error: BaseException) -> bool:
    """Whether ``error`` says that a lock was not had in time (`wait_for_a_lock_at_most`)."""
    return getattr(error.__cause__, "pgcode", None) == "55P03"


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Read all that follows as of one moment, however long it takes. Nothing may be written inside.

    Inside a transaction that is open already, that one decides what is seen.
    """
    alias = router.db_for_read(None)  # where a page may be read from a copy (sista.replica), the copy
    if connections[alias].in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        with _reading_sqlite():
            yield
    else:
        with transaction.atomic(using=alias):
            with connections[alias].cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield


@contextmanager
def _reading_sqlite() -> Iterator[None]:
    # Not atomic(): transactions here begin IMMEDIATE, and a reader would hold up every witness.
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")
