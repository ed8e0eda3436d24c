"""The play, made once for the tests that follow each other in a file and take it as it is.

As Django's `setUpTestData` does it: a transaction round several tests holds
the play, each test has one of its own inside and rolls back what it did, and
works with copies of the Python objects. Making it anew cost every test more
than most of them need for what they claim.
"""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from tests import cast

#: A test may count on people and stations that were made just now.
SECONDS = 10
LONGER = pytest.StashKey[dict[Path, bool]]()


class KeptPlay:
    """At most one play, and the transaction that holds it."""

    def __init__(self) -> None:
        self._play: cast.Play | None = None
        self._holding: transaction.Atomic | None = None
        self._made = 0.0
        self._line: Any = None
        self._blocker: Any = None

    def raise_curtain(self, blocker: Any) -> None:
        """Have a play: that of the test before, unless it is old or its connection was lost."""
        if time.monotonic() - self._made > SECONDS or connection.connection is not self._line:
            self.drop()
        if self._holding:
            return
        self._blocker = blocker
        with blocker.unblock():
            self._holding = transaction.atomic()
            # As with the transactions of Django's test cases: a durable block inside is the outermost it knows of.
            self._holding._from_testcase = True  # type: ignore[attr-defined]
            self._holding.__enter__()
            self._line = connection.connection
            try:
                self._play = cast.make_play()
            except BaseException:
                self.drop()
                raise
        self._made = time.monotonic()

    def copy(self) -> cast.Play:
        return copy.deepcopy(self._play) if self._play else cast.make_play()

    def drop(self) -> None:
        holding, self._holding, self._play = self._holding, None, None
        if not holding:
            return
        with self._blocker.unblock():
            if connection.connection is self._line:
                transaction.set_rollback(True)
                holding.__exit__(None, None, None)
            else:
                # A test cut the line: nothing of the transaction is left but Django's memory of it.
                connection.close()
                connection.in_atomic_block = connection.needs_rollback = connection.closed_in_transaction = False
                connection.savepoint_ids, connection.atomic_blocks = [], []
                connection.close()


def is_for(item: pytest.Item) -> bool:
    """Whether a test takes the play, is one transaction, and in a file that holds none of its own open."""
    names = getattr(item, "fixturenames", ())
    if "play" not in names or {"transactional_db", "live_server", "committed_play"} & set(names):
        return False
    if any(marker.kwargs.get("transaction") for marker in item.iter_markers("django_db")):
        return False
    return not _longer_fixtures(item)


def _longer_fixtures(item: pytest.Item) -> bool:
    """Whether a test of the file takes a fixture of ours that outlives it: that one might hold a transaction open."""
    known = item.session.stash.setdefault(LONGER, {})
    if item.path not in known:
        known[item.path] = any(
            definition.scope in ("class", "module", "package") and definition.func.__module__.startswith("tests.")
            for other in item.session.items
            if other.path == item.path
            for definitions in other._fixtureinfo.name2fixturedefs.values()
            for definition in definitions
        )
    return known[item.path]
