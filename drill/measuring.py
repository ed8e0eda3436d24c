"""Statuses, times and lags of a night, inside and outside of its faults. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from drill.answers import GOOD, NO_ANSWER, Attempt
from drill.faults import Happened
from drill.plan import LONGEST_LAG
from drill.watching import Lag

FORMS = ("first", "again", "anew", "correction", "rival")


def percentile(values: Sequence[float], share: float) -> float | None:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else None


def is_inside(moment: float, happened: Iterable[Happened]) -> bool:
    """From the beginning of a fault until everything was caught up after it.

    What was acknowledged within the bound of the lag before it need not have been counted when it began.
    """
    return any(
        one.began - LONGEST_LAG <= moment <= (float("inf") if one.recovery is None else one.ended + one.recovery)
        for one in happened
    )


def spread(seconds: Sequence[float], digits: int = 3) -> dict[str, Any]:
    found = {"p50": percentile(seconds, 0.5), "p95": percentile(seconds, 0.95), "max": max(seconds, default=None)}
    return {"number": len(seconds)} | {
        name: None if value is None else round(value, digits) for name, value in found.items()
    }


def lags(found: Sequence[Lag], happened: Sequence[Happened]) -> dict[str, Any]:
    """Seconds from acknowledgement to the national total."""
    inside = [one.seconds for one in found if is_inside(one.at, happened)]
    outside = [one.seconds for one in found if not is_inside(one.at, happened)]
    return {"outside": spread(outside), "inside": spread(inside)}


def intake(attempts: Sequence[Attempt], happened: Sequence[Happened]) -> dict[str, Any]:
    """Seconds that a form that was taken took, its connection included."""
    taken = [one for one in attempts if one.kind in FORMS and one.status in (200, 201)]
    inside = [one.seconds for one in taken if is_inside(one.at, happened)]
    outside = [one.seconds for one in taken if not is_inside(one.at, happened)]
    busiest = Counter(int(one.at) for one in taken).most_common(1)
    return {"outside": spread(outside), "inside": spread(inside), "busiest_second": busiest[0][1] if busiest else 0}


def statuses(attempts: Sequence[Attempt]) -> dict[str, Any]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for one in attempts:
        found[one.kind][str(one.status) if one.status != NO_ANSWER else "no answer"] += 1
    away = [one for one in attempts if one.status in (503, 507)]
    return {
        "by_kind": {kind: dict(sorted(counts.items())) for kind, counts in sorted(found.items())},
        "errors_500": sum(one.status in (500, 502, 504) for one in attempts),
        "away_without_retry_after": sum(not one.told_when for one in away),
    }


def refused_between(attempts: Sequence[Attempt], began: float, ended: float) -> int:
    """Forms that were refused, or not answered at all, while they were on their way between two moments."""
    meanwhile = [one for one in attempts if one.at <= ended and one.at + one.seconds >= began]
    return sum(one.kind in FORMS and one.status not in GOOD[one.kind] for one in meanwhile)
