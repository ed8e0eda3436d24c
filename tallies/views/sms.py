"""The gateway's webhook: signed, without session; the default mapping is that of sms-gate.app."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import time
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.dateparse import parse_datetime
from django.views.decorators.csrf import csrf_exempt

from accounts.phone_numbers import normalise
from tallies.sms import answering

log = logging.getLogger(__name__)

#: A message of ten parts is under 4 KB of JSON.
MAX_BYTES = 16 * 1024
#: A signature is good so long, before and after: the gateway is a phone with a clock of its own.
SIGNATURE_SECONDS = 300
_LONGEST_ID, _LONGEST_SENDER, _LONGEST_GATEWAY = 128, 64, 64


class Unmapped(Exception):
    """The body has no such field, or not as text."""


@csrf_exempt
def receive(request: HttpRequest) -> HttpResponse:
    """Take in one message. 200 once it is stored, also the second time: the gateway then stops asking."""
    secret = settings.SMS_SECRET
    if not secret:
        raise Http404
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    body = _body(request)
    if body is None:
        return _refusal("too_large", 413)
    if not _is_signed(request, body, secret):
        log.warning("a message for the SMS webhook is not signed rightly, or its time is off")
        return _refusal("bad_signature", 403)
    try:
        data = json.loads(body)
        fields = settings.SMS_FIELDS
        if fields["event"] and _text(data, fields["event"]) != settings.SMS_EVENT:
            return JsonResponse({"status": "ignored"})
        answering.take_in(
            gateway=_text(data, fields["gateway"], "")[:_LONGEST_GATEWAY],
            gateway_id=_short(_text(data, fields["id"])),
            sender=normalise(_text(data, fields["sender"])[:_LONGEST_SENDER]),
            text=_text(data, fields["text"]),
            arrived_at=_moment(_text(data, fields["time"], "")),
        )
    except (ValueError, RecursionError):
        return _refusal("bad_json", 400)
    except Unmapped as error:
        log.error("SISTA_SMS_FIELDS does not fit what the gateway sends: no text at %s", error)
        return _refusal("unmapped", 400)
    return JsonResponse({"status": "stored"})


def _refusal(code: str, status: int) -> HttpResponse:
    return JsonResponse({"code": code}, status=status)


def _body(request: HttpRequest) -> bytes | None:
    """The whole body; None when it is too large."""
    data = request.read(MAX_BYTES + 1)
    return data if len(data) <= MAX_BYTES else None


def _is_signed(request: HttpRequest, body: bytes, secret: str) -> bool:
    """True when the signature is that of body and timestamp, and the timestamp is of now."""
    headers = settings.SMS_HEADERS
    given, at = request.headers.get(headers["signature"], ""), request.headers.get(headers["timestamp"], "")
    expected = hmac.new(secret.encode(), body + at.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), given.strip().lower().encode()):
        return False
    # Only after the signature: who has no secret learns nothing about clocks.
    return at.isascii() and at.isdecimal() and len(at) <= 12 and abs(time.time() - int(at)) <= SIGNATURE_SECONDS


def _text(data: Any, path: str, default: str | None = None) -> str:
    """The text at a dotted path. Raises `Unmapped` where there is none and no ``default``."""
    found = data
    for name in path.split(".") if path else ("",):
        found = found.get(name) if isinstance(found, dict) else None
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    if not isinstance(found, str):
        if default is None:
            raise Unmapped(path)
        return default
    # PostgreSQL keeps no NUL, and half of a pair of surrogates is no letter.
    return found.replace("\0", "").encode("utf-8", "replace").decode()


def _short(given: str) -> str:
    if not given:
        raise Unmapped("id")
    return given if len(given) <= _LONGEST_ID else hashlib.sha256(given.encode()).hexdigest()


def _moment(given: str) -> datetime | None:
    try:
        found = parse_datetime(given)
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
