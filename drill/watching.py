"""How long an acknowledged form is on its way to the national total, of every form, and is it caught up.

A form's outbox row goes in the transaction that writes the totals up to the nation: acknowledged and no row of its
station left means counted. Looked at from outside, by a plain connection.
"""

from __future__ import annotations

import threading
import time
from typing import NamedTuple

import psycopg2

LOOK_EVERY = 0.025
#: While much waits a look takes long; it is then no more than this share of what passes.
SHARE = 0.1


class Lag(NamedTuple):
    """When the answer came (`time.monotonic`), and seconds from there until it was counted."""

    at: float
    seconds: float


class Watch:
    def __init__(self, database_url: str) -> None:
        self.database_url = database_url
        self.lags: list[Lag] = []
        #: By station: when it was last seen that all acknowledged of it is counted.
        self.counted: dict[int, float] = {}
        self._pending: dict[int, list[float]] = {}
        self._one_at_a_time = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._sees = False

    def begin(self) -> None:
        self._thread.start()

    def acknowledged(self, station: int, at: float) -> None:
        with self._one_at_a_time:
            self._pending.setdefault(station, []).append(at)

    def oldest(self) -> float:
        """Seconds the oldest acknowledged form waits to be counted; very long while nobody can tell."""
        if not self._sees:
            return float("inf")
        with self._one_at_a_time:
            first = min((min(moments) for moments in self._pending.values()), default=None)
        return 0.0 if first is None else time.monotonic() - first

    @property
    def waiting(self) -> int:
        """Acknowledged changes that were not yet seen to be counted."""
        with self._one_at_a_time:
            return sum(map(len, self._pending.values()))

    def stop(self) -> None:
        self._over.set()
        self._thread.join(10)

    def _look(self) -> None:
        while not self._over.is_set():
            try:
                link = psycopg2.connect(self.database_url, connect_timeout=2)
                link.autocommit = True
                self._look_while_it_answers(link)
            except psycopg2.Error:
                self._sees = False
                self._over.wait(0.2)

    def _look_while_it_answers(self, link: psycopg2.extensions.connection) -> None:
        with link.cursor() as cursor:
            pause = LOOK_EVERY
            while not self._over.wait(pause):
                began = time.monotonic()
                with self._one_at_a_time:
                    asked = {station: list(moments) for station, moments in self._pending.items()}
                cursor.execute(
                    "SELECT DISTINCT station_id FROM tallies_outboxrow WHERE station_id = ANY(%s)", [list(asked)]
                )
                waiting = {station for (station,) in cursor.fetchall()}
                self._sees = True
                now = time.monotonic()
                with self._one_at_a_time:
                    for station in asked.keys() - waiting:
                        # What was acknowledged after we asked stays.
                        moments = self._pending.pop(station)
                        self.counted[station] = now
                        self.lags += [Lag(at, now - at) for at in moments[: len(asked[station])]]
                        if rest := moments[len(asked[station]) :]:
                            self._pending[station] = rest
                pause = max(LOOK_EVERY, (time.monotonic() - began) / SHARE)
