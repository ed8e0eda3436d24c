"""Read the page of a lost target: one area of a contest, what it was expected to give, and where the margin went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from analytics.models import ContestOutcome, ExpectedShare, Finding, Rule, Target
from analytics.off_target.documents import DOCUMENT_RULES, deltas_of
from analytics.off_target.ground import Ground, Judged, grounds
from analytics.rules.dispute_threshold import Dispute, dispute, petition_deadline
from analytics.rules.expected_win import expects_win
from analytics.rules.loss_split import LossSplit
from regions.models import Level, Region
from tallies.models import Contest, Pair
from tallies.totals import reporting
from tallies.totals.reporting import ContestReport, RegionLine, StationLine

#: A petition under Pasal 158 is about these; a president's result has no threshold.
DISPUTED_LEVELS = (Level.PROVINCE, Level.REGENCY)
#: TPS named on the page; the rest is in the list of findings.
TPS_NAMED = 8


@dataclass(frozen=True)
class Bar:
    """One row of the waterfall: votes, and where its bar lies as fractions of the picture's width."""

    name: str
    kind: str
    votes: int | None
    points: float | None
    start: float
    width: float
    zero: float


@dataclass(frozen=True)
class Below:
    """A part of the area: expected and actual share of our pair, margin, whether an expected win is lost there.

    ``inherited``: what is expected is that of the area above, because nobody said anything of this place.
    """

    name: str
    line: RegionLine | None
    station: StationLine | None
    expected: float | None
    actual: float | None
    margin: int | None
    inherited: bool
    is_off_target: bool

    @property
    def difference(self) -> float | None:
        return None if self.expected is None or self.actual is None else self.actual - self.expected


@dataclass(frozen=True)
class MarkedPlace:
    """A TPS or area with a document that differs or a hard flag. ``votes``: of our margin, negative where lost."""

    finding: Finding
    votes: int


@dataclass(frozen=True)
class Counterfactual:
    """The area by the documents, and with our own C1s in place of the figures that differ."""

    own: int
    rival: int
    own_by_c1s: int
    rival_by_c1s: int
    winner: Pair | None
    winner_by_c1s: Pair | None
    dispute: Dispute | None

    @property
    def winner_changes(self) -> bool:
        return self.winner != self.winner_by_c1s

    @property
    def margin(self) -> int:
        return self.own - self.rival

    @property
    def margin_by_c1s(self) -> int:
        return self.own_by_c1s - self.rival_by_c1s

    @property
    def own_more(self) -> int:
        return self.own_by_c1s - self.own

    @property
    def rival_more(self) -> int:
        return self.rival_by_c1s - self.rival


@dataclass(frozen=True)
class LostArea:
    ground: Ground
    region: Region
    report: ContestReport
    judged: Judged | None
    expected: ExpectedShare | None
    #: Whose row ``expected`` is, where it is not the region's own.
    inherited: bool
    below: tuple[Below, ...]
    marked: tuple[MarkedPlace, ...]
    dispute: Dispute | None
    counterfactual: Counterfactual | None
    outcome: ContestOutcome | None

    @property
    def contest(self) -> Contest:
        return self.ground.contest

    @property
    def line(self) -> RegionLine:
        return self.report.line

    @property
    def is_contest(self) -> bool:
        return self.region.pk == self.contest.region_id

    @property
    def target(self) -> Target | None:
        return self.ground.target if self.is_contest else None

    @property
    def winner(self) -> reporting.PairLine | None:
        return self.line.leader

    @property
    def expected_share(self) -> float | None:
        if self.expected is not None and self.expected.share is not None:
            return self.expected.share
        stated = self.target.expected_share if self.target else None
        return None if stated is None else float(stated)

    @property
    def expected_margin(self) -> float | None:
        return self.ground.margin_of(self.expected)

    @property
    def has_dots(self) -> bool:
        return any(one.difference is not None for one in self.below)

    @property
    def bars(self) -> tuple[Bar, ...]:
        return waterfall(self.judged.split) if self.judged else ()

    @property
    def odd_areas(self) -> list[RegionLine]:
        """Kecamatan within that stand out below the common swing, the farthest first."""
        found = [
            (z, line)
            for line, z in zip(self.ground.districts, self.ground.swing.z, strict=False)
            if z is not None and z <= -3.5 and self.region.contains(line.region)
        ]
        return [line for _z, line in sorted(found, key=lambda one: one[0])]

    @property
    def deadline(self) -> date | None:
        return petition_deadline(self.outcome.announced_on) if self.outcome else None


def lost_area(contest: Contest, region: Region) -> LostArea:
    """Read ``region`` of ``contest`` (its own region or one below it), down to the TPS where it is a desa."""
    [ground] = grounds([contest])
    report = reporting.contest_report(contest, region)
    rows, stations = _rows(ground, report)
    own_row = rows.get(region.pk)
    row = own_row or _above(ground, region)
    judged = ground.judged(report.line, row)
    return LostArea(
        ground=ground,
        region=region,
        report=report,
        judged=judged,
        expected=row,
        inherited=own_row is None and row is not None,
        below=tuple(_below(ground, report, row, rows, stations)),
        marked=tuple(_marked(ground, region)),
        dispute=_dispute(contest, region, judged.verdict.margin_votes, report.line) if judged else None,
        counterfactual=_counterfactual(ground, contest, region, judged) if judged else None,
        outcome=ContestOutcome.objects.filter(contest=contest).first(),
    )


def _rows(ground: Ground, report: ContestReport) -> tuple[Mapping[int, ExpectedShare], Mapping[int, ExpectedShare]]:
    """Our pair's rows by region (those of the ground, and of desa), and by TPS."""
    if ground.expectation is None:
        return {}, {}
    regions = [line.region.pk for line in (report.line, *report.children) if line.region.level == Level.VILLAGE]
    if not regions:
        return ground.expected, {}
    found = ExpectedShare.objects.filter(expectation=ground.expectation, pair__usungan=True, region__in=regions)
    if not report.stations:
        found = found.filter(station=None)
    by_region, by_station = dict(ground.expected), {}
    for one in found:
        if one.station_id is None:
            by_region[one.region_id] = one
        else:
            by_station[one.station_id] = one
    return by_region, by_station


def _above(ground: Ground, region: Region) -> ExpectedShare | None:
    """The row of the nearest area above ``region`` that has one."""
    lines = [one for one in (ground.line, *ground.areas) if one.region.contains(region)]
    for line in sorted(lines, key=lambda one: -one.region.level):
        if line.region.pk in ground.expected:
            return ground.expected[line.region.pk]
    return None


def _below(
    ground: Ground,
    report: ContestReport,
    row: ExpectedShare | None,
    rows: Mapping[int, ExpectedShare],
    stations: Mapping[int, ExpectedShare],
) -> Iterable[Below]:
    for line in report.children:
        own = rows.get(line.region.pk)
        judged = ground.judged(line, own or row)
        actual = line.usungan.share if line.usungan else None
        margin = judged.verdict.margin_votes if judged and actual is not None else None
        lost = own is not None and judged is not None and judged.verdict.is_off_target and _wins(ground, own)
        share = (own or row).share if (own or row) is not None else None  # type: ignore[union-attr]
        yield Below(line.region.title, line, None, share, actual, margin, own is None, lost)
    pairs = [one.pair for one in report.line.pairs]
    for station in report.stations:
        own = stations.get(station.result.station_id)
        votes = {pair.number: number or 0 for pair, number in zip(pairs, station.votes, strict=True)}
        here = ground.area_votes(votes, own or row)
        actual = votes[ground.own.number] / here.valid if ground.own and here.valid else None
        lost = own is not None and actual is not None and here.margin < 0 and _wins(ground, own)
        share = (own or row).share if (own or row) is not None else None  # type: ignore[union-attr]
        margin = here.margin if actual is not None else None
        yield Below(station.result.station.title, None, station, share, actual, margin, own is None, lost)


def _wins(ground: Ground, row: ExpectedShare) -> bool:
    return expects_win(ground.margin_of(row), row.margin_spread)


def _marked(ground: Ground, region: Region) -> list[MarkedPlace]:
    """Documents and flags within ``region``, those that cost us most first."""
    own, rival = ground.own, ground.rival
    if own is None or rival is None:
        return []
    found = []
    for finding in ground.marks.documents:
        if region.contains(finding.region):
            deltas = deltas_of(finding)
            found.append(MarkedPlace(finding, deltas.get(own.number, 0) - deltas.get(rival.number, 0)))
    for one in ground.marks.hard_within(region):
        found.append(MarkedPlace(one.finding, one.votes.get(own.number, 0) - one.votes.get(rival.number, 0)))
    return sorted(found, key=lambda one: (one.votes, one.finding.pk))


def is_document(finding: Finding) -> bool:
    return Rule(finding.rule) in DOCUMENT_RULES


def _dispute(contest: Contest, region: Region, margin: int, line: RegionLine) -> Dispute | None:
    """The margin held against the threshold; None unless we are behind there and the population is known."""
    if region.pk != contest.region_id or margin >= 0 or line.progress is None:
        return None
    if region.population is None or region.level not in DISPUTED_LEVELS:
        return None
    return dispute(
        population=region.population,
        is_province=region.level == Level.PROVINCE,
        valid_votes=line.progress.valid_votes,
        margin=-margin,
    )


def _counterfactual(ground: Ground, contest: Contest, region: Region, judged: Judged) -> Counterfactual | None:
    """None where no document differs: then there is nothing to put in place of anything."""
    deltas = ground.marks.deltas(region)
    own, rival = ground.own, ground.rival
    if not any(deltas.values()) or own is None or rival is None:
        return None
    by_c1s = {one.pair: one.votes for one in judged.line.pairs}
    documents = {pair: max(0, votes + deltas.get(pair.number, 0)) for pair, votes in by_c1s.items()}
    return Counterfactual(
        own=documents[own],
        rival=documents[rival],
        own_by_c1s=by_c1s[own],
        rival_by_c1s=by_c1s[rival],
        winner=_first(documents),
        winner_by_c1s=_first(by_c1s),
        dispute=_dispute(contest, region, judged.by_c1s.margin_votes, judged.line),
    )


def _first(votes: Mapping[Pair, int]) -> Pair | None:
    most = max(votes.values())
    return (
        next(pair for pair, number in votes.items() if number == most) if [*votes.values()].count(most) == 1 else None
    )


# The waterfall

_KINDS = {"documents": "documents", "hard": "documents"}


def waterfall(split: LossSplit) -> tuple[Bar, ...]:
    """Return the expected margin, each part, and the actual margin as bars on one scale that holds zero."""
    steps: list[tuple[str, str, int | None, int, int]] = [("expected", "total", split.expected, 0, split.start)]
    at = split.start
    for name, votes in split.parts:
        steps.append((name, _KINDS.get(name, "voters"), votes, at, at + votes))
        at += votes
    steps.append(("actual", "total", split.actual, 0, split.actual))
    ends: list[Any] = [end for step in steps for end in step[3:]]
    low, high = min(*ends, 0), max(*ends, 0)
    # A little room on both sides, so that no bar hides in the frame.
    room = max(1, high - low) * 0.04
    width = high - low + 2 * room
    place = [(min(start, end) - low + room) / width for *_step, start, end in steps]
    return tuple(
        Bar(name, kind, votes, split.share(votes), start, abs(end - begin) / width, (room - low) / width)
        for (name, kind, votes, begin, end), start in zip(steps, place, strict=True)
    )
