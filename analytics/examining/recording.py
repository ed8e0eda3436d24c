"""Write down what the rules found: open, move, close. The only writer of findings beside the people's own actions.

One finding a (rule, place). A person's answer stands while the figures it was given for are the same; when they
change and the rule still finds something, the finding opens again with a new version.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from analytics.examining.found import Asked, Found
from analytics.models import Finding, FindingEvent, FindingState, FindingVersion
from sista.database import writing

#: In the numbers of what a person confirmed: the rule no longer sees it.
PAST = "is_past"
#: Rows one statement writes.
_BATCH = 1000

_MOVED = ["severity", "state", "assigned_to", "numbers", "suggestions", "basis", "stake", "version", "updated_at"]
_MOVED += ["closed_at", "region"]


def record(found: Iterable[Found], asked: Asked) -> int:
    """Write ``found`` down and close what was asked and is not among it; return how many findings changed.

    Call it inside the transaction that takes what was examined, or on its own. Several calls at once must not
    ask about the same place: callers hold the lock of their election.
    """
    by_key = {(one.rule, one.place.key): one for one in found}
    now = timezone.now()
    with writing():
        known = {_key(finding): finding for finding in _known(asked | set(by_key))}
        opened = [one for key, one in by_key.items() if key not in known]
        changed: list[Finding] = []
        events: list[FindingEvent] = []
        versions: list[FindingVersion] = []
        for key, finding in known.items():
            if key in by_key:
                action = _move(finding, by_key[key], now)
            else:
                action = _close(finding, now) if key in asked else None
            if action is None:
                continue
            changed.append(finding)
            if action != "refreshed":
                events.append(FindingEvent(finding=finding, at=now, action=action, numbers=finding.numbers))
            if action in ("updated", "reopened"):
                versions.append(_version(finding, now))
        Finding.objects.bulk_update(changed, _MOVED, batch_size=_BATCH)
        new = Finding.objects.bulk_create((_new(one, now) for one in opened), batch_size=_BATCH)
        events += [FindingEvent(finding=one, at=now, action="opened", numbers=one.numbers) for one in new]
        versions += [_version(one, now) for one in new]
        FindingEvent.objects.bulk_create(events, batch_size=_BATCH)
        FindingVersion.objects.bulk_create(versions, batch_size=_BATCH)
    return len(changed) + len(new)


def _known(asked: Asked) -> Iterable[Finding]:
    """The findings there are of what is asked, held until the transaction ends."""
    rules = {rule for rule, _place in asked}
    contests = {place[0] for _rule, place in asked}
    stations = {place[2] for _rule, place in asked if place[1] == "station"}
    regions = {place[2] for _rule, place in asked if place[1] == "region"}
    where = Q(station__in=stations) | Q(station=None, region__in=regions)
    rows = Finding.objects.select_for_update(of=("self",)).filter(where, contest__in=contests, rule__in=rules)
    return [finding for finding in rows.order_by("pk") if _key(finding) in asked]


def _key(finding: Finding) -> tuple[str, tuple[int, str, int]]:
    if finding.station_id is None:
        return finding.rule, (finding.contest_id, "region", finding.region_id)
    return finding.rule, (finding.contest_id, "station", finding.station_id)


def _new(one: Found, now: datetime) -> Finding:
    return Finding(
        rule=one.rule,
        contest_id=one.place.contest,
        region_id=one.place.region,
        station_id=one.place.station,
        severity=one.severity,
        numbers=dict(one.numbers),
        suggestions=list(one.suggestions),
        basis=one.digest,
        stake=one.stake,
        opened_at=now,
        updated_at=now,
    )


def _move(finding: Finding, one: Found, now: datetime) -> str | None:
    """Bring ``finding`` up to ``one``; return what happened to it, or ``None`` where nothing did."""
    same_basis = finding.basis == one.digest
    if not finding.is_active and same_basis and finding.state != FindingState.CLOSED:
        # A person answered for these very figures.
        if not finding.numbers.get(PAST):
            return None
        finding.numbers, finding.updated_at = dict(one.numbers), now
        return "refreshed"
    plain: Sequence[tuple[str, Any]] = (
        ("numbers", dict(one.numbers)),
        ("suggestions", list(one.suggestions)),
        ("severity", int(one.severity)),
        ("stake", one.stake),
        ("region_id", one.place.region),
    )
    differs = any(getattr(finding, name) != value for name, value in plain)
    if finding.is_active and not differs and same_basis:
        return None
    again = not finding.is_active
    new_version = again or not same_basis or finding.severity != one.severity
    for name, value in plain:
        setattr(finding, name, value)
    finding.basis, finding.updated_at = one.digest, now
    if new_version:
        finding.version += 1
    if again:
        finding.state, finding.closed_at, finding.assigned_to = FindingState.OPEN, None, None
        return "reopened"
    return "updated" if new_version else "refreshed"


def _close(finding: Finding, now: datetime) -> str | None:
    if finding.state == FindingState.CONFIRMED and not finding.numbers.get(PAST):
        # The answer stays; but votes that a corrected document gave back are not missing any more.
        finding.numbers, finding.updated_at = finding.numbers | {PAST: True}, now
        return "past"
    if not finding.is_active:
        return None
    finding.state, finding.closed_at, finding.updated_at = FindingState.CLOSED, now, now
    return "closed"


def _version(finding: Finding, now: datetime) -> FindingVersion:
    return FindingVersion(
        finding=finding,
        number=finding.version,
        at=now,
        severity=finding.severity,
        numbers=finding.numbers,
        suggestions=finding.suggestions,
    )
