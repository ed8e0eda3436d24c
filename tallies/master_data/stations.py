"""TPS with their DPT. What a file leaves blank stays as it is; no TPS is ever removed by a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from regions.models import Region
from sista.spreadsheets import cells
from sista.spreadsheets.headers import Field
from sista.spreadsheets.records import Record
from tallies import preparation
from tallies.importing.confirming import NotUndone
from tallies.importing.places import STATION_FIELDS, station_place, villages
from tallies.importing.previewing import CHANGED, Batch
from tallies.master_data.judging import Judge, Row, changes_of, write_down
from tallies.master_data.standing import stands_on, still_as_written, write_removal
from tallies.models import C1Form, Contest, ExaminationRow, MasterImport, OutboxRow, PollingStation, StationResult

THING = "pollingstation"
MALE, FEMALE = "registered_male", "registered_female"
_FIGURE = cells.whole_number(4)

FIELDS = (
    *STATION_FIELDS,
    Field(
        MALE, _lazy("DPT laki-laki"), ("dpt l", "laki laki", "l", "lk", "pemilih laki laki", "dpt lk"), required=False
    ),
    Field(
        FEMALE,
        _lazy("DPT perempuan"),
        ("dpt p", "perempuan", "p", "pr", "pemilih perempuan", "dpt pr"),
        required=False,
    ),
)
EXAMPLE = (
    ("kode_desa", "nomor_tps", "dpt_l", "dpt_p"),
    ("35.07.05.2001", "1", "148", "152"),
)


class StationPlaces:
    """The TPS that the rows of a batch name, two queries a batch."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self.places: dict[int, tuple[str | None, int | None]] = {}
        self.regions: dict[str, Region] = {}
        self.stations: dict[tuple[int, int], PollingStation] = {}

    def read(self, records: Sequence[Record], place: Any = station_place) -> None:
        self.places = {record.line: place(record) for record in records}
        self.regions = villages({code for code, _number in self.places.values() if code})
        there = PollingStation.objects.filter(
            election=self._judge.one.election_id, region__in={region.pk for region in self.regions.values()}
        )
        self.stations = {(each.region_id, each.number): each for each in self._judge.locked(there.order_by("pk"))}

    def region(self, record: Record) -> Region | None:
        code = self.places[record.line][0]
        return self._judge.region_of(record, self.regions.get(code), code) if code else None

    def station(self, record: Record) -> PollingStation | None:
        """The TPS with its region; None with a problem."""
        region, (code, number) = self.region(record), self.places[record.line]
        if region is None or number is None:
            return None
        station = self.stations.get((region.pk, number))
        if station is None:
            return record.refuse(_("TPS ini tidak ada"), value=f"{code}.{number:03d}")
        station.region = region
        return station


class StationJudge(Judge):
    _contests: list[Contest]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._places = StationPlaces(self)

    def look_up(self, records: Sequence[Record]) -> None:
        # Again for each batch: one that began meanwhile counts the TPS that come now.
        self._contests = list(Contest.objects.filter(election=self.one.election_id).select_related("region"))
        self._places.read(records)

    def judged(self, record: Record, batch: Batch) -> Row | None:
        region, number = self._places.region(record), self._places.places[record.line][1]
        male, female = record.read(MALE, _FIGURE), record.read(FEMALE, _FIGURE)
        if region is None or number is None:
            return None
        if not number:
            return record.refuse(_("nomor TPS mulai dari 1"), value=number)
        self.once(
            record, (region.pk, number), batch, _("TPS ini sudah ada di baris %(line)s. Keduanya tidak dipakai")
        )
        station = self._places.stations.get((region.pk, number))
        if station is None:
            if self._contests and not any(contest.region.contains(region) for contest in self._contests):
                return record.refuse(_("tidak ada kontes pemilihan ini di desa ini"), value=region.code)
            new = PollingStation(election_id=self.one.election_id, region=region, number=number)
            return Row(record.line, None, {MALE: male, FEMALE: female}, new)
        station.region = region
        before = {MALE: station.registered_male, FEMALE: station.registered_female}
        said = {MALE: male, FEMALE: female}
        return Row(record.line, before, before | {name: it for name, it in said.items() if it is not None}, station)

    def notes(self, rows: list[Row], kinds: Sequence[str]) -> list[tuple[int, str]]:
        changed = {row.thing.pk: row for row in rows if row.news == CHANGED}
        with_forms = (
            C1Form.objects.filter(station__in=changed).order_by().values_list("station", flat=True).distinct()
        )
        return [
            (changed[pk].line, _dpt_changes(changed[pk]))
            for pk in sorted(with_forms, key=lambda pk: changed[pk].line)
        ]

    def write(self, rows: list[Row], *, by: Any) -> None:
        for row in rows:
            row.thing.registered_male, row.thing.registered_female = row.after[MALE], row.after[FEMALE]
        new = [row.thing for row in rows if row.before is None]
        changed = [row.thing for row in rows if row.before is not None]
        how = {"batch_size": 1000, "default_user": by, "default_change_reason": self.reason}
        if new:
            bulk_create_with_history(new, PollingStation, **how)
            preparation.take_in(new, self._contests)
        if changed:
            bulk_update_with_history(changed, PollingStation, [MALE, FEMALE], **how)
            preparation.recount(changed, self._contests)
        write_down(self.one, ((THING, row.thing.pk, row) for row in rows))


def _dpt_changes(row: Row) -> str:
    """Said of a TPS whose C1 is in: its checks were made against the DPT before."""
    return _("%(station)s sudah punya C1: DPT L %(male)s → %(new_male)s, P %(female)s → %(new_female)s") % {
        "station": row.thing.code,
        "male": _known((row.before or {})[MALE]),
        "female": _known((row.before or {})[FEMALE]),
        "new_male": _known(row.after[MALE]),
        "new_female": _known(row.after[FEMALE]),
    }


def _known(figure: int | None) -> str:
    return "–" if figure is None else str(figure)


def take_back(one: MasterImport, *, by: Any) -> int:
    """Remove the TPS that ``one`` made and let the DPT before stand again.

    Raises `NotUndone` where a form, an assignment or anything else stands on such a TPS, or a DPT was changed since.
    """
    contests = list(Contest.objects.filter(election=one.election_id).select_related("region"))
    why, number = f"batal impor {one.uuid}", 0
    for part in changes_of(one):
        there = PollingStation.objects.select_related("region").select_for_update(of=("self",)).order_by("pk")
        stations = there.in_bulk([each.key for each in part])
        made, changed = [], []
        for each in part:
            station = stations.get(each.key)
            if station is None:
                continue
            still_as_written({MALE: station.registered_male, FEMALE: station.registered_female}, each, station.code)
            if each.before is None:
                made.append(station)
            else:
                station.registered_male, station.registered_female = each.before[MALE], each.before[FEMALE]
                changed.append(station)
        _remove(made, by=by, why=why)
        if changed:
            bulk_update_with_history(
                changed, PollingStation, [MALE, FEMALE], default_user=by, default_change_reason=why, batch_size=1000
            )
        preparation.recount([*made, *changed], contests)
        number += len(made) + len(changed)
    return number


#: Rows that come with a station and say nothing of their own.
_COME_ALONG = (StationResult, ExaminationRow, OutboxRow)


def _remove(stations: list[PollingStation], *, by: Any, why: str) -> None:
    keys = [station.pk for station in stations]
    results = StationResult.objects.filter(station__in=keys).values_list("pk", flat=True)
    if stands_on(PollingStation, keys, but=_COME_ALONG) or stands_on(StationResult, list(results)):
        raise NotUndone(_("Sudah ada C1, penugasan, atau catatan lain di TPS yang dibuat impor ini."))
    write_removal(stations, by=by, why=why)
    for model in _COME_ALONG:
        # Nothing stands on them: no need to collect what does, row by row.
        model.objects.filter(station__in=keys)._raw_delete(connection.alias)  # type: ignore[attr-defined]
    PollingStation.objects.filter(pk__in=keys)._raw_delete(connection.alias)  # type: ignore[attr-defined]
