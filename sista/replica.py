"""Read what only reads from a copy of the database that follows it (``REPLICA_URL``).

Which reads may come from the copy is said by address (`settings.REPLICA_PAGES`:
pages that show and decide nothing), not by model: while such a page is made,
`ReplicaRouter` sends its queries to the copy. Everything else reads where it
writes: every other address, whatever holds a transaction or a lock, who
somebody is and may be (`settings.REPLICA_NEVER`), and for `FRESH_SECONDS`
whoever wrote something.

The copy may be away or late at any time. Then the primary answers, also the
request that found out, and the copy is left alone for some seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from sista import metrics
from sista.replica_state import ALIAS, state

log = logging.getLogger(__name__)

#: So long after a write its author reads from the primary: longer than the copy may be late
#: (`replica_state.MOST_BEHIND`) by a measurement that is `LOOK_SECONDS` old.
FRESH_SECONDS = 10
FRESH_COOKIE = "sista-wrote"
READS = frozenset({"GET", "HEAD"})
SAFE = READS | {"OPTIONS", "TRACE"}
#: SQLSTATEs of a query that was only unlucky: a conflict with what the copy replays, or cancelled.
_UNLUCKY = ("40", "57014")

_reading: ContextVar[bool] = ContextVar("sista_reading_from_replica", default=False)


class ReplicaRouter:
    """Django's question which database is asked, for the query at hand."""

    def db_for_read(self, model: Any = None, **hints: Any) -> str:
        # A lock, and what reads before it writes, come to db_for_write or stand in a transaction of the primary.
        if not _reading.get() or connections[DEFAULT_DB_ALIAS].in_atomic_block or _is_never(model):
            return DEFAULT_DB_ALIAS
        return ALIAS

    def db_for_write(self, model: Any = None, **hints: Any) -> str:
        # Also for a row that was read from the copy.
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return True  # the same rows

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS


def _is_never(model: Any) -> bool:
    if model is None:
        return False
    return model._meta.app_label in settings.REPLICA_NEVER or model._meta.label_lower in settings.REPLICA_NEVER


def seconds_behind() -> float:
    """How old at most what is read now is by itself: 0 from the primary."""
    return (state.behind or 0.0) if _reading.get() else 0.0


class ReplicaMiddleware:
    """Choose for each request; let the primary answer where the copy fails. Stands last, right round the view.

    What stands further out (sessions, refusals) reads and writes at the primary.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if ALIAS not in connections.settings:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _reading.set(False)
        try:
            response = self.get_response(request)
        finally:
            _reading.reset(token)
        if request.method not in SAFE:
            _mark_as_fresh(response)
        return response

    def process_view(self, request: Any, view: Callable[..., Any], args: Any, kwargs: Any) -> None:
        name = request.resolver_match.view_name if request.resolver_match else None
        if request.method not in READS or name not in settings.REPLICA_PAGES:
            return
        # A person's own write is there at once, however late the copy is. Nothing is asked for it.
        why = "wrote" if FRESH_COOKIE in request.COOKIES else state.why_not()
        metrics.count_page_read("primary" if why else "replica", why)
        if not why:
            request.replica_call = (view, args, kwargs)
            _reading.set(True)

    def process_exception(self, request: Any, error: Exception) -> HttpResponseBase | None:
        """Answer from the primary when it was the copy that failed. The view only reads: it may run twice."""
        if not _reading.get() or not isinstance(error, DatabaseError | InterfaceError):
            return None
        copy = connections[ALIAS]
        if not copy.errors_occurred:
            return None  # the primary failed
        _reading.set(False)
        drop(copy)
        if not str(getattr(error.__cause__, "pgcode", None) or "").startswith(_UNLUCKY):
            state.leave_alone()
        # The type only: messages of drivers hold addresses and user names.
        log.warning("the replica failed, the primary answers: %s", type(error).__name__)
        metrics.count_page_read("primary", "failed")
        view, args, kwargs = request.replica_call
        response: Any = view(request, *args, **kwargs)
        return response.render() if callable(getattr(response, "render", None)) else response


def drop(copy: Any) -> None:
    """Close a connection in whatever state it is; the next request that may makes a new one."""
    try:
        copy.close()
    except (DatabaseError, InterfaceError):
        copy.connection = None
    copy.errors_occurred = False


def _mark_as_fresh(response: HttpResponse) -> None:
    # Also after an error: what was sent may have been written before it. Taking the cookie out harms nobody else.
    response.set_cookie(
        FRESH_COOKIE,
        "1",
        max_age=FRESH_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
