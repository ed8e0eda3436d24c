"""Read what is sent, with a limit on bytes and depth.

Django keeps ``request.body`` within 2 MB and decodes with the charset the
sender names; a photo is larger, and a form is always UTF-8.
"""

from __future__ import annotations

import json
import zlib
from typing import Any

from django.http import HttpRequest, UnreadablePostError
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from tallies.api.refusals import Refused

#: A full form with twelve photos is under 8 KB.
FORM_MAX_BYTES = 64 * 1024
CHUNK = 64 * 1024


class FormParser(JSONParser):
    """JSON of at most `FORM_MAX_BYTES`, UTF-8, each key once; as it is or packed with gzip."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            data = stream.read(FORM_MAX_BYTES + 1)
        except UnreadablePostError as error:
            raise ParseError from error
        request = (parser_context or {}).get("request")
        if request is not None and request.headers.get("Content-Encoding") == "gzip":
            data = _unpacked(data)
        if len(data) > FORM_MAX_BYTES:
            raise Refused("body_too_large", 413)
        try:
            return json.loads(data.decode(), parse_constant=_no_constant, object_pairs_hook=_each_key_once)
        except (ValueError, RecursionError) as error:
            raise ParseError from error


def _unpacked(data: bytes) -> bytes:
    """Unpack a body that a phone has made small, at most one byte beyond the limit."""
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        unpacked = unpacker.decompress(data, FORM_MAX_BYTES + 1)
    except zlib.error as error:
        raise ParseError from error
    if not unpacker.eof and len(unpacked) <= FORM_MAX_BYTES:
        raise ParseError  # cut off
    return unpacked


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


def read_photo(request: HttpRequest, *, limit: int) -> bytes:
    """Read the whole body of ``request``, which declares its length.

    Raises `Refused`: 413 above ``limit``, before anything is read; 408 when
    the web server gave up on a sender that drips (`sista.web_worker`); 400
    when the body ends early.
    """
    length = declared_length(request)
    if length > limit:
        raise Refused("too_large", 413)
    chunks: list[bytes] = []
    got = 0
    try:
        while got < length and (chunk := request.read(min(CHUNK, length - got))):
            chunks.append(chunk)
            got += len(chunk)
    except UnreadablePostError as error:
        slow = isinstance(error.__cause__, TimeoutError)
        raise (Refused("too_slow", 408) if slow else Refused("cut_off")) from error
    if got < length:
        raise Refused("cut_off")
    return b"".join(chunks)
