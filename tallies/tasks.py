"""Celery tasks: each calls one function."""

from celery import shared_task

from tallies import photo_pieces, photos
from tallies.sms import answering, sending
from tallies.totals import aggregation


@shared_task
def drain() -> int:
    return aggregation.drain()


@shared_task
def process_photos() -> int:
    return photos.process_waiting()


@shared_task
def answer_sms() -> int:
    return answering.answer_waiting()


@shared_task
def send_sms() -> int:
    return sending.send_waiting()


@shared_task
def remove_stale_pieces() -> int:
    return photo_pieces.remove_stale()
