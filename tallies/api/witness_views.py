"""The news for a witness's phone."""

from __future__ import annotations

import hashlib
import json

from django.http import HttpResponse, HttpResponseNotModified
from django.middleware.csrf import get_token
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from tallies.api.views import ApiView, refusals
from tallies.phone.news import news_for
from tallies.views.conditional import known_etags

#: A fresh token for what is sent; in a header, because it differs each time and the news do not.
TOKEN = "X-Sista-Token"


class WitnessView(ApiView):
    @extend_schema(
        operation_id="read_witness",
        responses={
            200: OpenApiResponse(OpenApiTypes.OBJECT, description="Stations, contests, and what was sent."),
            304: None,
            **refusals(401, 403, 429),
        },
    )
    def get(self, request: Request) -> HttpResponse:
        """What a witness's phone needs to work without a network: the own stations only."""
        if not request.user.is_witness:
            raise PermissionDenied
        news = news_for(request.user)
        etag = '"' + hashlib.sha256(json.dumps(news, sort_keys=True).encode()).hexdigest()[:32] + '"'
        answer: HttpResponse = HttpResponseNotModified() if etag in known_etags(request) else Response(news)
        answer.headers["ETag"] = etag
        answer.headers[TOKEN] = get_token(request._request)
        return answer
