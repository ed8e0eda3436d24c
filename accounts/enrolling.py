"""Take somebody in: a person who is known already, by number and name, stays one person."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.text import slugify

from accounts import recording, rights
from accounts.models import PHONE_ROLES, Role, User
from accounts.phone_numbers import normalise
from accounts.recording import Act
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
    return known_among(User.objects.filter(phone=number).order_by("pk"), full_name)


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


def holders_of(numbers: Iterable[str]) -> dict[str, list[User]]:
    """Who has these numbers, written as `normalise` does: one query."""
    found: dict[str, list[User]] = {}
    for holder in User.objects.filter(phone__in=set(numbers)).exclude(phone="").order_by("pk"):
        found.setdefault(holder.phone, []).append(holder)
    return found


def enrol_all(people: Sequence[tuple[str, str]], *, by: User) -> list[User]:
    """Take in many new witnesses (name, number) as `enrol` does one. Nobody of them may be known: ask `known_among`.

    Raises `MayNotEnrol`.
    """
    if not rights.may_give(by, Role.WITNESS, None):
        raise MayNotEnrol(Role.WITNESS)
    with writing():
        made = [
            User(username=name, full_name=full_name.strip(), phone=phone, role=Role.WITNESS)
            for (full_name, phone), name in zip(people, _free_usernames([name for name, _ in people]), strict=True)
        ]
        for person in made:
            person.set_unusable_password()
        User.objects.bulk_create(made, batch_size=1000)
        recording.record_all((Act("person enrolled", by.scope, person, _said(person)) for person in made), by=by)
    return made


def known_among(holders: Iterable[User], full_name: str) -> User | None:
    """The witness of this name among the ``holders`` of a number. Raises `PhoneTaken` where all are others."""
    held = list(holders)
    for holder in held:
        if holder.role in PHONE_ROLES and not holder.is_superuser and same_name(holder.full_name, full_name):
            return holder
    if held:
        raise PhoneTaken
    return None


def _said(person: User) -> dict[str, Any]:
    """What an event says of a person: neither number nor name (nor user name), which may have to go one day."""
    return {"role": str(person.role)}


def _free_username(full_name: str) -> str:
    return _free_usernames([full_name])[0]


def _free_usernames(full_names: Sequence[str]) -> list[str]:
    """A name to sign in with for each of the people, none of them in use: mostly one query."""
    found: dict[int, str] = {}
    while missing := [place for place in range(len(full_names)) if place not in found]:
        tried = {_a_username(full_names[place]): place for place in missing}
        taken = {*User.objects.filter(username__in=tried).values_list("username", flat=True), *found.values()}
        found |= {place: name for name, place in tried.items() if name not in taken}
    return [found[place] for place in range(len(full_names))]


def _a_username(full_name: str) -> str:
    return f"{slugify(full_name)[:24] or 'saksi'}-{secrets.randbelow(10**6):06d}"


def _plain(name: str) -> str:
    text = unicodedata.normalize("NFKD", name).casefold()
    return " ".join(re.findall(r"[^\W_]+", "".join(each for each in text if not unicodedata.combining(each))))
