"""Show a photo of a form: the re-encoded copy, to those who may see the form."""

from __future__ import annotations

import logging
import re
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from tallies import photos
from tallies.models import C1Form, PhotoState
from tallies.views.conditional import known_etags

log = logging.getLogger(__name__)

SHA256 = re.compile(r"[0-9a-f]{64}")
#: A browser may show its own copy this long without asking; then it asks, and the right is looked at again.
FRESH_SECONDS = 300


@login_required
@require_safe
def photo(request: HttpRequest, uuid: UUID, sha256: str) -> HttpResponse:
    """Serve the copy, or with ``?ukuran=kecil`` the thumbnail; never the original.

    404 unless the form is visible, names the photo, its own sender brought it,
    and the copy is made.
    """
    form = get_object_or_404(C1Form.objects.visible_to(request.user), uuid=uuid)
    if not SHA256.fullmatch(sha256) or not form.photo_names.filter(sha256=sha256).exists():
        raise Http404
    get_object_or_404(photos.arrived_photos(form), pk=sha256, state=PhotoState.READY)
    small = request.GET.get("ukuran") == "kecil"
    etag = f'"{sha256}-kecil"' if small else f'"{sha256}"'
    response = HttpResponseNotModified() if etag in known_etags(request) else _stored_copy(sha256, small=small)
    response["ETag"] = etag
    patch_cache_control(response, private=True, max_age=FRESH_SECONDS)
    return response


def _stored_copy(sha256: str, *, small: bool) -> FileResponse:
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
