"""The tables of people, a file a noun."""

from accounts.models.people import (
    PHONE_ROLES,
    RESULT_ROLES,
    ROLE_LEVELS,
    Refusal,
    RefusalQuerySet,
    Role,
    SistaUserManager,
    User,
    UserQuerySet,
)
from accounts.models.phones import Activation, Device

__all__ = [
    "PHONE_ROLES",
    "RESULT_ROLES",
    "ROLE_LEVELS",
    "Activation",
    "Device",
    "Refusal",
    "RefusalQuerySet",
    "Role",
    "SistaUserManager",
    "User",
    "UserQuerySet",
]
