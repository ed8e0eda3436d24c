"""Triggers that let rows of a table be added and nothing else, on both databases."""

from __future__ import annotations

from collections.abc import Iterable

_FUNCTION = (
    "CREATE OR REPLACE FUNCTION sista_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME "
    "USING ERRCODE = 'integrity_constraint_violation'; END $$"
)
#: The name of a trigger behind its table's, and what it refuses.
_REFUSED = {"never_changes": "UPDATE", "never_goes": "DELETE"}


def create_statements(vendor: str, tables: Iterable[str]) -> list[str]:
    """SQL that creates the triggers on ``sqlite`` or ``postgresql``."""
    triggers = [(table, name, what) for table in tables for name, what in _REFUSED.items()]
    if vendor == "sqlite":
        return [
            f"CREATE TRIGGER {table}_{name} BEFORE {what} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for table, name, what in triggers
        ]
    return [_FUNCTION] + [
        f"CREATE TRIGGER {table}_{name} BEFORE {what} ON {table} FOR EACH ROW EXECUTE FUNCTION sista_append_only()"
        for table, name, what in triggers
    ]


def drop_statements(vendor: str, tables: Iterable[str]) -> list[str]:
    """SQL that removes them again."""
    on = "" if vendor == "sqlite" else " ON {table}"
    return [
        f"DROP TRIGGER IF EXISTS {table}_{name}" + on.format(table=table) for table in tables for name in _REFUSED
    ]
