"""The official figures that stand, for the rules and for the page of a station."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from tallies.models import (
    Contest,
    OfficialFigure,
    OfficialImport,
    OfficialStanding,
    OfficialVote,
    Pair,
    StationResult,
)

_AT_ONCE = 10_000


def newest_figures(contest: Contest, station_ids: Iterable[int]) -> dict[int, dict[int, int | None]]:
    """Votes by pair number, by station, of the official figures that stand; a station without one is absent.

    None: the source says nothing of that pair. One query for every 10,000 stations.
    """
    found: dict[int, dict[int, int | None]] = {}
    wanted = list(station_ids)
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        votes = OfficialVote.objects.filter(
            figure__standing__contest=contest, figure__standing__station__in=some
        ).order_by()
        for station, number, vote in votes.values_list("figure__station_id", "pair__number", "votes"):
            found.setdefault(station, {})[number] = vote
    return found


@dataclass(frozen=True)
class Line:
    """A row of the comparison; ``pair`` is None for the sums. ``differs``: both are known and are not equal."""

    pair: Pair | None
    name: str
    ours: int | None
    official: int | None

    @property
    def difference(self) -> int | None:
        """Official less ours; None where one is not known."""
        return None if self.ours is None or self.official is None else self.official - self.ours

    @property
    def differs(self) -> bool:
        return bool(self.difference)


@dataclass(frozen=True)
class Comparison:
    source: OfficialImport
    lines: tuple[Line, ...]
    #: What other imports said before, the newest first.
    earlier: tuple[OfficialFigure, ...]

    @property
    def differing(self) -> int:
        return sum(line.differs for line in self.lines)


def with_official(results: QuerySet[StationResult]) -> QuerySet[StationResult]:
    """``results`` with the key of the official figure that stands for each, asked for with them: most have none."""
    there = OfficialStanding.objects.filter(station=OuterRef("station"), contest=OuterRef("contest"))
    return results.annotate(official_id=Subquery(there.values("figure")))


def compared(result: Any) -> Comparison | None:
    """The official figure of a station beside the form that counts; None where there is none.

    ``result`` comes from `with_official`.
    """
    if result.official_id is None:
        return None
    figure = OfficialFigure.objects.select_related("source").get(pk=result.official_id)
    ours = result.form.figures if result.form and result.is_in else None
    votes = dict(figure.votes.values_list("pair_id", "votes"))
    lines = [
        Line(pair, pair.name, ours.votes.get(pair.number) if ours else None, votes.get(pair.pk))
        for pair in result.contest.pairs.all()
    ]
    lines += [
        Line(None, name, ours.get(name) if ours else None, getattr(figure, name))
        for name in ("valid_votes", "invalid_votes")
    ]
    earlier = OfficialFigure.objects.filter(station=result.station_id, contest=result.contest_id)
    earlier = earlier.exclude(pk=figure.pk).select_related("source").prefetch_related("votes").order_by("-pk")
    return Comparison(figure.source, tuple(lines), tuple(earlier))
