"""The network between the phones and the server, down to the socket: what is sent, what is read, and how it is cut.

A client of its own: ``http.client`` spends most of its time on headers nobody here reads, and a cut needs the socket.
"""

from __future__ import annotations

import contextlib
import itertools
import select
import socket
import struct
import threading
from collections import Counter
from dataclasses import dataclass
from types import TracebackType

TIMEOUT = 70.0
#: A socket closed like this is reset: nothing more is sent, nothing more is read.
_RESET = struct.pack("ii", 1, 0)
_TEARS = ("request", "answer", "")


@dataclass
class Answer:
    """``offset``: how much of a photo in pieces is there, as told; ``location``: where a page sends its reader."""

    status: int
    retry_after: str | None = None
    offset: int = 0
    location: str = ""
    body: bytes = b""


class Line:
    """Good, torn (connections end in the middle of a request or before its answer is read) or cut (none is made).

    ``torn``: how many ended in the middle of what.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.torn: Counter[str] = Counter()
        self._state = "good"
        self._turns = itertools.cycle(_TEARS)
        self._open: set[socket.socket] = set()
        self._changing = threading.Lock()

    def connect(self) -> socket.socket:
        if self._state == "cut":
            raise ConnectionRefusedError("the network is cut")
        found = socket.create_connection(("127.0.0.1", self.port), TIMEOUT)
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._changing:
            self._open.add(found)
        return found

    def close(self, one: socket.socket) -> None:
        with self._changing:
            self._open.discard(one)
        one.close()

    def tear(self) -> None:
        self._state = "torn"

    def cut(self) -> None:
        """Reset every connection wherever it is."""
        self._state = "cut"
        with self._changing:
            for one in self._open:
                self.torn["flight"] += 1
                with contextlib.suppress(OSError):
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                    # Wakes the thread that reads from it; that one closes it.
                    one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._state = "good"

    def tears(self) -> str:
        """In the middle of what the next request ends: "request", "answer", "" when it does not."""
        return next(self._turns) if self._state == "torn" else ""


class Link:
    """One connection of one phone, made when it is first needed. Raises OSError where there is no answer."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self._socket: socket.socket | None = None

    def __enter__(self) -> Link:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._socket is not None:
            self.line.close(self._socket)
            self._socket = None

    def ask(self, method: str, path: str, headers: str, body: bytes = b"") -> Answer:
        """``headers``: whole lines, each with its end."""
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode()
        try:
            if self._socket is None:
                self._socket = self.line.connect()
            tear = self.line.tears()
            if tear == "request":
                self._socket.sendall((head + body)[: len(head) + len(body) // 2])
                self._reset(tear)
            self._socket.sendall(head + body)
            if tear == "answer":
                select.select([self._socket], [], [], TIMEOUT)
                self._reset(tear)
            return self._read(self._socket)
        except (OSError, ValueError) as error:
            self.close()
            raise error if isinstance(error, OSError) else ConnectionError("half an answer") from error

    def _reset(self, what: str) -> None:
        assert self._socket is not None
        self.line.torn[what] += 1
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        raise ConnectionResetError("the network was cut in the middle")

    def _read(self, source: socket.socket) -> Answer:
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += _more(source)
        lines = data[:end].decode("latin-1").split("\r\n")
        told = {name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines[1:])}
        status, body = int(lines[0].split(" ", 2)[1]), data[end + 4 :]
        if told.get("transfer-encoding") == "chunked":
            while not body.endswith(b"0\r\n\r\n"):
                body += _more(source)
        else:
            length = int(told.get("content-length") or 0)
            while len(body) < length:
                body += _more(source)
        if told.get("connection") == "close":
            self.close()
        offset = int(told.get("upload-offset") or 0)
        return Answer(status, told.get("retry-after"), offset, told.get("location", ""), body)


def _more(source: socket.socket) -> bytes:
    data = source.recv(65536)
    if not data:
        raise ConnectionError("the answer broke off")
    return data
