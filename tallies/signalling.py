"""Tell whoever drains that there is work, after the commit and off the request's path.

One thread a process collects the signals of 200 ms and then calls the listener
once: the embedded drainer, or the sender of the Celery task. A broker that is
down is therefore met by the thread, never by the witness; a sweep every
second finds what was not announced.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from django.db import transaction

DEBOUNCE_SECONDS = 0.2

Listener = Callable[[], None]
_listener: Listener | None = None
_work = threading.Event()
_started_in: int | None = None
_start = threading.Lock()


def listen(listener: Listener | None) -> None:
    """Set what is called when totals changed; ``None``: nothing is (tests, commands)."""
    global _listener
    _listener = listener


def totals_changed_on_commit() -> None:
    """Announce after the commit of the running transaction."""
    if _listener is not None:
        transaction.on_commit(announce)


def announce() -> None:
    _work.set()
    _ensure_thread()


def _ensure_thread() -> None:
    # By process: a thread does not survive the fork of a web worker.
    global _started_in
    if _started_in == os.getpid():
        return
    with _start:
        if _started_in != os.getpid():
            _started_in = os.getpid()
            threading.Thread(target=_run, name="totals-signal", daemon=True).start()


def _run() -> None:
    global _started_in
    pause = threading.Event()
    try:
        while True:
            _work.wait()
            pause.wait(DEBOUNCE_SECONDS)
            _work.clear()
            if _listener is not None:
                _listener()
    finally:
        # A listener that raised ends this thread; the next signal starts another.
        _started_in = None
