"""How the work went in a region: what is below it, its witnesses, its readers, and a report to print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from regions.models import Level, Region
from tallies.evaluation import by_reader, by_region, by_witness
from tallies.evaluation.by_witness import After, Order
from tallies.evaluation.day_report import day_report
from tallies.evaluation.ground import Ground, ground_of
from tallies.evaluation.wording import lesson_sentence
from tallies.models import Election, Office
from tallies.totals import arrivals, places
from tallies.totals.places import Place, place_for

#: The pages of a region, in the order of their links.
PAGES: dict[str, Promise] = {
    "evaluation": gettext_lazy("Wilayah"),
    "evaluation-witnesses": gettext_lazy("Saksi"),
    "evaluation-readers": gettext_lazy("Pembaca"),
    "evaluation-report": gettext_lazy("Laporan"),
}
ORDER_LABELS: dict[Order, Promise] = {
    Order.PLACE: gettext_lazy("Menurut tempat"),
    Order.NOTHING: gettext_lazy("Belum mengirim"),
    Order.LATE: gettext_lazy("Paling lambat"),
    Order.VERSIONS: gettext_lazy("Paling banyak perbaikan"),
    Order.PHOTOS: gettext_lazy("Foto bermasalah"),
    Order.FIGURES: gettext_lazy("Angka berselisih"),
}
READER_ORDER_LABELS: dict[str, Promise] = {
    "salah": gettext_lazy("Paling sering salah"),
    "banyak": gettext_lazy("Paling banyak membaca"),
    "lama": gettext_lazy("Paling lama"),
    "nama": gettext_lazy("Menurut nama"),
}


@login_required
@require_safe
def home(request: HttpRequest, slug: str) -> HttpResponse:
    """Lead on to the reader's own region."""
    scope = request.user.scope
    if scope is None:
        raise Http404
    election = get_object_or_404(Election.objects.visible_to(request.user), slug=slug)
    return redirect("evaluation", election.slug, scope.code)


@login_required
@require_safe
def regions(request: HttpRequest, slug: str, code: str) -> HttpResponse:
    """The region and those right below it. ``?jabatan=``, ``?urut=`` (`by_region.ORDERS`)."""
    place = _place(request, slug, code)
    order = _chosen(by_region.ORDERS, request.GET.get("urut", ""))
    found = by_region.evaluated(ground_of(place), place.office)
    rows = [
        (region, line, _address("evaluation", place, region))
        for region, line in sorted(found.children, key=by_region.ORDERS[order])
    ]
    sort = {one: _address("evaluation", place, place.region, urut=one) for one in by_region.ORDERS}
    context = {"total": found.total, "rows": rows, "sort": sort, "order": order}
    return render(request, "evaluation/regions.html", _here(request, place, "evaluation") | context)


@login_required
@require_safe
def witnesses(request: HttpRequest, slug: str, code: str) -> HttpResponse:
    """A page of the witnesses. ``?urut=`` (`Order`), ``?setelah=`` pages. Above a provinsi there are too many."""
    place = _place(request, slug, code)
    asked = request.GET.get("urut", "")
    order = Order(asked) if asked in list(Order) else Order.PLACE
    after = After.read(request.GET.get("setelah", ""))
    here = "evaluation-witnesses"
    context: dict[str, Any] = {"orders": _orders(ORDER_LABELS, order)}
    if _lists_people(place):
        ground = ground_of(place)
        page = by_witness.page(ground, order, after)
        kept = {} if order == Order.PLACE else {"urut": str(order)}
        context |= {
            "page": page,
            "day": ground.day,
            "first_url": _address(here, place, place.region, **kept) if after else "",
            "next_url": _address(here, place, place.region, **kept, setelah=str(page.next)) if page.next else "",
        }
    return render(request, "evaluation/witnesses.html", _here(request, place, here) | context)


@login_required
@require_safe
def readers(request: HttpRequest, slug: str, code: str) -> HttpResponse:
    """The readers of the count room. ``?urut=`` (`by_reader.ORDERS`). Above a provinsi there are too many forms."""
    place = _place(request, slug, code)
    order = _chosen(by_reader.ORDERS, request.GET.get("urut", ""))
    here = "evaluation-readers"
    context: dict[str, Any] = {"orders": _orders(READER_ORDER_LABELS, order)}
    if _lists_people(place):
        context["readers"] = by_reader.shared_readers(ground_of(place), order)
    return render(request, "evaluation/readers.html", _here(request, place, here) | context)


@login_required
@require_safe
def report(request: HttpRequest, slug: str, code: str) -> HttpResponse:
    """The report after the day, to read and to print: of a provinsi or below."""
    place = _place(request, slug, code)
    context: dict[str, Any] = {"made_at": timezone.now()}
    if _lists_people(place):
        ground = ground_of(place)
        curve = arrivals.arrivals_of(place.election, place.office, place.region, ground.zone)
        found = day_report(ground, place.office, curve)
        context |= {
            "report": found,
            "total": found.evaluation.total,
            "half_at": _moment(ground, found.half),
            "most_at": _moment(ground, found.most),
            "lessons": [lesson_sentence(one) for one in found.advice],
            "picture": reverse("arrivals-picture", args=[slug, code], query={"jabatan": place.office})
            if curve.intervals
            else "",
        }
    return render(request, "evaluation/report.html", _here(request, place, "evaluation-report") | context)


def _moment(ground: Ground, minute: int | None) -> datetime | None:
    return None if minute is None else ground.starts + timedelta(minutes=minute)


def _place(request: HttpRequest, slug: str, code: str) -> Place:
    place = place_for(request.user, slug, code, office=request.GET.get("jabatan", ""))
    if not place.office:
        raise Http404
    return place


def _lists_people(place: Place) -> bool:
    return place.region.level > Level.NATION


def _chosen(orders: Iterable[str], asked: str) -> str:
    known = list(orders)
    return asked if asked in known else known[0]


def _address(name: str, place: Place, region: Region, **query: str) -> str:
    if place.names_office:
        query = {"jabatan": place.office} | query
    path = reverse(name, args=[place.election.slug, region.code])
    return f"{path}?{urlencode(query)}" if query else path


def _orders(labels: Mapping[Any, Promise], chosen: str) -> list[tuple[Promise, str, bool]]:
    return [(label, str(order), order == chosen) for order, label in labels.items()]


def _here(request: HttpRequest, place: Place, page: str) -> dict[str, Any]:
    scope = request.user.scope
    above = places.above(place.region)
    zone = next((one.time_zone for one in reversed(above) if one.time_zone), "Asia/Jakarta")
    own = place.office if place.names_office else ""
    return {
        "election": place.election,
        "region": place.region,
        "place": place,
        "office_label": Office(place.office).label,
        "party_stylesheet": reverse("party-css", args=[place.election.slug]),
        "pages": [(label, _address(name, place, place.region), name == page) for name, label in PAGES.items()],
        "offices": _offices(place, page),
        "trail": [
            {"name": one.title, "url": _address(page, place, one) if scope.contains(one) else ""} for one in above
        ]
        + [{"name": _("Evaluasi"), "url": ""}],
        "results_url": place.address(place.region),
        "export_query": urlencode({"jabatan": own}) if own else "",
        "is_nation": not _lists_people(place),
        "zone": zone,
    }


def _offices(place: Place, page: str) -> list[tuple[Any, str, bool]]:
    """The offices of the place where there are several, each with the address of this page for it."""
    path = reverse(page, args=[place.election.slug, place.region.code])
    found = [(Office(one).label, f"{path}?jabatan={one}", one == place.office) for one in place.offices]
    return found if len(found) > 1 else []
