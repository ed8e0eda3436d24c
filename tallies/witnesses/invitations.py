"""What became of the invitations (C6) at a station: take in a report, read the newest ones.

Nothing adds these figures up, and no form waits for them: a report stands
beside the C1, in rows that never change, and is idempotent by its uuid.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone

from sista import rows
from sista.database import writing
from tallies import photos
from tallies.intake import AssignmentRevoked, KeyReused, PhaseClosed
from tallies.models import (
    INVITATION_FIGURES,
    Assignment,
    Channel,
    ExaminationRow,
    InvitationPhoto,
    InvitationReport,
    Phase,
    Photo,
    PollingStation,
    StationResult,
)
from tallies.submission import PhotoName, hash_of

ACCEPTING_PHASES = (Phase.PREPARATION, Phase.OPEN)


@dataclass(frozen=True)
class Report:
    """One report as sent. ``supersedes`` is the uuid of the version it corrects."""

    uuid: UUID
    station_id: int
    received: int | None
    handed_out: int | None
    not_delivered: int | None
    photos: tuple[PhotoName, ...] = ()
    supersedes: UUID | None = None
    filled_at: datetime | None = None

    @property
    def content_hash(self) -> str:
        return hash_of(
            {
                "station_id": self.station_id,
                "received": self.received,
                "handed_out": self.handed_out,
                "not_delivered": self.not_delivered,
                "photos": sorted([photo.page, photo.sha256] for photo in self.photos),
                "supersedes": str(self.supersedes) if self.supersedes else None,
                "filled_at": self.filled_at.timestamp() if self.filled_at else None,
            }
        )


def content_hash_of_stored(report: InvitationReport) -> str:
    """Recompute the hash of a stored report from its rows."""
    return Report(
        uuid=report.uuid,
        station_id=report.station_id,
        received=report.received,
        handed_out=report.handed_out,
        not_delivered=report.not_delivered,
        photos=tuple(PhotoName(one.sha256, one.page) for one in report.photo_names.all()),
        supersedes=report.supersedes.uuid if report.supersedes else None,
        filled_at=report.filled_at,
    ).content_hash


@dataclass(frozen=True)
class Receipt:
    report: InvitationReport
    created: bool


def submit(report: Report, *, by: Any, channel: Channel) -> Receipt:
    """Store ``report`` of a witness who guards its station now.

    Raises ``PollingStation.DoesNotExist`` for a station that never was theirs,
    `AssignmentRevoked` for one that no longer is (nothing is kept: the figures
    are of no use without somebody to answer for them), `KeyReused` and
    `PhaseClosed`. Figures that do not add up are taken as they are.
    """
    try:
        with writing():
            station = PollingStation.objects.select_related("election").get(pk=report.station_id)
            _refuse_strangers(station, by)
            known = _already_stored(report, by)
            if known:
                return Receipt(known, created=False)
            phase = station.election.phase
            if phase not in ACCEPTING_PHASES:
                raise PhaseClosed("phase_closed", phase=phase)
            return Receipt(_store(report, by=by, channel=channel), created=True)
    except IntegrityError:
        # One key twice at once: the database let one of them in.
        known = _already_stored(report, by)
        if known is None:
            raise
        return Receipt(known, created=False)


def _refuse_strangers(station: PollingStation, by: Any) -> None:
    mine = Assignment.objects.filter(station=station, witness=by).values_list("revoked_at", flat=True)
    if None in (ends := list(mine)):
        return
    if not ends:
        raise PollingStation.DoesNotExist
    raise AssignmentRevoked("assignment_revoked", kept=False)


def _already_stored(report: Report, by: Any) -> InvitationReport | None:
    known = InvitationReport.objects.filter(uuid=report.uuid).first()
    if known is None:
        return None
    as_stored = _as_stored(report, _superseded(report, before=known.pk))
    if known.content_hash != as_stored.content_hash or known.submitted_by_id != by.pk:
        raise KeyReused("key_reused")
    return known


def _superseded(report: Report, *, before: int | None = None) -> InvitationReport | None:
    """The version of this station that ``report`` names (stored before ``before``), if it is here."""
    if report.supersedes is None:
        return None
    named = InvitationReport.objects.filter(uuid=report.supersedes, station=report.station_id)
    return (named if before is None else named.filter(pk__lt=before)).first()


def _as_stored(report: Report, superseded: InvitationReport | None) -> Report:
    """Drop a named version that is not here, as the intake of forms does."""
    return report if superseded else replace(report, supersedes=None)


def as_row(report: Report, superseded: InvitationReport | None, *, by: Any, channel: Channel) -> InvitationReport:
    """The unsaved row of ``report``, which corrects ``superseded``."""
    return InvitationReport(
        uuid=report.uuid,
        station_id=report.station_id,
        supersedes=superseded,
        submitted_by=by,
        channel=channel,
        content_hash=_as_stored(report, superseded).content_hash,
        filled_at=report.filled_at,
        received_at=timezone.now(),
        received=report.received,
        handed_out=report.handed_out,
        not_delivered=report.not_delivered,
    )


def _store(report: Report, *, by: Any, channel: Channel) -> InvitationReport:
    stored = as_row(report, _superseded(report), by=by, channel=channel)
    rows.insert(stored)
    rows.insert(*(InvitationPhoto(report=stored, sha256=one.sha256, page=one.page) for one in report.photos))
    _queue_examination(report.station_id)
    return stored


def _queue_examination(station_id: int) -> None:
    """Have the rules ask about the station again, in each of its contests: voters are held against this report."""
    contests = StationResult.objects.filter(station=station_id).order_by("contest")
    ExaminationRow.objects.bulk_create(
        ExaminationRow(contest_id=contest, region_id=region, station_id=station_id)
        for contest, region in contests.values_list("contest", "station__region")
    )


def adds_up(received: int | None, handed_out: int | None, not_delivered: int | None) -> bool:
    """False when all three are known and what was handed out or came back is not what was received."""
    if received is None or handed_out is None or not_delivered is None:
        return True
    return handed_out + not_delivered == received


def current(station: PollingStation) -> list[InvitationReport]:
    """The newest report of each sender, the newest first, with its photo names."""
    return list(
        InvitationReport.objects.newest_of_each_sender()
        .filter(station=station)
        .select_related("submitted_by")
        .prefetch_related("photo_names")
        .order_by("-pk")
    )


#: The key of a report, and received, handed out, not delivered; None is a blank box.
Told = tuple[int, int | None, int | None, int | None]


def newest_figures(stations: Iterable[int]) -> dict[int, list[Told]]:
    """By the key of the station, the newest report of each sender, the newest first; one query."""
    found: dict[int, list[Told]] = {}
    newest = InvitationReport.objects.newest_of_each_sender().filter(station__in=list(stations)).order_by("-pk")
    for station, *told in newest.values_list("station", "pk", *INVITATION_FIGURES):
        found.setdefault(station, []).append((told[0], told[1], told[2], told[3]))
    return found


def are_known(election: Any, region: Any) -> bool:
    """True when somebody reported the invitations of a station of ``region``."""
    inside = {"station__election": election, "station__region__first__range": (region.first, region.last)}
    return InvitationReport.objects.filter(**inside).exists()


@dataclass(frozen=True)
class Line:
    """A report as a station's page shows it, with its photos or None for those that have not arrived."""

    report: InvitationReport
    photos: tuple[tuple[InvitationPhoto, Photo | None], ...]

    @property
    def adds_up(self) -> bool:
        return adds_up(self.report.received, self.report.handed_out, self.report.not_delivered)


def lines_of(station: PollingStation) -> list[Line]:
    """`current` with the photos; the number of queries does not depend on how many there are."""
    reports = current(station)
    arrived = photos.photos_of_each(reports)
    return [Line(report, arrived[report.pk]) for report in reports]


def own_reports(station: PollingStation, user: Any) -> Any:
    """What ``user`` reported of the station, the newest first."""
    return InvitationReport.objects.filter(station=station, submitted_by=user.pk).order_by("-pk")
