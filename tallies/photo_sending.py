"""Who may send photos, how many, and which ones somebody has sent already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Role, User
from sista.prepared import prepared
from tallies.models import Assignment, Photo, PhotoUpload

#: People who decide, or type from paper, guard no station; their share is that of so many.
STATIONS_OF_STAFF = 1000
#: A saksi PPK photographs one kecamatan's recap, in versions: a page a desa, at most.
STATIONS_OF_RECAP_WITNESS = 4


class PhotoRefused(Exception):
    """A photo that is not taken; ``code`` names why, ``status`` the HTTP answer."""

    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


@dataclass(frozen=True)
class Standing:
    """A person before one photo: how many may be sent in all (0: none), how many were, whether this one was."""

    share: int
    sent: int
    has_sent: bool

    def refuse(self) -> None:
        """Raise `PermissionDenied` for who may send no photos, `PhotoRefused` for who has sent as many as allowed."""
        if not self.share:
            raise PermissionDenied
        if self.sent >= self.share:
            raise PhotoRefused("too_many", 429)


def sends_for_all(by: Any) -> bool:
    """Who types forms or corrects them photographs other people's papers, and needs no assignment."""
    return by.may_decide or by.may_type


def standing_of(by: Any, sha256: str) -> Standing:
    [(stations, sent, has_sent)] = _counts(by.pk, sha256)
    if sends_for_all(by):
        stations = STATIONS_OF_STAFF
    elif by.is_current and by.role == Role.DISTRICT_WITNESS:
        stations = STATIONS_OF_RECAP_WITNESS
    return Standing(settings.PHOTOS_PER_STATION_AND_WITNESS * stations, sent, has_sent)


def sent_before(sha256: str, *, by: Any) -> Photo | None:
    """The whole photo if ``by`` sent it; whether another person did makes no difference."""
    return next(iter(_photo_of(sha256, by.pk)), None)


@prepared
def _counts(person: int, sha256: str) -> QuerySet[User, tuple[int, int, bool]]:
    stations = Assignment.objects.active().filter(witness=OuterRef("pk")).values("witness")
    sent = PhotoUpload.objects.filter(uploaded_by=OuterRef("pk"))
    numbers = (stations, sent.values("uploaded_by"))
    return User.objects.filter(pk=person).values_list(
        *(Coalesce(Subquery(rows.annotate(number=Count("pk")).values("number")), 0) for rows in numbers),
        Exists(sent.filter(photo=sha256)),
    )


@prepared
def _photo_of(sha256: str, person: int) -> QuerySet[Photo]:
    return Photo.objects.filter(pk=sha256, uploads__uploaded_by=person)
