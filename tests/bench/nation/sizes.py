"""How large the database is, table by table with its indexes, and what that is a form."""

from __future__ import annotations

from django.db import connection

from tallies.models import C1Form
from tests.bench.measurement import Measurement
from tests.bench.nation import tables
from tests.bench.running import Options

MILLION = 1_000_000
GIGABYTE, MEGABYTE = 1e9, 1e6
#: Smaller ones are one line.
LEAST = 5 * MEGABYTE

_SIZES = (
    "SELECT relname, reltuples::bigint, pg_table_size(oid), pg_indexes_size(oid), pg_total_relation_size(oid) "
    "FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 5 DESC"
)


def measure(options: Options) -> list[Measurement]:
    forms = C1Form.objects.count()
    with connection.cursor() as cursor:
        cursor.execute(_SIZES)
        found = cursor.fetchall()
        cursor.execute("SELECT pg_database_size(current_database())")
        whole = cursor.fetchone()[0]
    rows = [(*one[:2], *(round(size / MEGABYTE) for size in one[2:]), round(one[4] / forms)) for one in found]
    large = [row for row, one in zip(rows, found, strict=True) if one[4] >= LEAST]
    rest = sum(one[4] for one in found if one[4] < LEAST)
    others = ("others", "", "", "", round(rest / MEGABYTE), round(rest / forms))
    tables.write(
        "Size of the database", ("table", "rows", "MB", "indexes MB", "all MB", "bytes a form"), [*large, others]
    )
    return [
        Measurement("nation.size", whole / GIGABYTE, "GB"),
        Measurement("nation.size.million", whole / forms * MILLION / GIGABYTE, "GB a million forms"),
        Measurement("nation.size.form", whole / forms, "bytes a form"),
    ]
