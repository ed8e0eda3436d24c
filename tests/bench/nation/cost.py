"""What a piece of work costs: seconds on the clock, and CPU of this process and of the backends that served it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from django.db import connection

from tests.bench.parts import cpu_seconds_of

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Spent:
    """``cpu_ms`` counts this process and its own backend; of parallel workers of PostgreSQL only the clock tells."""

    wall_ms: float
    cpu_ms: float


def spent(work: Callable[[], _Answer]) -> tuple[Spent, _Answer]:
    backend = _backend()
    cpu, began = _cpu(backend), time.perf_counter()
    answer = work()
    wall = time.perf_counter() - began
    return Spent(wall * 1000, (_cpu(backend) - cpu) * 1000), answer


def _backend() -> int | None:
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def _cpu(backend: int | None) -> float:
    return time.process_time() + ((cpu_seconds_of(backend) or 0.0) if backend else 0.0)
