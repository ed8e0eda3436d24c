"""Claim: the last stations that came in are read from the end of an index, however many came before them."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tallies.totals import reporting
from tests import cast, reading

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="asks PostgreSQL for its plan"),
]


def test_the_newest_stations_are_not_sorted_out_of_all_that_are_in(play):
    for station in ("dampit_1", "pamotan_1"):
        reading.send(play, station, [80, 100, 20], by=play.siti)
    with CaptureQueriesContext(connection) as captured:
        lines = reporting.newest_stations(play.malang, cast.region("35.07"), most=2)
    assert [line.result.station for line in lines] == [play.stations["pamotan_1"], play.stations["dampit_1"]]
    sql = next(one["sql"] for one in captured.captured_queries if "LIMIT 2" in one["sql"])
    select = sql[sql.index("SELECT") :]
    with connection.cursor() as cursor:
        # As among a million: the few rows of a test are cheapest sorted.
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {select}")
        plan = cursor.fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    assert "Sort" not in {node["Node Type"] for node in nodes(plan[0]["Plan"])}


def nodes(plan):
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)
