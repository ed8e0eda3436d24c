"""The generated phones at work: they send, remember what was answered, and try again as the witness's page does."""

from __future__ import annotations

import heapq
import itertools
import random
import secrets
import threading
import time
from collections.abc import Callable

from drill import desks, papers
from drill.answers import GOOD, LATER, NO_ANSWER, Attempt
from drill.desks import Act
from drill.line import Answer, Line, Link
from drill.memory import Memory
from drill.queues import Phone, Send

#: As static/js/phone/schedule.js: doubled from the first on. There it ends at five minutes; a night here is short.
FIRST_DELAY, LONGEST_DELAY = 2.0, 20.0
PIECE = 64 * 1024
#: Phones that have a connection at once; the others wait their turn, as where the mast is full.
AT_ONCE = 16


_JSON, _BYTES = "Content-Type: application/json\r\n", "Content-Type: application/octet-stream\r\n"


class Phones:
    """Threads that take the phone whose turn it is. ``on_counted`` hears of each acknowledged change of a station.

    ``acknowledged`` counts forms; ``waits`` are seconds from when a first form was due until its phone had a thread;
    ``processor`` is what the threads that ended took of it, in seconds.
    """

    def __init__(
        self, line: Line, memory: Memory, on_counted: Callable[[int, float], None], *, threads: int = AT_ONCE
    ) -> None:
        self.line, self.memory, self.on_counted = line, memory, on_counted
        self.attempts: list[Attempt] = []
        self.unexpected: list[str] = []
        self.waits: list[float] = []
        self.sent = self.acknowledged = 0
        self.processor = 0.0
        self._due: list[tuple[float, int, Phone]] = []
        self._number = itertools.count()
        self._changed = threading.Condition()
        self._busy = 0
        self._failing: set[int] = set()
        self._over = False
        self._token = secrets.token_hex(16)
        self._began = time.monotonic()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]

    def begin(self, phones: list[Phone]) -> None:
        self._began = time.monotonic()
        for phone in phones:
            self._lay(phone, self._began + phone.waiting[0].due)
        for thread in self._threads:
            thread.start()

    def _lay(self, phone: Phone, at: float) -> None:
        with self._changed:
            heapq.heappush(self._due, (at, next(self._number), phone))
            self._changed.notify()

    def send_now(self, phone: Phone) -> None:
        """Have one more phone send, at once."""
        self._lay(phone, time.monotonic())

    @property
    def left(self) -> int:
        """Phones that still have something to send."""
        with self._changed:
            return len(self._due) + self._busy

    @property
    def failing(self) -> int:
        """Phones whose last attempt was not answered as it should be, and that try again."""
        with self._changed:
            return len(self._failing)

    @property
    def queueing(self) -> int:
        """Phones that would send now, had they a connection."""
        with self._changed:
            now = time.monotonic()
            return sum(at <= now for at, _number, _phone in self._due)

    def stop(self) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(30)

    def _work(self) -> None:
        while (phone := self._next()) is not None:
            again = self._send_all_due(phone)
            # At once: for nobody who looks may it seem to be neither busy nor waiting.
            with self._changed:
                self._busy -= 1
                (self._failing.add if phone.delay else self._failing.discard)(id(phone))
                if again is not None:
                    self._lay(phone, again)
        with self._changed:
            self.processor += time.thread_time()

    def _next(self) -> Phone | None:
        with self._changed:
            while not self._over:
                now = time.monotonic()
                if self._due and self._due[0][0] <= now:
                    self._busy += 1
                    return heapq.heappop(self._due)[2]
                self._changed.wait(min(1.0, self._due[0][0] - now) if self._due else 1.0)
        return None

    def _send_all_due(self, phone: Phone) -> float | None:
        """Send over one connection what is due; return when this phone is to be looked at again."""
        with Link(self.line) as link:
            while phone.waiting:
                send = phone.waiting[0]
                due = self._began + send.due
                if due > time.monotonic():
                    return due
                answer = self._attempt(link, phone, send)
                if answer.status in LATER or answer.status == NO_ANSWER:
                    phone.delay = min(phone.delay * 2 or FIRST_DELAY, LONGEST_DELAY)
                    pause = max(phone.delay, float(answer.retry_after or 0))
                    return time.monotonic() + pause * random.uniform(0.75, 1.25)
                if answer.status not in GOOD[send.kind]:
                    self.unexpected.append(f"{send.kind}: {answer.status} for {send.paper.key}")
                phone.delay = 0.0
                phone.waiting.popleft()
        return None

    def _attempt(self, link: Link, phone: Phone, send: Send | Act) -> Answer:
        at = time.monotonic()
        if not send.remembered:
            self._remember_first(send, at)
        try:
            if isinstance(send, Act):
                # A press is by somebody else, over a line of their own.
                answer = desks.perform(send, self.line, self._token)
            else:
                answer = self._form(link, phone, send) if send.is_form else self._photo(link, phone, send)
        except OSError:
            answer = Answer(NO_ANSWER)
        now = time.monotonic()
        self.attempts.append(Attempt(at, send.kind, answer.status, now - at, answer.retry_after is not None))
        if isinstance(send, Act):
            if answer.status == desks.DONE:
                self._remember_act(send, now)
        elif answer.status in (200, 201):
            self._remember(send, answer.status, now)
        return answer

    def _remember_first(self, send: Send | Act, at: float) -> None:
        send.remembered = True
        if isinstance(send, Act):
            if send.kind == "correct":
                self.memory.about_to_send(send.paper, send.kind)
        elif send.is_form:
            self.memory.about_to_send(send.paper, send.kind)
            self.sent += 1
            if send.kind == "first" and send.due:
                self.waits.append(at - self._began - send.due)

    def _remember(self, send: Send, status: int, now: float) -> None:
        if send.is_form:
            self.memory.acknowledged(send.paper, status)
            self.acknowledged += 1
            self.on_counted(send.paper.station, now)
        else:
            assert send.paper.photo
            self.memory.photo_acknowledged(send.paper.photo)

    def _remember_act(self, act: Act, now: float) -> None:
        self.memory.decided(act)
        for station in act.stations:
            self.on_counted(station, now)

    def _form(self, link: Link, phone: Phone, send: Send) -> Answer:
        return self._ask(link, send.cookie or phone.cookie, "POST", "/api/v1/forms/", send.paper.body(), _JSON)

    def _photo(self, link: Link, phone: Phone, send: Send) -> Answer:
        path, data = f"/api/v1/photos/{send.paper.photo}/", papers.photo_of(send.paper.key)
        if not send.in_pieces:
            return self._ask(link, phone.cookie, "PUT", path, data, _BYTES)
        offset = 0
        while True:
            place = f"{_BYTES}Upload-Offset: {offset}\r\nUpload-Length: {len(data)}\r\n"
            answer = self._ask(link, phone.cookie, "PATCH", path, data[offset : offset + PIECE], place)
            if answer.status not in (204, 409):
                return answer
            # What is here already need not be sent again.
            offset = answer.offset

    def _ask(self, link: Link, cookie: str, method: str, path: str, body: bytes, more: str) -> Answer:
        own = f"Cookie: {cookie}{self._token}\r\nX-CSRFToken: {self._token}\r\nAccept: application/json\r\n"
        return link.ask(method, path, own + more, body)
