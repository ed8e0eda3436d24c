"""What came in by evening: forms, votes, photos, second readings, decisions and their chains, in SQL alone.

Nineteen TPS of twenty are in; two of three of those were read a second time and are verified. A few forms do not
add up, a few are disputed. Forms lie in the order they came, which is all over the country.
"""

from __future__ import annotations

from django.db import connection, transaction

from tallies.figures import FULL_FIELDS
from tests.bench import filler, forms
from tests.bench.nation import ground, sealed

#: Arrival: from the hour of counting on, a form a second of six hours for every so many.
_USED = "SELECT COALESCE(MAX(id), 0) AS results FROM tallies_stationresult"
_FIRST = "timestamptz '2024-02-14 08:00:00+00'"
SILENT_EVERY, PENDING_EVERY, WRONG_EVERY, DISPUTED_EVERY = 20, 3, 1000, 1500


def make(contest_id: int) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        filler.switch_triggers_off(cursor)
        cursor.execute("SET LOCAL work_mem = '256MB'")
        for statement in _statements(contest_id):
            cursor.execute(statement)
        for table in ("c1form", "stationresult", "reading", "decision"):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('tallies_{table}', 'id'), "
                f"(SELECT COALESCE(MAX(id), 1) FROM tallies_{table}))"
            )


def _statements(contest_id: int) -> list[str]:
    columns = ", ".join(FULL_FIELDS)
    ours = ", ".join(f"one.{name}" for name in FULL_FIELDS)
    known = "JOIN tallies_auditevent before ON before.result_id = one.result_id AND before.seq = {}"
    return [
        _drawn(contest_id),
        "ANALYZE drawn",
        f"INSERT INTO tallies_c1form (id, uuid, contest_id, station_id, submitted_by_id, channel, content_hash, "
        f"received_at, effective_valid, checks, confirmed, objection, note, {columns}) SELECT id, uuid, contest_id, "
        f"station_id, witness_id, 'ponsel', {sealed.digest(sealed.FORM_CONTENT)}, received_at, valid_votes, "
        f"checks::jsonb, '[]'::jsonb, false, '', {columns} FROM drawn one ORDER BY id",
        "INSERT INTO tallies_vote (form_id, pair_id, votes) SELECT one.id, pair.id, CASE pair.number "
        "WHEN 1 THEN votes_1 WHEN 2 THEN votes_2 ELSE votes_3 END FROM drawn one CROSS JOIN tallies_pair pair "
        f"WHERE pair.contest_id = {contest_id} ORDER BY one.id, pair.id",
        "INSERT INTO tallies_formphoto (form_id, sha256, page, subject) "
        "SELECT id, photo, 1, 'c1' FROM drawn ORDER BY id",
        "INSERT INTO tallies_photo (sha256, size, format, width, height, state, received_at, facts, picture_hash) "
        "SELECT photo, 180000, 'JPEG', 1500, 2000, 'siap', received_at, '{}'::jsonb, "
        "md5('a' || id) || md5('b' || id) FROM drawn ORDER BY id",
        "INSERT INTO tallies_photoupload (photo_id, uploaded_by_id, at) "
        "SELECT photo, witness_id, received_at FROM drawn ORDER BY id",
        "INSERT INTO tallies_auditevent (result_id, seq, at, actor_id, action, content, previous, digest) "
        + sealed.event(1, "one.received_at", "one.witness_id", "form received", sealed.RECEIVED, "''")
        % "JOIN tallies_c1form form ON form.id = one.id"
        + " ORDER BY one.id",
        f"INSERT INTO tallies_reading (id, uuid, result_id, form_id, round, reader_id, first_reader_id, finding, "
        f"differing, confirmed, reason, claimed_at, read_at, content_hash, {columns}) SELECT id, uuid, "
        "result_id, id, 1, reader_id, witness_id, 'equal', '[]'::jsonb, '[]'::jsonb, '', "
        "read_at - interval '1 minute', read_at, "
        f"md5('c' || id) || md5('d' || id), {ours} FROM drawn one WHERE verified ORDER BY id",
        "INSERT INTO tallies_readingvote (reading_id, pair_id, votes) SELECT form_id, pair_id, votes "
        "FROM tallies_vote JOIN drawn one ON one.id = form_id WHERE verified ORDER BY form_id, pair_id",
        "INSERT INTO tallies_decision (id, result_id, form_id, outcome, reason, settled_through_id, decided_by_id, "
        "decided_at, reading_id) SELECT id, result_id, id, 'verified', '', id, reader_id, read_at, id "
        "FROM drawn WHERE verified ORDER BY id",
        *(
            "INSERT INTO tallies_auditevent (result_id, seq, at, actor_id, action, content, previous, digest) "
            + sealed.event(seq, "one.read_at", "one.reader_id", action, content, "before.digest")
            % known.format(seq - 1)
            + " WHERE one.verified ORDER BY one.id"
            for seq, action, content in ((2, "second reading", sealed.READ), (3, "form verified", sealed.DECIDED))
        ),
        "INSERT INTO tallies_stationresult (id, contest_id, station_id, form_id, review, disputed, reading, "
        f"audit_seq, audit_head) SELECT station.id + used.results, {contest_id}, station.id, one.id, "
        "CASE WHEN one.id IS NULL THEN 'not_in' WHEN verified THEN 'verified' ELSE 'pending' END, "
        "COALESCE(one.disputed, false), CASE WHEN one.id IS NULL "
        "THEN '' WHEN verified THEN 'done' ELSE 'waiting' END, COALESCE(event.seq, 0), COALESCE(event.digest, '') "
        f"FROM tallies_pollingstation station CROSS JOIN ({_USED}) used "
        "LEFT JOIN drawn one ON one.station_id = station.id "
        "LEFT JOIN tallies_auditevent event ON event.result_id = one.result_id "
        "AND event.seq = CASE WHEN verified THEN 3 ELSE 1 END "
        f"WHERE station.election_id = (SELECT election_id FROM tallies_contest WHERE id = {contest_id}) "
        "ORDER BY station.id",
        "DROP TABLE drawn",
    ]


def _drawn(contest_id: int) -> str:
    """A row a form, with everything the others are made from. Ids are free: the table of forms is empty."""
    figures = forms.sql_figures("station.id")
    values = ", ".join(f"{figures[name]} AS {name}" for name in FULL_FIELDS if name != "valid_votes")
    wrong = f"station.id % {WRONG_EVERY} = 7"
    disputed = f"station.id % {DISPUTED_EVERY} = 11"
    first, second = (forms.sql_votes("station.id", str(pair)) for pair in (1, 2))
    return (
        "CREATE TEMP TABLE drawn AS SELECT row_number() OVER (ORDER BY came, station_id) AS id, drawn.*, "
        f"{_FIRST} + (row_number() OVER (ORDER BY came, station_id) / 40) * interval '1 second' AS received_at, "
        f"{_FIRST} + (row_number() OVER (ORDER BY came, station_id) / 40 + 900) * interval '1 second' AS read_at "
        f"FROM (SELECT gen_random_uuid() AS uuid, {contest_id}::bigint AS contest_id, station.id AS station_id, "
        "station.id + used.results AS result_id, guard.witness_id, operator.id AS reader_id, "
        "md5('p' || station.id) || md5('q' || station.id) AS photo, "
        f"{disputed} AS disputed, "
        f"station.id %% {PENDING_EVERY} <> 0 AND NOT ({disputed}) AND NOT ({wrong}) AS verified, "
        # In one kabupaten of three the others lead.
        f"CASE WHEN regency.id %% 3 = 0 THEN {second} ELSE {first} END AS votes_1, "
        f"CASE WHEN regency.id %% 3 = 0 THEN {first} ELSE {second} END AS votes_2, "
        f"{forms.sql_votes('station.id', '3')} AS votes_3, {values}, "
        f"{figures['valid_votes']} + CASE WHEN {wrong} THEN 3 ELSE 0 END AS valid_votes, "
        f"CASE WHEN {wrong} THEN '[\"C1-E09\"]' ELSE '[]' END AS checks, "
        "(station.id * 2654435761) %% 4294967296 AS came "
        "FROM tallies_pollingstation station JOIN regions_region village ON village.id = station.region_id "
        "JOIN regions_region district ON district.id = village.parent_id "
        "JOIN regions_region regency ON regency.id = district.parent_id "
        "JOIN tallies_assignment guard ON guard.station_id = station.id "
        f"JOIN accounts_user operator ON operator.username = '{ground.OPERATOR}-' || regency.id || '-' || "
        f"station.id %% {ground.OPERATORS_A_REGENCY} CROSS JOIN ({_USED}) used "
        f"WHERE station.election_id = (SELECT election_id FROM tallies_contest WHERE id = {contest_id}) "
        f"AND station.id %% {SILENT_EVERY} <> 0) drawn"
    ).replace("%%", "%")
