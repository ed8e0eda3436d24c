"""Who does the work outside requests: a thread of the one web process, or Celery.

The composition root: the only place that knows both the totals and the
findings. Nothing here is started by a management command or a test.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Callable

from celery.exceptions import CeleryError
from django.conf import settings
from django.db import DatabaseError, close_old_connections
from kombu.exceptions import KombuError

from analytics.evidence import jobs as evidence_jobs
from analytics.examining import running
from analytics.off_target import refreshing
from analytics.projections import running as projections
from sista import metrics
from sista.stack import roomy
from tallies import photo_pieces, photos, signalling
from tallies import tasks as tally_tasks
from tallies.archive import pack_jobs as archive_jobs
from tallies.archive import retention
from tallies.exports import jobs as export_jobs
from tallies.mandates import jobs as mandate_jobs
from tallies.master_data import importing as master_data
from tallies.official import receiving as official_files
from tallies.official import turns as official_turns
from tallies.sms import answering, sending
from tallies.totals import aggregation
from tallies.trail import sealing

log = logging.getLogger(__name__)

SWEEP_SECONDS = 1.0
#: A sweep rests so many times as long as it worked.
RESTS = 4
STALE_PIECES_SECONDS = 3600.0
PROJECTIONS_SECONDS = 5.0
EXPECTED_WINS_SECONDS = 5.0
UNREAD_SMS_SECONDS = 30.0
SEAL_SECONDS, HEAD_SECONDS = 60.0, 600.0
ERASED_PEOPLE_SECONDS = 30.0
EXPIRED_EXPORTS_SECONDS = ABANDONED_IMPORTS_SECONDS = 600.0


def every(seconds: float, job: Callable[[], int]) -> Callable[[], int]:
    """``job``, doing nothing when called within ``seconds`` of having been done; one that failed is due at once."""
    due = -float("inf")

    @functools.wraps(job)
    def when_due() -> int:
        nonlocal due
        if time.monotonic() < due:
            return 0
        done = job()
        due = time.monotonic() + seconds
        return done

    return when_due


#: What the embedded threads do, each in a round of its own: a night's photos (50 ms each) must not hold up totals.
TOTALS_JOBS = (aggregation.drain,)
#: A batch of the rules costs as much as its totals: it must not stand before the next one's.
FINDING_JOBS = (running.examine_changed, every(EXPECTED_WINS_SECONDS, refreshing.refresh_changed))
PHOTO_JOBS = (photos.process_waiting, every(STALE_PIECES_SECONDS, photo_pieces.remove_stale))
#: A gateway that does not answer holds up the next message, and the next seal.
MESSAGE_JOBS = (
    every(UNREAD_SMS_SECONDS, answering.answer_waiting),
    sending.send_waiting,
    every(SEAL_SECONDS, sealing.seal_new),
    every(HEAD_SECONDS, sealing.publish_head),
)
#: A file of the nation takes minutes, to write or to bring in.
EXPORT_JOBS = (
    export_jobs.run_waiting,
    official_turns.run_waiting,
    master_data.run_waiting,
    every(EXPIRED_EXPORTS_SECONDS, export_jobs.remove_expired),
    every(ABANDONED_IMPORTS_SECONDS, official_files.remove_abandoned),
    every(ABANDONED_IMPORTS_SECONDS, master_data.remove_abandoned),
    mandate_jobs.run_waiting,
    every(EXPIRED_EXPORTS_SECONDS, mandate_jobs.remove_expired),
    evidence_jobs.make_waiting,
    every(EXPIRED_EXPORTS_SECONDS, evidence_jobs.remove_expired_packs),
    archive_jobs.run_waiting,
    every(EXPIRED_EXPORTS_SECONDS, archive_jobs.remove_expired),
    every(ERASED_PEOPLE_SECONDS, retention.erase_confirmed),
)
#: Arithmetic of a tenth of a second, which nobody waits for.
PROJECTION_JOBS = (every(PROJECTIONS_SECONDS, projections.run_changed),)


def start() -> None:
    """Begin listening for changed totals; with no Redis also start the sweeps."""
    if settings.REDIS_URL:
        signalling.listen(send_drain_task)
        return
    totals_woken = threading.Event()
    signalling.listen(totals_woken.set)
    for name, jobs, woken in (
        ("embedded-totals", TOTALS_JOBS, totals_woken),
        ("embedded-findings", FINDING_JOBS, threading.Event()),
        ("embedded-photos", PHOTO_JOBS, threading.Event()),
        ("embedded-messages", MESSAGE_JOBS, threading.Event()),
        ("embedded-exports", EXPORT_JOBS, threading.Event()),
        ("embedded-projections", PROJECTION_JOBS, threading.Event()),
    ):
        threading.Thread(target=roomy(_sweep), args=(jobs, woken), name=name, daemon=True).start()


def send_drain_task() -> None:
    """Queue a drain. A broker that is away costs nothing: the sweep finds the outbox rows."""
    try:
        tally_tasks.drain.apply_async(retry=False, expires=30)
    except (CeleryError, KombuError, OSError) as error:
        log.warning("drain not queued, the sweep will find it: %s", type(error).__name__)


def _sweep(jobs: tuple[Callable[[], int], ...], woken: threading.Event) -> None:
    while True:
        woken.wait(SWEEP_SECONDS)
        woken.clear()
        began = time.monotonic()
        work(jobs)
        time.sleep(rest_after(time.monotonic() - began))


def rest_after(worked: float) -> float:
    """Seconds to leave one process and its one writer to the witnesses, after ``worked`` seconds.

    Kicked five times a second the drainer held the lock of SQLite two thirds of
    the time: of 8 phones one in twenty waited 110 ms and more. What waits
    meanwhile is counted in the next round, all at once.
    """
    return min(RESTS * worked, SWEEP_SECONDS)


def work(jobs: tuple[Callable[[], int], ...]) -> None:
    """One round of what waits. A failing job is logged; the next round tries again."""
    for job in jobs:
        try:
            close_old_connections()
            with metrics.timed(job.__name__):
                job()
        except (DatabaseError, OSError) as error:
            log.error("%s failed, next round tries again: %s", job.__name__, error)
        except Exception:
            # A fault of ours. The thread has to live on: without it nothing is counted until somebody restarts.
            log.exception("%s failed, next round tries again", job.__name__)
