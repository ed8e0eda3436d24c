"""Claims about the tasks of Celery: they do the jobs of the embedded threads, and twice is the same as once."""

import importlib

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.core.files.storage import storages

from analytics.evidence import jobs as evidence_jobs
from sista import background
from sista.celery import app
from tallies import photos
from tallies import tasks as tally_tasks
from tallies.archive import pack_jobs
from tallies.exports import jobs as export_jobs
from tallies.exports.tables import Filters
from tallies.mandates import jobs as mandate_jobs
from tallies.models import AuditSeal, OutgoingSms, SendingState
from tallies.sms import sending
from tallies.totals import aggregation, rebuilding
from tallies.totals.places import place_for
from tallies.trail import sealing
from tests.cast import region
from tests.evidence import evening_in_dampit, subject  # noqa: F401  fixtures
from tests.sending import form_body, picture, send

ORIGIN = "https://sista.example"
TASKS = list(dict.fromkeys(entry["task"] for entry in django_settings.CELERY_BEAT_SCHEDULE.values()))
JOBS = {
    job
    for jobs in (
        background.TOTALS_JOBS,
        background.FINDING_JOBS,
        background.PHOTO_JOBS,
        background.MESSAGE_JOBS,
        background.EXPORT_JOBS,
        background.PROJECTION_JOBS,
    )
    for job in jobs
}


def deliver(name):
    app.loader.import_default_modules()
    return app.tasks[name].run()


def test_both_ways_of_working_do_the_same_jobs(monkeypatch):
    wanted, done = set(), set()
    for job in JOBS:
        function = getattr(job, "__wrapped__", job)
        called = f"{function.__module__}.{function.__name__}"
        wanted.add(called)
        module = importlib.import_module(function.__module__)
        monkeypatch.setattr(module, function.__name__, lambda *, called=called, **_limit: done.add(called) or 0)
    for name in TASKS:
        deliver(name)
    assert wanted - done == set()


@pytest.fixture
def work(evening, settings, monkeypatch):
    """Something to do for each task that has something to do."""
    monkeypatch.setattr(tally_tasks.process_photos, "apply_async", lambda **_options: pytest.fail("not done in time"))
    photos.receive(picture(seed=77), by=evening.siti)
    send(evening.siti, form_body(evening, "pamotan_1", [5, 6, 7]))
    send(evening.siti, form_body(evening, "dampit_1", [5, 6, 7]))
    sending.enqueue("+6281200000000", "Terima kasih.")
    place = place_for(evening.budi, evening.election.slug, "35.07", office="")
    export_jobs.ask(place, "tps", Filters(), "csv", rows=8, by=evening.budi)
    aggregation.drain()
    send(evening.joko, form_body(evening, "dampit_1", [5, 6, 8]))
    evidence_jobs.ask(subject(evening), by=evening.budi, origin=ORIGIN)
    pack_jobs.ask(evening.election, region("35.07.05"), by=evening.budi)
    mandate_jobs.ask(evening.election, region("35.07"), by=evening.budi, origin=ORIGIN)
    return evening


def everything():
    """Every row of every table but the seals, which say when they looked, and every file that people fetch."""
    rows = {
        model._meta.label: list(model._base_manager.order_by("pk").values())
        for model in apps.get_models()
        if model is not AuditSeal
    }
    return rows | {"files": files(storages["exports"], "")}


def files(store, folder):
    try:
        folders, names = store.listdir(folder)
    except FileNotFoundError:
        return {}
    found = {}
    for name in names:
        with store.open(f"{folder}{name}") as stream:
            found[f"{folder}{name}"] = stream.read()
    for inner in folders:
        found |= files(store, f"{folder}{inner}/")
    return found


def test_a_task_that_is_delivered_twice_changes_nothing_the_second_time(work):
    worked, before = set(), everything()
    for name in TASKS:
        deliver(name)
        once = everything()
        if once != before:
            worked.add(name.rpartition(".")[2])
        deliver(name)
        before = everything()
        assert [label for label in once if once[label] != before[label]] == [], name
    # What finds nothing to do shows nothing by changing nothing.
    assert worked >= {"drain", "process_photos", "send_sms", "publish_audit_head", "write_exports", "examine_changed",
                      "write_archives", "make_evidence", "print_mandates"}  # fmt: skip
    assert OutgoingSms.objects.get(to="+6281200000000").state == SendingState.SENT
    assert list(sealing.verify()) == []
    assert rebuilding.differences(work.election) == []
