"""The relations a C1 must keep, as pure arithmetic.

A contradiction is recorded and shown, never a reason to refuse a form: the
paper itself may be wrong, and the witness types what is written. A relation is
looked at only when all of its boxes are filled; a blank box is not a zero.

What ``Contradiction.left`` and ``Contradiction.right`` hold:

=======  ===================================  ==================================  =====================
code     left                                 right                               row
=======  ===================================  ==================================  =====================
C1-E01   L + P                                jumlah                              row of the form
C1-E02   DPT + DPPh + DPTb                    jumlah pemilih                      registered_total[_x]
C1-E03   the same of pengguna                 jumlah pengguna                     voters_total[_x]
C1-E04   pengguna DPT                         DPT                                 voters_dpt[_x]
C1-E05   disabilitas                          jumlah pengguna                     disabled_voters[_x]
C1-E06   digunakan + rusak + tidak digunakan  diterima
C1-E07   sah + tidak sah                      digunakan
C1-E08   sah + tidak sah                      jumlah pengguna
C1-E09   sum of the pairs                     sah
C1-E10   sah + tidak sah                      diterima                            ballots_received
C1-E10   sah + tidak sah                      DPT + DPPh + DPTb + reserve         registered_dpt
C1-E11   sah + tidak sah                      jumlah suara sah dan tidak sah
C1-W01   DPT + reserve                        diterima
C1-W02   DPT                                  the election's cap
C1-W03   votes cast                           the most the turnout limit allows
C1-W04   tidak sah                            sah + tidak sah
C1-W05   votes of the pair that has all of    sah (0 when blank)
         them; 0 when no pair has all
C1-W06   0, the sum of the figures            how many figures are filled
C1-W07   DPT on the form                      DPT in the master data
C1-W08   how many boxes differ                how many are filled in one of them
=======  ===================================  ==================================  =====================

``[_x]`` is ``_male``, ``_female`` or nothing (jumlah). ``fields`` names only
boxes of the form: a DPT taken from the master data has none.

**One cause, one question.** Each equality is ``total = sum of parts``, so every
box in it has the one value that would make it hold. When one box, set to one
possible value, makes every broken equality it stands in hold, and it stands in
no equality that holds already, that box may be the single cause: of those
equalities only the one with the lowest code is reported. The cause that
explains most is taken first, and one that reaches into equalities already
explained is not taken, so two mistakes are two reports. A limit (E04, E05, E10)
that holds once such a box has its implied value is not reported either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import chain
from math import ceil, floor

from tallies.figures import (
    FEMALE,
    FULL_FIELDS,
    GENDERED_ROWS,
    MALE,
    MAX_FIGURE,
    TOTAL,
    VOTE_ROWS,
    Figures,
    StationFacts,
    Thresholds,
)

#: Every code, in the order in which contradictions are reported.
CODES: tuple[str, ...] = (
    *(f"C1-E{number:02}" for number in range(1, 12)),
    *(f"C1-W{number:02}" for number in range(1, 9)),
)

_COLUMNS = (MALE, FEMALE, TOTAL)
_VOTES_CAST = ("valid_votes", "invalid_votes")
_REGISTERED = ("registered_dpt", "registered_dpph", "registered_dptb")


@dataclass(frozen=True)
class Contradiction:
    """One relation that does not hold; the table above gives ``left`` and ``right`` per code."""

    code: str
    fields: tuple[str, ...]
    left: int
    right: int
    row: str | None = None

    @property
    def is_error(self) -> bool:
        """True for an error (E), False for a warning (W)."""
        return self.code.startswith("C1-E")


@dataclass(frozen=True)
class Equality:
    """``total`` = sum of ``parts``: the coefficients are +1 on each part and -1 on the total."""

    code: str
    total: str
    parts: tuple[str, ...]
    row: str | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        return (*self.parts, self.total)

    def gap(self, figures: Figures) -> int | None:
        """Return sum of parts minus total, or ``None`` when a box is blank."""
        written = figures.get(self.total)
        if written is None:
            return None
        parts = figures.known(self.parts)
        return None if parts is None else sum(parts) - written

    def implied(self, name: str, figures: Figures) -> int:
        """Return the value of ``name`` that closes the gap, the other boxes kept."""
        gap = self.gap(figures)
        written = figures.get(name)
        assert gap is not None, "only asked of a filled equality"
        assert written is not None
        return written + gap if name == self.total else written - gap

    def contradiction(self, figures: Figures) -> Contradiction:
        known = figures.known(self.fields)
        assert known is not None, "only asked of a filled equality"
        return Contradiction(self.code, self.fields, sum(known[:-1]), known[-1], self.row)


@dataclass(frozen=True)
class _Cause:
    """One box and the value that makes every broken equality it stands in hold."""

    name: str
    value: int
    explains: tuple[Equality, ...]


#: Every equality but that of the pairs (E09), sorted by code.
EQUALITIES: tuple[Equality, ...] = (
    *(Equality("C1-E01", row, (row + MALE, row + FEMALE), row) for row in GENDERED_ROWS),
    *(
        Equality(code, total + part, tuple(row + part for row in rows), total + part)
        for code, total, rows in (
            ("C1-E02", "registered_total", _REGISTERED),
            ("C1-E03", "voters_total", ("voters_dpt", "voters_dpph", "voters_dptb")),
        )
        for part in _COLUMNS
    ),
    Equality("C1-E06", "ballots_received", ("ballots_used", "ballots_spoiled", "ballots_unused")),
    Equality("C1-E07", "ballots_used", _VOTES_CAST),
    Equality("C1-E08", "voters_total", _VOTES_CAST),
    Equality("C1-E11", "total_votes", _VOTES_CAST),
)


def check(figures: Figures, station: StationFacts, thresholds: Thresholds) -> tuple[Contradiction, ...]:
    """Return what to ask about this form, sorted by code, follow-on errors left out."""
    equalities = _equalities(figures)
    gaps = [(one, one.gap(figures)) for one in equalities]
    broken = [one for one, gap in gaps if gap]
    holding = [one for one, gap in gaps if gap == 0]
    groups, causes = _explain(broken, _possible_causes(broken, holding, figures))
    limits = list(_broken_limits(figures, thresholds))
    return _sorted(
        chain(
            # Broken equalities come sorted by code, so the first of a group is its lowest.
            (group[0].contradiction(figures) for group in groups),
            _without_follow_on_limits(limits, causes, figures, thresholds),
            _without_follow_on_warnings(list(_warnings(figures, station, thresholds)), limits),
        )
    )


def broken_relations(figures: Figures, station: StationFacts, thresholds: Thresholds) -> tuple[Contradiction, ...]:
    """Return every relation that does not hold, sorted by code, follow-on errors included.

    For evidence and counting; a person is asked what :func:`check` returns.
    """
    equalities = (one.contradiction(figures) for one in _equalities(figures) if one.gap(figures))
    return _sorted(chain(equalities, _broken_limits(figures, thresholds), _warnings(figures, station, thresholds)))


def disagreement(a: Figures, b: Figures) -> Contradiction | None:
    """Return C1-W08 with the boxes in which two readings of one TPS differ, or ``None``.

    Blank against a number differs. A row that one of the two was never asked
    for (its key is absent from ``values``: short form against full form) does
    not; every form asks for every pair, so a missing pair counts as blank.
    """
    asked = [name for name in FULL_FIELDS if name in a.values and name in b.values]
    pairs = Figures(votes={**a.votes, **b.votes}).vote_fields
    # A short form stores the rows it never asks as blank: blank on both sides is nothing compared.
    rows = _paper_order(asked, pairs)
    compared = [name for name in rows if a.get(name) is not None or b.get(name) is not None]
    differing = tuple(name for name in compared if a.get(name) != b.get(name))
    if not differing:
        return None
    return Contradiction("C1-W08", differing, len(differing), len(compared))


def reaches_share(count: int, total: int, share: Decimal) -> bool:
    """Tell whether ``count`` is ``share`` of ``total`` or more.

    At the boundary it is reached. Of a total of 0 a positive count reaches
    every share, and 0 of 0 reaches none.
    """
    if total == 0:
        return count > 0
    return Fraction(count, total) >= Fraction(share)


def reserve_ballots(registered: int, rate: Decimal) -> int:
    """Return the reserve ballots of a TPS with ``registered`` voters, rounded up."""
    return ceil(Fraction(rate) * registered)


# One cause, one question


def _equalities(figures: Figures) -> tuple[Equality, ...]:
    """Return the equalities of the form, sorted by code; E09 depends on the contest's pairs."""
    pairs = figures.vote_fields
    if not pairs:
        return EQUALITIES
    sum_of_pairs = Equality("C1-E09", "valid_votes", pairs)
    return (*EQUALITIES[:-1], sum_of_pairs, EQUALITIES[-1])


def _possible_causes(broken: Sequence[Equality], holding: Sequence[Equality], figures: Figures) -> list[_Cause]:
    """Return every box that alone could be wrong, by the rule in the module's docstring."""
    # A box confirmed by an equality that holds is no cause: changing it would break that one.
    confirmed = set(chain.from_iterable(one.fields for one in holding))
    suspects = dict.fromkeys(chain.from_iterable(one.fields for one in broken))
    causes = []
    for name in suspects:
        explains = tuple(one for one in broken if name in one.fields)
        values = {one.implied(name, figures) for one in explains}
        value = values.pop()
        if not values and name not in confirmed and 0 <= value <= MAX_FIGURE:
            causes.append(_Cause(name, value, explains))
    return causes


def _explain(broken: Sequence[Equality], causes: Sequence[_Cause]) -> tuple[list[tuple[Equality, ...]], list[_Cause]]:
    """Split ``broken`` into groups of one cause each; return them with the causes used.

    Several boxes may explain one group equally well (a lone E09 may be any
    pair); all of them are returned. An equality no box explains stands alone.
    """
    groups: list[tuple[Equality, ...]] = []
    used: list[_Cause] = []
    left = list(broken)
    while left:
        fitting = [cause for cause in causes if all(one in left for one in cause.explains)]
        sets = [cause.explains for cause in fitting]
        group = max(sets, key=len, default=(left[0],))
        groups.append(group)
        used += [cause for cause in fitting if cause.explains == group]
        left = [one for one in left if one not in group]
    return groups, used


def _without_follow_on_limits(
    limits: Sequence[Contradiction], causes: Iterable[_Cause], figures: Figures, thresholds: Thresholds
) -> Iterator[Contradiction]:
    """Yield the broken limits that no broken equality and no other limit explains."""
    explained: set[tuple[str, str | None]] = set()
    for cause in causes:
        repaired = _with_figure(figures, cause.name, cause.value)
        still = {_place(one) for one in _broken_limits(repaired, thresholds)}
        explained |= {_place(one) for one in limits} - still
    told: set[str] = set()
    for one in limits:
        # Too many men are too many voters, and more votes than ballots are more than the DPT
        # allows: of E04 and E05 the halves come before the jumlah, of E10 the ballots come first.
        follows = one.code in told and one.row in ("voters_dpt", "disabled_voters", "registered_dpt")
        if _place(one) not in explained and not follows:
            told.add(one.code)
            yield one


def _without_follow_on_warnings(
    warnings: Sequence[Contradiction], limits: Sequence[Contradiction]
) -> Iterator[Contradiction]:
    codes = {one.code for one in chain(warnings, limits)}
    for one in warnings:
        too_many_already = one.code == "C1-W03" and "C1-E10" in codes
        all_zero_already = one.code == "C1-W05" and "C1-W06" in codes
        if not too_many_already and not all_zero_already:
            yield one


# Limits: errors of the form left <= right


def _broken_limits(figures: Figures, thresholds: Thresholds) -> Iterator[Contradiction]:
    """Yield E04, E05 and E10, the halves (L, P) before the jumlah."""
    for code, row, limit in (
        ("C1-E04", "voters_dpt", "registered_dpt"),
        ("C1-E05", "disabled_voters", "voters_total"),
    ):
        for part in _COLUMNS:
            fields = (row + part, limit + part)
            known = figures.known(fields)
            if known and known[0] > known[1]:
                yield Contradiction(code, fields, known[0], known[1], row + part)
    cast = figures.known(_VOTES_CAST)
    if cast is None:
        return
    received = figures.get("ballots_received")
    if received is not None and sum(cast) > received:
        fields_cast = (*_VOTES_CAST, "ballots_received")
        yield Contradiction("C1-E10", fields_cast, sum(cast), received, "ballots_received")
    registered = figures.known(_REGISTERED)
    if registered is None:
        return
    allowed = sum(registered) + reserve_ballots(registered[0], thresholds.reserve_rate)
    if sum(cast) > allowed:
        yield Contradiction("C1-E10", (*_VOTES_CAST, *_REGISTERED), sum(cast), allowed, "registered_dpt")


# Warnings


def _warnings(figures: Figures, station: StationFacts, thresholds: Thresholds) -> Iterator[Contradiction]:
    found = (
        _ballots_delivered(figures, station, thresholds),
        _station_size(figures, station, thresholds),
        _turnout(figures, station, thresholds),
        _invalid_votes(figures, thresholds),
        _one_sided(figures),
        _all_zero(figures),
        _master_data(figures, station),
    )
    return (one for one in found if one is not None)


def _ballots_delivered(figures: Figures, station: StationFacts, thresholds: Thresholds) -> Contradiction | None:
    """C1-W01."""
    received = figures.get("ballots_received")
    registered, boxes = _registered(figures.get("registered_dpt"), station.registered_voters)
    if received is None or registered is None:
        return None
    expected = registered + reserve_ballots(registered, thresholds.reserve_rate)
    if received == expected:
        return None
    return Contradiction("C1-W01", (*boxes, "ballots_received"), expected, received)


def _station_size(figures: Figures, station: StationFacts, thresholds: Thresholds) -> Contradiction | None:
    """C1-W02."""
    cap = thresholds.station_cap
    registered, boxes = _registered(figures.get("registered_dpt"), station.registered_voters)
    if cap is None or registered is None or registered <= cap:
        return None
    return Contradiction("C1-W02", boxes, registered, cap)


def _turnout(figures: Figures, station: StationFacts, thresholds: Thresholds) -> Contradiction | None:
    """C1-W03. Where the box of the valid votes is blank, the sum of the pairs stands in for it."""
    valid, invalid = figures.effective_valid, figures.get("invalid_votes")
    # The master data first: a mistyped DPT on the form must not excuse too many votes.
    if station.registered_voters is None:
        registered, boxes = _registered(figures.get("registered_dpt"), None)
    else:
        registered, boxes = _registered(None, station.registered_voters)
    if valid is None or invalid is None or registered is None:
        return None
    limit = Fraction(thresholds.turnout_limit) * registered
    if valid + invalid <= limit:
        return None
    written = figures.get("valid_votes") is not None
    valid_boxes = ("valid_votes",) if written else figures.vote_fields
    return Contradiction("C1-W03", (*valid_boxes, "invalid_votes", *boxes), valid + invalid, floor(limit))


def _invalid_votes(figures: Figures, thresholds: Thresholds) -> Contradiction | None:
    """C1-W04: by count or by share, whichever the election sets."""
    cast = figures.known(_VOTES_CAST)
    if cast is None:
        return None
    invalid, total = cast[1], sum(cast)
    count_limit, share_limit = thresholds.invalid_count_limit, thresholds.invalid_share_limit
    many = count_limit is not None and invalid >= count_limit
    large = share_limit is not None and reaches_share(invalid, total, share_limit)
    # A limit of 0 is reached by every form but an empty one: 0 of 0 is never reached.
    if total == 0 or not (many or large):
        return None
    return Contradiction("C1-W04", ("invalid_votes", "valid_votes"), invalid, total)


def _one_sided(figures: Figures) -> Contradiction | None:
    """C1-W05, once a form; the pair that has all votes comes first in ``fields``."""
    valid = figures.get("valid_votes")
    has_all: tuple[str, ...] = ()
    # A form with a single row of votes says nothing by giving it all of them.
    if valid and len(figures.votes) > 1:
        has_all = tuple(name for name in figures.vote_fields if figures.get(name) == valid)
    has_none = tuple(name for name in figures.vote_fields if figures.get(name) == 0)
    if not has_all and not has_none:
        return None
    return Contradiction("C1-W05", (*has_all, *has_none), valid or 0 if has_all else 0, valid or 0)


def _all_zero(figures: Figures) -> Contradiction | None:
    """C1-W06: every pair is filled, and every filled box is 0."""
    if figures.pair_sum != 0:
        return None
    filled = tuple(name for name in _paper_order(FULL_FIELDS, figures.vote_fields) if figures.get(name) is not None)
    if any(figures.get(name) for name in filled):
        return None
    return Contradiction("C1-W06", filled, 0, len(filled))


def _master_data(figures: Figures, station: StationFacts) -> Contradiction | None:
    """C1-W07."""
    written, known = figures.get("registered_dpt"), station.registered_voters
    if written is None or known is None or written == known:
        return None
    return Contradiction("C1-W07", ("registered_dpt",), written, known)


# Small parts


def _registered(written: int | None, master: int | None) -> tuple[int | None, tuple[str, ...]]:
    """Return the DPT, as written or else of the master data, with the box it stands in."""
    return (master, ()) if written is None else (written, ("registered_dpt",))


def _with_figure(figures: Figures, name: str, value: int) -> Figures:
    if name.startswith("votes_"):
        votes: Mapping[int, int | None] = {**figures.votes, int(name.removeprefix("votes_")): value}
        return replace(figures, votes=votes)
    return replace(figures, values={**figures.values, name: value})


def _paper_order(names: Iterable[str], pairs: Iterable[str]) -> tuple[str, ...]:
    """Put the pairs (part IV) where the paper has them: before part V."""
    known = tuple(names)
    before = (name for name in known if name not in VOTE_ROWS)
    return (*before, *pairs, *(name for name in known if name in VOTE_ROWS))


def _place(one: Contradiction) -> tuple[str, str | None]:
    return one.code, one.row


def _sorted(found: Iterable[Contradiction]) -> tuple[Contradiction, ...]:
    # The sort is stable: within a code the order of the paper stays.
    return tuple(sorted(found, key=lambda one: one.code))
