"""A word from the DPC to whoever guards a station."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from sista.database import writing
from tallies.models import MESSAGE_LENGTH, PollingStation, StationMessage

#: Sent messages listed on a station's page.
LISTED = 20


class MessageRefused(Exception):
    """A message that is not sent; ``code`` names why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def send(station: PollingStation, text: str, *, by: Any) -> StationMessage:
    """Keep ``text`` for the witnesses of ``station``, who read it when they next look.

    Raises ``PollingStation.DoesNotExist`` for a station that ``by`` does not
    see, `PermissionDenied` for who may not decide, and `MessageRefused` for a
    text that is blank or too long.
    """
    if by.scope is None or not PollingStation.objects.visible_to(by).filter(pk=station.pk).exists():
        raise PollingStation.DoesNotExist
    if not by.may_decide:
        raise PermissionDenied
    # A browser sends two characters for the one it counts at the end of a line.
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise MessageRefused("message_missing")
    if len(text) > MESSAGE_LENGTH:
        raise MessageRefused("message_too_long")
    with writing():
        return StationMessage.objects.create(station=station, text=text, by=by, at=timezone.now())


def sent_to(station: PollingStation) -> list[StationMessage]:
    """The newest messages to the station, the newest first."""
    return list(StationMessage.objects.filter(station=station).select_related("by")[:LISTED])
