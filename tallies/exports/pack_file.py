"""The ZIP of a pack: written entry by entry, each hashed while it passes."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO, Any

#: Pictures and PDFs are packed already.
_AS_IT_IS = (".jpg", ".png", ".webp", ".heic", ".bin", ".pdf")


class Entry:
    """One file on its way into the ZIP."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out, self._seen, self.size = out, hashlib.sha256(), 0

    def write(self, data: bytes | bytearray) -> None:
        self._out.write(data)
        self._seen.update(data)
        self.size += len(data)

    @property
    def sha256(self) -> str:
        return self._seen.hexdigest()


class PackFile:
    """A ZIP over ``out``. ``files`` lists what was added since it was last taken, for the next manifest.

    Names are ASCII with forward slashes, so that every system unpacks them alike; every entry has the moment
    of the pack, so that the same content is the same file.
    """

    def __init__(self, out: IO[bytes], moment: datetime) -> None:
        self._zip = zipfile.ZipFile(out, "w")
        local = moment.astimezone(UTC)
        self._moment = (local.year, local.month, local.day, local.hour, local.minute, local.second)
        self.files: list[dict[str, Any]] = []

    @contextmanager
    def entry(self, name: str) -> Iterator[Entry]:
        assert name.isascii()
        about = zipfile.ZipInfo(name, self._moment)
        about.compress_type = zipfile.ZIP_STORED if name.endswith(_AS_IT_IS) else zipfile.ZIP_DEFLATED
        about.external_attr = 0o644 << 16
        with self._zip.open(about, "w", force_zip64=True) as out:
            written = Entry(out)
            yield written
        self.files.append({"name": name, "size": written.size, "sha256": written.sha256})

    def add(self, name: str, data: bytes | bytearray) -> str:
        """Add one file; return its SHA-256."""
        with self.entry(name) as out:
            out.write(data)
        return out.sha256

    def add_json(self, name: str, content: Any) -> str:
        return self.add(name, (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode())

    def take_list(self) -> list[dict[str, Any]]:
        """What was added since the last call."""
        taken, self.files = self.files, []
        return taken

    def close(self) -> None:
        self._zip.close()
