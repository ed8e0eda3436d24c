"""A line each half minute: how far the night is, and how the machine bears it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

from drill.phones import Phones
from drill.watching import Watch

EVERY = 30.0


class Progress:
    """A thread that tells from `begin` to `stop`."""

    def __init__(self, phones: Phones, watch: Watch, say: Callable[[str], None]) -> None:
        self.phones, self.watch, self.say = phones, watch, say
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tell, daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join(5)

    def _tell(self) -> None:
        began = time.monotonic()
        before = 0
        while not self._over.wait(EVERY):
            phones = self.phones
            rate, before = (phones.acknowledged - before) / EVERY, phones.acknowledged
            oldest = self.watch.oldest()
            lag = "nobody can tell" if oldest == float("inf") else f"{oldest:.1f} s"
            self.say(
                f"{time.monotonic() - began:6.0f} s  sent {phones.sent:,}, acknowledged {phones.acknowledged:,} "
                f"({rate:.0f} a second), in the phones {phones.queueing:,}, not yet counted {self.watch.waiting:,}, "
                f"lag now {lag}, load {os.getloadavg()[0]:.1f}"
            )
