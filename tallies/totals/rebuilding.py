"""Recompute every total of an election, or say where the stored ones differ.

The fresh sum is made on another road than the drainer's: desa from the
stations, then up the tree in memory, without reading a stored total.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import OperationalError, connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from regions.models import Region
from sista.database import gave_up_on_a_lock, writing
from sista.progress import SILENT, Progress
from sista.templatetags.formats import format_number
from tallies.models import PROGRESS_FIELDS, Contest, ContestTotal, Election, OutboxRow, PairTotal, PartyTotal
from tallies.totals import aggregation
from tallies.totals.aggregation import PARTY_FIELDS, Place, Sums

#: Places written at once, between two words on how far it is.
PART = 2000


class TotalsMoving(Exception):
    """Forms kept arriving; there was no moment with an empty outbox to compare at."""


def rebuild(election: Election, progress: Progress = SILENT) -> int:
    """Write all totals anew, under the drainer's lock; return the number of regions."""
    with writing():
        aggregation.lock_election(election.pk)
        waiting = OutboxRow.objects.filter(election=election)
        aggregation.hand_on(waiting.values_list("pk", "contest_id", "region_id", "station_id"))
        contests = _contests(election)
        sums = _fresh(election, contests, progress)
        now = timezone.now()
        written = 0
        for part in sums.in_parts(PART):
            aggregation.write_totals(part, now)
            written += len(part.progress)
            progress.at(_of(election, "wilayah ditulis", written, len(sums.progress)))
        _remove_others(contests, now)
        aggregation.write_party_totals(contests.values(), now)
        PartyTotal.objects.filter(election=election).exclude(counted_at=now).delete()
    return len(sums.progress)


def _remove_others(contests: Iterable[int], now: datetime) -> None:
    """Remove the totals of ``contests`` that were not written ``now``: nobody votes there any more."""
    ContestTotal.objects.filter(contest__in=contests).exclude(counted_at=now).delete()
    kept = ContestTotal.objects.filter(contest=OuterRef("contest"), region=OuterRef("region"))
    PairTotal.objects.filter(contest__in=contests).exclude(Exists(kept)).delete()


def differences(election: Election, *, attempts: int = 20, progress: Progress = SILENT) -> list[str]:
    """Compare stored totals with a fresh sum; a sentence a difference.

    Drains first, then compares in one snapshot. Raises `TotalsMoving` when the
    outbox was never empty in ``attempts`` tries, or another held the election's
    totals for longer than a drain waits.
    """
    for _attempt in range(attempts):
        try:
            aggregation.drain(election=election.pk)
        except OperationalError as error:
            if gave_up_on_a_lock(error):
                raise TotalsMoving(election.slug) from error
            raise
        with _snapshot():
            if not OutboxRow.objects.filter(election=election).exists():
                return list(_differences(election, progress))
    raise TotalsMoving(election.slug)


@contextmanager
def _snapshot() -> Iterator[None]:
    """See one state of the database in several queries, unless a caller's transaction is open already."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def _contests(election: Election) -> dict[int, Contest]:
    return {contest.pk: contest for contest in Contest.objects.filter(election=election).select_related("region")}


def _of(election: Election, what: str, done: int, total: int) -> str:
    return f"{election.slug}: {what} {format_number(done)} dari {format_number(total)}"


def _fresh(election: Election, contests: dict[int, Contest], progress: Progress) -> Sums:
    progress.begin(f"{election.slug}: {format_number(election.stations.count())} TPS dijumlah …")
    villages = aggregation.sum_villages(election_id=election.pk)
    tree = {pk: (parent, level) for pk, parent, level in Region.objects.values_list("pk", "parent_id", "level")}
    pairs = aggregation.pairs_by_contest(contests)
    sums = {place: dict(numbers) for place, numbers in villages.progress.items()}
    votes = {(*place, pair): villages.votes.get((*place, pair), (0, 0)) for place in sums for pair in pairs[place[0]]}
    # The deepest first: a region is whole when it is added to its parent.
    by_level: dict[int, set[Place]] = defaultdict(set)
    for place in sums:
        by_level[tree[place[1]][1]].add(place)
    while by_level:
        for contest, region in by_level.pop(max(by_level)):
            parent, _level = tree[region]
            if region == contests[contest].region_id or parent is None:
                continue
            by_level[tree[parent][1]].add((contest, parent))
            above = sums.setdefault((contest, parent), dict.fromkeys(PROGRESS_FIELDS, 0))
            for name, number in sums[contest, region].items():
                above[name] += number
            for pair in pairs[contest]:
                have, have_verified = votes.get((contest, parent, pair), (0, 0))
                more, more_verified = votes[contest, region, pair]
                votes[contest, parent, pair] = (have + more, have_verified + more_verified)
    return Sums(sums, votes)


def _differences(election: Election, progress: Progress) -> Iterator[str]:
    contests = _contests(election)
    fresh = _fresh(election, contests, progress)
    progress.begin(f"{election.slug}: dibandingkan dengan yang tersimpan …")
    stored_progress = {
        (total.contest_id, total.region_id): {name: getattr(total, name) for name in PROGRESS_FIELDS}
        for total in ContestTotal.objects.filter(contest__in=contests)
    }
    stored_votes = {
        (contest, region, pair): (votes, verified)
        for contest, region, pair, votes, verified in PairTotal.objects.filter(contest__in=contests).values_list(
            "contest_id", "region_id", "pair_id", "votes", "votes_verified"
        )
    }
    yield from _compare("kemajuan", stored_progress, fresh.progress)
    yield from _compare("suara paslon", stored_votes, fresh.votes)
    stored_party = {
        (total.election_id, total.office, total.region_id): {
            name: getattr(total, name) for name in (*PROGRESS_FIELDS, *PARTY_FIELDS)
        }
        for total in PartyTotal.objects.filter(election=election)
    }
    fresh_party: dict = {}
    for office in {contest.office for contest in contests.values()}:
        fresh_party |= aggregation.sum_party(election.pk, office)
    yield from _compare("jumlah partai", stored_party, fresh_party)


def _compare(what: str, stored: dict, fresh: dict) -> Iterator[str]:
    for key in sorted(set(stored) | set(fresh)):
        if stored.get(key) != fresh.get(key):
            yield f"{what} {key}: tersimpan {stored.get(key)}, seharusnya {fresh.get(key)}"
