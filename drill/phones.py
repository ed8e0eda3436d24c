"""The generated phones at work: they send, remember what was answered, and try again as the witness's page does."""

from __future__ import annotations

import contextlib
import heapq
import http.client
import itertools
import random
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from drill import papers
from drill.memory import Memory
from drill.queues import Phone, Send

#: As static/js/phone/schedule.js: doubled from the first on. There it ends at five minutes; a night here is short.
FIRST_DELAY, LONGEST_DELAY = 2.0, 20.0
PIECE = 64 * 1024
#: What each kind is answered when all is well; anything else is tried again or is a finding.
GOOD = {
    "first": {200, 201},
    "again": {200, 201},
    "correction": {200, 201},
    "rival": {200, 201},
    "photo": {200, 201},
    "used key": {409},
    "foreign station": {404},
}
#: What the phone tries again.
LATER = {408, 429, 500, 502, 503, 504, 507}
NO_ANSWER = 0
Link = http.client.HTTPConnection


class Attempt(NamedTuple):
    """One request: when it began (`time.monotonic`), what it was, its status (0: none came), and seconds."""

    at: float
    kind: str
    status: int
    seconds: float
    told_when: bool


@dataclass
class Answer:
    """``offset``: how much of a photo in pieces is there, as told."""

    status: int
    retry_after: str | None = None
    offset: int = 0


class Phones:
    """Threads that take the phone whose turn it is. ``on_counted`` hears of each acknowledged change of a station."""

    def __init__(
        self, port: int, memory: Memory, on_counted: Callable[[int, float], None], *, threads: int = 24
    ) -> None:
        self.port, self.memory, self.on_counted = port, memory, on_counted
        self.attempts: list[Attempt] = []
        self.unexpected: list[str] = []
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
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=70)) as link:
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

    def _attempt(self, link: Link, phone: Phone, send: Send) -> Answer:
        if send.is_form and not send.remembered:
            self.memory.about_to_send(send.paper, send.kind)
            send.remembered = True
        at = time.monotonic()
        try:
            answer = self._form(link, phone, send) if send.is_form else self._photo(link, phone, send)
        except (OSError, http.client.HTTPException):
            link.close()
            answer = Answer(NO_ANSWER)
        now = time.monotonic()
        self.attempts.append(Attempt(at, send.kind, answer.status, now - at, answer.retry_after is not None))
        if answer.status in (200, 201):
            self._remember(send, answer.status, now)
        return answer

    def _remember(self, send: Send, status: int, now: float) -> None:
        if send.is_form:
            self.memory.acknowledged(send.paper, status)
            self.on_counted(send.paper.station, now)
        else:
            assert send.paper.photo
            self.memory.photo_acknowledged(send.paper.photo)

    def _form(self, link: Link, phone: Phone, send: Send) -> Answer:
        return self._ask(link, phone, "POST", "/api/v1/forms/", send.paper.body(), Content_Type="application/json")

    def _photo(self, link: Link, phone: Phone, send: Send) -> Answer:
        path, data = f"/api/v1/photos/{send.paper.photo}/", papers.photo_of(send.paper.key)
        if not send.in_pieces:
            return self._ask(link, phone, "PUT", path, data)
        offset = 0
        while True:
            place = {"Upload_Offset": str(offset), "Upload_Length": str(len(data))}
            answer = self._ask(link, phone, "PATCH", path, data[offset : offset + PIECE], **place)
            if answer.status not in (204, 409):
                return answer
            # What is here already need not be sent again.
            offset = answer.offset

    def _ask(self, link: Link, phone: Phone, method: str, path: str, body: bytes, **more: str) -> Answer:
        headers = {"Cookie": phone.cookie + self._token, "X-CSRFToken": self._token, "Accept": "application/json"}
        named = {name.replace("_", "-"): value for name, value in more.items()}
        link.request(method, path, body, headers | {"Content-Type": "application/octet-stream"} | named)
        answer = link.getresponse()
        answer.read()
        told = answer.headers
        return Answer(answer.status, told.get("Retry-After"), int(told.get("Upload-Offset") or 0))
