"""Which TPS or region a row is about: a code of the TPS, or that of its desa with a number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from regions.models import Level, Region
from sista.spreadsheets import cells
from sista.spreadsheets.cells import Unreadable
from sista.spreadsheets.headers import Field
from sista.spreadsheets.records import Record

VILLAGE, STATION, CODE = "desa", "tps", "kode_tps"
STATION_FIELDS = (
    Field(
        CODE,
        _lazy("Kode TPS"),
        ("station code", "id tps", "kode desa tps"),
        required=False,
    ),
    Field(
        VILLAGE,
        _lazy("Kode desa"),
        ("kode", "kode kelurahan", "kode desa kelurahan", "kode kel desa", "kode wilayah", "kode kemendagri"),
        required=False,
    ),
    Field(STATION, _lazy("Nomor TPS"), ("no tps", "nama tps", "tps no", "tps nomor"), required=False),
)
_FOUR_DIGITS = cells.whole_number(4)
_NUMBER = re.compile(r"(?:tps[ .]*)?([0-9]{1,4})", re.IGNORECASE)
#: Codes whose dots a file left out: provinsi, kabupaten, kecamatan, desa.
_PLAIN_CODE = re.compile(r"([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})([0-9]{4})?)?)?")


def needed_for_a_station(columns: Mapping[str, int]) -> set[str]:
    """Either the code of the TPS, or that of the desa with the number."""
    return {CODE} if CODE in columns else {VILLAGE, STATION}


def station_place(record: Record) -> tuple[str | None, int | None]:
    """Code of the desa and number of the TPS; None with a problem where one cannot be read."""
    whole = record.read(CODE, cells.code)
    if whole is not None:
        code, dot, number = whole.rpartition(".")
        if not dot or not _NUMBER.fullmatch(number):
            record.refuse(_("bukan kode TPS. Tulis seperti 35.07.05.2001.001"), CODE, whole)
            return None, None
        return dotted(code), int(number)
    if record.problems:
        return None, None
    code, number = (
        record.read(VILLAGE, cells.code, required=True),
        record.read(STATION, station_number, required=True),
    )
    return dotted(code) if code else None, number


def station_number(cell: Any) -> int:
    if isinstance(cell, str) and (found := _NUMBER.fullmatch(cell.strip())):
        return int(found[1])
    if isinstance(cell, int):
        return _FOUR_DIGITS(cell)
    raise Unreadable(_("bukan nomor TPS"))


def dotted(code: str) -> str:
    """The Kemendagri code of a region, also where a file leaves its dots out."""
    found = _PLAIN_CODE.fullmatch(code)
    return ".".join(group for group in found.groups() if group) if found else code


def villages(codes: Iterable[str]) -> dict[str, Region]:
    found = Region.objects.filter(code__in=codes, level=Level.VILLAGE).only("code", "first", "last").order_by()
    return {region.code: region for region in found}
