"""Claim: the last stations that came in are read in the order of the results' own index."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tallies.totals import reporting
from tests import cast, reading


def test_the_newest_stations_are_ordered_by_a_column_of_the_results_not_by_the_joined_form(play):
    """By the joined one a nation's forms were all sorted to find six: measured, 10 CPU-seconds."""
    for station in ("dampit_1", "pamotan_1"):
        reading.send(play, station, [80, 100, 20], by=play.siti)
    with CaptureQueriesContext(connection) as captured:
        lines = reporting.newest_stations(play.malang, cast.region("35.07"), most=2)
    assert [line.result.station for line in lines] == [play.stations["pamotan_1"], play.stations["dampit_1"]]
    sql = next(one["sql"] for one in captured.captured_queries if one["sql"].endswith("LIMIT 2"))
    assert 'ORDER BY "tallies_stationresult"."form_id" DESC' in sql
    assert '"tallies_stationresult"."form_id" IS NOT NULL' in sql
