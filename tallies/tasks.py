"""Celery tasks: each calls one function."""

from celery import shared_task

from tallies import photo_pieces, photos
from tallies.exports import jobs
from tallies.official import receiving, turns
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


# The limit of the other tasks would end a file of the nation.
@shared_task(time_limit=3600)
def write_exports() -> int:
    return jobs.run_waiting()


@shared_task
def remove_expired_exports() -> int:
    return jobs.remove_expired()


@shared_task(time_limit=3600)
def import_official() -> int:
    return turns.run_waiting()


@shared_task
def remove_abandoned_imports() -> int:
    return receiving.remove_abandoned()
