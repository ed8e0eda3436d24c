"""What the senders remember, on disk: every form before it is sent, every acknowledgement when it comes.

JSON lines, written through to the disk once a second. The recount reads this file and nothing in a process. A
station's phone, and who decides about what it sent, have one thing under way at a time: the lines of a station stand
in the order in which the server did them.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from drill.desks import Act
from drill.papers import Paper


class Memory:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._stream = path.open("a", buffering=1)
        self._one_at_a_time = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sync, daemon=True)
        self._thread.start()

    def about_to_send(self, paper: Paper, kind: str) -> None:
        self._write({"event": "sent", "kind": kind, **asdict(paper)})

    def acknowledged(self, paper: Paper, status: int) -> None:
        self._write({"event": "acknowledged", "key": paper.key, "status": status})

    def decided(self, act: Act) -> None:
        """A coordinator's act that was done. ``key``: the form it is about, or the correction in its place."""
        paper, to = act.paper, act.to[0] if act.to else None
        self._write(
            {"event": "decided", "outcome": act.outcome, "station": paper.station, "key": paper.key, "to": to}
        )

    def photo_acknowledged(self, sha256: str) -> None:
        self._write({"event": "photo", "sha256": sha256})

    def _write(self, line: dict[str, Any]) -> None:
        text = json.dumps(line) + "\n"
        with self._one_at_a_time:
            self._stream.write(text)

    def _sync(self) -> None:
        while not self._over.wait(1):
            os.fsync(self._stream.fileno())

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        os.fsync(self._stream.fileno())
        self._stream.close()


def lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open() as stream:
        for line in stream:
            yield json.loads(line)
