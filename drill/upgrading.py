"""A new version rolled in while forms come: its migrations first, then every process, one after the other."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from drill import programs

if TYPE_CHECKING:
    from drill.faults import System

SECONDS_TO_RELOAD = 60.0
#: Until a worker that was started takes its first task, before the next one is stopped.
SECONDS_TO_SETTLE = 2.0


class LeftOut(Exception):
    """This machine does not allow the fault; why."""


def roll_web(system: System) -> str:
    """HUP: new processes start, the old ones finish what they have begun."""
    old = set(programs.children_of(web_pid(system)))
    if not old:
        raise LeftOut("this system does not tell which processes a process started")
    os.kill(web_pid(system), signal.SIGHUP)
    programs.until(
        lambda: (now := set(programs.children_of(web_pid(system)))) and not now & old,
        "new web processes took over",
        SECONDS_TO_RELOAD,
    )
    return f"HUP, {len(old)} processes replaced"


def upgrade(system: System) -> str:
    """Columns, an index and a constraint on the tables that forms go into, then the processes that know of them."""
    keeper = system.keeper
    began = time.monotonic()
    mark = keeper.folder / "data" / "next-version"
    if mark.exists():  # the second time this night: back, and on again
        keeper.manage("migrate", "drill_upgrade", "zero", "--verbosity", "0")
    mark.touch()
    told = keeper.manage("migrate", "--verbosity", "0")
    migrated = time.monotonic() - began
    web = roll_web(system)
    others = [name for name in keeper.running() if name != "web"]
    for name in others:
        keeper.replace(name)
        time.sleep(SECONDS_TO_SETTLE)
    stepped_back = told.count("forms go first")
    return (
        f"migrations in {migrated:.1f} s, stepped back {stepped_back} times before forms; web {web}; then "
        f"{', '.join(others)}, all in {time.monotonic() - began:.0f} s"
    )


def web_pid(system: System) -> int:
    """gunicorn's own process: what enters a name space becomes the program it starts."""
    return system.keeper.process("web").pid
