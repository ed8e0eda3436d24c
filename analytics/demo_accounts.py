"""The people of the demonstration: one account a role to sign in with, and the fictitious crowd.

The signing-in accounts share one password, made once for this installation and
kept beside its data. Nobody can sign in as one of the crowd.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.urls import reverse

from accounts import activation
from accounts.models import Role, User
from regions.models import Region
from sista.database import writing
from tallies.demo.names import person_name
from tallies.models import Assignment, PollingStation

#: The contest in which the demonstration's witness, operator and first coordinator work.
HOME_CONTEST = "35.75"

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that reads like something else


@dataclass(frozen=True)
class DemoAccount:
    """One account to sign in with. ``place`` is shown; ``region`` is where the role is held."""

    username: str
    role: str
    region: str | None
    place: str
    is_staff: bool = False
    is_superuser: bool = False


ACCOUNTS = (
    DemoAccount("saksi", Role.WITNESS, None, "dua TPS, Kota Pasuruan"),
    DemoAccount("saksi-ppk", Role.DISTRICT_WITNESS, f"{HOME_CONTEST}.01", "satu kecamatan, Kota Pasuruan"),
    DemoAccount("operator", Role.OPERATOR, HOME_CONTEST, "Kota Pasuruan"),
    DemoAccount("dpc", Role.COORDINATOR, HOME_CONTEST, "Kota Pasuruan"),
    DemoAccount("dpc-blitar", Role.COORDINATOR, "35.72", "Kota Blitar"),
    DemoAccount("dpd", Role.PROVINCE_STAFF, "35", "Jawa Timur", is_staff=True),
    DemoAccount("dpp", Role.NATIONAL, "ID", "Indonesia"),
    DemoAccount("admin", Role.NATIONAL, "ID", "administrasi", is_staff=True, is_superuser=True),
)
WITNESS = ACCOUNTS[0].username


def accounts_file() -> Path:
    return Path(settings.DATA_DIR) / "demo-accounts.json"


def kept() -> dict[str, str]:
    """Passwords by username as this installation keeps them; empty before the first seeding."""
    try:
        return json.loads(accounts_file().read_text())
    except FileNotFoundError:
        return {}


def ensure_accounts() -> None:
    """Make the accounts that are missing. One that exists is left as it is, whoever made it."""
    known = set(User.objects.filter(username__in=[a.username for a in ACCOUNTS]).values_list("username", flat=True))
    missing = [account for account in ACCOUNTS if account.username not in known]
    if not missing:
        return
    passwords = kept()
    password = next(iter(passwords.values()), None) or _new_password()
    # The file first: an account whose password nobody knows would be worse than a line too many.
    _keep(passwords | {account.username: password for account in missing})
    # One hash for all: each would cost a third of a second, and they share the password anyway.
    encoded = make_password(password)
    regions = {region.code: region for region in Region.objects.filter(code__in=[a.region for a in missing])}
    rng = Random("demo accounts")
    with writing():
        User.objects.bulk_create(
            User(
                username=account.username,
                password=encoded,
                role=account.role,
                region=regions[account.region] if account.region else None,
                full_name=person_name(rng),
                is_staff=account.is_staff,
                is_superuser=account.is_superuser,
            )
            for account in missing
        )


def table() -> list[str]:
    """Lines of the accounts to sign in with; a password that was not made here is not shown."""
    passwords = kept()
    lines = [f"{'nama pengguna':<14} {'kata sandi':<18} {'peran':<24} wilayah"]
    for account in ACCOUNTS:
        role = "Superuser" if account.is_superuser else str(Role(account.role).label)
        password = passwords.get(account.username, "(tidak dibuat di sini)")
        lines.append(f"{account.username:<14} {password:<18} {role:<24} {account.place}")
    return lines


def activation_path() -> str | None:
    """Where a phone becomes the demonstration witness's: a new link each time; the one before opens nothing."""
    witness = User.objects.filter(username=WITNESS).first()
    if witness is None or not witness.may_use_pin:
        return None
    coordinator = next(account for account in ACCOUNTS if account.role == Role.COORDINATOR)
    by = User.objects.get(username=coordinator.username)
    return reverse("activate", args=[activation.issue(witness, by=by)])


def _new_password() -> str:
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))


def _keep(passwords: Mapping[str, str]) -> None:
    path = accounts_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    # Created with its mode: chmod afterwards would leave a moment in which others may read.
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        json.dump(dict(passwords), stream, indent=1)
    draft.replace(path)


def coordinator_of(region: Region) -> User:
    """The coordinator who verifies in ``region``: the demonstration's own, or a fictitious one."""
    for account in ACCOUNTS:
        if account.role == Role.COORDINATOR and account.region == region.code:
            return User.objects.get(username=account.username)
    with writing():
        coordinator, _created = User.objects.get_or_create(
            username=f"dpc-{region.code}",
            defaults={
                "role": Role.COORDINATOR,
                "region": region,
                "full_name": person_name(Random(f"dpc {region.code}")),
                "password": make_password(None),
            },
        )
    return coordinator


def ensure_witnesses(usernames: Iterable[str], *, rng_seed: str) -> dict[str, User]:
    """Witnesses by username; those that are missing are made in bulk, with unusable passwords."""
    wanted = list(usernames)
    known = _by_username(wanted)
    rng = Random(rng_seed)
    names = {username: person_name(rng) for username in wanted}
    with writing():
        User.objects.bulk_create(
            [
                User(
                    username=username,
                    role=Role.WITNESS,
                    full_name=names[username],
                    password=make_password(None),
                )
                for username in wanted
                if username not in known
            ],
            batch_size=2000,
        )
    return _by_username(wanted)


def _by_username(usernames: list[str]) -> dict[str, User]:
    found: dict[str, User] = {}
    for start in range(0, len(usernames), 2000):
        for user in User.objects.filter(username__in=usernames[start : start + 2000]):
            found[user.username] = user
    return found


def assign_missing(guards: Iterable[tuple[PollingStation, User]], *, by: User) -> None:
    """Assign in bulk; who was assigned before, or revoked since, is left alone."""
    pairs = list(guards)
    stations = [station.pk for station, _witness in pairs]
    known: set[tuple[int, int]] = set()
    for start in range(0, len(stations), 2000):
        rows = Assignment.objects.filter(station__in=stations[start : start + 2000])
        known.update(rows.values_list("station_id", "witness_id"))
    with writing():
        Assignment.objects.bulk_create(
            [
                Assignment(station=station, witness=witness, assigned_by=by)
                for station, witness in pairs
                if (station.pk, witness.pk) not in known
            ],
            batch_size=2000,
        )
