"""What everybody gets at every address: asked, not supposed; and the table of it in docs/permissions.md.

Keys are those of Malang (`tests.integration.test_another_kabupaten.ADDRESSES`, where a new address is named first),
so that "own" is who works there, and "other" who does the same elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse
from django.urls.resolvers import URLPattern, URLResolver

from accounts.models import Role, User
from regions.importing import Row, import_regions
from regions.models import Level
from tests import cast

PAGE = settings.BASE_DIR / "docs" / "permissions.md"
COMMAND = "python manage.py permission_matrix --write"
#: Column, and who stands for it: those of Malang (of Jawa Timur), then those of elsewhere.
COLUMNS = {
    "Anon": "", "TPS own": "siti", "TPS other": "wati", "PPK own": "parto", "PPK other": "lina",
    "Opr own": "oper", "Opr other": "oper_lamongan", "DPC own": "budi", "DPC other": "agus",
    "DPD own": "dewi", "DPD other": "sari", "DPP": "nasi", "Super": "root",
}  # fmt: skip
#: Parts of addresses that hold nothing of a kabupaten and are in no list of its keys.
PARTS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "activate": lambda m: {"token": "x"},
    "party-css": lambda m: {"slug": m.play.election.slug},
    "targets": lambda m: {"slug": m.play.election.slug},
    "master-import-template": lambda m: {"kind": "tps"},
}
HEAD = f"""# Who gets what

What each role gets at each address, written down by asking: `{COMMAND}`
walks all of them with real objects and writes this file; `--check`, and a test, fail when an answer is another or an
address is missing. Do not edit it by hand.

Every key is one of Kabupaten Malang. *own* works there (DPD: in Jawa Timur), *other* does the same elsewhere. A GET
asks for the address; other methods send nothing, so that 200 and 400 mean "you may, but this is empty", and 302 that
it was done or leads on. `in` = led to the sign-in page. Methods that an address does not know (405) are left out. The
DPDs are staff of the admin. Nobody here has a second factor: where it is asked for and not given, everything but the
way in answers 302, and the API 403.

TPS, PPK = witnesses; Opr = operator of the count room; Super = superuser.
"""


@dataclass(frozen=True)
class Address:
    name: str
    route: str
    parts: dict[str, Any]
    query: dict[str, Any]

    @property
    def methods(self) -> tuple[str, ...]:
        return ("GET", "POST", "PUT", "PATCH", "DELETE") if self.route.startswith("api/") else ("GET", "POST")


def make_people(play: cast.Play) -> None:
    """Those of `COLUMNS` who are not there yet."""
    import_regions([Row("36", "ID", Level.PROVINCE, "Banten")])
    play.people["sari"] = cast.person("sari", Role.PROVINCE_STAFF, "36")
    play.people["root"] = User.objects.create_superuser("root", password=cast.PASSWORD)
    User.objects.filter(role=Role.PROVINCE_STAFF).update(is_staff=True)
    missing = set(filter(None, COLUMNS.values())) - play.people.keys()
    assert not missing, missing


def addresses(malang: Any, known: dict[str, Callable[[Any], list[Any]]]) -> Iterator[Address]:
    """Every named address, each once, with the first of its keys; of the admin the lists, the forms, and one row."""
    done: set[str] = set()
    for name, route in _named(get_resolver()):
        if name in done or name.startswith("admin:"):
            continue
        done.add(name)
        if name in known:
            ask = known[name](malang)[0]
            yield Address(name, route, ask.parts, ask.query)
        else:
            yield Address(name, route, PARTS[name](malang) if name in PARTS else {}, {})
    yield Address("admin:index", "admin/", {}, {})
    for model in admin.site._registry:
        stem = f"{model._meta.app_label}_{model._meta.model_name}"
        place = f"admin/{model._meta.app_label}/{model._meta.model_name}/"
        yield Address(f"admin:{stem}_changelist", place, {}, {})
        yield Address(f"admin:{stem}_add", f"{place}add/", {}, {})
        row = _row(model, malang)
        if row is not None:
            for act in ("change", "delete"):
                yield Address(f"admin:{stem}_{act}", f"{place}<key>/{act}/", {"object_id": row.pk}, {})
    path = "admin/accounts/user/<key>/password/"
    yield Address("admin:auth_user_password_change", path, {"id": malang.play.budi.pk}, {})


def walk(malang: Any, known: dict[str, Callable[[Any], list[Any]]]) -> dict[tuple[str, str, str], list[str]]:
    """(Route, name, method) -> an answer for each of `COLUMNS`. Nothing of it stays: each request is rolled back."""
    make_people(malang.play)
    clients = []
    for who in COLUMNS.values():
        client = Client()
        if who:
            client.force_login(User.objects.get(pk=malang.play.people[who].pk))
        clients.append(client)
    found = {}
    for one in addresses(malang, known):
        try:
            address = reverse(one.name, kwargs=one.parts or None, query=one.query or None)
        except NoReverseMatch:
            raise AssertionError(
                f"{one.name} needs keys: name it in ADDRESSES of tests/integration/test_another_kabupaten.py, "
                "or in PARTS here when it holds nothing of a kabupaten"
            ) from None
        for method in one.methods:
            answers = [_ask(client, method, address, one) for client in clients]
            # Whoever is signed in is told that there is no such method.
            if "405" not in answers[1:]:
                found[one.route, one.name, method] = answers
    return found


def as_page(found: dict[tuple[str, str, str], list[str]]) -> str:
    """The whole of docs/permissions.md, a row an address and those of its methods that are answered alike."""
    rows: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for (route, name, method), answers in found.items():
        rows.setdefault((route, name, tuple(answers)), []).append(method)
    lines = [HEAD, f"| address | name | | {' | '.join(COLUMNS)} |", f"|---|---|---|{'---|' * len(COLUMNS)}"]
    for (route, name, answers), methods in sorted(rows.items(), key=lambda row: (row[0][:2], row[1])):
        lines.append(f"| `/{route}` | {name} | {', '.join(methods)} | {' | '.join(answers)} |")
    return "\n".join(lines) + "\n"


def differences(was: str, now: str) -> list[str]:
    """The rows that are not the same, before and after, each in a line to be read in a test's output."""
    before, after = was.splitlines(), now.splitlines()
    return [f"- {row}" for row in before if row not in set(after)] + [
        f"+ {row}" for row in after if row not in set(before)
    ]


def _ask(client: Client, method: str, address: str, one: Address) -> str:
    cookies = client.cookies.copy()
    kind = {"content_type": "application/json"} if one.route.startswith("api/") or method != "POST" else {}
    with transaction.atomic():
        answer = client.get(address) if method == "GET" else getattr(client, method.lower())(address, {}, **kind)
        if answer.streaming:
            b"".join(answer.streaming_content)
        transaction.set_rollback(True)
    client.cookies = cookies
    if (
        answer.status_code == 302
        and re.match(r"(/admin)?/(masuk|login)/(\?|$)", answer.url)
        and one.name != "sign-out"
    ):
        return "in"
    return str(answer.status_code)


def _named(resolver: URLResolver, prefix: str = "", space: str = "") -> Iterator[tuple[str, str]]:
    for one in resolver.url_patterns:
        route = prefix + str(one.pattern).lstrip("^").rstrip("$")
        if isinstance(one, URLResolver):
            yield from _named(one, route, f"{one.namespace}:" if one.namespace else space)
        elif isinstance(one, URLPattern) and one.name:
            yield space + one.name, route


def _row(model: Any, malang: Any) -> Any:
    """One row of the admin's table, of Malang where such are told apart."""
    rows = model._default_manager.order_by("pk")
    mine = rows.visible_to(malang.play.budi) if hasattr(rows, "visible_to") else rows
    return mine.first() or rows.first()
