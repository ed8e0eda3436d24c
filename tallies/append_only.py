"""Triggers that no model can express: rows that never change, votes of the right contest.

The same claims on both databases. Rows of a practice election may be deleted,
others not; what was sent, decisions and audit events never change.
"""

from __future__ import annotations

from collections.abc import Iterable

_OF_CONTEST = "(SELECT election_id FROM tallies_contest WHERE id = {})"
_OF_FORM = _OF_CONTEST.format("(SELECT contest_id FROM tallies_c1form WHERE id = OLD.form_id)")
_OF_RESULT = _OF_CONTEST.format("(SELECT contest_id FROM tallies_stationresult WHERE id = OLD.result_id)")
_OF_STATION = "(SELECT election_id FROM tallies_pollingstation WHERE id = {})"
#: Table → SQL that tells the election of OLD: those that stood in the first version, and those that came later.
FIRST_TABLES = {
    "tallies_c1form": _OF_CONTEST.format("OLD.contest_id"),
    "tallies_vote": _OF_FORM,
    "tallies_formphoto": _OF_FORM,
    "tallies_decision": _OF_RESULT,
    "tallies_auditevent": _OF_RESULT,
}
APPEND_ONLY = FIRST_TABLES | {
    "tallies_invitationreport": _OF_STATION.format("OLD.station_id"),
    "tallies_invitationphoto": _OF_STATION.format(
        "(SELECT station_id FROM tallies_invitationreport WHERE id = OLD.report_id)"
    ),
}
_IS_REAL = "SELECT 1 FROM tallies_election WHERE id = {election} AND practice_of_id IS NULL"
_VOTE_MISMATCH = (
    "(SELECT contest_id FROM tallies_pair WHERE id = NEW.pair_id)"
    " <> (SELECT contest_id FROM tallies_c1form WHERE id = NEW.form_id)"
)


def create_statements(vendor: str, tables: Iterable[str] = APPEND_ONLY) -> list[str]:
    """SQL that creates the triggers on ``sqlite`` or ``postgresql``; a migration names the tables of its time."""
    elections = {table: APPEND_ONLY[table] for table in tables}
    return _sqlite(elections) if vendor == "sqlite" else _postgresql(elections)


def drop_statements(vendor: str, tables: Iterable[str] = APPEND_ONLY) -> list[str]:
    """SQL that removes them again."""
    on = "" if vendor == "sqlite" else " ON {table}"
    drops = [
        f"DROP TRIGGER IF EXISTS {table}_{what}" + on.format(table=table)
        for table in tables
        for what in ("never_changes", "never_goes")
    ]
    drops.append("DROP TRIGGER IF EXISTS tallies_vote_of_its_contest" + on.format(table="tallies_vote"))
    return drops


def _sqlite(elections: dict[str, str]) -> list[str]:
    statements = []
    for table, election in elections.items():
        statements.append(
            f"CREATE TRIGGER {table}_never_changes BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
        statements.append(
            f"CREATE TRIGGER {table}_never_goes BEFORE DELETE ON {table} "
            f"WHEN EXISTS ({_IS_REAL.format(election=election)}) "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
    statements.append(
        f"CREATE TRIGGER tallies_vote_of_its_contest BEFORE INSERT ON tallies_vote WHEN {_VOTE_MISMATCH} "
        "BEGIN SELECT RAISE(ABORT, 'a vote belongs to a pair of its form''s contest'); END"
    )
    return statements


def _postgresql(elections: dict[str, str]) -> list[str]:
    statements = [
        "CREATE OR REPLACE FUNCTION sista_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$",
        "CREATE OR REPLACE FUNCTION sista_vote_of_its_contest() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF {_VOTE_MISMATCH} THEN "
        "RAISE EXCEPTION 'a vote belongs to a pair of its form''s contest' "
        "USING ERRCODE = 'integrity_constraint_violation'; "
        "END IF; RETURN NEW; END $$",
        "CREATE TRIGGER tallies_vote_of_its_contest BEFORE INSERT ON tallies_vote "
        "FOR EACH ROW EXECUTE FUNCTION sista_vote_of_its_contest()",
    ]
    for table, election in elections.items():
        statements.append(
            f"CREATE TRIGGER {table}_never_changes BEFORE UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION sista_append_only()"
        )
        # A trigger's WHEN may not hold a subquery on PostgreSQL: a function looks.
        name = f"{table}_guard_delete"
        statements.append(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF EXISTS ({_IS_REAL.format(election=election)}) THEN "
            "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; "
            "END IF; RETURN OLD; END $$"
        )
        statements.append(
            f"CREATE TRIGGER {table}_never_goes BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
        )
    return statements
