"""What rule W stands on, read for many contests at once: totals, what was expected, documents, projections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from django.db.models import F, OuterRef, Q, Subquery

from analytics.models import Expectation, ExpectedShare, ProjectionRun, Target
from analytics.off_target.documents import Marks, marks_of
from analytics.rule_settings import rules_of_each
from analytics.rules.expected_win import Standing, Verdict, expects_win, judge
from analytics.rules.loss_split import AreaVotes, Explanation, LossSplit, Swing, common_swing, explain, split_loss
from analytics.rules.settings import DEFAULTS, RuleSettings
from regions.models import Level, Region
from tallies.models import Contest, ContestTotal, Pair, PairTotal
from tallies.totals import reporting
from tallies.totals.reporting import RegionLine


@dataclass(frozen=True)
class Judged:
    """How an area of a contest stands, and what its loss comes from. ``explanation`` only where it is off target.

    ``by_c1s``: the same by our C1s alone; it differs from ``verdict`` where documents do.
    """

    region: Region
    line: RegionLine
    standing: Standing
    verdict: Verdict
    by_c1s: Verdict
    split: LossSplit
    explanation: Explanation
    run: ProjectionRun | None


@dataclass(frozen=True)
class Ground:
    """One contest. ``districts``: lines of its areas down to the kecamatan, read only where an expectation exists.

    ``expected``: our pair's row by region, of the active expectation; ``runs``: the newest projection by region.
    """

    contest: Contest
    line: RegionLine
    target: Target | None = None
    expectation: Expectation | None = None
    expected: Mapping[int, ExpectedShare] = field(default_factory=dict)
    areas: tuple[RegionLine, ...] = ()
    marks: Marks = field(default_factory=Marks)
    runs: Mapping[int, ProjectionRun] = field(default_factory=dict)
    settings: RuleSettings = DEFAULTS

    @cached_property
    def own(self) -> Pair | None:
        return self.line.usungan.pair if self.line.usungan else None

    @cached_property
    def rival(self) -> Pair | None:
        """The strongest other pair of the contest as the documents have it; the same for all of its areas."""
        deltas = self.marks.deltas(self.contest.region)
        others = [one for one in self.line.pairs if not one.pair.usungan]
        strongest = max(others, key=lambda one: one.votes + deltas.get(one.pair.number, 0), default=None)
        return strongest.pair if strongest else None

    @cached_property
    def districts(self) -> tuple[RegionLine, ...]:
        return tuple(one for one in self.areas if one.region.level == Level.DISTRICT)

    @cached_property
    def swing(self) -> Swing:
        """Of all kecamatan that have votes; where none has an expectation, of the contest itself."""
        found = common_swing([self.votes_of(line) for line in self.districts])
        return found if found.common is not None else common_swing([self.votes_of(self.line)])

    def votes_of(self, line: RegionLine, expected: ExpectedShare | None = None) -> AreaVotes:
        """``line`` in the terms of the split. ``expected``: its row, where it is not the region's own."""
        row = expected or self.expected.get(line.region.pk)
        votes = {one.pair.number: one.votes for one in line.pairs}
        turnout = line.progress.turnout if line.progress else None
        return self.area_votes(votes, row, turnout)

    def area_votes(
        self, votes: Mapping[int, int], row: ExpectedShare | None, turnout: float | None = None
    ) -> AreaVotes:
        margin = votes.get(self.own.number, 0) - votes.get(self.rival.number, 0) if self.own and self.rival else 0
        return AreaVotes(
            sum(votes.values()), margin, self.margin_of(row), turnout, row.turnout if row is not None else None
        )

    def margin_of(self, row: ExpectedShare | None) -> float | None:
        """The margin a row expects; of two pairs the share says it as well."""
        if row is None:
            return None
        if row.margin is None and row.share is not None and len(self.line.pairs) == 2:
            return 2 * row.share - 1
        return row.margin

    def expects_win(self, region: Region) -> bool:
        """Whether a win was expected in ``region``: the expectation says so, or of the contest a dated target."""
        if self.target is not None and region.pk == self.contest.region_id:
            return True
        row = self.expected.get(region.pk)
        return expects_win(self.margin_of(row), row.margin_spread if row else None, self.settings)

    # Judging

    def judged(self, line: RegionLine, row: ExpectedShare | None = None) -> Judged | None:
        """How ``line`` stands now; ``None`` where we back nobody or nothing was ever counted."""
        standing = standing_of(line)
        if standing is None or self.own is None or self.rival is None:
            return None
        deltas = self.marks.deltas(line.region)
        documented = standing_with(line, deltas)
        run = self.runs.get(line.region.pk)
        entry = run.of_pair(self.own.number) if run is not None and not run.refusal else None
        verdict = judge(documented, entry.get("chance_behind") if entry else None, self.settings)
        split = self.split(line, deltas, row)
        explanation = explain(
            split, local_z=self.local_z(line.region), settled=verdict.is_settled, settings=self.settings
        )
        return Judged(line.region, line, documented, verdict, judge(standing), split, explanation, run)

    def split(self, line: RegionLine, deltas: Mapping[int, int], row: ExpectedShare | None = None) -> LossSplit:
        inside = [one for one in self.districts if line.region.contains(one.region)]
        parts = [self.votes_of(one) for one in inside]
        parts = [one for one in parts if one.valid]
        if line.region.level >= Level.DISTRICT or not parts or any(one.expected is None for one in parts):
            parts = [self.votes_of(line, row)]
        known = parts[0].expected is not None
        flagged = [
            self.area_votes(one.votes, self._nearest(one.finding.region, row) if known else None)
            for one in self.marks.hard_within(line.region)
        ]
        documents = (
            deltas.get(self.own.number, 0) - deltas.get(self.rival.number, 0) if self.own and self.rival else 0
        )
        swing = self.swing.common if known else None
        return split_loss(parts, swing=swing, flagged=flagged, documents=documents)

    def _nearest(self, region: Region, row: ExpectedShare | None) -> ExpectedShare | None:
        """The row of the kecamatan that ``region`` lies in, else the one given, else the contest's."""
        for one in self.districts:
            if one.region.contains(region) and one.region.pk in self.expected:
                return self.expected[one.region.pk]
        return row or self.expected.get(self.contest.region_id)

    def local_z(self, region: Region) -> float | None:
        """z of the kecamatan ``region``, or of the one within it that lost most against the common swing.

        Of those for which there is no document yet: where there is one, it speaks for itself.
        """
        found = [
            z
            for one, z in zip(self.districts, self.swing.z, strict=False)
            if z is not None
            and (region.contains(one.region) or one.region.contains(region))
            and not any(self.marks.deltas(one.region).values())
        ]
        return min(found, default=None)


def standing_of(line: RegionLine) -> Standing | None:
    """The rule's view of a contest by our C1s; None where we back nobody or nothing was ever counted."""
    return standing_with(line, {}) if line.usungan and line.strongest_rival and line.progress else None


def standing_with(line: RegionLine, deltas: Mapping[int, int]) -> Standing:
    """The same where documents have other votes than our C1s: the documents are what is announced."""
    votes = {one.pair: max(0, one.votes + deltas.get(one.pair.number, 0)) for one in line.pairs}
    progress = line.progress
    assert progress is not None
    return Standing(
        party_votes=next(number for pair, number in votes.items() if pair.usungan),
        rival_votes=max(number for pair, number in votes.items() if not pair.usungan),
        all_votes=sum(votes.values()),
        stations=progress.stations,
        stations_in=progress.stations_in,
    )


# Reading


def grounds(
    contests: Sequence[Contest], *, with_areas: bool = True, lines: Sequence[RegionLine] | None = None
) -> list[Ground]:
    """Read the ground of ``contests`` in their order, in a number of queries that does not grow with them.

    ``with_areas``: also the areas down to the kecamatan of those that have an active expectation.
    """
    contests = list(contests)
    lines = reporting.own_lines(contests) if lines is None else lines
    targets = {one.contest_id: one for one in Target.objects.active().filter(contest__in=contests)}
    marks = marks_of(one.pk for one in contests)
    expectations = {one.contest_id: one for one in Expectation.objects.active().filter(contest__in=contests)}
    expected = _expected(expectations.values())
    areas = area_lines([one for one in contests if one.pk in expectations]) if with_areas and expectations else {}
    runs = newest_runs(contests, below=bool(areas))
    thresholds = rules_of_each({one.election_id for one in contests})
    return [
        Ground(
            contest=contest,
            line=line,
            target=targets.get(contest.pk),
            expectation=expectations.get(contest.pk),
            expected=expected.get(contest.pk, {}),
            areas=tuple(areas.get(contest.pk, ())),
            marks=marks.get(contest.pk, Marks()),
            runs=runs.get(contest.pk, {}),
            settings=thresholds[contest.election_id],
        )
        for contest, line in zip(contests, lines, strict=True)
    ]


def _expected(expectations: Iterable[Expectation]) -> dict[int, dict[int, ExpectedShare]]:
    """Contest → region → our pair's row, down to the kecamatan."""
    of_contest = {one.pk: one.contest_id for one in expectations}
    found: dict[int, dict[int, ExpectedShare]] = defaultdict(dict)
    if not of_contest:
        return found
    rows = ExpectedShare.objects.filter(expectation__in=of_contest, station=None, pair__usungan=True)
    for row in rows.filter(region__level__lte=Level.DISTRICT):
        found[of_contest[row.expectation_id]][row.region_id] = row
    return found


def area_lines(contests: Sequence[Contest]) -> dict[int, list[RegionLine]]:
    """The areas below each contest's own region down to the kecamatan, along the tree, from three queries."""
    below = Q(region__level__gt=F("contest__region__level"), region__level__lte=Level.DISTRICT)
    totals = ContestTotal.objects.filter(below, contest__in=contests).select_related("region")
    votes: dict[tuple[int, int], dict[int, tuple[int, int]]] = defaultdict(dict)
    rows = PairTotal.objects.filter(below, contest__in=contests).order_by()
    for contest, region, pair, counted, verified in rows.values_list(
        "contest_id", "region_id", "pair_id", "votes", "votes_verified"
    ):
        votes[contest, region][pair] = (counted, verified)
    pairs: dict[int, list[Pair]] = defaultdict(list)
    for one in Pair.objects.filter(contest__in=contests):
        pairs[one.contest_id].append(one)
    found: dict[int, list[RegionLine]] = defaultdict(list)
    for total in totals.order_by("region__first"):
        key = (total.contest_id, total.region_id)
        found[total.contest_id].append(
            RegionLine(total.region, total, reporting.pair_lines(pairs[total.contest_id], votes[key]))
        )
    return found


def newest_runs(contests: Sequence[Contest], *, below: bool = False) -> dict[int, dict[int, ProjectionRun]]:
    """Contest → region → its newest projection: of the contests' own regions, or of all down to the kecamatan."""
    mine = ProjectionRun.objects.filter(contest=OuterRef("contest"), region=OuterRef("region")).newest()
    places = ContestTotal.objects.filter(contest__in=contests)
    wanted = Q(region__level__lte=Level.DISTRICT) if below else Q(region=F("contest__region"))
    newest = places.filter(wanted).annotate(run=Subquery(mine.values("pk")[:1])).values("run")
    found: dict[int, dict[int, ProjectionRun]] = defaultdict(dict)
    for run in ProjectionRun.objects.filter(pk__in=newest):
        found[run.contest_id][run.region_id] = run
    return found
