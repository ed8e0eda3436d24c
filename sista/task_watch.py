"""Time the Celery tasks, and let a worker answer ``/metrics`` where ``SISTA_METRICS_PORT`` says."""

from __future__ import annotations

import time
from typing import Any

from celery import signals
from django.conf import settings

from sista import metrics

_began: dict[str, float] = {}


def start() -> None:
    """Listen to Celery's signals; in a process that runs no task none comes."""
    signals.task_prerun.connect(_task_begins, dispatch_uid="sista.task_watch")
    signals.task_postrun.connect(_task_ends, dispatch_uid="sista.task_watch")
    signals.worker_ready.connect(_worker_is_ready, dispatch_uid="sista.task_watch")


def _task_begins(task_id: str = "", **_rest: Any) -> None:
    _began[task_id] = time.perf_counter()


def _task_ends(task_id: str = "", task: Any = None, **_rest: Any) -> None:
    began = _began.pop(task_id, None)
    if began is not None:
        metrics.JOB_SECONDS.labels(task.name.rpartition(".")[2]).observe(time.perf_counter() - began)


def _worker_is_ready(**_rest: Any) -> None:
    if settings.METRICS_PORT:
        metrics.serve(settings.METRICS_PORT, settings.METRICS_TOKEN)
