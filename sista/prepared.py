"""Queries composed once.

Composing its SQL costs the ORM three to five times what PostgreSQL spends on
answering a small query. Where every witness passes, a query is therefore made
by the ORM at its first call and remembered; later calls bind their values only.
"""

from __future__ import annotations

import functools
import inspect
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar, get_type_hints

from django.db import DEFAULT_DB_ALIAS, connection, connections, router
from django.db.models import Field, ForeignKey, Lookup, QuerySet
from django.db.models.query import ModelIterable, get_related_populators
from django.db.transaction import TransactionManagementError

from sista.statements import First, Statement

P = ParamSpec("P")
Row = TypeVar("Row")
#: Stands for a parameter in the composed SQL, and is like no value that a query holds by itself.
_MARKS: dict[type, Callable[[int], Any]] = {
    int: lambda place: 2_073_400_210 + place,
    str: lambda place: f"parameter {place} of a prepared query",
    uuid.UUID: lambda place: uuid.UUID(int=2**127 + 7_340_021 + place),
    list[int]: lambda place: [2_073_400_210 + place],
}


@Field.register_lookup
@ForeignKey.register_lookup
class AnyOf(Lookup):
    """``contest__any_of=[1, 2]``: as ``in``, in SQL that is the same for any number of keys."""

    lookup_name = "any_of"
    prepare_rhs = False

    def get_db_prep_lookup(self, value: Any, connection: Any) -> tuple[str, list[Any]]:
        return "%s", [value]

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", [*parameters, self.rhs]

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} IN (SELECT value FROM json_each(%s))", [*parameters, json.dumps(self.rhs)]


def prepared(
    make: Callable[P, QuerySet[Any, Row]], *, first: Callable[[Any], First] | None = None
) -> Callable[P, list[Row]]:
    """Turn a function that returns a queryset into one that returns its rows.

    Its parameters are int, str, UUID or list[int] (for the lookup ``any_of``), go
    into the SQL as they are (no None) and change nothing else in it. Model instances and ``values_list`` rows
    come as the ORM makes them; prefetches and transforms in Python do not.

    ``first`` makes of the first parameter what is to run before it (`Statement.run`).
    """
    names = list(inspect.signature(make).parameters)
    composed: dict[str, _Composed] = {}

    @functools.wraps(make)
    def rows(*args: P.args, **values: P.kwargs) -> list[Row]:
        known = composed.get(connection.vendor)
        if known is None:
            known = composed[connection.vendor] = _compose(make)
        bound = {**dict(zip(names, args, strict=False)), **values}
        return known.rows(bound, first(bound[names[0]]) if first else None)

    return rows


@dataclass(frozen=True)
class _Composed(Generic[Row]):
    statement: Statement
    #: A value of the query's own, or how to take it from those given.
    parameters: tuple[tuple[Any, Callable[[dict[str, Any]], Any] | None], ...]
    #: Column, what the database's value goes through, and the expression it is of.
    converters: tuple[tuple[int, list[Callable[..., Any]], Any], ...]
    instance: Callable[[Sequence[Any]], Row] | None
    locks: bool
    model: Any

    def rows(self, values: dict[str, Any], first: First | None) -> list[Row]:
        if self.locks and not connection.in_atomic_block:
            raise TransactionManagementError("select_for_update cannot be used outside of a transaction.")
        bound = [take(values) if take else own for own, take in self.parameters]
        alias = DEFAULT_DB_ALIAS if self.locks else router.db_for_read(self.model)
        with connections[alias].cursor() as cursor:
            self.statement.run(cursor, bound, first)
            found = [self._converted(row) for row in cursor.fetchall()]
        return [self.instance(row) for row in found] if self.instance else found

    def _converted(self, row: Any) -> Any:
        if not self.converters:
            return row
        values = list(row)
        for place, through, expression in self.converters:
            for convert in through:
                values[place] = convert(values[place], expression, connection)
        return tuple(values)


def _compose(make: Callable[..., QuerySet[Any, Row]]) -> _Composed[Row]:
    hints = {name: kind for name, kind in get_type_hints(make).items() if name != "return"}
    marks = {name: _MARKS[kind](place) for place, (name, kind) in enumerate(hints.items())}
    queryset = make(**marks)
    compiler = queryset.query.get_compiler(connection=connection)
    sql, parameters = compiler.as_sql()
    taken = tuple((own, _taker(own, marks)) for own in parameters)
    missing = [name for name in marks if not any(_is_mark(own, marks[name]) for own, _take in taken)]
    if missing:
        raise TypeError(f"{make.__qualname__}: {missing} do not reach the SQL as they are")
    expressions = [column[0] for column in compiler.select]
    converters = tuple((place, *pair) for place, pair in compiler.get_converters(expressions).items())
    # The queryset knows whether it yields instances or tuples.
    maker = _instance_maker(compiler) if issubclass(queryset._iterable_class, ModelIterable) else None
    return _Composed(Statement(sql), taken, converters, maker, queryset.query.select_for_update, queryset.model)


def _is_mark(own: Any, mark: Any) -> bool:
    return own == mark or own == _in_sqlite(mark)


def _in_sqlite(value: Any) -> Any:
    """Stores a UUID as its hex digits, and takes a list as JSON."""
    if isinstance(value, uuid.UUID):
        return value.hex
    return json.dumps(value) if isinstance(value, list) else value


def _taker(own: Any, marks: dict[str, Any]) -> Callable[[dict[str, Any]], Any] | None:
    for name, mark in marks.items():
        if own == mark:
            return lambda values, name=name: values[name]
        if _is_mark(own, mark):
            return lambda values, name=name: _in_sqlite(values[name])
    return None


def _instance_maker(compiler: Any) -> Callable[[Sequence[Any]], Any]:
    """Make of a row what `django.db.models.query.ModelIterable` makes of it."""
    database = compiler.connection.alias
    model, places = compiler.klass_info["model"], compiler.klass_info["select_fields"]
    start, end = places[0], places[-1] + 1
    attributes = [column[0].target.attname for column in compiler.select[start:end]]
    populators = get_related_populators(compiler.klass_info, compiler.select, database)
    annotations = tuple((compiler.annotation_col_map or {}).items())

    def instance(row: Sequence[Any]) -> Any:
        made = model.from_db(database, attributes, row[start:end])
        for populator in populators:
            populator.populate(row, made)
        for name, place in annotations:
            setattr(made, name, row[place])
        return made

    return instance
