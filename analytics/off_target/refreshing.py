"""Keep the findings of rule W in step with the stored totals, down to the kecamatan; below that pages compute it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from analytics.examining import batches
from analytics.examining.found import Asked, Found, Place
from analytics.examining.recording import record
from analytics.models import Expectation, Finding, FindingState, Rule, Target
from analytics.off_target.ground import Ground, Judged, grounds
from analytics.rules.loss_split import Cause
from sista.database import writing
from tallies.models import Contest, Election, Phase

_Key = tuple[str, tuple[int, str, int]]


def refresh_changed() -> int:
    """Judge every contest in which a win is expected; return how many findings changed.

    A finding whose target or expectation is no longer active is closed: nobody expects that win now. Nothing is
    locked while nothing changed; what did is judged again while no other examiner of its election writes.
    """
    seen = _look()
    if not seen.differs:
        return 0
    with writing():
        # The examiner's lock, not the drainer's: totals go on.
        for election in Election.objects.filter(contests__in=seen.contests).distinct().order_by("pk"):
            batches.lock(election)
        seen = _look()
        for key, numbers in seen.closing.items():
            Finding.objects.filter(pk=seen.known[key].pk).update(numbers=numbers)
        return record(seen.found.values(), seen.asked)


@dataclass
class _Look:
    """What was judged at one moment, beside what is written down."""

    known: dict[_Key, Finding]
    found: dict[_Key, Found] = field(default_factory=dict)
    asked: Asked = field(default_factory=set)
    #: Numbers with which a finding closes: those of now, not of when it was last off target.
    closing: dict[_Key, dict[str, Any]] = field(default_factory=dict)

    @property
    def contests(self) -> set[int]:
        return {place[0] for _rule, place in {*self.found, *self.asked}}

    @property
    def differs(self) -> bool:
        gone = (key for key in self.asked if key not in self.found and key in self.known)
        return any(self.known[key].is_active for key in gone) or any(
            key not in self.known or _is_news(self.known[key], one) for key, one in self.found.items()
        )


def _is_news(finding: Finding, one: Found) -> bool:
    """Whether `record` would write ``one``: not where a person answered for the same."""
    same = finding.basis == one.digest
    if not finding.is_active:
        return not same or finding.state == FindingState.CLOSED
    written = (finding.numbers, finding.severity, finding.stake)
    return not same or written != (dict(one.numbers), int(one.severity), one.stake)


def _look() -> _Look:
    expected = set(Target.objects.active().values_list("contest", flat=True))
    expected |= set(Expectation.objects.active().values_list("contest", flat=True))
    rows = Finding.objects.filter(rule=Rule.OFF_TARGET).filter(
        Q(contest__in=expected) | ~Q(state=FindingState.CLOSED)
    )
    seen = _Look({_key(one.contest_id, one.region_id): one for one in rows})
    seen.asked |= {key for key in seen.known if key[1][0] not in expected}
    contests = Contest.objects.filter(pk__in=expected, election__phase__in=[Phase.OPEN, Phase.RECAP])
    for ground in grounds(list(contests.select_related("region", "election"))):
        _judge_contest(seen, ground)
    return seen


def _key(contest: int, region: int) -> _Key:
    return Rule.OFF_TARGET.value, Place(contest, region).key


def _judge_contest(seen: _Look, ground: Ground) -> None:
    if ground.judged(ground.line) is None:
        return
    judged: set[_Key] = set()
    for line in (ground.line, *ground.areas):
        one = ground.judged(line) if ground.expects_win(line.region) else None
        if one is None:
            continue
        key = _key(ground.contest.pk, line.region.pk)
        judged.add(key)
        numbers = _numbers(ground, one)
        if not one.verdict.is_off_target:
            if key in seen.known and seen.known[key].is_active:
                seen.closing[key] = numbers
        else:
            seen.found[key] = _found(ground, one, numbers)
    # Where no win is expected any more there is nothing to be off.
    seen.asked |= judged | {key for key in seen.known if key[1][0] == ground.contest.pk}


def _found(ground: Ground, one: Judged, numbers: dict[str, Any]) -> Found:
    basis = {name: numbers.get(name) for name in ("state", "target", "expectation")}
    basis["cause"] = str(one.explanation.cause)
    return Found(
        rule=Rule.OFF_TARGET.value,
        place=Place(ground.contest.pk, one.region.pk),
        severity=int(one.explanation.severity),
        numbers=numbers,
        basis=basis,
        stake=max(0, -one.verdict.margin_votes),
    )


def _numbers(ground: Ground, one: Judged) -> dict[str, Any]:
    standing, verdict = one.standing, one.verdict
    numbers: dict[str, Any] = {
        "state": str(verdict.state),
        "margin_votes": verdict.margin_votes,
        "margin_share": verdict.margin_share,
        "party_votes": standing.party_votes,
        "rival_votes": standing.rival_votes,
        "all_votes": standing.all_votes,
        "stations": standing.stations,
        "stations_in": standing.stations_in,
    }
    if ground.target is not None and one.region.pk == ground.contest.region_id:
        numbers["target"] = ground.target.pk
    if ground.expectation is not None:
        numbers["expectation"] = ground.expectation.pk
    if verdict.chance_behind is not None:
        numbers["chance_behind"] = verdict.chance_behind
    if verdict.is_off_target and one.explanation.cause != Cause.OPEN:
        numbers["cause"] = str(one.explanation.cause)
        numbers["evidence"] = one.explanation.evidence
        numbers["parts"] = {"expected": one.split.expected, **dict(one.split.parts)}
    return numbers
