"""Where a row stands among the stations along the tree: a list is paged by the place of its last row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

#: A database takes no more than 64 bits.
_WRITTEN = re.compile(r"([0-9]{1,18})-([0-9]{1,18})-([0-9]{1,18})")


@dataclass(frozen=True)
class StationPlace:
    """The ``first`` of the desa, the number of the TPS, and the key of the row. Written and read as "1204-9-5531"."""

    first: int
    number: int
    pk: int

    def __str__(self) -> str:
        return f"{self.first}-{self.number}-{self.pk}"

    @classmethod
    def of(cls, row: Any) -> StationPlace:
        """The place of a row that has a ``station`` with its region."""
        return cls(row.station.region.first, row.station.number, row.pk)

    @classmethod
    def read(cls, text: str) -> StationPlace | None:
        """Return the place, or None for anything that is not one."""
        parts = _WRITTEN.fullmatch(text)
        return cls(*map(int, parts.groups())) if parts else None

    @property
    def following(self) -> Q:
        """Rows with a ``station`` that come after this one."""
        same_village = Q(station__region__first=self.first)
        return (
            Q(station__region__first__gt=self.first)
            | (same_village & Q(station__number__gt=self.number))
            | (same_village & Q(station__number=self.number, pk__gt=self.pk))
        )
