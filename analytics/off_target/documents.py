"""What the findings say about votes: by how much a document departs from our C1s, and which TPS bear a hard flag."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from analytics.examining.recording import PAST
from analytics.models import STANDING_STATES, Finding, Rule
from regions.models import Region
from tallies.models import COUNTED_REVIEWS, Vote

DOCUMENT_RULES = (Rule.OFFICIAL_DIFFERS, Rule.SHIFT, Rule.PROVEN_SHIFT)
HARD_RULES = (Rule.ABOVE_BALLOTS, Rule.SAME_FILE)
#: Votes in the document minus votes on our C1s, by pair number; a pair that does not differ is left out.
Deltas = Mapping[int, int]


def deltas_of(finding: Finding) -> dict[int, int]:
    """Read the numbers of a D2, D3 or D4 finding: document minus C1s, of D4 the part that is proven.

    Known shapes: ``differences`` [{pair, first (our C1), second (the official figure)}]; ``bounds`` [{pair, recap,
    lowest, highest}]; ``proven`` {pair: votes}. A blank box says nothing.
    """
    numbers: Mapping[str, Any] = finding.numbers
    if "proven" in numbers:
        found = {int(pair): votes for pair, votes in numbers["proven"].items()}
    elif "bounds" in numbers:
        found = {one["pair"]: _beyond(one) for one in numbers["bounds"] if one["pair"] is not None}
    else:
        found = {
            one["pair"]: one["second"] - one["first"]
            for one in numbers.get("differences", ())
            if one["first"] is not None and one["second"] is not None
        }
    return {pair: votes for pair, votes in found.items() if votes}


def _beyond(bound: Mapping[str, Any]) -> int:
    recap, lowest, highest = bound["recap"], bound["lowest"], bound["highest"]
    return recap - lowest if recap < lowest else recap - highest if highest is not None and recap > highest else 0


@dataclass(frozen=True)
class StationVotes:
    """The counted form of a TPS: votes by pair number, blank boxes left out."""

    finding: Finding
    votes: Mapping[int, int]


@dataclass(frozen=True)
class Marks:
    """Of one contest: findings whose documents differ, none inside another, and TPS with a hard flag, each once."""

    documents: tuple[Finding, ...] = ()
    hard: tuple[StationVotes, ...] = ()

    def deltas(self, region: Region) -> dict[int, int]:
        """Documents minus C1s within ``region``, by pair number."""
        sums: dict[int, int] = {}
        for finding in self.documents:
            if region.contains(finding.region):
                for pair, votes in deltas_of(finding).items():
                    sums[pair] = sums.get(pair, 0) + votes
        return sums

    def hard_within(self, region: Region) -> list[StationVotes]:
        return [one for one in self.hard if region.contains(one.finding.region)]


def marks_of(contests: Iterable[int]) -> dict[int, Marks]:
    """Return the marks of each of ``contests`` that has any; one query, another where a TPS bears a hard flag."""
    rows = Finding.objects.filter(contest__in=contests, state__in=STANDING_STATES)
    rows = rows.filter(Q(rule__in=DOCUMENT_RULES) | Q(rule__in=HARD_RULES, station__isnull=False))
    by_contest: dict[int, list[Finding]] = {}
    for finding in rows.select_related("region", "station").order_by("region__level", "pk"):
        # What somebody explained or what is no longer so does not count; what somebody confirmed does while it is so.
        if not finding.numbers.get(PAST):
            by_contest.setdefault(finding.contest_id, []).append(finding)
    votes = _votes([one for found in by_contest.values() for one in found if one.rule in HARD_RULES])
    return {contest: _marks(found, votes) for contest, found in by_contest.items()}


def _marks(found: list[Finding], votes: Mapping[tuple[int, int], Mapping[int, int]]) -> Marks:
    documents: list[Finding] = []
    # A recap form takes in those below it and the figures of its TPS: what differs there must not be counted twice.
    for finding in sorted((one for one in found if one.rule in DOCUMENT_RULES), key=_from_the_top):
        above = (one for one in documents if one.station_id is None and one.region.contains(finding.region))
        if not any(above):
            documents.append(finding)
    hard: dict[int, StationVotes] = {}
    for finding in found:
        key = finding.station_id
        if finding.rule in HARD_RULES and key is not None and (finding.contest_id, key) in votes:
            hard.setdefault(key, StationVotes(finding, votes[finding.contest_id, key]))
    return Marks(tuple(documents), tuple(hard.values()))


def _from_the_top(finding: Finding) -> tuple[bool, int, int]:
    return finding.station_id is not None, finding.region.level, finding.pk


def _votes(flagged: list[Finding]) -> dict[tuple[int, int], dict[int, int]]:
    """(contest, station) → votes by pair number, of the forms that count."""
    if not flagged:
        return {}
    stations, contests = {one.station_id for one in flagged}, {one.contest_id for one in flagged}
    counted = {"form__counted_in__contest__in": contests, "form__counted_in__station__in": stations}
    rows = Vote.objects.filter(form__counted_in__review__in=COUNTED_REVIEWS, votes__isnull=False, **counted)
    found: dict[tuple[int, int], dict[int, int]] = {}
    for contest, station, pair, votes in rows.values_list(
        "form__counted_in__contest", "form__counted_in__station", "pair__number", "votes"
    ):
        found.setdefault((contest, station), {})[pair] = votes
    return found
