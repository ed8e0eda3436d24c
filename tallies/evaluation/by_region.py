"""What there is to learn of a region and of each one right below it, from grouped statements."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from fractions import Fraction
from time import time
from typing import Any

from django.core.cache import cache
from django.db.models import Count, F, Q

from regions.models import Region
from tallies.evaluation.ground import IS_OWN_VERSION, IS_VERSION, Ground
from tallies.evaluation.problems import Problems, Where, counted, places_of, problems_of
from tallies.evaluation.timing import NOTHING_SENT, Spread, spread
from tallies.models import COUNTED_REVIEWS, Channel, InvitationReport, PollingStation, Reading

#: Seconds for which one reading serves all readers of a region.
SHARED_SECONDS = 60
#: Who typed here was no witness.
DESK_CHANNELS = (Channel.COUNT_ROOM, Channel.CORRECTION)


@dataclass(frozen=True)
class Line:
    """The numbers of one region. ``times``: minutes after the start, and how many first forms were sent then."""

    stations: int = 0
    stations_in: int = 0
    disputed: int = 0
    #: Witnesses now, those with a phone, and those who had it before the day.
    witnesses: int = 0
    activated: int = 0
    activated_before: int = 0
    sent: Spread = NOTHING_SENT
    forms: int = 0
    versions: int = 0
    own_versions: int = 0
    objections: int = 0
    invitations: int = 0
    #: Stations of the election: C6 is of a station, whatever is elected there.
    polling_stations: int = 0
    read: int = 0
    photos: int = 0
    unreadable: int = 0
    refused: int = 0
    damaged: int = 0
    read_apart: int = 0
    decided: int = 0

    @property
    def activated_late(self) -> int:
        return self.activated - self.activated_before

    @property
    def not_activated(self) -> int:
        return self.witnesses - self.activated

    @property
    def coverage(self) -> Fraction | None:
        return Fraction(self.stations_in, self.stations) if self.stations else None


@dataclass(frozen=True)
class RegionEvaluation:
    """``children``: the regions right below with stations, in the order of the tree."""

    total: Line
    children: tuple[tuple[Region, Line], ...]
    times: dict[int, int] = field(default_factory=dict)


#: The orders of the table, each in its one direction; the first is the default.
ORDERS: dict[str, Any] = {
    "kode": lambda row: row[0].first,
    "lambat": lambda row: -(row[1].sent.median if row[1].sent.median is not None else -(10**9)),
    "belum": lambda row: row[1].stations_in - row[1].stations,
    "perbaikan": lambda row: -row[1].versions,
    "foto": lambda row: -row[1].photos,
    "selisih": lambda row: -(row[1].read_apart + row[1].decided),
}


def evaluated(ground: Ground, office: str) -> RegionEvaluation:
    """`evaluated_now`, at most a minute old."""
    key = f"evaluation:{ground.election.pk}:{office}:{ground.region.pk}"
    known = cache.get(key)
    if known is None or not 0 <= time() - known[0] < SHARED_SECONDS:
        known = (time(), evaluated_now(ground))
        cache.set(key, known, SHARED_SECONDS)
    return known[1]


def evaluated_now(ground: Ground) -> RegionEvaluation:
    """Read the numbers of the region and of what is right below."""
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for rows in (_results(ground), _forms(ground), _guards(ground), _invitations(ground), _readings(ground)):
        for row in rows:
            key = row.pop("below")
            found[key].update(row)
    times = _times(ground)
    problems = problems_of(ground)
    places = places_of(ground, problems.all)
    for name, counts in _counts(problems, places).items():
        for key, number in counts.items():
            found[key][name] = number
    lines = {
        key: Line(**given, sent=spread(times.get(key, {}))) for key, given in found.items() if given.get("stations")
    }
    total = _sum(ground, list(lines.values()), times)
    if not ground.has_children:
        return RegionEvaluation(total, (), _together(times))
    children = Region.objects.filter(pk__in=lines).order_by("first")
    return RegionEvaluation(total, tuple((one, lines[one.pk]) for one in children), _together(times))


def _below(ground: Ground, station: str = "station") -> Any:
    return F(f"{ground.child(station)}__pk")


def _results(ground: Ground) -> Any:
    rows = ground.results().order_by().annotate(below=_below(ground)).values("below")
    return rows.annotate(
        stations=Count("pk"),
        stations_in=Count("pk", filter=Q(review__in=COUNTED_REVIEWS)),
        disputed=Count("pk", filter=Q(disputed=True)),
    )


def _forms(ground: Ground) -> Any:
    rows = ground.forms().order_by().annotate(below=_below(ground)).values("below")
    return rows.annotate(
        forms=Count("pk"),
        versions=Count("pk", filter=IS_VERSION),
        own_versions=Count("pk", filter=IS_OWN_VERSION & ~Q(channel__in=DESK_CHANNELS)),
        objections=Count("station", filter=Q(objection=True), distinct=True),
    )


def _guards(ground: Ground, *, whole: bool = False) -> Any:
    """People, each once a region: of two stations in it, or of several phones."""
    rows = ground.assignments().active().order_by()
    activated = Q(witness__devices__isnull=False)
    counts = {
        "witnesses": Count("witness", distinct=True),
        "activated": Count("witness", filter=activated, distinct=True),
        "activated_before": Count("witness", filter=Q(witness__devices__bound_at__lt=ground.day), distinct=True),
    }
    if whole:
        return rows.aggregate(**counts)
    return rows.annotate(below=_below(ground)).values("below").annotate(**counts)


def _invitations(ground: Ground) -> Any:
    stations = PollingStation.objects.filter(ground.in_region(), election=ground.election).order_by()
    child = ground.child().removeprefix("station__")
    reports = InvitationReport.objects.filter(ground.in_region("station__"), station__election=ground.election)
    counted_reports = reports.order_by().annotate(below=_below(ground)).values("below")
    yield from stations.annotate(below=F(f"{child}__pk")).values("below").annotate(polling_stations=Count("pk"))
    yield from counted_reports.annotate(invitations=Count("station", distinct=True))


def _readings(ground: Ground) -> Any:
    rows = Reading.objects.filter(ground.at("result")).order_by().annotate(below=_below(ground, "result__station"))
    # A form is read once in the first round, whatever comes of it.
    return rows.filter(round=1).values("below").annotate(read=Count("pk"))


def _times(ground: Ground) -> dict[int, Counter[int]]:
    rows = ground.first_forms().order_by().annotate(below=_below(ground), minute=ground.minutes())
    found: dict[int, Counter[int]] = defaultdict(Counter)
    for below, minute, number in (
        rows.values("below", "minute").annotate(n=Count("pk")).values_list("below", "minute", "n")
    ):
        found[below][minute] += number
    return found


def _together(times: dict[int, Counter[int]]) -> dict[int, int]:
    total: Counter[int] = Counter()
    for one in times.values():
        total.update(one)
    return dict(total)


def _counts(problems: Problems, places: dict[int, Where]) -> dict[str, Counter[int]]:
    names = ("photos", "unreadable", "refused", "damaged", "read_apart", "decided")
    return {name: counted(getattr(problems, name), places, lambda where: where.child) for name in names}


#: Numbers that are not the sum of those below: a person may stand in two regions.
_PEOPLE = ("witnesses", "activated", "activated_before")


def _sum(ground: Ground, lines: list[Line], times: dict[int, Counter[int]]) -> Line:
    names = [name for name in Line.__dataclass_fields__ if name not in (*_PEOPLE, "sent")]
    sums = {name: sum(getattr(line, name) for line in lines) for name in names}
    return replace(Line(**sums, sent=spread(_together(times))), **_guards(ground, whole=True))
