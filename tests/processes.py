"""Real processes for tests: ports, the processes below one, and a Redis of one's own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


def wait_until(holds: Callable[[], object], *, seconds: float, what: str) -> None:
    """Look every tenth of a second; raise AssertionError naming ``what`` when it never held."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.1)


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_for_port(port: int, *, seconds: float = 60) -> None:
    wait_until(lambda: accepts(port), seconds=seconds, what=f"port {port} open")


def below(pid: int) -> dict[int, str]:
    """Every living process below ``pid``, with its command line."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # The name in parentheses may hold anything; state and parent follow the last one.
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state != "Z":
            children.setdefault(int(parent), []).append(int(folder.name))
    found, pending = {}, children.get(pid, [])[:]
    while pending:
        child = pending.pop()
        pending.extend(children.get(child, []))
        try:
            found[child] = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class OwnRedis:
    """A Redis that a test may stop: its own port, its own folder, nothing kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def is_installed() -> bool:
        return shutil.which("redis-server") is not None

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--save", "", "--dir", str(self.folder)],
            stdout=subprocess.DEVNULL,
        )
        wait_for_port(self.port)

    def stop(self) -> None:
        """End it as a crash would: what was queued is gone."""
        if self.process:
            self.process.kill()
            self.process.wait(10)
            self.process = None


def clean_environment(**changes: str) -> dict[str, str]:
    """This process's environment without what chooses parts of Sista or watches a test run."""
    ours = ("SISTA_", "S3_", "PYTEST_", "PROMETHEUS_", "COV_")
    names = {"DATABASE_URL", "REDIS_URL", "PORT", "WEB_CONCURRENCY", "DJANGO_SETTINGS_MODULE"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours) and name not in names}
    return {**kept, **changes}
