"""Read where we are expected to win, and how each of these contests stands now."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet

from analytics.models import Finding, Rule, Target
from analytics.off_target.ground import standing_of
from analytics.rules.expected_win import State, Verdict, judge
from regions.models import Region
from tallies.models import PROGRESS_FIELDS, Contest, ContestTotal, Election
from tallies.totals import reporting

AHEAD = (State.LEADING, State.WON)


@dataclass(frozen=True)
class TargetRow:
    """One contest. ``verdict`` is None where we back nobody or nothing was ever counted."""

    contest: Contest
    line: reporting.RegionLine
    target: Target | None
    verdict: Verdict | None
    finding: Finding | None

    @property
    def state(self) -> State:
        return self.verdict.state if self.verdict else State.WAITING

    @property
    def is_off_target(self) -> bool:
        return self.target is not None and self.verdict is not None and self.verdict.is_off_target

    @property
    def is_ahead(self) -> bool:
        return self.state in AHEAD

    @property
    def rank(self) -> tuple[int, float, int]:
        """Off target first, then the other targets, then the rest; the worst margin first in each."""
        group = 0 if self.is_off_target else 1 if self.target else 2
        share = self.verdict.margin_share if self.verdict else None
        return group, 2.0 if share is None else share, self.contest.region.first


@dataclass(frozen=True)
class TargetReport:
    election: Election
    rows: tuple[TargetRow, ...]

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
    targets = {target.contest_id: target for target in Target.objects.active().filter(contest__in=contests)}
    findings = Finding.objects.open().filter(rule=Rule.OFF_TARGET, contest__in=contests)
    found = {finding.contest_id: finding for finding in findings}
    rows = [
        _row(contest, line, targets.get(contest.pk), found.get(contest.pk))
        for contest, line in zip(contests, reporting.own_lines(contests), strict=True)
    ]
    return TargetReport(election, tuple(sorted(rows, key=lambda row: row.rank)))


def _row(contest: Contest, line: reporting.RegionLine, target: Target | None, finding: Finding | None) -> TargetRow:
    standing = standing_of(line)
    return TargetRow(contest, line, target, judge(standing) if standing else None, finding)


def contest_row(contest: Contest) -> TargetRow:
    """The row of one contest, with its active target."""
    target = Target.objects.active().filter(contest=contest).first()
    finding = Finding.objects.filter(rule=Rule.OFF_TARGET, contest=contest, region=contest.region).first()
    return _row(contest, reporting.own_lines([contest])[0], target, finding)


def stamp(user: Any, election: Election) -> str:
    """Changes whenever the report does: newest totals, targets as stated, findings as opened.

    Three small reads instead of the report; for the ETag, after the permission check.
    """
    scope = user.scope
    if scope is None:
        return ""
    inside = {"contest__election": election, "contest__region__first__range": (scope.first, scope.last)}
    totals = ContestTotal.objects.filter(region=F("contest__region"), **inside)
    parts = [
        list(totals.order_by("pk").values_list("pk", "counted_at")),
        list(Target.objects.active().filter(**inside).order_by("pk").values_list()),
        list(Finding.objects.filter(**inside).order_by("pk").values_list("pk", "state")),
        [election.phase, election.is_simulation, election.practice_of_id],
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()
