"""Photos, one address each: the hash of the bytes. They come before or after the form that names them."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from tallies import photo_pieces, photos
from tallies.api.bodies import declared_length, read_photo
from tallies.api.refusals import Refused
from tallies.api.serializers import StoredPhotoSerializer
from tallies.api.views import ApiView, refusals
from tallies.photo_sending import PhotoRefused, standing_of

SHA256 = re.compile(r"[0-9a-f]{64}")
_BYTES = re.compile(r"[0-9]{1,9}")
_NUMBER = {"type": "integer", "minimum": 0}
OFFSET, LENGTH = "Upload-Offset", "Upload-Length"


class PhotoView(ApiView):
    parser_classes = []  # the bytes are the photo, whatever the sender calls them

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        in_pieces = request.method == "PATCH"
        self.max_body = settings.PHOTO_PIECE_MAX_BYTES if in_pieces else settings.PHOTO_MAX_BYTES
        if declared_length(request._request) > self.max_body:
            raise Refused("piece_too_large" if in_pieces else "too_large", 413)
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
        if not standing_of(request.user, sha256).share:  # before twenty megabytes are read
            raise PermissionDenied
        data = read_photo(request._request, limit=settings.PHOTO_MAX_BYTES)
        try:
            photo, is_new = photos.receive(data, by=request.user, expected_sha256=sha256)
        except PhotoRefused as refusal:
            raise Refused(refusal.code, refusal.status) from refusal
        return Response(StoredPhotoSerializer(photo).data, status=201 if is_new else 200)

    @extend_schema(
        operation_id="send_photo_piece",
        parameters=[
            OpenApiParameter(OFFSET, _NUMBER, "header", required=True, description="Where the piece begins."),
            OpenApiParameter(LENGTH, _NUMBER, "header", required=True, description="Bytes of the whole photo."),
            OpenApiParameter(
                OFFSET, _NUMBER, "header", response=[200, 201, 204, 409], description="Bytes that are here for good."
            ),
        ],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={
            204: OpenApiResponse(description="The piece is stored."),
            201: OpenApiResponse(StoredPhotoSerializer, description="It was the last one; the photo is stored."),
            200: OpenApiResponse(StoredPhotoSerializer, description="This person sent the whole photo before."),
            **refusals(400, 403, 404, 408, 409, 413, 429),
        },
    )
    def patch(self, request: Request, sha256: str) -> HttpResponse:
        """Send a photo piece by piece over a line that breaks.

        A piece has 16 to 64 KB, the last one may have less. One that does not
        arrive whole is not kept. 409 tells in `Upload-Offset` where to go on:
        begin at 0 and follow it, or ask with HEAD, which answers 200 when the
        photo is whole and 404 before, both with `Upload-Offset`. After a 400
        for the whole photo (`hash_mismatch`, `not_a_photo` and the like) begin
        again at 0. Pieces of a photo that is not completed within seven days
        are removed.
        """
        offset, length = _number(request, OFFSET), _number(request, LENGTH)
        try:
            photo_pieces.refuse_length(length)
            data = read_photo(request._request, limit=settings.PHOTO_PIECE_MAX_BYTES)
            now = photo_pieces.append(data, by=request.user, sha256=sha256, offset=offset, length=length)
        except PhotoRefused as refusal:
            raise Refused(refusal.code, refusal.status) from refusal
        except photo_pieces.WrongOffset as wrong:
            raise Refused("wrong_offset", 409, headers={OFFSET: str(wrong.received)}) from wrong
        headers = {OFFSET: str(now.received)}
        if now.photo is None:
            return HttpResponse(status=204, headers=headers)
        return Response(StoredPhotoSerializer(now.photo).data, status=201 if now.is_new else 200, headers=headers)

    def head(self, request: Request, sha256: str) -> HttpResponse:
        """200 when this person sent the whole photo, else 404; how much of it is here either way.

        Whether another person sent it is not told.
        """
        now = photo_pieces.progress(sha256, by=request.user)
        response = HttpResponse(status=200 if now.photo else 404, headers={OFFSET: str(now.received)})
        response.refuses_nothing = True  # a phone that looks how far it came is no stranger at a door
        return response


def _number(request: Request, name: str) -> int:
    given = request.headers.get(name, "")
    if not _BYTES.fullmatch(given):
        raise Refused("bad_piece")
    return int(given)
