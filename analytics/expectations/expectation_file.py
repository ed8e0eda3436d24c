"""Read a file of expected shares: what each row says of a place, and what is wrong with the others."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import astuple, dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regions.models import Region
from sista.spreadsheets import cells, headers
from sista.spreadsheets.cells import Unreadable
from sista.spreadsheets.headers import Field
from sista.spreadsheets.opening import Line
from sista.spreadsheets.records import Problem, Record, records
from tallies.models import Contest, PollingStation

FIELDS = (
    Field("kode", gettext_lazy("Kode wilayah"), ("wilayah", "region", "region code", "kode daerah", "code")),
    Field("tps", gettext_lazy("TPS"), ("nomor tps", "no tps", "polling station", "station"), required=False),
    Field("paslon", gettext_lazy("Nomor paslon"), ("nomor urut", "no urut", "no paslon", "pair", "pair number")),
    Field("bagian", gettext_lazy("Bagian suara"), ("share", "harapan", "bagian harapan"), required=False),
    Field("partisipasi", gettext_lazy("Partisipasi"), ("turnout",), required=False),
    Field("selisih", gettext_lazy("Selisih"), ("margin", "selisih harapan"), required=False),
    Field("sebaran", gettext_lazy("Sebaran selisih"), ("spread", "margin spread"), required=False),
    Field("sumber", gettext_lazy("Sumber"), ("source",), required=False),
    Field("tanggal", gettext_lazy("Tanggal pernyataan"), ("date", "tanggal", "stated on"), required=False),
)
#: A file with more is no statement of a person; it would also hold the one writer of SQLite too long.
MOST_ROWS = 100_000
#: Shares of one place may add up to this: they are rounded.
WHOLE = 1.005
KEYS_AT_A_TIME = 500


@dataclass(frozen=True)
class Row:
    """One row to write, by keys. Fractions; what the file does not say is None."""

    region: int
    station: int | None
    pair: int
    share: float | None
    turnout: float | None
    margin: float | None
    spread: float | None


@dataclass
class FileRead:
    """``rows`` to write as plain values, ``problems`` of the others. ``missing``: columns the file must have."""

    rows: list[tuple[Any, ...]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    source: str = ""
    stated_on: dt.date | None = None


def signed(cell: Any) -> float:
    """A margin: a share with a sign, ``−3,5%`` or ``0,12``; between −1 and 1."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return -float(cells.share(-cell)) if cell < 0 else float(cells.share(cell))
    text = str(cell).strip()
    sign = -1 if text[:1] in ("-", "−", "–") else 1
    return sign * float(cells.share(text[1:].strip() if text[:1] in "-−–+" else text))


def spread(cell: Any) -> float:
    found = float(cells.share(cell))
    if not found:
        raise Unreadable(_("sebaran 0: tidak ada harapan yang sepasti itu"))
    return found


def read_expectation(lines: Iterable[Line], contest: Contest, *, within: Region) -> FileRead:
    """Read the rows of ``contest`` that lie in ``within``, the reader's region. Nothing is written.

    Raises `FileRefused` of `sista.spreadsheets` while the lines are read.
    """
    header, rest = headers.found(lines, FIELDS)
    if header.missing or header.doubtful:
        labels = {one.name: str(one.label) for one in FIELDS}
        return FileRead(missing=[labels[name] for name in (*header.missing, *header.doubtful)])
    return _Reading(contest, within).read(list(records(header, rest)))


class _Reading:
    """One file against one contest: its places and pairs are looked up together, some hundred at a time."""

    def __init__(self, contest: Contest, within: Region) -> None:
        self.contest, self.within = contest, within
        self.pairs = {pair.number: pair for pair in contest.pairs.all()}
        self.regions: dict[str, Region] = {}
        self.stations: dict[tuple[int, int], int] = {}
        self.seen: dict[tuple[int, int | None, int], int] = {}
        self.shares: dict[tuple[int, int | None], float] = defaultdict(float)
        self.found = FileRead()

    def read(self, rows: list[Record]) -> FileRead:
        places = [self._place(row) for row in rows]
        self.regions = _regions({code for code, _tps in places if code})
        wanted = {self.regions[code].pk for code, tps in places if code in self.regions and tps is not None}
        self.stations = _stations(self.contest, wanted)
        for row, (code, tps) in zip(rows, places, strict=True):
            self._row(row, code, tps)
            self.found.problems += row.problems
        return self.found

    def _place(self, row: Record) -> tuple[str | None, int | None]:
        """The code of a region, and the number of a TPS in it: its own column, or the end of the code."""
        code = row.read("kode", cells.code, required=True)
        tps = row.read("tps", cells.whole_number(5))
        if code and tps is None and code.count(".") == 4:
            front, _dot, end = code.rpartition(".")
            if end.isascii() and end.isdecimal() and len(end) <= 5:
                return front, int(end)
        return code, tps

    def _row(self, row: Record, code: str | None, tps: int | None) -> None:
        place = self._known_place(row, code, tps) if code else None
        pair = self._known_pair(row)
        values = {
            "share": _fraction(row.read("bagian", cells.share)),
            "turnout": _fraction(row.read("partisipasi", cells.share)),
            "margin": row.read("selisih", signed),
            "spread": row.read("sebaran", spread),
        }
        self._frame(row)
        if row.problems:
            return
        if values["share"] is values["turnout"] is values["margin"] is None:
            row.refuse(_("tidak ada bagian, partisipasi, atau selisih"))
        if values["spread"] is not None and values["margin"] is None:
            row.refuse(_("sebaran tanpa selisih"), "sebaran")
        if values["margin"] is not None and pair is not None and not pair.usungan:
            row.refuse(_("selisih hanya untuk paslon usungan"), "selisih")
        if place is None or pair is None or row.problems:
            return
        self._once(row, Row(*place, pair.pk, **values))

    def _known_place(self, row: Record, code: str, tps: int | None) -> tuple[int, int | None] | None:
        region = self.regions.get(code)
        if region is None:
            row.refuse(_("kode tidak dikenal"), "kode", code)
        elif not self.contest.region.contains(region):
            row.refuse(_("di luar kontes ini"), "kode", code)
        elif not self.within.contains(region):
            row.refuse(_("di luar wilayah Anda"), "kode", code)
        elif tps is None:
            return region.pk, None
        elif (station := self.stations.get((region.pk, tps))) is None:
            row.refuse(_("TPS ini tidak ada di pemilihan ini"), "tps" if "tps" in row.header.columns else "kode", tps)
        else:
            return region.pk, station
        return None

    def _known_pair(self, row: Record) -> Any:
        number = row.read("paslon", cells.whole_number(3), required=True)
        if number is not None and number not in self.pairs:
            row.refuse(_("paslon ini tidak ada di kontes"), "paslon", number)
        return self.pairs.get(number) if number is not None else None

    def _frame(self, row: Record) -> None:
        """Source and date are of the whole expectation: the first row that says them says them for all."""
        source = row.read("sumber", cells.text(300))
        stated_on = row.read("tanggal", cells.date)
        if source and self.found.source and source != self.found.source:
            row.refuse(_("sumber lain dari baris sebelumnya"), "sumber", source)
        if stated_on and self.found.stated_on and stated_on != self.found.stated_on:
            row.refuse(_("tanggal lain dari baris sebelumnya"), "tanggal", stated_on)
        self.found.source = self.found.source or source or ""
        self.found.stated_on = self.found.stated_on or stated_on

    def _once(self, row: Record, stated: Row) -> None:
        key = (stated.region, stated.station, stated.pair)
        if key in self.seen:
            row.refuse(_("tempat dan paslon ini sudah ada di baris %(line)s") % {"line": self.seen[key]})
            return
        here = (stated.region, stated.station)
        if self.shares[here] + (stated.share or 0) > WHOLE:
            row.refuse(_("bagian semua paslon di tempat ini lebih dari 100%"), "bagian")
            return
        self.seen[key] = row.line
        self.shares[here] += stated.share or 0
        self.found.rows.append(astuple(stated))


def _fraction(value: Any) -> float | None:
    return None if value is None else float(value)


def _regions(codes: set[str]) -> dict[str, Region]:
    found: dict[str, Region] = {}
    for some in _some(sorted(codes)):
        found |= {region.code: region for region in Region.objects.filter(code__in=some)}
    return found


def _stations(contest: Contest, villages: set[int]) -> dict[tuple[int, int], int]:
    found: dict[tuple[int, int], int] = {}
    for some in _some(sorted(villages)):
        rows = PollingStation.objects.filter(election=contest.election_id, region__in=some).order_by()
        found |= {(region, number): key for region, number, key in rows.values_list("region", "number", "pk")}
    return found


def _some(keys: list[Any]) -> Iterable[list[Any]]:
    return (keys[start : start + KEYS_AT_A_TIME] for start in range(0, len(keys), KEYS_AT_A_TIME))


def numbers_of(stations: list[int]) -> dict[int, int]:
    """The number of each TPS in its desa, by key."""
    return dict(PollingStation.objects.filter(pk__in=stations).order_by().values_list("pk", "number"))
