"""Is it alive, is it ready, what does it count: for machines, without a session.

``/healthz``  the process answers; it touches nothing. Send people by this one.
``/readyz``   every part behind it works, and the totals keep up. For alarms and
              before a release is let in. It is no reason to send people
              elsewhere: forms are taken in without broker and photo store.
``/metrics``  numbers for Prometheus, for this machine or with the token.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable

import redis
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from sista import metrics, replica_state
from tallies import waiting

log = logging.getLogger(__name__)

#: A drain runs every second; this late, the drainer is stuck.
OUTBOX_SECONDS = 30
#: The photo store is written to, so not at every question.
STORE_SECONDS = 10
BROKER_TIMEOUT = 2

View = Callable[[HttpRequest], HttpResponse]


class ProbeMiddleware:
    """Answer the probes before anything else looks at the request.

    A load balancer asks by address over plain HTTP: the check of the host name
    and the redirect to HTTPS would refuse it, a session would cost a query.
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info)
        if probe is None:
            return self.get_response(request)
        response = probe(request) if request.method in ("GET", "HEAD") else HttpResponse(status=405)
        response["Cache-Control"] = "no-store"
        return response


def healthz(_request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok"})


def readyz(_request: HttpRequest) -> HttpResponse:
    parts = {
        "database": _database(),
        "broker": _broker(),
        "photos": _photo_store(),
        "outbox": _outbox(),
    }
    ready = set(parts.values()) <= {"ok", "unused"}
    return JsonResponse({"status": "ready" if ready else "unready"} | parts, status=200 if ready else 503)


def metrics_page(request: HttpRequest) -> HttpResponse:
    if not metrics.may_read(request.META, settings.METRICS_TOKEN):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(
        metrics.exposition(waiting.facts, replica_state.behind_now if settings.REPLICA_URL else None),
        content_type=metrics.CONTENT_TYPE,
    )


PROBES: dict[str, View] = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics_page}


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError) as error:
        return _down("database", error)
    return "ok"


def _outbox() -> str:
    try:
        return "late" if waiting.outbox_age() > OUTBOX_SECONDS else "ok"
    except (DatabaseError, InterfaceError):
        return "unknown"


def _broker() -> str:
    if not settings.REDIS_URL:
        return "unused"
    link = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=BROKER_TIMEOUT, socket_connect_timeout=BROKER_TIMEOUT
    )
    try:
        link.ping()
    except (redis.RedisError, OSError) as error:
        return _down("broker", error)
    finally:
        link.close()
    return "ok"


_store_state = ("", 0.0)


def _photo_store() -> str:
    global _store_state
    state, until = _store_state
    if time.monotonic() < until:
        return state
    state = _try_photo_store()
    _store_state = (state, time.monotonic() + STORE_SECONDS)
    return state


def forget_photo_store() -> None:
    """Look at the store anew at the next question."""
    global _store_state
    _store_state = ("", 0.0)


def _try_photo_store() -> str:
    """Write, read and delete a tiny object."""
    store = storages["photos"]
    name, content = f"probe/{secrets.token_hex(16)}", secrets.token_bytes(16)
    try:
        store.save(name, ContentFile(content))
        try:
            with store.open(name) as stream:
                same = stream.read() == content
        finally:
            store.delete(name)
    except OSError as error:
        return _down("photo store", error)
    return "ok" if same else "down"


def _down(part: str, error: Exception) -> str:
    # The type only: messages of drivers hold addresses and user names.
    log.warning("%s is away: %s", part, type(error).__name__)
    return "down"
