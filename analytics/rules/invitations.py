"""H6: more voters of the register than their invitations (C6) leave room for.

An invitation that could not be delivered is that of somebody who died, moved or is unknown there: that person
hardly comes. Who lost theirs may vote with the KTP alone, so that more voters than invitations *handed out* prove
nothing by themselves. Above the whole register the form contradicts itself, which H2 says already (C1-E04).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from analytics.rules.severity import Severity
from tallies.figures import Figures, StationFacts


@dataclass(frozen=True)
class Invitations:
    """One witness's newest report; ``None`` is a blank box. ``report``: its key."""

    report: int
    received: int | None
    handed_out: int | None
    not_delivered: int | None


@dataclass(frozen=True)
class AboveInvitations:
    """H6. ``voters`` of the DPT, and the most who could come: the DPT without ``not_delivered``, or ``handed_out``.

    ``excess`` is ``voters - expected``.
    """

    severity: Severity
    voters: int
    registered: int
    expected: int
    told: Invitations
    code: str = "H6"

    @property
    def excess(self) -> int:
        return self.voters - self.expected


def above_invitations(
    figures: Figures, station: StationFacts, reports: Iterable[Invitations]
) -> AboveInvitations | None:
    """H6: pengguna DPT > DPT - not delivered, a look; > handed out alone, worth knowing.

    D is that of the master data, else the form's. Of several witnesses' reports the mildest counts: where one of
    them explains the voters, nothing is said. A report that has more undelivered than registered is left aside,
    as one whose boxes are blank.
    """
    voters, registered = figures.get("voters_dpt"), station.registered_voters
    if registered is None:
        registered = figures.get("registered_dpt")
    if voters is None or registered is None or voters > registered:
        return None
    found: list[AboveInvitations] = []
    for told in reports:
        back, out = told.not_delivered, told.handed_out
        if back is not None and back > registered:
            continue
        if back is not None and voters > registered - back:
            found.append(AboveInvitations(Severity.MEDIUM, voters, registered, registered - back, told))
        elif out is not None and voters > out:
            found.append(AboveInvitations(Severity.INFO, voters, registered, out, told))
        elif back is not None or out is not None:
            return None
    return min(found, key=lambda one: (one.severity, one.excess, one.told.report), default=None)
