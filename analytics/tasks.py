"""Celery tasks: each calls one function."""

from celery import shared_task

from analytics import findings


@shared_task
def refresh_findings() -> int:
    return findings.refresh_changed()
