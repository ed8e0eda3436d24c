"""What a sender hands in: one C1 as values, and the hash that recognises it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tallies.figures import FULL_FIELDS, Figures
from tallies.models import C1Form


@dataclass(frozen=True)
class PhotoName:
    """SHA-256 (lower-case hex) of a photo, and the page of the form it shows."""

    sha256: str
    page: int


@dataclass(frozen=True)
class Submission:
    """One C1 as sent. ``supersedes`` is the uuid of the version it corrects."""

    uuid: UUID
    contest_id: int
    station_id: int
    figures: Figures
    photos: tuple[PhotoName, ...] = ()
    supersedes: UUID | None = None
    confirmed: tuple[str, ...] = ()
    objection: bool | None = None
    note: str = ""
    filled_at: datetime | None = None

    @property
    def content(self) -> dict[str, Any]:
        """JSON-ready content, without the key; the same for the same form."""
        return _content(
            contest_id=self.contest_id,
            station_id=self.station_id,
            figures=self.figures,
            photos=[(photo.page, photo.sha256) for photo in self.photos],
            supersedes=self.supersedes,
            confirmed=self.confirmed,
            objection=self.objection,
            note=self.note,
            filled_at=self.filled_at,
        )

    @property
    def content_hash(self) -> str:
        return _hash(self.content)


def content_hash_of_stored(form: C1Form) -> str:
    """Recompute the hash of a stored form from its rows (votes and photo names included)."""
    return _hash(
        _content(
            contest_id=form.contest_id,
            station_id=form.station_id,
            figures=form.figures,
            photos=[(photo.page, photo.sha256) for photo in form.photo_names.all()],
            supersedes=form.supersedes.uuid if form.supersedes else None,
            confirmed=form.confirmed,
            objection=form.objection,
            note=form.note,
            filled_at=form.filled_at,
        )
    )


def _content(
    *, figures: Figures, photos: list[tuple[int, str]], supersedes: UUID | None, **rest: Any
) -> dict[str, Any]:
    values: Mapping[str, int | None] = figures.values
    filled_at = rest.pop("filled_at")
    return {
        **rest,
        "votes": {str(number): votes for number, votes in sorted(figures.votes.items())},
        # A row the form kind does not ask and a blank row are stored alike.
        "values": {name: values[name] for name in FULL_FIELDS if values.get(name) is not None},
        "photos": sorted([page, sha256] for page, sha256 in photos),
        "supersedes": str(supersedes) if supersedes else None,
        "confirmed": sorted(rest["confirmed"]),
        "filled_at": filled_at.timestamp() if filled_at else None,
    }


def _hash(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
