"""What a request gets while the database or the disk is away: 503 or 507, and nothing is lost.

No page is drawn: a template may need the database. Nothing was acknowledged,
so the phone keeps what it sent and tries again after ``Retry-After``.
"""

from __future__ import annotations

import errno
import logging
import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.utils.translation import gettext as _

from sista.logging_json import route_of
from sista.photo_storage import PhotoStoreAway

log = logging.getLogger(__name__)

RETRY_SECONDS = 5
#: SQLSTATE of PostgreSQL's "disk full"; SQLite has only words for it.
_PG_DISK_FULL = "53100"
_SQLITE_DISK_FULL = "database or disk is full"


class OutageMiddleware:
    """Answer for the database and the disk, in pages and API alike.

    An error of a view comes to `process_exception`. One of a middleware
    further in (the session is in the database too) is a 500 by the time it is
    here; the signal below has kept its cause.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 500:
            return response
        # Whose language it is was perhaps never read; the thread still speaks that of its last request.
        with translation.override(settings.LANGUAGE_CODE):
            return outage_answer(request, getattr(request, "failure", None)) or response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return outage_answer(request, error)


@receiver(got_request_exception, dispatch_uid="sista.outage")
def _keep_the_cause(request: Any = None, **_kwargs: Any) -> None:
    if request is not None:
        request.failure = sys.exc_info()[1]


def outage_answer(request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    """The answer to an outage; None when ``error`` is none."""
    if _disk_is_full(error):
        return _answer(request, error, 507, "storage_full", _("Penyimpanan server penuh. Kiriman belum tersimpan."))
    if isinstance(error, OperationalError | InterfaceError):
        said = _("Server sedang tidak dapat menyimpan. Kiriman belum tersimpan; coba lagi sebentar lagi.")
        return _answer(request, error, 503, "try_again", said)
    if isinstance(error, PhotoStoreAway):
        said = _("Penyimpanan foto sedang tidak dapat dihubungi. Coba lagi sebentar lagi.")
        return _answer(request, error, 503, "photo_store_away", said)
    return None


def _disk_is_full(error: BaseException | None) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    if isinstance(error, OperationalError):
        return getattr(error.__cause__, "pgcode", None) == _PG_DISK_FULL or _SQLITE_DISK_FULL in str(error)
    return False


def _answer(request: HttpRequest, error: BaseException | None, status: int, code: str, sentence: str) -> HttpResponse:
    log.error("%s %s: %s %s", request.method, route_of(request), status, type(error).__name__)
    response: HttpResponse
    if request.path.startswith("/api/"):
        response = JsonResponse({"code": code, "detail": sentence, "fields": {}}, status=status)
    else:
        response = HttpResponse(sentence, content_type="text/plain; charset=utf-8", status=status)
    response["Retry-After"] = str(RETRY_SECONDS)
    response["Cache-Control"] = "no-store"
    return response
