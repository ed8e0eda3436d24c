"""The real parts a benchmark runs on: a database of its own, Redis, and the server's processes."""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from sista.management.commands.serve import WORKERS

#: Another name (``SISTA_BENCH_DATABASE=sista_bench_two``) is another database: a second benchmark may run beside.
DATABASE = "sista_bench"
_OURS = re.compile(rf"{DATABASE}(_[a-z0-9_]{{1,30}})?")
DEFAULT_SERVER = "postgres://root@127.0.0.1:5432/"
PROJECT = Path(__file__).resolve().parents[2]
#: A number of our own for PostgreSQL's advisory locks.
_ONE_BENCH_AT_A_TIME = 7_340_021
_PR_SET_PDEATHSIG = 1
#: A first answer is 10 CPU-seconds of imports, on a machine that others use too.
SECONDS_TO_START = 240


class CannotRun(Exception):
    """A sentence that says what is missing."""


# The database


@contextlib.contextmanager
def own_database(server_url: str, *, keep: bool = False) -> Iterator[str]:
    """Create the benchmarks' database on the server of ``server_url``, yield its address, and drop it.

    ``keep``: take the one that is there, and leave it there.
    """
    name = database_name()
    server = _address(server_url, "postgres")
    try:
        link = psycopg2.connect(server)
    except psycopg2.OperationalError as error:
        raise CannotRun(f"PostgreSQL does not answer at {server}. Set DATABASE_URL. ({error})") from error
    link.autocommit = True
    with contextlib.closing(link), link.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock_of(name)])
        if not cursor.fetchone()[0]:
            raise CannotRun(f"Another benchmark uses {name} already. SISTA_BENCH_DATABASE={DATABASE}_… is another.")
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if not (keep and cursor.fetchone()):
            # One may be left from a run that was killed outright.
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {name}")
        try:
            yield _address(server_url, name)
        finally:
            if not keep:
                cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def database_name() -> str:
    """The name asked for. Raises `CannotRun` for one that could be somebody's: what has it is dropped."""
    name = os.environ.get("SISTA_BENCH_DATABASE", DATABASE)
    if not _OURS.fullmatch(name):
        raise CannotRun(f"SISTA_BENCH_DATABASE begins with {DATABASE}_, then small letters and digits.")
    return name


def lock_of(name: str) -> int:
    return _ONE_BENCH_AT_A_TIME + zlib.crc32(name.removeprefix(DATABASE).encode())


def _address(server_url: str, database: str) -> str:
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{database}"))


# Processes


def start(command: Sequence[str], *, own_session: bool = False, **options) -> subprocess.Popen:
    """Start a process that ends when this one does, even when this one is killed outright."""
    return subprocess.Popen(
        command,
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        start_new_session=own_session,
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        **options,
    )


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def stop(process: subprocess.Popen, *, group: bool = False) -> None:
    """End a process, after ten seconds by force. ``group``: with everything in its session."""
    send = (lambda number: os.killpg(process.pid, number)) if group else process.send_signal
    with contextlib.suppress(ProcessLookupError):
        send(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if group:
        with contextlib.suppress(ProcessLookupError):
            send(signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


@contextlib.contextmanager
def own_redis(folder: str) -> Iterator[str | None]:
    """Run a Redis and yield its address; None where the program is not installed."""
    program = shutil.which("redis-server")
    if program is None:
        yield None
        return
    port = free_port()
    settings = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder]
    process = start([program, *settings], stdout=subprocess.DEVNULL)
    try:
        _await(lambda: socket.create_connection(("127.0.0.1", port), 1).close(), process)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        stop(process)


@contextlib.contextmanager
def web_server(processes: int | None = None) -> Iterator[WebServer]:
    """Serve as ``./run`` does, on a free port, with the settings of this process's environment.

    ``processes``: how many, where a Redis is named; else as many as ``./run`` starts.
    """
    port = free_port()
    environment = os.environ | ({"WEB_CONCURRENCY": str(processes)} if processes else {})
    command = ["gunicorn", "-c", "python:sista.gunicorn_config", "--no-control-socket"]
    process = start([sys.executable, "-m", *command, "--bind", f"127.0.0.1:{port}"], env=environment)
    try:
        _await(lambda: _answers(port), process)
        yield WebServer(process.pid, port)
    finally:
        stop(process)


def _answers(port: int) -> None:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as link:
        link.request("GET", "/")
        link.getresponse().read()


def _await(attempt, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            return attempt()
        except (OSError, http.client.HTTPException):
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@contextlib.contextmanager
def task_workers() -> Iterator[dict[str, int]]:
    """Run the Celery workers and beat as ``./run`` does with a Redis; yield the process of each."""
    celery = [sys.executable, "-m", "celery", "--quiet", "-A", "sista"]
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, worker in WORKERS.items():
            processes[name] = start([*celery, *worker, "--hostname", f"{name}@%h", "--loglevel", "WARNING"])
        processes["beat"] = start([*celery, "beat", "--loglevel", "WARNING", "--pidfile="])
        yield {name: process.pid for name, process in processes.items()}
    finally:
        for process in processes.values():
            stop(process)


# What they use


class WebServer:
    def __init__(self, pid: int, port: int) -> None:
        self.pid = pid
        self.port = port

    def cpu_seconds(self) -> float:
        """CPU time of all its processes so far."""
        return sum(cpu_seconds_of(pid) or 0 for pid in (self.pid, *children(self.pid)))


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_seconds_of(pid: int) -> float | None:
    """User and system time of a process, its threads included; None when it is not on this machine."""
    try:
        facts = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return None
    # The name in the second field may hold spaces.
    fields = facts.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def machine_cpu_seconds() -> float:
    """CPU time of all processes of this machine, those of other people too (Linux)."""
    user, nice, system, _idle, _io, *interrupts = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:8]
    return sum(map(int, (user, nice, system, *interrupts))) / os.sysconf("SC_CLK_TCK")


class PostgresMeter:
    """CPU time of the backends of this database; the shared writers of PostgreSQL are not in it."""

    def __init__(self) -> None:
        self.before = self._read()

    def _read(self) -> dict[int, float]:
        from django.db import connection

        if connection.vendor != "postgresql":
            return {}
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            found = {pid: cpu_seconds_of(pid) for (pid,) in cursor.fetchall()}
        return {pid: seconds for pid, seconds in found.items() if seconds is not None}

    def seconds(self) -> float | None:
        """CPU time since this meter was made; None where PostgreSQL is elsewhere or not used."""
        now = self._read()
        return sum(seconds - self.before.get(pid, 0.0) for pid, seconds in now.items()) if now else None
