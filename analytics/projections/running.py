"""Run the projection from the stored totals and keep what it says: the only writer of runs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from analytics import rule_settings
from analytics.models import Expectation, ProjectionRun
from analytics.projecting.projection import Projection, project
from analytics.projecting.settings import ProjectionSettings
from analytics.projecting.shrinking import Expected
from analytics.projections import reading_returns
from analytics.projections.due import due_contests, due_parts
from analytics.projections.reading_returns import ReadReturns
from sista.database import one_snapshot, writing
from tallies.models import Contest

log = logging.getLogger(__name__)


def run_changed() -> int:
    """Project every contest that is due; return how many runs were written.

    A contest that cannot be projected (thresholds that are none) is logged and holds up no other.
    """
    written = 0
    for contest in due_contests(timezone.now()):
        try:
            written += run(contest)
        except (ValueError, ArithmeticError):
            log.exception("contest %s was not projected", contest.pk)
    return written


def run(contest: Contest) -> int:
    """Project ``contest`` as it stands, and its kabupaten where it has several; return the runs written.

    0 where somebody else has just done so. Reads without a lock and computes outside of any transaction.
    """
    now = timezone.now()
    with one_snapshot():
        read = reading_returns.read(contest)
        expected = reading_returns.expected_of(contest, read) if read else None
        thresholds = rule_settings.projection_of(contest.election)
        due = due_parts(contest, now)
    if read is None:
        return 0
    parts = [number for number, region in enumerate(read.regencies) if region in due]
    runs = list(_runs(contest, read, parts, expected, thresholds, now))
    with writing():
        # Two workers may have begun at once: one of them writes.
        Contest.objects.select_for_update(no_key=True).get(pk=contest.pk)
        since = now - timedelta(seconds=settings.PROJECTION_SECONDS)
        own = ProjectionRun.objects.filter(contest=contest, region=contest.region_id)
        if own.filter(at__gt=since, at__lte=timezone.now()).exists():
            return 0
        ProjectionRun.objects.bulk_create(runs, batch_size=500)
    return len(runs)


def _runs(
    contest: Contest,
    read: ReadReturns,
    parts: list[int],
    expected: tuple[Expectation, Expected] | None,
    thresholds: ProjectionSettings,
    now: datetime,
) -> Iterator[ProjectionRun]:
    expectation, of_pair = expected or (None, None)
    whole = project(read.returns, expected=of_pair, settings=thresholds)
    yield _row(contest, contest.region_id, read, whole, expectation, now, read.counted_at)
    for number in parts:
        own = reading_returns.part_expected(of_pair, read.returns.tree, number) if of_pair else None
        found = project(reading_returns.part(read.returns, number), expected=own, settings=thresholds)
        counted_at = read.regency_counted_at[number]
        yield _row(contest, read.regencies[number], read, found, expectation, now, counted_at)


def _row(
    contest: Contest,
    region: int,
    read: ReadReturns,
    found: Projection,
    expectation: Expectation | None,
    now: datetime,
    counted_at: datetime,
) -> ProjectionRun:
    reached = found.reached
    pairs = [
        {
            "pair": pair.number,
            "share": one.share,
            "low": one.low,
            "high": one.high,
            "counted": one.counted,
            "chance_behind": behind,
        }
        for pair, one, behind in zip(read.pairs, found.pairs, found.chance_behind, strict=False)
    ]
    return ProjectionRun(
        contest=contest,
        region_id=region,
        at=now,
        counted_at=counted_at,
        stations=reached.stations,
        stations_in=reached.stations_in,
        seen=reached.seen,
        reached=reached.reached,
        refusal=str(found.refusal or ""),
        pairs=pairs,
        turnout=found.turnout,
        # Where the slope on it could not be fitted, it was not used.
        used_expectation=expectation if found.slope is not None else None,
    )
