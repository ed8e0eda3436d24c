"""Where somebody is signed in: written down when a session begins, listed, ended."""

from __future__ import annotations

import ipaddress
from typing import Any

from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone

from accounts import recording, signin
from accounts.models import RunningSession, User
from sista.database import writing

#: Shown at most.
LISTED = 50
#: In the order in which they are looked for: each later one is named by the earlier ones too.
BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("UCBrowser", "UC Browser"),
    ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def note(request: HttpRequest, user: User) -> None:
    """Write down that ``user`` signed in with the session of ``request``."""
    session = getattr(request, "session", None)
    if session is None:
        return
    if not session.session_key:
        session.create()  # login() flushed somebody else's
    facts = {
        "user": user,
        "begun_at": timezone.now(),
        "address": shortened(signin.address_of(request)),
        "browser": browser_of(request.headers.get("User-Agent", "")),
    }
    with writing():
        RunningSession.objects.update_or_create(session_id=session.session_key, defaults=facts)


def browser_of(agent: str) -> str:
    """Family and system ("Chrome, Android"), as far as they are known: enough to tell one's own apart."""
    found = (next((name for mark, name in known if mark in agent), "") for known in (BROWSERS, SYSTEMS))
    return ", ".join(filter(None, found))


def shortened(address: str) -> str:
    """The network an address belongs to: ``103.28.12.…``, ``2001:db8:12:…``; "" when it is none."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if known.version == 4:
        return address.rpartition(".")[0] + ".…"
    groups = known.exploded.split(":")[:3]
    return ":".join(f"{int(group, 16):x}" for group in groups) + ":…"


def of(user: User) -> list[RunningSession]:
    """The sessions of ``user`` that still run, the newest first."""
    return list(RunningSession.objects.active().filter(user=user)[:LISTED])


def end(user: User, pk: int, *, by: User) -> bool:
    """End one session of ``user``; False when there is none such (any more)."""
    with writing():
        gone, _of = Session.objects.filter(running__pk=pk, running__user=user).delete()
        if gone:
            _record(user, 1, by)
    return gone > 0


def end_others(user: User, *, but: str | None, by: User) -> int:
    """End the sessions of ``user``, that with the key ``but`` left out; return how many."""
    with writing():
        ended = end_all(user, but=but)
        if ended:
            _record(user, ended, by)
    return ended


def end_all(user: User, *, but: str | None = None) -> int:
    """`end_others` without an event of its own: as part of what is recorded already. Inside a transaction."""
    keys = RunningSession.objects.filter(user=user).exclude(session_id=but or "").values("session_id")
    _rows, by_model = Session.objects.filter(session_key__in=list(keys.values_list("session_id", flat=True))).delete()
    return by_model.get("sessions.Session", 0)


def _record(user: User, ended: int, by: Any) -> None:
    recording.record("sessions ended", by=by, region=user.region, subject=user, content={"sessions": ended})
