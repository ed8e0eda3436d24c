"""``python -m tests.bench [--long] [NAME …]``: run benchmarks, each in a process of its own."""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import signal
import sys
import tempfile

from tests.bench import parts
from tests.bench.measurement import say

#: Name → (module, on PostgreSQL). The order matters: the number of stored forms grows.
BENCHMARKS = {
    "intake": [("intake", True), ("intake_embedded", False)],
    "throughput": [("throughput", True), ("contention", True)],
    "drain": [("drain", True), ("lag", True)],
    "page": [("page", True)],
    "silent": [("silent", True)],
    "admin": [("admin", True)],
    "photos": [("photos", True)],
    "rebuild": [("rebuild", True)],
    "reading": [("reading", True)],
    "readers": [("readers", True)],
    "queueing": [("queueing", True)],
    "export": [("export", True)],
    "phone": [("phone", True)],
    "rules": [("rules", True)],
    "findings": [("findings", True)],
    "projection": [("projection", False), ("projection_run", True)],
    # Always of the large size, on a nation of its own; only when it is named.
    "national": [
        (f"nation.{step}", True) for step in ("seeding", "sizes", "result_pages", "pages", "work", "memory")
    ],
}
ONLY_BY_NAME = {"national"}


def main() -> int:
    arguments = _parser().parse_args()
    if arguments.inside:
        from tests.bench.running import Options, run_here

        return 0 if run_here(arguments.inside, Options(arguments.long, os.environ["SISTA_DATA"])) else 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.default_int_handler)
    try:
        return _run_all(arguments.names or [*BENCHMARKS.keys() - ONLY_BY_NAME], arguments)
    except KeyboardInterrupt:
        return 130
    except parts.CannotRun as error:
        say(str(error))
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run bench", description="Measure; exit 1 when a bound is missed.")
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *BENCHMARKS], help=", ".join(BENCHMARKS))
    parser.add_argument("--long", action="store_true", help="823,000 stations, more rounds: half an hour and more")
    parser.add_argument("--keep", action="store_true", help="take the database that is there, and leave it there")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    return parser


def _run_all(names: list[str], asked: argparse.Namespace) -> int:
    server = os.environ.get("DATABASE_URL") or parts.DEFAULT_SERVER
    chosen = [step for name in BENCHMARKS if name in names for step in BENCHMARKS[name]]
    status = 0
    served = any(on_postgresql for _module, on_postgresql in chosen)
    with (
        tempfile.TemporaryDirectory(prefix="sista-bench-") as folder,
        parts.own_redis(folder) if served else contextlib.nullcontext() as redis,
        parts.own_database(server, keep=asked.keep) if served else contextlib.nullcontext("") as database,
    ):
        os.mkdir(os.path.join(folder, "static"))
        if served and redis is None:
            say("No redis-server here: the web process drains its own totals, and that is in its CPU time.")
        for module, on_postgresql in chosen:
            environment = _environment(folder)
            if on_postgresql:
                environment |= {"DATABASE_URL": database, **({"REDIS_URL": redis} if redis else {})}
            status = max(status, _run_one(module, environment, long=asked.long))
    return status


def _environment(folder: str) -> dict[str, str]:
    """The caller's, without what would choose other parts."""
    others = ("DATABASE_URL", "REDIS_URL", "SISTA_TEST", "SISTA_DEBUG", "SISTA_HTTPS", "WEB_CONCURRENCY")
    kept = {name: value for name, value in os.environ.items() if name not in others and not name.startswith("S3_")}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "sista.settings",
        "PYTHONPATH": str(parts.PROJECT),
        "PYTHONWARNINGS": "ignore",
        "SISTA_DATA": folder,
        "SISTA_LOG": "WARNING",
        "SISTA_SECOND_FACTOR": "optional",  # desks are measured, not the way in
        "SISTA_SECRET_KEY": secrets.token_urlsafe(50),
    }


def _run_one(module: str, environment: dict[str, str], *, long: bool) -> int:
    command = [sys.executable, "-m", "tests.bench", "--inside", module, *(["--long"] if long else [])]
    process = parts.start(command, own_session=True, env=environment)
    try:
        return process.wait()
    finally:
        parts.stop(process, group=True)


if __name__ == "__main__":
    sys.exit(main())
