"""Celery tasks: each calls one function."""

from celery import shared_task

from analytics.off_target import refreshing


@shared_task
def refresh_findings() -> int:
    return refreshing.refresh_changed()
