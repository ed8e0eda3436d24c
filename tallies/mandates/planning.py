"""Which letters a part of a batch holds, and which of them carry a link.

One person has one open link. A letter carries a new one unless the phone is active already, the person signs in
with a password or also guards outside the region of whoever prints, or another letter that stays valid holds a
link that can still be used. Who asks for one letter alone wants its link: there the last does not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Exists, OuterRef, QuerySet

from accounts import rights
from accounts.models import Activation, Device
from regions.models import Level, Region
from tallies.models import Assignment, Election, Mandate, MandateBatch, Printed


class Carries(StrEnum):
    """What the QR code of a letter is for."""

    LINK = "link"
    #: To look the number up only: the phone is active.
    ACTIVE = "active"
    #: To look the number up only: the link stands on another letter.
    ELSEWHERE = "elsewhere"
    #: To look the number up only: no phone is opened for this person.
    NO_PHONE = "no_phone"


@dataclass(frozen=True)
class Due:
    """One letter. ``earlier``: the valid one it puts an end to; ``other``: the number of the one with the link."""

    assignment: Assignment
    carries: Carries
    earlier: Mandate | None = None
    other: str = ""

    @property
    def key(self) -> tuple[int, str, str, int | None, str]:
        """Equal as long as the same letter would be printed."""
        earlier = self.earlier.pk if self.earlier else None
        return (self.assignment.pk, str(self.assignment.witness), self.carries, earlier, self.other)


def wanted(batch: MandateBatch) -> QuerySet[Assignment]:
    """The assignments of the batch that are still without their letter, in the order of the stations."""
    rows = Assignment.objects.active().filter(station__election=batch.election)
    if batch.assignment_id:
        rows = rows.filter(pk=batch.assignment_id)
    rows = rows.filter(station__region__first__range=(batch.region.first, batch.region.last))
    valid = Mandate.objects.valid().filter(assignment=OuterRef("pk"))
    if batch.printed == Printed.MISSING:
        rows = rows.filter(~Exists(valid))
    else:
        rows = rows.filter(~Exists(valid.filter(issued_in__batch=batch)))
    return rows.order_by("station__region__first", "station__number", "pk")


def parts(batch: MandateBatch) -> list[Region]:
    """The kecamatan that have letters of this batch; that of its desa or station is one."""
    districts = set(wanted(batch).order_by().values_list("station__region__parent", flat=True).distinct())
    return list(Region.objects.filter(pk__in=districts).order_by("first"))


def due(batch: MandateBatch, district: Region) -> list[Due]:
    """The letters of one kecamatan as they would be printed now."""
    rows = wanted(batch).filter(station__region__first__range=(district.first, district.last))
    return _plan(batch, list(rows.select_related("witness", "station__region")))


def _plan(batch: MandateBatch, assignments: list[Assignment]) -> list[Due]:
    people = {one.witness_id for one in assignments}
    keys = {one.pk for one in assignments}
    active = set(_some(Device.objects.active(), people).values_list("user", flat=True))
    valid = Mandate.objects.valid().filter(assignment__in=keys).select_related("assignment__station__region")
    earlier = {one.assignment_id: one for one in valid}
    # Of whom no link is made: those who sign in with a password, and those who also work for another region.
    elsewhere = rights.guarding_elsewhere(batch.made_by, people)
    others = {} if batch.assignment_id else _links_elsewhere(batch, people)
    found = []
    for one in assignments:
        carries, other = Carries.LINK, ""
        if not one.witness.may_use_pin or one.witness_id in elsewhere - active:
            carries = Carries.NO_PHONE
        elif one.witness_id in active:
            carries = Carries.ACTIVE
        elif one.witness_id in others:
            carries, other = Carries.ELSEWHERE, others[one.witness_id]
        found.append(Due(one, carries, earlier.get(one.pk), other))
    return found


def _links_elsewhere(batch: MandateBatch, people: set[int]) -> dict[int, str]:
    """By person, the number of a letter that this batch leaves valid and whose link can still be used."""
    rows = Mandate.objects.valid().filter(
        assignment__witness__in=people, activation__in=_some(Activation.objects.usable(), people)
    )
    rows = rows.exclude(assignment__in=wanted(batch).order_by().values("pk"))
    return dict(rows.order_by("pk").values_list("assignment__witness", "number"))


def _some(rows: QuerySet, people: Iterable[int]) -> QuerySet:
    return rows.filter(user__in=list(people))


def regency_of(district: Region) -> Region:
    return Region.objects.ancestors_of(district).get(level=Level.REGENCY)


def contests_over(election: Election, region: Region) -> Iterator[str]:
    """The titles of the contests that every station of ``region`` votes in, the highest first."""
    rows = election.contests.filter(region__first__lte=region.first, region__last__gte=region.last)
    yield from (one.title for one in rows.select_related("region").order_by("region__level", "office"))
