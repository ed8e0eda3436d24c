"""Claims about migrating a database in use: a migration that waits for its lock keeps no form waiting."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.migrations.loader import MigrationLoader

from regions.models import Region
from sista import migrating
from sista.indexing import AddIndexBeside
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


@pytest.mark.django_db
@pytest.mark.parametrize("is_over", [False, True])
def test_one_that_may_have_left_half_an_index_is_not_tried_again_and_says_what_to_do(monkeypatch, is_over):
    """Tried again it would say that the index is there, and stop for that. What comes after it is tried again."""
    tries = iter([True, False])

    def handle(command, *args, **options):
        if next(tries):
            beside = SimpleNamespace(atomic=False, app_label="x", name="y")
            command.verbosity = 0
            command.migration_progress_callback("apply_start", beside)
            if is_over:
                command.migration_progress_callback("apply_success", beside)
            raise refused()

    monkeypatch.setattr("django.core.management.commands.migrate.Command.handle", handle)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    if is_over:
        call_command("migrate", verbosity=0)
        assert next(tries, None) is None
    else:
        with pytest.raises(CommandError, match="DROP INDEX CONCURRENTLY"):
            call_command("migrate", verbosity=0)


@pytest.mark.services
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite makes an index whole or not at all")
@pytest.mark.django_db(transaction=True)
def test_half_an_index_is_taken_away_and_built_again():
    """A container that is killed while it builds is started again, and would fail at what it left for ever."""
    state = MigrationLoader(connection).project_state()
    index = next(one for one in Region._meta.indexes if one.name == "regions_of_a_level")
    Region.objects.bulk_create(
        Region(code=f"x{number}", name="x", level=0, first=number, last=number) for number in range(2)
    )
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX regions_of_a_level")
        with pytest.raises(IntegrityError):
            cursor.execute("CREATE UNIQUE INDEX CONCURRENTLY regions_of_a_level ON regions_region (level)")
        assert valid(cursor) == [False]
        with connection.schema_editor(atomic=False) as editor:
            AddIndexBeside("region", index).database_forwards("regions", editor, state, state)
        assert valid(cursor) == [True]


def valid(cursor):
    cursor.execute(
        "SELECT indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE relname = %s",
        ["regions_of_a_level"],
    )
    return [one for (one,) in cursor.fetchall()]


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
