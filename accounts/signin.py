"""Slow down whoever guesses passwords from one address, without locking out a village.

django-axes locks one username. This counts the failed sign-ins of an address
over a minute, whoever they were for; successful ones never count, as a whole
village may share the address of its carrier. Beyond the limit the password is
not even looked at: one PBKDF2 hash costs 336 ms.
"""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.http import HttpRequest

from sista.cache import count_in_window, counted_in_window, seconds_left

WINDOW_SECONDS = 60
#: Failed sign-ins an address may have in a window. Eighty witnesses who sign in
#: at once and of whom every third mistypes once stay below it.
FAILURES_PER_WINDOW = 30
#: Wrong old passwords on the page that changes it: whoever finds a session open must not learn the password from it.
OLD_PASSWORDS, OLD_PASSWORD_SECONDS = 8, 300


def address_of(request: HttpRequest) -> str:
    """Return the sender's address.

    Behind a proxy (``SISTA_HTTPS``) it is the last entry of X-Forwarded-For:
    the one the proxy itself wrote. Those before it are the sender's claim.
    """
    if settings.HTTPS:
        claimed = request.headers.get("X-Forwarded-For", "").rsplit(",", 1)[-1].strip()
        if claimed:
            return claimed
    return request.META.get("REMOTE_ADDR", "")


def seconds_to_wait(request: HttpRequest) -> int:
    """Return after how many seconds the address may try again; 0: now.

    A cache that is away knows of no failure, and the sign-in passes.
    """
    failures = counted_in_window(_key(request), WINDOW_SECONDS)
    return 0 if failures < FAILURES_PER_WINDOW else seconds_left(WINDOW_SECONDS)


def count_failure(request: HttpRequest) -> None:
    """Count one failed sign-in of the address."""
    count_in_window(_key(request), WINDOW_SECONDS)


def seconds_to_wait_for_change(user_id: int) -> int:
    """Return after how many seconds the old password is looked at again; 0: now."""
    wrong = counted_in_window(_change_key(user_id), OLD_PASSWORD_SECONDS)
    return 0 if wrong < OLD_PASSWORDS else seconds_left(OLD_PASSWORD_SECONDS)


def count_wrong_old_password(user_id: int) -> None:
    count_in_window(_change_key(user_id), OLD_PASSWORD_SECONDS)


def _change_key(user_id: int) -> str:
    return f"wrong-old-passwords:{user_id}"


def _key(request: HttpRequest) -> str:
    # Hashed: behind a proxy the text is the sender's, and a cache key has its own alphabet.
    address = hashlib.sha256(address_of(request).encode()).hexdigest()[:32]
    return f"failed-sign-ins:{address}"
