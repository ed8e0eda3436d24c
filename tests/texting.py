"""A gateway for tests: signs as sms-gate.app does, delivers a message, tells what was answered."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
from typing import Any

from django.test import Client

from tallies.models import InboundSms

SECRET = "kunci-penyedia-sms-9"
ADDRESS = "/sms/masuk/"
_numbers = itertools.count(1)


def payload(text: str, sender: str, *, key: str | None = None, at: str = "") -> dict[str, Any]:
    message: dict[str, Any] = {"messageId": "1f2e3d", "message": text, "phoneNumber": sender, "simNumber": 1}
    if at:
        message["receivedAt"] = at
    return {
        "deviceId": "gw-1",
        "event": "sms:received",
        "id": key or f"pesan-{next(_numbers)}",
        "payload": message,
        "webhookId": "w",
    }


def post(body: dict[str, Any] | bytes, *, secret: str = SECRET, at: int | str | None = None, **headers: str) -> Any:
    """Deliver ``body``, signed with ``secret`` at the moment ``at``; ``headers`` replace those of the signature."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    moment = str(int(time.time()) if at is None else at)
    signature = hmac.new(secret.encode(), raw + moment.encode(), hashlib.sha256).hexdigest()
    signed = {"X-Signature": signature, "X-Timestamp": moment} | headers
    return Client().post(ADDRESS, raw, content_type="application/json", headers=signed)


def text_in(text: str, sender: str, **changes: Any) -> InboundSms:
    """Deliver one message and return it as it was stored."""
    body = payload(text, sender, **changes)
    answered = post(body)
    assert answered.status_code == 200, answered.content
    return InboundSms.objects.select_related("answer", "form").get(gateway_id=body["id"])


def answer_to(text: str, sender: str, **changes: Any) -> str:
    """Deliver one message and return the answer to it, "" where there is none."""
    inbound = text_in(text, sender, **changes)
    return inbound.answer.text if inbound.answer else ""
