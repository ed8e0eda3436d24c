"""Take what changed from the queue, and let it go when it is written down."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from analytics.models import ElectionRules
from regions.models import Level
from tallies.models import Election, ExaminationRow

#: Rows taken at once. A desa with all its TPS is one row.
BATCH = 1000


@dataclass
class ContestBatch:
    """What changed in one contest, keys: stations with their desa; desa to look at as a whole; areas above."""

    contest: int
    stations: dict[int, int] = field(default_factory=dict)
    whole_villages: set[int] = field(default_factory=set)
    areas: set[int] = field(default_factory=set)

    @property
    def villages(self) -> set[int]:
        return self.whole_villages | set(self.stations.values())


@dataclass(frozen=True)
class Batch:
    keys: tuple[int, ...]
    contests: tuple[ContestBatch, ...]


def take(election: Election, *, limit: int = BATCH) -> Batch | None:
    """Read the oldest ``limit`` rows of ``election``; nothing is removed."""
    rows = list(
        ExaminationRow.objects.filter(contest__election=election)
        .order_by("pk")
        .values_list("pk", "contest_id", "region_id", "station_id", "region__level")[:limit]
    )
    if not rows:
        return None
    found: defaultdict[int, ContestBatch] = defaultdict(lambda: ContestBatch(0))
    for _pk, contest, region, station, level in rows:
        one = found[contest]
        one.contest = contest
        if station is not None:
            one.stations[station] = region
        elif level == Level.VILLAGE:
            one.whole_villages.add(region)
        else:
            one.areas.add(region)
    return Batch(tuple(row[0] for row in rows), tuple(found.values()))


def lock(election: Election) -> None:
    """Hold the one examiner's lock of ``election`` until the transaction ends. Not the drainer's: totals go on."""
    ElectionRules.objects.get_or_create(election=election)
    list(ElectionRules.objects.select_for_update().filter(election=election).values_list("pk"))


def let_go(batch: Batch) -> bool:
    """Remove the rows of ``batch``; False, and nothing removed, when another examiner took one of them meanwhile."""
    rows = ExaminationRow.objects.filter(pk__in=batch.keys)
    if rows.count() < len(batch.keys):
        return False
    rows.delete()
    return True
