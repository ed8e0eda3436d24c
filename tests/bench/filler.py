"""Filler rows: stored forms that look like real ones, made by the database itself in seconds.

Triggers and foreign keys are off while they are made, where the database
allows it; the figures of a form follow from a number, here in SQL and for
the forms that are sent in `tests.bench.forms`.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import DatabaseError, connection, transaction

from tallies.figures import FULL_FIELDS
from tests.bench import forms


def add_stations(election_id: int, village_ids: Sequence[int], numbers: int) -> None:
    """Add stations 1 … ``numbers`` to each desa, number by number: ids follow the order of the desa."""
    values = ", ".join(f"({number})" for number in range(1, numbers + 1))
    first, last = village_ids[0], village_ids[-1]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"WITH numbers(number) AS (VALUES {values}) "
            "INSERT INTO tallies_pollingstation (election_id, region_id, number, registered_male, registered_female) "
            "SELECT %s, region.id, numbers.number, 150, 150 FROM numbers CROSS JOIN regions_region region "
            "WHERE region.id BETWEEN %s AND %s AND region.level = 4 ORDER BY numbers.number, region.id",
            [election_id, first, last],
        )


def add_forms(contest_id: int, count: int, *, numbers_to: int) -> None:
    """Store ``count`` forms at stations of numbers up to ``numbers_to`` that have none yet, spread over all desa."""
    with transaction.atomic(), connection.cursor() as cursor:
        switch_triggers_off(cursor)
        cursor.execute("SELECT COALESCE(MAX(id), 0) FROM tallies_c1form")
        newest = cursor.fetchone()[0]
        for statement in _statements("(SELECT MIN(id) FROM accounts_user)"):
            given = {"contest": contest_id, "count": count, "numbers_to": numbers_to, "newest": newest}
            cursor.execute(statement, given)


GUARD = "penjaga"


def first_guard() -> str:
    return f"{GUARD}-1"


def add_guards(*, numbers_to: int) -> None:
    """Give each station of numbers up to ``numbers_to`` a witness of its own, one in thirty called Wibowo."""
    given = {"numbers_to": numbers_to, "guard": GUARD}
    with transaction.atomic(), connection.cursor() as cursor:
        switch_triggers_off(cursor)
        cursor.execute(
            "INSERT INTO accounts_user (username, password, is_superuser, first_name, last_name, email, is_staff, "
            "is_active, date_joined, role, full_name, phone, language, second_factor) "
            "SELECT %(guard)s || '-' || row_number() OVER (ORDER BY id), '!', false, '', '', '', false, true, "
            "CURRENT_TIMESTAMP, 'saksi', CASE WHEN id %% 30 = 0 THEN 'Wibowo ' ELSE 'Saksi ' END || id, "
            "'0812' || id, 'id', '' FROM tallies_pollingstation WHERE number <= %(numbers_to)s",
            given,
        )
        cursor.execute(
            "INSERT INTO tallies_assignment (station_id, witness_id, assigned_at) "
            "SELECT station.id, person.id, CURRENT_TIMESTAMP "
            "FROM (SELECT id, row_number() OVER (ORDER BY id) AS place "
            "FROM tallies_pollingstation WHERE number <= %(numbers_to)s) station "
            "JOIN accounts_user person ON person.username = %(guard)s || '-' || station.place",
            given,
        )


def switch_triggers_off(cursor) -> None:
    if connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic():
            cursor.execute("SET LOCAL session_replication_role = replica")
    except DatabaseError:
        pass  # only a superuser may; it takes longer


def _statements(witness: str) -> list[str]:
    is_sqlite = connection.vendor == "sqlite"
    uuid = "lower(hex(randomblob(16)))" if is_sqlite else "gen_random_uuid()"
    digest = "lower(hex(randomblob(32)))" if is_sqlite else "md5(random()::text) || md5(random()::text)"
    now = "CURRENT_TIMESTAMP"
    json = "" if is_sqlite else "::jsonb"
    figures = forms.sql_figures("result.id")
    columns = ", ".join(FULL_FIELDS)
    values = ", ".join(figures[name] for name in FULL_FIELDS)
    return [
        "INSERT INTO tallies_c1form (uuid, contest_id, station_id, submitted_by_id, channel, content_hash, "
        f"received_at, effective_valid, checks, confirmed, note, {columns}) "
        f"SELECT {uuid}, result.contest_id, result.station_id, {witness}, 'simulasi', {digest}, {now}, "
        f"{figures['valid_votes']}, '[]'{json}, '[]'{json}, '', {values} "
        "FROM tallies_stationresult result JOIN tallies_pollingstation station ON station.id = result.station_id "
        "WHERE result.contest_id = %(contest)s AND result.form_id IS NULL AND station.number <= %(numbers_to)s "
        "ORDER BY result.id LIMIT %(count)s",
        "INSERT INTO tallies_vote (form_id, pair_id, votes) "
        f"SELECT form.id, pair.id, {forms.sql_votes('result.id', 'pair.number')} "
        "FROM tallies_c1form form JOIN tallies_pair pair ON pair.contest_id = form.contest_id "
        "JOIN tallies_stationresult result ON (result.contest_id, result.station_id) = "
        "(form.contest_id, form.station_id) WHERE form.id > %(newest)s ORDER BY form.id, pair.id",
        "INSERT INTO tallies_formphoto (form_id, sha256, page, subject) "
        f"SELECT id, {digest}, 1, 'c1' FROM tallies_c1form WHERE id > %(newest)s ORDER BY id",
        "INSERT INTO tallies_auditevent (result_id, seq, at, actor_id, action, content, previous, digest) "
        f"SELECT result.id, 1, {now}, form.submitted_by_id, 'form received', "
        f"{_audit_content(is_sqlite)}, '', {digest} "
        "FROM tallies_c1form form JOIN tallies_stationresult result ON (result.contest_id, result.station_id) = "
        "(form.contest_id, form.station_id) WHERE form.id > %(newest)s ORDER BY form.id",
        "UPDATE tallies_stationresult SET form_id = form.id, audit_seq = 1, "
        f"audit_head = form.content_hash, review = {_review('form.id')} FROM tallies_c1form form "
        "WHERE form.id > %(newest)s AND form.contest_id = tallies_stationresult.contest_id "
        "AND form.station_id = tallies_stationresult.station_id",
    ]


def _audit_content(is_sqlite: bool) -> str:
    make = "json_object" if is_sqlite else "jsonb_build_object"
    return f"{make}('uuid', form.uuid, 'hash', form.content_hash, 'channel', form.channel, 'checks', '[]')"


def _review(number: str) -> str:
    """Two of three are verified."""
    return f"CASE WHEN {number} %% 3 = 0 THEN 'pending' ELSE 'verified' END"
