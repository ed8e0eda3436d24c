"""Show a photo of a form: the re-encoded copy, to those who may see the form."""

from __future__ import annotations

import logging
import re
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from tallies import photos
from tallies.models import C1Form, InvitationReport, PhotoState
from tallies.views.conditional import known_etags

log = logging.getLogger(__name__)

SHA256 = re.compile(r"[0-9a-f]{64}")
#: A browser may show its own copy this long without asking; then it asks, and the right is looked at again.
FRESH_SECONDS = 300


@login_required
@require_safe
def photo(request: HttpRequest, uuid: UUID, sha256: str) -> HttpResponse:
    """Serve the copy, or with ``?ukuran=kecil`` the thumbnail; never the original.

    404 unless the form or the C6 report ``uuid`` is visible, names the photo,
    its own sender brought it, and the copy is made.
    """
    return photo_answer(request, request.user, uuid, sha256)


def photo_answer(request: HttpRequest, user: Any, uuid: UUID, sha256: str) -> HttpResponse:
    """What page and API answer to ``user``."""
    if not SHA256.fullmatch(sha256):
        raise Http404
    # A sender may give a report the key of another's form: each is held against the photo for itself.
    visible = (model.objects.visible_to(user).filter(uuid=uuid) for model in (C1Form, InvitationReport))
    named = (one for rows in visible for one in rows.filter(photo_names__sha256=sha256))
    if not any(photos.arrived_photos(one).filter(pk=sha256, state=PhotoState.READY).exists() for one in named):
        raise Http404
    small = request.GET.get("ukuran") == "kecil"
    etag = f'"{sha256}-kecil"' if small else f'"{sha256}"'
    response = HttpResponseNotModified() if etag in known_etags(request) else stored_copy(sha256, small=small)
    response["ETag"] = etag
    patch_cache_control(response, private=True, max_age=FRESH_SECONDS)
    return response


def stored_copy(sha256: str, *, small: bool = False) -> FileResponse:
    """The copy that is shown; who may see it is the caller's question."""
    name = photos.thumbnail_name(sha256) if small else photos.copy_name(sha256)
    try:
        stream = photos.store().open(name)
    except FileNotFoundError as error:
        log.error("the copy of photo %s is missing in the store", sha256[:12])
        raise Http404 from error
    response = FileResponse(stream, content_type="image/jpeg", filename="foto-c1.jpg")
    # The sender decided what is in the original; a browser shall not guess.
    response["X-Content-Type-Options"] = "nosniff"
    return response
