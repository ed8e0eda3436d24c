"""The programs a rehearsal needs beside Python, and how its processes are started."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

PROJECT = Path(__file__).resolve().parents[1]
#: Where distributions keep PostgreSQL's programs when they are not in the PATH.
POSTGRES_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")
_PR_SET_PDEATHSIG = 1


class CannotRun(Exception):
    """A sentence that says what is missing and what to do."""


def redis_program() -> str:
    found = shutil.which("redis-server")
    if found is None:
        raise CannotRun(
            "The drill starts a Redis of its own, and redis-server is not on this machine. "
            "On Debian or Ubuntu: sudo apt install redis-server"
        )
    return found


def postgres_folder() -> Path:
    """The folder of ``initdb`` and ``postgres``, the newest one."""
    folders = [path for pattern in POSTGRES_FOLDERS for path in Path("/").glob(pattern.lstrip("/"))]
    found = [folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()]
    in_path = shutil.which("postgres")
    if not found and in_path and shutil.which("initdb", path=str(Path(in_path).resolve().parent)):
        found = [Path(in_path).resolve().parent]
    if not found:
        raise CannotRun(
            "The drill starts a PostgreSQL of its own, and initdb is not on this machine. "
            "On Debian or Ubuntu: sudo apt install postgresql"
        )
    return max(found, key=_version)


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", str(folder)))


def start(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: IO[bytes],
    folder: Path = PROJECT,
    user: str | None = None,
    at_our_end: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, which is told ``at_our_end`` even when we are killed outright.

    That is bound to the thread that starts it: call from one that lives as long as the process may.
    """

    def follow_us() -> None:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, at_our_end)

    return subprocess.Popen(
        command,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        user=user,
        preexec_fn=follow_us if sys.platform == "linux" else None,
    )


def end(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM, seconds: float = 15) -> None:
    """End a process politely, and late with its whole session by force."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    kill_session(process)


def kill_session(process: subprocess.Popen[bytes]) -> None:
    """kill -9 of a process with everything it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def children_of(pid: int) -> list[int]:
    """Processes directly below ``pid``; empty where the system does not tell."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def until(true: Callable[[], Any], what: str, seconds: float, every: float = 0.05) -> Any:
    """Wait for ``true`` to become so and return what it said. Raises `CannotRun`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = true()
        if found:
            return found
        time.sleep(every)
    raise CannotRun(f"Not within {seconds:.0f} seconds: {what}.")


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
