"""The web server's worker: gunicorn's threads, with a limit on how slowly a request may arrive.

A thread reads a request for as long as it takes. Sixteen uploads of a byte a
second would hold all sixteen threads, and nobody else would be answered.
gunicorn has no limit for that: its ``timeout`` watches the process, not a request.
"""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from gunicorn.http.parser import RequestParser
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import TConn, ThreadWorker

#: In both languages: whose request it was is not known before it is read.
TOO_SLOW = (
    b"Kiriman terlalu lambat dan diputus. Coba lagi saat sinyal lebih baik.\n"
    b"This was too slow and was cut off. Try again where the signal is better.\n"
)


class TooSlow(TimeoutError):
    """The client sends too slowly; Django sees an upload that broke off."""

    def __init__(self) -> None:
        # gunicorn logs an OSError with its traceback, except one that says the socket is gone.
        super().__init__(errno.ENOTCONN, "the request arrives too slowly")


class PacedUnreader(SocketUnreader):
    """Reads a request from its socket, and gives up on one that arrives too slowly."""

    def __init__(self, sock: Any, worker: PacedThreadWorker) -> None:
        super().__init__(sock)
        self.worker = worker
        self.begin()

    def begin(self) -> None:
        """Start the clock of a new request on this connection."""
        self.started = time.monotonic()
        self.received = 0
        self.gave_up = False

    def chunk(self, size_hint: int | None = None) -> bytes:
        before = self.sock.gettimeout()
        try:
            while True:
                if self._is_too_slow():
                    self.gave_up = True
                    raise TooSlow
                self.sock.settimeout(self.worker.look_again)
                try:
                    data = super().chunk(size_hint)
                except TimeoutError:
                    continue
                self.received += len(data)
                return data
        finally:
            self.sock.settimeout(before)

    def _is_too_slow(self) -> bool:
        waited = time.monotonic() - self.started
        patience = self.worker.pressed_patience if self.worker.someone_waits() else self.worker.patience
        allowed = patience + self.received / self.worker.slowest_rate
        return waited > min(allowed, self.worker.longest)


class PacedThreadWorker(ThreadWorker):
    """gunicorn's ``gthread``, in which a dripping request is answered 408 and its thread freed.

    A request may take ``patience`` seconds and one more for every
    ``slowest_rate`` bytes: a photo of 260 KB over a bad 2G line takes about
    fifty. While others wait for a thread the patience is ``pressed_patience``.
    """

    patience = 30.0
    pressed_patience = 5.0
    slowest_rate = 1024
    longest = 600.0
    look_again = 1.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting = 0
        self._counting = threading.Lock()
        self._in_thread = threading.local()

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self.wsgi = self._answering_408(self.wsgi)

    def someone_waits(self) -> bool:
        return self._waiting > 0

    def enqueue_req(self, conn: TConn) -> None:
        with self._counting:
            self._waiting += 1
        super().enqueue_req(conn)

    def handle(self, conn: TConn) -> Any:
        with self._counting:
            self._waiting -= 1
        if conn.parser is None:
            conn.parser = RequestParser(conn.cfg, conn.sock, conn.client)
            conn.parser.unreader = PacedUnreader(conn.sock, self)
        conn.parser.unreader.begin()
        self._in_thread.unreader = conn.parser.unreader
        return super().handle(conn)

    def _answering_408(self, application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        """Answer for ``application`` when its request was given up on: it can only guess why the body broke off.

        ``application`` calls ``start_response`` before it returns, as Django does.
        """

        def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            held: list[tuple[Any, ...]] = []
            body = application(environ, lambda *response: held.append(response))
            if not self._in_thread.unreader.gave_up or held[-1][0].startswith("408"):
                start_response(*held[-1])
                return body
            if hasattr(body, "close"):
                body.close()
            headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(TOO_SLOW)))]
            headers += [("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store")]
            start_response("408 Request Timeout", headers)
            return [TOO_SLOW]

        return answer
