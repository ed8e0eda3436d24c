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
from accounts.models.tokens import ApiToken, TokenScope

__all__ = [
    "PHONE_ROLES",
    "RESULT_ROLES",
    "ROLE_LEVELS",
    "Activation",
    "ApiToken",
    "Device",
    "Refusal",
    "RefusalQuerySet",
    "Role",
    "SistaUserManager",
    "TokenScope",
    "User",
    "UserQuerySet",
]
