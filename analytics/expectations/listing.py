"""What pages show of targets and expectations: the contests of a region, and one contest by kecamatan."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Prefetch, QuerySet

from analytics.expecting import chance_ahead
from analytics.models import Expectation, ExpectedShare, Target
from regions.models import Level, Region
from tallies.models import Contest, Election, Pair


@dataclass(frozen=True)
class ContestLine:
    """A contest with what is in force, and how many statements there are of each kind."""

    contest: Contest
    pair: Pair | None
    target: Target | None
    expectation: Expectation | None
    whole: ExpectedShare | None
    targets: int
    expectations: int


@dataclass(frozen=True)
class PlaceLine:
    """What is stated of one place. ``chance``: that we are ahead there, where a margin and its spread are stated."""

    stated: ExpectedShare

    @property
    def chance(self) -> float | None:
        if self.stated.margin is None or self.stated.margin_spread is None:
            return None
        return chance_ahead(self.stated.margin, self.stated.margin_spread)


def contests_within(election: Election, region: Region) -> QuerySet[Contest]:
    inside = Contest.objects.filter(election=election, region__first__range=(region.first, region.last))
    return inside.select_related("region", "election")


def contest_lines(election: Election, region: Region) -> list[ContestLine]:
    """The contests that lie in ``region``, along the tree; six statements whatever their number."""
    contests = contests_within(election, region).annotate(
        many_targets=Count("targets", distinct=True), many=Count("expectations", distinct=True)
    )
    contests = contests.prefetch_related(
        Prefetch("targets", Target.objects.active(), to_attr="in_force"),
        Prefetch("expectations", Expectation.objects.active().select_related("made_by"), to_attr="expected"),
        Prefetch("pairs", Pair.objects.filter(usungan=True), to_attr="ours"),
    )
    contests = list(contests)
    whole = ExpectedShare.objects.filter(
        expectation__in=[one.expected[0].pk for one in contests if one.expected],
        region__in=[one.region_id for one in contests],
        station=None,
        pair__in=[pair.pk for one in contests for pair in one.ours],
    )
    rows = {(row.expectation_id, row.region_id): row for row in whole}
    return [
        ContestLine(
            contest=one,
            pair=next(iter(one.ours), None),
            target=next(iter(one.in_force), None),
            expectation=next(iter(one.expected), None),
            whole=rows.get((one.expected[0].pk, one.region_id)) if one.expected else None,
            targets=one.many_targets,
            expectations=one.many,
        )
        for one in contests
    ]


def statements(contest: Contest) -> list[Expectation]:
    """Every expectation of ``contest``, in force first, then the newest."""
    rows = Expectation.objects.filter(contest=contest).select_related("made_by").prefetch_related("events__actor")
    return list(rows.order_by("-is_active", "-stated_on", "-pk"))


def district_rows(expectation: Expectation) -> QuerySet[ExpectedShare]:
    """What is stated of our pair by kecamatan, along the tree."""
    # By keys, as in `reading.expected_shares`: beside them there may be a row a TPS.
    districts = Region.objects.within(expectation.contest.region).filter(level=Level.DISTRICT).order_by().values("pk")
    ours = Pair.objects.filter(contest=expectation.contest_id, usungan=True).values_list("pk", flat=True)
    rows = ExpectedShare.objects.filter(
        expectation=expectation, station=None, pair__in=list(ours), region__in=districts
    )
    return rows.select_related("region__parent").order_by("region__first")
