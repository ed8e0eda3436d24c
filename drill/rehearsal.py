"""The rehearsal from beginning to end: parts up, zero report, the night, faults, all drained, final report."""

from __future__ import annotations

import http.client
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drill import faults, measuring, programs, queues, report
from drill.dripping import Drips
from drill.faults import Happened, LeftOut, System
from drill.keeping import Keeper, StepFailed
from drill.memory import Memory
from drill.phones import Phones
from drill.programs import CannotRun
from drill.queues import Witness
from drill.small_disk import SmallDisk
from drill.source_hash import source_hash
from drill.stores import Postgres, Redis
from drill.watching import Watch

#: Of the photos: so large that only our own file fills it.
LEAST_MEGABYTES = 64
#: A form waits no longer than this to be called caught up.
CAUGHT_UP_SECONDS = 1.0
#: What is not caught up or drained by then is told so, and the rehearsal goes on.
LONGEST_RECOVERY, LONGEST_DRAIN = 120.0, 180.0
#: Of the night, before the first fault and between two; and what stays switched off, bounded.
QUIET = 0.04
OFF, OFF_LEAST, OFF_MOST = 0.05, 3.0, 60.0
DRIPPING = 4


@dataclass(frozen=True)
class Plan:
    """``rate``: forms a second on the mean of the night; its peak is five times that."""

    stations: int
    minutes: float
    rate: float
    faults: tuple[str, ...]
    out: Path
    web: int = 2
    seed: int = 1

    @property
    def seconds(self) -> float:
        return self.minutes * 60

    @property
    def forms(self) -> int:
        """One witness is kept for what drips."""
        return min(self.stations - 1, int(self.rate * self.seconds))

    def as_json(self) -> dict[str, Any]:
        said = {name: getattr(self, name) for name in ("stations", "minutes", "rate", "faults", "web", "seed")}
        return said | {"forms": self.forms}


def run(plan: Plan, say: Callable[[str], None]) -> bool:
    """Rehearse, write the reports to ``plan.out``, and return whether every bound was kept. Raises `CannotRun`."""
    plan.out.mkdir(parents=True, exist_ok=True)
    with _own_folder() as folder, ExitStack() as parts:
        system = _start_stores(plan, folder, parts, say)
        found: dict[str, Any] = {"plan": plan.as_json(), "source_hash": source_hash(programs.PROJECT)}
        found["disk"] = system.disk.how or "a plain folder: disk-full is left out"
        say(f"Making {plan.stations:,} stations, each with a witness who is signed in …")
        witnesses, contest = _seed(system.keeper, plan, folder)
        found["zero"] = _zero_report(system.keeper)
        say(report.zero_in_words(found))
        system.keeper.start_all()
        parts.callback(system.keeper.stop)
        programs.until(lambda: _is_ready(system.keeper.port), "all parts are ready", 120)
        found |= _night(plan, system, folder, witnesses, contest, say)
        say("Recounting from what the senders remember …")
        found["final"] = json.loads(
            _last_line(system.keeper.run("drill.reading_back", "final", str(folder / "memory")))
        )
        found["rebuild_check"] = _check(system.keeper, "rebuild_totals", "--check")
        found["audit"] = _check(system.keeper, "verify_audit")
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
    disk = SmallDisk(folder / "data" / "photos", max(LEAST_MEGABYTES, plan.forms // 8), folder / "disk.log")
    say("Starting a PostgreSQL and a Redis of its own …")
    parts.callback(disk.remove)
    disk.make()
    parts.callback(postgres.stop)
    postgres.make()
    parts.callback(redis.stop)
    redis.start()
    keeper = Keeper(folder, database_url=postgres.url, redis_url=redis.url, disk=disk, web=plan.web)
    off = min(max(plan.seconds * OFF, OFF_LEAST), OFF_MOST)
    return System(keeper, postgres, redis, disk, off)


def _seed(keeper: Keeper, plan: Plan, folder: Path) -> tuple[list[Witness], int]:
    keeper.run("manage", "migrate", "--verbosity", "0", "--no-input")
    sessions = folder / "witnesses"
    told = keeper.run("drill.seeding", "--stations", str(plan.stations), "--witnesses", str(sessions))
    witnesses = [Witness(*json.loads(line)) for line in sessions.read_text().splitlines()]
    return witnesses, json.loads(_last_line(told))["contest"]


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1]


def _zero_report(keeper: Keeper) -> dict[str, Any]:
    zero: dict[str, Any] = json.loads(_last_line(keeper.run("drill.reading_back", "zero")))
    zero["rebuild_check"] = _check(keeper, "rebuild_totals", "--check")
    if zero["forms"] or zero["totals_not_zero"] or not zero["rebuild_check"]["clean"]:
        raise CannotRun(f"Something is in before the first form: {zero}")
    return zero


def _check(keeper: Keeper, *command: str) -> dict[str, Any]:
    try:
        return {"clean": True, "said": _last_line(keeper.run("manage", *command))}
    except StepFailed as failed:
        return {"clean": False, "said": str(failed)}


def _is_ready(port: int) -> bool:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        link.request("GET", "/readyz")
        return link.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


def _night(
    plan: Plan,
    system: System,
    folder: Path,
    witnesses: list[Witness],
    contest: int,
    say: Callable[[str], None],
) -> dict[str, Any]:
    chance = random.Random(plan.seed)
    night = queues.phones_of_a_night(
        witnesses[:-1], contest=contest, forms=plan.forms, seconds=plan.seconds, chance=chance
    )
    memory, watch = Memory(folder / "memory"), Watch(system.postgres.url)
    phones = Phones(system.keeper.port, memory, watch.acknowledged)
    # The last witness sends nothing but drips.
    drips = Drips(system.keeper.port, [witnesses[-1].cookie] * DRIPPING)
    say(f"The night begins: {plan.forms:,} witnesses send within {plan.minutes:g} minutes.")
    with ExitStack() as running:
        running.callback(memory.close)
        watch.begin()
        running.callback(watch.stop)
        running.callback(phones.stop)
        began = time.monotonic()
        phones.begin(night)
        drips.begin()
        running.callback(drips.stop)
        happened, left_out = _make_faults(plan, system, phones, watch, began, say)
        _await(lambda: time.monotonic() >= began + plan.seconds, plan.seconds)
        drips.stop()
        drained = _await(lambda: not phones.left and watch.oldest() == 0.0, LONGEST_DRAIN)
        ended = time.monotonic()
    for one in happened:
        one.refused = measuring.refused_between(phones.attempts, one.began, one.ended)
    return {
        "drained": drained is not None,
        "seconds_to_drain": round(ended - began - plan.seconds, 1),
        "unanswered": phones.left,
        "unexpected": phones.unexpected[:50],
        "drips": dict(drips.answers),
        "faults": [one.as_json(began) for one in happened],
        "left_out": left_out,
        "http": measuring.statuses(phones.attempts),
        "intake": measuring.intake(phones.attempts, happened),
        "lag": measuring.lags(watch.lags, happened),
    }


def _make_faults(
    plan: Plan, system: System, phones: Phones, watch: Watch, began: float, say: Callable[[str], None]
) -> tuple[list[Happened], dict[str, str]]:
    """The first round whole, then more while the night lasts; each after the last is caught up, and a quiet time."""
    happened: list[Happened] = []
    left_out: dict[str, str] = {}
    first = faults.one_round(list(plan.faults))
    turn = 0
    while first and (turn < len(first) or time.monotonic() < began + plan.seconds * (1 - QUIET)):
        if turn >= len(first) and set(plan.faults) <= set(left_out):
            break
        name = first[turn % len(first)]
        turn += 1
        time.sleep(max(1.0, plan.seconds * QUIET))
        if turn > len(first) and time.monotonic() > began + plan.seconds * (1 - QUIET):
            break
        start = time.monotonic()
        try:
            what = faults.FAULTS[name](system)
        except LeftOut as why:
            left_out[name] = str(why)
            continue
        one = Happened(name, what, start, time.monotonic())
        one.recovery = _await(
            lambda: watch.oldest() < CAUGHT_UP_SECONDS and not phones.failing and _is_ready(system.keeper.port),
            LONGEST_RECOVERY,
        )
        happened.append(one)
        recovered = "not caught up" if one.recovery is None else f"caught up after {one.recovery:.1f} s"
        say(f"{start - began:6.0f} s  {name}: {what}; {recovered}")
    return happened, left_out


def _await(true: Callable[[], bool], seconds: float) -> float | None:
    """Wait until ``true`` and return the seconds it took; None when it did not become so."""
    began = time.monotonic()
    while time.monotonic() < began + seconds + 1:
        if true():
            return time.monotonic() - began
        time.sleep(0.1)
    return None


def _keep_logs(folder: Path, out: Path) -> None:
    """What the processes said and what the senders remember go along with the report; no session does."""
    for log in [*folder.glob("*.log"), folder / "postgres" / "log"]:
        name = log.name if log.parent == folder else "postgres.log"
        shutil.copyfile(log, out / name)
    shutil.copyfile(folder / "memory", out / "memory.jsonl")
    sys.stdout.flush()
