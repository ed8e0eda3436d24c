"""Rule W explains itself: where the margin went between what was expected and what stands in the documents.

margin in the documents − margin expected = turnout + swing of the whole contest + what is left locally
+ TPS with hard flags (H3, P1) + document differences (D2–D4). Margins are our pair's votes minus those of the
strongest other pair of the *contest*, everywhere the same pair, so that margins of areas add up. Votes are whole
and the parts add up exactly: what is left locally takes the rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from analytics.rules.settings import DEFAULTS, RuleSettings
from analytics.rules.severity import Severity
from tallies.checks import reaches_share

#: Normal quantile of 3/4: MAD / 0.6745 is the standard deviation of a normal distribution.
_QUARTILE = 0.6745


@dataclass(frozen=True)
class AreaVotes:
    """One area as our C1s have it. ``valid``: votes of all pairs; ``margin``: votes, ours minus the rival's.

    ``expected``: margin as a fraction of the valid votes, ``None``: nobody said. ``turnout`` and
    ``expected_turnout``: fractions of the DPT; where one is unknown the turnout explains nothing.
    """

    valid: int
    margin: int
    expected: float | None = None
    turnout: float | None = None
    expected_turnout: float | None = None

    @property
    def difference(self) -> float | None:
        """The margin found minus the margin expected, a fraction; ``None`` where either is unknown."""
        return None if self.expected is None or not self.valid else self.margin / self.valid - self.expected

    @property
    def expected_valid(self) -> float:
        """The valid votes that the expected turnout would have brought, in the TPS that are in."""
        if not self.turnout or self.expected_turnout is None:
            return float(self.valid)
        return self.valid * self.expected_turnout / self.turnout


@dataclass(frozen=True)
class Swing:
    """What all areas have in common (their median), and how far each is from it: z by the MAD.

    ``z`` is ``None`` for an area without an expectation, and for all of them where they are too few or too equal to
    measure a spread by.
    """

    common: float | None
    z: tuple[float | None, ...]


def common_swing(areas: Sequence[AreaVotes], settings: RuleSettings = DEFAULTS) -> Swing:
    """Return the median of the differences of ``areas``, and z = 0.6745(difference − median)/MAD of each."""
    differences = [one.difference for one in areas]
    known = [one for one in differences if one is not None]
    if not known:
        return Swing(None, (None,) * len(areas))
    centre = median(known)
    spread = median(abs(one - centre) for one in known)
    if len(known) < settings.fewest_areas or spread <= 1e-12:
        return Swing(centre, (None,) * len(areas))
    return Swing(centre, tuple(None if one is None else _QUARTILE * (one - centre) / spread for one in differences))


@dataclass(frozen=True)
class LossSplit:
    """Votes of margin, negative where they were lost. ``counted`` by our C1s, ``actual`` in the documents.

    Without an expectation ``expected``, ``turnout``, ``swing`` and ``local`` are ``None``; then a win is all that was
    said (a margin above 0), and what no document explains is ``undivided``. ``valid``: what points are taken of.
    """

    expected: int | None
    turnout: int | None
    swing: int | None
    local: int | None
    undivided: int | None
    hard: int
    documents: int
    counted: int
    valid: int

    @property
    def actual(self) -> int:
        return self.counted + self.documents

    @property
    def start(self) -> int:
        """Where the waterfall begins: the margin expected, or 0 where only a win was."""
        return self.expected or 0

    @property
    def parts(self) -> tuple[tuple[str, int], ...]:
        """The known parts in the order of the waterfall; they lead from ``start`` to ``actual``."""
        named = (
            ("swing", self.swing),
            ("local", self.local),
            ("undivided", self.undivided),
            ("turnout", self.turnout),
            ("documents", self.documents),
            ("hard", self.hard),
        )
        return tuple((name, votes) for name, votes in named if votes is not None)

    def share(self, votes: int | None) -> float | None:
        """A part as a fraction of the valid votes, so that points add up as votes do."""
        return None if votes is None or not self.valid else votes / self.valid


def split_loss(
    areas: Sequence[AreaVotes], *, swing: float | None, flagged: Sequence[AreaVotes] = (), documents: int = 0
) -> LossSplit:
    """Split the loss of the area that ``areas`` make up (its kecamatan, or the one area itself).

    ``swing``: of the whole contest (`common_swing`). ``flagged``: its TPS with a hard flag. ``documents``: by how
    much the documents put our margin higher (positive) or lower (negative) than our C1s do. Where one of the areas
    has no expectation nothing is divided: a sum of some of them would be invented.
    """
    counted, valid = sum(one.margin for one in areas), sum(one.valid for one in areas)
    expectations = [one.expected for one in areas]
    if swing is None or not areas or None in expectations:
        hard = sum(one.margin for one in flagged)
        return LossSplit(None, None, None, None, counted - hard, hard, documents, counted, valid)
    expected = round(sum((one.expected or 0) * one.expected_valid for one in areas))
    turnout = round(sum((one.expected or 0) * one.valid for one in areas)) - expected
    shared = round(swing * valid)
    hard = round(sum(one.margin - ((one.expected or 0) + swing) * one.valid for one in flagged))
    local = counted - expected - turnout - shared - hard
    return LossSplit(expected, turnout, shared, local, None, hard, documents, counted, valid)


# What it means


class Cause(StrEnum):
    """DOCUMENTS_DECIDE: without what the documents differ in we would not have lost. DOCUMENTS: they hold a
    quarter of the margin or more. LOCAL: some of it is lost in places that stand out, and no document says why.
    MISSED: we would have lost anyway, the expectation was wrong. OPEN: it cannot be said yet.
    """

    DOCUMENTS_DECIDE = "documents_decide"
    DOCUMENTS = "documents"
    LOCAL = "local"
    MISSED = "missed"
    OPEN = "open"


@dataclass(frozen=True)
class Explanation:
    """``evidence``: the part of the margin that documents and hard flags hold, ``None`` where there is no margin."""

    cause: Cause
    severity: Severity
    evidence: float | None


def explain(
    split: LossSplit, *, local_z: float | None, settled: bool, settings: RuleSettings = DEFAULTS
) -> Explanation:
    """Say what a loss comes from, documents first.

    ``local_z``: z of the place that lost most against the common swing, negative for a loss. ``settled``: every TPS
    is in, or the projection says that it is lost; before that nobody's expectation has been missed.
    """
    gap = -split.actual
    documents, hard = max(0, -split.documents), max(0, -split.hard)
    evidence = (documents + hard) / gap if gap > 0 else None
    if gap > 0 and documents >= gap:
        return Explanation(Cause.DOCUMENTS_DECIDE, Severity.CRITICAL, evidence)
    if gap > 0 and reaches_share(documents + hard, gap, settings.margin_share):
        return Explanation(Cause.DOCUMENTS, Severity.HIGH, evidence)
    if local_z is not None and local_z <= -settings.area_z:
        return Explanation(Cause.LOCAL, Severity.MEDIUM, evidence)
    if settled and _lost_anyway(split):
        return Explanation(Cause.MISSED, Severity.INFO, evidence)
    return Explanation(Cause.OPEN, Severity.MEDIUM, evidence)


def _lost_anyway(split: LossSplit) -> bool:
    """Whether what all places have in common is a loss by itself; without an expectation, what no paper explains."""
    if split.expected is None:
        return (split.undivided or 0) < 0
    return split.expected + (split.turnout or 0) + (split.swing or 0) < 0
