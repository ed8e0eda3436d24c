"""Who takes which tasks: a night's photos must never stand before a total."""

import pytest
from django.conf import settings

from sista import background
from sista.management.commands import serve
from tallies import tasks
from tests.compose_processes import SERVICES


def queues(command):
    return set(command[command.index("-Q") + 1].split(",")) if "-Q" in command else set()


COMPOSED = {name: given["command"] for name, given in SERVICES.items() if "worker" in given.get("command", ())}
WORKERS = {"compose": list(COMPOSED.values()), "./run": [list(one) for one in serve.WORKERS.values()]}
ROUTED = {settings.CELERY_TASK_DEFAULT_QUEUE} | {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}


@pytest.mark.parametrize("way", WORKERS)
def test_every_queue_has_one_kind_of_worker(way):
    taken = [queue for command in WORKERS[way] for queue in queues(command)]
    assert sorted(taken) == sorted(ROUTED)


@pytest.mark.parametrize("way", WORKERS)
def test_no_worker_of_totals_takes_photos(way):
    assert [command for command in WORKERS[way] if {"totals", "photos"} <= queues(command)] == []


def test_a_changed_total_announces_no_photo_work(monkeypatch):
    """Five signals a second, each a task over the same photos, would decode every photo many times."""
    sent = []
    for task in (tasks.drain, tasks.process_photos):
        monkeypatch.setattr(task, "apply_async", lambda *_args, name=task.name, **_options: sent.append(name))
    background.send_drain_task()
    assert sent == ["tallies.tasks.drain"]


def test_the_embedded_sweep_leaves_most_of_the_time_to_the_witnesses():
    assert background.rest_after(0.05) == pytest.approx(0.2)
    assert background.rest_after(10) == background.SWEEP_SECONDS, "totals are never older than a moment"


def test_a_job_that_fails_in_a_way_nobody_thought_of_ends_neither_the_round_nor_the_thread(caplog, monkeypatch):
    """The embedded totals have one thread: without it nothing is counted until a restart."""
    monkeypatch.setattr(background, "close_old_connections", lambda: None)
    done = []

    def broken() -> int:
        raise KeyError("a contest that is gone")

    def sound() -> int:
        done.append(True)
        return 1

    background.work((broken, sound))
    assert done == [True]
    assert "broken failed, next round tries again" in caplog.text
    assert "KeyError" in caplog.text, "told with its place: it is a fault of ours"
