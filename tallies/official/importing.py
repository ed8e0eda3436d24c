"""Official figures are written, station by station where they are news; and an import is undone.

One import of an election runs at a time (a constraint). A batch is one
transaction: its figures, which of them stand, and what there is to examine.
Killed in between, another run reads the file again: what it wrote is no news.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Max, OuterRef, Q, Subquery

from accounts import recording
from sista import rows as stored_rows
from sista.database import writing
from sista.spreadsheets.records import Record
from tallies.importing.confirming import Busy, ClaimLost, NotUndone, confirm, hold, undoing, was_written
from tallies.importing.previewing import left_out
from tallies.importing.ways import Tell
from tallies.models import (
    ExaminationRow,
    ImportState,
    OfficialFigure,
    OfficialImport,
    OfficialStanding,
    OfficialVote,
)
from tallies.official.columns import target_of
from tallies.official.rows import FitRow, Judge, is_news, standing

__all__ = ["Busy", "ClaimLost", "NotUndone", "confirm", "may_undo", "newer_than", "undo", "write"]


def write(one: OfficialImport, records: Iterable[Record], tell: Tell) -> int:
    """Write what is news in ``records`` of a confirmed import that this run has claimed; return how many stations.

    Raises `ClaimLost` and `FileRefused`.
    """
    judge = Judge(target_of(one), left_out(one))
    done = 0
    for batch in judge.batches(records):
        done += batch.lines
        with writing():
            hold(one, done)
            there = standing(batch.rows)
            _write(one, [row for row in batch.rows if is_news(row, there)])
        tell(done)
    return OfficialFigure.objects.filter(source=one).count()


def _write(one: OfficialImport, news: list[FitRow]) -> None:
    if not news:
        return
    figures = [
        OfficialFigure(
            source=one,
            contest_id=row.contest,
            station_id=row.station,
            valid_votes=row.figure.valid,
            invalid_votes=row.figure.invalid,
        )
        for row in news
    ]
    stored_rows.insert(*figures)
    votes = [
        OfficialVote(figure_id=figure.pk, pair_id=pair, votes=vote)
        for figure, row in zip(figures, news, strict=True)
        for pair, vote in row.figure.votes
    ]
    for start in range(0, len(votes), 1000):
        stored_rows.insert(*votes[start : start + 1000])
    stored_rows.upsert(
        OfficialStanding,
        ("contest_id", "station_id", "figure_id"),
        [(figure.contest_id, figure.station_id, figure.pk) for figure in figures],
        unique=("station_id", "contest_id"),
    )
    _to_examine((row.contest, row.region, row.station) for row in news)


def _to_examine(places: Any) -> None:
    rows = (
        ExaminationRow(contest_id=contest, region_id=region, station_id=station)
        for contest, region, station in places
    )
    ExaminationRow.objects.bulk_create(rows, batch_size=1000)


# Undoing


def newer_than(one: OfficialImport) -> Any:
    """The imports that were confirmed after ``one`` and are about some of the same contests and places."""
    about = Q() if one.contest_id is None else Q(contest=None) | Q(contest=one.contest_id)
    region = one.region
    touching = Q(region__first__range=(region.first, region.last)) | Q(
        region__first__lte=region.first, region__last__gte=region.last
    )
    same = OfficialImport.objects.filter(about, touching, election=one.election_id, office=one.office)
    return same.filter(imported_at__gt=one.imported_at).exclude(state=ImportState.UNDONE)


def may_undo(one: OfficialImport) -> bool:
    return was_written(one) and not newer_than(one).exists()


def undo(one: OfficialImport, *, by: Any) -> int:
    """Let what stood before ``one`` stand again; return how many stations changed. The figures are kept.

    One transaction. Raises `NotUndone`, and `Busy` while an import of the election runs.
    """
    with undoing(one, by=by):
        if newer_than(one).exists():
            raise NotUndone
        changed = _stand_back(one)
        said = {"election": one.election.slug, "file": one.sha256, "number": changed}
        recording.record("import undone", by=by, region=one.region, subject=one, content=said)
        return changed


def _stand_back(one: OfficialImport) -> int:
    fell = OfficialStanding.objects.filter(figure__source=one)
    _to_examine(list(fell.values_list("contest_id", "station__region_id", "station_id")))
    before = (
        OfficialFigure.objects.filter(contest=OuterRef("contest"), station=OuterRef("station"))
        .exclude(source=one.pk)
        .exclude(source__state=ImportState.UNDONE)
        .order_by()
        .values("station")
        .annotate(last=Max("pk"))
        .values("last")
    )
    # Three statements however many stations: row by row 48,600 of them held the one writer of SQLite for a minute.
    number = fell.count()
    fell.annotate(before=Subquery(before)).filter(before=None).delete()
    fell.update(figure=Subquery(before))
    return number
