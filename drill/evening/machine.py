"""Events in order of time, work on cores that are shared, and queues before processes. Seconds throughout."""

from __future__ import annotations

import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable

Then = Callable[[], None]


class Machine:
    """A clock, and ``cores`` that all work in progress shares evenly; no piece has more than one.

    With ``n`` pieces of work each advances at ``min(1, cores / n)``: as the kernel shares, without its slices.
    """

    def __init__(self, cores: float) -> None:
        self.cores = cores
        self.now = 0.0
        self.worked = 0.0
        self._number = itertools.count()
        self._events: list[tuple[float, int, Then]] = []
        self._running: list[tuple[float, int, Then]] = []
        # Work that a piece in progress has got since the beginning: all advance alike, so one number does for all.
        self._advanced = 0.0

    def at(self, moment: float, then: Then) -> None:
        heapq.heappush(self._events, (moment, next(self._number), then))

    def after(self, seconds: float, then: Then) -> None:
        self.at(self.now + seconds, then)

    def work(self, seconds: float, then: Then) -> None:
        """Spend ``seconds`` of a core, then call ``then``."""
        heapq.heappush(self._running, (self._advanced + seconds, next(self._number), then))

    def run(self, until: float = float("inf")) -> None:
        """Go on until nothing is left to happen, or to ``until``."""
        events, running = self._events, self._running
        while events or running:
            rate = min(1.0, self.cores / len(running)) if running else 1.0
            done_at = self.now + (running[0][0] - self._advanced) / rate if running else float("inf")
            moment = min(done_at, events[0][0] if events else float("inf"))
            if moment > until:
                break
            if running:
                self.worked += (moment - self.now) * rate * len(running)
                self._advanced += (moment - self.now) * rate
            self.now = moment
            if running and done_at <= moment:
                self._advanced = running[0][0]
                heapq.heappop(running)[2]()
            else:
                heapq.heappop(events)[2]()


class Queue:
    """Work that ``servers`` take in the order it came, each on a core of the machine."""

    def __init__(self, machine: Machine, servers: int) -> None:
        self.machine, self.servers = machine, servers
        self.busy = 0
        #: Seconds of work that were done.
        self.done = 0.0
        self._waiting: deque[tuple[float, Then]] = deque()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def ask(self, seconds: float, then: Then) -> None:
        if self.busy < self.servers:
            self.busy += 1
            self._begin(seconds, then)
        else:
            self._waiting.append((seconds, then))

    def _begin(self, seconds: float, then: Then) -> None:
        def end() -> None:
            self.done += seconds
            if self._waiting:
                self._begin(*self._waiting.popleft())
            else:
                self.busy -= 1
            then()

        self.machine.work(seconds, end)


class Process:
    """A web process: ``threads`` requests inside, of which one at a time computes; the others wait before it."""

    def __init__(self, machine: Machine, threads: int) -> None:
        self.lock = Queue(machine, 1)
        self.threads = threads
        self.inside = 0
        self._outside: deque[Then] = deque()

    @property
    def load(self) -> int:
        return self.inside + len(self._outside)

    def enter(self, then: Then) -> None:
        if self.inside < self.threads:
            self.inside += 1
            then()
        else:
            self._outside.append(then)

    def leave(self) -> None:
        if self._outside:
            self._outside.popleft()()
        else:
            self.inside -= 1


def least_loaded(processes: list[Process], chance: random.Random) -> Process:
    """As nginx's ``least_conn``, and as the first idle process that accepts: among equals by chance."""
    least = min(process.load for process in processes)
    return chance.choice([process for process in processes if process.load == least])
