"""Triggers that no model can express: rows that never change, votes of the right contest.

The same claims on both databases. Rows of a practice election may be deleted,
others not; what was sent, decisions and audit events never change.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

_OF_CONTEST = "(SELECT election_id FROM tallies_contest WHERE id = {})"
_OF_FORM = _OF_CONTEST.format("(SELECT contest_id FROM tallies_c1form WHERE id = OLD.form_id)")
_OF_RESULT = _OF_CONTEST.format("(SELECT contest_id FROM tallies_stationresult WHERE id = OLD.result_id)")
_OF_REPORT = _OF_CONTEST.format(
    "(SELECT contest_id FROM tallies_stationresult WHERE id ="
    " (SELECT result_id FROM tallies_errorreport WHERE id = OLD.report_id))"
)
_OF_STATION = "(SELECT election_id FROM tallies_pollingstation WHERE id = {})"
_OF_RECAP = _OF_CONTEST.format("(SELECT contest_id FROM tallies_recapform WHERE id = {})")
_OF_RECAP_RESULT = _OF_CONTEST.format("(SELECT contest_id FROM tallies_recapresult WHERE id = OLD.result_id)")
#: Table → SQL that tells the election of OLD: those that stood in the first version, and those that came later.
FIRST_TABLES = {
    "tallies_c1form": _OF_CONTEST.format("OLD.contest_id"),
    "tallies_vote": _OF_FORM,
    "tallies_formphoto": _OF_FORM,
    "tallies_decision": _OF_RESULT,
    "tallies_auditevent": _OF_RESULT,
}
RECAP_TABLES = {
    "tallies_recapform": _OF_CONTEST.format("OLD.contest_id"),
    "tallies_recapcolumn": _OF_RECAP.format("OLD.form_id"),
    "tallies_recapvote": _OF_CONTEST.format("(SELECT contest_id FROM tallies_pair WHERE id = OLD.pair_id)"),
    "tallies_recapphoto": _OF_RECAP.format("OLD.form_id"),
    "tallies_recapreading": _OF_RECAP.format("OLD.form_id"),
    "tallies_recapdecision": _OF_RECAP_RESULT,
    "tallies_recapevent": _OF_RECAP_RESULT,
}
APPEND_ONLY = (
    FIRST_TABLES
    | RECAP_TABLES
    | {
        "tallies_invitationreport": _OF_STATION.format("OLD.station_id"),
        "tallies_invitationphoto": _OF_STATION.format(
            "(SELECT station_id FROM tallies_invitationreport WHERE id = OLD.report_id)"
        ),
        "tallies_reading": _OF_RESULT,
        "tallies_readingvote": _OF_CONTEST.format("(SELECT contest_id FROM tallies_pair WHERE id = OLD.pair_id)"),
        "tallies_errorreportentry": _OF_REPORT,
        "tallies_errorreportanswer": _OF_REPORT,
        "tallies_contactattempt": _OF_RESULT,
        "tallies_officialfigure": _OF_CONTEST.format("OLD.contest_id"),
        "tallies_officialvote": _OF_CONTEST.format("(SELECT contest_id FROM tallies_pair WHERE id = OLD.pair_id)"),
    }
)
_IS_REAL = "SELECT 1 FROM tallies_election WHERE id = {election} AND practice_of_id IS NULL"


class Insert(NamedTuple):
    """What a new row must not be: the trigger's name behind the table's, a condition over NEW, and a sentence."""

    name: str
    mismatch: str
    sentence: str


#: What spans tables, and no constraint can say.
ON_INSERT = {
    "tallies_vote": Insert(
        "of_its_contest",
        "(SELECT contest_id FROM tallies_pair WHERE id = NEW.pair_id)"
        " <> (SELECT contest_id FROM tallies_c1form WHERE id = NEW.form_id)",
        "a vote belongs to a pair of its form's contest",
    ),
    "tallies_reading": Insert(
        "of_its_form",
        "NOT EXISTS (SELECT 1 FROM tallies_c1form f JOIN tallies_stationresult r"
        " ON r.contest_id = f.contest_id AND r.station_id = f.station_id"
        " WHERE f.id = NEW.form_id AND r.id = NEW.result_id AND f.submitted_by_id = NEW.first_reader_id)",
        "a reading is of a form of its station and names who filled it in",
    ),
    "tallies_recapform": Insert(
        "of_its_contest",
        "NOT EXISTS (SELECT 1 FROM tallies_contest c JOIN regions_region a ON a.id = c.region_id"
        " JOIN regions_region r ON r.first BETWEEN a.first AND a.last"
        " WHERE c.id = NEW.contest_id AND r.id = NEW.region_id)",
        "a recap is of a region of its contest",
    ),
    "tallies_recapcolumn": Insert(
        "of_its_form",
        "NOT EXISTS (SELECT 1 FROM tallies_recapform f JOIN regions_region r"
        " ON r.id = f.region_id OR r.parent_id = f.region_id WHERE f.id = NEW.form_id AND r.id = NEW.region_id)",
        "a column is of the recap's region or of one right below it",
    ),
    "tallies_recapvote": Insert(
        "of_its_contest",
        "(SELECT contest_id FROM tallies_pair WHERE id = NEW.pair_id)"
        " <> (SELECT f.contest_id FROM tallies_recapcolumn c JOIN tallies_recapform f ON f.id = c.form_id"
        " WHERE c.id = NEW.column_id)",
        "a vote belongs to a pair of its recap's contest",
    ),
    "tallies_recapreading": Insert(
        "of_its_form",
        "NOT EXISTS (SELECT 1 FROM tallies_recapform f"
        " WHERE f.id = NEW.form_id AND f.submitted_by_id = NEW.first_reader_id)",
        "a reading of a recap names who filled it in",
    ),
    "tallies_recapdecision": Insert(
        "of_its_form",
        "NOT EXISTS (SELECT 1 FROM tallies_recapform f JOIN tallies_recapresult r"
        " ON r.contest_id = f.contest_id AND r.region_id = f.region_id"
        " WHERE f.id = NEW.form_id AND r.id = NEW.result_id AND f.submitted_by_id = NEW.entered_by_id)",
        "a decision is on a form of its recap and names who filled it in",
    ),
    "tallies_readingvote": Insert(
        "of_its_contest",
        "(SELECT contest_id FROM tallies_pair WHERE id = NEW.pair_id)"
        " <> (SELECT f.contest_id FROM tallies_reading r JOIN tallies_c1form f ON f.id = r.form_id"
        " WHERE r.id = NEW.reading_id)",
        "a vote belongs to a pair of its form's contest",
    ),
    "tallies_officialvote": Insert(
        "of_its_contest",
        "(SELECT contest_id FROM tallies_pair WHERE id = NEW.pair_id)"
        " <> (SELECT contest_id FROM tallies_officialfigure WHERE id = NEW.figure_id)",
        "an official vote belongs to a pair of its figure's contest",
    ),
}


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
    drops += [
        f"DROP TRIGGER IF EXISTS {table}_{ON_INSERT[table].name}" + on.format(table=table)
        for table in tables
        if table in ON_INSERT
    ]
    return drops


def _on_insert(tables: Iterable[str]) -> list[tuple[str, Insert]]:
    return [(table, ON_INSERT[table]) for table in tables if table in ON_INSERT]


def _quoted(sentence: str) -> str:
    return "'" + sentence.replace("'", "''") + "'"


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
    statements += [
        f"CREATE TRIGGER {table}_{rule.name} BEFORE INSERT ON {table} WHEN {rule.mismatch} "
        f"BEGIN SELECT RAISE(ABORT, {_quoted(rule.sentence)}); END"
        for table, rule in _on_insert(elections)
    ]
    return statements


def _postgresql(elections: dict[str, str]) -> list[str]:
    statements = [
        "CREATE OR REPLACE FUNCTION sista_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$",
    ]
    for table, rule in _on_insert(elections):
        name = f"{table}_{rule.name}"
        statements.append(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF {rule.mismatch} THEN RAISE EXCEPTION {_quoted(rule.sentence)} "
            "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$"
        )
        statements.append(f"CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
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
