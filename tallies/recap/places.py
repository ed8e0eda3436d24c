"""Of which recaps somebody may see or enter something: a saksi PPK of one kecamatan, a coordinator of the region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404

from accounts.models import Role
from regions.models import Level, Region
from tallies.models import Contest, RecapForm

#: D.Hasil Kecamatan and D.Hasil KabKo.
RECAP_LEVELS = (Level.DISTRICT, Level.REGENCY)


@dataclass(frozen=True)
class RecapPlace:
    """The D.Hasil of ``region`` for ``contest``: a column for each of ``parts``, and one that adds them up."""

    contest: Contest
    region: Region
    parts: tuple[Region, ...]

    @property
    def columns(self) -> tuple[Region, ...]:
        """The regions of the columns in the order of the paper, the total last."""
        return (*self.parts, self.region)


def is_recap_witness(user: Any) -> bool:
    """A saksi PPK: enters the recap of one kecamatan, and sees no totals."""
    return user.is_current and not user.is_superuser and user.role == Role.DISTRICT_WITNESS


def regions_of(user: Any) -> QuerySet[Region]:
    """The regions whose recap ``user`` may see something of."""
    if is_recap_witness(user):
        return Region.objects.filter(pk=user.region_id, level=Level.DISTRICT)
    return Region.objects.visible_to(user).filter(level__in=RECAP_LEVELS)


def may_enter(user: Any, region: Region) -> bool:
    """Whether ``user``, who sees ``region``, may enter its D.Hasil."""
    return user.may_decide or (is_recap_witness(user) and region.pk == user.region_id)


def place_of(user: Any, contest_id: int, code: str) -> RecapPlace:
    """The recap that ``user`` may see something of; else 404."""
    if "\0" in code or contest_id >= 2**63:
        raise Http404
    region = regions_of(user).filter(code=code).first()
    contest = Contest.objects.select_related("election", "region").filter(pk=contest_id).first()
    if region is None or contest is None or not contest.region.contains(region):
        raise Http404
    return whole(contest, region)


def whole(contest: Contest, region: Region) -> RecapPlace:
    return RecapPlace(contest, region, tuple(Region.objects.filter(parent=region).order_by("first")))


def contests_over(region: Region) -> QuerySet[Contest]:
    """The contests in which ``region`` votes as a whole, the newest election first."""
    covering = Q(region__first__lte=region.first, region__last__gte=region.last)
    return Contest.objects.filter(covering).select_related("election", "region").order_by("-election__date", "pk")


def forms_at(place: RecapPlace, user: Any) -> QuerySet[RecapForm]:
    """The versions of a recap that ``user`` may see, the newest first."""
    forms = RecapForm.objects.visible_to(user).filter(contest=place.contest, region=place.region)
    return forms.select_related("submitted_by", "supersedes").order_by("-pk")
