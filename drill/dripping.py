"""Uploads that drip a byte or so a second: the server cuts them off and answers everybody else meanwhile."""

from __future__ import annotations

import contextlib
import secrets
import socket
import threading
from collections import Counter

#: One promised photo; a piece of it every second would take a quarter of an hour.
PROMISED, AT_ONCE, PAUSE = 60_000, 60, 1.0


class Drips:
    """``answers``: how the server ended each, by status; "cut" without one, "open" when the night ended first."""

    def __init__(self, port: int, cookies: list[str]) -> None:
        self.port = port
        self.answers: Counter[str] = Counter()
        self._over = threading.Event()
        self._token = secrets.token_hex(16)
        self._threads = [threading.Thread(target=self._drip_on, args=(one,), daemon=True) for one in cookies]

    def begin(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(10)

    def _drip_on(self, cookie: str) -> None:
        while not self._over.wait(1):
            self.answers[self._drip(cookie)] += 1

    def _drip(self, cookie: str) -> str:
        head = (
            f"PUT /api/v1/photos/{secrets.token_hex(32)}/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Cookie: {cookie}{self._token}\r\nX-CSRFToken: {self._token}\r\n"
            f"Content-Type: application/octet-stream\r\nContent-Length: {PROMISED}\r\n\r\n"
        )
        try:
            with contextlib.closing(socket.create_connection(("127.0.0.1", self.port), 5)) as link:
                link.sendall(head.encode())
                link.settimeout(PAUSE)
                while not self._over.is_set():
                    link.sendall(bytes(AT_ONCE))
                    with contextlib.suppress(TimeoutError):
                        told = link.recv(4096)
                        return told.split(b" ")[1].decode() if told.startswith(b"HTTP/") else "cut"
        except OSError:
            return "cut"
        return "open"
