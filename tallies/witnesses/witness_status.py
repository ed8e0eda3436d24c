"""What a witness's phone asks about all of its stations together: a fixed number of queries, however many they are.

The caller hands over stations that are the witness's now; nothing here looks at assignments.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from tallies.models import InvitationReport, PollingStation, StationMessage

#: Messages shown of one station.
MESSAGES = 3


def messages_for(stations: Iterable[PollingStation]) -> dict[int, list[StationMessage]]:
    """The newest messages to each station, the newest first, with who sent them. One query."""
    place = Window(RowNumber(), partition_by=[F("station")], order_by=F("pk").desc())
    found: dict[int, list[StationMessage]] = {}
    newest = StationMessage.objects.filter(station__in=_keys(stations)).annotate(place=place)
    for message in newest.filter(place__lte=MESSAGES).select_related("by").order_by("-pk"):
        found.setdefault(message.station_id, []).append(message)
    return found


def invitations_of(user: Any, stations: Iterable[PollingStation]) -> dict[int, InvitationReport]:
    """The newest C6 report of ``user`` for each station that has one, with its photo names. Two queries."""
    reports = InvitationReport.objects.newest_of_each_sender().filter(submitted_by=user, station__in=_keys(stations))
    return {report.station_id: report for report in reports.prefetch_related("photo_names")}


def _keys(stations: Iterable[PollingStation]) -> list[int]:
    return [station.pk for station in stations]
