"""PostgreSQL and Redis of the rehearsal's own: loopback, a free port, a folder that goes with it."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import psycopg2
import redis

from drill import programs
from drill.programs import CannotRun

#: Whom PostgreSQL may run as where we are root, which it refuses.
UNPRIVILEGED = ("postgres", "nobody")


class Postgres:
    """A cluster made for this rehearsal, fsync on, that can be stopped like a power cut and started again."""

    def __init__(self, folder: Path) -> None:
        self.programs = programs.postgres_folder()
        self.folder = folder
        self.port = programs.free_port()
        self.password = secrets.token_hex(16)
        self.user = _unprivileged() if os.geteuid() == 0 else None
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgres://sista:{self.password}@127.0.0.1:{self.port}/sista"

    def make(self) -> None:
        """Create the cluster and its database, started."""
        self.folder.mkdir()
        word = self.folder / "password"
        word.write_text(self.password)
        if self.user:
            shutil.chown(self.folder, self.user)
            shutil.chown(word, self.user)
        how = ["-U", "sista", "--auth", "scram-sha-256", "--pwfile", str(word), "-E", "UTF8", "--locale", "C"]
        command = [str(self.programs / "initdb"), "-D", str(self.folder / "data"), "--no-sync", *how]
        done = subprocess.run(command, cwd=self.folder, user=self.user, capture_output=True, text=True)
        if done.returncode:
            raise CannotRun(f"initdb failed: {done.stderr.strip()}")
        self.start()
        with_all = self.url.removesuffix("sista") + "postgres"
        link = psycopg2.connect(with_all)
        link.autocommit = True
        with link.cursor() as cursor:
            cursor.execute("CREATE DATABASE sista")
        link.close()

    def start(self) -> None:
        """Start it and wait until it answers: after a power cut that is when it has read its log."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "max_connections": 200,
            "shared_buffers": "256MB",
        }
        told = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self.process = programs.start(
                [str(self.programs / "postgres"), "-D", str(self.folder / "data"), *told],
                environment={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
                log=log,
                folder=self.folder,
                user=self.user,
                at_our_end=signal.SIGINT,
            )
        programs.until(self.answers, "PostgreSQL answers", 120)

    def answers(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise CannotRun(f"PostgreSQL ended: {(self.folder / 'log').read_text(errors='replace')[-600:]}")
        try:
            psycopg2.connect(self.url.removesuffix("sista") + "postgres", connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def cut(self) -> None:
        """``pg_ctl stop -m immediate``: no shutdown checkpoint, every backend is gone at once."""
        assert self.process is not None
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)

    def stop(self) -> None:
        if self.process is not None:
            programs.end(self.process, signal.SIGINT)


def _unprivileged() -> str:
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise CannotRun(
        "PostgreSQL does not run as root, and there is neither a user postgres nor nobody. Run as another."
    )


class Redis:
    """Tasks and caches; nothing is kept, as in the compose file."""

    def __init__(self, folder: Path) -> None:
        self.program = programs.redis_program()
        self.folder = folder
        self.port = programs.free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        command = [self.program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        with (self.folder / "log").open("ab") as log:
            self.process = programs.start(
                [*command, "--save", "", "--appendonly", "no"], environment={"PATH": os.environ["PATH"]}, log=log
            )
        programs.until(lambda: programs.accepts(self.port), "Redis answers", 30)

    def flush(self) -> Any:
        return redis.Redis.from_url(self.url).flushall()

    def kill(self) -> None:
        assert self.process is not None
        programs.kill_session(self.process)

    def stop(self) -> None:
        if self.process is not None:
            programs.end(self.process)
