"""The stations of a desa with their witnesses: who guards, whether the phone is ready, what is still to do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import Activation, Device, User
from regions.models import Level, Region
from tallies.models import Assignment, Election, PollingStation

#: More stations than any desa has; a page shows no more.
MOST = 500
#: Of a table that is taken away, as many desa at once.
VILLAGES_AT_A_TIME = 50


class State(StrEnum):
    """What is to be said of a station."""

    NONE = "tanpa"
    DOUBLE = "ganda"
    SLEEPING = "belum-aktif"
    INVITED = "diundang"
    ACTIVE = "aktif"


STATE_LABELS: dict[State, Promise] = {
    State.NONE: gettext_lazy("Tanpa saksi"),
    State.DOUBLE: pgettext_lazy("penugasan", "Ganda"),
    State.SLEEPING: gettext_lazy("Belum aktif"),
    State.INVITED: gettext_lazy("Diundang"),
    State.ACTIVE: pgettext_lazy("penugasan", "Aktif"),
}


class View(StrEnum):
    """The filters, by their word in the address."""

    ALL = "semua"
    TROUBLED = "bermasalah"


@dataclass(frozen=True)
class Guard:
    """A witness at a station. ``link``: the open one, if it can still be used."""

    assignment: Assignment
    link: Activation | None
    device: Device | None

    @property
    def person(self) -> User:
        return self.assignment.witness

    @property
    def state(self) -> State:
        if self.device:
            return State.ACTIVE
        return State.INVITED if self.link else State.SLEEPING


@dataclass(frozen=True)
class Row:
    station: PollingStation
    guards: tuple[Guard, ...]

    @property
    def state(self) -> State:
        if not self.guards:
            return State.NONE
        return State.DOUBLE if len(self.guards) > 1 else self.guards[0].state

    @property
    def is_troubled(self) -> bool:
        return self.state != State.ACTIVE

    @property
    def needs_somebody(self) -> bool:
        return self.state in (State.NONE, State.DOUBLE)

    @property
    def seen(self) -> str:
        return seen_of(guard.assignment.pk for guard in self.guards)


def seen_of(assignments: Iterable[int]) -> str:
    """Who guards, as a form carries it: the keys of the assignments, "12-15"; "" for nobody."""
    return "-".join(str(pk) for pk in sorted(assignments))


def rows_of(stations: Iterable[PollingStation]) -> list[Row]:
    """Give each station its guards, from three queries."""
    stations = list(stations)
    guards = list(
        Assignment.objects.active()
        .filter(station__in=stations)
        .select_related("witness")
        .order_by("assigned_at", "pk")
    )
    people = {one.witness_id for one in guards}
    links = {link.user_id: link for link in Activation.objects.usable().filter(user__in=people)}
    devices = {device.user_id: device for device in Device.objects.active().filter(user__in=people)}
    found: dict[int, list[Guard]] = defaultdict(list)
    for one in guards:
        found[one.station_id].append(Guard(one, links.get(one.witness_id), devices.get(one.witness_id)))
    return [Row(station, tuple(found[station.pk])) for station in stations]


def rows_in(election: Election, village: Region) -> list[Row]:
    """The stations of a desa, by number."""
    stations = PollingStation.objects.filter(election=election, region=village)
    return rows_of(stations.select_related("region__parent").order_by("number")[:MOST])


def row_of(station: PollingStation) -> Row:
    return rows_of([station])[0]


def all_rows(election: Election, place: Region) -> Iterator[Row]:
    """The stations of ``place`` along the tree, some desa at a time: a provinsi has 48,607."""
    villages = Region.objects.within(place).filter(level=Level.VILLAGE).order_by("first")
    keys = list(villages.values_list("pk", flat=True))
    for begin in range(0, len(keys), VILLAGES_AT_A_TIME):
        part = keys[begin : begin + VILLAGES_AT_A_TIME]
        stations = PollingStation.objects.filter(election=election, region__in=part)
        yield from rows_of(stations.select_related("region__parent").order_by("region__first", "number"))
