"""Claims about migrating a database in use: a migration that waits for its lock keeps no form waiting."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection, transaction

from sista import migrating
from tallies import intake
from tallies.models import C1Form, Channel, StationResult
from tests.cast import submission

WAITS = """
    SELECT count(*) FROM pg_locks WHERE relation = 'tallies_stationresult'::regclass AND mode = 'AccessExclusiveLock'
    AND NOT granted
"""


class Locked(Exception):
    pgcode = "55P03"


def refused():
    error = OperationalError("canceling statement due to lock timeout")
    error.__cause__ = Locked()
    return error


def test_a_migration_without_its_lock_is_tried_again_and_what_else_fails_is_not(monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    tries = iter([refused(), refused(), None, OperationalError("the disk is full")])
    said = []

    def run():
        if error := next(tries):
            raise error

    migrating.patiently(connection, run, said.append)
    assert len(said) == 2
    with pytest.raises(OperationalError, match="disk"):
        migrating.patiently(connection, run, said.append)


def test_one_that_may_have_left_half_an_index_is_not_tried_again_and_says_what_to_do():
    """Tried again it would say that the index is there, and stop for that."""

    def run():
        raise refused()

    with pytest.raises(migrating.HalfDone, match="DROP INDEX CONCURRENTLY"):
        migrating.patiently(connection, run, print, is_atomic=lambda: False)


@pytest.mark.django_db
def test_through_a_pooler_nothing_is_migrated(monkeypatch):
    """Half a second for a lock would stay with the connection, and a form of somebody else be refused for it."""
    monkeypatch.setattr(connection, "vendor", "postgresql")
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    with pytest.raises(CommandError, match="not through a pooler"):
        call_command("migrate", verbosity=0)


@pytest.mark.django_db
def test_one_that_never_has_its_lock_ends_with_what_to_do(monkeypatch):
    def never(*args, **options):
        raise refused()

    monkeypatch.setattr("django.core.management.commands.migrate.Command.handle", never)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    with pytest.raises(CommandError, match="pg_stat_activity"):
        call_command("migrate", patience=0, verbosity=0)


@pytest.fixture
def next_version(tmp_path, committed_play):
    """``migrate`` of the next version as a deployment runs it, on the database of this test; it is undone."""
    (tmp_path / "next-version").touch()
    address = connection.settings_dict
    where = f"{address['USER']}@{address['HOST']}:{address['PORT']}/{address['NAME']}"
    environment = os.environ | {
        "DATABASE_URL": f"postgres://{where}",
        "DJANGO_SETTINGS_MODULE": "drill.rehearsed_settings",
        "SISTA_DATA": str(tmp_path),
    }
    running = []

    def migrate(*arguments):
        command = [sys.executable, "manage.py", "migrate", *arguments, "--verbosity", "0"]
        running.append(
            subprocess.Popen(
                command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
        )
        return running[-1]

    yield migrate
    for one in running:
        one.kill()
        one.wait()
    assert migrate("drill_upgrade", "zero").wait(120) == 0


def in_flight(release, holds):
    """A transaction that has the row of a station and stays open."""
    try:
        with transaction.atomic():
            StationResult.objects.select_for_update().first()
            holds.set()
            release.wait(240)
    finally:
        connection.close()


def is_waiting():
    with connection.cursor() as cursor:
        cursor.execute(WAITS)
        return cursor.fetchone()[0] > 0


def has_column():
    with connection.cursor() as cursor:
        columns = connection.introspection.get_table_description(cursor, "tallies_stationresult")
    return "drill_note" in [one.name for one in columns]


@pytest.mark.services
def test_a_form_passes_a_migration_that_waits_for_another_form(committed_play, next_version):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer and no locks on tables")
    play, release, holds = committed_play, threading.Event(), threading.Event()
    other = threading.Thread(target=in_flight, args=(release, holds))
    other.start()
    try:
        assert holds.wait(30)
        held = StationResult.objects.first().station_id
        migration = next_version()
        deadline = time.monotonic() + 120
        while not is_waiting():
            assert time.monotonic() < deadline
            assert migration.poll() is None, migration.stdout.read()
        free = next(name for name, station in play.stations.items() if station.pk != held)
        # Behind an ALTER that waits without end this would stand until the other transaction ends, which it does not.
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '60s'")
        form = intake.submit(submission(play, free, [100, 80, 20]), by=play.siti, channel=Channel.API).form
        assert not release.is_set()
        assert other.is_alive()
        assert not has_column()
    finally:
        release.set()
        other.join()
        with connection.cursor() as cursor:
            cursor.execute("RESET statement_timeout")
    told, _none = migration.communicate(timeout=240)
    assert migration.returncode == 0, told
    assert b"forms go first" in told
    assert has_column()
    assert C1Form.objects.filter(pk=form.pk).exists()
