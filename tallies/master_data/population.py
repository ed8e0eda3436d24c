"""How many people live in a region, for the threshold of a dispute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from simple_history.utils import bulk_update_with_history

from regions.models import Region
from sista.spreadsheets import cells
from sista.spreadsheets.headers import Field
from sista.spreadsheets.records import Record
from tallies.importing.places import dotted
from tallies.importing.previewing import Batch
from tallies.master_data.judging import Judge, Row, changes_of, write_down
from tallies.master_data.standing import still_as_written
from tallies.models import MasterImport

THING = "region"
CODE, PEOPLE = "kode_wilayah", "population"
FIELDS = (
    Field(CODE, _lazy("Kode wilayah"), ("kode", "kode kabupaten", "kode kabupaten kota", "kode kemendagri")),
    Field(PEOPLE, _lazy("Jumlah penduduk"), ("penduduk", "jumlah jiwa", "jiwa")),
)
EXAMPLE = (("kode_wilayah", "jumlah_penduduk"), ("35.07", "2654448"))
_PEOPLE = cells.whole_number(9)


class PopulationJudge(Judge):
    _codes: dict[int, str]
    _regions: dict[str, Region]

    def look_up(self, records: Sequence[Record]) -> None:
        read = {record.line: record.read(CODE, cells.code, required=True) for record in records}
        self._codes = {line: dotted(code) for line, code in read.items() if code}
        there = Region.objects.filter(code__in=set(self._codes.values())).order_by("pk")
        self._regions = {region.code: region for region in self.locked(there)}

    def judged(self, record: Record, batch: Batch) -> Row | None:
        code, people = self._codes.get(record.line), record.read(PEOPLE, _PEOPLE, required=True)
        region = self.region_of(record, self._regions.get(code), code) if code else None
        if region is None or people is None:
            return None
        if not people:
            return record.refuse(_("jumlah penduduk nol"), PEOPLE, people)
        self.once(record, region.pk, batch, _("wilayah ini sudah ada di baris %(line)s. Keduanya tidak dipakai"))
        before = None if region.population is None else {PEOPLE: region.population}
        return Row(record.line, before, {PEOPLE: people}, region)

    def write(self, rows: list[Row], *, by: Any) -> None:
        for row in rows:
            row.thing.population = row.after[PEOPLE]
        how = {"batch_size": 1000, "default_user": by, "default_change_reason": self.reason}
        bulk_update_with_history([row.thing for row in rows], Region, [PEOPLE], **how)
        write_down(self.one, ((THING, row.thing.pk, row) for row in rows))


def take_back(one: MasterImport, *, by: Any) -> int:
    """Let what was known before be known again. Raises `NotUndone` where somebody changed it since."""
    number = 0
    for part in changes_of(one):
        regions = Region.objects.select_for_update().order_by("pk").in_bulk([each.key for each in part])
        for each in part:
            still_as_written({PEOPLE: regions[each.key].population}, each, regions[each.key].name)
            regions[each.key].population = (each.before or {}).get(PEOPLE)
        bulk_update_with_history(
            list(regions.values()), Region, [PEOPLE], default_user=by, default_change_reason=f"batal impor {one.uuid}"
        )
        number += len(part)
    return number
