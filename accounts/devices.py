"""A phone that was activated: its cookie, its PIN, its session, its end.

A session made here carries the hash of the phone's key. `accounts.middleware`
ends a session whose cookie does not match, so that a stolen session cookie
alone opens nothing. When a device ends, its session is deleted with it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts import signin
from accounts.models import Device, User
from sista.database import writing

COOKIE = "sista-ponsel"
#: Key of the witness who signed in last on this phone; readable, see `accounts.middleware`.
WHO_COOKIE = "sista-orang"
COOKIE_AGE = 400 * 24 * 3600  # what browsers keep at most
#: In the session: which device made it, and the hash of its key.
SESSION_DEVICE, SESSION_KEY_HASH = "device", "device_key"

#: Wrong PINs in a row that cost nothing; then 30 s, doubled each time, up to 15 minutes.
FREE_FAILURES = 5
FIRST_WAIT, LONGEST_WAIT = 30, 15 * 60


class MustWait(Exception):
    """Too many wrong PINs: on this phone, or also from its address."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds


class DeviceEnded(Exception):
    """The phone was replaced, reported lost, or its owner no longer signs in with a PIN."""


def hash_of(secret: str) -> str:
    # No salt and no slow hash: 256 random bits cannot be guessed.
    return hashlib.sha256(secret.encode()).hexdigest()


def lock(user_id: int) -> User:
    """Return the person, whose row is held until the transaction ends.

    ``no_key``: a form this witness sends meanwhile need not wait.
    """
    return User.objects.select_for_update(no_key=True).get(pk=user_id)


def lock_all(user_ids: Iterable[int]) -> list[User]:
    """As `lock`, for many, in the order of their keys: two who lock the same people never wait for each other."""
    rows = User.objects.select_for_update(no_key=True).filter(pk__in=list(user_ids))
    return list(rows.order_by("pk"))


# Which phone asks


def of_request(request: HttpRequest) -> Device | None:
    """Return the active device whose cookie came along, with its person."""
    key = request.COOKIES.get(COOKIE)
    if not key:
        return None
    device = Device.objects.active().select_related("user", "activation").filter(key_hash=hash_of(key)).first()
    return device if device and device.user.may_use_pin else None


def remember(response: HttpResponse, key: str) -> None:
    """Give the phone its key."""
    response.set_cookie(
        COOKIE, key, max_age=COOKIE_AGE, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )


def session_fits(request: HttpRequest) -> bool:
    """True for a session without a device, and for one whose phone sent it. Asks no database beyond the session."""
    expected = request.session.get(SESSION_KEY_HASH)
    if expected is None:
        return True
    is_same = constant_time_compare(expected, hash_of(request.COOKIES.get(COOKIE, "")))
    return is_same and request.user.is_authenticated and request.user.may_use_pin


# The PIN


def sign_in_with_pin(request: HttpRequest, device: Device, pin: str) -> bool:
    """Sign in on ``device`` if the PIN is right; `MustWait`, `DeviceEnded`."""
    if not _is_right(request, device, pin):
        return False
    with writing():
        user, current = _hold(device)
        if current.pin != device.pin:  # changed since it was looked at
            return False
        sign_in(request, current, user)
    return True


def change_pin(request: HttpRequest, device: Device, old: str, new: str) -> bool:
    """Replace the PIN if the old one is right; whatever else was signed in on the device is out."""
    if not _is_right(request, device, old):
        return False
    encoded = make_password(new)
    with writing():
        user, current = _hold(device)
        if current.pin != device.pin:
            return False
        current.pin = encoded
        current.save(update_fields=["pin"])
        sign_in(request, current, user)
    return True


def _is_right(request: HttpRequest, device: Device, pin: str) -> bool:
    """Compare the PIN, having counted the attempt as a failure first.

    A third of a second of hashing holds no lock (on SQLite it would be the
    lock of every writer), and guesses sent at once are each counted before any
    of them is answered. The success takes the count back.
    """
    with writing():
        current = Device.objects.select_for_update().filter(pk=device.pk).active().first()
        if current is None:
            raise DeviceEnded
        _let_wait(request, current)
        current.failures = min(current.failures + 1, 30_000)
        current.locked_until = timezone.now() + timedelta(seconds=wait_after(current.failures))
        current.save(update_fields=["failures", "locked_until"])
    device.pin, device.failures, device.locked_until = current.pin, current.failures, current.locked_until
    if check_password(pin, current.pin):
        return True
    signin.count_failure(request)
    return False


def _let_wait(request: HttpRequest, device: Device) -> None:
    if wait := seconds_to_wait(device):
        raise MustWait(wait)
    # A village shares the address of its carrier: who mistypes now and then does not wait for a guesser beside them.
    if device.failures >= FREE_FAILURES and (wait := signin.seconds_to_wait(request)):
        raise MustWait(wait)


def wait_after(failures: int) -> int:
    """Seconds to wait after so many wrong PINs, or codes, in a row."""
    if failures < FREE_FAILURES:
        return 0
    return min(FIRST_WAIT * 2 ** min(failures - FREE_FAILURES, 10), LONGEST_WAIT)


def seconds_to_wait(device: Device) -> int:
    """Return after how many seconds this phone may try again; 0: now."""
    left = (device.locked_until - timezone.now()).total_seconds() if device.locked_until else 0
    return math.ceil(left) if left > 0 else 0


# Its session and its end


def sign_in(request: HttpRequest, device: Device, user: User) -> None:
    """Begin a session of ``device``, inside the transaction of the caller; the earlier one ends."""
    before = request.session.session_key
    login(request, user, backend="accounts.sessions.Backend")
    if request.session.session_key == before:  # as Django does for who is signed in already
        request.session.cycle_key()
    bind_session(request, device)
    device.failures, device.locked_until = 0, None
    device.save(update_fields=["failures", "locked_until"])


def bind_session(request: HttpRequest, device: Device) -> None:
    """Tie the session that was just begun to ``device``, and end the one before it."""
    request.session[SESSION_DEVICE] = device.pk
    request.session[SESSION_KEY_HASH] = device.key_hash
    if not request.session.session_key:
        request.session.create()  # login() flushed somebody else's
    if device.session_key != request.session.session_key:
        _delete_session(device.session_key)
    device.session_key = request.session.session_key
    device.save(update_fields=["session_key"])


def bind_again(request: HttpRequest, device: Device) -> None:
    """`bind_session` for a session that began without the PIN; a phone that was put out meanwhile binds nothing."""
    try:
        _user, current = _hold(device)
    except DeviceEnded:
        return
    bind_session(request, current)


def end_active(user: User, *, by: User) -> bool:
    """Put the phone of ``user``, whose row is held, out at its next request; False when there is none."""
    device = Device.objects.active().filter(user=user).first()
    if device is None:
        return False
    _delete_session(device.session_key)
    device.ended_at, device.ended_by = timezone.now(), by
    device.save(update_fields=["ended_at", "ended_by"])
    return True


def _hold(device: Device) -> tuple[User, Device]:
    """Lock the person, then read the device again: it may have been replaced meanwhile."""
    user = lock(device.user_id)
    current = Device.objects.active().filter(pk=device.pk).first()
    if current is None or not user.may_use_pin:
        raise DeviceEnded
    return user, current


def _delete_session(key: str) -> None:
    # Saving a session that is gone fails instead of bringing it back (Django updates with force_update).
    if key:
        Session.objects.filter(session_key=key).delete()
