"""What a migration may not do to a table that forms go into: each rule with the sentence that says what to do.

A deployment migrates while the night goes on, and the program before it still runs (docs/decisions/0048).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connection, migrations, models
from django.db.models import NOT_PROVIDED

#: Tables that every form, photo, decision or sign-in writes to, or that hold a row a TPS.
LARGE = {
    "tallies": {
        "assignment",
        "auditevent",
        "c1form",
        "contesttotal",
        "decision",
        "formphoto",
        "outboxrow",
        "pairtotal",
        "photo",
        "pollingstation",
        "reading",
        "stationresult",
        "vote",
    },
    "accounts": {"user", "refusal"},
    "analytics": {"finding"},
    "regions": {"region"},
}

INDEX = "AddIndex locks the table: use sista.indexing.AddIndexBeside, in a migration of its own with atomic = False."
CONSTRAINT = (
    "AddConstraint reads the whole table under a lock: use AddConstraintNotValid, then ValidateConstraint in the "
    "next migration (a unique one: its index with CREATE UNIQUE INDEX CONCURRENTLY, then USING INDEX)."
)
TYPE = "AlterField goes through the whole table under a lock: add a column, fill it in batches, read that one."
NOT_NULL = "The program before this one does not fill the new column: give it db_default, or null=True."
INDEXED = "AddField with an index, key or generated value locks the table: add it plain, the rest concurrently."
TAKEN_AWAY = (
    "The program before this one still reads it: take it out of the models first (SeparateDatabaseAndState), and out "
    "of the database with the next version."
)
AT_ONCE = (
    "One transaction over a whole table holds every row of it: put it in a migration of its own with atomic = False "
    "that commits each some thousand rows."
)
SQL = "This SQL locks the table: CONCURRENTLY, NOT VALID and VALIDATE do not; a type is not changed in place."

_LOCKING_SQL = re.compile(
    r"create\s+(unique\s+)?index\s+(?!concurrently)"
    r"|drop\s+index\s+(?!concurrently)"
    r"|add\s+constraint(?!.*(not\s+valid|using\s+index))"
    r"|alter\s+column\s+\w+\s+(set\s+data\s+)?type|set\s+not\s+null"
    r"|^\s*(update|delete|lock|cluster|truncate)\b|vacuum\s+full",
    re.IGNORECASE | re.DOTALL | re.MULTILINE,
)


def is_large(app: str, model: str) -> bool:
    return model.lower() in LARGE.get(app, ())


def objections(migration: migrations.Migration, state: Any = None) -> list[str]:
    """Sentences against ``migration``, none when the intake goes on meanwhile.

    ``state``: of the project before it, which a changed field is held against; without one any change counts.
    """
    found: list[str] = []
    for operation in _in_database(migration.operations):
        sentence = _against(operation, migration, state)
        if sentence:
            found.append(f"{migration.app_label}.{migration.name}: {operation.describe()}. {sentence}")
        if state is not None:
            operation.state_forwards(migration.app_label, state)
    return found


def _in_database(operations: list[Any]) -> Iterator[Any]:
    for operation in operations:
        if isinstance(operation, migrations.SeparateDatabaseAndState):
            yield from _in_database(operation.database_operations)
        else:
            yield operation


def _against(operation: Any, migration: migrations.Migration, state: Any) -> str:
    app = migration.app_label
    if isinstance(operation, migrations.RunSQL):
        return SQL if _locks(operation.sql) else ""
    if isinstance(operation, migrations.RunPython):
        return AT_ONCE if migration.atomic and _reads_large(operation.code) else ""
    if isinstance(operation, (migrations.RenameModel, migrations.DeleteModel, migrations.AlterModelTable)):
        return TAKEN_AWAY if is_large(app, getattr(operation, "old_name", operation.name)) else ""
    if not is_large(app, getattr(operation, "model_name", "")):
        return ""
    # By name: those for PostgreSQL are subclasses of the plain ones, and harmless.
    kind = type(operation).__name__
    if kind in ("RemoveField", "RenameField"):
        return TAKEN_AWAY
    if kind == "AddField":
        return _against_new(operation.field)
    if kind == "AlterField":
        return TYPE if _is_altered(operation, app, state) else ""
    named = {"AddIndex": INDEX, "RemoveIndex": INDEX, "AddConstraint": CONSTRAINT}
    return named.get(kind, "")


def _locks(sql: Any) -> bool:
    parts = [sql] if isinstance(sql, str) else [one if isinstance(one, str) else one[0] for one in sql]
    return any(_LOCKING_SQL.search(part) and any(table in part for table in large_tables()) for part in parts)


def large_tables() -> list[str]:
    return [apps.get_model(app, model)._meta.db_table for app, models_ in LARGE.items() for model in models_]


def _reads_large(code: Any) -> bool:
    """Its source asks for the model of a large table."""
    named = re.findall(r"get_model\(\s*[\"'](\w+)(?:[\"'],\s*[\"']|\.)(\w+)[\"']", inspect.getsource(code))
    return any(is_large(app, model) for app, model in named)


def _against_new(field: models.Field) -> str:
    if isinstance(field, (models.ForeignKey, models.GeneratedField)) or field.unique or field.db_index:
        return INDEXED
    has_default = getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED
    return "" if field.null or has_default or field.many_to_many else NOT_NULL


def _is_altered(operation: Any, app: str, state: Any) -> bool:
    """True unless only words change (labels, choices), or a text may be longer."""
    if state is None:
        return True
    before = state.models[app, operation.model_name.lower()].fields[operation.name]
    old, new = (field.clone() for field in (before, operation.field))
    for field in (old, new):
        field.set_attributes_from_name(operation.name)
    if isinstance(new, models.CharField) and type(old) is type(new):
        old.max_length = new.max_length = max(old.max_length or 0, new.max_length or 0)
        return operation.field.max_length < before.max_length or _differ(old, new)
    return _differ(old, new)


def _differ(old: models.Field, new: models.Field) -> bool:
    return connection.schema_editor()._field_should_be_altered(old, new)
