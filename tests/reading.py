"""Forms with a photo that is here, and operators who read them."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from tallies import intake
from tallies.count_room import claims, readings
from tallies.count_room.readings import Sent
from tallies.figures import Figures
from tallies.models import C1Form, Channel, Finding, Photo, PhotoState, PhotoUpload, Reading, ReadingMode
from tallies.submission import PhotoName
from tests import cast


def read_all_twice(play: cast.Play, mode: str = ReadingMode.ALL) -> None:
    play.election.reading_mode = mode
    play.election.save()


def arrived(sender: Any, key: object) -> PhotoName:
    """A page of a C1 that ``sender`` brought and that can be shown."""
    sha256 = hashlib.sha256(repr(key).encode()).hexdigest()
    facts = {"size": 1000, "format": "JPEG", "width": 1200, "height": 1600, "state": PhotoState.READY}
    photo, _new = Photo.objects.get_or_create(sha256=sha256, defaults=facts)
    PhotoUpload.objects.get_or_create(photo=photo, uploaded_by=sender)
    return PhotoName(sha256, 1)


def send(play: cast.Play, station: str, votes: list[int | None], *, by: Any, **changes: Any) -> C1Form:
    """A form of ``by`` with its photo."""
    changes.setdefault("photos", (arrived(by, (station, votes)),))
    return intake.submit(cast.submission(play, station, votes, **changes), by=by, channel=Channel.API).form


def figures(votes: list[int | None], **values: int | None) -> Figures:
    """A consistent short form, as `cast.submission` makes it."""
    total = sum(v or 0 for v in votes)
    return Figures(
        votes=dict(enumerate(votes, start=1)),
        values={"voters_total": total + 5, "valid_votes": total, "invalid_votes": 5} | values,
    )


def read(form: C1Form, seen: Figures, *, by: Any, **changes: Any) -> Reading:
    """What ``by``, who holds ``form``, types."""
    return readings.read(Sent(uuid.uuid4(), form.pk, seen, **changes), by=by)


def report(form: C1Form, finding: Finding, *, by: Any, reason: str = "") -> Reading:
    said = reason or str(finding.label)
    return readings.read(Sent(uuid.uuid4(), form.pk, finding=finding, reason=said), by=by)


def take(user: Any, election: Any) -> C1Form | None:
    claim = claims.take(user, election)
    return claim.form if claim else None
