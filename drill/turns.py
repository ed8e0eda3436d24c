"""Which faults a night has, in which order, and how long it is quiet before each. Pure.

The order is that of a bad night, not by chance, so that two rehearsals can be compared. Its first round is made
whole; what must happen often is spread over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

#: The worker is killed three times in a row; such a row, and a cut of PostgreSQL, for every five minutes.
KILLS_IN_A_ROW, SECONDS_A_ROW, MOST_ROWS = 3, 300.0, 5
#: A night that is too short for three kills has one.
SECONDS_FOR_THREE = 60.0
#: Roughly what a fault takes with its recovery, beside the time something stays switched off.
TAKES = 12.0


def rows_of(seconds: float) -> int:
    return max(1, min(MOST_ROWS, int(seconds / SECONDS_A_ROW)))


def first_round(names: Iterable[str], seconds: float) -> list[str]:
    """Every fault in order; kills of the worker and cuts of PostgreSQL as often as the night is long."""
    given = list(names)
    rows = rows_of(seconds)
    often = {"worker-kill": KILLS_IN_A_ROW if seconds >= SECONDS_FOR_THREE else 1, "postgres-cut": 1}
    others = [name for name in given if name not in often]
    turns: list[str] = []
    for row in range(rows):
        turns += ["worker-kill"] * (often["worker-kill"] if "worker-kill" in given else 0)
        mine = others[row * len(others) // rows : (row + 1) * len(others) // rows]
        turns += mine[: len(mine) // 2]
        turns += ["postgres-cut"] if "postgres-cut" in given else []
        turns += mine[len(mine) // 2 :]
    return turns


def quiet_before(turn: int, turns: Sequence[str], left: float, most: float, off: dict[str, float]) -> float:
    """Seconds of quiet before ``turns[turn]`` so that what is left of the round still fits into ``left`` seconds.

    ``off``: how long each fault keeps something switched off. A kill in the middle of a row follows quickly.
    """
    to_come = turns[turn:]
    needed = sum(TAKES + off.get(name, 0.0) for name in to_come)
    share = max(1.0, (left - needed) / (len(to_come) + 1))
    return min(most, share)
