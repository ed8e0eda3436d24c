"""Answer "nothing new" cheaply, and only to those who may see the page.

Django's ``condition`` decorator asks for the ETag before the view runs, so it
answered 304 to anyone; here the view has found the page for the user first.
"""

from __future__ import annotations

import hashlib
import time

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from django.utils.translation import get_language

#: What no stamp sees (a renamed pair, a new release) is shown after this many seconds at the latest.
LONGEST_SECONDS = 600


def page_etag(request: HttpRequest, stamp: str, *, fragment: bool, longest: int = LONGEST_SECONDS) -> str | None:
    """The ETag of a page or of its live fragment, for this reader.

    ``stamp`` says what the page shows. A page also carries the reader's name
    and the token of the forms in its head, so it is bound to both. None for a
    page that shows a message: nobody shall read it twice. ``longest``: seconds for which it may
    not show what ``stamp`` does not see.
    """
    if not fragment and len(get_messages(request)):
        return None
    user = request.user
    parts = [stamp, user.pk, user.role, user.region_id, get_language(), fragment, period(longest)]
    if not fragment:
        parts += [str(user), request.COOKIES.get(settings.CSRF_COOKIE_NAME)]
    return '"' + hashlib.sha256(repr(parts).encode()).hexdigest()[:32] + '"'


def period(seconds: int) -> int:
    """Number of the period of ``seconds`` that it is now."""
    return int(time.time() // seconds)


def unchanged(request: HttpRequest, etag: str | None) -> HttpResponse | None:
    """The 304 when the reader has ``etag`` already, else None."""
    return with_etag(HttpResponseNotModified(), etag) if etag in known_etags(request) else None


def known_etags(request: HttpRequest) -> list[str]:
    """What the reader has; a proxy that compresses marks an ETag as weak, which is the same here."""
    given = parse_etags(request.headers.get("If-None-Match", ""))
    return [etag.removeprefix("W/") for etag in given]


def with_etag(response: HttpResponse, etag: str | None) -> HttpResponse:
    """Name the state of ``response``, which has two shapes at one address: page and fragment."""
    if etag:
        response["ETag"] = etag
    patch_vary_headers(response, ["HX-Request"])
    return response
