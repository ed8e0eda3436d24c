"""Claims about statements prepared on the server: the same rows, once a connection, and no end when they are gone."""

import pytest
from django.db import OperationalError, connection

from accounts.sessions import _user
from sista import rows, statements
from tallies import audit, intake, photo_pieces
from tallies.models import C1Form, Channel, PairTotal, Photo, Review
from tallies.totals import aggregation, rebuilding
from tests.cast import submission
from tests.sending import at_once, picture

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite prepares by itself"),
]


@pytest.fixture(autouse=True)
def _prepared_on_the_server(settings):
    settings.PREPARE_ON_SERVER = True


def names():
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements WHERE name LIKE 'sista_%'")
        return sorted(statement for (statement,) in cursor.fetchall())


def send(play, station, votes, **changes):
    return intake.submit(submission(play, station, votes, **changes), by=play.siti, channel=Channel.API)


def test_forms_are_stored_counted_and_told_as_ever(play):
    first = send(play, "dampit_1", [100, None, 0]).form
    send(play, "dampit_1", [101, 80, 20], supersedes=first.uuid)
    send(play, "dampit_2", [1, 2, 3])
    aggregation.drain()
    assert list(first.votes.order_by("pair__number").values_list("votes", flat=True)) == [100, None, 0]
    assert play.result("dampit_1").review == Review.PENDING
    top = PairTotal.objects.filter(region=play.malang.region).order_by("pair__number")
    assert list(top.values_list("votes", flat=True)) == [102, 82, 23]
    assert rebuilding.differences(play.election) == []
    assert list(audit.verify()) == []


def test_a_repeated_form_is_the_same_form(play):
    sent = submission(play, "dampit_1", [1, 2, 3])
    answers = [intake.submit(sent, by=play.siti, channel=Channel.API) for _again in range(8)]
    assert [answer.created for answer in answers] == [True] + [False] * 7
    assert {answer.form.pk for answer in answers} == {C1Form.objects.get().pk}


def test_a_statement_is_prepared_once_a_connection(play):
    send(play, "dampit_1", [1, 2, 3])
    known = names()
    send(play, "dampit_2", [1, 2, 3])
    assert names() == known != []
    assert len(known) == len(set(known))


@pytest.mark.django_db(transaction=True)
def test_each_of_many_connections_prepares_its_own(committed_play):
    play = committed_play
    stations = ("dampit_1", "dampit_2")
    forms = at_once(8, lambda place: send(play, stations[place % 2], [place, 2, 3]))
    assert C1Form.objects.count() == len(forms) == 8
    assert list(audit.verify()) == []


@pytest.mark.django_db(transaction=True)
def test_after_a_new_connection_it_is_prepared_anew(committed_play):
    assert _user(committed_play.siti.pk)
    connection.close()
    assert names() == []
    assert [one.username for one in _user(committed_play.siti.pk)] == ["siti"]
    assert len(names()) == 1


@pytest.mark.django_db(transaction=True)
def test_when_the_server_has_forgotten_it_the_next_attempt_works(committed_play):
    """A pooler that hands the connection on, or DISCARD ALL."""
    assert _user(committed_play.siti.pk)
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    with pytest.raises(OperationalError, match="prepared statement went astray"):
        _user(committed_play.siti.pk)
    assert [one.username for one in _user(committed_play.siti.pk)] == ["siti"]


@pytest.mark.django_db(transaction=True)
def test_when_it_is_there_already_the_next_attempt_works(committed_play):
    """An interrupt between PREPARE and the note of it, or a pooler again."""
    assert _user(committed_play.siti.pk)
    connection.sista_prepared[1].clear()
    with pytest.raises(OperationalError, match="prepared statement went astray"):
        _user(committed_play.siti.pk)
    assert [one.username for one in _user(committed_play.siti.pk)] == ["siti"]


def test_two_processes_never_give_one_name_to_two_statements():
    one, same, other = (statements.Statement(sql) for sql in ("SELECT 1", "SELECT 1", "SELECT 2"))
    assert one._name == same._name != other._name


def test_a_statement_without_values_is_run(db):
    with connection.cursor() as cursor:
        statements.Statement("SELECT 7").run(cursor, [])
        assert cursor.fetchone() == (7,)


@pytest.mark.django_db(transaction=True)
def test_when_a_migration_has_changed_a_column_the_next_attempt_works(committed_play):
    assert _user(committed_play.siti.pk)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_user ALTER phone TYPE varchar(30)")
    try:
        with pytest.raises(OperationalError, match="prepared statement went astray"):
            _user(committed_play.siti.pk)
        assert [one.username for one in _user(committed_play.siti.pk)] == ["siti"]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE accounts_user ALTER phone TYPE varchar(24)")


@pytest.mark.django_db(transaction=True)
def test_a_server_that_goes_while_a_statement_is_prepared_is_an_outage_like_any_other(committed_play):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (lost,) = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [lost])
    other.close()
    with pytest.raises(OperationalError):
        _user(committed_play.siti.pk)
    connection.close()
    assert [one.username for one in _user(committed_play.siti.pk)] == ["siti"]


def test_an_error_of_the_statement_is_told_as_it_is(play):
    facts = {"size": 1, "format": "JPEG", "width": 1, "height": 1}
    with pytest.raises(Exception, match="value too long"):
        rows.insert_if_new(Photo(sha256="a" * 65, **facts))


def test_a_photo_in_pieces_goes_through(play, settings):
    settings.PHOTO_PIECE_MIN_BYTES = 1
    data = picture()
    sha256 = photo_pieces.photos.hashlib.sha256(data).hexdigest()
    third = len(data) // 3
    for start, end in ((0, third), (third, 2 * third), (2 * third, len(data))):
        now = photo_pieces.append(data[start:end], by=play.siti, sha256=sha256, offset=start, length=len(data))
    assert now.photo == Photo.objects.get(pk=sha256)
    assert now.is_new
