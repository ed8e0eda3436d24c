"""Rules T: what is not in yet, and what came in late."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from analytics.rules.settings import DEFAULTS, RuleSettings
from analytics.rules.severity import Severity


@dataclass(frozen=True)
class SilentStation:
    """A TPS that is not in. ``registered``: DPT; ``turnout`` and the shares are expected fractions.

    ``turnout`` is valid votes of the DPT, so that shares of the valid votes apply to it.
    """

    station: int
    registered: int | None
    turnout: float
    own_share: float
    rival_share: float


@dataclass(frozen=True)
class Call:
    """T1, one line of the list. ``margin_votes``: votes by which our pair is expected to lead the strongest rival."""

    station: int
    margin_votes: float


@dataclass(frozen=True)
class SilentStrongholds:
    """T1. One list, not a finding a TPS; the first call is worth most."""

    severity: Severity
    calls: tuple[Call, ...]
    code: str = "T1"


@dataclass(frozen=True)
class LateVersion:
    """T2. ``days``: after the date of the recap form (D.Hasil), ``None`` where that is not why."""

    severity: Severity
    versions: int
    days: int | None
    code: str = "T2"


def silent_strongholds(stations: Iterable[SilentStation]) -> SilentStrongholds | None:
    """T1: DPT × turnout × (own share - rival's), largest first, where it is positive; equal ones by station.

    A TPS of unknown DPT cannot be ranked and is left to the list of all that are silent.
    """
    calls = [
        Call(one.station, one.registered * one.turnout * (one.own_share - one.rival_share))
        for one in stations
        if one.registered is not None
    ]
    ranked = sorted((one for one in calls if one.margin_votes > 0), key=lambda one: (-one.margin_votes, one.station))
    return SilentStrongholds(Severity.MEDIUM, tuple(ranked)) if ranked else None


def late_version(
    *, versions: int, corrected_on: date | None, recap_on: date | None, settings: RuleSettings = DEFAULTS
) -> LateVersion | None:
    """T2: a correction after the date of the recap form, or more than three versions. The day itself is in time."""
    late = corrected_on is not None and recap_on is not None and corrected_on > recap_on
    if not late and versions <= settings.versions:
        return None
    days = (corrected_on - recap_on).days if late and corrected_on and recap_on else None
    return LateVersion(Severity.INFO, versions, days)
