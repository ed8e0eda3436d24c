"""The rehearsal from beginning to end: parts up, zero report, the night, faults, all drained, final report."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from drill import night, programs, report
from drill.faults import System
from drill.keeping import Keeper
from drill.line import Line
from drill.night import People
from drill.plan import Plan
from drill.programs import CannotRun
from drill.queues import Witness
from drill.small_disk import SmallDisk
from drill.source_hash import source_hash
from drill.stores import Postgres, Redis


def run(plan: Plan, say: Callable[[str], None]) -> bool:
    """Rehearse, write the reports to ``plan.out``, and return whether every bound was kept. Raises `CannotRun`."""
    plan.out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    say(plan.in_words())
    with _own_folder() as folder, ExitStack() as parts:
        system = _start_stores(plan, folder, parts, say)
        found: dict[str, Any] = {"plan": plan.as_json(), "source_hash": source_hash(programs.PROJECT)}
        found["disk"] = system.disk.how or "a plain folder: disk-full is left out"
        say(f"Making {plan.stations:,} stations, each with a witness who is signed in …")
        people, found["zero"] = _seed(system.keeper, plan, folder)
        say(f"Made in {time.monotonic() - began:.0f} s.")
        say(report.zero_in_words(found))
        system.keeper.start_all()
        parts.callback(system.keeper.stop)
        programs.until(lambda: night.is_ready(system.keeper.port), "all parts are ready", 120)
        found |= night.pass_night(plan, system, folder / "memory", people, say)
        say("Recounting from what the senders remember …")
        found["final"] = json.loads(_last_line(system.keeper.run("drill.reading_back", str(folder / "memory"))))
        found["seconds_in_all"] = round(time.monotonic() - began, 1)
        found["restarts"] = system.keeper.restarts
        found["bounds"] = report.bounds(found)
        _keep_logs(folder, plan.out)
    report.write(found, plan.out)
    say(report.in_words(found))
    return all(bound["kept"] for bound in found["bounds"])


@contextmanager
def _own_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="sista-drill-"))
    # PostgreSQL may run as another user than we do; its own folder is closed.
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start_stores(plan: Plan, folder: Path, parts: ExitStack, say: Callable[[str], None]) -> System:
    postgres, redis = Postgres(folder / "postgres"), Redis(folder / "redis")
    (folder / "data").mkdir()
    disk = SmallDisk(folder / "data" / "photos", plan.photo_megabytes, folder / "disk.log")
    say("Starting a PostgreSQL and a Redis of its own …")
    parts.callback(disk.remove)
    disk.make()
    parts.callback(postgres.stop)
    postgres.make()
    parts.callback(redis.stop)
    redis.start()
    keeper = Keeper(folder, database_url=postgres.url, redis_url=redis.url, disk=disk, web=plan.web)
    return System(keeper, postgres, redis, disk, plan.seconds_off, plan.redis_seconds_off, Line(keeper.port))


def _seed(keeper: Keeper, plan: Plan, folder: Path) -> tuple[People, dict[str, Any]]:
    """Make the election; return who sends and who decides, and the zero report."""
    sessions = folder / "people"
    told = keeper.run("drill.seeding", "--stations", str(plan.stations), "--people", str(sessions))
    made = json.loads(_last_line(told))
    zero = made["zero"]
    if zero["forms"] or zero["totals_not_zero"] or not zero["rebuild_check"]["clean"]:
        raise CannotRun(f"Something is in before the first form: {zero}")
    coordinators: dict[str, list[str]] = {}
    for regency, cookie in _lines(sessions / "coordinators"):
        coordinators.setdefault(regency, []).append(cookie)
    return People([Witness(*one) for one in _lines(sessions / "witnesses")], coordinators, made["contest"]), zero


def _lines(path: Path) -> Iterator[Any]:
    with path.open() as stream:
        yield from map(json.loads, stream)


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1]


def _keep_logs(folder: Path, out: Path) -> None:
    """What the processes said and what the senders remember go along with the report; no session does."""
    for log in [*folder.glob("*.log"), folder / "postgres" / "log"]:
        name = log.name if log.parent == folder else "postgres.log"
        shutil.copyfile(log, out / name)
    shutil.copyfile(folder / "memory", out / "memory.jsonl")
    sys.stdout.flush()
