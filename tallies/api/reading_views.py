"""What the pages show, to be read by programs: with a session, or with a token of the reader's.

The same functions as the pages, the same scope: what is not visible is 404, and who
sees no figures (operators, witnesses) finds nothing here. Filters are allow-lists.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from regions.models import Region
from tallies.api.reading_serializers import (
    ArrivalsSerializer,
    ContestSerializer,
    ElectionSerializer,
    ErrorReportPageSerializer,
    EventPageSerializer,
    NewestPageSerializer,
    QuarantineSerializer,
    QueuePageSerializer,
    ReadingPageSerializer,
    RegionDetailSerializer,
    SilentPageSerializer,
    StationDetailSerializer,
    StationPageSerializer,
    WorkLeftSerializer,
)
from tallies.api.refusals import Refused
from tallies.api.views import ApiView, refusals
from tallies.count_room import error_reports, quarantine, readings, work_queue
from tallies.models import COUNTED_REVIEWS, AuditEvent, Contest, Election, Office, Review, StationResult
from tallies.silent import calling, silent_list
from tallies.silent.work_left import work_left
from tallies.station_place import StationPlace
from tallies.totals import arrivals, reporting, station_reporting
from tallies.totals.places import place_for
from tallies.views.photos import photo_answer
from tallies.views.results import zone_of

PAGE, MOST = 50, 200
_REFUSALS = refusals(401, 403, 404, 429)
_ASKED_REFUSALS = refusals(400, 401, 403, 404, 429)
_OFFICE = OpenApiParameter("office", OpenApiTypes.STR, enum=Office.values)
_AFTER = OpenApiParameter("after", OpenApiTypes.STR, description="`next` of the page before.")
_LIMIT = OpenApiParameter(
    "limit", {"type": "integer", "minimum": 1, "maximum": MOST, "default": PAGE}, description="Rows a page."
)


class ReadingView(ApiView):
    """Read-only, for who has a region to look at: 404 for everybody else."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.user.scope is None:
            raise Http404


class ElectionsView(ReadingView):
    @extend_schema(operation_id="list_elections", responses={200: ElectionSerializer(many=True), **_REFUSALS})
    def get(self, request: Request) -> Response:
        """The elections with a contest above, at or below the reader's region; the newest first."""
        return Response(ElectionSerializer(Election.objects.visible_to(request.user), many=True).data)


class ContestsView(ReadingView):
    @extend_schema(
        operation_id="list_contests",
        parameters=[_OFFICE],
        responses={200: ContestSerializer(many=True), **_ASKED_REFUSALS},
    )
    def get(self, request: Request, slug: str) -> Response:
        """The contests of an election that touch the reader's region, along the tree, with their pairs."""
        election = _election(request, slug)
        contests = Contest.objects.visible_to(request.user).filter(election=election)
        office = _one_of(request, "office", Office.values)
        if office:
            contests = contests.filter(office=office)
        found = (
            contests.select_related("region", "election").prefetch_related("pairs").order_by("region__first", "pk")
        )
        return Response(ContestSerializer(found, many=True).data)


class RegionView(ReadingView):
    @extend_schema(operation_id="read_region", responses={200: RegionDetailSerializer, **_REFUSALS})
    def get(self, request: Request, code: str) -> Response:
        """A region with those right below it."""
        region = _region(request, code)
        parent = region.parent if region.parent and request.user.scope.contains(region.parent) else None
        children = Region.objects.filter(parent=region).order_by("first")
        shown = {name: getattr(region, name) for name in ("code", "name", "level", "zone")}
        return Response(RegionDetailSerializer(shown | {"parent": parent, "children": children}).data)


class StationsView(ReadingView):
    @extend_schema(
        operation_id="list_stations",
        parameters=[
            _OFFICE,
            OpenApiParameter("review", OpenApiTypes.STR, enum=Review.values),
            OpenApiParameter("disputed", OpenApiTypes.BOOL),
            OpenApiParameter("in", OpenApiTypes.BOOL, description="Whether a form of it counts."),
            _AFTER,
            _LIMIT,
        ],
        responses={200: StationPageSerializer, **_ASKED_REFUSALS},
    )
    def get(self, request: Request, slug: str, code: str) -> Response:
        """The stations of a region along the tree, as the pages show them. Without ``office`` the first one."""
        office = _one_of(request, "office", Office.values)
        wanted, after, limit = _wanted_stations(request), request.query_params.get("after"), _limit(request)
        place = place_for(request.user, slug, code, office=office)
        if not place.office or (office and office != place.office):
            raise Http404
        contests: Iterable[Contest] = (
            [place.contest]
            if place.contest
            else Contest.objects.filter(election=place.election, office=place.office).touching(place.region)
        )
        position = StationPlace.read(after) if after is not None else None
        if after is not None and position is None:
            raise _bad("after")
        lines, following = reporting.station_page(contests, place.region, wanted, after=position, size=limit)
        return Response(StationPageSerializer({"next": following and str(following), "results": lines}).data)


def _wanted_stations(request: Request) -> Q:
    wanted = Q()
    review = _one_of(request, "review", Review.values)
    if review:
        wanted &= Q(review=review)
    disputed, is_in = _yes_or_no(request, "disputed"), _yes_or_no(request, "in")
    if disputed is not None:
        wanted &= Q(disputed=disputed)
    if is_in is not None:
        counted = Q(review__in=COUNTED_REVIEWS)
        wanted &= counted if is_in else ~counted
    return wanted


class StationView(ReadingView):
    @extend_schema(operation_id="read_station", responses={200: StationDetailSerializer, **_REFUSALS})
    def get(self, request: Request, slug: str, pk: int) -> Response:
        """One station with every version, check and decision, and where its photos are. ``id``: of its result."""
        result = _result(request, slug, pk)
        report = station_reporting.station_report(result, for_user=request.user)
        context = {"state": reporting.station_state(result), "fields": result.contest.election.fields}
        return Response(StationDetailSerializer(report, context=context).data)


class EventsView(ReadingView):
    @extend_schema(
        operation_id="list_events",
        parameters=[_AFTER, _LIMIT],
        responses={200: EventPageSerializer, **_ASKED_REFUSALS},
    )
    def get(self, request: Request, slug: str, pk: int) -> Response:
        """The audit chain of a station from its beginning: each ``digest`` covers the event and ``previous``."""
        limit, after = _limit(request), _whole_number(request, "after", 0)
        result = _result(request, slug, pk)
        events = AuditEvent.objects.filter(result=result, seq__gt=after).select_related("actor").order_by("seq")
        found = list(events[: limit + 1])
        following = str(found[limit - 1].seq) if len(found) > limit else None
        return Response(EventPageSerializer({"next": following, "results": found[:limit]}).data)


class QueueView(ReadingView):
    @extend_schema(
        operation_id="read_queue",
        parameters=[
            OpenApiParameter("view", OpenApiTypes.STR, enum=[str(one) for one in work_queue.View]),
            _AFTER,
            _LIMIT,
        ],
        responses={200: QueuePageSerializer, **_ASKED_REFUSALS},
    )
    def get(self, request: Request, slug: str) -> Response:
        """What waits for a coordinator in the reader's region, in the order in which to look at it."""
        view = _one_of(request, "view", list(work_queue.View)) or work_queue.View.ALL
        limit, after = _limit(request), request.query_params.get("after")
        position = work_queue.Position.read(after) if after is not None else None
        if after is not None and position is None:
            raise _bad("after")
        election = _election(request, slug)
        page = work_queue.page(request.user, election, work_queue.View(view), after=position, size=limit)
        shown = {"next": page.next and str(page.next), "results": page.rows}
        return Response(QueuePageSerializer(shown).data)


class QuarantineView(ReadingView):
    @extend_schema(operation_id="read_quarantine", responses={200: QuarantineSerializer, **_REFUSALS})
    def get(self, request: Request, slug: str) -> Response:
        """How many forms revoked witnesses of the reader's region still sent."""
        number = quarantine.count(request.user, _election(request, slug))
        more = number > quarantine.COUNTED
        return Response(QuarantineSerializer({"count": min(number, quarantine.COUNTED), "more": more}).data)


class ArrivalsView(ReadingView):
    @extend_schema(
        operation_id="read_arrivals",
        parameters=[_OFFICE],
        responses={200: ArrivalsSerializer, **_ASKED_REFUSALS},
    )
    def get(self, request: Request, slug: str, code: str) -> Response:
        """When the stations of a region came in, in intervals of its own time. Without ``office`` the first."""
        asked = _one_of(request, "office", Office.values)
        election, region = _election(request, slug), _region(request, code)
        office = arrivals.office_at(election, region, asked)
        if not office or (asked and asked != office):
            raise Http404
        zone = ZoneInfo(zone_of(list(Region.objects.ancestors_of(region))))
        found = arrivals.arrivals_of(election, office, region, zone)
        shown = {name: getattr(found, name) for name in ("stations", "counted_at", "intervals")}
        return Response(ArrivalsSerializer(shown | {"office": office}).data)


class SilentView(ReadingView):
    @extend_schema(
        operation_id="list_silent",
        parameters=[
            OpenApiParameter("region", OpenApiTypes.STR, description="Code of a region in the reader's."),
            OpenApiParameter("view", OpenApiTypes.STR, enum=[str(one) for one in silent_list.View]),
            OpenApiParameter("last", OpenApiTypes.STR, enum=silent_list.LAST_FILTERS, description="Last outcome."),
            _AFTER,
            _LIMIT,
        ],
        responses={200: SilentPageSerializer, **_ASKED_REFUSALS},
    )
    def get(self, request: Request, slug: str) -> Response:
        """The stations to ask for, those to call first at the top, with what was tried.

        Without `view` those that are not in. Numbers of telephones are on the page only.
        """
        view = _one_of(request, "view", list(silent_list.View)) or silent_list.View.SILENT
        last, limit = _one_of(request, "last", silent_list.LAST_FILTERS), _limit(request)
        after = request.query_params.get("after")
        position = silent_list.Position.read(after) if after is not None else None
        if after is not None and position is None:
            raise _bad("after")
        election, code = _election(request, slug), request.query_params.get("region")
        place = request.user.scope if code is None else _region(request, code)
        asked = silent_list.Asked(place, silent_list.View(view), last)
        page = silent_list.page(request.user, election, asked, after=position, size=limit)
        attempts = calling.attempts_of_each(row.result for row in page.rows)
        rows = [
            {
                "row": row,
                "stronghold": row.area is not None and row.area.is_stronghold,
                "attempts": attempts[row.result.pk],
            }
            for row in page.rows
        ]
        shown = {name: getattr(page, name) for name in ("count", "strongholds", "counted_at")}
        shown |= {"next": page.next and str(page.next), "results": rows}
        return Response(SilentPageSerializer(shown).data)


class ErrorReportsView(ReadingView):
    @extend_schema(
        operation_id="list_error_reports",
        parameters=[
            OpenApiParameter("closed", OpenApiTypes.BOOL, description="Those that are answered; else the open ones."),
            _AFTER,
            _LIMIT,
        ],
        responses={200: ErrorReportPageSerializer, **_ASKED_REFUSALS},
    )
    def get(self, request: Request, slug: str) -> Response:
        """What people say is wrong in the reader's region, with the answers; the newest first."""
        closed, limit = _yes_or_no(request, "closed") or False, _limit(request)
        before = _whole_number(request, "after", 0) or None
        election = _election(request, slug)
        found, following = error_reports.page(request.user, election, closed=closed, before=before, size=limit)
        shown = {"next": following and str(following), "results": found}
        return Response(ErrorReportPageSerializer(shown).data)


class ReadingsView(ReadingView):
    @extend_schema(
        operation_id="list_readings",
        parameters=[_AFTER, _LIMIT],
        responses={200: ReadingPageSerializer, **_ASKED_REFUSALS},
    )
    def get(self, request: Request, slug: str, pk: int) -> Response:
        """The second readings of a station's forms, the oldest first."""
        limit, after = _limit(request), _whole_number(request, "after", 0)
        result = _result(request, slug, pk)
        found = list(readings.history_of(result).filter(pk__gt=after)[: limit + 1])
        following = str(found[limit - 1].pk) if len(found) > limit else None
        context = {"fields": result.contest.election.fields}
        shown = {"next": following, "results": found[:limit]}
        return Response(ReadingPageSerializer(shown, context=context).data)


class NewestView(ReadingView):
    @extend_schema(
        operation_id="list_newest",
        parameters=[_OFFICE, _AFTER, _LIMIT],
        responses={200: NewestPageSerializer, **_ASKED_REFUSALS},
    )
    def get(self, request: Request, slug: str, code: str) -> Response:
        """The stations whose counted form came last, the newest first; in a region of one contest."""
        limit, before = _limit(request), _whole_number(request, "after", 0) or None
        place = _place_of_contest(request, slug, code)
        lines = reporting.newest_stations(place.contest, place.region, most=limit + 1, before=before)
        following = str(lines[limit - 1].result.form_id) if len(lines) > limit else None
        return Response(NewestPageSerializer({"next": following, "results": lines[:limit]}).data)


class WorkLeftView(ReadingView):
    @extend_schema(
        operation_id="read_work_left",
        parameters=[_OFFICE],
        responses={200: WorkLeftSerializer, **_ASKED_REFUSALS},
    )
    def get(self, request: Request, slug: str, code: str) -> Response:
        """What a coordinator still has to do; in a region of one contest."""
        place = _place_of_contest(request, slug, code)
        return Response(WorkLeftSerializer(work_left(place.contest, place.region)).data)


class FormPhotoView(ReadingView):
    @extend_schema(
        operation_id="read_form_photo",
        parameters=[
            OpenApiParameter("ukuran", OpenApiTypes.STR, enum=["kecil"], description="`kecil`: the thumbnail."),
        ],
        responses={
            (200, "image/jpeg"): OpenApiResponse(OpenApiTypes.BINARY, description="The copy, never the original."),
            304: None,
            **_REFUSALS,
        },
    )
    def get(self, request: Request, uuid: UUID, sha256: str) -> HttpResponse:
        """A photo of a form that may be seen, as the page shows it."""
        return photo_answer(request._request, request.user, uuid, sha256)


class NothingHereView(ApiView):
    """404 in the shape of every refusal, whoever asks and however."""

    authentication_classes = []
    permission_classes = []
    parser_classes = []
    throttle_classes = []
    http_method_names = ["get", "head", "post", "put", "patch", "delete", "options"]

    @extend_schema(exclude=True)
    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().dispatch(request, *args, **kwargs)
        response.refuses_nothing = True  # there is no such address, so nobody was kept from it
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise Http404


# What is asked for


def _election(request: Request, slug: str) -> Election:
    return get_object_or_404(Election.objects.visible_to(request.user), slug=slug)


def _region(request: Request, code: str) -> Region:
    if "\0" in code:  # PostgreSQL takes no NUL in a text
        raise Http404
    return get_object_or_404(Region.objects.visible_to(request.user).select_related("parent"), code=code)


def _result(request: Request, slug: str, pk: int) -> StationResult:
    visible = StationResult.objects.visible_to(request.user).with_place()
    return get_object_or_404(visible, pk=pk, contest__election__slug=slug)


def _place_of_contest(request: Request, slug: str, code: str) -> Any:
    office = _one_of(request, "office", Office.values)
    place = place_for(request.user, slug, code, office=office)
    if place.contest is None or (office and office != place.office):
        raise Http404
    return place


def _bad(name: str) -> Refused:
    return Refused("bad_filter", fields={name: Refused("bad_filter").detail})


def _one_of(request: Request, name: str, known: Iterable[str]) -> str:
    asked = request.query_params.get(name)
    if asked is not None and asked not in list(known):
        raise _bad(name)
    return asked or ""


def _yes_or_no(request: Request, name: str) -> bool | None:
    asked = _one_of(request, name, ("true", "false"))
    return asked == "true" if asked else None


def _whole_number(request: Request, name: str, otherwise: int, *, least: int = 0, most: int = 2**31 - 1) -> int:
    asked = request.query_params.get(name)
    if asked is None:
        return otherwise
    # isdecimal() alone takes digits of other scripts, and int() takes any length.
    if not (asked.isascii() and asked.isdecimal() and len(asked) <= 10 and least <= int(asked) <= most):
        raise _bad(name)
    return int(asked)


def _limit(request: Request) -> int:
    return _whole_number(request, "limit", PAGE, least=1, most=MOST)
