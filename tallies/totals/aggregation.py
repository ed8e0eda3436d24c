"""Add up: desa from stations, every region above from its children.

Recomputing heals itself and needs no memory of what was counted before. One
drainer an election at a time (a row lock that ends with the transaction; an
expiring lease can wake two), batches of up to 1000 outbox rows, level by
level, each parent written once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import OperationalError
from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from regions.models import Region
from sista.database import gave_up_on_a_lock, wait_for_a_lock_at_most, writing
from sista.prepared import prepared
from sista.rows import upsert
from tallies.models import (
    COUNTED_REVIEWS,
    PROGRESS_FIELDS,
    Contest,
    ContestTotal,
    Election,
    ExaminationRow,
    OutboxRow,
    Pair,
    PairTotal,
    PartyTotal,
    Review,
    StationResult,
)

#: (contest id, region id)
Place = tuple[int, int]


@dataclass(frozen=True)
class Sums:
    """Rows of totals by their keys, as plain numbers."""

    progress: dict[Place, dict[str, int]]
    votes: dict[tuple[int, int, int], tuple[int, int]]

    def in_parts(self, places: int) -> Iterator[Sums]:
        """The same in parts of at most so many places, each with the votes of its own."""
        pairs: dict[Place, list[int]] = defaultdict(list)
        for contest, region, pair in self.votes:
            pairs[contest, region].append(pair)
        keys = iter(self.progress)
        while part := list(islice(keys, places)):
            own = [(*place, pair) for place in part for pair in pairs[place]]
            yield Sums({place: self.progress[place] for place in part}, {key: self.votes[key] for key in own})


def drain(*, batch: int | None = None, election: int | None = None) -> int:
    """Bring the totals of every election, or of the one with that key, up to date; return the outbox rows taken.

    Safe to call from anywhere, any number at once: each batch holds the lock
    of its election. One that cannot be had keeps no other waiting: its error is
    raised when the others are done.
    """
    taken, failed = 0, None
    waiting = OutboxRow.objects.order_by().values_list("election_id", flat=True).distinct()
    for election_id in list(waiting if election is None else waiting.filter(election=election)):
        try:
            while rows := drain_batch(election_id, batch=batch or settings.DRAIN_BATCH):
                taken += rows
        except OperationalError as error:
            if not gave_up_on_a_lock(error):
                raise
            failed = failed or error
    if failed:
        raise failed
    return taken


def drain_batch(election_id: int, *, batch: int) -> int:
    """Take up to ``batch`` outbox rows of one election and recompute what they touch.

    OperationalError when a lock is not had within ``DRAIN_LOCK_SECONDS``; the rows stay for the next drain.
    """
    with writing():
        wait_for_a_lock_at_most(settings.DRAIN_LOCK_SECONDS)
        lock_election(election_id)
        rows = list(
            OutboxRow.objects.filter(election=election_id)
            .order_by("pk")
            .values_list("pk", "contest_id", "region_id", "station_id")[:batch]
        )
        if rows:
            recompute({(contest, region) for _pk, contest, region, _station in rows})
            hand_on(rows)
    return len(rows)


def hand_on(rows: Iterable[tuple[int, int, int, int | None]]) -> None:
    """Delete outbox rows (key, contest, desa, station) that are counted now; queue them for the rules."""
    rows = list(rows)
    changed = {(contest, region, station) for _pk, contest, region, station in rows}
    ExaminationRow.objects.bulk_create(
        (ExaminationRow(contest_id=one[0], region_id=one[1], station_id=one[2]) for one in changed), batch_size=2000
    )
    # These rows, not "everything up to": ids commit out of order.
    OutboxRow.objects.filter(pk__in=[row[0] for row in rows]).delete()


def lock_election(election_id: int) -> None:
    """Hold the one drainer's lock until the transaction ends.

    Not FOR UPDATE: that would also stop every insert that refers to the election.
    """
    list(Election.objects.select_for_update(no_key=True).filter(pk=election_id).values_list("pk"))


def recompute(villages: set[Place]) -> None:
    """Recompute the given desa and every region above them, in the lock of their election."""
    now = timezone.now()
    contests = {c.pk: c for c in Contest.objects.filter(pk__in={contest for contest, _region in villages})}
    pairs = pairs_by_contest(contests)
    write_totals(_complete(sum_villages(villages), villages, pairs), now)
    level = villages
    while level := _parents(level, contests):
        write_totals(_complete(_sum_children(level), level, pairs), now)
    write_party_totals(contests.values(), now)


def pairs_by_contest(contests: Iterable[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for contest, pair in (
        Pair.objects.filter(contest__in=list(contests)).order_by("pk").values_list("contest_id", "pk")
    ):
        found[contest].append(pair)
    return found


def sum_villages(villages: set[Place] | None = None, *, election_id: int | None = None) -> Sums:
    """Add up the stations of the given desa, or of all desa of an election."""
    if villages is None:
        results = StationResult.objects.filter(contest__election=election_id)
        return _as_sums(_progress_of(results), _votes_of(results))
    contests, regions = _keys(villages)
    return _as_sums(_village_progress(contests, regions), _village_votes(contests, regions))


def _keys(places: set[Place]) -> tuple[list[int], list[int]]:
    return sorted({contest for contest, _ in places}), sorted({region for _, region in places})


def _as_sums(progress: Iterable[Any], votes: Iterable[Any]) -> Sums:
    return Sums(
        {(contest, region): dict(zip(PROGRESS_FIELDS, sums, strict=True)) for contest, region, *sums in progress},
        {(contest, region, pair): (every, verified) for contest, region, pair, every, verified in votes},
    )


def _progress_of(results: QuerySet[StationResult]) -> QuerySet[StationResult, Any]:
    """Contest, desa and the sums of `PROGRESS_FIELDS`."""
    is_in = Q(review__in=COUNTED_REVIEWS)
    verified = Q(review=Review.VERIFIED)
    dpt = F("station__registered_male") + F("station__registered_female")
    turnout_known = is_in & Q(
        form__voters_total__isnull=False,
        station__registered_male__isnull=False,
        station__registered_female__isnull=False,
    )
    sums = {
        "stations": Count("pk"),
        "stations_in": Count("pk", filter=is_in),
        "stations_verified": Count("pk", filter=verified),
        "stations_disputed": Count("pk", filter=is_in & Q(disputed=True)),
        "stations_verified_disputed": Count("pk", filter=verified & Q(disputed=True)),
        "stations_rejected": Count("pk", filter=Q(review=Review.REJECTED)),
        "registered_voters": Coalesce(Sum(dpt), 0),
        "voters": Coalesce(Sum("form__voters_total", filter=is_in), 0),
        "turnout_voters": Coalesce(Sum("form__voters_total", filter=turnout_known), 0),
        "turnout_registered": Coalesce(Sum(dpt, filter=turnout_known), 0),
        "valid_votes": Coalesce(Sum("form__effective_valid", filter=is_in), 0),
        "invalid_votes": Coalesce(Sum("form__invalid_votes", filter=is_in), 0),
    }
    place = ("contest_id", "station__region_id")
    return results.order_by().values(*place).annotate(**sums).values_list(*place, *PROGRESS_FIELDS)


def _votes_of(results: QuerySet[StationResult]) -> QuerySet[StationResult, Any]:
    """Contest, desa, pair, its votes and its verified ones, of the stations that are in."""
    key = ("contest_id", "station__region_id", "form__votes__pair_id")
    is_verified = Q(review=Review.VERIFIED)
    return (
        results.order_by()
        .filter(review__in=COUNTED_REVIEWS)
        .values(*key)
        .annotate(
            every=Coalesce(Sum("form__votes__votes"), 0),
            verified=Coalesce(Sum("form__votes__votes", filter=is_verified), 0),
        )
        .values_list(*key, "every", "verified")
    )


def _results_in(contests: list[int], villages: list[int]) -> QuerySet[StationResult]:
    return StationResult.objects.filter(contest__any_of=contests, station__region__any_of=villages)


@prepared
def _village_progress(contests: list[int], villages: list[int]) -> QuerySet[StationResult, Any]:
    return _progress_of(_results_in(contests, villages))


@prepared
def _village_votes(contests: list[int], villages: list[int]) -> QuerySet[StationResult, Any]:
    return _votes_of(_results_in(contests, villages))


def _sum_children(parents: set[Place]) -> Sums:
    contests, regions = _keys(parents)
    return _as_sums(_child_progress(contests, regions), _child_votes(contests, regions))


@prepared
def _child_progress(contests: list[int], parents: list[int]) -> QuerySet[ContestTotal, Any]:
    place = ("contest_id", "region__parent_id")
    below = ContestTotal.objects.order_by().filter(contest__any_of=contests, region__parent__any_of=parents)
    sums = {f"sum_{name}": Sum(name) for name in PROGRESS_FIELDS}
    return below.values(*place).annotate(**sums).values_list(*place, *sums)


@prepared
def _child_votes(contests: list[int], parents: list[int]) -> QuerySet[PairTotal, Any]:
    key = ("contest_id", "region__parent_id", "pair_id")
    below = PairTotal.objects.order_by().filter(contest__any_of=contests, region__parent__any_of=parents)
    sums = {"every": Sum("votes"), "verified": Sum("votes_verified")}
    return below.values(*key).annotate(**sums).values_list(*key, *sums)


def _complete(sums: Sums, places: set[Place], pairs: dict[int, list[int]]) -> Sums:
    """Keep exactly ``places``, and give every pair a row there, zero where nothing is in."""
    empty = dict.fromkeys(PROGRESS_FIELDS, 0)
    return Sums(
        progress={place: sums.progress.get(place, empty) for place in places},
        votes={
            (contest, region, pair): sums.votes.get((contest, region, pair), (0, 0))
            for contest, region in places
            for pair in pairs[contest]
        },
    )


def _parents(places: set[Place], contests: dict[int, Contest]) -> set[Place]:
    """The places one level up, ending at each contest's own region."""
    parent_of = dict(_parents_of(sorted({region for _, region in places})))
    return {
        (contest, parent_of[region])
        for contest, region in places
        if region != contests[contest].region_id and parent_of[region] is not None
    }


@prepared
def _parents_of(regions: list[int]) -> QuerySet[Region, tuple[int, int | None]]:
    return Region.objects.filter(pk__any_of=regions).order_by().values_list("pk", "parent_id")


def write_totals(sums: Sums, now: datetime) -> None:
    """Store ``sums``, in the order of their keys."""
    upsert(
        ContestTotal,
        ("contest_id", "region_id", "counted_at", *PROGRESS_FIELDS),
        (
            (*place, now, *map(numbers.__getitem__, PROGRESS_FIELDS))
            for place, numbers in sorted(sums.progress.items())
        ),
        unique=("contest_id", "region_id"),
    )
    upsert(
        PairTotal,
        ("contest_id", "region_id", "pair_id", "votes", "votes_verified"),
        ((*key, *votes) for key, votes in sorted(sums.votes.items())),
        unique=("contest_id", "region_id", "pair_id"),
    )


PARTY_FIELDS = (
    "party_votes",
    "party_votes_verified",
    "other_votes",
    "other_votes_verified",
    "contests",
    "contests_led",
    "contests_trailing",
    "contests_tied",
    "contests_waiting",
)

#: (election id, office, region id)
PartyKey = tuple[int, str, int]


def write_party_totals(contests: Iterable[Contest], now: datetime) -> None:
    offices = {(contest.election_id, contest.office) for contest in contests}
    found: dict[PartyKey, dict[str, int]] = {}
    for election_id, office in offices:
        found |= sum_party(election_id, office)
    names = (*PROGRESS_FIELDS, *PARTY_FIELDS)
    upsert(
        PartyTotal,
        ("election_id", "office", "region_id", "counted_at", *names),
        ((*key, now, *(numbers[name] for name in names)) for key, numbers in sorted(found.items())),
        unique=("election_id", "office", "region_id"),
    )


def sum_party(election_id: int, office: str) -> dict[PartyKey, dict[str, int]]:
    """Add up the contests of an office for every region strictly above one of them.

    Contests in which the party backs no pair count in the progress only.
    """
    contests = Contest.objects.filter(election=election_id, office=office).select_related("region")
    own = {contest.pk: contest.region_id for contest in contests}
    above = _strictly_above(contests)
    progress = {
        total.contest_id: total for total in ContestTotal.objects.filter(contest__in=own, region=F("contest__region"))
    }
    standings = contest_standings(own)
    rows: dict[PartyKey, dict[str, int]] = {}
    for contest in contests:
        for region_id in above[contest.pk]:
            row = rows.setdefault(
                (election_id, office, region_id), dict.fromkeys((*PROGRESS_FIELDS, *PARTY_FIELDS), 0)
            )
            if contest.pk in progress:
                for name in PROGRESS_FIELDS:
                    row[name] += getattr(progress[contest.pk], name)
            if contest.pk in standings:
                for name, number in standings[contest.pk].items():
                    row[name] += number
    return rows


def _strictly_above(contests: Iterable[Contest]) -> dict[int, list[int]]:
    """Ids of the regions above each contest's own, in one query."""
    lowest = max((contest.region.level for contest in contests), default=0)
    parent_of = dict(Region.objects.filter(level__lte=lowest).order_by().values_list("pk", "parent_id"))
    above: dict[int, list[int]] = {}
    for contest in contests:
        above[contest.pk] = []
        region = parent_of[contest.region_id]
        while region is not None:
            above[contest.pk].append(region)
            region = parent_of[region]
    return above


def contest_standings(own_regions: dict[int, int]) -> dict[int, dict[str, int]]:
    """The party's share of `PARTY_FIELDS` that each contest gives, where it backs a pair."""
    party: dict[int, PairTotal | None] = {}
    rivals: dict[int, list[PairTotal]] = defaultdict(list)
    backed = set(Pair.objects.filter(contest__in=own_regions, usungan=True).values_list("contest_id", flat=True))
    totals = PairTotal.objects.filter(contest__in=backed, region=F("contest__region")).select_related("pair")
    for total in totals:
        if total.pair.usungan:
            party[total.contest_id] = total
        else:
            rivals[total.contest_id].append(total)
    standings = {}
    for contest in backed:
        ours, others = party.get(contest), rivals[contest]
        votes = ours.votes if ours else 0
        strongest = max((total.votes for total in others), default=0)
        started = bool(ours) and votes + sum(total.votes for total in others) > 0
        standings[contest] = {
            "party_votes": votes,
            "party_votes_verified": ours.votes_verified if ours else 0,
            "other_votes": sum(total.votes for total in others),
            "other_votes_verified": sum(total.votes_verified for total in others),
            "contests": 1,
            "contests_led": int(started and votes > strongest),
            "contests_trailing": int(started and votes < strongest),
            "contests_tied": int(started and votes == strongest),
            "contests_waiting": int(not started),
        }
    return standings
