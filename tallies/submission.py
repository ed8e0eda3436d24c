"""What a sender hands in: one C1 as values, and the hash that recognises it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tallies.figures import FULL_FIELDS, Figures
from tallies.models import C1Form, PhotoSubject


@dataclass(frozen=True)
class PhotoName:
    """SHA-256 (lower-case hex) of a photo, and the page it shows, of the C1 or of the objection."""

    sha256: str
    page: int
    subject: str = PhotoSubject.C1.value

    @property
    def entry(self) -> list[int | str]:
        """How a content names it. Of a C1 as it was before other papers could be photographed: no hash changed."""
        page_of_c1: list[int | str] = [self.page, self.sha256]
        return page_of_c1 if self.subject == PhotoSubject.C1 else [*page_of_c1, self.subject]


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
    def has_photo(self) -> bool:
        """A page of the C1 itself is among the photos."""
        return any(photo.subject == PhotoSubject.C1 for photo in self.photos)

    @property
    def content(self) -> dict[str, Any]:
        """JSON-ready content, without the key; the same for the same form."""
        return _content(
            contest_id=self.contest_id,
            station_id=self.station_id,
            figures=self.figures,
            photos=self.photos,
            supersedes=self.supersedes,
            confirmed=self.confirmed,
            objection=self.objection,
            note=self.note,
            filled_at=self.filled_at,
        )

    @property
    def content_hash(self) -> str:
        return hash_of(self.content)


def content_hash_of_stored(form: C1Form) -> str:
    """Recompute the hash of a stored form from its rows (votes and photo names included)."""
    return hash_of(content_of_stored(form))


def content_of_stored(form: C1Form) -> dict[str, Any]:
    """The content of a stored form, as `hash_of` takes it: whoever has it can recompute the hash."""
    return _content(
        contest_id=form.contest_id,
        station_id=form.station_id,
        figures=form.figures,
        photos=[PhotoName(photo.sha256, photo.page, photo.subject) for photo in form.photo_names.all()],
        supersedes=form.supersedes.uuid if form.supersedes else None,
        confirmed=form.confirmed,
        objection=form.objection,
        note=form.note,
        filled_at=form.filled_at,
    )


def _content(
    *, figures: Figures, photos: Iterable[PhotoName], supersedes: UUID | None, **rest: Any
) -> dict[str, Any]:
    values: Mapping[str, int | None] = figures.values
    filled_at = rest.pop("filled_at")
    return {
        **rest,
        "votes": {str(number): votes for number, votes in sorted(figures.votes.items())},
        # A row the form kind does not ask and a blank row are stored alike.
        "values": {name: values[name] for name in FULL_FIELDS if values.get(name) is not None},
        "photos": sorted(photo.entry for photo in photos),
        "supersedes": str(supersedes) if supersedes else None,
        "confirmed": sorted(rest["confirmed"]),
        "filled_at": filled_at.timestamp() if filled_at else None,
    }


def hash_of(content: dict[str, Any]) -> str:
    """SHA-256 (hex) over the canonical JSON of a content."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
