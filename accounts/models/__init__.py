"""The tables of people, a file a noun."""

from accounts.models.events import KEPT_TABLES, AdministrativeEvent, EventChain
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
from accounts.models.sessions import RunningSession
from accounts.models.tokens import ApiToken, TokenScope

__all__ = [
    "KEPT_TABLES",
    "PHONE_ROLES",
    "RESULT_ROLES",
    "ROLE_LEVELS",
    "Activation",
    "AdministrativeEvent",
    "ApiToken",
    "Device",
    "EventChain",
    "Refusal",
    "RefusalQuerySet",
    "Role",
    "RunningSession",
    "SistaUserManager",
    "TokenScope",
    "User",
    "UserQuerySet",
]
