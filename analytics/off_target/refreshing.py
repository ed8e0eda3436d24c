"""Keep the findings of rule W in step with the stored totals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from analytics.models import Finding, FindingEvent, FindingState, Rule, Severity, Target
from analytics.rules.expected_win import Standing, Verdict, judge
from sista.database import writing
from tallies.models import Phase
from tallies.totals import reporting


def refresh_changed() -> int:
    """Judge every contest with an active target whose totals moved; return how many findings changed.

    A finding whose target is no longer active is closed: nobody expects that win now.
    """
    targets = list(
        Target.objects.active()
        .filter(contest__election__phase__in=[Phase.OPEN, Phase.RECAP])
        .select_related("contest__region", "contest__election")
    )
    known = {
        (finding.contest_id, finding.region_id): finding for finding in Finding.objects.filter(rule=Rule.OFF_TARGET)
    }
    changed = _close_untargeted(known.values())
    if not targets:
        return changed
    lines = reporting.own_lines([target.contest for target in targets])
    for target, line in zip(targets, lines, strict=True):
        standing = standing_of(line)
        if standing is not None:
            finding = known.get((target.contest_id, target.contest.region_id))
            changed += _settle(target, standing, judge(standing), finding)
    return changed


def _close_untargeted(findings: Iterable[Finding]) -> int:
    still_expected = set(Target.objects.active().values_list("contest_id", flat=True))
    closed = 0
    for finding in findings:
        if finding.state == FindingState.OPEN and finding.contest_id not in still_expected:
            now = timezone.now()
            with writing():
                Finding.objects.filter(pk=finding.pk).update(state=FindingState.CLOSED, updated_at=now, closed_at=now)
                FindingEvent.objects.create(finding=finding, at=now, action="closed", numbers=finding.numbers)
            closed += 1
    return closed


def standing_of(line: reporting.RegionLine) -> Standing | None:
    """The rule's view of a contest; None where we back nobody or nothing was ever counted."""
    if line.usungan is None or line.strongest_rival is None or line.progress is None:
        return None
    return Standing(
        party_votes=line.usungan.votes,
        rival_votes=line.strongest_rival.votes,
        all_votes=sum(pair.votes for pair in line.pairs),
        stations=line.progress.stations,
        stations_in=line.progress.stations_in,
    )


def _settle(target: Target, standing: Standing, verdict: Verdict, finding: Finding | None) -> int:
    """Open, update or close the finding of one contest; 1 when a row changed."""
    numbers: dict[str, Any] = {
        "state": str(verdict.state),
        "margin_votes": verdict.margin_votes,
        "margin_share": verdict.margin_share,
        "party_votes": standing.party_votes,
        "rival_votes": standing.rival_votes,
        "all_votes": standing.all_votes,
        "stations": standing.stations,
        "stations_in": standing.stations_in,
        "target": target.pk,
    }
    if finding is None:
        return _open(target, numbers) if verdict.is_off_target else 0
    now_open = verdict.is_off_target
    was_open = finding.state == FindingState.OPEN
    if finding.numbers == numbers and now_open == was_open:
        return 0
    if not now_open and not was_open:
        return 0
    now = timezone.now()
    action = "updated" if now_open == was_open else ("opened" if now_open else "closed")
    with writing():
        Finding.objects.filter(pk=finding.pk).update(
            numbers=numbers,
            state=FindingState.OPEN if now_open else FindingState.CLOSED,
            updated_at=now,
            closed_at=None if now_open else now,
        )
        if action != "updated" or finding.numbers.get("state") != numbers["state"]:
            FindingEvent.objects.create(finding=finding, at=now, action=action, numbers=numbers)
    return 1


def _open(target: Target, numbers: dict[str, Any]) -> int:
    now = timezone.now()
    with writing():
        finding, created = Finding.objects.get_or_create(
            rule=Rule.OFF_TARGET,
            contest=target.contest,
            region=target.contest.region,
            # Without documents and without the split of the loss, no more than: a person should look.
            defaults={"severity": Severity.MEDIUM, "numbers": numbers, "opened_at": now, "updated_at": now},
        )
        if created:
            FindingEvent.objects.create(finding=finding, at=now, action="opened", numbers=numbers)
    return int(created)
