"""The real returns of 2019 as stored forms, without the intake: 130,000 forms in a minute instead of ten."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path

from regions.importing import import_regions, rows_from_package
from regions.models import Level, Region
from tallies import replay
from tallies.models import C1Form, Channel, Contest, Review, StationResult, Vote
from tallies.totals import rebuilding
from tests.bench import country
from tests.bench.measurement import say

RETURNS = Path(__file__).resolve().parents[3] / "shared" / "data" / "pilpres2019_tps_jatim.csv.gz"
_AT = dt.datetime(2019, 4, 17, 20, tzinfo=dt.UTC)
_BATCH = 2000


def load(*, reading: str = "kpu", path: Path = RETURNS) -> Contest:
    """Store the rows of ``path`` as the replay would, and their totals; found again on the next call."""
    say("Loading the returns of 2019 …")
    if not Region.objects.filter(level=Level.VILLAGE).exists():
        import_regions(rows_from_package())
    tally = replay.Tally()
    contest = replay._contest(reading)
    if StationResult.objects.filter(contest=contest, form__isnull=False).exists():
        return contest
    rows = replay._settle_places(replay._read(path, reading, None, tally))
    stations = replay._stations(contest.election, rows)
    sender = replay._sender()
    results = dict(StationResult.objects.filter(contest=contest).values_list("station_id", "pk"))
    pairs = {pair.number: pair.pk for pair in contest.pairs.all()}
    kept = [row for row in rows if row.figures is not None and not row.refused]
    for start in range(0, len(kept), _BATCH):
        part = kept[start : start + _BATCH]
        forms = C1Form.objects.bulk_create(
            C1Form(
                uuid=uuid.uuid4(),
                contest=contest,
                station_id=stations[row.place],
                submitted_by=sender,
                channel=Channel.REPLAY,
                content_hash="",
                received_at=_AT,
                effective_valid=row.figures.effective_valid,
                **row.figures.values,
            )
            for row in part
            if row.figures is not None
        )
        Vote.objects.bulk_create(
            Vote(form=form, pair_id=pairs[number], votes=votes)
            for form, row in zip(forms, part, strict=True)
            if row.figures is not None
            for number, votes in row.figures.votes.items()
        )
        StationResult.objects.bulk_update(
            (StationResult(pk=results[form.station_id], form=form, review=Review.PENDING) for form in forms),
            ["form", "review"],
        )
    rebuilding.rebuild(contest.election)
    country.settle()
    return contest
