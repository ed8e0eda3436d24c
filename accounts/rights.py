"""Who may give which role, and where."""

from __future__ import annotations

from accounts.models import ROLE_LEVELS, Role, User
from regions.models import Region

#: Roles that a role may give within its own region; those beside and above it are given by a superuser.
GIVEN_BY: dict[str, tuple[Role, ...]] = {
    Role.PROVINCE_STAFF: (Role.WITNESS, Role.DISTRICT_WITNESS, Role.OPERATOR, Role.COORDINATOR),
    Role.COORDINATOR: (Role.WITNESS, Role.DISTRICT_WITNESS, Role.OPERATOR),
}


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
    return may_give(user, person.role, person.region)


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
