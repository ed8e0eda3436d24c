"""Claims about the copy of the database: who may be answered by it, and what happens when it is away or late.

No replication runs here. The "copy" is a database of its own that refuses every write, and whose election has
another name: a page tells who answered it.
"""

from __future__ import annotations

import inspect
import os
from contextlib import contextmanager
from functools import partial

import pytest
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from django.urls import get_resolver, reverse

from accounts.models import User
from sista import environment, replica, replica_state
from sista.prepared import prepared
from sista.replica_state import bound, position
from tallies import intake
from tallies.models import Channel, Election, PollingStation, StationResult, WallLink
from tallies.totals import aggregation
from tests.cast import PASSWORD, submission

RESULTS = "/hasil/pilkada-2020/35.07/"
OF_THE_COPY = "Nama di salinan"


# What is known of it


def test_a_position_is_a_number_that_grows():
    assert position("0/16B3748") < position("1/0") == 2**32
    assert position("16/B374D848") == 0x16_B374_D848


@pytest.mark.parametrize(
    ("replayed", "since", "behind"),
    [
        (30, None, 0.0),  # has everything there is
        (25, None, 1.0),  # has what was there a second ago
        (25, 0.2, 0.2),  # and replayed something of 0.2 seconds ago
        (10, 9.0, 6.0),
        (9, None, None),  # is older than anything that is known
        (9, 50.0, 50.0),
        (30, -3.0, 0.0),
    ],
)
def test_lateness_is_bounded_by_what_was_replayed(replayed, since, behind):
    assert bound([(4.0, 10), (9.0, 20), (10.0, 30)], 10.0, replayed, since) == behind


def test_its_pages_are_addresses_that_are_there(settings):
    named = {key for key in _names(get_resolver()) if isinstance(key, str)}
    assert named >= settings.REPLICA_PAGES


def _names(resolver):
    for pattern in resolver.url_patterns:
        yield getattr(pattern, "name", None)
        if hasattr(pattern, "url_patterns"):
            yield from _names(pattern)


def test_the_author_of_a_write_is_away_longer_than_the_copy_may_be_late():
    assert replica.FRESH_SECONDS > replica_state.MOST_BEHIND + 2 * replica_state.LOOK_SECONDS


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "DATABASE_URL is not: set DATABASE_URL to the database that the replica follows"),
        (
            {"DATABASE_URL": "postgres://a:b@copy/d", "SISTA_SECRET_KEY": "x"},
            "REPLICA_URL is the same as DATABASE_URL",
        ),
    ],
)
def test_a_replica_of_nothing_is_refused_at_the_start(given, sentence):
    with pytest.raises(ImproperlyConfigured, match=sentence) as refused:
        environment.read({"REPLICA_URL": "postgres://a:b@copy/d", **given})
    assert "a:b" not in str(refused.value)


def test_without_one_nothing_is_asked_and_no_cookie_set(client, play):
    response = client.post(reverse("sign-in"), {"username": "budi", "password": PASSWORD})
    assert response.status_code == 302
    assert replica.FRESH_COOKIE not in response.cookies
    assert client.get(RESULTS).status_code == 200


# Who answers


@pytest.fixture
def copy(committed_play, settings):
    """The database as it is, copied; with a router, a middleware, and a state that finds nothing wrong with it."""
    if connection.vendor != "postgresql":
        pytest.skip("a replica is PostgreSQL's")
    play, name = committed_play, f"sista_replica_{os.getpid()}"
    intake.submit(submission(play, "dampit_1", [100, 80, 20]), by=play.siti, channel=Channel.API)
    aggregation.drain()
    original = connection.settings_dict
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        # PostgreSQL copies only what nobody is connected to: threads of earlier tests may have left connections.
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [original["NAME"]]
        )
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{original["NAME"]}"')
    connections.settings[replica.ALIAS] = {**original, "NAME": name}
    # Tests are kept from databases they did not name when they began; this one was not there yet.
    mirror = connections[replica.ALIAS]
    real = inspect.getclosurevars(BaseDatabaseWrapper.ensure_connection).nonlocals["real_ensure_connection"]
    mirror.ensure_connection = partial(real, mirror)
    Election.objects.using(replica.ALIAS).update(name=OF_THE_COPY)
    with connections[replica.ALIAS].cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    connections[replica.ALIAS].close()
    settings.DATABASE_ROUTERS = ["sista.replica.ReplicaRouter"]
    replica_state.state.forget()
    try:
        yield play
    finally:
        connections[replica.ALIAS].close()
        del connections[replica.ALIAS], connections.settings[replica.ALIAS]
        replica_state.state.forget()
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def followed(copy, monkeypatch):
    monkeypatch.setattr(replica_state.State, "_measured", lambda _state: 0.25)
    return copy


@contextmanager
def reading():
    token = replica._reading.set(True)
    try:
        yield
    finally:
        replica._reading.reset(token)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def answered_by_copy(client: Client, address: str = RESULTS) -> bool:
    response = client.get(address)
    assert response.status_code == 200, response.status_code
    return OF_THE_COPY in response.content.decode()


@pytest.mark.services
def test_a_page_that_only_reads_is_answered_by_the_copy(followed):
    budi = signed_in(followed.budi)
    assert answered_by_copy(budi)
    assert answered_by_copy(budi, "/api/v1/elections/")
    assert answered_by_copy(budi, f"/arsip/{followed.election.slug}/")


@pytest.mark.services
def test_a_file_is_written_from_the_copy_and_its_download_recorded_at_the_primary(followed):
    response = signed_in(followed.budi).get("/unduh/pilkada-2020/35.07/suara.csv")
    assert response.status_code == 200
    assert OF_THE_COPY.encode() in b"".join(response.streaming_content)


@pytest.mark.services
def test_every_page_of_the_list_opens_at_a_copy_that_refuses_writes(followed, settings, caplog):
    """None writes at the copy, and none falls back to the primary for it."""
    opened = 0
    for name in sorted(settings.REPLICA_PAGES):
        for given in ([], ["pilkada-2020"], ["pilkada-2020", "35.07"], ["35.07"]):
            try:
                address = reverse(name, args=given)
            except Exception:
                continue
            status = signed_in(followed.dewi).get(address).status_code
            assert status in (200, 302, 404), (name, status)
            opened += status == 200
    assert opened >= 12
    assert "the replica failed" not in caplog.text


@pytest.mark.services
def test_who_wrote_reads_from_the_primary_for_a_while(followed):
    budi = signed_in(followed.budi)
    response = budi.post(reverse("set-language"), {"language": "id"})
    cookie = response.cookies[replica.FRESH_COOKIE]
    assert (cookie["max-age"], cookie["httponly"], cookie["samesite"]) == (replica.FRESH_SECONDS, True, "Lax")
    assert not answered_by_copy(budi)
    assert answered_by_copy(signed_in(followed.budi))  # another browser wrote nothing
    del budi.cookies[replica.FRESH_COOKIE]  # as it is gone after some seconds
    assert answered_by_copy(budi)


@pytest.mark.services
def test_what_decides_never_reads_from_it(followed):
    """Queues, decisions and forms are not on the list."""
    for client, address in (
        (signed_in(followed.budi), "/verifikasi/"),
        (signed_in(followed.siti), "/saksi/"),
        (signed_in(followed.budi), "/api/v1/elections/pilkada-2020/queue/"),
    ):
        assert OF_THE_COPY not in client.get(address, follow=True).content.decode()


@pytest.mark.services
def test_a_witness_sends_a_form_beside_a_copy_that_refuses_everything(followed):
    siti = signed_in(followed.siti)
    sent = submission(followed, "dampit_2", [50, 40, 10])
    body = {
        "uuid": str(sent.uuid),
        "contest": sent.contest_id,
        "station": sent.station_id,
        "votes": {str(number): votes for number, votes in enumerate([50, 40, 10], start=1)},
        "figures": {"voters_total": 105, "valid_votes": 100, "invalid_votes": 5},
        "photos": [],
    }
    assert siti.post("/api/v1/forms/", body, content_type="application/json").status_code == 201


@prepared
def _elections(key: int):
    return Election.objects.filter(pk=key)


@pytest.mark.services
def test_locks_transactions_and_people_are_the_primarys_even_inside_such_a_page(followed):
    name = Election.objects.get().name
    with reading():
        assert Election.objects.get().name == OF_THE_COPY
        assert _elections(followed.election.pk)[0].name == OF_THE_COPY
        assert User.objects.get(username="budi")._state.db == "default"
        assert WallLink.objects.all().db == "default"
        assert StationResult.objects.select_for_update().db == "default"
        with transaction.atomic():
            assert Election.objects.get().name == name
            assert _elections(followed.election.pk)[0].name == name
            assert PollingStation.objects.all().db == "default"
        found = Election.objects.get()
        found.name = name + " 2"
        found.save(update_fields=["name"])  # what was read from the copy is written at the primary
    assert Election.objects.get().name == name + " 2"


# Away or late


@pytest.mark.services
def test_one_that_is_late_or_follows_nobody_or_cannot_be_reached_is_not_read(copy, monkeypatch, caplog):
    budi = signed_in(copy.budi)
    # As it is here: not in recovery. A replica that was made a primary has a history of its own.
    assert not answered_by_copy(budi)
    assert "does not follow" in caplog.text
    with monkeypatch.context() as patch:
        patch.setattr(replica_state.State, "_measured", lambda _state: replica_state.MOST_BEHIND + 0.1)
        replica_state.state.forget()
        assert not answered_by_copy(budi)
    caplog.clear()
    replica_state.state.forget()
    out_of_reach()
    assert not answered_by_copy(budi)
    assert "the replica cannot be measured: OperationalError" in caplog.text
    caplog.clear()
    assert not answered_by_copy(budi)
    assert "replica" not in caplog.text  # nobody tried: it is left alone
    assert replica_state.state.why_not() == "away"


def out_of_reach():
    connections[replica.ALIAS].close()
    connections[replica.ALIAS].settings_dict["PORT"] = "1"


@pytest.mark.services
def test_when_it_goes_away_in_the_middle_the_primary_answers_the_same_request(followed, caplog):
    budi = signed_in(followed.budi)
    assert answered_by_copy(budi)
    out_of_reach()
    cache.clear()  # readers share a rendered report for some seconds
    assert not answered_by_copy(budi)
    assert "the replica failed, the primary answers: OperationalError" in caplog.text
    assert replica_state.state.why_not() == "away"


@pytest.mark.services
def test_a_query_that_was_only_unlucky_does_not_send_everybody_away(followed, monkeypatch):
    class Conflict(Exception):
        pgcode = "40001"

    def conflict(*_args, **_values):
        connections[replica.ALIAS].errors_occurred = True
        raise OperationalError from Conflict()

    monkeypatch.setattr("tallies.views.results.place_for", _failing_once(conflict))
    assert not answered_by_copy(signed_in(followed.budi))
    assert replica_state.state.why_not() == ""


def _failing_once(failure):
    from tallies.views import results

    real, failed = results.place_for, []

    def place_for(*args, **values):
        if not failed:
            failed.append(True)
            failure()
        return real(*args, **values)

    return place_for


@pytest.mark.services
def test_an_error_of_the_primary_is_no_fault_of_the_copy(followed, monkeypatch):
    def away(*_args, **_values):
        raise OperationalError("the primary")

    monkeypatch.setattr("tallies.views.results.place_for", away)
    assert signed_in(followed.budi).get(RESULTS).status_code == 503
    assert replica_state.state.why_not() == ""
