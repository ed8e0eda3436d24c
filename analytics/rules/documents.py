"""Rules D: one document against another. What they find needs no statistics.

D1 two readings of one photo · D2 our C1 against the official figure of the TPS · D3 the C1s of an area
against its recap form (D.Hasil) · D4 the same while C1s are missing. Figures are votes. A blank box is
no zero: in a reading it differs from one, in a sum it makes the C1 incomplete for that pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from analytics.rules.settings import DEFAULTS, RuleSettings
from analytics.rules.severity import Severity
from tallies.checks import reaches_share

Votes = Mapping[int, int | None]


@dataclass(frozen=True)
class Difference:
    """One pair's votes in two documents; ``None`` is a blank box."""

    pair: int
    first: int | None
    second: int | None


@dataclass(frozen=True)
class TwoReadings:
    """D1. ``is_swap``: the second has the first's figures in other rows."""

    severity: Severity
    differences: tuple[Difference, ...]
    is_swap: bool
    code: str = "D1"


@dataclass(frozen=True)
class OfficialDiffers:
    """D2. ``margin_votes``: by how much our lead over the rival is larger on our C1 (negative: smaller).

    ``None`` where a box that it needs is blank.
    """

    severity: Severity
    differences: tuple[Difference, ...]
    margin_votes: int | None
    code: str = "D2"


def two_readings(first: Votes, second: Votes) -> TwoReadings | None:
    """D1: x_ij(1) ≠ x_ij(2) for any pair. Until somebody settles it; who is right is not known."""
    found = _differences(first, second)
    if not found:
        return None
    before, after = [one.first for one in found], [one.second for one in found]
    is_swap = sorted(before, key=_blank_first) == sorted(after, key=_blank_first)
    return TwoReadings(Severity.HIGH, found, is_swap)


def official_figure(
    ours: Votes,
    official: Votes,
    *,
    own: int,
    rival: int,
    area_margin: int,
    settings: RuleSettings = DEFAULTS,
) -> OfficialDiffers | None:
    """D2: x_ij(official) ≠ x_ij. Critical from a quarter of the area's margin on.

    ``own`` and ``rival`` are the numbers of our pair and of the strongest other in the area,
    ``area_margin`` the votes between them there, of either sign. What counts is by how much the
    difference moves that margin, in whichever direction: a mistake in our favour is one too.
    """
    found = _differences(ours, official)
    if not found:
        return None
    moved = _margin_moved(ours, official, own, rival)
    return OfficialDiffers(weight_of_margin(moved, area_margin, settings), found, moved)


def weight_of_margin(moved: int | None, area_margin: int, settings: RuleSettings = DEFAULTS) -> Severity:
    """Return how much a document weighs that moves the area's margin by so many votes, in either direction."""
    decides = bool(moved) and reaches_share(abs(moved or 0), abs(area_margin), settings.margin_share)
    return Severity.CRITICAL if decides else Severity.HIGH


# The recap


class RecapKind(StrEnum):
    """What became of the votes between the C1s and the recap; d is recap minus C1s.

    SHIFT (*pergeseran*): our pair lost, the sum is the same. PADDING (*penggelembungan*): a pair gained and the
    sum grew. REMOVAL (*pengurangan*): our pair lost and the sum shrank. OTHER: any other difference, one
    in our favour too. UNDECIDED: with C1s missing, something is proven, which of them is not.
    """

    SHIFT = "shift"
    PADDING = "padding"
    REMOVAL = "removal"
    OTHER = "other"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class StationC1:
    """What we hold of one TPS: its votes, ``None`` without a C1; and the most it can have cast.

    ``ballots``: surat suara diterima, or what stands for it (DPT + reserve); ``None`` when unknown.
    """

    votes: Votes | None
    ballots: int | None = None


@dataclass(frozen=True)
class Bound:
    """Between what an honest recap's figure lies; ``pair`` is ``None`` for the sum of all.

    ``highest`` is ``None`` where a missing TPS's ballots are unknown. With every C1 in hand both are the sum.
    """

    pair: int | None
    recap: int
    lowest: int
    highest: int | None

    @property
    def proven(self) -> int:
        """Votes by which the recap is provably above (positive) or below (negative) what is possible."""
        if self.recap < self.lowest:
            return self.recap - self.lowest
        if self.highest is not None and self.recap > self.highest:
            return self.recap - self.highest
        return 0

    @property
    def hidden_loss(self) -> int | None:
        """How many votes may be gone at most without anybody being able to prove it."""
        return None if self.highest is None else max(0, self.highest - max(self.recap, self.lowest))

    @property
    def hidden_gain(self) -> int:
        """How many votes may have been added at most without anybody being able to prove it."""
        top = self.recap if self.highest is None else min(self.recap, self.highest)
        return max(0, top - self.lowest)


@dataclass(frozen=True)
class RecapComparison:
    """D3 (``missing`` 0) or D4. Without ``kind`` nothing is proven; the bounds say how much could hide.

    ``total`` is the bound of all pairs together, ``None`` where a row of the recap is blank.
    """

    kind: RecapKind | None
    severity: Severity | None
    bounds: tuple[Bound, ...]
    total: Bound | None
    missing: int

    @property
    def code(self) -> str:
        return "D4" if self.missing else "D3"

    @property
    def proven(self) -> dict[int, int]:
        """Votes proven per pair: recap minus C1s where all are in hand, else the part beyond the bound."""
        return {one.pair: one.proven for one in self.bounds if one.pair is not None and one.proven}


def recap_against_c1s(stations: Sequence[StationC1], recap: Votes, *, own: int) -> RecapComparison:
    """D3 and D4: hold an area's recap form against the C1s of its TPS.

    D3, all C1s in hand: d_j = R_j - sum of x_ij. D4, some missing: R_j is impossible below what the
    C1s in hand give pair j, and above that plus every ballot of the missing TPS. The missing ballots
    are counted once for all pairs together as well: two pairs cannot each have all of them. ``own`` is our
    pair's number. A C1 with a blank row is missing for that pair.
    """
    bounds = tuple(_bound(pair, written, stations) for pair, written in sorted(recap.items()) if written is not None)
    total = _total(bounds, recap, stations)
    missing = sum(not _is_whole(one, recap) for one in stations)
    kind = _kind_partial(bounds, total, own) if missing else _kind(bounds, total, own)
    severity = None if kind is None else Severity.HIGH if kind is RecapKind.OTHER else Severity.CRITICAL
    return RecapComparison(kind, severity, bounds, total, missing)


# Small parts


def _differences(first: Votes, second: Votes) -> tuple[Difference, ...]:
    pairs = sorted({*first, *second})
    return tuple(
        Difference(pair, first.get(pair), second.get(pair)) for pair in pairs if first.get(pair) != second.get(pair)
    )


def _blank_first(votes: int | None) -> int:
    return -1 if votes is None else votes


def _margin_moved(ours: Votes, official: Votes, own: int, rival: int) -> int | None:
    known = [votes.get(pair) for votes in (ours, official) for pair in (own, rival)]
    filled = [one for one in known if one is not None]
    if len(filled) < len(known):
        return None
    return (filled[0] - filled[1]) - (filled[2] - filled[3])


def _is_whole(station: StationC1, pairs: Iterable[int]) -> bool:
    return station.votes is not None and all(station.votes.get(pair) is not None for pair in pairs)


def _bound(pair: int, written: int, stations: Sequence[StationC1]) -> Bound:
    lowest, highest = 0, 0
    unlimited = False
    for station in stations:
        votes = None if station.votes is None else station.votes.get(pair)
        if votes is not None:
            lowest += votes
        elif station.ballots is None:
            unlimited = True
        else:
            # Other rows of a form with one blank row are known: their votes are not to be had twice.
            highest += max(0, station.ballots - _known(station))
    return Bound(pair, written, lowest, None if unlimited else lowest + highest)


def _total(bounds: Sequence[Bound], recap: Votes, stations: Sequence[StationC1]) -> Bound | None:
    if not bounds or len(bounds) < len(recap):
        return None
    lowest = sum(one.lowest for one in bounds)
    broken = [one for one in stations if not _is_whole(one, recap)]
    ballots = [one.ballots for one in broken]
    highest: int | None = lowest
    for station, most in zip(broken, ballots, strict=True):
        highest = None if highest is None or most is None else highest + max(0, most - _known(station))
    return Bound(None, sum(one.recap for one in bounds), lowest, highest)


def _known(station: StationC1) -> int:
    """Votes of the rows of a station that are filled."""
    return sum(votes or 0 for votes in (station.votes or {}).values())


def _kind(bounds: Sequence[Bound], total: Bound | None, own: int) -> RecapKind | None:
    differences = {one.pair: one.proven for one in bounds}
    if not any(differences.values()):
        return None
    ours = differences.get(own, 0)
    whole = None if total is None else total.proven
    if whole is None:
        return RecapKind.UNDECIDED
    if whole > 0:
        return RecapKind.PADDING
    if ours < 0:
        return RecapKind.REMOVAL if whole else RecapKind.SHIFT
    return RecapKind.OTHER


def _kind_partial(bounds: Sequence[Bound], total: Bound | None, own: int) -> RecapKind | None:
    proven = {one.pair: one.proven for one in bounds}
    whole = 0 if total is None else total.proven
    if whole > 0:
        return RecapKind.PADDING
    if whole < 0:
        return RecapKind.REMOVAL if proven.get(own, 0) < 0 else RecapKind.OTHER
    return RecapKind.UNDECIDED if any(proven.values()) else None
