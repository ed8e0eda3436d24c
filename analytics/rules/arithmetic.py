"""Rules H: one form against itself and against the register of its TPS.

The relations of the form are those of ``tallies.checks``, asked once a cause: a mistyped *sah* that breaks
both of its sums is one finding, not two. 4-6% of all forms on which two readings agree break
one of them, so that each is a reason to look at the photo and none a reason to refuse. Figures are votes
or voters; a relation with a blank box is not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.rules.settings import DEFAULTS, RuleSettings
from analytics.rules.severity import Severity
from tallies.checks import Contradiction, check, reaches_share, reserve_ballots
from tallies.figures import Figures, StationFacts, Thresholds

_SUM_OF_PAIRS, _LIMIT = "C1-E09", "C1-E10"


@dataclass(frozen=True)
class BrokenRelation:
    """H1, H2 or H3. ``gap``: the left side minus the right one, in votes."""

    code: str
    severity: Severity
    relation: Contradiction

    @property
    def gap(self) -> int:
        return self.relation.left - self.relation.right


@dataclass(frozen=True)
class AboveRegister:
    """H4. ``votes_cast`` is n + u, ``allowed`` DPT + reserve.

    ``additional`` (DPPh + DPTb) and ``ballots`` (received) are what the form says, ``None`` where it
    does not: ask for those first. In 7,610 of 8,163 TPS of 2019 this was true in both readings.
    """

    severity: Severity
    votes_cast: int
    allowed: int
    additional: int | None
    ballots: int | None
    code: str = "H4"


@dataclass(frozen=True)
class FullTurnout:
    """H5 of one TPS. Base rate 1.8%."""

    severity: Severity
    voters: int
    code: str = "H5"


@dataclass(frozen=True)
class FullTurnoutArea:
    """H5 of a desa: ``stations`` of ``compared`` TPS had every registered voter come."""

    severity: Severity
    stations: int
    compared: int
    code: str = "H5"


Arithmetic = BrokenRelation | AboveRegister | FullTurnout


def examine(
    figures: Figures,
    station: StationFacts,
    thresholds: Thresholds,
    *,
    own: int,
    exempt: bool = False,
    settings: RuleSettings = DEFAULTS,
) -> tuple[Arithmetic, ...]:
    """Return everything the arithmetic of one form says, H1 to H5, one finding a cause.

    ``own``: number of our pair. ``exempt``: the TPS is known to hold more voters than its register
    (pesantren, lapas, rumah sakit).
    """
    broken = broken_relations(figures, station, thresholds, own=own, settings=settings)
    found: list[Arithmetic] = list(broken)
    above = above_register(figures, station, thresholds, exempt=exempt)
    # The form's own limit counts DPPh and DPTb too: where it is broken it says the same and more.
    limits_told = any(one.relation.code == _LIMIT for one in broken)
    if above is not None and not limits_told:
        found.append(above)
    full = full_turnout(figures, station)
    return tuple(found) if full is None else (*found, full)


def broken_relations(
    figures: Figures,
    station: StationFacts,
    thresholds: Thresholds,
    *,
    own: int,
    settings: RuleSettings = DEFAULTS,
) -> tuple[BrokenRelation, ...]:
    """H1 (sum of the pairs ≠ n), H3 (n + u > ballots received) and H2 (every other relation), sorted by code.

    H1 is high from ten votes on, or where it is larger than the margin of our pair at this TPS, of
    either sign.
    """
    return tuple(_broken(one, figures, own, settings) for one in check(figures, station, thresholds) if one.is_error)


def above_register(
    figures: Figures, station: StationFacts, thresholds: Thresholds, *, exempt: bool = False
) -> AboveRegister | None:
    """H4: n + u > D + ceil(c·D). None where DPPh and DPTb on the form account for it.

    D is that of the master data, else the form's: a mistyped DPT must not excuse too many votes. Where
    *sah* is blank the sum of the pairs stands in for it.
    """
    registered = station.registered_voters
    if registered is None:
        registered = figures.get("registered_dpt")
    valid, invalid = figures.effective_valid, figures.get("invalid_votes")
    if exempt or registered is None or valid is None or invalid is None:
        return None
    allowed = registered + reserve_ballots(registered, thresholds.reserve_rate)
    moved_in = figures.known(("registered_dpph", "registered_dptb"))
    additional = None if moved_in is None else sum(moved_in)
    if valid + invalid <= allowed + (additional or 0):
        return None
    return AboveRegister(Severity.MEDIUM, valid + invalid, allowed, additional, figures.get("ballots_received"))


def full_turnout(figures: Figures, station: StationFacts) -> FullTurnout | None:
    """H5: B = D exactly. Nobody came of nobody registered is no turnout."""
    voters, registered = figures.get("voters_total"), station.registered_voters
    if registered is None:
        registered = figures.get("registered_dpt")
    if not voters or voters != registered:
        return None
    return FullTurnout(Severity.INFO, voters)


def full_turnout_area(full: Sequence[bool], settings: RuleSettings = DEFAULTS) -> FullTurnoutArea | None:
    """H5 of a desa: one entry a TPS whose B and D are known. A look from 30% of them on, and at two or more."""
    stations = sum(full)
    if stations < 2 or not reaches_share(stations, len(full), settings.full_turnout_share):
        return None
    return FullTurnoutArea(Severity.MEDIUM, stations, len(full))


# Small parts


def _broken(one: Contradiction, figures: Figures, own: int, settings: RuleSettings) -> BrokenRelation:
    if one.code == _SUM_OF_PAIRS:
        return BrokenRelation("H1", _weight_of_sum(abs(one.left - one.right), figures, own, settings), one)
    if one.code == _LIMIT and one.row == "ballots_received":
        return BrokenRelation("H3", Severity.HIGH, one)
    return BrokenRelation("H2", Severity.MEDIUM, one)


def _weight_of_sum(gap: int, figures: Figures, own: int, settings: RuleSettings) -> Severity:
    margin = _margin(figures, own)
    decides = margin is not None and gap > abs(margin)
    return Severity.HIGH if decides or gap >= settings.sum_high else Severity.MEDIUM


def _margin(figures: Figures, own: int) -> int | None:
    """Return our pair's lead over the strongest other, or ``None`` without either."""
    ours = figures.votes.get(own)
    others = [votes for pair, votes in figures.votes.items() if pair != own and votes is not None]
    return None if ours is None or not others else ours - max(others)
