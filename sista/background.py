"""Who does the work outside requests: a thread of the one web process, or Celery.

The composition root: the only place that knows both the totals and the
findings. Nothing here is started by a management command or a test.
"""

from __future__ import annotations

import logging
import threading

from celery.exceptions import CeleryError
from django.conf import settings
from django.db import DatabaseError, close_old_connections
from kombu.exceptions import KombuError

from analytics import findings
from tallies import aggregation, photos, signalling
from tallies import tasks as tally_tasks

log = logging.getLogger(__name__)

SWEEP_SECONDS = 1.0


def start() -> None:
    """Begin listening for changed totals; with no Redis also start the sweep."""
    if settings.REDIS_URL:
        signalling.listen(send_drain_task)
    else:
        signalling.listen(_woken.set)
        threading.Thread(target=_embedded_worker, name="embedded-worker", daemon=True).start()


_woken = threading.Event()


def send_drain_task() -> None:
    """Queue a drain. A broker that is away costs nothing: the sweep finds the outbox rows."""
    try:
        tally_tasks.drain.apply_async(retry=False, expires=30)
        tally_tasks.process_photos.apply_async(retry=False, expires=30)
    except (CeleryError, KombuError, OSError) as error:
        log.warning("drain not queued, the sweep will find it: %s", type(error).__name__)


def _embedded_worker() -> None:
    while True:
        _woken.wait(SWEEP_SECONDS)
        _woken.clear()
        work()


def work() -> None:
    """One round of everything that waits. A failing round is logged; the next one tries again."""
    for job in (aggregation.drain, findings.refresh_changed, photos.process_waiting):
        try:
            close_old_connections()
            job()
        except (DatabaseError, OSError) as error:
            log.error("%s failed, next round tries again: %s", job.__name__, error)
