"""The processes of the rehearsed server: started as served, and started again when one ends, as a container is."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
import time
from pathlib import Path

from drill import programs
from drill.small_disk import SmallDisk
from sista.management.commands.serve import WITHOUT_METRICS_PORT, WORKERS

#: What chooses parts of Sista in our own environment must not choose those of the rehearsed one.
OURS = ("SISTA_", "S3_", "PROMETHEUS_", "PYTEST_", "COV_")
NAMES = {"DATABASE_URL", "REDIS_URL", "PORT", "WEB_CONCURRENCY", "DJANGO_SETTINGS_MODULE"}
LOOK_EVERY = 0.2
SECONDS_TO_START_AGAIN = 1.0
#: For a service that is replaced, as the compose file gives; and for any command of the rehearsed system.
SECONDS_TO_END, LONGEST_COMMAND = 30.0, 900.0


class Keeper:
    """``services``: the commands by name. A thread looks after them from `start_all` to `stop`."""

    def __init__(self, folder: Path, *, database_url: str, redis_url: str, disk: SmallDisk, web: int) -> None:
        self.folder, self.disk = folder, disk
        self.port = programs.free_port()
        self.environment = _clean_environment() | {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "SISTA_DATA": str(folder / "data"),
            "SISTA_SECRET_KEY": secrets.token_urlsafe(50),
            "SISTA_LOG": "WARNING",
            "SISTA_METRICS_PORT": str(programs.free_port()),
            "WEB_CONCURRENCY": str(web),
            "DJANGO_SETTINGS_MODULE": "drill.rehearsed_settings",
            "PYTHONPATH": str(programs.PROJECT),
        }
        self.services = self._services()
        self.restarts: dict[str, int] = dict.fromkeys(self.services, 0)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._wanted: set[str] = set()
        self._changing = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def _services(self) -> dict[str, list[str]]:
        python = [sys.executable, "-m"]
        bind = ["--bind", f"127.0.0.1:{self.port}"]
        celery = [*python, "celery", "--quiet", "-A", "sista"]
        schedule = str(self.folder / "beat-schedule")
        workers = {
            name: [*celery, *worker, "--hostname", f"{name}@%h", "--loglevel", "WARNING"]
            for name, worker in WORKERS.items()
        }
        beat = [*celery, "beat", "--loglevel", "WARNING", "--pidfile="]
        return {
            "web": [*python, "gunicorn", "-c", "python:sista.gunicorn_config", *bind],
            **workers,
            "beat": [*beat, "-s", schedule],
            # Only ever started as a fault.
            "second-beat": [*beat, "-s", f"{schedule}-2"],
        }

    def start_all(self) -> None:
        self._wanted = set(self.services) - {"second-beat"}
        self._thread.start()

    def want(self, name: str) -> None:
        self._wanted.add(name)

    def unwant(self, name: str) -> None:
        """End a service for good."""
        with self._changing:
            self._wanted.discard(name)
            process = self._running.pop(name, None)
        if process:
            programs.end(process)

    def process(self, name: str) -> subprocess.Popen[bytes]:
        with self._changing:
            return self._running[name]

    def kill(self, name: str) -> None:
        """kill -9 of a service with all its processes; it is started again."""
        with self._changing:
            process = self._running[name]
        programs.kill_session(process)

    def running(self) -> list[str]:
        """The services that are meant to run, in the order in which they are named."""
        return [name for name in self.services if name in self._wanted]

    def replace(self, name: str) -> None:
        """End a service politely, as `docker compose up` does for a new image, and wait until it runs again."""
        old = self.process(name)
        programs.end(old, seconds=SECONDS_TO_END)
        programs.until(lambda: self.process(name) is not old, f"{name} is started again", 30)

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _start(self, name: str) -> None:
        own = {} if name in ("worker", "web") else WITHOUT_METRICS_PORT
        with self.log(name).open("ab") as log:
            self._running[name] = programs.start(
                self.disk.inside(self.services[name]), environment=self.environment | own, log=log
            )

    def _keep(self) -> None:
        ended_at: dict[str, float] = {}
        while not self._over.wait(LOOK_EVERY):
            with self._changing:
                for name in sorted(self._wanted):
                    process = self._running.get(name)
                    if process is not None and process.poll() is None:
                        continue
                    ended = ended_at.setdefault(name, time.monotonic()) if process is not None else 0.0
                    if time.monotonic() - ended >= SECONDS_TO_START_AGAIN:
                        self.restarts[name] += process is not None
                        ended_at.pop(name, None)
                        self._start(name)
        # They are told when this thread ends: it does only after they have.
        for process in self._running.values():
            if process.poll() is None:
                process.terminate()
        for process in self._running.values():
            programs.end(process, seconds=20)

    def stop(self) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def run(self, module: str, *arguments: str) -> str:
        """Run one of our modules with the settings of the rehearsed system; its output. Raises `StepFailed`."""
        return self._told("-m", module, *arguments)

    def manage(self, *arguments: str) -> str:
        """The same of a management command."""
        return self._told("manage.py", *arguments)

    def _told(self, *arguments: str) -> str:
        try:
            done = subprocess.run(
                self.disk.inside([sys.executable, *arguments]),
                cwd=programs.PROJECT,
                env=self.environment | WITHOUT_METRICS_PORT,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=LONGEST_COMMAND,
            )
        except subprocess.TimeoutExpired as late:
            raise StepFailed(f"{' '.join(arguments)} took longer than {LONGEST_COMMAND:.0f} s") from late
        if done.returncode:
            told = (done.stdout + done.stderr).strip()[-2000:]
            raise StepFailed(f"{' '.join(arguments)} ended with {done.returncode}:\n{told}")
        return done.stdout


class StepFailed(Exception):
    """A command of the rehearsed system ended badly; its last words."""


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS) and name not in NAMES}
