"""The link that makes a phone the witness's: issue, revoke, find, use it once.

The token is told once, to whoever issues it; the database keeps its hash.
Whatever changes a person's links or devices holds that person's row, so that
two phones with the same link, or an old phone's PIN beside a new phone's
activation, come one after the other.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts import devices, recording, rights
from accounts.devices import hash_of
from accounts.models import Activation, Device, User
from sista.database import writing


class NotActivatable(ValueError):
    """This person signs in with a password, or not at all."""


class GuardsElsewhere(NotActivatable):
    """This person also guards a TPS outside the region of whoever asks: the link would open that work too."""


class LinkUnusable(ValueError):
    """Used, expired, revoked, or never issued."""


def new_token() -> str:
    """256 random bits, as they stand in an address."""
    return secrets.token_urlsafe(32)


def issue(user: User, *, by: User) -> str:
    """Make a new link for ``user`` and return its token; an earlier open one is revoked.

    Raises `NotActivatable`, `GuardsElsewhere`.
    """
    token = new_token()
    with writing():
        person = devices.lock(user.pk)
        if not person.may_use_pin:
            raise NotActivatable(person.role)
        if rights.guards_elsewhere(by, person):
            raise GuardsElsewhere(person.pk)
        _revoke_open(person, by)
        link = Activation.objects.create(
            user=person,
            token_hash=hash_of(token),
            issued_by=by,
            expires_at=timezone.now() + timedelta(days=settings.ACTIVATION_DAYS),
        )
        recording.record("link issued", by=by, region=by.scope, subject=person, content={"link": link.pk})
    return token


@sensitive_variables("tokens")
def issue_all(tokens: Mapping[int, str], *, by: User) -> dict[int, Activation]:
    """Make the links of many people, whose tokens (`new_token`) the caller has; earlier open ones are revoked.

    By the keys of the people. Raises `NotActivatable` when one of them signs in with a password by now.
    """
    now = timezone.now()
    expires = now + timedelta(days=settings.ACTIVATION_DAYS)
    with writing():
        people = devices.lock_all(tokens)
        for person in people:
            if not person.may_use_pin:
                raise NotActivatable(person.role)
        open_links = Activation.objects.open().filter(user__in=people)
        open_links.update(revoked_at=now, revoked_by=by)
        made = Activation.objects.bulk_create(
            (
                Activation(user=person, token_hash=hash_of(tokens[person.pk]), issued_by=by, expires_at=expires)
                for person in people
            ),
            batch_size=500,
        )
    return {link.user_id: link for link in made}


def end(link_ids: Iterable[int], *, by: User | None) -> None:
    """Revoke those of these links that are still open."""
    with writing():
        links = list(Activation.objects.open().filter(pk__in=list(link_ids)).values_list("pk", "user_id"))
        devices.lock_all({user for _pk, user in links})
        still = Activation.objects.open().filter(pk__in=[pk for pk, _user in links])
        still.update(revoked_at=timezone.now(), revoked_by=by)


def revoke(user: User, *, by: User) -> bool:
    """Revoke the open link of ``user``; False when there is none."""
    with writing():
        revoked = _revoke_open(devices.lock(user.pk), by)
        if revoked:
            recording.record("link revoked", by=by, region=by.scope, subject=user)
    return revoked


def replace_lost(user: User, *, by: User) -> str:
    """Put the lost phone out at once and return the token of a new link."""
    with writing():
        devices.end_active(devices.lock(user.pk), by=by)
        recording.record("phone put out", by=by, region=by.scope, subject=user)
        return issue(user, by=by)


@sensitive_variables("token")
def find(token: str) -> Activation | None:
    """Return the link when it can be used now."""
    found = Activation.objects.usable().select_related("user").filter(token_hash=hash_of(token)).first()
    return found if found and found.user.may_use_pin else None


def activated_here(token: str, device: Device | None) -> bool:
    """True when ``device`` was bound by this very link."""
    return device is not None and device.activation.token_hash == hash_of(token)


@sensitive_variables("token", "pin", "key")
def activate(token: str, pin: str, request: HttpRequest) -> tuple[User, str]:
    """Use the link: bind the phone that asks, sign it in, and put the earlier phone out.

    Return the person and the key for the phone's cookie. `LinkUnusable` when
    somebody else was quicker.
    """
    owner = Activation.objects.filter(token_hash=hash_of(token)).values_list("user", flat=True).first()
    if owner is None:
        raise LinkUnusable
    encoded, key = make_password(pin), secrets.token_urlsafe(32)  # a slow hash, before anything is locked
    with writing():
        user = devices.lock(owner)
        link = find(token)
        if link is None:
            raise LinkUnusable
        devices.end_active(user, by=user)
        link.used_at = timezone.now()
        link.save(update_fields=["used_at"])
        device = Device.objects.create(user=user, key_hash=hash_of(key), pin=encoded, activation=link)
        devices.sign_in(request, device, user)
        recording.record("phone activated", by=user, subject=user, content={"link": link.pk})
    return user, key


def _revoke_open(user: User, by: User) -> bool:
    changed = Activation.objects.open().filter(user=user).update(revoked_at=timezone.now(), revoked_by=by)
    return bool(changed)
