"""The kinds of files, each with what it reads, writes and takes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _lazy

from sista.spreadsheets.headers import Field
from tallies.importing.places import CODE, VILLAGE, needed_for_a_station
from tallies.master_data import c6, pairs, population, stations, witnesses
from tallies.master_data.judging import Judge
from tallies.models import MasterImport, MasterKind


def _nothing(_columns: Mapping[str, int]) -> set[str]:
    return set()


def _a_place(columns: Mapping[str, int]) -> set[str]:
    """A reserve has no TPS: the desa is enough."""
    return {CODE} if CODE in columns else {VILLAGE}


@dataclass(frozen=True)
class Kind:
    """``needed`` names the fields that are needed beside the required ones, given the columns found.

    ``example`` are the header and rows of its template; ``about`` says what a row is.
    """

    judge: type[Judge]
    fields: tuple[Field, ...]
    example: tuple[tuple[str, ...], ...]
    about: str | Promise
    take_back: Callable[..., int]
    needed: Callable[[Mapping[str, int]], set[str]] = _nothing

    def missing(self, columns: Mapping[str, int]) -> list[str]:
        """Labels of what a person still has to point at."""
        needed = self.needed(columns) | {field.name for field in self.fields if field.required}
        return [str(field.label) for field in self.fields if field.name in needed and field.name not in columns]


KINDS: dict[str, Kind] = {
    MasterKind.STATIONS: Kind(
        stations.StationJudge, stations.FIELDS, stations.EXAMPLE,
        _lazy("Sebaris satu TPS: kode desa, nomor TPS, DPT laki-laki dan perempuan. Yang kosong tidak mengubah."),
        stations.take_back, needed_for_a_station,
    ),
    MasterKind.PAIRS: Kind(
        pairs.PairJudge, pairs.FIELDS, pairs.EXAMPLE,
        _lazy("Sebaris satu paslon: wilayah kontes, jabatan, nomor urut, nama, pengusung, usungan kita atau tidak."),
        pairs.take_back,
    ),
    MasterKind.WITNESSES: Kind(
        witnesses.WitnessJudge, witnesses.FIELDS, witnesses.EXAMPLE,
        _lazy("Sebaris satu saksi dengan TPS-nya. Tanpa nomor TPS ia menjadi cadangan desa itu."),
        witnesses.take_back, _a_place,
    ),
    MasterKind.POPULATION: Kind(
        population.PopulationJudge, population.FIELDS, population.EXAMPLE,
        _lazy("Sebaris satu wilayah: kode dan jumlah penduduk, untuk ambang batas sengketa MK."),
        population.take_back,
    ),
    MasterKind.INVITATIONS: Kind(
        c6.InvitationJudge, c6.FIELDS, c6.EXAMPLE,
        _lazy("Sebaris satu TPS: C6 diterima, dibagikan, tidak tersampaikan. Laporan saksi tidak berubah."),
        c6.take_back, needed_for_a_station,
    ),
}  # fmt: skip


def kind_of(one: MasterImport) -> Kind:
    return KINDS[one.kind]


def template_of(kind: str) -> list[tuple[str, ...]]:
    return list(KINDS[kind].example)


def judge_of(one: MasterImport, *args: Any, **options: Any) -> Judge:
    return kind_of(one).judge(one, *args, **options)
