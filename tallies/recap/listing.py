"""Which recaps are in and which are missing, for the region of a reader who sees totals."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import Q

from regions.models import Level, Region
from tallies.models import Contest, Election, RecapResult


@dataclass(frozen=True)
class ListedRecap:
    """The D.Hasil of one region of a contest; ``result`` None while nothing came."""

    contest: Contest
    region: Region
    result: RecapResult | None
    #: Of a kabupaten: how many of its kecamatan are in, and how many there are.
    parts_in: int = 0
    parts: int = 0

    @property
    def state(self) -> str:
        return self.result.state if self.result else "not_in"


@dataclass(frozen=True)
class ListedContest:
    contest: Contest
    recaps: list[ListedRecap]

    @property
    def count_in(self) -> int:
        return sum(1 for one in self.recaps if one.result and one.result.is_in)


def recaps_of_regency(election: Election, regency: Region) -> list[ListedContest]:
    """The D.Hasil KabKo of ``regency`` and those of its kecamatan, a list a contest."""
    regions = [regency, *Region.objects.filter(parent=regency).order_by("first")]
    covering = Q(region__first__lte=regency.first, region__last__gte=regency.last)
    contests = list(Contest.objects.filter(covering, election=election).select_related("region", "election"))
    found = _results(contests, regency)
    return [
        ListedContest(one, [ListedRecap(one, region, found.get((one.pk, region.pk))) for region in regions])
        for one in contests
    ]


def recaps_by_regency(election: Election, area: Region) -> list[ListedRecap]:
    """The D.Hasil KabKo of every kabupaten of ``area`` that votes, and how many of their kecamatan are in."""
    contests = list(Contest.objects.filter(election=election).touching(area).select_related("region", "election"))
    regions = list(Region.objects.within(area).filter(level__in=(Level.REGENCY, Level.DISTRICT)).order_by("first"))
    districts = Counter(region.parent_id for region in regions if region.level == Level.DISTRICT)
    parent = {region.pk: region.parent_id for region in regions}
    found = _results(contests, area)
    parts_in = Counter((contest, parent.get(region)) for (contest, region), one in found.items() if one.is_in)
    return [
        ListedRecap(
            contest, region, found.get((contest.pk, region.pk)), parts_in[contest.pk, region.pk], districts[region.pk]
        )
        for region in regions
        if region.level == Level.REGENCY
        for contest in contests
        if contest.region.contains(region)
    ]


def _results(contests: list[Contest], area: Region) -> dict[tuple[int, int], RecapResult]:
    here = RecapResult.objects.filter(contest__in=contests, region__first__range=(area.first, area.last))
    return {(one.contest_id, one.region_id): one for one in here.select_related("form__submitted_by")}
