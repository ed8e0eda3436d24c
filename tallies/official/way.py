"""How files of official figures are read and written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sista.spreadsheets.headers import Field
from tallies.importing.receiving import records_of
from tallies.importing.ways import Tell, Way
from tallies.models import OfficialImport
from tallies.official import importing, preview
from tallies.official.columns import fields_of, missing_fields, target_of


def _fields(one: OfficialImport) -> list[Field]:
    return fields_of(target_of(one))


def _missing(one: OfficialImport, columns: Mapping[str, int]) -> list[str]:
    return missing_fields(columns, _fields(one))


def _look(one: OfficialImport, tell: Tell) -> dict[str, Any]:
    with records_of(WAY, one) as records:
        return preview.looked_at(one, records, tell)


def _write(one: OfficialImport, tell: Tell) -> dict[str, Any]:
    with records_of(WAY, one) as records:
        return {"figures_written": importing.write(one, records, tell)}


WAY = Way(OfficialImport, _fields, _missing, _look, _write)
