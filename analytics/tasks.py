"""Celery tasks: each calls one function."""

from celery import shared_task

from analytics.evidence import jobs
from analytics.examining import running
from analytics.off_target import refreshing
from analytics.projections import running as projections


@shared_task
def refresh_findings() -> int:
    return refreshing.refresh_changed()


# A batch of a whole province takes longer than the other tasks may.
@shared_task(time_limit=900)
def examine_changed() -> int:
    return running.examine_changed()


@shared_task
def run_projections() -> int:
    return projections.run_changed()


# The limit of the other tasks would end a pack of a large kecamatan.
@shared_task(time_limit=3600)
def make_evidence() -> int:
    return jobs.make_waiting()


@shared_task
def remove_expired_evidence() -> int:
    return jobs.remove_expired_packs()
