"""Which contests, and which kabupaten inside them, are to be projected again."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from analytics.models import ProjectionRun
from regions.models import Level
from tallies.models import Contest, ContestTotal, Phase


def due_contests(now: datetime) -> list[Contest]:
    """Return the contests of open and recap elections whose totals moved since their last run, the longest ago first.

    At most one run a contest in `settings.PROJECTION_SECONDS`. Before the first station is in there is none.
    """
    totals = ContestTotal.objects.filter(
        contest__election__phase__in=[Phase.OPEN, Phase.RECAP], region=F("contest__region")
    ).select_related("contest__election", "contest__region")
    return [total.contest for total in _due(totals, now, settings.PROJECTION_SECONDS).order_by("ran_at", "contest")]


def due_parts(contest: Contest, now: datetime) -> set[int]:
    """Return the keys of the kabupaten of ``contest`` that are due; each rests `settings.PROJECTION_PART_SECONDS`."""
    totals = ContestTotal.objects.filter(contest=contest, region__level=Level.REGENCY).exclude(region=contest.region)
    return set(_due(totals, now, settings.PROJECTION_PART_SECONDS).values_list("region_id", flat=True))


def _due(totals: QuerySet[ContestTotal], now: datetime, seconds: float) -> QuerySet[ContestTotal]:
    runs = ProjectionRun.objects.filter(contest=OuterRef("contest"), region=OuterRef("region")).newest()
    # A clock that was set back may have left runs of the future.
    rested = Q(ran_at__lte=now - timedelta(seconds=seconds)) | Q(ran_at__gt=now)
    totals = totals.annotate(ran_at=Subquery(runs.values("at")[:1]), ran_for=Subquery(runs.values("counted_at")[:1]))
    return totals.filter(Q(ran_at=None, stations_in__gt=0) | (rested & ~Q(ran_for=F("counted_at"))))
