"""What a phone sends: bodies for the API, and pictures with something about them."""

from __future__ import annotations

import hashlib
import io
import struct
import threading
import zlib
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.urls import reverse
from PIL import Image
from pillow_heif import register_heif_opener
from rest_framework.test import APIClient

from tests.cast import submission

register_heif_opener()

PIECE = 64 * 1024


def client_of(user: Any, **options: Any) -> APIClient:
    client = APIClient(**options)
    client.force_login(user)
    return client


def form_body(play: Any, station: str, votes: list[Any], **changes: Any) -> dict[str, Any]:
    """The JSON of a consistent short form; ``changes`` replace keys of the body, ``values`` single figures."""
    values = changes.pop("values", {})
    numbers = [v if isinstance(v, int) else 0 for v in votes]
    sent = submission(play, station, numbers)
    body = {
        "uuid": str(sent.uuid),
        "contest": sent.contest_id,
        "station": sent.station_id,
        "votes": {str(number): given for number, given in enumerate(votes, start=1)},
        "figures": {**sent.figures.values, **values},
    }
    return body | changes


def send(user: Any, body: Any) -> Any:
    return client_of(user).post(reverse("api-forms"), body, format="json")


def send_raw(user: Any, raw: bytes, content_type: str = "application/json") -> Any:
    return client_of(user).generic("POST", reverse("api-forms"), raw, content_type=content_type)


def send_photo(user: Any, data: bytes, *, sha256: str | None = None, **extra: Any) -> Any:
    name = hashlib.sha256(data).hexdigest() if sha256 is None else sha256
    content_type = extra.pop("content_type", "application/octet-stream")
    return client_of(user).generic("PUT", reverse("api-photo", args=[name]), data, content_type=content_type, **extra)


def send_piece(user: Any, data: bytes, offset: int, *, size: int = PIECE, **changes: Any) -> Any:
    """Send the ``size`` bytes of ``data`` from ``offset`` on; ``changes`` replace what the request says of them."""
    client = changes.pop("client", None) or client_of(user)
    address = reverse("api-photo", args=[changes.pop("sha256", None) or sha256_of(data)])
    body = changes.pop("body", data[offset : offset + size])
    headers = {"Upload-Offset": str(offset), "Upload-Length": str(len(data))} | changes.pop("headers", {})
    return client.generic("PATCH", address, body, content_type="application/octet-stream", headers=headers, **changes)


def at_once(number: int, act: Callable[[int], Any]) -> list[Any]:
    """Run ``act(place)`` in ``number`` threads that start together; return what each returned."""
    start, found = threading.Barrier(number), [None] * number

    def run(place: int) -> None:
        try:
            start.wait(10)
            found[place] = act(place)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def picture(kind: str = "JPEG", *, size: tuple[int, int] = (120, 80), seed: int = 0, **options: Any) -> bytes:
    """A photo with some content; another ``seed`` is another photo."""
    image = Image.radial_gradient("L").resize(size).convert("RGB")
    image.putpixel((0, 0), (seed % 256, seed // 256 % 256, 0))
    image.paste((200, 30 + seed % 200, 40), (0, 0, size[0] // 2, size[1] // 2))
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def pixel_bomb(side: int = 30_000) -> bytes:
    """A valid PNG of ``side``² black pixels, one bit each: a few hundred kilobytes that unpack to gigabytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    packed = b"".join(packer.compress(row * 100) for _ in range(side // 100)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
