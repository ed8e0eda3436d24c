"""C6 figures of TPS: reports of whoever imports them, beside those of the witnesses. A report never changes."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from sista.spreadsheets import cells
from sista.spreadsheets.headers import Field
from sista.spreadsheets.records import Record
from tallies.importing.confirming import NotUndone
from tallies.importing.places import STATION_FIELDS
from tallies.importing.previewing import Batch
from tallies.master_data.judging import Judge, Row, changes_of, write_down
from tallies.master_data.stations import StationPlaces
from tallies.models import INVITATION_FIGURES, Channel, InvitationReport, MasterImport, PollingStation
from tallies.witnesses import invitations
from tallies.witnesses.invitations import ACCEPTING_PHASES, Report

THING = "invitationreport"
FIELDS = (
    *STATION_FIELDS,
    Field("received", _lazy("C6 diterima"), ("diterima", "c6 terima"), required=False),
    Field("handed_out", _lazy("C6 dibagikan"), ("dibagikan", "terdistribusi", "c6 dibagi"), required=False),
    Field(
        "not_delivered",
        _lazy("C6 tidak tersampaikan"),
        ("tidak tersampaikan", "tidak terdistribusi", "kembali"),
        required=False,
    ),
)
EXAMPLE = (
    ("kode_desa", "nomor_tps", "c6_diterima", "c6_dibagikan", "c6_tidak_tersampaikan"),
    ("35.07.05.2001", "1", "300", "291", "9"),
)
_FIGURE = cells.whole_number(4)
_BLANK = dict.fromkeys(INVITATION_FIGURES)


class InvitationJudge(Judge):
    _newest: dict[int, InvitationReport]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._places = StationPlaces(self)

    def look_up(self, records: Sequence[Record]) -> None:
        self._places.read(records)
        self._newest = newest_imported([station.pk for station in self._places.stations.values()])

    def judged(self, record: Record, batch: Batch) -> Row | None:
        station = self._places.station(record)
        figures = {name: record.read(name, _FIGURE) for name in INVITATION_FIGURES}
        if station is None:
            return None
        if self.one.election.phase not in ACCEPTING_PHASES:
            return record.refuse(_("penerimaan C6 pemilihan ini sudah ditutup"))
        if figures == _BLANK:
            return record.refuse(_("tidak ada angka C6"))
        self.once(record, station.pk, batch, _("TPS ini sudah ada di baris %(line)s. Keduanya tidak dipakai"))
        known = self._newest.get(station.pk)
        before = None if known is None or _figures(known) == _BLANK else _figures(known)
        return Row(record.line, before, figures, station)

    def notes(self, rows: list[Row], kinds: Sequence[str]) -> list[tuple[int, str]]:
        sentence = _("%(station)s: dibagikan + tidak tersampaikan tidak sama dengan diterima")
        return [
            (row.line, sentence % {"station": row.thing.code})
            for row in rows
            if row.news and not invitations.adds_up(*(row.after[name] for name in INVITATION_FIGURES))
        ]

    def write(self, rows: list[Row], *, by: Any) -> None:
        stored = append([(row.thing, row.after) for row in rows], self._newest, self.one, by)
        write_down(self.one, ((THING, each.pk, row) for each, row in zip(stored, rows, strict=True)))


def newest_imported(stations: Sequence[int]) -> dict[int, InvitationReport]:
    """The newest report that came by a file, by station."""
    reports = InvitationReport.objects.filter(station__in=stations, channel=Channel.IMPORT).order_by("pk")
    return {report.station_id: report for report in reports}


def append(
    figures: Sequence[tuple[PollingStation, dict[str, int | None]]],
    newest: dict[int, InvitationReport],
    one: MasterImport,
    by: Any,
) -> list[InvitationReport]:
    """Append a version to what files said of each station. The uuid says which version of which import it is."""
    reports = []
    for station, said in figures:
        before = newest.get(station.pk)
        version = f"{one.uuid}/{station.pk}/{before.pk if before else 0}"
        reports.append(
            invitations.as_row(
                Report(
                    uuid=uuid.uuid5(uuid.NAMESPACE_URL, version),
                    station_id=station.pk,
                    supersedes=before.uuid if before else None,
                    **said,  # type: ignore[arg-type]
                ),
                before,
                by=by,
                channel=Channel.IMPORT,
            )
        )
    return InvitationReport.objects.bulk_create(reports, batch_size=1000)


def _figures(report: InvitationReport) -> dict[str, int | None]:
    return {name: getattr(report, name) for name in INVITATION_FIGURES}


def take_back(one: MasterImport, *, by: Any) -> int:
    """Say again what files said before, or nothing: rows are appended, for reports never change.

    Raises `NotUndone` where a newer file spoke of such a TPS.
    """
    number = 0
    for part in changes_of(one):
        written = InvitationReport.objects.select_related("station").in_bulk([each.key for each in part])
        newest = newest_imported([report.station_id for report in written.values()])
        said = []
        for each in part:
            report = written[each.key]
            if _figures(newest[report.station_id]) != each.after:
                raise NotUndone(_("Berkas yang lebih baru sudah menyebut C6 dari TPS yang sama."))
            said.append((report.station, each.before or _BLANK))
        number += len(append(said, newest, one, by))
    return number
