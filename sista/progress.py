"""Say what something long is doing, and how far it is."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable

from django.core.management.base import OutputWrapper

#: Told how much is done, of how much.
Tell = Callable[[int, int], None]

#: Seconds between two lines: a terminal's one line is written over, a pipe (a log) keeps each.
TERMINAL_SECONDS, PIPE_SECONDS = 0.1, 5.0


def nobody(*_news: object) -> None:
    """Who is told when nobody wants to know."""


class Progress:
    """Lines about steps that follow each other.

    `begin` says what is done now, `at` how far it is. A terminal is told at
    once, a pipe only when it has heard nothing for a while: what is over soon
    leaves no word in a log. `end` leaves the last word on a line of its own;
    call it before writing anything else. Without a stream nothing is said.
    """

    def __init__(self, stream: OutputWrapper | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._is_terminal = stream is not None and stream.isatty()
        self._seconds = TERMINAL_SECONDS if self._is_terminal else PIPE_SECONDS
        self._last_said = clock()
        self._said = self._pending = ""

    def begin(self, line: str) -> None:
        self.end()
        if self._is_terminal:
            self._write(line)
        else:
            self.at(line)

    def at(self, line: str) -> None:
        if self._clock() - self._last_said >= self._seconds:
            self._write(line)
        else:
            self._pending = line

    def end(self) -> None:
        if self._said and self._pending:
            self._write(self._pending)
        if self._said and self._is_terminal:
            self._put("\n")
        self._said = self._pending = ""

    def _write(self, line: str) -> None:
        if self._is_terminal:
            # A line that wraps could not be written over.
            line = line[: shutil.get_terminal_size().columns - 1]
            self._put("\r" + line.ljust(len(self._said)))
        else:
            self._put(line + "\n")
        self._said, self._pending = line, ""
        self._last_said = self._clock()

    def _put(self, text: str) -> None:
        if self._stream is not None:
            # Neither the red of a command's errors nor its line ends.
            self._stream.write(text, lambda plain: plain, "")
            self._stream.flush()


SILENT = Progress(None)
