"""The code of an authenticator app after the password, and recovery codes for the day the phone is lost.

``User.second_factor`` names the device that is in force and is read with the
person; a session has passed when it holds the same name. A device that was
replaced or reset therefore opens nothing, and no request asks for more.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from base64 import b32encode
from datetime import timedelta
from math import ceil
from typing import Any

import segno
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key

from accounts import devices, recording, running_sessions, signin
from accounts.models import User
from sista.database import writing

RECOVERY_CODES = 10
#: Without those that look like another when read from paper.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
#: Steps of 30 seconds by which the phone's clock may be off.
TOLERANCE = 1


class WrongCode(ValueError):
    """Neither the code of this moment nor an unused recovery code; or one that was used already."""


class MayNotChange(PermissionError):
    """Another device is in force, and this session has not written its code."""


def is_asked(user: User) -> bool:
    """True when a password alone must not open this person's desk."""
    return user.has_desk and (bool(user.second_factor) or settings.SECOND_FACTOR == "required")


def passed(request: HttpRequest) -> bool:
    """True when the session of a signed-in person is fully signed in. No query beyond session and person."""
    user = request.user
    if not is_asked(user):
        return True
    return bool(user.second_factor) and request.session.get(DEVICE_ID_SESSION_KEY) == user.second_factor


# What a phone reads


def new_key() -> str:
    """A secret of 160 random bits, as hex."""
    return default_key()


def in_groups(key: str) -> str:
    """The secret as it is typed into an app: base32, in groups of four."""
    text = b32encode(bytes.fromhex(key)).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def qr_image(user: User, key: str) -> str:
    """The address an app reads, as a QR code: an SVG in a data: address."""
    address = TOTPDevice(user=user, key=key).config_url
    return segno.make(address, error="m", micro=False).svg_data_uri(border=4, light="#fff", omitsize=True)


# Set, asked, taken away


@sensitive_variables("key", "code")
def set_up(request: HttpRequest, key: str, code: str) -> list[str]:
    """Put the app that knows ``key`` in force if it shows ``code``; return the new recovery codes, told this once.

    Every other session of the person ends. Raises `WrongCode`, `MayNotChange`.
    """
    step = _step_of(key, code)
    if step is None:
        raise WrongCode
    with writing():
        user = devices.lock(request.user.pk)
        if user.second_factor and request.session.get(DEVICE_ID_SESSION_KEY) != user.second_factor:
            raise MayNotChange
        TOTPDevice.objects.filter(user=user).delete()
        device = TOTPDevice.objects.create(user=user, name="sista", key=key, confirmed=True, last_t=step)
        codes = _new_recovery_codes(user)
        _put_in_force(user, device.persistent_id)
        running_sessions.end_all(user, but=request.session.session_key)
        recording.record("second factor set", by=user, region=user.region, subject=user)
        request.user.second_factor = user.second_factor
        _pass(request, device)
    return codes


@sensitive_variables("text", "code")
def check(request: HttpRequest, text: str) -> str:
    """Pass the session if ``text`` is right; return "code" or "recovery". Raises `devices.MustWait`, `WrongCode`.

    Under a lock on the device: of two requests with one code, one passes, and guesses sent at once are all counted.
    """
    code = re.sub(r"[\s-]", "", text).lower()
    how = ""
    with writing():
        device = _in_force(request.user.pk)
        if device is None:
            raise WrongCode
        wait = _seconds_to_wait(device)
        if wait:
            raise devices.MustWait(wait)
        if re.fullmatch(r"[0-9]{6}", code):
            how = "code" if device.verify_token(code) else ""
        elif _use_recovery_code(device.user_id, code):
            how = "recovery"
            device.throttle_reset()
            recording.record("recovery code used", by=request.user, region=request.user.region, subject=request.user)
        else:
            device.throttle_increment()
        if how:
            _pass(request, device)
        else:
            _tell_of_failures(request.user, device)
    if not how:
        signin.count_failure(request)
        raise WrongCode
    return how


def new_recovery_codes(user: User) -> list[str]:
    """Replace the recovery codes; the old ones open nothing any more."""
    with writing():
        codes = _new_recovery_codes(devices.lock(user.pk))
        recording.record("recovery codes made", by=user, region=user.region, subject=user)
    return codes


def recovery_codes_left(user: User) -> int:
    return StaticToken.objects.filter(device__user=user).count()


def are_recovery_codes(user: User, codes: list[str]) -> bool:
    """True when each of ``codes`` is an unused one of ``user``: for the file of those that were just shown."""
    digests = {_digest(re.sub(r"[\s-]", "", code).lower()) for code in codes[: RECOVERY_CODES + 1]}
    found = StaticToken.objects.filter(device__user=user, token__in=digests).count()
    return found == len(digests) == RECOVERY_CODES


def take_away(person: User, *, by: User) -> None:
    """Put no device in force: by a superior when the phone is lost, which ends the sessions, or by its owner."""
    with writing():
        user = devices.lock(person.pk)
        if not user.second_factor:
            return
        TOTPDevice.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()
        _put_in_force(user, "")
        if by.pk == user.pk:
            recording.record("second factor removed", by=by, region=user.region, subject=user)
        else:
            running_sessions.end_all(user)
            recording.record("second factor reset", by=by, region=user.region, subject=user)
    person.second_factor = ""


def _put_in_force(user: User, name: str) -> None:
    user.second_factor = name
    user.save(update_fields=["second_factor"])


def _pass(request: HttpRequest, device: TOTPDevice) -> None:
    request.session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    # What was seen of the session before the code is worth nothing after it.
    request.session.cycle_key()


def _in_force(user_id: int) -> TOTPDevice | None:
    return TOTPDevice.objects.select_for_update().filter(user_id=user_id, confirmed=True).first()


def _step_of(key: str, code: str) -> int | None:
    """The step of time whose code it is, so that the same code does not work again; None when it is wrong."""
    code = re.sub(r"\s", "", code)
    totp = TOTP(bytes.fromhex(key))
    totp.time = time.time()
    if not re.fullmatch(r"[0-9]{6}", code) or not totp.verify(int(code), TOLERANCE):
        return None
    return totp.t()


def _new_recovery_codes(user: User) -> list[str]:
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="sista", confirmed=True)
    codes = ["".join(secrets.choice(ALPHABET) for _one in range(10)) for _code in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create([StaticToken(device=device, token=_digest(code)) for code in codes])
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _use_recovery_code(user_id: int, code: str) -> bool:
    deleted, _of = StaticToken.objects.filter(device__user_id=user_id, token=_digest(code)).delete()
    return deleted > 0


def _digest(code: str) -> str:
    # What django-otp has room for: 64 bits of the hash of 50 random ones.
    return hashlib.sha256(code.encode()).hexdigest()[:16]


def _seconds_to_wait(device: Any) -> int:
    if device.throttling_failure_timestamp is None:
        return 0
    until = device.throttling_failure_timestamp + timedelta(
        seconds=devices.wait_after(device.throttling_failure_count)
    )
    return max(0, ceil((until - timezone.now()).total_seconds()))


def _tell_of_failures(user: User, device: Any) -> None:
    failures = device.throttling_failure_count
    if failures == devices.FREE_FAILURES or failures % 10 == 0:
        content = {"failures": failures}
        recording.record("second factor failed too often", by=user, region=user.region, subject=user, content=content)
