"""How large a body may be, decided before a byte of it is read.

Django writes files of a multipart body to the disk while it looks for the token against forged forms, also for
somebody who is not signed in. A length that is not declared counts as none: the web server hands over no body then.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

#: A name and a password, a PIN, a code: under 2 KB.
STRANGERS_MOST_BYTES = 64 * 1024
#: Photos of one form (`tallies.wording_refusals.MOST_PHOTOS`), each as large as one may be, and the figures.
MOST_FILES = 12
KEPT_BY_NOBODY = {"Cache-Control": "no-store"}


class BodyLimitMiddleware:
    """Answer 413 for a page. Stands after authentication.

    The API reads nothing before it knows who asks, and has limits and answers of its own that phones understand.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = _declared(request)
        if length <= STRANGERS_MOST_BYTES or request.path.startswith("/api/"):
            return self.get_response(request)
        if not request.user.is_authenticated:
            said = _("Kiriman ini terlalu besar untuk yang belum masuk. Masuk dahulu, lalu kirim lagi.")
        elif length > _most(request):
            said = _("Kiriman ini terlalu besar. Kirim lebih sedikit atau berkas yang lebih kecil.")
        else:
            return self.get_response(request)
        return HttpResponse(said, content_type="text/plain; charset=utf-8", status=413, headers=KEPT_BY_NOBODY)


def _declared(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _most(request: HttpRequest) -> int:
    text = int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    if request.content_type != "multipart/form-data":
        return text
    return MOST_FILES * max(settings.PHOTO_MAX_BYTES, settings.IMPORT_MAX_BYTES // MOST_FILES) + text
