"""What every answer to a signed-in person needs."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _

from accounts import devices, recording, second_factor
from accounts.models import Refusal
from sista.cache import count_in_window
from sista.database import writing, writing_once

Handler = Callable[[HttpRequest], HttpResponse]

#: Refusals kept per person and minute; a script must not fill the disk.
REFUSALS_PER_MINUTE = 30


class HiddenTokenMiddleware:
    """Take the secret of an address (a view's ``token``) out of the request before anything can write it down.

    Log lines, refusal records and error reports tell the address they find here.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]) -> None:
        token = kwargs.get("token")
        if token is not None:
            hidden = request.path.removesuffix(f"{token}/") + "***/"
            request.path = request.path_info = hidden
            request.META |= {name: hidden for name in ("PATH_INFO", "RAW_URI", "REQUEST_URI") if name in request.META}


class DeviceSessionMiddleware:
    """End a session that a phone made and another browser sends. Stands after authentication; asks nothing more."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not devices.session_fits(request):
            with writing_once():
                logout(request)
        return self.get_response(request)


class SecondFactorMiddleware:
    """Open nothing but the way in and out to a session that has only passed the password.

    Whatever is not named here is closed. Session and person are those that the view reads anyway.
    """

    #: The way in and out, and what shows nobody's data.
    OPEN = frozenset({
        "sign-in", "sign-in-code", "second-factor-set-up", "sign-out", "set-language", "activate", "pin",
        "phone", "phone-worker", "phone-manifest", "party-css", "wall", "sms-inbound", "evidence-verifier",
    })  # fmt: skip

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]) -> HttpResponse | None:
        match = request.resolver_match
        if (match and match.view_name in self.OPEN) or SESSION_KEY not in request.session:
            return None
        if not request.user.is_authenticated or second_factor.passed(request):
            return None
        if request.path.startswith("/api/"):
            told = {"detail": _("Tulis dahulu kode dari aplikasi autentikator Anda."), "code": "second_factor"}
            return JsonResponse(told, status=403)
        name = "sign-in-code" if request.user.second_factor else "second-factor-set-up"
        wanted = {"next": request.get_full_path()} if request.method == "GET" and not request.htmx else None
        address = reverse(name, query=wanted)
        if request.htmx:  # a part of a page leads the whole page there
            return HttpResponse(status=204, headers={"HX-Redirect": address})
        return redirect(address)


class PrivatePagesMiddleware:
    """Keep every answer out of shared caches unless a view decided otherwise."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_cache=True)
        return response


class WhoWasHereMiddleware:
    """Tell a witness's phone in a readable cookie who signed in last.

    What a phone keeps for the time without a network is one person's: the next
    one who signs in there must not be shown it. Only a person the request has
    looked up anyway is told of, so it asks nothing more; it is no proof of anything.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        user = getattr(request, "_cached_user", None)
        is_witness = user is not None and user.is_authenticated and user.is_witness
        # An answer that is no success changes nothing on the phone.
        if is_witness and response.status_code < 400 and request.COOKIES.get(devices.WHO_COOKIE) != str(user.pk):
            options = {"max_age": devices.COOKIE_AGE, "samesite": "Lax", "secure": settings.SESSION_COOKIE_SECURE}
            response.set_cookie(devices.WHO_COOKIE, str(user.pk), **options)
        return response


class RefusalRecordMiddleware:
    """Record each 403 and 404 a signed-in person gets on an address that exists.

    A view whose 404 refuses nothing says so with ``refuses_nothing`` on the response.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        refused = response.status_code in (403, 404) and not getattr(response, "refuses_nothing", False)
        if refused and request.resolver_match and request.user.is_authenticated:
            self._record(request, response.status_code)
        return response

    def _record(self, request: HttpRequest, status: int) -> None:
        if count_in_window(f"refusals:{request.user.pk}", 60) <= REFUSALS_PER_MINUTE:
            with writing():
                path = request.path.replace("\0", "")[:300]
                refusal = Refusal.objects.create(user=request.user, method=request.method, path=path, status=status)
                content = {"method": request.method, "path": path, "status": status}
                recording.record(
                    "access refused", by=request.user, region=request.user.region, subject=refusal, content=content
                )
