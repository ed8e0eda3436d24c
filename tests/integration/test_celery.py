"""Real parts: a Celery worker and beat on a Redis of their own, drainers that race, drainers that are killed."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import OperationalError, connection, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from redis import Redis

from regions import importing
from regions.importing import Row
from regions.models import Level, Region
from sista.management.commands.serve import WORKERS
from tallies import intake, preparation
from tallies.exports import jobs as export_jobs
from tallies.exports.tables import Filters
from tallies.figures import Figures
from tallies.models import C1Form, Channel, ExportJob, ExportState, OutboxRow, PairTotal
from tallies.preparation import NewStation
from tallies.submission import Submission
from tallies.totals import aggregation, rebuilding
from tallies.totals.places import place_for
from tests.processes import OwnRedis, below, clean_environment, free_port, is_alive, wait_until

ROOT = Path(__file__).resolve().parents[2]
DISTRICTS, VILLAGES = 30, 3
STATIONS = DISTRICTS * VILLAGES * 2
WORKER = WORKERS["worker"]
EXPORT_WORKER = WORKERS["export-worker"]
BEAT = ("beat", "--pidfile=")

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL: DATABASE_URL=postgres://…"),
    pytest.mark.skipif(not OwnRedis.is_installed(), reason="needs redis-server"),
]


@pytest.fixture
def crowd(committed_play):
    """The play with many small kecamatan in Malang; ``crowd`` holds their stations, neighbours side by side.

    Few stations to a desa: what a race got wrong is seldom mended by a later drain of the same place.
    """
    play = committed_play
    districts = [f"35.07.{number}" for number in range(40, 40 + DISTRICTS)]
    villages = [f"{district}.{number}" for district in districts for number in range(2001, 2001 + VILLAGES)]
    importing.import_regions(
        [Row(code, "35.07", Level.DISTRICT, "Kecamatan") for code in districts]
        + [Row(code, code[:8], Level.VILLAGE, "Desa") for code in villages]
    )
    known = dict(Region.objects.filter(code__in=villages).values_list("code", "pk"))
    news = [NewStation(known[code], number, 150, 150) for code in villages for number in (1, 2)]
    play.crowd = preparation.add_stations(play.election, news)
    rebuilding.rebuild(play.election)
    return play


@pytest.fixture
def redis(tmp_path) -> Iterator[OwnRedis]:
    own = OwnRedis(tmp_path)
    own.start()
    yield own
    own.stop()


def real_parts(tmp_path: Path, redis: OwnRedis | None = None) -> dict[str, str]:
    """The environment of a process that works on the database of this test."""
    at = connection.settings_dict
    who = quote(at["USER"] or "") + (f":{quote(at['PASSWORD'])}" if at["PASSWORD"] else "")
    url = f"postgres://{who}@{at['HOST'] or '127.0.0.1'}:{at['PORT'] or 5432}/{at['NAME']}"
    parts = {"DATABASE_URL": url, "SISTA_DATA": str(tmp_path / "data"), "SISTA_TEST": "1", "PYTHONPATH": str(ROOT)}
    if redis:
        parts["REDIS_URL"] = redis.url
    return clean_environment(**parts, DJANGO_SETTINGS_MODULE="sista.settings")


@pytest.fixture
def celery(crowd, redis, tmp_path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start the worker or beat as ``./run`` does; all end before the tables are emptied."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str, **changes: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "celery", "--quiet", "-A", "sista", *arguments, "--loglevel", "ERROR"]
        environment = real_parts(tmp_path, redis) | changes
        started.append(subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True))
        return started[-1]

    (tmp_path / "data").mkdir(exist_ok=True)
    yield start
    for process in started:
        process.terminate()
    for process in started:
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def votes_for(number: int) -> list[int]:
    return [100 + number % 50, 80 + number % 7, number % 11]


def send(play, stations, environment) -> dict:
    """Send one form for each of ``stations`` from a process of its own; return what it says."""
    order = {"contest": play.malang.pk, "by": play.siti.pk}
    order["forms"] = [(station.pk, votes_for(station.pk)) for station in stations]
    run = subprocess.run(
        [sys.executable, "-m", "tests.integration.sending_process"],
        input=json.dumps(order),
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def sums(stations) -> list[int]:
    return [sum(column) for column in zip(*(votes_for(s.pk) for s in stations), strict=True)]


def votes_at(code: str) -> list[int]:
    totals = PairTotal.objects.filter(region__code=code).order_by("pair__number")
    return list(totals.values_list("votes", flat=True))


def drained() -> bool:
    return not OutboxRow.objects.exists()


def test_a_worker_drains_what_is_submitted(crowd, redis, celery, tmp_path):
    celery(*WORKER)
    said = send(crowd, crowd.crowd, real_parts(tmp_path, redis))
    assert said["sent"] == STATIONS
    # No beat runs: what drains is the task that the sender queued after its commits.
    wait_until(drained, seconds=30, what="outbox empty")
    assert votes_at("35.07") == sums(crowd.crowd)
    assert rebuilding.differences(crowd.election) == []


def test_without_redis_forms_are_accepted_and_the_totals_follow_after_it_is_back(crowd, redis, celery, tmp_path):
    celery(*WORKER)
    celery(*BEAT)
    before, after = crowd.crowd[:60], crowd.crowd[60:90]
    send(crowd, before, real_parts(tmp_path, redis))
    wait_until(drained, seconds=30, what="outbox empty with Redis up")

    redis.stop()
    said = send(crowd, after, real_parts(tmp_path, redis))
    assert said["sent"] == len(after)
    assert said["slowest"] < 2  # the witness does not wait for a broker that is away
    assert C1Form.objects.count() == len(before) + len(after)
    assert votes_at("35.07") == sums(before)

    redis.start()
    wait_until(drained, seconds=60, what="outbox empty after Redis is back")
    assert votes_at("35.07") == sums(before + after)
    assert rebuilding.differences(crowd.election) == []


def test_what_was_queued_when_redis_was_flushed_is_counted_and_two_beats_change_nothing(
    crowd, redis, celery, tmp_path
):
    first, second = crowd.crowd[:60], crowd.crowd[60:90]
    client = Client()
    client.force_login(crowd.budi)
    send(crowd, first, real_parts(tmp_path, redis))  # no worker runs: the task waits in Redis
    with Redis.from_url(redis.url) as link:
        assert link.llen("totals") > 0
        link.flushall()
    celery(*WORKER)
    for number in (1, 2):
        celery(*BEAT, "--schedule", str(tmp_path / f"beat-{number}"))
    wait_until(drained, seconds=60, what="outbox empty after the flush")
    send(crowd, second, real_parts(tmp_path, redis))
    with Redis.from_url(redis.url) as link:
        link.flushall()
    wait_until(drained, seconds=60, what="outbox empty after the second flush")
    assert votes_at("35.07") == sums(first + second)
    assert rebuilding.differences(crowd.election) == []
    # Sessions lie in the database, not in the cache.
    assert client.get(reverse("region", args=[crowd.election.slug, "35.07"])).status_code == 200


def test_serve_starts_workers_and_beat_and_ends_them(crowd, redis, tmp_path):
    port = free_port()
    served = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "serve"],
        env=real_parts(tmp_path, redis) | {"PORT": str(port)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert any(f"http://127.0.0.1:{port}" in line for line in served.stdout)
        started = below(served.pid)
        parts = ["gunicorn", "sista beat", *(f"sista {' '.join(worker)}" for worker in WORKERS.values())]
        assert [part for part in parts if not any(part in line for line in started.values())] == []
        send(crowd, crowd.crowd[:20], real_parts(tmp_path, redis))
        wait_until(drained, seconds=30, what="outbox empty")
        assert votes_at("35.07") == sums(crowd.crowd[:20])
    finally:
        started = below(served.pid)
        served.send_signal(signal.SIGINT)
        served.communicate(timeout=60)
    assert served.returncode == 0
    assert [line for pid, line in started.items() if is_alive(pid)] == []


# A drainer that hangs


@contextmanager
def held(election) -> Iterator[None]:
    """Keep the drainers' lock of ``election`` in a transaction of its own, which stays open."""
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM tallies_election WHERE id = %s FOR NO KEY UPDATE", [election.pk])
        yield
    finally:
        other.rollback()
        other.close()


def waiting_for_a_lock() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0]


def test_a_drain_that_hangs_is_ended_by_the_limit_and_the_totals_follow_without_a_restart(
    crowd, redis, celery, tmp_path
):
    # The limit travels in the message: sender and beat must have the short one, the worker's own does not count.
    short = {"DJANGO_SETTINGS_MODULE": "tests.integration.short_limit_settings"}
    stations = crowd.crowd[:20]
    worker = celery(*WORKER, **short)
    wait_until(lambda: len(below(worker.pid)) == 2, seconds=60, what="two processes of the pool")
    pool = set(below(worker.pid))
    with held(crowd.election):
        celery(*BEAT, **short)
        send(crowd, stations, real_parts(tmp_path, redis) | short)
        wait_until(waiting_for_a_lock, seconds=30, what="a drain that waits")
        wait_until(lambda: pool.isdisjoint(below(worker.pid)), seconds=60, what="both processes ended")
        assert not drained()
        assert C1Form.objects.count() == len(stations)
    wait_until(drained, seconds=60, what="outbox empty after the lock is free")
    assert worker.poll() is None
    assert votes_at("35.07") == sums(stations)
    assert rebuilding.differences(crowd.election) == []


def test_a_drain_gives_up_on_a_lock_that_stays_held_and_leaves_its_rows_to_the_next(crowd, settings):
    settings.DRAIN_LOCK_SECONDS = 1
    submit(crowd, crowd.crowd[0], [10, 20, 30])
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '20s'")  # a drain that does not give up fails here
    try:
        with held(crowd.election), pytest.raises(OperationalError, match="lock timeout"):
            aggregation.drain()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET statement_timeout")
    assert not drained()
    aggregation.drain()
    assert votes_at("35.07") == [10, 20, 30]
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)  # nobody else who uses the connection gives up early


# Drainers


def submit(play, station, votes, supersedes=None):
    total = sum(votes)
    figures = Figures(
        votes=dict(enumerate(votes, start=1)),
        values={"voters_total": total + 5, "valid_votes": total, "invalid_votes": 5},
    )
    new = Submission(
        uuid=uuid.uuid4(), contest_id=play.malang.pk, station_id=station.pk, figures=figures, supersedes=supersedes
    )
    return intake.submit(new, by=play.siti, channel=Channel.API)


class Threads:
    """Threads with connections of their own; the first error of any is raised at the end."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []
        self.threads: list[threading.Thread] = []

    def start(self, work, *arguments) -> None:
        def run() -> None:
            try:
                work(*arguments)
            except BaseException as error:
                self.errors.append(error)
            finally:
                connections.close_all()

        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()

    def join(self) -> None:
        for thread in self.threads:
            thread.join(90)
        self.threads.clear()
        if self.errors:
            raise self.errors[0]


#: Of each drainer: a slow one with much in hand, and quick ones that overtake it.
BATCHES = (1000, 200, 20, 5)


def test_four_drainers_at_once_under_load_make_no_difference(crowd):
    finished = threading.Event()
    taken = [0] * len(BATCHES)

    def send_twice(stations) -> None:
        # First forms and corrections: the sum of a desa goes up and down while it is being drained.
        for station in stations:
            first = submit(crowd, station, [1, 2, 3])
            submit(crowd, station, votes_for(station.pk), supersedes=first.form.uuid)

    def drain_on(number: int) -> None:
        while not finished.is_set():
            taken[number] += aggregation.drain(batch=BATCHES[number])

    senders, drainers = Threads(), Threads()
    for number in range(len(BATCHES)):
        drainers.start(drain_on, number)
    for number in range(3):
        senders.start(send_twice, crowd.crowd[number::3])
    try:
        senders.join()
    finally:
        finished.set()
    drainers.join()
    aggregation.drain()
    assert sum(taken) > STATIONS  # they drained while it was being sent
    assert sum(count > 0 for count in taken) >= 2  # and raced
    # Not `differences` alone: it drains first.
    assert votes_at("35.07") == sums(crowd.crowd)
    assert rebuilding.differences(crowd.election) == []


def test_a_drainer_that_stalls_cannot_write_what_it_read_over_something_newer(crowd, monkeypatch):
    station = crowd.crowd[0]
    first = submit(crowd, station, [10, 20, 30])
    has_read, other_is_done = threading.Event(), threading.Event()
    read = aggregation.sum_villages

    def read_and_stall(*arguments, **options):
        found = read(*arguments, **options)
        if threading.current_thread().name == "stalling":
            has_read.set()
            other_is_done.wait(1.5)  # in vain: the other waits for us
        return found

    def drain_as(name: str) -> None:
        threading.current_thread().name = name
        aggregation.drain()

    def overtake() -> None:
        drain_as("overtaking")
        other_is_done.set()

    monkeypatch.setattr(aggregation, "sum_villages", read_and_stall)
    drainers = Threads()
    drainers.start(drain_as, "stalling")
    assert has_read.wait(20)
    submit(crowd, station, [11, 22, 33], supersedes=first.form.uuid)
    drainers.start(overtake)
    drainers.join()
    assert drained()
    assert votes_at("35.07") == [11, 22, 33]
    assert rebuilding.differences(crowd.election) == []


KILLS = 15


def test_a_drainer_killed_fifteen_times_in_mid_batch_makes_no_difference(crowd, tmp_path):
    environment = real_parts(tmp_path) | {"PGAPPNAME": "sista-killed"}
    nursery = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.draining_process"],
        env=environment,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    stop = threading.Event()
    stations = itertools.cycle(crowd.crowd)
    counted: dict[int, tuple[uuid.UUID, list[int]]] = {}

    def keep_sending() -> None:
        for number in itertools.count():
            if stop.is_set():
                return
            station = next(stations)
            votes = votes_for(number)
            earlier = counted.get(station.pk)
            receipt = submit(crowd, station, votes, supersedes=earlier and earlier[0])
            counted[station.pk] = (receipt.form.uuid, votes)

    sender = Threads()
    sender.start(keep_sending)
    killed_with_work_left = 0
    try:
        for _ in range(KILLS):
            nursery.stdin.write("another\n")
            nursery.stdin.flush()
            kill_in_a_transaction(int(nursery.stdout.readline()))
            killed_with_work_left += OutboxRow.objects.exists()
    finally:
        stop.set()
        nursery.stdin.close()
        nursery.wait(20)
        sender.join()
    aggregation.drain()
    assert killed_with_work_left >= KILLS // 2
    assert votes_at("35.07") == [sum(column) for column in zip(*(v for _, v in counted.values()), strict=True)]
    assert rebuilding.differences(crowd.election) == []


def kill_in_a_transaction(pid: int) -> None:
    """Stop the process, look whether its transaction is open, and only then kill it."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        time.sleep(random.uniform(0.01, 0.08))
        os.kill(pid, signal.SIGSTOP)
        if in_a_transaction():
            os.kill(pid, signal.SIGKILL)
            return
        os.kill(pid, signal.SIGCONT)
    os.kill(pid, signal.SIGKILL)
    raise AssertionError("the drainer was never seen inside a transaction")


def in_a_transaction() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sista-killed' "
            "AND datname = current_database() AND state = 'idle in transaction'"
        )
        return cursor.fetchone()[0] > 0


def test_a_file_whose_worker_is_killed_is_written_by_the_next_one(crowd, redis, celery, tmp_path):
    place = place_for(crowd.budi, crowd.election.slug, "35.07", office="")
    asked = export_jobs.ask(place, "tps", Filters(), "csv", rows=STATIONS + 4, by=crowd.budi)
    environment = real_parts(tmp_path, redis)
    command = [sys.executable, "-m", "tests.integration.exporting_process"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout.readline() == "writing\n"
        os.kill(first.pid, signal.SIGKILL)
    asked.refresh_from_db()
    assert (asked.state, asked.attempts) == (ExportState.RUNNING, 1)
    # As if the minute in which nobody else may have it were over.
    ExportJob.objects.update(claimed_until=timezone.now())
    celery(*EXPORT_WORKER)
    celery(*BEAT)
    wait_until(lambda: ExportJob.objects.get().state == ExportState.READY, seconds=40, what="the file")
    asked.refresh_from_db()
    assert (asked.attempts, asked.rows_done) == (2, STATIONS + 4)
    data = (tmp_path / "data" / asked.stored_name).read_bytes()
    assert hashlib.sha256(data).hexdigest() == asked.sha256
    assert len(data.splitlines()) == 8 + STATIONS + 4


def test_what_nobody_waits_for_lets_forms_and_totals_go_first(celery):
    """A thumbnail and a total want the processor at once: the process that computes the total is the one not nice."""
    of_worker = {name: celery(*worker) for name, worker in WORKERS.items()}

    def niceness() -> dict[str, set[int]]:
        return {
            name: {os.getpriority(os.PRIO_PROCESS, pid) for pid in below(one.pid)} for name, one in of_worker.items()
        }

    wait_until(lambda: all(niceness().values()), seconds=40, what="every worker's processes")
    here = os.getpriority(os.PRIO_PROCESS, 0)
    assert niceness() == {name: {here if name == "worker" else here + 10} for name in WORKERS}
    if Path("/proc/self/autogroup").exists():
        said = {name: Path(f"/proc/{one.pid}/autogroup").read_text().split()[-1] for name, one in of_worker.items()}
        assert said == {name: "0" if name == "worker" else "10" for name in WORKERS}
