"""What the archive holds of a region, page by page: C1 forms, D.Hasil and what is in quarantine.

Ordered by place (the tree's numbers, then the number of the TPS), so that a page is a walk along indexes from where
the last one ended, whatever the number of forms; nothing is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from regions.models import Level, Region
from sista.keys import key_in
from tallies.models import (
    COUNTED_REVIEWS,
    C1Form,
    Election,
    FormPhoto,
    QuarantinedForm,
    RecapForm,
    Review,
)
from tallies.models.forms import number_of_receipt

PAGE = 40
#: Letters of a name that are looked for; fewer would find everybody.
NAME_LETTERS = 3

KINDS: dict[str, Promise] = {
    "c1": _("Formulir C1"),
    "foto": _("C1 dengan foto"),
    "rekap": _("D.Hasil"),
    "karantina": _("Karantina"),
}
#: Of C1 and D.Hasil; what is in quarantine has none of these.
STATES: dict[str, Promise] = {
    "": _("Semua keadaan"),
    "dihitung": _("Dihitung"),
    "menunggu": _("Menunggu verifikasi"),
    "terverifikasi": _("Terverifikasi"),
    "janggal": _("Janggal"),
    "perbaikan": _("Perlu diperbaiki"),
    "ditolak": _("Ditolak"),
    "digantikan": _("Digantikan versi lain"),
    "lain": _("Tidak dihitung"),
}
_REVIEWS = {
    "menunggu": Review.PENDING,
    "terverifikasi": Review.VERIFIED,
    "perbaikan": Review.NEEDS_FIX,
    "ditolak": Review.REJECTED,
}

#: What follows which row: numbers of the region and the TPS, key of the row.
Place = tuple[int, int, int]


@dataclass(frozen=True)
class Asked:
    """What the address asks for; anything that is not allowed there is the first choice."""

    kind: str = "c1"
    state: str = ""
    search: str = ""
    after: Place | None = None

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Asked:
        kind = query.get("jenis", "")
        state = query.get("keadaan", "")
        return cls(
            kind=kind if kind in KINDS else "c1",
            state=state if state in STATES and kind != "karantina" else "",
            search=query.get("cari", "").replace("\0", "").strip()[:80],
            after=_place_in(query.get("sesudah", "")),
        )

    def address(self, region: Region, **changes: str) -> str:
        """The query of the same list, with ``changes``."""
        said = {"wilayah": region.code, "jenis": self.kind, "keadaan": self.state, "cari": self.search} | changes
        return "?" + urlencode({key: value for key, value in said.items() if value})


def _place_in(text: str) -> Place | None:
    keys = [key_in(part) for part in text.split("-")]
    found = [key for key in keys if key is not None]
    return (found[0], found[1], found[2]) if len(found) == len(keys) == 3 else None


@dataclass(frozen=True)
class Page:
    rows: list[Any]
    #: Where the next page begins; "" after the last.
    following: str


def page_of(user: Any, election: Election, region: Region, asked: Asked, *, size: int = PAGE) -> Page:
    """One page of ``region`` (of the user's) as ``asked``."""
    if is_too_wide(region, asked):
        return Page([], "")
    if asked.kind == "rekap":
        return _recaps(user, election, region, asked, size)
    rows: QuerySet[Any]
    if asked.kind == "karantina":
        rows = QuarantinedForm.objects.visible_to(user).filter(contest__election=election)
        rows = _found_quarantine(rows, asked.search)
    else:
        rows = C1Form.objects.visible_to(user).filter(station__election=election)
        rows = _found_forms(_in_state(rows, asked.state), asked.search)
        if asked.kind == "foto":
            rows = rows.filter(Exists(FormPhoto.objects.filter(form=OuterRef("pk"))))
    rows = rows.filter(station__region__first__range=(region.first, region.last))
    if asked.after:
        first, number, pk = asked.after
        same = Q(station__region__first=first)
        later = Q(station__region__first__gt=first) | same & Q(station__number__gt=number)
        rows = rows.filter(later | same & Q(station__number=number, pk__gt=pk), station__region__first__gte=first)
    # The keys first: with all that a row shows joined to them, PostgreSQL reads the whole region before it narrows.
    ordered = rows.order_by("station__region__first", "station__number", "pk")
    keys = list(ordered.values_list("pk", flat=True)[: size + 1])
    shown = rows.model.objects.select_related(
        "station__region__parent", "contest__region", "contest__election", "submitted_by"
    )
    if asked.kind != "karantina":
        shown = shown.prefetch_related("photo_names", "counted_in")
    by_key = {one.pk: one for one in shown.filter(pk__in=keys)}
    found = [by_key[key] for key in keys]
    last = found[size - 1] if len(found) > size else None
    following = f"{last.station.region.first}-{last.station.number}-{last.pk}" if last else ""
    return Page(found[:size], following)


def is_too_wide(region: Region, asked: Asked) -> bool:
    """What does not count has no index, and is rare: it is looked for from a kabupaten down."""
    return asked.state == "lain" and asked.kind in ("c1", "foto") and region.level < Level.REGENCY


def _recaps(user: Any, election: Election, region: Region, asked: Asked, size: int) -> Page:
    rows = RecapForm.objects.visible_to(user).filter(contest__election=election)
    rows = _in_state(rows, asked.state).filter(region__first__range=(region.first, region.last))
    if asked.search:
        if number_of_receipt(asked.search) is not None:
            rows = rows.filter(pk__in=[one.pk for one in rows.only("uuid") if _same_code(one.receipt, asked.search)])
        else:
            rows = _by_name(rows, asked.search)
    if asked.after:
        first, _number, pk = asked.after
        rows = rows.filter(Q(region__first__gt=first) | Q(region__first=first, pk__gt=pk))
    rows = rows.select_related("region__parent", "contest__region", "contest__election", "submitted_by")
    rows = rows.prefetch_related("photo_names", "counted_in")
    found = list(rows.order_by("region__first", "pk")[: size + 1])
    last = found[size - 1] if len(found) > size else None
    return Page(found[:size], f"{last.region.first}-0-{last.pk}" if last else "")


def _same_code(one: str, other: str) -> bool:
    return number_of_receipt(one) == number_of_receipt(other)


def _in_state(rows: Any, state: str) -> Any:
    if state == "dihitung":
        return rows.filter(counted_in__review__in=COUNTED_REVIEWS)
    if state == "janggal":
        return rows.filter(counted_in__disputed=True)
    if state in _REVIEWS:
        return rows.filter(counted_in__review=_REVIEWS[state])
    if state == "digantikan":
        return rows.filter(pk__in=rows.model.objects.filter(supersedes__isnull=False).values("supersedes"))
    return rows.filter(counted_in=None) if state == "lain" else rows


def _found_forms(rows: QuerySet[C1Form], search: str) -> QuerySet[C1Form]:
    if not search:
        return rows
    if (station := station_in(search)) is not None:
        return rows.filter(**station)
    if number_of_receipt(search) is not None:
        by_code = rows.with_receipt(search)  # type: ignore[attr-defined]
        # Six letters may be a name as well ("Bagong"): the code first, for it was asked for by telephone.
        return by_code if by_code.exists() else _by_name(rows, search)
    return _by_name(rows, search)


def _found_quarantine(rows: QuerySet[QuarantinedForm], search: str) -> QuerySet[QuarantinedForm]:
    if not search:
        return rows
    station = station_in(search)
    return rows.filter(**station) if station is not None else _by_name(rows, search)


def _by_name(rows: Any, search: str) -> Any:
    if len(search) < NAME_LETTERS:
        return rows.none()
    return rows.filter(submitted_by__in=User.objects.filter(full_name__icontains=search))


def station_in(search: str) -> dict[str, Any] | None:
    """What ``search`` says of a TPS: code and number ("35.07.05.2001.003", "35.07.05.2001 3"), or a code alone."""
    head, _space, tail = search.rpartition(" ")
    if not head:
        head, _dot, tail = search.rpartition(".")
        if "." not in search or len(tail) > 3:
            return {"station__region__code": search} if _is_code(search) else None
    number = key_in(tail)
    if number is None or not _is_code(head.strip()):
        return None
    return {"station__region__code": head.strip(), "station__number": number}


def _is_code(text: str) -> bool:
    return text.isascii() and text.replace(".", "").isdecimal() and "." in text


@dataclass(frozen=True)
class Tree:
    """Where one is: ``above`` from the reader's region down to here, and what is right ``below``."""

    here: Region
    above: list[Region]
    below: list[Region]


def tree_at(scope: Region, here: Region) -> Tree:
    above = [one for one in Region.objects.ancestors_of(here) if one.level >= scope.level and one.level <= here.level]
    below = [] if here.level == Level.VILLAGE else list(Region.objects.filter(parent=here).order_by("first"))
    return Tree(here, above, below)


def is_packable(region: Region) -> bool:
    """A kecamatan or a kabupaten is handed out as a file; more is a backup."""
    return region.level in (Level.REGENCY, Level.DISTRICT)


def state_of(form: Any) -> tuple[str, bool]:
    """The state a version is shown in, and whether it is the one that counts. Reads ``counted_in``."""
    result = next(iter(form.counted_in.all()), None)
    if result is None:
        return "", False
    if result.is_in and result.disputed:
        return "disputed", True
    return str(result.review), bool(result.is_in)
