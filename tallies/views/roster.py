"""Penugasan: where a witness is missing, down to the TPS, and the panel in which somebody is put there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from regions.models import Level, Region
from tallies.models import Election, Phase, PollingStation
from tallies.roster import candidates, coverage, stations
from tallies.roster.candidates import Candidate
from tallies.roster.coverage import Below
from tallies.roster.stations import Guard, Row, View
from tallies.views.results import zone_of


@dataclass
class Here:
    """Where the reader is: an election, a region of the own ones, and what stands above it there."""

    election: Election
    region: Region
    above: list[Region]
    scope: Region
    may_act: bool

    @property
    def zone(self) -> str:
        return zone_of(self.above)

    def at(self, level: int) -> Region | None:
        return next((one for one in self.above if one.level == level), None)

    def address(self, region: Region, **query: Any) -> str:
        return address_of(self.election, region, **query)

    @property
    def places(self) -> list[dict[str, str]]:
        """The breadcrumb, from the reader's region down."""
        return [{"name": one.title, "url": self.address(one)} for one in self.above if one.level >= self.scope.level]

    @property
    def context(self) -> dict[str, Any]:
        """What every page of this desk shows."""
        return {
            "election": self.election,
            "region": self.region,
            "zone": self.zone,
            "places": self.places,
            "may_act": self.may_act,
        }


@dataclass
class Panel:
    """What is done about one TPS. ``kind``: tugaskan, ganti, pilih or lepas; ``guard``: of whom."""

    kind: str
    row: Row
    guard: Guard | None = None
    search: str = ""
    candidates: list[Candidate] = field(default_factory=list)
    #: Key of the person who is chosen already.
    chosen: int | None = None
    is_new: bool = False
    #: What was typed for a new person, and what is wrong with it; or that they are known, and where they stand.
    full_name: str = ""
    phone: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    known: dict[str, Any] = field(default_factory=dict)


KINDS = ("tugaskan", "ganti", "pilih", "lepas")


def address_of(election: Election, region: Region, **query: Any) -> str:
    path = reverse("roster", args=[election.slug, region.code])
    said = {name: value for name, value in query.items() if value not in ("", None)}
    return f"{path}?{urlencode(said)}" if said else path


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The elections that are not closed; with exactly one, go straight to the reader's region."""
    scope = request.user.scope
    if scope is None:
        raise Http404
    elections = list(Election.objects.visible_to(request.user).exclude(phase=Phase.CLOSED))
    if len(elections) == 1:
        return redirect("roster", elections[0].slug, scope.code)
    entries = [(one, address_of(one, scope)) for one in elections]
    return render(request, "roster/home.html", {"entries": entries, "election": None})


@never_cache
@login_required
@require_safe
def place(request: HttpRequest, slug: str, code: str) -> HttpResponse:
    """A place of an election: numbers below it, and from the kabupaten down TPS with names.

    ``?saring=bermasalah`` filters; ``?tps=`` with ``?aksi=``, ``?saksi=``, ``?cari=``, ``?baru=1`` opens the panel.
    What they do not know does nothing. Who does not decide sees numbers down to the kecamatan.
    """
    here = find(request, slug, code)
    return page(request, here, _asked_panel(request, here))


def find(request: HttpRequest, slug: str, code: str) -> Here:
    """Where the address leads: 404 outside the reader's region, 403 for names of those who may not decide."""
    scope = request.user.scope
    if scope is None or "\0" in code:
        raise Http404
    election = get_object_or_404(Election.objects.visible_to(request.user), slug=slug)
    region = get_object_or_404(Region.objects.within(scope), code=code)
    if region.level > Level.REGENCY and not request.user.may_decide:
        raise PermissionDenied
    above = list(Region.objects.ancestors_of(region))
    may_act = request.user.may_decide and election.phase != Phase.CLOSED
    return Here(election, region, above, scope, may_act)


def page(request: HttpRequest, here: Here, panel: Panel | None = None, *, status: int = 200) -> HttpResponse:
    asked = (request.POST or request.GET).get("saring", "")
    view = View(asked) if asked in list(View) else View.ALL
    context = here.context | {"days": _days_left(here), "panel": panel, "view": view}
    if here.region.level < Level.REGENCY:
        context |= _table(here, coverage.below_lately(here.election, here.region))
        return render(request, "roster/regions.html", context, status=status)
    regency = here.at(Level.REGENCY)
    assert regency is not None
    districts = coverage.below(here.election, regency)
    if not request.user.may_decide:
        return render(request, "roster/regions.html", context | _table(here, districts), status=status)
    context |= {"regency": regency, "below": districts, "districts": _lines(here, districts)}
    district = here.at(Level.DISTRICT) or _worst(districts)
    if district is not None:
        villages = coverage.below(here.election, district)
        village = here.at(Level.VILLAGE) or _worst(villages)
        context |= {"district": district, "villages": _lines(here, villages), "in_district": villages.total}
        if village is not None:
            context |= _stations(here, village, view, panel)
    return render(request, "roster/place.html", context, status=status)


def _table(here: Here, found: Below) -> dict[str, Any]:
    return {"below": found, "lines": _lines(here, found)}


def _lines(here: Here, found: Below) -> list[tuple[Region, coverage.Counts, str]]:
    return [(line.region, line.counts, here.address(line.region)) for line in found.gaps_first]


def _worst(found: Below) -> Region | None:
    """What is opened when nothing was chosen: where most is missing."""
    return found.gaps_first[0].region if found.lines else None


def _stations(here: Here, village: Region, view: View, panel: Panel | None) -> dict[str, Any]:
    rows = stations.rows_in(here.election, village)
    troubled = [row for row in rows if row.is_troubled]
    shown = troubled if view == View.TROUBLED else rows
    saring = view if view != View.ALL else ""
    return {
        "village": village,
        "rows": shown,
        "saring": saring,
        "here": here.address(village, saring=saring),
        "filters": [
            (View.ALL, len(rows), here.address(village)),
            (View.TROUBLED, len(troubled), here.address(village, saring=View.TROUBLED)),
        ],
        "open_station": panel.row.station.pk if panel else None,
    }


def _days_left(here: Here) -> int:
    """Days until the vote, as the calendar of the place has them; negative afterwards."""
    return (here.election.date - timezone.now().astimezone(ZoneInfo(here.zone)).date()).days


# The panel


def _asked_panel(request: HttpRequest, here: Here) -> Panel | None:
    """The panel the address asks for, as far as it makes sense now."""
    asked, kind = request.GET.get("tps", ""), request.GET.get("aksi", KINDS[0])
    if not here.may_act or here.region.level != Level.VILLAGE or kind not in KINDS or not is_key(asked):
        return None
    found = PollingStation.objects.filter(election=here.election, region=here.region, pk=asked)
    station = found.select_related("region__parent__parent", "election").first()
    if station is None:
        return None
    row = stations.row_of(station)
    guard = next((one for one in row.guards if str(one.assignment.pk) == request.GET.get("saksi", "")), None)
    if (kind in ("ganti", "lepas") and guard is None) or (kind == "pilih" and len(row.guards) < 2):
        return None
    panel = Panel(kind, row, guard, is_new=request.GET.get("baru") == "1")
    if kind in ("tugaskan", "ganti") and not panel.is_new:
        panel.search = " ".join(request.GET.get("cari", "").replace("\0", "").split())[:80]
        panel.candidates = candidates.find(request.user, station, panel.search)
    return panel


def is_key(text: str) -> bool:
    """Whether ``text`` may be the key of a row: a database takes no more than 64 bits."""
    return text.isascii() and text.isdigit() and len(text) <= 18
