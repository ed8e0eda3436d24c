"""Who may give which role, and where."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from accounts.models import ROLE_LEVELS, Role, User
from regions.models import Region

#: Roles that a role may give within its own region; those beside and above it are given by a superuser.
GIVEN_BY: dict[str, tuple[Role, ...]] = {
    Role.PROVINCE_STAFF: (Role.WITNESS, Role.DISTRICT_WITNESS, Role.OPERATOR, Role.COORDINATOR),
    Role.COORDINATOR: (Role.WITNESS, Role.DISTRICT_WITNESS, Role.OPERATOR),
}

#: `tallies.models.Phase.CLOSED`: of a closed election nobody guards a TPS any more.
CLOSED = "selesai"


def given_by(user: User) -> tuple[Role, ...]:
    """The roles ``user`` may give to others."""
    if not user.is_current:
        return ()
    return tuple(Role) if user.is_superuser else GIVEN_BY.get(user.role, ())


def may_manage(user: User, person: User) -> bool:
    """True when ``user`` may end the sessions and the time of ``person``, and reset the second factor: a superior."""
    if user.pk == person.pk:
        return False
    if user.is_superuser or person.is_superuser:
        return user.is_superuser and user.is_current
    return may_give(user, person.role, person.region) and not guards_elsewhere(user, person)


def guards_elsewhere(user: User, person: User) -> bool:
    """True when ``person`` guards a TPS outside the region of ``user``.

    Whoever knows a name and a number may have that witness guard a TPS of their own too. This must not open
    the phone and the account with which the witness works for others.
    """
    return bool(guarding_elsewhere(user, [person.pk]))


def guarding_elsewhere(user: User, people: Iterable[int]) -> set[int]:
    """Those of ``people``, by their keys, of whom `guards_elsewhere` is true."""
    scope = user.scope
    at = "assignments__station__region__first"
    outside = Q() if scope is None else Q(**{f"{at}__lt": scope.first}) | Q(**{f"{at}__gt": scope.last})
    guards = User.objects.filter(
        outside, assignments__isnull=False, assignments__revoked_at=None, pk__in=list(people)
    )
    # Joined rows, so that each condition is on the same assignment; a negated one would be on any.
    found = guards.order_by().values_list("pk", "assignments__station__election__phase")
    return {key for key, phase in found if phase != CLOSED}


def may_give(user: User, role: str, region: Region | None) -> bool:
    """True when ``user`` may make somebody a ``role`` at ``region`` (None: a witness, who has stations instead)."""
    if role not in given_by(user):
        return False
    if region is None:
        return role == Role.WITNESS
    if role in ROLE_LEVELS and region.level != ROLE_LEVELS[Role(role)]:
        return False
    scope = user.scope
    return scope is not None and scope.contains(region)
