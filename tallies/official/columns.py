"""What a file of official figures may say, and of which stations."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from regions.models import Region
from sista.spreadsheets.headers import Field
from tallies.figures import EMPTY_BOX
from tallies.importing.places import STATION_FIELDS, needed_for_a_station
from tallies.models import Contest, Election, OfficialImport

VALID, INVALID = "sah", "tidak_sah"
_SUMS = (
    Field(
        VALID,
        _lazy("Suara sah"),
        ("jumlah suara sah", "total suara sah", "jumlah sah", "valid votes", "valid"),
        required=False,
    ),
    Field(
        INVALID,
        _lazy("Suara tidak sah"),
        (
            "jumlah suara tidak sah",
            "total suara tidak sah",
            "jumlah tidak sah",
            "tdk sah",
            "invalid votes",
            "invalid",
        ),
        required=False,
    ),
)
_PAIR_NAMES = (
    "suara", "paslon", "suara paslon", "perolehan paslon", "perolehan suara paslon", "pasangan", "pasangan calon",
    "calon", "kandidat", "nomor urut", "nomor", "no", "paslon no", "paslon nomor", "votes", "",
)  # fmt: skip


def pair_field(number: int) -> str:
    return f"suara_{number}"


@dataclass(frozen=True)
class Target:
    """The contests a file is about, within one region. ``pairs``: contest → number → key."""

    election: Election
    region: Region
    contests: tuple[Contest, ...]
    pairs: dict[int, dict[int, int]]

    @property
    def numbers(self) -> list[int]:
        return sorted({number for pairs in self.pairs.values() for number in pairs})

    def contest_at(self, place: int) -> Contest | None:
        """The contest that holds the region with the pre-order number ``place``."""
        at = bisect_right(self.contests, place, key=lambda contest: contest.region.first) - 1
        found = self.contests[at] if at >= 0 else None
        return found if found and place <= found.region.last else None


def target_of(one: OfficialImport) -> Target:
    contests = Contest.objects.filter(election=one.election_id, office=one.office).touching(one.region)
    if one.contest_id:
        contests = contests.filter(pk=one.contest_id)
    found = tuple(contests.select_related("region").prefetch_related("pairs").order_by("region__first"))
    pairs = {contest.pk: {pair.number: pair.pk for pair in contest.pairs.all()} for contest in found}
    return Target(one.election, one.region, found, pairs)


def fields_of(target: Target) -> list[Field]:
    """The fields in the order of the paper. A pair is also known by its name where there is one contest."""
    names: dict[int, str] = {}
    if len(target.contests) == 1:
        names = {pair.number: pair.name for pair in target.contests[0].pairs.all()}
    return [*STATION_FIELDS, *(_pair(number, names.get(number, "")) for number in target.numbers), *_SUMS]


def _pair(number: int, name: str) -> Field:
    known = [f"{one} {number}" for one in _PAIR_NAMES]
    known += [name] if name else []
    if number == EMPTY_BOX:
        known += ["kolom kosong", "kotak kosong"]
        return Field(pair_field(number), _("Kolom kosong"), tuple(known))
    return Field(pair_field(number), _("Suara paslon %(number)s") % {"number": number}, tuple(known))


def missing_fields(columns: Mapping[str, int], fields: Iterable[Field]) -> list[str]:
    """Labels of what a person still has to point at: a pair, or what tells the TPS."""
    return [str(one.label) for one in fields if one.name in _needed(fields, columns) and one.name not in columns]


def _needed(fields: Iterable[Field], columns: Mapping[str, int]) -> set[str]:
    return needed_for_a_station(columns) | {one.name for one in fields if one.required}
