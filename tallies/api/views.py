"""The API of forms and results. The same functions as the pages; what is not visible is 404."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tallies import intake, photos
from tallies.api.bodies import FORM_MAX_BYTES, FormParser, declared_length
from tallies.api.refusals import Refused, refusal_response, sentence
from tallies.api.result_serializers import ResultsSerializer
from tallies.api.serializers import (
    FormDetailSerializer,
    FormSerializer,
    InvitationReceiptSerializer,
    InvitationSerializer,
    ReceiptSerializer,
    RefusalSerializer,
    receipt_of,
    report_of,
    submission_of,
)
from tallies.figures import vote_field
from tallies.models import C1Form, Channel, Office, PollingStation, StationResult
from tallies.totals import reporting
from tallies.totals.places import Place, place_for
from tallies.views.conditional import known_etags, page_etag
from tallies.witnesses import invitations


class ApiView(APIView):
    """What every address has: one shape of refusal, and no body larger than it may be."""

    max_body = FORM_MAX_BYTES

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # Before signing in is looked at: the check of the CSRF token may read the body.
        if declared_length(request._request) > self.max_body:
            raise Refused("body_too_large", 413)
        super().initial(request, *args, **kwargs)
        # A phone says whose queue it sends: after another person signed in there, nobody sends for somebody else.
        if request.headers.get("X-Sista-Person", str(request.user.pk)) != str(request.user.pk):
            raise Refused("other_person", 403)

    def get_exception_handler(self) -> Any:
        return refusal_response


def refusals(*statuses: int) -> dict[int, OpenApiResponse]:
    """The refusals of an address, for the schema."""
    return {status: OpenApiResponse(RefusalSerializer) for status in statuses}


class FormsView(ApiView):
    parser_classes = [FormParser]

    @extend_schema(
        operation_id="send_form",
        request=FormSerializer,
        responses={
            201: OpenApiResponse(ReceiptSerializer, description="Stored."),
            200: OpenApiResponse(ReceiptSerializer, description="Stored before; the same answer."),
            **refusals(400, 403, 404, 409, 413, 429),
        },
    )
    def post(self, request: Request) -> Response:
        """Hand in one C1. Sending the same one again, even at once or a week later, changes nothing."""
        if not isinstance(request.data, dict):
            raise Refused("bad_request")
        submission = submission_of(request.data)
        try:
            receipt = intake.submit_as_witness(submission, by=request.user, channel=Channel.API)
        except StationResult.DoesNotExist as error:
            raise Http404 from error
        except intake.IntakeRefused as refusal:
            raise _refused(refusal) from refusal
        return Response(receipt_of(receipt.form, submission.photos), status=201 if receipt.created else 200)


def _refused(refusal: intake.IntakeRefused) -> Refused:
    if isinstance(refusal, intake.KeyReused | intake.PhaseClosed):
        return Refused(refusal.code, 409, **refusal.details)
    if isinstance(refusal, intake.AssignmentRevoked):
        return Refused(refusal.code, 403, **refusal.details)
    fields = {}
    if isinstance(refusal, intake.UnknownBoxes):
        raise ValidationError(dict.fromkeys(refusal.details["fields"], sentence("unknown_field")))
    if isinstance(refusal, intake.WrongPairs):
        for side in ("missing", "unknown"):
            for number in refusal.details[side]:
                fields[vote_field(number)] = sentence(refusal.code, **{side: [number]})
    return Refused(refusal.code, 400, fields=fields, **refusal.details)


class InvitationsView(ApiView):
    parser_classes = [FormParser]

    @extend_schema(
        operation_id="send_invitations",
        request=InvitationSerializer,
        responses={
            201: OpenApiResponse(InvitationReceiptSerializer, description="Stored."),
            200: OpenApiResponse(InvitationReceiptSerializer, description="Stored before; the same answer."),
            **refusals(400, 403, 404, 409, 413, 429),
        },
    )
    def post(self, request: Request) -> Response:
        """Report what became of the invitations (C6), before the vote or while forms are taken."""
        if not isinstance(request.data, dict):
            raise Refused("bad_request")
        report = report_of(request.data)
        try:
            receipt = invitations.submit(report, by=request.user, channel=Channel.API)
        except PollingStation.DoesNotExist as error:
            raise Http404 from error
        except intake.IntakeRefused as refusal:
            raise _refused(refusal) from refusal
        answer = InvitationReceiptSerializer(receipt.report).data
        return Response(answer, status=201 if receipt.created else 200)


class FormView(ApiView):
    @extend_schema(operation_id="read_form", responses={200: FormDetailSerializer, **refusals(401, 403, 404, 429)})
    def get(self, request: Request, uuid: UUID) -> Response:
        """Facts of a stored form, and what became of it: the own ones, or those of the own region."""
        form = get_object_or_404(C1Form.objects.visible_to(request.user), uuid=uuid)
        return Response(FormDetailSerializer(form, context={"state": _state_of(form)}).data)


def _state_of(form: C1Form) -> dict[str, Any]:
    result = StationResult.objects.get(contest=form.contest_id, station=form.station_id)
    return {
        "review": result.review,
        "counted": result.is_in and result.form_id == form.pk,
        "disputed": result.disputed,
        "photos_missing": [name for name, photo in photos.photos_of(form) if photo is None],
        "decision": form.decisions.order_by("-pk").first(),
    }


class ResultsView(ApiView):
    @extend_schema(
        operation_id="read_results",
        parameters=[OpenApiParameter("office", OpenApiTypes.STR, enum=Office.values)],
        responses={200: ResultsSerializer, 304: None, **refusals(401, 403, 404, 429)},
    )
    def get(self, request: Request, slug: str, code: str) -> HttpResponseBase:
        """The numbers of a result page. Without ``office`` the first one held there."""
        asked = request.query_params.get("office", "")
        place = place_for(request.user, slug, code, office=asked)
        if not place.office or (asked and asked != place.office):
            raise Http404
        etag = page_etag(request, f"api {slug} {code} {place.office} {place.stamp}", fragment=True)
        if etag in known_etags(request):
            answer: HttpResponseBase = HttpResponseNotModified()
        else:
            answer = Response(_results(place))
        answer.headers["ETag"] = etag
        return answer


def _results(place: Place) -> dict[str, Any]:
    report: Any = (
        reporting.contest_report(place.contest, place.region)
        if place.contest
        else reporting.party_report(place.election, place.office, place.region)
    )
    return ResultsSerializer(
        {
            "election": place.election.slug,
            "office": place.office,
            "offices": place.offices,
            "region": place.region,
            "counted_at": report.counted_at,
            "contest": report if place.contest else None,
            "party": None if place.contest else report,
        }
    ).data
