"""Slow down whoever guesses passwords from one address, without locking out a village.

django-axes locks one username. This counts the failed sign-ins of an address
over a minute, whoever they were for; successful ones never count, as a whole
village may share the address of its carrier. Beyond the limit the password is
not even looked at: one PBKDF2 hash costs 336 ms.
"""

from __future__ import annotations

import hashlib
import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

WINDOW_SECONDS = 60
#: Failed sign-ins an address may have in a window. Eighty witnesses who sign in
#: at once and of whom every third mistypes once stay below it.
FAILURES_PER_WINDOW = 30


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
    now = time.time()
    if cache.get(_key(request, now), 0) < FAILURES_PER_WINDOW:
        return 0
    return WINDOW_SECONDS - int(now) % WINDOW_SECONDS


def count_failure(request: HttpRequest) -> None:
    """Count one failed sign-in of the address."""
    key = _key(request, time.time())
    cache.add(key, 0, 2 * WINDOW_SECONDS)
    try:
        cache.incr(key)
    except ValueError:  # expired between the two calls
        cache.set(key, 1, 2 * WINDOW_SECONDS)


def _key(request: HttpRequest, now: float) -> str:
    # Hashed: behind a proxy the text is the sender's, and a cache key has its own alphabet.
    address = hashlib.sha256(address_of(request).encode()).hexdigest()[:32]
    return f"signin-failures:{address}:{int(now) // WINDOW_SECONDS}"
