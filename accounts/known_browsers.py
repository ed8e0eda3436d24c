"""A browser in which a person has signed in before: the guesses of strangers do not keep it waiting.

A lock on a name, and a wait for an address, are weapons in the hands of whoever knows the name or shares the address.
After a sign-in by password the browser therefore keeps a mark for that one name. Its wrong passwords are counted
apart from everybody else's, and it does not wait for its address. The mark opens nothing: without the password it is
worth eight guesses, then its own lock.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

COOKIE = "sista-kenal"
COOKIE_AGE = 180 * 24 * 3600
_SALT = "accounts.known_browsers"


def remember(response: HttpResponse, username: str) -> None:
    """Mark the browser for ``username``, who has just signed in; the mark of whoever was here before goes."""
    mark = signing.dumps([secrets.token_hex(8), _digest(username)], salt=_SALT)
    response.set_cookie(
        COOKIE, mark, max_age=COOKIE_AGE, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )


def mark_for(request: HttpRequest | None, username: str) -> str:
    """Return the mark of this browser for ``username``; "" when it has none. Asks no database."""
    given = request.COOKIES.get(COOKIE, "") if request is not None else ""
    try:
        name, digest = signing.loads(given, salt=_SALT, max_age=COOKIE_AGE) if given else ("", "")
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return name if name and constant_time_compare(digest, _digest(username)) else ""


def counted_as(request: HttpRequest | None, credentials: dict[str, Any] | None = None) -> str | None:
    """Under which name django-axes counts wrong passwords: the person's, in a marked browser with its mark."""
    posted = request.POST.get("username") if request is not None else None
    username = (credentials or {}).get("username") or posted
    mark = mark_for(request, username) if username else ""
    return f"{username} ~{mark}" if mark else username


def _digest(username: str) -> str:
    # Not the name itself: the cookie is signed, not sealed.
    return salted_hmac(_SALT, username).hexdigest()[:32]
