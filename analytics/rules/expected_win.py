"""Rule W, at the level of a contest: an expected win that is behind or lost."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
    """``margin_votes`` is ours minus the strongest rival's; ``margin_share`` the same as a fraction."""

    state: State
    margin_votes: int
    margin_share: float | None

    @property
    def is_off_target(self) -> bool:
        """True where an expected win is behind or lost."""
        return self.state in (State.BEHIND, State.LOST)


def judge(standing: Standing) -> Verdict:
    """Say how our pair stands. Final words (won, lost) only when every TPS is in."""
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
    return Verdict(state, margin, margin / standing.all_votes)
