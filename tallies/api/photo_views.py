"""Photos, one address each: the hash of the bytes. They come before or after the form that names them."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from tallies import photos
from tallies.api.bodies import declared_length, read_photo
from tallies.api.refusals import Refused
from tallies.api.serializers import StoredPhotoSerializer
from tallies.api.views import ApiView, refusals
from tallies.models import Assignment, PhotoUpload

SHA256 = re.compile(r"[0-9a-f]{64}")


class PhotoView(ApiView):
    parser_classes = []  # the bytes are the photo, whatever the sender calls them

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if declared_length(request._request) > settings.PHOTO_MAX_BYTES:
            raise Refused("too_large", 413)
        self.max_body = settings.PHOTO_MAX_BYTES
        super().initial(request, *args, **kwargs)
        if not SHA256.fullmatch(kwargs["sha256"]):
            raise Http404

    @extend_schema(
        operation_id="send_photo",
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={
            201: OpenApiResponse(StoredPhotoSerializer, description="Stored."),
            200: OpenApiResponse(StoredPhotoSerializer, description="This person sent it before."),
            **refusals(400, 403, 404, 408, 413, 429),
        },
    )
    def put(self, request: Request, sha256: str) -> Response:
        """Send a photo: JPEG, PNG, WebP or HEIC by its content. The address is the SHA-256 of the bytes."""
        if not _may_send(request.user):
            raise PermissionDenied
        data = read_photo(request._request, limit=settings.PHOTO_MAX_BYTES)
        try:
            photo, is_new = photos.receive(data, by=request.user, expected_sha256=sha256)
        except photos.PhotoRefused as refusal:
            raise Refused(refusal.code, refusal.status) from refusal
        return Response(StoredPhotoSerializer(photo).data, status=201 if is_new else 200)

    def head(self, request: Request, sha256: str) -> HttpResponse:
        """200 when this person sent the photo; whether another one did is not told."""
        if not PhotoUpload.objects.filter(photo=sha256, uploaded_by=request.user).exists():
            raise Http404
        return HttpResponse()


def _may_send(user: Any) -> bool:
    return user.may_decide or Assignment.objects.active().filter(witness=user).exists()
