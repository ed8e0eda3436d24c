"""Which coordinators act on which forms of the night, and what is sent after they did. Pure but for chance."""

from __future__ import annotations

import random
from dataclasses import replace

from drill import papers
from drill.desks import AT_ONCE, Act
from drill.papers import Paper
from drill.queues import Send, Witness

#: Of the stations: those where a coordinator acts, and how often each thing is done there.
DECIDED = 0.05
SHARES = {"verify": 0.35, AT_ONCE: 0.15, "reject": 0.2, "correct": 0.15, "move": 0.15}
#: So much later a coordinator looks at a form, in shares of the night; so much after that the witness sends anew.
LOOKED_AT, ANEW = (0.005, 0.05), 0.02


class Desks:
    """``coordinators``: two cookies a kabupaten. ``waiting``: witnesses in the order in which they send."""

    def __init__(
        self, coordinators: dict[str, list[str]], waiting: list[tuple[Witness, float]], contest: int, seconds: float
    ) -> None:
        self.coordinators, self.contest, self.seconds = coordinators, contest, seconds
        #: Whose forms are sent by the phone of another station, because one was moved to theirs.
        self.taken: set[int] = set()
        self._last: dict[str, list[tuple[Witness, float]]] = {}
        for witness, due in waiting:
            self._last.setdefault(witness.regency, []).append((witness, due))

    def acts(self, witness: Witness, first: Paper, due: float, chance: random.Random) -> list[Send | Act]:
        """What happens to this station's form, if anything does; all that touches a station is in one queue."""
        cookies = self.coordinators.get(witness.regency)
        if cookies is None or chance.random() >= DECIDED:
            return []
        kind = chance.choices(list(SHARES), list(SHARES.values()))[0]
        at = min(due + chance.uniform(*LOOKED_AT) * self.seconds, self.seconds)
        anew = Send("anew", papers.read_anew(first, 3, 5), min(at + ANEW * self.seconds, self.seconds))
        one = (chance.choice(cookies),)
        if kind == "reject":
            return [Act("reject", first, at, one, witness.result), anew]
        if kind == "correct":
            corrected = replace(papers.read_anew(first, 2, 3), supersedes=first.key)
            return [Act("correct", corrected, at, one, witness.result)]
        if kind == "move" and (target := self._free(witness)) is not None:
            other, its_due = target
            to = (other.station, other.village, other.number)
            theirs = papers.paper(other.station, self.contest, chance)
            own = Send("first", theirs, max(its_due, at), cookie=other.cookie)
            return [Act("move", first, at, one, witness.result, to), anew, own]
        both = kind == AT_ONCE
        return [Act(kind if both else "verify", first, at, tuple(cookies) if both else one, witness.result)]

    def settle(self, witness: Witness, first: Paper, at: float) -> Act:
        """The counted form against a later one: verified, it stands."""
        return Act("verify", first, min(at, self.seconds), (self.coordinators[witness.regency][1],), witness.result)

    def _free(self, witness: Witness) -> tuple[Witness, float] | None:
        """A station of the same kabupaten of which nothing is in: that of the last to send."""
        last = self._last[witness.regency]
        if not last or last[-1][0].station == witness.station:
            return None
        found = last.pop()
        self.taken.add(found[0].station)
        return found

    def begins(self, witness: Witness) -> bool:
        """False when this station's forms are in another queue; from now on nothing is moved to it."""
        if witness.station in self.taken:
            return False
        last = self._last[witness.regency]
        if last and last[0][0].station == witness.station:
            last.pop(0)
        return True
