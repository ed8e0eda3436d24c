"""Take somebody in: a person who is known already, by number and name, stays one person."""

from __future__ import annotations

import re
import secrets
import unicodedata
from typing import Any

from django.utils.text import slugify

from accounts import recording, rights
from accounts.models import PHONE_ROLES, Role, User
from accounts.phone_numbers import normalise
from regions.models import Region
from sista.database import writing


class MayNotEnrol(PermissionError):
    """This role, or this place, is not the enrolling person's to give."""


class PhoneTaken(ValueError):
    """The number belongs to somebody of another name: they cannot be told apart when a message comes."""


def same_name(one: str, other: str) -> bool:
    """``SITI  Rahayu`` and ``Siti Rahayu,`` are one name."""
    return _plain(one) == _plain(other)


def known(full_name: str, phone: str) -> User | None:
    """The witness with this number, if the name is the same. Raises `PhoneTaken` when it is not.

    Without a number nobody is known: many people share a name.
    """
    number = normalise(phone)
    if not number:
        return None
    holders = list(User.objects.filter(phone=number).order_by("pk"))
    for holder in holders:
        if holder.role in PHONE_ROLES and not holder.is_superuser and same_name(holder.full_name, full_name):
            return holder
    if holders:
        raise PhoneTaken(number)
    return None


def enrol(
    full_name: str, phone: str = "", *, role: str = Role.WITNESS, region: Region | None = None, by: User
) -> tuple[User, bool]:
    """Return the person, and whether they are new. A new one signs in by a link, never by a password.

    A known witness keeps role and region. Raises `MayNotEnrol`, `PhoneTaken`.
    """
    if role not in PHONE_ROLES or not rights.may_give(by, role, region):
        raise MayNotEnrol(role)
    with writing():
        there = known(full_name, phone)
        if there is not None:
            return there, False
        person = User(
            username=_free_username(full_name), full_name=full_name.strip(), phone=phone, role=role, region=region
        )
        person.set_unusable_password()
        person.save()
        recording.record("person enrolled", by=by, region=region or by.scope, subject=person, content=_said(person))
    return person, True


def _said(person: User) -> dict[str, Any]:
    """What an event says of a person: never the number, which may have to be forgotten one day."""
    return {"username": person.username, "role": str(person.role)}


def _free_username(full_name: str) -> str:
    stem = slugify(full_name)[:24] or "saksi"
    while True:
        name = f"{stem}-{secrets.randbelow(10**6):06d}"
        if not User.objects.filter(username=name).exists():
            return name


def _plain(name: str) -> str:
    text = unicodedata.normalize("NFKD", name).casefold()
    return " ".join(re.findall(r"[^\W_]+", "".join(each for each in text if not unicodedata.combining(each))))
