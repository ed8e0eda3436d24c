"""Witnesses with their TPS, and the reserves of a desa. Somebody known by number and name stays one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts import devices, enrolling, recording
from accounts.models import Role, User
from accounts.phone_numbers import may_be_answered, normalise
from accounts.recording import Act
from regions.models import Region
from sista.spreadsheets import cells
from sista.spreadsheets.cells import Unreadable
from sista.spreadsheets.headers import Field, plain
from sista.spreadsheets.records import Record
from tallies import assigning
from tallies.importing.confirming import NotUndone
from tallies.importing.places import CODE, STATION, STATION_FIELDS, VILLAGE, dotted, station_place
from tallies.importing.previewing import BATCH, NEW, Batch
from tallies.master_data.judging import Judge, Row, changes_of, write_down
from tallies.master_data.stations import StationPlaces
from tallies.models import Assignment, C1Form, InvitationReport, MasterImport, PollingStation, Reserve

ASSIGNMENT, RESERVE = "assignment", "reserve"
NAME, PHONE = "nama", "telepon"
FIELDS = (
    Field(NAME, _lazy("Nama saksi"), ("nama lengkap", "saksi", "name")),
    Field(PHONE, _lazy("Nomor telepon"), ("telp", "no telp", "no hp", "hp", "nomor hp", "no telepon", "wa", "phone")),
    *STATION_FIELDS,
)
EXAMPLE = (
    ("nama", "telepon", "kode_desa", "nomor_tps"),
    ("Nama Saksi", "081234567890", "35.07.05.2001", "1"),
    ("Nama Cadangan", "081234567891", "35.07.05.2001", ""),
)


@dataclass
class Guard:
    """Who is to be where: at a TPS, or in reserve for a desa. ``person`` is None until enrolled."""

    person: User | None
    name: str
    phone: str
    station: PollingStation | None
    region: Region

    @property
    def place(self) -> tuple[str, int]:
        return (ASSIGNMENT, self.station.pk) if self.station else (RESERVE, self.region.pk)


def phone_number(cell: Any) -> str:
    """A number as it is kept; Excel makes ``8123456789.0`` of one that was typed without a quote."""
    if isinstance(cell, float) and cell.is_integer() and 0 < cell < 10**15:
        cell = int(cell)
    text = str(cell).strip()
    if text.endswith(".0") and text[:-2].isascii() and text[:-2].isdigit():
        text = text[:-2]
    number = normalise(text)
    if not may_be_answered(number):
        raise Unreadable(_("bukan nomor telepon. Tulis seperti 081234567890, kolomnya sebagai Teks"))
    return number


def person_name(cell: Any) -> str:
    name = cells.text(120)(cell)
    if not any(letter.isalpha() for letter in name):
        raise Unreadable(_("bukan nama"))
    return name


def _place(record: Record) -> tuple[str | None, int | None]:
    """As `station_place`; an empty number beside the code of a desa is a reserve of that desa."""
    if record.read(CODE, cells.text()) is None and record.read(STATION, cells.text()) is None:
        code = record.read(VILLAGE, cells.code, required=True)
        return (dotted(code) if code else None), None
    return station_place(record)


def _why_not(person: User) -> str:
    if person.role == Role.DISTRICT_WITNESS:
        return _("orang ini saksi PPK, bukan saksi TPS. Pilih orang lain")
    return _("akun orang ini sudah berakhir. Minta staf DPD membukanya lagi, atau pilih orang lain")


class WitnessJudge(Judge):
    _holders: dict[str, list[User]]
    _there: set[tuple[tuple[str, int], int]]
    _revoked: set[tuple[tuple[str, int], int]]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._places = StationPlaces(self)

    def look_up(self, records: Sequence[Record]) -> None:
        read = {record.line: record.read(PHONE, phone_number, required=True) for record in records}
        self._phones = {line: number for line, number in read.items() if number}
        self._holders = enrolling.holders_of(self._phones.values())
        self._places.read(records, _place)
        people = [holder.pk for holders in self._holders.values() for holder in holders]
        at = Assignment.objects.filter(witness__in=people, station__in=[s.pk for s in self._places.stations.values()])
        kept = list(at.order_by().values_list("station", "witness", "revoked_at"))
        reserves = Reserve.objects.active().filter(
            election=self.one.election_id, person__in=people, region__in=[r.pk for r in self._places.regions.values()]
        )
        self._there = {((ASSIGNMENT, station), witness) for station, witness, ended in kept if ended is None}
        self._there |= {((RESERVE, region), person) for region, person in reserves.values_list("region", "person")}
        self._revoked = {((ASSIGNMENT, station), witness) for station, witness, ended in kept if ended is not None}

    def judged(self, record: Record, batch: Batch) -> Row | None:
        name, phone = record.read(NAME, person_name, required=True), self._phones.get(record.line)
        code, number = self._places.places[record.line]
        station = self._places.station(record) if number is not None else None
        region = self._places.region(record) if number is None else station and station.region
        if (
            name is None
            or phone is None
            or region is None
            or code is None
            or (number is not None and station is None)
        ):
            return None
        self.agrees(
            record,
            ("phone", phone),
            plain(name),
            batch,
            _("nomor ini ada di baris %(line)s dengan nama lain. Tidak dipakai"),
        )
        try:
            person = enrolling.known_among(self._holders.get(phone, ()), name)
        except enrolling.PhoneTaken:
            return record.refuse(_("nomor ini milik orang dengan nama lain. Periksa nama dan nomornya"), PHONE, phone)
        if person is not None and not person.may_guard:
            return record.refuse(_why_not(person), PHONE, phone)
        guard = Guard(person, name, phone, station, region)
        self.once(record, (phone, guard.place), batch, _("sudah ada di baris %(line)s. Keduanya tidak dipakai"))
        there = person is not None and (guard.place, person.pk) in self._there
        return Row(record.line, {} if there else None, {}, guard)

    def notes(self, rows: list[Row], kinds: Sequence[str]) -> list[tuple[int, str]]:
        return [
            (row.line, _("%(station)s: saksi ini pernah dicabut dari TPS ini") % {"station": row.thing.station.code})
            for row in rows
            if row.news == NEW and row.thing.person and (row.thing.place, row.thing.person.pk) in self._revoked
        ]

    def write(self, rows: list[Row], *, by: Any) -> None:
        guards = [row.thing for row in rows]
        new = {guard.phone: guard for guard in guards if guard.person is None}
        made = enrolling.enrol_all([(guard.name, phone) for phone, guard in new.items()], by=by) if new else []
        people = {person.phone: person for person in made}
        for guard in guards:
            guard.person = guard.person or people[guard.phone]
        posted = [row for row in rows if row.thing.station]
        assigned = assigning.assign_all([(row.thing.station, row.thing.person) for row in posted], by=by)
        waiting = [row for row in rows if not row.thing.station]
        reserves = self._reserve([row.thing for row in waiting], by)
        write_down(
            self.one,
            [(ASSIGNMENT, each.pk, row) for each, row in zip(assigned, posted, strict=True)]
            + [(RESERVE, each.pk, row) for each, row in zip(reserves, waiting, strict=True)],
        )

    def _reserve(self, guards: list[Guard], by: Any) -> list[Reserve]:
        reserves = [
            Reserve(election_id=self.one.election_id, region=guard.region, person=guard.person, named_by=by)
            for guard in guards
        ]
        Reserve.objects.bulk_create(reserves, batch_size=1000)
        recording.record_all((_act("reserve named", each) for each in reserves), by=by)
        return reserves


def _act(action: str, reserve: Reserve) -> Act:
    return Act(action, reserve.region, reserve, {"person": reserve.person_id, "election": reserve.election_id})


def _hold_people(one: MasterImport) -> None:
    """All people before the first chain of events, however many parts are taken back."""
    made = one.changes.filter(thing=ASSIGNMENT).values("key")
    active = Assignment.objects.active().filter(pk__in=made)
    keys = sorted(set(active.order_by().values_list("witness", flat=True)))
    for at in range(0, len(keys), BATCH):
        devices.lock_all(keys[at : at + BATCH])


def take_back(one: MasterImport, *, by: Any) -> int:
    """Revoke the assignments that ``one`` made and end its reserves; people stay, they may guard another TPS.

    Raises `NotUndone` where a witness has sent something from such a TPS.
    """
    _hold_people(one)
    number = 0
    for part in changes_of(one):
        keys = [each.key for each in part if each.thing == ASSIGNMENT]
        mine = {"station": OuterRef("station"), "submitted_by": OuterRef("witness")}
        active = Assignment.objects.active().filter(pk__in=keys).select_related("station__region")
        sent = Exists(C1Form.objects.filter(**mine)) | Exists(InvitationReport.objects.filter(**mine))
        if active.filter(sent).exists():
            raise NotUndone(
                _("Saksi dari impor ini sudah mengirim dari TPS-nya. Cabut penugasan lain satu per satu.")
            )
        number += assigning.revoke_all(active, by=by)
        ended = list(
            Reserve.objects.active()
            .filter(pk__in=[each.key for each in part if each.thing == RESERVE])
            .select_related("region")
        )
        Reserve.objects.filter(pk__in=[each.pk for each in ended]).update(ended_at=timezone.now(), ended_by=by)
        recording.record_all((_act("reserve ended", each) for each in ended), by=by)
        number += len(ended)
    return number
