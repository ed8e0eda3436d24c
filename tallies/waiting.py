"""What waits for work outside requests, as the probes and the metrics tell it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from tallies.models import OutboxRow, OutgoingSms, Photo, PhotoState, SendingState


@dataclass(frozen=True)
class Waiting:
    """Ages are in seconds; 0 where nothing waits."""

    outbox_rows: int
    outbox_age: float
    photos_waiting: int
    sms_waiting: int


def facts() -> Waiting | None:
    """Ask the database; None when it does not answer."""
    try:
        return Waiting(
            outbox_rows=OutboxRow.objects.count(),
            outbox_age=outbox_age(),
            photos_waiting=Photo.objects.filter(state=PhotoState.RECEIVED).count(),
            sms_waiting=OutgoingSms.objects.filter(state=SendingState.WAITING).count(),
        )
    except (DatabaseError, InterfaceError):
        return None


def outbox_age() -> float:
    """Seconds since the oldest change that the totals do not know was made."""
    # By key, not by time: one step into an index, and the two orders differ by a transaction's length.
    at = OutboxRow.objects.order_by("pk").values_list("at", flat=True).first()
    return max(0.0, (timezone.now() - at).total_seconds()) if at else 0.0
