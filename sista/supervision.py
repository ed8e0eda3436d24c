"""Start the processes of one server, watch them, and end them together."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Longer than gunicorn's and Celery's own graceful ends.
SECONDS_TO_STOP = 20.0
SECONDS_TO_START = 90.0
LOOK_EVERY = 0.2
PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    name: str
    process: subprocess.Popen[bytes]


class Supervisor:
    """The processes of one server. They live and die together: one that ends takes the others along."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.children: list[Child] = []
        self._asked_to_stop = threading.Event()
        self._asked_twice = False
        for number in STOP_SIGNALS:
            # Set even where the caller ignores SIGINT, as a shell does for what it starts with "&".
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: Any) -> None:
        self._asked_twice = self._asked_to_stop.is_set()
        self._asked_to_stop.set()

    @property
    def is_stopping(self) -> bool:
        return self._asked_to_stop.is_set()

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Start one process, in a session of its own: a terminal's Ctrl-C reaches only us, and we say it once."""
        process = subprocess.Popen(
            command,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
        self.children.append(Child(name, process))

    def run(self, *, is_ready: Callable[[], bool], when_ready: Callable[[], None]) -> int:
        """Wait for a signal or for a child's end, then end all. Return 0 after a signal, else 1."""
        try:
            if self._await(is_ready):
                when_ready()
                while not self.is_stopping and not self._ended():
                    self._asked_to_stop.wait(LOOK_EVERY)
            ended = self._ended()
            if ended and not self.is_stopping:
                self.say(f"{ended.name} ended by itself (status {ended.process.returncode}); stopping the rest.")
            return 0 if self.is_stopping else 1
        finally:
            self.stop()

    def _await(self, is_ready: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + SECONDS_TO_START
        while not self.is_stopping and not self._ended():
            if is_ready():
                return True
            if time.monotonic() > deadline:
                self.say(f"Not ready after {SECONDS_TO_START:.0f} seconds.")
                return False
            self._asked_to_stop.wait(LOOK_EVERY)
        return False

    def _ended(self) -> Child | None:
        return next((child for child in self.children if child.process.poll() is not None), None)

    def stop(self) -> None:
        """End every child: asked politely, then, late or on a second signal, killed with what it started."""
        for child in self.children:
            if child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + SECONDS_TO_STOP
        for child in self.children:
            while child.process.poll() is None and time.monotonic() < deadline and not self._asked_twice:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.process.wait(LOOK_EVERY)
        for child in self.children:
            # The session's leader may be gone and a worker of it not.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()


def _die_with_parent() -> None:
    """Ask Linux to end this process when its parent is killed outright and cannot do it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
