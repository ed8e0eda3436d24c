"""Who goes first where processors are scarce: forms and totals; photos, findings and files take what they leave.

On one machine a night's photos and rules would otherwise get as large a share
as the web processes, and a total is late for a thumbnail.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Container
from pathlib import Path
from typing import Any

#: Of the queue that nothing stands before.
FIRST = "totals"
#: About a tenth of the share of a process that does not step back (nice weights of the kernel: 110 to 1024).
NICENESS = 10
#: Linux shares processors among sessions first where it groups them, and each worker has one of its own.
SESSION = Path("/proc/self/autogroup")
TRIES, PAUSE = 20, 0.15


def step_back() -> None:
    """Let every process that did not do this go first; once, for this process and those it starts."""
    os.nice(NICENESS)
    # Whoever else is in our session may be one of the first: only the session's own leader speaks for it.
    if os.getsid(0) == os.getpid():
        _session_steps_back()


def _session_steps_back() -> None:
    for _try in range(TRIES):
        try:
            SESSION.write_text(f"{NICENESS}\n")
            return
        except OSError as error:
            # Who may not rule the machine may say so ten times a second, all such processes together.
            if error.errno != errno.EAGAIN:
                return  # not there, or not ours to say: the niceness alone then counts within the session
        time.sleep(PAUSE)


def worker_is_set_up(instance: Any, **_given: Any) -> None:
    """Celery's signal ``celeryd_after_setup``: before the worker starts the processes of its pool."""
    if not does_first_work(instance.app.amqp.queues.consume_from):
        step_back()


def does_first_work(queues: Container[str]) -> bool:
    return FIRST in queues
