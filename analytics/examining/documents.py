"""D2, D3 and D4: our C1s against the figures that others published of the same TPS and areas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from analytics.examining.batches import ContestBatch
from analytics.examining.found import Found, Place
from analytics.examining.stations import NONE, ContestFacts, FormFacts, StationTable, read_stations
from analytics.models import ACTIVE_STATES, Finding, Rule
from analytics.rules.documents import RecapComparison, StationC1, official_figure, recap_against_c1s, weight_of_margin
from analytics.rules.settings import RuleSettings
from analytics.rules.severity import Severity
from regions.models import Level, Region
from tallies.checks import reserve_ballots
from tallies.models import C1Form, PairTotal, RecapResult
from tallies.official.reading import newest_figures
from tallies.recap.reading import CountedRecap, counted_recap

#: What is found here at a station, and at the region of a recap.
STATION_RULES = (Rule.OFFICIAL_DIFFERS,)
AREA_RULES = (Rule.SHIFT, Rule.PROVEN_SHIFT)

Votes = Mapping[int, int | None]


# D2


def official(
    facts: ContestFacts,
    places: Mapping[int, Place],
    forms: Mapping[int, FormFacts],
    settings: RuleSettings,
) -> list[Found]:
    """D2 of the stations in ``places`` (by station), each with its counted form in ``forms`` (by station)."""
    stated = newest_figures(facts.contest, sorted(forms))
    if not stated:
        return []
    # Where we back nobody a difference is one all the same: of no margin of ours.
    own = NONE if facts.own is None else facts.own
    rival, margin = _area_margin(facts)
    found = []
    for station, votes in stated.items():
        form = forms[station]
        # A pair of which the source says nothing is no blank box: nothing is said against ours.
        said = {number: vote for number, vote in votes.items() if vote is not None}
        ours = {number: form.figures.votes.get(number) for number in said}
        one = official_figure(ours, said, own=own, rival=rival, area_margin=margin, settings=settings)
        if one is None:
            continue
        differences = [{"pair": d.pair, "first": d.first, "second": d.second} for d in one.differences]
        found.append(
            Found(
                rule=Rule.OFFICIAL_DIFFERS,
                place=places[station],
                severity=one.severity,
                numbers={
                    "differences": differences,
                    "margin_votes": one.margin_votes,
                    "forms": [form.form],
                },
                basis=[form.form, differences],
                stake=abs(one.margin_votes or 0),
            )
        )
    return found


def weighed_again(facts: ContestFacts, settings: RuleSettings, *, but: ContestBatch) -> list[Found]:
    """D2 findings of stations outside ``but`` that weigh otherwise now: the area's margin moved, not they.

    With the first TPS in every difference is a quarter of the margin; with a thousand hardly one.
    """
    _rival, margin = _area_margin(facts)
    rows = Finding.objects.filter(contest=facts.contest, rule=Rule.OFFICIAL_DIFFERS, state__in=ACTIVE_STATES)
    found = []
    rows = rows.exclude(station__in=list(but.stations)).exclude(region__in=but.whole_villages)
    for one in rows.order_by("pk"):
        moved = one.numbers["margin_votes"]
        severity = weight_of_margin(moved, margin, settings)
        if severity != one.severity:
            numbers = one.numbers
            found.append(
                Found(
                    rule=Rule.OFFICIAL_DIFFERS,
                    place=Place(facts.contest.pk, one.region_id, one.station_id),
                    severity=severity,
                    numbers=numbers,
                    basis=[numbers["forms"][0], numbers["differences"]],
                    stake=one.stake,
                )
            )
    return found


def _area_margin(facts: ContestFacts) -> tuple[int, int]:
    """Return the number of the strongest rival in the contest, and our votes minus theirs, as counted."""
    own = NONE if facts.own is None else facts.own
    rows = PairTotal.objects.filter(contest=facts.contest, region=facts.contest.region)
    totals = dict(rows.values_list("pair__number", "votes"))
    rivals = {number: votes for number, votes in totals.items() if number != own}
    rival = max(rivals, key=lambda number: (rivals[number], -number), default=NONE)
    return rival, totals.get(own, 0) - rivals.get(rival, 0)


# D3 and D4


@dataclass(frozen=True)
class Column:
    """One statement of a recap about a region, beside the C1s of its TPS."""

    region: int
    is_total: bool
    comparison: RecapComparison


def recaps(facts: ContestFacts, regions: Iterable[int]) -> list[Found]:
    """D3 and D4 of each of ``regions`` (kecamatan or kabupaten) that has a D.Hasil that counts."""
    found = []
    for region in Region.objects.filter(pk__in=list(regions)).order_by("first"):
        recap = counted_recap(facts.contest, region)
        if recap is None:
            continue
        one = _of_recap(facts, region, recap)
        if one is not None:
            found.append(one)
    return found


def with_recap(facts: ContestFacts, regions: Iterable[int]) -> set[int]:
    """Return those of ``regions`` that have a D.Hasil which counts."""
    rows = RecapResult.objects.counted().filter(contest=facts.contest, region__in=list(regions))
    return set(rows.values_list("region_id", flat=True))


def dates(facts: ContestFacts, district_of: Mapping[int, int]) -> dict[int, date]:
    """Return by desa the date on the D.Hasil of its kecamatan."""
    rows = RecapResult.objects.counted().filter(contest=facts.contest, region__in=set(district_of.values()))
    dated = dict(rows.exclude(form__dated_on=None).values_list("region_id", "form__dated_on"))
    return {village: dated[district] for village, district in district_of.items() if district in dated}


def _of_recap(facts: ContestFacts, region: Region, recap: CountedRecap) -> Found | None:
    villages = list(Region.objects.within(region).filter(level=Level.VILLAGE).values_list("pk", "parent_id"))
    table = read_stations(facts, [pk for pk, _parent in villages])
    ballots = _ballots(facts, table)
    columns = []
    for key, votes in recap.columns.items():
        if all(one is None for one in votes.values()):
            continue
        inside = {pk for pk, parent in villages if key in (pk, parent, region.pk)}
        rows = [row for row, village in enumerate(table.region.tolist()) if village in inside]
        own = NONE if facts.own is None else facts.own
        comparison = recap_against_c1s([_c1(facts, table, row, ballots) for row in rows], votes, own=own)
        columns.append(Column(key, key == region.pk, comparison))
    proven = [one for one in columns if one.comparison.kind is not None]
    if not proven:
        return None
    # The total says it of the whole area; where it hides (one column up, another down), the columns do.
    head = next((one for one in proven if one.is_total), proven[0]).comparison
    parts = [one for one in proven if not one.is_total]
    missing = next((one.comparison.missing for one in columns if one.is_total), head.missing)
    severity = max(one.comparison.severity or Severity.HIGH for one in proven)
    shifts = _shifts(head)
    return Found(
        rule=Rule.PROVEN_SHIFT if missing else Rule.SHIFT,
        place=Place(facts.contest.pk, region.pk),
        severity=severity,
        numbers={
            "kind": str(head.kind),
            "shifts": shifts,
            "missing": missing,
            "bound": _bounds(head),
            "columns": [
                {
                    "region": one.region,
                    "kind": str(one.comparison.kind),
                    "missing": one.comparison.missing,
                    "shifts": _shifts(one.comparison),
                }
                for one in parts
            ],
            "proven": _proven(head, parts),
            "recap_form": recap.form.pk,
            "is_verified": recap.is_verified,
        },
        basis=[recap.form.pk, shifts, [[one.region, _shifts(one.comparison)] for one in parts]],
        stake=_stake(facts, parts or proven),
    )


def _c1(facts: ContestFacts, table: StationTable, row: int, ballots: Mapping[int, int]) -> StationC1:
    votes: Votes | None = None
    if table.is_in[row]:
        written = table.votes[row].tolist()
        votes = {n: None if v == NONE else v for n, v in zip(facts.numbers, written, strict=True)}
    return StationC1(votes, ballots.get(row))


def _ballots(facts: ContestFacts, table: StationTable) -> dict[int, int]:
    """Return by row the most a TPS can have cast: what its form says it received, else DPT + reserve."""
    rate = facts.contest.election.reserve_rate
    forms = table.form[table.is_in].tolist()
    received = dict(
        C1Form.objects.filter(pk__any_of=forms, ballots_received__isnull=False).values_list("pk", "ballots_received")
    )
    found = {}
    for row, (form, registered) in enumerate(zip(table.form.tolist(), table.registered.tolist(), strict=True)):
        if form in received:
            found[row] = received[form]
        elif registered != NONE:
            found[row] = registered + reserve_ballots(registered, rate)
    return found


def _shifts(comparison: RecapComparison) -> list[dict[str, Any]]:
    """Per pair: the recap, what the C1s in hand give, and the part that is proven."""
    return [
        {"pair": one.pair, "recap": one.recap, "c1": one.lowest, "shift": one.proven}
        for one in comparison.bounds
        if one.pair is not None
    ]


def _proven(head: RecapComparison, parts: Sequence[Column]) -> dict[str, int]:
    """Return the recap minus the C1s by pair, as far as it is proven: of the total, else of its columns together."""
    sums: dict[str, int] = {}
    for one in [head] if not parts or head is not parts[0].comparison else [one.comparison for one in parts]:
        for pair, votes in one.proven.items():
            sums[str(pair)] = sums.get(str(pair), 0) + votes
    return sums


def _bounds(comparison: RecapComparison) -> list[dict[str, Any]]:
    return [
        {"pair": one.pair, "low": one.lowest, "high": one.highest, "gain": one.hidden_gain, "loss": one.hidden_loss}
        for one in comparison.bounds
        if one.pair is not None
    ]


def _stake(facts: ContestFacts, columns: Sequence[Column]) -> int:
    """Votes by which our margin over whoever gained most is proven to have moved, either way."""
    moved = 0
    for one in columns if facts.own is not None else ():
        proven = one.comparison.proven
        own = proven.get(facts.own or 0, 0)
        others = [votes for pair, votes in proven.items() if pair != facts.own]
        moved += abs(own - max(others, key=abs, default=0))
    return moved
