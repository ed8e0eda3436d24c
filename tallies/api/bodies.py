"""Read what is sent, with a limit on bytes, depth and time.

Django keeps ``request.body`` within 2 MB and decodes with the charset the
sender names; a photo is larger, and a form is always UTF-8.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.http import HttpRequest, UnreadablePostError
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from tallies.api.refusals import Refused

#: A full form with twelve photos is under 8 KB.
FORM_MAX_BYTES = 64 * 1024
#: A photo of 350 KB over 2G (3 KB/s) needs about this long.
PHOTO_SECONDS = 120.0
CHUNK = 64 * 1024


class FormParser(JSONParser):
    """JSON of at most `FORM_MAX_BYTES`, UTF-8, each key once."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            data = stream.read(FORM_MAX_BYTES + 1)
        except UnreadablePostError as error:
            raise ParseError from error
        if len(data) > FORM_MAX_BYTES:
            raise Refused("body_too_large", 413)
        try:
            return json.loads(data.decode(), parse_constant=_no_constant, object_pairs_hook=_each_key_once)
        except (ValueError, RecursionError) as error:
            raise ParseError from error


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # The last one would win silently: {"1": 142, "1": 241} has no one meaning.
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def declared_length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def read_photo(request: HttpRequest, *, limit: int, seconds: float | None = None) -> bytes:
    """Read the whole body of ``request``, which declares its length.

    Raises `Refused`: 413 above ``limit``, before anything is read; 408 when it
    takes longer than ``seconds`` (`PHOTO_SECONDS`); 400 when it ends early.
    """
    length = declared_length(request)
    if length > limit:
        raise Refused("too_large", 413)
    chunks: list[bytes] = []
    got = 0
    with _deadline(request, PHOTO_SECONDS if seconds is None else seconds) as expired:
        with suppress(UnreadablePostError):
            while got < length and not expired.is_set() and (chunk := request.read(min(CHUNK, length - got))):
                chunks.append(chunk)
                got += len(chunk)
        if got < length:
            raise Refused("too_slow", 408) if expired.is_set() else Refused("cut_off")
    return b"".join(chunks)


@contextmanager
def _deadline(request: HttpRequest, seconds: float) -> Iterator[threading.Event]:
    """Set the event after ``seconds``, and end the reading of a socket that drips.

    A read waits for its full chunk: one byte a second would hold the thread
    for hours, and no timeout between two bytes notices. gunicorn hands its
    socket over; elsewhere the time is looked at between two chunks.
    """
    expired = threading.Event()
    connection = request.META.get("gunicorn.socket")

    def stop() -> None:
        expired.set()
        if connection is not None:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RD)

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()
