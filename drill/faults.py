"""What is done to the system while forms come in. Each fault says what it did; when it returns, it is over.

From then on the clock of the recovery runs. Which come when: `turns`.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg2

from drill import programs
from drill.keeping import Keeper
from drill.line import Line
from drill.small_disk import SmallDisk
from drill.stores import Postgres, Redis
from drill.upgrading import LeftOut, roll_web, upgrade, web_pid

SECONDS_TO_WAIT_FOR_A_BATCH = 5.0
#: Sent for certain while the disk is full, whatever else arrives then.
PHOTOS_ON_A_FULL_DISK = 4
SENT_WHILE_TORN = 3


@dataclass
class System:
    """``seconds``: how long what is switched off stays so, Redis ``redis_seconds``; the network is ``line``.

    ``send``: have a witness send a form now, with a photo or without; its station, or None when all have.
    """

    keeper: Keeper
    postgres: Postgres
    redis: Redis
    disk: SmallDisk
    seconds: float
    redis_seconds: float
    line: Line
    send: Callable[[bool], int | None] = lambda with_photo: None


def kill_worker(system: System) -> str:
    """kill -9 of the totals worker with its pool, in the middle of a batch where one comes in time."""
    was_writing = _await_batch(system.postgres.url)
    system.keeper.kill("worker")
    return "in the middle of a batch" if was_writing else "between two batches"


def _await_batch(database_url: str) -> bool:
    """Wait until a drainer is writing totals."""
    # Our own look takes a lock of another mode.
    writing = "SELECT 1 FROM pg_locks WHERE relation = 'tallies_contesttotal'::regclass AND mode = 'RowExclusiveLock'"
    link = psycopg2.connect(database_url, connect_timeout=2)
    link.autocommit = True
    deadline = time.monotonic() + SECONDS_TO_WAIT_FOR_A_BATCH
    try:
        with link.cursor() as cursor:
            while time.monotonic() < deadline:
                cursor.execute(writing)
                if cursor.fetchone():
                    return True
    finally:
        link.close()
    return False


def kill_beat(system: System) -> str:
    system.keeper.kill("beat")
    return "it was started again"


def two_beats(system: System) -> str:
    system.keeper.want("second-beat")
    time.sleep(system.seconds)
    system.keeper.unwant("second-beat")
    return f"for {system.seconds:.0f} s"


def flush_redis(system: System) -> str:
    system.redis.flush()
    return "FLUSHALL"


def stop_redis(system: System) -> str:
    system.redis.kill()
    time.sleep(system.redis_seconds)
    system.redis.start()
    return f"away for {system.redis_seconds:.0f} s"


def cut_postgres(system: System) -> str:
    """A power cut for the database: what was not written through to the disk is gone."""
    system.postgres.cut()
    # Whatever else arrives then: somebody sends while it is away.
    system.send(False)
    time.sleep(system.seconds / 2)
    began = time.monotonic()
    system.postgres.start()
    return f"stop -m immediate, away for {system.seconds / 2:.0f} s, its own start {time.monotonic() - began:.1f} s"


def kill_web_worker(system: System) -> str:
    workers = programs.children_of(web_pid(system))
    if not workers:
        raise LeftOut("this system does not tell which processes a process started")
    os.kill(workers[0], signal.SIGKILL)
    return f"one of {len(workers)} processes"


def kill_web(system: System) -> str:
    system.keeper.kill("web")
    return "all of its processes; nobody listened until it was started again"


def fill_disk(system: System) -> str:
    if not system.disk.how:
        raise LeftOut("neither root nor a user name space to mount a small disk in")
    system.disk.fill()
    for _ in range(PHOTOS_ON_A_FULL_DISK):
        system.send(True)
    time.sleep(system.seconds)
    system.disk.free()
    return f"of the photos, for {system.seconds:.0f} s: {system.disk.how}, filled to the last byte"


def cut_network(system: System) -> str:
    """For a while connections end in the middle, two of three; then all are reset, and none is made."""
    before = system.line.torn.copy()
    system.line.tear()
    # Whatever else arrives then: a request, an answer and one that goes through.
    for _ in range(SENT_WHILE_TORN):
        system.send(False)
    time.sleep(system.seconds / 2)
    system.send(False)
    system.line.cut()
    time.sleep(system.seconds / 2)
    system.line.mend()
    torn = system.line.torn - before
    return (
        f"{system.seconds / 2:.0f} s torn, {system.seconds / 2:.0f} s away: {torn['request']} connections ended in "
        f"the middle of a request, {torn['answer']} before its answer was read, {torn['flight']} in flight"
    )


Fault = Callable[[System], str]
FAULTS: dict[str, Fault] = {
    "worker-kill": kill_worker,
    "redis-flush": flush_redis,
    "postgres-cut": cut_postgres,
    "rolling-restart": roll_web,
    "beat-kill": kill_beat,
    "web-worker-kill": kill_web_worker,
    "redis-stop": stop_redis,
    "two-beats": two_beats,
    "web-kill": kill_web,
    "disk-full": fill_disk,
    "network-cut": cut_network,
    "upgrade": upgrade,
}
#: While these are made every form is answered at once: the intake needs none of what is away.
INTAKE_GOES_ON = set(FAULTS) - {"postgres-cut", "web-worker-kill", "web-kill", "network-cut"}


def chosen(names: str) -> list[str]:
    """``all``, ``none`` or names with commas between. Raises ValueError naming the unknown ones."""
    if names == "none":
        return []
    found = list(FAULTS) if names == "all" else [name.strip() for name in names.split(",") if name.strip()]
    unknown = [name for name in found if name not in FAULTS]
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: no such fault. Known are all, none, {', '.join(FAULTS)}.")
    return found


@dataclass
class Happened:
    """One fault: seconds of the night when it began and ended, and from its end until all was caught up."""

    name: str
    what: str
    began: float
    ended: float
    recovery: float | None = None
    refused: int = 0

    def as_json(self, night: float) -> dict[str, Any]:
        return {
            "fault": self.name,
            "what": self.what,
            "at": round(self.began - night, 1),
            "lasted": round(self.ended - self.began, 2),
            "recovery": None if self.recovery is None else round(self.recovery, 2),
            "forms_not_answered_at_once": self.refused,
        }
