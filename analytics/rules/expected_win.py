"""Rule W: an expected win that is behind or lost. Before: what was expected. Now: how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import erfc, sqrt

from analytics.rules.settings import DEFAULTS, RuleSettings


class State(StrEnum):
    WAITING = "waiting"
    LEADING = "leading"
    WON = "won"
    TIED = "tied"
    BEHIND = "behind"
    LOST = "lost"


@dataclass(frozen=True)
class Standing:
    """Where a contest stands: votes of our pair and of the strongest other, all votes of pairs, TPS."""

    party_votes: int
    rival_votes: int
    all_votes: int
    stations: int
    stations_in: int


@dataclass(frozen=True)
class Verdict:
    """``margin_votes`` is ours minus the strongest rival's; ``margin_share`` the same as a fraction.

    ``chance_behind``: of the final margin being negative, by the projection; ``None`` where none answers, and
    where every TPS is in and there is nothing left to project.
    """

    state: State
    margin_votes: int
    margin_share: float | None
    chance_behind: float | None = None
    loss_chance: float = DEFAULTS.loss_chance

    @property
    def is_off_target(self) -> bool:
        """Whether an expected win is lost, or will be by the projection, or (without one) is behind for now."""
        if self.state == State.LOST:
            return True
        if self.chance_behind is not None:
            return self.chance_behind >= self.loss_chance
        return self.state == State.BEHIND

    @property
    def is_settled(self) -> bool:
        """Whether "lost" is more than the standing of the moment: every TPS is in, or the projection says so."""
        return self.state == State.LOST or (self.chance_behind is not None and self.is_off_target)


def chance_of_winning(margin: float, spread: float) -> float:
    """Φ(margin / spread): a normal margin round what was expected. ``spread`` is positive; both fractions."""
    return erfc(-margin / spread / sqrt(2)) / 2


def expects_win(margin: float | None, spread: float | None, settings: RuleSettings = DEFAULTS) -> bool:
    """Tell whether Φ(m0/σ0) ≥ 0.80. What is expected without a spread says nothing of chances."""
    if margin is None or spread is None or spread <= 0:
        return False
    return chance_of_winning(margin, spread) >= settings.win_chance


def judge(standing: Standing, chance_behind: float | None = None, settings: RuleSettings = DEFAULTS) -> Verdict:
    """Say how our pair stands. Final words (won, lost) only when every TPS is in.

    ``chance_behind``: what the newest projection says, ``None`` where there is none or it refused.
    """
    margin = standing.party_votes - standing.rival_votes
    if standing.stations_in == 0 or standing.all_votes == 0:
        return Verdict(State.WAITING, 0, None)
    complete = standing.stations_in == standing.stations
    if margin == 0:
        state = State.TIED
    elif margin > 0:
        state = State.WON if complete else State.LEADING
    else:
        state = State.LOST if complete else State.BEHIND
    chance = None if complete else chance_behind
    return Verdict(state, margin, margin / standing.all_votes, chance, settings.loss_chance)
