"""What every answer to a signed-in person needs."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

from accounts.models import Refusal
from sista.cache import count_in_window
from sista.database import writing

Handler = Callable[[HttpRequest], HttpResponse]

#: Refusals kept per person and minute; a script must not fill the disk.
REFUSALS_PER_MINUTE = 30


class PrivatePagesMiddleware:
    """Keep every answer out of shared caches unless a view decided otherwise."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_cache=True)
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
                Refusal.objects.create(
                    user=request.user, method=request.method, path=request.path.replace("\0", "")[:300], status=status
                )
