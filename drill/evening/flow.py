"""The way of a form, of its photos and of its sums through the processes."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from drill.evening.costs import Costs
from drill.evening.machine import Machine, Process, Queue, Then, least_loaded

#: As `sista/gunicorn_config.py`, `tallies/signalling.py`, `settings.DRAIN_BATCH`, and what a phone sends at once.
THREADS, DEBOUNCE, DRAIN_BATCH, PIECES = 16, 0.2, 1000, 5


@dataclass(frozen=True)
class Size:
    """``web``: processes; ``workers``: those that decode photos; ``cores``: of all parts together.

    ``turns``: how often a form goes from the web process to PostgreSQL and back (14 statements; fewer run faster).
    ``phones``: milliseconds the sender computes for a form, where it shares the cores and is one process.
    """

    web: int
    workers: int
    cores: float
    turns: int = 14
    phones: float = 0.0


@dataclass
class Waits:
    """Seconds, one entry a form or photo, and the moment each came in."""

    forms: list[tuple[float, float]] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    photos: list[float] = field(default_factory=list)
    photos_here: int = 0
    photos_made: int = 0


class House:
    """The parts, and what passes through them. Everything that came in is in ``waits`` once it is answered."""

    def __init__(self, machine: Machine, size: Size, costs: Costs, chance: random.Random) -> None:
        self.machine, self.size, self.costs, self.chance = machine, size, costs, chance
        self.web = [Process(machine, THREADS) for _one in range(size.web)]
        self.workers = Queue(machine, size.workers)
        self.phones = Queue(machine, 1)
        self.drainer = Queue(machine, 1)
        self.waits = Waits()
        self._outbox: list[float] = []
        self._announced = self._draining = False

    # A form

    def form(self) -> None:
        came = self.machine.now
        if self.size.phones:
            self.phones.ask(self.size.phones / 2000, lambda: self._send(came))
        else:
            self._send(came)

    def _send(self, came: float) -> None:
        costs, turns = self.costs, self.size.turns
        web = costs.varied(costs.form_web, self.chance) / turns
        postgres = costs.varied(costs.form_postgres, self.chance) / turns
        process = least_loaded(self.web, self.chance)

        def answered() -> None:
            process.leave()
            self._commit()
            if self.size.phones:
                self.phones.ask(self.size.phones / 2000, done)
            else:
                done()

        def done() -> None:
            self.waits.forms.append((came, self.machine.now - came))

        def pause() -> None:
            self.machine.after(costs.form_pause / 1000, answered)

        process.enter(lambda: self._turns(process, turns, web, postgres, pause))

    def _turns(self, process: Process, left: int, web: float, postgres: float, then: Then) -> None:
        """Compute, ask PostgreSQL, compute …: whoever asks lets another compute."""

        def next_turn() -> None:
            nonlocal left
            left -= 1
            if left:
                process.lock.ask(web, ask)
            else:
                then()

        def ask() -> None:
            self.machine.work(postgres, next_turn)

        process.lock.ask(web, ask)

    # Its photos

    def photo(self, gap: float) -> None:
        """One photo in pieces, ``gap`` seconds on the mean between two; decoded when the last one is here."""
        costs, left = self.costs, PIECES

        def piece() -> None:
            process = least_loaded(self.web, self.chance)

            def answered() -> None:
                nonlocal left
                process.leave()
                left -= 1
                if left:
                    self.machine.after(self.chance.expovariate(1 / gap), piece)
                else:
                    self._decode()

            web, postgres = costs.photo_web / 1000 / PIECES, costs.photo_postgres / 1000 / PIECES
            process.enter(lambda: self._turns(process, 1, web, postgres, answered))

        piece()

    def _decode(self) -> None:
        here = self.machine.now
        self.waits.photos_here += 1

        def made() -> None:
            self.waits.photos.append(self.machine.now - here)
            self.waits.photos_made += 1

        self.workers.ask(self.costs.varied(self.costs.photo_decoding, self.chance), made)

    # Its sums

    def _commit(self) -> None:
        self._outbox.append(self.machine.now)
        if not self._announced:
            self._announced = True
            self.machine.after(DEBOUNCE, self._wake)

    def _wake(self) -> None:
        self._announced = False
        if not self._draining:
            self._drain()

    def _drain(self) -> None:
        taken, self._outbox = self._outbox[:DRAIN_BATCH], self._outbox[DRAIN_BATCH:]
        self._draining = bool(taken)
        if not taken:
            return

        def counted() -> None:
            self.waits.lags += [self.machine.now - committed for committed in taken]
            self._drain()

        self.drainer.ask(self.costs.drain_seconds(len(taken)), counted)
