"""A bad line before a server: it cuts requests by a fixed pattern, is as slow as 2G, and counts what passes."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

#: Hop-by-hop, or made anew by the handler.
_OURS = {"connection", "transfer-encoding", "server", "date", "keep-alive"}


class Line:
    """Passes requests on to ``target``; a good line until it is told to `become` a bad one."""

    def __init__(self, target: str) -> None:
        self.target = target
        #: No network at all. (The browser's own switch for it does not reach a service worker that it starts later.)
        self.is_down = False
        self.bodies: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()
        self.cut: Counter[str] = Counter()
        self._turn = threading.Lock()
        self.become()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def become(self, *, lost: float = 0, bits: int = 0, seed: int = 1, every_other: bool = False) -> None:
        """From now on: ``lost`` is the share of the API's requests that is cut, half before the server sees them and
        half after it has done its work; ``bits`` a second go up, 0 for as fast as it goes; ``every_other`` piece of
        a photo gets lost.

        Each method has its own dice, thrown in order, so that a run can be repeated.
        """
        self.lost, self.bits, self.every_other = lost, bits, every_other
        self._dice = {method: random.Random(f"{seed} {method}") for method in ("GET", "HEAD", "POST", "PATCH")}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def throw(self, method: str, path: str) -> str:
        """What becomes of a request: "" (passed on), "before" or "after"."""
        if not path.startswith("/api/"):
            return ""
        with self._turn:
            self.requests[method] += 1
            number = self._dice[method].random()
            fate = "" if number >= self.lost else "before" if number < self.lost / 2 else "after"
            if self.every_other and method == "PATCH" and self.requests[method] % 2:
                fate = "before"
            if fate:
                self.cut[fate] += 1
            return fate

    def take(self, method: str, size: int) -> None:
        with self._turn:
            self.bodies[method] += size
        if self.bits:
            time.sleep(size * 8 / self.bits)


def _handler(line: Line) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        # HTTP/1.0: a connection a request. On a kept one the browser itself would repeat what was cut.
        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if line.is_down:
                return
            line.take(self.command, len(body))
            fate = line.throw(self.command, self.path)
            if fate == "before":
                return
            try:
                status, headers, answer = self._asked(body)
            except OSError:
                return  # nobody there: the connection ends without an answer
            if fate == "after":
                return
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in _OURS:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = _pass

        def _asked(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            link = http.client.HTTPConnection(urlsplit(line.target).netloc, timeout=30)
            try:
                # The Host stays the phone's: the server compares it with the Origin.
                headers = {name: value for name, value in self.headers.items() if name.lower() not in _OURS}
                link.request(self.command, self.path, body or None, headers)
                response = link.getresponse()
                return response.status, response.getheaders(), response.read()
            finally:
                link.close()

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
