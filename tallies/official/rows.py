"""The rows of a file, each found fit or told what is wrong with it. Reads, never writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.utils.translation import gettext as _

from regions.models import Region
from sista.spreadsheets import cells
from sista.spreadsheets.records import Record
from tallies.importing.places import station_place, villages
from tallies.importing.previewing import Batch, in_batches
from tallies.models import OfficialStanding, OfficialVote, PollingStation
from tallies.official.columns import INVALID, VALID, Target, pair_field

_FIGURE = cells.whole_number(4)


class Figure(NamedTuple):
    """What is said of one TPS: votes by the key of the pair, None where nothing is said."""

    valid: int | None
    invalid: int | None
    votes: tuple[tuple[int, int | None], ...]


class FitRow(NamedTuple):
    line: int
    contest: int
    region: int
    station: int
    figure: Figure


class Judge:
    """Judges the rows of one file, in order: it remembers which TPS came on which line.

    Of two rows of one TPS neither is used, for nobody knows which was meant:
    ``left_out`` are the lines that an earlier reading found to be the first of such.
    """

    def __init__(self, target: Target, left_out: Iterable[int] = ()) -> None:
        self._target = target
        self._left_out = set(left_out)
        self._lines: dict[int, int] = {}

    def batches(self, records: Iterable[Record]) -> Iterator[Batch]:
        for some in in_batches(records):
            yield self._batch(some)

    def _batch(self, records: list[Record]) -> Batch:
        batch = Batch(lines=len(records))
        places = [station_place(record) for record in records]
        regions = villages({code for code, _number in places if code})
        stations = _stations(self._target, {region.pk for region in regions.values()})
        for record, (code, number) in zip(records, places, strict=True):
            row = self._judged(record, code, number, regions, stations, batch)
            if row is None:
                batch.bad += 1
                batch.problems += record.problems
            else:
                batch.rows.append(row)
        return batch

    def _judged(
        self,
        record: Record,
        code: str | None,
        number: int | None,
        regions: dict[str, Region],
        stations: dict[tuple[int, int], int],
        batch: Batch,
    ) -> FitRow | None:
        found = self._station(record, code, number, regions, stations) if code and number is not None else None
        if found is None:
            return None
        contest, region, station = found
        before = self._lines.setdefault(station, record.line)
        if before != record.line:
            batch.spoiled.append(before)
            record.refuse(_("TPS ini sudah ada di baris %(line)s. Keduanya tidak dipakai") % {"line": before})
        elif record.line in self._left_out:
            record.refuse(_("TPS ini ada lagi di baris lain. Keduanya tidak dipakai"))
        figure = self._figure(record, contest)
        return None if record.problems else FitRow(record.line, contest, region, station, figure)

    def _station(
        self,
        record: Record,
        code: str,
        number: int,
        regions: dict[str, Region],
        stations: dict[tuple[int, int], int],
    ) -> tuple[int, int, int] | None:
        """Contest, region and station; None with a problem."""
        region = regions.get(code)
        if region is None:
            return record.refuse(_("kode desa ini tidak dikenal"), value=code)
        if not self._target.region.contains(region):
            return record.refuse(
                _("TPS ini di luar %(place)s, wilayah impor ini") % {"place": self._target.region.title}, value=code
            )
        contest = self._target.contest_at(region.first)
        if contest is None:
            return record.refuse(_("TPS ini bukan dari kontes ini"), value=code)
        station = stations.get((region.pk, number))
        if station is None:
            return record.refuse(_("TPS ini tidak ada"), value=f"{code}.{number:03d}")
        return contest.pk, region.pk, station

    def _figure(self, record: Record, contest: int) -> Figure:
        pairs = self._target.pairs[contest]
        votes = [(key, record.read(pair_field(number), _FIGURE)) for number, key in sorted(pairs.items())]
        for number in self._target.numbers:
            if number not in pairs and record.read(pair_field(number), _FIGURE) is not None:
                record.refuse(_("kontes TPS ini tidak punya paslon %(number)s") % {"number": number})
        found = Figure(record.read(VALID, _FIGURE), record.read(INVALID, _FIGURE), tuple(votes))
        if not record.problems and all(vote is None for _key, vote in votes):
            record.refuse(_("tidak ada suara paslon"))
        return found


def _stations(target: Target, regions: set[int]) -> dict[tuple[int, int], int]:
    there = PollingStation.objects.filter(election=target.election, region__in=regions).order_by()
    return {(region, number): pk for region, number, pk in there.values_list("region_id", "number", "pk")}


def standing(rows: Iterable[FitRow]) -> dict[tuple[int, int], Figure]:
    """What stands now for the contests and stations of ``rows``: two queries."""
    rows = list(rows)
    there = OfficialStanding.objects.filter(
        station__in={row.station for row in rows}, contest__in={row.contest for row in rows}
    )
    heads = {
        figure: (contest, station, valid, invalid)
        for figure, contest, station, valid, invalid in there.values_list(
            "figure_id", "contest_id", "station_id", "figure__valid_votes", "figure__invalid_votes"
        )
    }
    votes: dict[int, list[tuple[int, int | None]]] = {figure: [] for figure in heads}
    for figure, pair, vote in OfficialVote.objects.filter(figure__in=heads).values_list(
        "figure_id", "pair_id", "votes"
    ):
        votes[figure].append((pair, vote))
    return {
        (contest, station): Figure(valid, invalid, tuple(sorted(votes[figure])))
        for figure, (contest, station, valid, invalid) in heads.items()
    }


def is_news(row: FitRow, there: dict[tuple[int, int], Figure]) -> bool:
    known = there.get((row.contest, row.station))
    return known is None or known != row.figure._replace(votes=tuple(sorted(row.figure.votes)))
