"""A file of official figures comes in, with what is said of it. No figure is written here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from regions.models import Region
from tallies.importing import receiving
from tallies.importing.receiving import TooManyImports, discard, store
from tallies.models import Contest, Election, OfficialImport
from tallies.official.way import WAY

__all__ = [
    "Statement",
    "TooManyImports",
    "choose_columns",
    "discard",
    "receive",
    "remove_abandoned",
    "store",
]


@dataclass(frozen=True)
class Statement:
    """What the person says of a file: where it is from, of which moment, and what it is about.

    ``contest`` None: every contest of ``office``. ``region``: rows outside are refused.
    """

    election: Election
    office: str
    contest: Contest | None
    region: Region
    source: str
    as_of: dt.datetime
    source_url: str = ""


def receive(file: IO[bytes], name: str, said: Statement, *, by: Any) -> OfficialImport:
    """Keep ``file`` and find its columns. Raises `FileRefused` (nothing is kept) and `TooManyImports`."""
    one = OfficialImport(
        election=said.election, office=said.office, contest=said.contest, region=said.region,
        source=said.source, source_url=said.source_url, as_of=said.as_of,
    )  # fmt: skip
    return receiving.keep(WAY, one, file, name, by=by)


def choose_columns(one: OfficialImport, chosen: Mapping[str, int]) -> bool:
    """Take the places (from 0) a person points at, no others; return whether they are enough."""
    return receiving.choose_columns(WAY, one, chosen)


def remove_abandoned() -> int:
    """Remove the files that nobody imported within a day."""
    return receiving.remove_abandoned(WAY)
