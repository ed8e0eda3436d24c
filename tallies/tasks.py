"""Celery tasks: each calls one function."""

from celery import shared_task

from tallies import aggregation, photos


@shared_task
def drain() -> int:
    return aggregation.drain()


@shared_task
def process_photos() -> int:
    return photos.process_waiting()
