"""The work of the drainer and of a rebuild as plain SQL: what the ORM's price is measured against."""

from __future__ import annotations

from django.db import connection, transaction

from tallies.models import COUNTED_REVIEWS, PROGRESS_FIELDS

_IN = "result.review IN ({})".format(", ".join(f"'{review}'" for review in COUNTED_REVIEWS))
_VERIFIED = "result.review = 'verified'"
_DPT = "(station.registered_male + station.registered_female)"
_TURNOUT = f"{_IN} AND form.voters_total IS NOT NULL AND {_DPT} IS NOT NULL"
#: Of the rows (result, station, form); the words of `tallies.models.totals.Progress`.
_PROGRESS = {
    "stations": "COUNT(*)",
    "stations_in": f"COUNT(*) FILTER (WHERE {_IN})",
    "stations_verified": f"COUNT(*) FILTER (WHERE {_VERIFIED})",
    "stations_disputed": f"COUNT(*) FILTER (WHERE {_IN} AND result.disputed)",
    "stations_verified_disputed": f"COUNT(*) FILTER (WHERE {_VERIFIED} AND result.disputed)",
    "stations_rejected": "COUNT(*) FILTER (WHERE result.review = 'rejected')",
    "registered_voters": f"COALESCE(SUM({_DPT}), 0)",
    "voters": f"COALESCE(SUM(form.voters_total) FILTER (WHERE {_IN}), 0)",
    "turnout_voters": f"COALESCE(SUM(form.voters_total) FILTER (WHERE {_TURNOUT}), 0)",
    "turnout_registered": f"COALESCE(SUM({_DPT}) FILTER (WHERE {_TURNOUT}), 0)",
    "valid_votes": f"COALESCE(SUM(form.effective_valid) FILTER (WHERE {_IN}), 0)",
    "invalid_votes": f"COALESCE(SUM(form.invalid_votes) FILTER (WHERE {_IN}), 0)",
}
_COLUMNS = ", ".join(PROGRESS_FIELDS)
_PROGRESS_SQL = ", ".join(_PROGRESS[name] for name in PROGRESS_FIELDS)
_PLACES = "unnest(%s::bigint[], %s::bigint[]) place(contest_id, region_id)"
_KEEP_PROGRESS = "ON CONFLICT (contest_id, region_id) DO UPDATE SET counted_at = EXCLUDED.counted_at, " + ", ".join(
    f"{name} = EXCLUDED.{name}" for name in PROGRESS_FIELDS
)
_KEEP_VOTES = (
    "ON CONFLICT (contest_id, region_id, pair_id) DO UPDATE "
    "SET votes = EXCLUDED.votes, votes_verified = EXCLUDED.votes_verified"
)
_STATIONS = (
    f"FROM {_PLACES} JOIN tallies_pollingstation station ON station.region_id = place.region_id "
    "JOIN tallies_stationresult result ON result.station_id = station.id AND result.contest_id = place.contest_id "
)
_VILLAGE_PROGRESS = (
    f"INSERT INTO tallies_contesttotal (contest_id, region_id, counted_at, {_COLUMNS}) "
    f"SELECT place.contest_id, place.region_id, now(), {_PROGRESS_SQL} {_STATIONS} "
    f"LEFT JOIN tallies_c1form form ON form.id = result.form_id GROUP BY 1, 2 {_KEEP_PROGRESS}"
)
_VILLAGE_VOTES = (
    "INSERT INTO tallies_pairtotal (contest_id, region_id, pair_id, votes, votes_verified) "
    "SELECT place.contest_id, place.region_id, vote.pair_id, COALESCE(SUM(vote.votes), 0), "
    f"COALESCE(SUM(vote.votes) FILTER (WHERE {_VERIFIED}), 0) {_STATIONS} "
    f"JOIN tallies_vote vote ON vote.form_id = result.form_id WHERE {_IN} GROUP BY 1, 2, 3 {_KEEP_VOTES}"
)
_BELOW = f"FROM {_PLACES} JOIN regions_region region ON region.parent_id = place.region_id "
_PARENT_PROGRESS = (
    f"INSERT INTO tallies_contesttotal (contest_id, region_id, counted_at, {_COLUMNS}) "
    f"SELECT place.contest_id, place.region_id, now(), {', '.join(f'SUM({name})' for name in PROGRESS_FIELDS)} "
    f"{_BELOW} JOIN tallies_contesttotal total ON total.region_id = region.id "
    f"AND total.contest_id = place.contest_id GROUP BY 1, 2 {_KEEP_PROGRESS}"
)
_PARENT_VOTES = (
    "INSERT INTO tallies_pairtotal (contest_id, region_id, pair_id, votes, votes_verified) "
    "SELECT place.contest_id, place.region_id, total.pair_id, SUM(total.votes), SUM(total.votes_verified) "
    f"{_BELOW} JOIN tallies_pairtotal total ON total.region_id = region.id "
    f"AND total.contest_id = place.contest_id GROUP BY 1, 2, 3 {_KEEP_VOTES}"
)
#: Places one level up, ending at each contest's own region.
_PARENTS = (
    f"SELECT DISTINCT place.contest_id, region.parent_id FROM {_PLACES} "
    "JOIN regions_region region ON region.id = place.region_id "
    "JOIN tallies_contest contest ON contest.id = place.contest_id "
    "WHERE contest.region_id <> place.region_id AND region.parent_id IS NOT NULL"
)


def drain(election_id: int, *, batch: int) -> int:
    """Empty the outbox of an election whose contest is held in the nation (no party totals above it)."""
    taken = 0
    while rows := _drain_batch(election_id, batch):
        taken += rows
    return taken


def _drain_batch(election_id: int, batch: int) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM tallies_election WHERE id = %s FOR NO KEY UPDATE", [election_id])
        cursor.execute(
            "SELECT id, contest_id, region_id FROM tallies_outboxrow WHERE election_id = %s ORDER BY id LIMIT %s",
            [election_id, batch],
        )
        rows = cursor.fetchall()
        if rows:
            places = _columns({(contest, region) for _id, contest, region in rows})
            cursor.execute(_VILLAGE_PROGRESS, places)
            cursor.execute(_VILLAGE_VOTES, places)
            while True:
                cursor.execute(_PARENTS, places)
                places = _columns(cursor.fetchall())
                if not places[0]:
                    break
                cursor.execute(_PARENT_PROGRESS, places)
                cursor.execute(_PARENT_VOTES, places)
            cursor.execute("DELETE FROM tallies_outboxrow WHERE id = ANY(%s)", [[row[0] for row in rows]])
    return len(rows)


def _columns(places) -> list[list[int]]:
    return [[contest for contest, _region in places], [region for _contest, region in places]]


_UPWARD = (
    "JOIN regions_region village ON village.id = one.region_id "
    "JOIN regions_region district ON district.id = village.parent_id "
    "JOIN regions_region regency ON regency.id = district.parent_id "
    "JOIN regions_region province ON province.id = regency.parent_id "
)
_REGION = "COALESCE(village.id, district.id, regency.id, province.id, province.parent_id)"
_LEVELS = ("village.id", "district.id", "regency.id", "province.id", "province.parent_id")
_NAMED = ", ".join(f"{_PROGRESS[name]} {name}" for name in PROGRESS_FIELDS)
_BLANK = ", ".join("NULL" for _ in PROGRESS_FIELDS)
_SUMS = ", ".join(f"SUM(one.{name})" for name in PROGRESS_FIELDS)
#: Every total of a contest held in the nation: desa from the stations, all levels by grouping sets.
_ALL_LEVELS = (
    f"WITH progress AS (SELECT station.region_id, {_NAMED} "
    "FROM tallies_stationresult result JOIN tallies_pollingstation station ON station.id = result.station_id "
    "LEFT JOIN tallies_c1form form ON form.id = result.form_id WHERE result.contest_id = %(contest)s GROUP BY 1), "
    "votes AS (SELECT station.region_id, vote.pair_id, SUM(vote.votes) votes, "
    f"COALESCE(SUM(vote.votes) FILTER (WHERE {_VERIFIED}), 0) votes_verified "
    "FROM tallies_stationresult result JOIN tallies_pollingstation station ON station.id = result.station_id "
    "JOIN tallies_vote vote ON vote.form_id = result.form_id "
    f"WHERE result.contest_id = %(contest)s AND {_IN} GROUP BY 1, 2) "
    f"SELECT {_REGION}, NULL, NULL, NULL, {_SUMS} FROM progress one {_UPWARD} "
    f"GROUP BY GROUPING SETS ({', '.join(f'({level})' for level in _LEVELS)}) "
    f"UNION ALL SELECT {_REGION}, pair_id, SUM(votes), SUM(votes_verified), {_BLANK} "
    f"FROM votes one {_UPWARD} GROUP BY GROUPING SETS ({', '.join(f'({level}, pair_id)' for level in _LEVELS)})"
)


def sum_all_levels(contest_id: int) -> dict[tuple[int, int], tuple[int, int]]:
    """One query that reads what a rebuild writes. Return (region, pair) → votes, verified votes."""
    with connection.cursor() as cursor:
        cursor.execute(_ALL_LEVELS, {"contest": contest_id})
        rows = cursor.fetchall()
    return {(region, pair): (votes, verified) for region, pair, votes, verified, *_rest in rows if pair is not None}
