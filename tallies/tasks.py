"""Celery tasks: each calls one function."""

from celery import shared_task

from tallies import photo_pieces, photos
from tallies.archive import pack_jobs, retention
from tallies.exports import jobs
from tallies.mandates import jobs as mandate_jobs
from tallies.master_data import importing as master_data
from tallies.official import receiving, turns
from tallies.sms import answering, sending
from tallies.totals import aggregation
from tallies.trail import sealing


@shared_task
def drain() -> int:
    return aggregation.drain()


@shared_task
def process_photos() -> None:
    # Beat wakes one worker at a time; those that are awake stay so.
    if photos.work_through():
        process_photos.apply_async(expires=5)


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


@shared_task(time_limit=3600)
def import_master_data() -> int:
    return master_data.run_waiting()


@shared_task
def remove_abandoned_imports() -> int:
    return receiving.remove_abandoned() + master_data.remove_abandoned()


# Whatever came since the last minute; after a long pause that is all of an evening.
@shared_task(time_limit=900)
def seal_audit() -> int:
    return sealing.seal_new()


@shared_task
def publish_audit_head() -> int:
    return sealing.publish_head()


@shared_task(time_limit=3600)
def write_archives() -> int:
    return pack_jobs.run_waiting()


@shared_task
def remove_expired_archives() -> int:
    return pack_jobs.remove_expired()


@shared_task(time_limit=3600)
def erase_people() -> int:
    return retention.erase_confirmed()


@shared_task(time_limit=3600)
def print_mandates() -> int:
    return mandate_jobs.run_waiting()


@shared_task
def remove_expired_mandates() -> int:
    return mandate_jobs.remove_expired()
