"""Make the master data of an election: contests with their pairs, stations with their results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from regions.models import Region
from sista.database import writing
from tallies import in_flight
from tallies.figures import EMPTY_BOX
from tallies.models import C1Form, Contest, Election, OutboxRow, Pair, PollingStation, StationResult

#: Stored as on the ballot, whatever language its maker reads; pages translate it (`formats.pair_name`).
EMPTY_BOX_NAME = "Kolom kosong"


@dataclass(frozen=True)
class NewPair:
    number: int
    name: str
    backing: str = ""
    usungan: bool = False


@dataclass(frozen=True)
class NewStation:
    """``region_id`` is the desa; unknown DPT is ``None``."""

    region_id: int
    number: int
    registered_male: int | None = None
    registered_female: int | None = None


class OutsideItsContest(Exception):
    """A station whose forms count in a contest cannot go to a desa that the contest does not reach."""

    def __init__(self, contest: Contest) -> None:
        super().__init__(contest.title)
        self.contest = contest


def require_inside_its_contests(station: PollingStation, region: Region) -> None:
    """Raise `OutsideItsContest` when ``region`` lies outside a contest ``station`` has a result in.

    Its votes would leave the totals without anybody having decided that.
    """
    for contest in Contest.objects.filter(results__station=station).select_related("region", "election"):
        if not contest.region.contains(region):
            raise OutsideItsContest(contest)


def create_contest(election: Election, region: Region, office: str, pairs: Sequence[NewPair]) -> Contest:
    """Create a contest; a lone pair gets *kolom kosong* to run against."""
    pairs = list(pairs)
    if len(pairs) == 1 and pairs[0].number != EMPTY_BOX:
        pairs.append(NewPair(EMPTY_BOX, EMPTY_BOX_NAME))
    with writing():
        contest = Contest.objects.create(election=election, region=region, office=office)
        Pair.objects.bulk_create(
            Pair(contest=contest, number=p.number, name=p.name, backing=p.backing, usungan=p.usungan) for p in pairs
        )
    return contest


def hold_pairs(election_id: int, contest_ids: Iterable[int]) -> None:
    """Until the transaction ends no first form of these contests is taken in: its votes would be of other pairs.

    Whether a form is in is to be asked afterwards. Those that have one are not held: nothing but names may change
    there, and no form waits for a name.
    """
    Election.objects.select_for_update(no_key=True).get(pk=election_id)
    forms = C1Form.objects.filter(contest=OuterRef("pk"))
    without = Contest.objects.filter(~Exists(forms), pk__in=list(contest_ids))
    in_flight.wait_out(without.values_list("pk", flat=True))


def complete_contest(contest: Contest) -> None:
    """Give a contest that was edited its empty box, its station results and its totals."""
    with writing():
        # A batch of an import holds it too: it sees this contest, or this sees its stations.
        Election.objects.select_for_update(no_key=True).get(pk=contest.election_id)
        numbers = list(contest.pairs.values_list("number", flat=True))
        if len(numbers) == 1 and numbers[0] != EMPTY_BOX:
            in_flight.wait_out([contest.pk])
            Pair.objects.create(contest=contest, number=EMPTY_BOX, name=EMPTY_BOX_NAME)
        add_missing_results(contest.election)
        villages = StationResult.objects.filter(contest=contest).values_list("station__region_id", flat=True)
        announce_stations(contest.election, villages.distinct())


def add_stations(election: Election, stations: Iterable[NewStation]) -> list[PollingStation]:
    """Add stations and, for every contest held there, the station result that says "not in".

    Call `announce_stations` or a rebuild afterwards: totals count stations too.
    """
    with writing():
        made = PollingStation.objects.bulk_create(
            [
                PollingStation(
                    election=election,
                    region_id=new.region_id,
                    number=new.number,
                    registered_male=new.registered_male,
                    registered_female=new.registered_female,
                )
                for new in stations
            ],
            batch_size=2000,
        )
        add_missing_results(election)
    return made


def add_missing_results(election: Election) -> int:
    """Create the station results that contests and stations of ``election`` still lack."""
    made = 0
    for contest in Contest.objects.filter(election=election).select_related("region"):
        lacking = (
            PollingStation.objects.filter(election=election)
            .within(contest.region)
            .exclude(results__contest=contest)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        rows = [StationResult(contest=contest, station_id=pk) for pk in lacking]
        StationResult.objects.bulk_create(rows, batch_size=2000)
        made += len(rows)
    return made


def take_in(stations: Sequence[PollingStation], contests: Sequence[Contest]) -> None:
    """Give new ``stations`` of one election their results in ``contests``, all there are, and queue the totals.

    For many stations in parts: `add_missing_results` looks at every station of every contest each time.
    Regions of both are read: select them. Call it in the transaction in which the stations were stored.
    """
    held = [
        (contest, station) for contest in contests for station in stations if contest.region.contains(station.region)
    ]
    StationResult.objects.bulk_create(
        (StationResult(contest=contest, station=station) for contest, station in held), batch_size=2000
    )
    recount(stations, contests)


def recount(stations: Iterable[PollingStation], contests: Sequence[Contest]) -> None:
    """Queue the totals of the desa of ``stations`` in those of ``contests`` that are held there."""
    regions = {station.region_id: station.region for station in stations}
    OutboxRow.objects.bulk_create(
        (
            OutboxRow(election_id=contest.election_id, contest=contest, region=region)
            for contest in contests
            for region in regions.values()
            if contest.region.contains(region)
        ),
        batch_size=2000,
    )


def announce_stations(election: Election, region_ids: Iterable[int]) -> None:
    """Queue the totals of these desa, after stations were added, removed or moved."""
    regions = Region.objects.filter(pk__in=set(region_ids))
    with writing():
        for contest in Contest.objects.filter(election=election).select_related("region"):
            OutboxRow.objects.bulk_create(
                OutboxRow(election=election, contest=contest, region=region)
                for region in regions
                if contest.region.contains(region)
            )


def move_station(station: PollingStation, region: Region) -> None:
    """Move a station to another desa; both branches are recounted and the total stays.

    Raises `OutsideItsContest`.
    """
    require_inside_its_contests(station, region)
    with writing():
        before = station.region_id
        station.region = region
        station.save(update_fields=["region"])
        add_missing_results(station.election)
        announce_stations(station.election, [before, region.pk])


def save_station(station: PollingStation) -> None:
    """Save a station as edited in the admin: its results exist, its totals follow, a move recounts both branches.

    Raises `OutsideItsContest`.
    """
    if station.pk:
        require_inside_its_contests(station, station.region)
    with writing():
        touched = [station.region_id]
        if station.pk:
            touched.append(PollingStation.objects.values_list("region_id", flat=True).get(pk=station.pk))
        station.save()
        add_missing_results(station.election)
        announce_stations(station.election, touched)
