"""What waits for work outside requests, as the probes and the metrics tell it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from tallies.models import ExaminationRow, OutboxRow, OutgoingSms, Photo, PhotoState, SendingState


@dataclass(frozen=True)
class Waiting:
    """Ages are in seconds; 0 where nothing waits."""

    outbox_rows: int
    outbox_age: float
    photos_waiting: int
    photos_age: float
    findings_waiting: int
    findings_age: float
    sms_waiting: int


def facts() -> Waiting | None:
    """Ask the database; None when it does not answer."""
    try:
        return Waiting(
            outbox_rows=OutboxRow.objects.count(),
            outbox_age=outbox_age(),
            photos_waiting=Photo.objects.filter(state=PhotoState.RECEIVED).count(),
            photos_age=photos_age(),
            findings_waiting=ExaminationRow.objects.count(),
            findings_age=findings_age(),
            sms_waiting=OutgoingSms.objects.filter(state=SendingState.WAITING).count(),
        )
    except (DatabaseError, InterfaceError):
        return None


def outbox_age() -> float:
    """Seconds since the oldest change that the totals do not know was made."""
    # By key, not by time: one step into an index, and the two orders differ by a transaction's length.
    return _age(OutboxRow.objects.order_by("pk").values_list("at", flat=True).first())


def findings_age() -> float:
    """Seconds since the oldest change that the rules have not looked at was counted."""
    return _age(ExaminationRow.objects.order_by("pk").values_list("at", flat=True).first())


def photos_age() -> float:
    """Seconds since the oldest photo came in whose copy is not made."""
    waiting = Photo.objects.filter(state=PhotoState.RECEIVED)
    return _age(waiting.order_by("received_at").values_list("received_at", flat=True).first())


def _age(at: datetime | None) -> float:
    return max(0.0, (timezone.now() - at).total_seconds()) if at else 0.0
