"""Send what waits, through the gateway the settings name. A gateway that is away loses nothing.

A sender is a callable that takes an `OutgoingSms`. It returns when the gateway
has the message, raises `Refused` when it never will take it, and anything else
when it is away. It must be quicker than `CLAIM`, and should tell the gateway
the message's ``key``: a process that dies between sending and writing it down
sends the same key again.
"""

from __future__ import annotations

import base64
import json
import logging
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db.models import F
from django.utils import timezone
from django.utils.module_loading import import_string

from sista.database import writing_once
from tallies.models import OutgoingSms, SendingState

log = logging.getLogger(__name__)

Sender = Callable[[OutgoingSms], None]

#: How long a message belongs to the worker that took it.
CLAIM = timedelta(minutes=5)
#: A round ends after so many messages or seconds; the next one is a moment later.
BATCH, ROUND_SECONDS = 50, 20.0
HTTP_SECONDS = 5
#: A gateway that is away is left alone so long: at first, and at most.
PAUSE, LONGEST_PAUSE = 10, 600


class Refused(Exception):
    """The gateway will not send this message, however often it is asked."""


def enqueue(to: str, text: str, *, person: Any = None, key: UUID | None = None) -> OutgoingSms | None:
    """Lay down a message in the caller's transaction; it goes out after it.

    One ``key`` is one message, also at the gateway: None when it is there already.
    """
    message, created = OutgoingSms.objects.get_or_create(
        key=key or uuid4(), defaults={"to": to, "text": text, "person": person}
    )
    return message if created else None


def enqueue_all(messages: Iterable[OutgoingSms]) -> list[OutgoingSms]:
    """Lay down many messages at once, each with a key that nothing else has; in the caller's transaction."""
    return OutgoingSms.objects.bulk_create(messages, batch_size=500)


def send_waiting() -> int:
    """Send the messages that are due; return how many went out."""
    began, sent = time.monotonic(), 0
    due = OutgoingSms.objects.filter(state=SendingState.WAITING, next_try_at__lte=timezone.now())
    for key in list(due.order_by("next_try_at").values_list("pk", flat=True)[:BATCH]):
        message = _claim(key)
        if message is None:
            continue  # another worker has it
        try:
            sender()(message)
        except Refused as error:
            log.error("the gateway refuses an SMS: %s", error)
            _finish(message, SendingState.REFUSED)
        except Exception as error:
            # The type only: an address may hold a password, and a text is somebody's.
            log.warning("an SMS is not sent, the gateway is away: %s", type(error).__name__)
            _postpone(message)
            break
        else:
            _finish(message, SendingState.SENT)
            sent += 1
        if time.monotonic() - began > ROUND_SECONDS:
            break
    return sent


def sender() -> Sender:
    """The sender of the settings: ``console``, ``http``, or a dotted path."""
    known: dict[str, Sender] = {"console": to_console, "http": over_http}
    name = settings.SMS_SENDER
    return known[name] if name in known else import_string(name)


def _claim(key: int) -> OutgoingSms | None:
    """Take a message for `CLAIM`: of two workers at once the database lets one."""
    now = timezone.now()
    with writing_once():
        taken = OutgoingSms.objects.filter(pk=key, state=SendingState.WAITING, next_try_at__lte=now).update(
            next_try_at=now + CLAIM, attempts=F("attempts") + 1
        )
    return OutgoingSms.objects.get(pk=key) if taken else None


def _finish(message: OutgoingSms, state: SendingState) -> None:
    with writing_once():
        OutgoingSms.objects.filter(pk=message.pk, state=SendingState.WAITING).update(
            state=state, sent_at=timezone.now() if state == SendingState.SENT else None
        )


def _postpone(message: OutgoingSms) -> None:
    """Try this one again later, and leave the gateway alone meanwhile: its silence costs `HTTP_SECONDS` a time."""
    now = timezone.now()
    pause = timedelta(seconds=min(PAUSE * 2 ** min(message.attempts - 1, 10), LONGEST_PAUSE))
    waiting = OutgoingSms.objects.filter(state=SendingState.WAITING)
    with writing_once():
        waiting.filter(pk=message.pk).update(next_try_at=now + pause)
    with writing_once():
        waiting.filter(next_try_at__lte=now).update(next_try_at=now + timedelta(seconds=PAUSE))


# The senders


def to_console(message: OutgoingSms) -> None:
    """Show the message instead of sending it; of the number the last digits."""
    sys.stdout.write(f"SMS …{message.to[-4:]}: {message.text}\n")
    sys.stdout.flush()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the password elsewhere, and turn the message into a question."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler())


def over_http(message: OutgoingSms) -> None:
    """Hand the message to SMS Gateway for Android (sms-gate.app), or one that speaks like it."""
    body = {
        "id": str(message.key),
        "textMessage": {"text": message.text},
        "phoneNumbers": [message.to],
        "withDeliveryReport": False,
    }
    credentials = base64.b64encode(f"{settings.SMS_USER}:{settings.SMS_PASSWORD}".encode()).decode()
    request = urllib.request.Request(
        settings.SMS_URL,
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Basic {credentials}"},
        method="POST",
    )
    try:
        with _opener.open(request, timeout=HTTP_SECONDS):
            return
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 409:
                return  # it has this key already
            if error.code in (400, 413, 422):
                raise Refused(f"HTTP {error.code}") from None
            raise
