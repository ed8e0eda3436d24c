"""One log line a request, and its time in the metrics."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from sista import metrics
from sista.logging_json import NO_ROUTE, route_of

log = logging.getLogger("sista.request")

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class RequestLogMiddleware:
    """Tell method, route, status, milliseconds and role of each request; nothing that names a person."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - began
        # The sender chooses the method's name: only known ones may become text or a label.
        method = request.method if request.method in METHODS else "OTHER"
        facts = {
            "method": method,
            "route": _route(request),
            "status": response.status_code,
            "ms": round(seconds * 1000, 1),
            "role": _role(request),
        }
        metrics.count_request(str(method), facts["route"], response.status_code, seconds)
        log.info("%(method)s %(route)s %(status)s %(ms)s ms %(role)s", facts, extra={"facts": facts})
        return response


def _route(request: HttpRequest) -> str:
    route = route_of(request)
    # Answered by whitenoise, before any pattern is looked at.
    return "static" if route == NO_ROUTE and request.path_info.startswith(settings.STATIC_URL) else route


def _role(request: HttpRequest) -> str:
    # The user as the view has loaded it; asking would load it, for static files and probes too.
    user = getattr(request, "_cached_user", None)
    if user is None:
        return "-"
    return str(user.role) if user.is_authenticated else "anonymous"
