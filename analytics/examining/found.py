"""What a rule found at a place, on its way to being written down."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Place:
    """A station of a contest (``region`` is its desa), or a region of it; keys."""

    contest: int
    region: int
    station: int | None = None

    @property
    def key(self) -> tuple[int, str, int]:
        """Equal for the same place, whatever desa a station stands in now."""
        return (
            (self.contest, "region", self.region) if self.station is None else (self.contest, "station", self.station)
        )


@dataclass(frozen=True)
class Found:
    """One finding of one rule.

    ``numbers``: JSON; every number that the page shows, ids of the forms (``forms``) and digests of the photos
    (``photos``) it rests on. ``basis``: JSON; the part of it that is the place's own. While it is equal a person's
    answer stands, and moving neighbours make no new version. ``stake``: votes of our margin it is about, at least 0.
    ``suggestions``: at most three, each {"votes": {pair number: votes}, "fields": {name: figure}, "reason": code}.
    """

    rule: str
    place: Place
    severity: int
    numbers: Mapping[str, Any]
    basis: Any
    stake: int = 0
    suggestions: Sequence[Mapping[str, Any]] = field(default_factory=tuple)

    @property
    def digest(self) -> str:
        text = json.dumps(self.basis, sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(text.encode()).hexdigest()


#: (rule, place key): what was asked. Asked and not found closes a finding.
Asked = set[tuple[str, tuple[int, str, int]]]
