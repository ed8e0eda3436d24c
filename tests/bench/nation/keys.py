"""What leads to pages: the list of addresses that the tests walk, asked with keys of the nation.

The list and its keys are those of Kabupaten Malang, which the tree of the package has too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.urls import reverse

from accounts.models import User
from analytics.models import Expectation, Finding
from regions.models import Region
from tallies.models import Assignment, C1Form, Mandate, PollingStation, ReadingClaim, StationResult, WallLink
from tests.bench.nation import ground

#: They send something off, end the session, or hold what only a POST has.
_NOT_PAGES = {"phone-worker", "phone-manifest", "sms-inbound", "sign-out", "api-schema", "set-language", "components"}
REGENCY, VILLAGE = "35.07", "35.07.05.2001"


@dataclass(frozen=True)
class Page:
    name: str
    address: str


class Missing(Exception):
    """The nation has no such row."""


class _Keys:
    """Rows by the names the list of addresses uses. What the nation has none of raises `Missing`."""

    def __init__(self, **rows: Any) -> None:
        self.__dict__.update(rows)

    def __getattr__(self, name: str) -> Any:
        raise Missing(name)


def keys() -> _Keys:
    village = Region.objects.get(code=VILLAGE)
    regency = Region.objects.get(code=REGENCY)
    results = StationResult.objects.filter(contest=ground.contest())
    result = results.within(village).exclude(form=None).order_by("pk")[0]
    silent = results.within(regency).filter(form=None).order_by("pk")[0]
    form = C1Form.objects.get(pk=result.form_id)
    claim = ReadingClaim.objects.order_by("pk").first()
    witness = Assignment.objects.get(station=result.station_id).witness
    people = SimpleNamespace(siti=witness, toni=witness, budi=person("dpc"), oper=_operator(regency))
    play = SimpleNamespace(
        election=ground.election(), malang=ground.contest(), result=lambda _name: result, **vars(people)
    )
    here = {
        "play": play,
        "form": form,
        "result": result,
        "silent": silent,
        "sha256": form.photo_names.all()[0].sha256,
        "typed": form,
        "held": claim.form if claim else None,
        "finding": Finding.objects.visible_to(people.budi).order_by("-pk").first(),
        "expectation": Expectation.objects.order_by("pk").first(),
        "mandate": Mandate.objects.order_by("pk").first(),
        "link": WallLink.objects.order_by("pk").first(),
    }
    return _Keys(**{name: row for name, row in here.items() if row is not None})


def person(name: str) -> User:
    return User.objects.get(username=name)


def _operator(regency: Region) -> User:
    return person(f"{ground.OPERATOR}-{regency.pk}-0")


def people(known: _Keys) -> dict[str, User]:
    """Who looks, by the column of the table."""
    return {
        "DPP": person("nasional"),
        "DPD": person("dpd"),
        "DPC": person("dpc"),
        "operator": known.play.oper,
        "saksi": known.play.siti,
    }


def pages(known: _Keys, scope: Region | None) -> tuple[list[Page], list[str]]:
    """Every page there is with keys of Malang, those of a region also at ``scope``; and names without a key here."""
    from tests.integration.test_another_kabupaten import ADDRESSES, ELSEWHERE  # with what tests need installed

    found: dict[str, Page] = {}
    missing = []
    for name in (*ADDRESSES, *sorted(ELSEWHERE - _NOT_PAGES)):
        if name in _NOT_PAGES:
            continue
        try:
            asks = list(_asks(name, ADDRESSES, known))
        except (Missing, ObjectDoesNotExist, AttributeError) as error:
            missing.append(f"{name}: {error}")
            continue
        for parts, query in asks:
            for kept in (parts, parts | {"code": scope.code}) if scope and "code" in parts else (parts,):
                address = reverse(name, kwargs=_here(kept) or None, query=query or None)
                found.setdefault(address, Page(name, address))
    return list(found.values()), missing


def _asks(name: str, listed: dict[str, Any], known: _Keys) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    if name not in listed:
        keyed = {"targets": {"slug": ""}, "party-css": {"slug": ""}, "activate": {"token": "x"}}
        yield keyed.get(name, {"kind": "tps"} if name == "master-import-template" else {}), {}
        return
    for ask in listed[name](known):
        yield ask.parts, ask.query


def _here(parts: dict[str, Any]) -> dict[str, Any]:
    return parts | {"slug": ground.SLUG} if "slug" in parts else parts


def station_count(region: Region) -> int:
    return PollingStation.objects.within(region).count()
