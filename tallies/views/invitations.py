"""The witness's page for the invitations (C6): three figures and a photo, without JavaScript."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tallies import assigning, photos
from tallies.entry import FigureField
from tallies.intake import AssignmentRevoked, KeyReused, PhaseClosed
from tallies.models import INVITATION_FIGURES, Assignment, Channel, InvitationReport, PollingStation
from tallies.photo_tray import PhotoTray, fill_tray, tray_of
from tallies.views.witness import callees_of, page, revoked
from tallies.witnesses import invitations
from tallies.witnesses.invitations import Report
from tallies.wording_refusals import MOST_PHOTOS, refusal_sentence


class InvitationForm(forms.Form):
    """The figures of one report; ``start`` is the version that is being corrected."""

    uuid = forms.UUIDField(widget=forms.HiddenInput)
    supersedes = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, station: PollingStation, user: Any, start: Any = None) -> None:
        initial: dict[str, Any] = {"uuid": uuid4()}
        if start is not None:
            initial |= {"supersedes": start.uuid} | {name: getattr(start, name) for name in INVITATION_FIGURES}
        super().__init__(data, initial=initial)
        self.station = station
        self.user = user
        for name in INVITATION_FIGURES:
            label = InvitationReport._meta.get_field(name).verbose_name
            self.fields[name] = FigureField(label=label, required=False)
        for name in ("uuid", "supersedes"):
            sentence = refusal_sentence("bad_uuid")
            self.fields[name].error_messages |= {"required": sentence, "invalid": sentence}

    def clean_supersedes(self) -> UUID | None:
        named = self.cleaned_data["supersedes"]
        if named and not invitations.own_reports(self.station, self.user).filter(uuid=named).exists():
            raise ValidationError(refusal_sentence("bad_supersedes"))
        return named

    @property
    def boxes(self) -> list[Any]:
        return [self[name] for name in INVITATION_FIGURES]

    @property
    def unreadable(self) -> list[Any]:
        return [box for box in self.boxes if box.errors]

    @property
    def other_errors(self) -> list[str]:
        return list(dict.fromkeys(error for name in ("uuid", "supersedes") for error in self[name].errors))

    @property
    def figures(self) -> tuple[int | None, ...]:
        """The figures of a valid form, in the order of `INVITATION_FIGURES`."""
        return tuple(self.cleaned_data[name] for name in INVITATION_FIGURES)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, station_id: int) -> HttpResponse:
    """Show the C6 of a station; a POST sends it, after one question where the figures do not add up."""
    try:
        station = _station(request, station_id)
    except AssignmentRevoked as refused:
        return revoked(request, get_object_or_404(PollingStation, pk=station_id), refused)
    if request.method == "POST":
        return _posted(request, station)
    if not _is_open(station):
        return _closed(request, station)
    start = invitations.own_reports(station, request.user).first()
    form = InvitationForm(station=station, user=request.user, start=start)
    return _form_page(request, form, tray_of(start))


def _station(request: HttpRequest, station_id: int) -> PollingStation:
    """The station, if it is the reader's; 404 else. Raises `AssignmentRevoked` for who lost it and still posts."""
    rows = PollingStation.objects.select_related("election", "region__parent").filter(pk=station_id)
    station = rows.visible_to(request.user).first()
    if station is None:
        if request.method == "POST" and assigning.was_revoked(station_id, request.user):
            raise AssignmentRevoked("assignment_revoked", kept=False)
        raise Http404
    if not Assignment.objects.active().filter(station=station, witness=request.user).exists():
        raise PermissionDenied
    return station


def _is_open(station: PollingStation) -> bool:
    return station.election.phase in invitations.ACCEPTING_PHASES


def _posted(request: HttpRequest, station: PollingStation) -> HttpResponse:
    form, is_open = InvitationForm(request.POST, station=station, user=request.user), _is_open(station)
    tray = fill_tray(
        kept=request.POST.getlist("kept_photos"),
        dropped=request.POST.getlist("dropped_photos"),
        files=[("c6", file) for file in request.FILES.getlist("photos")] if is_open else [],
        before=invitations.own_reports(station, request.user),
        by=request.user,
        subjects=["c6"],
    )
    if not form.is_valid() or (tray.refusals and is_open):
        return (
            _form_page(request, form, tray, status=max(tray.status, 400))
            if is_open
            else _closed(request, station, status=409)
        )
    # Asked once about these figures; the next press sends whatever stands there.
    key = "-".join(str(figure) for figure in form.figures)
    if is_open and not invitations.adds_up(*form.figures) and request.POST.get("asked") != key:
        return _form_page(request, form, tray, asked=key)
    return _send(request, form, tray)


def _send(request: HttpRequest, form: InvitationForm, tray: PhotoTray) -> HttpResponse:
    sent = form.cleaned_data
    figures = {name: sent[name] for name in INVITATION_FIGURES}
    report = Report(
        uuid=sent["uuid"],
        station_id=form.station.pk,
        photos=tuple(tray.names),
        supersedes=sent["supersedes"],
        **figures,
    )
    try:
        stored = invitations.submit(report, by=request.user, channel=Channel.PAGE).report
    except PollingStation.DoesNotExist as error:
        raise Http404 from error
    except AssignmentRevoked as refused:
        return revoked(request, form.station, refused)
    except KeyReused as refused:
        return _as_a_correction(request, form, tray, refusal_sentence(refused.code))
    except PhaseClosed:
        return _closed(request, form.station, status=409)
    said = _("C6 %(station)s terkirim, kode %(code)s.") % {"station": form.station.title, "code": stored.receipt}
    messages.success(request, said)
    return redirect("witness-home")


def _as_a_correction(request: HttpRequest, form: InvitationForm, tray: PhotoTray, sentence: str) -> HttpResponse:
    """Offer the changed figures as a correction of what was sent under the same key."""
    data = request.POST.copy()
    newest = invitations.own_reports(form.station, request.user).first()
    data["uuid"], data["supersedes"] = str(uuid4()), str(newest.uuid) if newest else ""
    again = InvitationForm(data, station=form.station, user=request.user)
    again.full_clean()
    return _form_page(request, again, tray, refusal=sentence, status=409)


def _form_page(
    request: HttpRequest,
    form: InvitationForm,
    tray: PhotoTray,
    *,
    asked: str = "",
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    station = form.station
    context = {
        "station": station,
        "election": station.election,
        "form": form,
        "tray": tray,
        "asked": asked,
        "refusal": refusal,
        "start": invitations.own_reports(station, request.user).first(),
        "most_photos": MOST_PHOTOS,
        "zone": station.region.zone,
    }
    return page(request, "witness/invitation.html", context, status=status)


def _closed(request: HttpRequest, station: PollingStation, status: int = 200) -> HttpResponse:
    newest = invitations.own_reports(station, request.user).first()
    context = {
        "station": station,
        "election": station.election,
        "was_sending": status != 200,
        "newest": newest,
        "photos": photos.photos_of(newest) if newest else [],
        "zone": station.region.zone,
        "callees": callees_of(station.region),
    }
    return page(request, "witness/invitation_closed.html", context, status=status)
