"""Read where we are expected to win, and how each of these contests stands now."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db.models import Count, F, Max, QuerySet

from analytics.models import Expectation, Finding, ProjectionRun, Rule, Severity, Target
from analytics.off_target.ground import Ground, Judged, grounds
from analytics.rules.expected_win import State, Verdict
from analytics.rules.loss_split import Cause
from regions.models import Region
from tallies.models import PROGRESS_FIELDS, Contest, ContestTotal, Election
from tallies.totals import reporting

AHEAD = (State.LEADING, State.WON)
#: What is counted beside a contest: INFO asks nobody to do anything.
GRAVE = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)
#: Chances of losing between this and its opposite are open: what is missing may decide.
DECIDED = 0.05


@dataclass(frozen=True)
class TargetRow:
    """One contest. ``judged`` is None where we back nobody or nothing was ever counted.

    ``open_findings``: how many of each severity are shown and open, the gravest first. ``run``: the newest
    projection of the contest, which may be a refusal.
    """

    ground: Ground
    judged: Judged | None
    finding: Finding | None
    open_findings: dict[int, int] = field(default_factory=dict)

    @property
    def contest(self) -> Contest:
        return self.ground.contest

    @property
    def line(self) -> reporting.RegionLine:
        return self.ground.line

    @property
    def target(self) -> Target | None:
        return self.ground.target

    @property
    def verdict(self) -> Verdict | None:
        return self.judged.verdict if self.judged else None

    @property
    def state(self) -> State:
        return self.verdict.state if self.verdict else State.WAITING

    @property
    def is_expected(self) -> bool:
        """Whether a win was expected: a dated target or the expectation says so."""
        return self.ground.expects_win(self.contest.region)

    @property
    def is_off_target(self) -> bool:
        return self.is_expected and self.verdict is not None and self.verdict.is_off_target

    @property
    def is_ahead(self) -> bool:
        return self.state in AHEAD

    @property
    def run(self) -> ProjectionRun | None:
        return self.ground.runs.get(self.contest.region_id)

    @property
    def projected(self) -> dict[str, Any] | None:
        """What the newest projection says of our pair: share, low, high, chance_behind; None where nothing."""
        return (
            self.run.of_pair(self.ground.own.number)
            if self.run and self.ground.own and not self.run.refusal
            else None
        )

    @property
    def severities(self) -> list[tuple[str, int]]:
        """Name and number of each severity above INFO, the gravest first; 0 where there is none."""
        return [(one.name, self.open_findings.get(one, 0)) for one in GRAVE]

    @property
    def step(self) -> Step:
        return next_step(self)

    @property
    def rank(self) -> tuple[int, float, int]:
        """Off target first, then the other targets, then the rest; the worst margin first in each."""
        group = 0 if self.is_off_target else 1 if self.is_expected else 2
        share = self.verdict.margin_share if self.verdict else None
        return group, 2.0 if share is None else share, self.contest.region.first


@dataclass(frozen=True)
class TargetReport:
    election: Election
    rows: tuple[TargetRow, ...]

    @property
    def backed(self) -> list[TargetRow]:
        return [row for row in self.rows if row.line.usungan]

    @property
    def ahead_anywhere(self) -> int:
        return sum(row.is_ahead for row in self.rows)

    @property
    def trailing_anywhere(self) -> int:
        return sum(row.state in (State.BEHIND, State.LOST) for row in self.rows)

    @property
    def party_votes(self) -> int:
        """Votes of our pairs, whatever their numbers."""
        return sum(row.line.usungan.votes for row in self.backed if row.line.usungan)

    @property
    def other_votes(self) -> int:
        return sum(pair.votes for row in self.backed for pair in row.line.pairs if not pair.pair.usungan)

    @property
    def party_share(self) -> float | None:
        both = self.party_votes + self.other_votes
        return self.party_votes / both if both else None

    @property
    def severities(self) -> list[tuple[str, int]]:
        return [(one.name, sum(row.open_findings.get(one, 0) for row in self.rows)) for one in GRAVE]

    @property
    def targets(self) -> list[TargetRow]:
        return [row for row in self.rows if row.target]

    @property
    def ahead(self) -> int:
        return sum(row.is_ahead for row in self.targets)

    @property
    def off_target(self) -> int:
        return sum(row.is_off_target for row in self.targets)

    @property
    def tied(self) -> int:
        return sum(row.state == State.TIED for row in self.targets)

    @property
    def waiting(self) -> int:
        return sum(row.state == State.WAITING for row in self.targets)

    @property
    def ahead_outside(self) -> list[TargetRow]:
        """Contests we lead or won although nobody expected it."""
        return [row for row in self.rows if row.is_ahead and not row.target]

    @property
    def progress(self) -> ContestTotal:
        """All contests of the page together; an unsaved row, so that it has the same parts as the stored ones."""
        known = [row.line.progress for row in self.rows if row.line.progress]
        sums = {name: sum(getattr(progress, name) for progress in known) for name in PROGRESS_FIELDS}
        return ContestTotal(counted_at=max((progress.counted_at for progress in known), default=None), **sums)


def contests_within(election: Election, region: Region) -> QuerySet[Contest]:
    inside = Contest.objects.filter(election=election, region__first__range=(region.first, region.last))
    return inside.select_related("region", "election")


def target_report(user: Any, election: Election, *, within: Region | None = None) -> TargetReport:
    """Report the contests of ``election`` in the region of ``user``, or in ``within``, a part of it.

    Contests above that region are left out: their totals are other people's
    regions too.
    """
    scope = user.scope
    if scope is None:
        return TargetReport(election, ())
    contests = list(contests_within(election, within or scope))
    findings = Finding.objects.open().filter(rule=Rule.OFF_TARGET, contest__in=contests, station=None)
    found = {one.contest_id: one for one in findings.filter(region=F("contest__region"))}
    counted = open_findings(contests)
    rows = [
        _row(ground, found.get(ground.contest.pk), counted.get(ground.contest.pk, {}))
        for ground in grounds(contests, with_areas=False)
    ]
    return TargetReport(election, tuple(sorted(rows, key=lambda row: row.rank)))


def open_findings(contests: list[Contest]) -> dict[int, dict[int, int]]:
    """Contest → severity → findings that are open and shown; one query."""
    rows = Finding.objects.open().shown().filter(contest__in=contests, severity__gt=Severity.INFO).order_by()
    found: dict[int, dict[int, int]] = {}
    for contest, severity, number in rows.values_list("contest", "severity").annotate(Count("pk")):
        found.setdefault(contest, {})[severity] = number
    return found


def _row(ground: Ground, finding: Finding | None, counted: dict[int, int]) -> TargetRow:
    return TargetRow(ground, ground.judged(ground.line), finding, counted)


# What to do next


class Deed(StrEnum):
    """EVIDENCE: a place stands out, collect evidence. EXPLANATION: read where the margin went. SETTLE: differences
    between forms are open. CALL: TPS are missing that may still decide. WATCH: nothing, for now.
    """

    EVIDENCE = "evidence"
    EXPLANATION = "explanation"
    SETTLE = "settle"
    CALL = "call"
    WATCH = "watch"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Step:
    deed: Deed
    number: int = 0


def next_step(row: TargetRow) -> Step:
    """The one thing to do next in a contest: documents, then the reason of a loss, then what is not in."""
    progress = row.line.progress
    if row.ground.own is None or progress is None:
        return Step(Deed.NOTHING)
    if progress.stations_disputed and (row.is_off_target or row.open_findings.get(Severity.HIGH, 0)):
        return Step(Deed.SETTLE, progress.stations_disputed)
    if row.is_off_target and row.finding:
        needs_evidence = row.finding.numbers.get("cause") in (Cause.LOCAL, Cause.DOCUMENTS, Cause.DOCUMENTS_DECIDE)
        return Step(Deed.EVIDENCE if needs_evidence else Deed.EXPLANATION)
    if progress.stations_disputed:
        return Step(Deed.SETTLE, progress.stations_disputed)
    if progress.stations_missing and _is_undecided(row):
        return Step(Deed.CALL, progress.stations_missing)
    return Step(Deed.WATCH)


def _is_undecided(row: TargetRow) -> bool:
    """Whether what is missing may still turn it; without a projection nobody knows that it may not."""
    chance = row.projected.get("chance_behind") if row.projected else None
    return chance is None or DECIDED < chance < 1 - DECIDED


def stamp(user: Any, election: Election) -> str:
    """Changes whenever the report does: newest totals, targets as stated, findings as opened.

    Six small reads instead of the report; for the ETag, after the permission check.
    """
    scope = user.scope
    if scope is None:
        return ""
    inside = {"contest__election": election, "contest__region__first__range": (scope.first, scope.last)}
    totals = ContestTotal.objects.filter(region=F("contest__region"), **inside)
    parts = [
        list(totals.order_by("pk").values_list("pk", "counted_at")),
        list(Target.objects.active().filter(**inside).order_by("pk").values_list()),
        list(Expectation.objects.active().filter(**inside).order_by("pk").values_list("pk")),
        _what_is_open(inside),
        ProjectionRun.objects.filter(**inside).aggregate(Max("pk")),
        [election.phase, election.is_simulation, election.practice_of_id],
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _what_is_open(inside: dict[str, Any]) -> list[Any]:
    """How many findings of each severity, and how the contests' own of rule W stand."""
    rows = Finding.objects.open().shown().filter(severity__gt=Severity.INFO, **inside).order_by("contest", "severity")
    own = Finding.objects.filter(rule=Rule.OFF_TARGET, region=F("contest__region"), **inside).order_by("pk")
    return [
        list(rows.values_list("contest", "severity").annotate(Count("pk"))),
        list(own.values_list("pk", "state", "severity", "updated_at")),
    ]
