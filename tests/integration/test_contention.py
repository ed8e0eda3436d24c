"""Claims about who waits for whom on PostgreSQL: forms of one kecamatan for nobody; the benchmark sees waits."""

import threading
import time

import pytest
from django.db import OperationalError, connection, transaction

from regions.models import Region
from tallies import intake
from tallies.models import C1Form, Channel, OutboxRow
from tallies.totals import aggregation, rebuilding
from tests.bench import waiting
from tests.bench.waiting import Waits
from tests.cast import region, submission
from tests.sending import at_once

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time"),
]
IN_TIME = 10


def send(play, station, by="siti", **changes):
    return intake.submit(submission(play, station, [100, 80, 20], **changes), by=play.people[by], channel=Channel.API)


def refusing_to_wait(act):
    """Run ``act`` in a thread, where a lock that another holds is soon an error; return its result or error."""

    def run(_place):
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        try:
            return act()
        except OperationalError as error:
            return error

    return at_once(1, run)[0]


def test_two_desa_of_one_kecamatan_are_taken_in_at_once_and_neither_waits(committed_play):
    play = committed_play
    with transaction.atomic():
        send(play, "dampit_1")  # all is written, nothing committed
        other = refusing_to_wait(lambda: send(play, "pamotan_1"))
        assert getattr(other, "created", other) is True
        assert C1Form.objects.filter(station=play.stations["pamotan_1"]).exists()
    aggregation.drain()
    assert rebuilding.differences(play.election) == []


def test_two_stations_of_one_desa_are_taken_in_at_once_and_neither_waits(committed_play):
    play = committed_play
    with transaction.atomic():
        send(play, "dampit_1")
        other = refusing_to_wait(lambda: send(play, "dampit_2"))
        assert getattr(other, "created", other) is True


def test_one_station_is_waited_for(committed_play):
    """Two forms of one TPS are decided one after the other; it also shows that the others would be noticed."""
    play = committed_play
    with transaction.atomic():
        send(play, "dampit_1")
        other = refusing_to_wait(lambda: send(play, "dampit_1", by="joko"))
    assert "lock timeout" in str(other)


def test_a_form_does_not_wait_for_a_drain_nor_the_drain_for_a_form(committed_play):
    play = committed_play
    send(play, "dampit_2")
    with transaction.atomic():
        assert aggregation.drain_batch(play.election.pk, batch=1000) == 1
        other = refusing_to_wait(lambda: send(play, "dampit_1"))
        assert getattr(other, "created", other) is True
    with transaction.atomic():
        send(play, "pamotan_1")
        assert refusing_to_wait(aggregation.drain) == 1
    assert OutboxRow.objects.count() == 1


def seen_while(hold, ask):
    """Hold ``hold`` in this session while another does ``ask``; return what was seen until somebody waited."""

    def wait():
        try:
            with transaction.atomic():
                ask()
        finally:
            connection.close()

    seen, deadline = Waits(), time.monotonic() + IN_TIME
    thread = threading.Thread(target=wait)
    with transaction.atomic():
        hold()
        # From a session of its own: inside a transaction PostgreSQL tells always the same of the others.
        with waiting.watched(seen):
            thread.start()
            while not seen.tables and time.monotonic() < deadline:
                time.sleep(0.01)
    thread.join(IN_TIME)
    return seen


def test_who_waits_for_a_region_is_seen(committed_play):
    def lock():
        list(Region.objects.select_for_update().filter(code="35.07.05"))

    seen = seen_while(lock, lock)
    assert seen.looks_at("regions_region") == seen.kinds["Lock"] >= 1


def test_a_form_that_waits_because_its_desa_is_locked_is_seen(committed_play):
    """The foreign key of its outbox row asks for the desa."""
    play = committed_play

    def lock():
        list(Region.objects.select_for_update().filter(pk=region("35.07.05.2001").pk))

    seen = seen_while(lock, lambda: send(play, "dampit_1"))
    assert seen.looks_at("regions_region") >= 1


def test_two_who_write_one_new_row_are_seen_by_their_statement(committed_play):
    """No row is there to be locked: PostgreSQL tells only whose transaction is waited for."""

    def insert():
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO django_session (session_key, session_data, expire_date) VALUES ('one', '', now()) "
                "ON CONFLICT DO NOTHING"
            )

    assert seen_while(insert, insert).looks_at("django_session") >= 1
