"""One hash that two copies of an election share when, and only when, their results are the same."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict

from regions.models import Region
from tallies.models import PROGRESS_FIELDS, Contest, Election, Pair
from tallies.totals import aggregation

#: Moves when the lines below are written otherwise.
VERSION = 1


def results_hash(election: Election) -> str:
    """SHA-256 (hex) over the sums of every desa: how much is in, and the votes of each pair, counted and verified.

    Summed from the forms that count, not from stored totals, which may be a second behind; all above a desa
    follows from it. Nothing in it is a key of one database: codes and numbers only.
    """
    sums = aggregation.sum_villages(election_id=election.pk)
    codes = dict(
        Region.objects.filter(pk__in={region for _contest, region in sums.progress}).values_list("pk", "code")
    )
    contests = {
        contest.pk: [contest.office, contest.region.code]
        for contest in Contest.objects.filter(election=election).select_related("region")
    }
    numbers = dict(Pair.objects.filter(contest__election=election).values_list("pk", "number"))
    votes: dict[tuple[int, int], list[list[int]]] = defaultdict(list)
    for (contest, region, pair), (counted, verified) in sums.votes.items():
        if counted or verified:  # no row and a row of zeros say the same
            votes[contest, region].append([numbers[pair], counted, verified])
    seen = hashlib.sha256(json.dumps([VERSION, election.slug, list(PROGRESS_FIELDS)]).encode())
    places = {place: [*contests[place[0]], codes[place[1]]] for place in sums.progress}
    for place in sorted(places, key=places.__getitem__):
        figures = [sums.progress[place][name] for name in PROGRESS_FIELDS]
        seen.update(b"\n" + json.dumps([places[place], figures, sorted(votes[place])]).encode())
    return seen.hexdigest()


def all_hashes() -> dict[str, str]:
    """The hash of every election by its slug."""
    return {election.slug: results_hash(election) for election in Election.objects.order_by("slug")}
