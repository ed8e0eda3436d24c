"""Write rows in one statement whose SQL is composed once.

``Model.save`` and ``bulk_create`` compose theirs anew for every row; where
every form passes, that costs more than PostgreSQL spends on storing it. The
model's fields still say how a value is stored. No signals are sent.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Field, JSONField, Model
from django.db.models.fields import AutoFieldMixin

from sista.statements import Statement

#: What both drivers take as it is, in any column but JSON.
_PLAIN = (int, str, bool)


def insert(*rows: Model) -> None:
    """Store new ``rows`` of one model and set their keys."""
    if not rows:
        return
    model = type(rows[0])
    fields = _fields(model)
    values = [_stored(field, field.pre_save(row, add=True)) for row in rows for field in fields]
    with connection.cursor() as cursor:
        _insert(model, len(rows), connection.vendor).run(cursor, values)
        keys = cursor.fetchall()
    for row, (key,) in zip(rows, keys, strict=True):
        row.pk = key
        row._state.adding, row._state.db = False, connection.alias


def insert_if_new(row: Model) -> bool:
    """Store ``row`` unless a constraint of uniqueness finds it there already; return whether it was stored."""
    model = type(row)
    values = [_stored(field, field.pre_save(row, add=True)) for field in _fields(model)]
    with connection.cursor() as cursor:
        _insert_if_new(model, connection.vendor).run(cursor, values)
        return cursor.rowcount == 1


def update(row: Model, *names: str) -> None:
    """Store the fields ``names`` of a stored ``row``. Raises ``DoesNotExist`` when it is gone."""
    model = type(row)
    fields = [model._meta.get_field(name) for name in names]
    values = [_stored(field, getattr(row, field.attname)) for field in fields]
    with connection.cursor() as cursor:
        _update(model, names, connection.vendor).run(cursor, [*values, row.pk])
        if cursor.rowcount != 1:
            raise model.DoesNotExist


def upsert(
    model: type[Model], names: Sequence[str], rows: Iterable[tuple[Any, ...]], *, unique: Sequence[str]
) -> None:
    """Store plain ``rows`` with the columns ``names``, or change the rows that agree in the columns ``unique``.

    A row that is stored as it should be is not written again. Values are
    numbers, text and times, as the driver takes them. On PostgreSQL a column is
    one array, so that the statement is as short for 2,000 rows as for one.
    """
    rows = list(rows)
    if not rows:
        return
    statement = _upsert(model, tuple(names), tuple(unique), connection.vendor)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            statement.run(cursor, [list(column) for column in zip(*rows, strict=True)])
        else:
            cursor.executemany(statement.sql, [tuple(_plain(value) for value in row) for row in rows])


def _plain(value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


@functools.lru_cache(maxsize=64)
def _upsert(model: type[Model], names: tuple[str, ...], unique: tuple[str, ...], vendor: str) -> Statement:
    quote = connection.ops.quote_name
    columns = ", ".join(quote(name) for name in names)
    if vendor == "postgresql":
        of_column = {field.column: field for field in model._meta.concrete_fields}
        arrays = ", ".join(f"%s::{of_column[name].db_type(connection)}[]" for name in names)
        source = f"SELECT * FROM UNNEST({arrays})"
    else:
        source = f"VALUES ({', '.join(['%s'] * len(names))})"
    table, rest = quote(model._meta.db_table), [quote(name) for name in names if name not in unique]
    differs = "IS DISTINCT FROM" if vendor == "postgresql" else "IS NOT"
    return Statement(
        f"INSERT INTO {table} ({columns}) {source} "
        f"ON CONFLICT ({', '.join(quote(name) for name in unique)}) "
        f"DO UPDATE SET {', '.join(f'{name} = EXCLUDED.{name}' for name in rest)} "
        f"WHERE ({', '.join(f'{table}.{name}' for name in rest)}) {differs} "
        f"({', '.join(f'EXCLUDED.{name}' for name in rest)})"
    )


def _stored(field: Field, value: Any) -> Any:
    if value is None or (type(value) in _PLAIN and not isinstance(field, JSONField)):
        return value
    return field.get_db_prep_save(value, connection)


@functools.cache
def _fields(model: type[Model]) -> tuple[Field, ...]:
    """All but a key that the database makes."""
    return tuple(field for field in model._meta.concrete_fields if not isinstance(field, AutoFieldMixin))


@functools.lru_cache(maxsize=256)
def _insert(model: type[Model], count: int, vendor: str) -> Statement:
    return Statement(f"{_values_sql(model, count)} RETURNING {connection.ops.quote_name(_key(model))}")


@functools.lru_cache(maxsize=64)
def _insert_if_new(model: type[Model], vendor: str) -> Statement:
    return Statement(f"{_values_sql(model, 1)} ON CONFLICT DO NOTHING")


def _values_sql(model: type[Model], count: int) -> str:
    quote = connection.ops.quote_name
    columns = [quote(field.column) for field in _fields(model)]
    row = f"({', '.join(['%s'] * len(columns))})"
    return f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(columns)}) VALUES {', '.join([row] * count)}"


@functools.lru_cache(maxsize=256)
def _update(model: type[Model], names: tuple[str, ...], vendor: str) -> Statement:
    quote = connection.ops.quote_name
    changes = ", ".join(f"{quote(model._meta.get_field(name).column)} = %s" for name in names)
    return Statement(f"UPDATE {quote(model._meta.db_table)} SET {changes} WHERE {quote(_key(model))} = %s")


def _key(model: type[Model]) -> str:
    return model._meta.pk.column
