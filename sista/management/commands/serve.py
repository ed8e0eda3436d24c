"""Prepare, then serve the pages and do the work behind them until Ctrl-C. ``./run`` calls it."""

from __future__ import annotations

import errno
import fcntl
import http.client
import io
import os
import signal
import socket
import sys
from typing import IO

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from sista.supervision import Supervisor

HOST = "127.0.0.1"
#: The Celery workers by name. A night's photos, a gateway that does not answer, the rules and a file of the nation
#: must not stand before a total.
WORKERS = {
    "worker": ("worker", "-Q", "totals", "--concurrency", "2"),
    "findings-worker": ("worker", "-Q", "findings", "--concurrency", "1"),
    "photo-worker": ("worker", "-Q", "photos,messages", "--concurrency", "1"),
    "export-worker": ("worker", "-Q", "exports", "--concurrency", "1"),
}
#: One port answers for one process; in one folder of numbers the first worker tells those of both.
WITHOUT_METRICS_PORT = {"SISTA_METRICS_PORT": ""}


class Command(BaseCommand):
    help = "Prepare the database and serve; with REDIS_URL also the Celery workers and beat."

    def add_arguments(self, parser):
        parser.add_argument("--port", type=int, default=os.environ.get("PORT", "8000"))

    def handle(self, *args, port: int, **options):
        # TERM ends the preparation like Ctrl-C does; afterwards the supervisor listens.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        refuse_impossible(port)
        lock = lock_data() if connection.vendor == "sqlite" else None
        try:
            call_command("prepare", stdout=self.stdout)
            accounts = demo_accounts()
        except KeyboardInterrupt:
            sys.exit(130)
        connection.close()
        status = self.supervise(port, accounts)
        if lock:
            lock.close()
        sys.exit(status)

    def supervise(self, port: int, accounts: str) -> int:
        supervisor = Supervisor(self.say)
        python = [sys.executable, "-m"]
        gunicorn = ["gunicorn", "-c", "python:sista.gunicorn_config", "--bind", f"{HOST}:{port}"]
        here = {"PYTHONPATH": str(settings.BASE_DIR), "DJANGO_SETTINGS_MODULE": "sista.settings"}
        supervisor.start("web", [*python, *gunicorn], here)
        if settings.REDIS_URL:
            celery = [*python, "celery", "--quiet", "-A", "sista"]
            for name, worker in WORKERS.items():
                environment = here if name == "worker" else here | WITHOUT_METRICS_PORT
                command = [*celery, *worker, "--hostname", f"{name}@%h", "--loglevel", "WARNING"]
                supervisor.start(name, command, environment)
            supervisor.start("beat", [*celery, "beat", "--loglevel", "WARNING", "--pidfile="], here)
        return supervisor.run(
            is_ready=lambda: answers(port),
            when_ready=lambda: self.say(f"\n{accounts}\nSista: http://{HOST}:{port}  (Ctrl-C stops it)"),
        )

    def say(self, text: str) -> None:
        self.stdout.write(text)
        sys.stdout.flush()


def refuse_impossible(port: int) -> None:
    """Raise `CommandError` with what to do when serving cannot work."""
    if not 0 < port < 65536:
        raise CommandError(f"{port} is not a port number (1 to 65535).")
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CommandError(
                    f"Port {port} is taken by another program. Choose another: PORT={port + 1} ./run"
                ) from error
            raise CommandError(f"Port {port} cannot be used: {error.strerror}.") from error


def lock_data() -> IO[str]:
    """Hold the embedded database for this server alone; the kernel lets go when the process ends."""
    held = open(settings.DATA_DIR / "serving.lock", "w")  # noqa: SIM115  stays open as long as we serve
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise CommandError(
            f"Another Sista already serves {settings.DATA_DIR}. Stop it, or set SISTA_DATA to another folder."
        ) from error
    return held


def demo_accounts() -> str:
    """The demonstration's account table, empty where this database has none."""
    table = io.StringIO()
    try:
        call_command("seed_demo", "--show-accounts", stdout=table)
    except CommandError:
        return ""
    return table.getvalue()


def answers(port: int) -> bool:
    """True when a web process answers."""
    link = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        link.request("GET", "/healthz")
        link.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()
    return True
