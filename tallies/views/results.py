"""The result pages: elections, a region of a contest or above contests, one station."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from regions.models import Level, Region, TimeZone
from tallies import colours
from tallies.count_room import error_reports
from tallies.models import MESSAGE_LENGTH, Contest, Election, Office, StationResult
from tallies.official import reading as official_reading
from tallies.silent import calling
from tallies.silent.work_left import other_lines
from tallies.totals import orders, places, reporting, station_reporting
from tallies.totals.orders import ASCENDING, Order
from tallies.totals.places import Place, place_for, place_of, region_address
from tallies.totals.reporting import RegionLine, StationLine
from tallies.views import conditional
from tallies.views.conditional import page_etag, unchanged, with_etag
from tallies.witnesses import invitations, messaging
from tallies.wording_refusals import refusal_sentence

#: Seconds for which readers of one place share a rendered report, and for which a new name may be on none of them.
SHARED_SECONDS = 15


# The way in


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """List the reader's elections; with exactly one, go straight to it."""
    scope = request.user.scope
    if scope is None:
        raise Http404
    elections = list(Election.objects.visible_to(request.user))
    entries = [(election, region_address(election, region)) for election, region in _entries(elections, scope)]
    if len(entries) == 1:
        return redirect(entries[0][1])
    return render(request, "results/home.html", {"entries": entries})


def _entries(elections: list[Election], scope: Region) -> list[tuple[Election, Region]]:
    """Where to begin in each election: the reader's region, or the one contest that lies inside it."""
    inside: dict[int, set[Region]] = {election.pk: set() for election in elections}
    for contest in Contest.objects.filter(election__in=elections).touching(scope).select_related("region"):
        inside[contest.election_id].add(contest.region if scope.contains(contest.region) else scope)
    return [
        (election, *(inside[election.pk] if len(inside[election.pk]) == 1 else [scope])) for election in elections
    ]


# A region


@login_required
@require_safe
def region(request: HttpRequest, slug: str, code: str) -> HttpResponse:
    """Report a region: of the contest that covers it, or of all contests below it.

    ``?jabatan=`` chooses the office and ``?urut=`` the order; what they do not
    know is the default. A reader sees the own region and below, else 404. For
    htmx only the report, for a known ETag 304.
    """
    place = place_for(request.user, slug, code, office=request.GET.get("jabatan", ""))
    fragment = bool(request.htmx)
    order, stamp = _order_and_stamp(request, place)
    etag = page_etag(request, stamp, fragment=fragment, longest=SHARED_SECONDS)
    if answer := unchanged(request, etag):
        return answer
    # Before the report is read: what the page tells its live part to know must not be newer than what it shows.
    fragment_etag = page_etag(request, stamp, fragment=True, longest=SHARED_SECONDS)
    above = places.above(place.region)
    report = _rendered_report(place, order, stamp, above)
    if fragment:
        return with_etag(HttpResponse(report), etag)
    zone = zone_of(above)
    context = {
        "election": place.election,
        "region": place.region,
        "contest": place.contest,
        "parent": _parent(place.region, above),
        "places": _breadcrumb(request.user.scope, above, place.address),
        "report": report,
        "address": place.address(place.region, urut=order) if order else place.address(place.region),
        "fragment_etag": fragment_etag,
        "zone": zone,
        "zone_name": timezone.now().astimezone(ZoneInfo(zone)).tzname(),
        "party_stylesheet": reverse("party-css", args=[slug]),
    }
    return with_etag(render(request, "results/region.html", context), etag)


def _rendered_report(place: Place, order: str, stamp: str, above: list[Region]) -> SafeString:
    """The live part as HTML: made once for all readers of the same place, order and language.

    Nothing in it belongs to one reader. The stamp is part of the key, so a new
    form is never hidden. So is the period, as in the ETag, for what the stamp
    does not see: made in the period before, it would be kept by readers for the next.
    """
    state = f"{stamp} {get_language()} {conditional.period(SHARED_SECONDS)}"
    key = "report:" + hashlib.sha256(state.encode()).hexdigest()
    html = cache.get(key)
    if html is None:
        html = render_to_string("results/_report.html", _report(place, order, above))
        cache.set(key, html, SHARED_SECONDS)
    return html


def _orders(place: Place) -> dict[str, Order]:
    return orders.orders_at(place.region, within_a_contest=place.contest is not None) if place.office else {}


def _order_and_stamp(request: HttpRequest, place: Place) -> tuple[str, str]:
    order = orders.chosen(_orders(place), request.GET.get("urut", ""))
    return order, f"{request.path} {place.office} {order} {place.election.phase} {place.stamp}"


def _report(place: Place, order: str, above: list[Region]) -> dict[str, Any]:
    """The report, its rows in order, and the links that sort them."""
    known = _orders(place)
    choices = [
        (Office(office).label, _office_address(place, office), office == place.office) for office in place.offices
    ]
    context: dict[str, Any] = {
        "election": place.election,
        "place": place,
        "region": place.region,
        "parent": _parent(place.region, above),
        "zone": zone_of(above),
        "offices": choices if len(choices) > 1 else [],
        "order": order,
        "sort": {key: place.address(place.region, urut=key) for key in known},
        "ascending": ASCENDING,
        "export_query": urlencode(({"jabatan": place.office} if place.names_office else {}) | {"urut": order}),
    }
    if not place.office:
        return context | {"body": "results/_no_contest.html", "counted_at": None}
    key = known[order]
    if place.contest is None:
        party = reporting.party_report(place.election, place.office, place.region)
        rows = sorted(party.contests, key=lambda pair: key(pair[1]))
        context |= {"body": "results/_party_report.html", "report": party, "counted_at": party.counted_at}
        context["contest_rows"] = [(contest, line, place.address(contest.region)) for contest, line in rows]
        context["child_rows"] = [(total, place.address(total.region)) for total in party.children]
        return context
    report = reporting.contest_report(place.contest, place.region)
    context |= {"body": "results/_contest_report.html", "report": report, "counted_at": report.counted_at}
    # Their numbers follow (tallies/views/overview.py) and find their lines there.
    context["other_work"] = other_lines(place.contest, place.region)
    if place.region.level == Level.VILLAGE:
        stations: list[StationLine] = sorted(report.stations, key=key)
        context["station_rows"] = stations
    else:
        children: list[RegionLine] = sorted(report.children, key=key)
        context["child_rows"] = [(line, place.address(line.region)) for line in children]
    return context


def _parent(region: Region, above: list[Region]) -> Region | None:
    """The kecamatan of a desa, by which it is known: names repeat."""
    return above[-2] if region.level == Level.VILLAGE else None


def _office_address(place: Place, office: str) -> str:
    return replace(place, office=office).address(place.region)


def _breadcrumb(scope: Region, above: list[Region], address: Callable[[Region], str]) -> list[dict[str, str]]:
    """Names from the nation down; those above the reader's region carry no link."""
    return [{"name": one.title, "url": address(one) if scope.contains(one) else ""} for one in above]


def zone_of(above: list[Region]) -> str:
    """The time zone of the last of ``above``, as `Region.zone` has it, without another query."""
    named = [one.time_zone for one in above if one.time_zone]
    return named[-1] if named else TimeZone.WIB.value


# A station


@login_required
@require_safe
def station(request: HttpRequest, slug: str, result_id: int) -> HttpResponse:
    """Show one station with everything that was sent and decided. Only to those with a region: 404."""
    if request.user.scope is None:
        raise Http404
    return _station_page(request, _visible_result(request, slug, result_id), MessageForm())


class MessageForm(forms.Form):
    text = forms.CharField(
        label=_("Pesan"),
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": MESSAGE_LENGTH}),
        help_text=_("Saksi membacanya di beranda. Paling banyak 300 huruf."),
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.fields["text"].error_messages["required"] = refusal_sentence("message_missing")


@login_required
@require_POST
def station_message(request: HttpRequest, slug: str, result_id: int) -> HttpResponse:
    """Send a word to the witnesses of a station: 404 outside the reader's region, 403 for who only reads."""
    if request.user.scope is None:
        raise Http404
    result = _visible_result(request, slug, result_id)
    form = MessageForm(request.POST)
    if form.is_valid():
        try:
            messaging.send(result.station, form.cleaned_data["text"], by=request.user)
        except messaging.MessageRefused as refused:
            form.add_error("text", refusal_sentence(refused.code))
    if form.errors:
        return _station_page(request, result, form, status=400)
    messages.success(request, gettext("Pesan terkirim. Saksi membacanya saat membuka beranda."))
    return redirect("station", slug, result_id)


def _visible_result(request: HttpRequest, slug: str, result_id: int) -> StationResult:
    visible = StationResult.objects.visible_to(request.user).with_place()
    return get_object_or_404(official_reading.with_official(visible), pk=result_id, contest__election__slug=slug)


def _station_page(
    request: HttpRequest, result: StationResult, message_form: MessageForm, status: int = 200
) -> HttpResponse:
    contest, slug, scope = result.contest, result.contest.election.slug, request.user.scope
    above = places.above(result.station.region)
    here = place_of(contest.election, result.station.region, contest.office)
    context = {
        "election": contest.election,
        "party_stylesheet": reverse("party-css", args=[slug]),
        "result": result,
        "region": result.station.region,
        "report": station_reporting.station_report(result, for_user=request.user),
        "state": reporting.station_state(result),
        "places": [*_breadcrumb(scope, above, here.address), {"name": result.station.title, "url": ""}],
        "zone": zone_of(above),
        "invitations": invitations.lines_of(result.station),
        "counted": result.form if result.is_in else None,
        "official": official_reading.compared(result),
        "error_reports": error_reports.of_result(result),
        "station_messages": messaging.sent_to(result.station),
        "message_form": message_form if request.user.may_decide else None,
        "attempts": calling.attempts_at(result),
        "presses": calling.BUTTONS,
        "new_key": uuid4,
        "witnesses": [one.witness for one in result.station.assignments.active().select_related("witness")],
    }
    return render(request, "results/station.html", context, status=status)


# The colour


@require_safe
def party_css(request: HttpRequest, slug: str) -> HttpResponse:
    """The party's colour as a style sheet: no personal data, so anybody may keep it for an hour."""
    election = get_object_or_404(Election, slug=slug)
    response = HttpResponse(colours.party_rules(election.party_color), content_type="text/css; charset=utf-8")
    patch_cache_control(response, public=True, max_age=3600)
    return response
