"""All triggers that keep rows: of the elections, whose practice may go, and of what never goes."""

from accounts.models import KEPT_TABLES
from sista import kept_rows
from tallies import append_only
from tallies.models import SEALED_TABLES

_KEPT = (*KEPT_TABLES, *SEALED_TABLES)


def create_statements(vendor: str) -> list[str]:
    return append_only.create_statements(vendor) + kept_rows.create_statements(vendor, _KEPT)


def drop_statements(vendor: str) -> list[str]:
    return append_only.drop_statements(vendor) + kept_rows.drop_statements(vendor, _KEPT)
