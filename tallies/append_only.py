"""Triggers that no model can express: rows that never change, votes of the right contest.

The same claims on both databases. Rows of a practice election may be deleted,
others not; forms, votes, decisions and audit events never change.
"""

from __future__ import annotations

#: Table → SQL that tells whether OLD belongs to a practice election.
_CONTEST_IS_PRACTICE = (
    "SELECT 1 FROM tallies_contest c JOIN tallies_election e ON e.id = c.election_id "
    "WHERE c.id = {contest} AND e.practice_of_id IS NULL"
)
_OF_FORM = "(SELECT contest_id FROM tallies_c1form WHERE id = OLD.form_id)"
_OF_RESULT = "(SELECT contest_id FROM tallies_stationresult WHERE id = OLD.result_id)"
APPEND_ONLY = {
    "tallies_c1form": "OLD.contest_id",
    "tallies_vote": _OF_FORM,
    "tallies_formphoto": _OF_FORM,
    "tallies_decision": _OF_RESULT,
    "tallies_auditevent": _OF_RESULT,
}
_VOTE_MISMATCH = (
    "(SELECT contest_id FROM tallies_pair WHERE id = NEW.pair_id)"
    " <> (SELECT contest_id FROM tallies_c1form WHERE id = NEW.form_id)"
)


def create_statements(vendor: str) -> list[str]:
    """SQL that creates the triggers on ``sqlite`` or ``postgresql``."""
    return _sqlite() if vendor == "sqlite" else _postgresql()


def drop_statements(vendor: str) -> list[str]:
    """SQL that removes them again."""
    on = "" if vendor == "sqlite" else " ON {table}"
    drops = [
        f"DROP TRIGGER IF EXISTS {table}_{what}" + on.format(table=table)
        for table in APPEND_ONLY
        for what in ("never_changes", "never_goes")
    ]
    drops.append("DROP TRIGGER IF EXISTS tallies_vote_of_its_contest" + on.format(table="tallies_vote"))
    return drops


def _sqlite() -> list[str]:
    statements = []
    for table, contest in APPEND_ONLY.items():
        statements.append(
            f"CREATE TRIGGER {table}_never_changes BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
        statements.append(
            f"CREATE TRIGGER {table}_never_goes BEFORE DELETE ON {table} "
            f"WHEN EXISTS ({_CONTEST_IS_PRACTICE.format(contest=contest)}) "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
    statements.append(
        f"CREATE TRIGGER tallies_vote_of_its_contest BEFORE INSERT ON tallies_vote WHEN {_VOTE_MISMATCH} "
        "BEGIN SELECT RAISE(ABORT, 'a vote belongs to a pair of its form''s contest'); END"
    )
    return statements


def _postgresql() -> list[str]:
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
    for table, contest in APPEND_ONLY.items():
        statements.append(
            f"CREATE TRIGGER {table}_never_changes BEFORE UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION sista_append_only()"
        )
        # A trigger's WHEN may not hold a subquery on PostgreSQL: a function looks.
        name = f"{table}_guard_delete"
        statements.append(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF EXISTS ({_CONTEST_IS_PRACTICE.format(contest=contest)}) THEN "
            "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; "
            "END IF; RETURN OLD; END $$"
        )
        statements.append(
            f"CREATE TRIGGER {table}_never_goes BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
        )
    return statements
