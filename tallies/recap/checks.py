"""The relations a D.Hasil must keep, as pure arithmetic.

Recorded and asked about, never a reason to refuse: the paper itself may be
wrong, and what is written is what is typed. A relation is looked at only when
all of its boxes are filled.

======  ====================================  =====================  =============
code    left                                  right                  column
======  ====================================  =====================  =============
RK-E01  sum of the pairs                      suara sah              each
RK-E02  sah + tidak sah                       sah dan tidak sah      each
RK-E03  sah + tidak sah                       pengguna hak pilih     each
RK-E04  sah + tidak sah                       surat suara digunakan  each
RK-E05  sum of the columns, of one row        jumlah akhir           the total
RK-E06  sah + tidak sah, more than            surat suara diterima   each
RK-W01  pengguna, more than the limit allows  the limit × DPT        each
======  ====================================  =====================  =============

Of E02, E03 and E04 of one column, which share their left side, the first is
reported: one mistyped *tidak sah* is one question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor

from tallies.figures import Figures
from tallies.recap_figures import RECAP_FIELDS

CODES = ("RK-E01", "RK-E02", "RK-E03", "RK-E04", "RK-E05", "RK-E06", "RK-W01")
_VOTES_CAST = ("valid_votes", "invalid_votes")


@dataclass(frozen=True)
class RecapContradiction:
    """One relation that does not hold; the table above gives ``left`` and ``right``.

    ``region`` is the key of the column, ``row`` the last of its boxes, under which it is asked.
    """

    code: str
    region: int
    row: str
    left: int
    right: int

    @property
    def key(self) -> str:
        """Names the contradiction with its figures: after a change it is another one."""
        return f"{self.code}.{self.region}.{self.row}.{self.left}.{self.right}"

    @property
    def entry(self) -> list[str | int]:
        """How a stored form names it."""
        return [self.code, self.region, self.row]


def check(columns: Mapping[int, Figures], total: int, turnout_limit: Decimal) -> list[RecapContradiction]:
    """Return what does not hold: the columns in their order, then the sums. ``total``: key of the total column."""
    found = [one for region, figures in columns.items() for one in _within(region, figures, turnout_limit)]
    return found + list(_across(columns, total))


def _within(region: int, figures: Figures, turnout_limit: Decimal) -> Iterator[RecapContradiction]:
    pairs, valid = figures.pair_sum, figures.get("valid_votes")
    if pairs is not None and valid is not None and pairs != valid:
        yield RecapContradiction("RK-E01", region, "valid_votes", pairs, valid)
    known = figures.known(_VOTES_CAST)
    cast = None if known is None else sum(known)
    for code, row in (("RK-E02", "total_votes"), ("RK-E03", "voters_total"), ("RK-E04", "ballots_used")):
        written = figures.get(row)
        if cast is not None and written is not None and cast != written:
            yield RecapContradiction(code, region, row, cast, written)
            break
    received = figures.get("ballots_received")
    if cast is not None and received is not None and cast > received:
        yield RecapContradiction("RK-E06", region, "ballots_received", cast, received)
    voters, registered = figures.get("voters_total"), figures.get("registered_dpt")
    if voters is not None and registered is not None:
        most = floor(Fraction(turnout_limit) * registered)
        if voters > most:
            yield RecapContradiction("RK-W01", region, "voters_total", voters, most)


def _across(columns: Mapping[int, Figures], total: int) -> Iterator[RecapContradiction]:
    last = columns[total]
    parts = [figures for region, figures in columns.items() if region != total]
    for row in (*last.vote_fields, *RECAP_FIELDS):
        written, found = last.get(row), [figures.get(row) for figures in parts]
        known = [one for one in found if one is not None]
        if written is not None and found and len(known) == len(found) and sum(known) != written:
            yield RecapContradiction("RK-E05", total, row, sum(known), written)
