"""Who may send photos, how many, and which ones somebody has sent already."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from sista.prepared import prepared
from tallies.models import Assignment, Photo, PhotoUpload

#: People who decide guard no station; their share is that of so many.
STATIONS_OF_STAFF = 1000


class PhotoRefused(Exception):
    """A photo that is not taken; ``code`` names why, ``status`` the HTTP answer."""

    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


def share_of(by: Any) -> int:
    """How many photos ``by`` may send in all; 0 for who may send none."""
    return _share_and_sent(by)[0]


def refuse_beyond_share(by: Any) -> None:
    """Raise `PermissionDenied` for who may send no photos, `PhotoRefused` for who has sent as many as allowed."""
    share, sent = _share_and_sent(by)
    if not share:
        raise PermissionDenied
    if sent >= share:
        raise PhotoRefused("too_many", 429)


def sent_before(sha256: str, *, by: Any) -> Photo | None:
    """The whole photo if ``by`` sent it; whether another person did makes no difference."""
    return next(iter(_photo_of(sha256, by.pk)), None)


def _share_and_sent(by: Any) -> tuple[int, int]:
    [(stations, sent)] = _counts(by.pk)
    return settings.PHOTOS_PER_STATION_AND_WITNESS * (STATIONS_OF_STAFF if by.may_decide else stations), sent


@prepared
def _counts(person: int) -> QuerySet[User, tuple[int, int]]:
    stations = Assignment.objects.active().filter(witness=OuterRef("pk")).values("witness")
    sent = PhotoUpload.objects.filter(uploaded_by=OuterRef("pk")).values("uploaded_by")
    return User.objects.filter(pk=person).values_list(
        *(Coalesce(Subquery(rows.annotate(number=Count("pk")).values("number")), 0) for rows in (stations, sent))
    )


@prepared
def _photo_of(sha256: str, person: int) -> QuerySet[Photo]:
    return Photo.objects.filter(pk=sha256, uploads__uploaded_by=person)
