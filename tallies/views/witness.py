"""The pages of a witness, all of them without JavaScript: my TPS, one C1, its receipt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from tallies import assigning, intake, photos
from tallies.count_room import error_reports
from tallies.entry import EntryForm, Question, confirmed_codes, own_forms, questions_of
from tallies.models import (
    Assignment,
    C1Form,
    Channel,
    Election,
    ErrorReportEntry,
    InvitationReport,
    Phase,
    PhotoState,
    PhotoSubject,
    PollingStation,
    StationMessage,
    StationResult,
)
from tallies.photo_tray import PhotoTray, fill_tray, tray_of
from tallies.views.entry_page import entry_context, under_a_new_key
from tallies.witnesses import invitations
from tallies.witnesses.witness_status import invitations_of, messages_for
from tallies.witnesses.witness_work import (
    PAPER_CAME,
    Callee,
    Fate,
    callees_of,
    came_on_paper,
    correction_code,
    fate_of,
    results_of,
)
from tallies.wording import field_label
from tallies.wording_refusals import refusal_sentence

#: Practice runs listed at home.
LISTED_FORMS = 10

# My TPS


@dataclass
class Work:
    """One contest at one station: what this witness sent for it, and what became of it."""

    result: StationResult
    #: Newest first, each with its number: the third practice run is "Latihan ke-3".
    sent: list[tuple[int, C1Form]]
    fate: Fate | None
    photos: list[Any] = field(default_factory=list)
    #: Nothing was sent by this witness, and others typed it from paper.
    on_paper: bool = False
    #: What the witness said is wrong here, newest first, with the answers.
    reports: list[ErrorReportEntry] = field(default_factory=list)
    #: The one step of the page with the filled button.
    is_next: bool = False

    @property
    def newest(self) -> C1Form | None:
        return self.sent[0][1] if self.sent else None

    @property
    def has_unreadable_photo(self) -> bool:
        return any(photo and photo.state == PhotoState.UNREADABLE for _name, photo in self.photos)

    @property
    def is_open(self) -> bool:
        return self.result.contest.election.phase in intake.ACCEPTING_PHASES

    @property
    def is_practice(self) -> bool:
        return self.result.contest.election.practice_of_id is not None

    @property
    def needs_a_step(self) -> bool:
        """Nothing is sent yet, or what was sent came back. Practice may go on as often as one likes."""
        came_back = self.fate is not None and self.fate.came_back
        return self.is_open and (
            came_back or self.has_unreadable_photo or self.is_practice or not (self.sent or self.on_paper)
        )


@dataclass
class Place:
    """One station with all its contests."""

    station: PollingStation
    works: list[Work]
    callees: list[Callee]
    is_wrong: bool = False
    messages: list[StationMessage] = field(default_factory=list)
    invitation: InvitationReport | None = None
    #: Its C6 is the one step of the page with the filled button.
    is_next: bool = False

    @property
    def election(self) -> Election:
        return self.works[0].result.contest.election

    @property
    def takes_invitations(self) -> bool:
        return self.election.phase in invitations.ACCEPTING_PHASES


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """List the stations assigned to the witness, what was sent from each, and the next step."""
    rows = results_of(request.user)
    works = [_work(result, request.user) for result in rows]
    reported = error_reports.own_entries(request.user, rows)
    for work in works:
        work.reports = reported.get(work.result.pk, [])
    next_one = next((work for work in works if work.needs_a_step), None)
    if next_one:
        next_one.is_next = True
    wrong = request.GET.get("salah", "")
    places = []
    of_region: dict[int, list[Callee]] = {}
    for station, group in groupby(works, key=lambda work: work.result.station):
        if station.region_id not in of_region:
            of_region[station.region_id] = callees_of(station.region)
        callees = of_region[station.region_id]
        places.append(Place(station, list(group), callees, wrong == str(station.pk)))
    _tell(places, request.user)
    first = next((place for place in places if place.takes_invitations and place.invitation is None), None)
    if first and not next_one:
        first.is_next = True
    elections = {place.election for place in places}
    context = {
        "places": places,
        "is_one": len(works) == 1,
        "paper_came": PAPER_CAME,
        # The band says "nothing here counts", so only when that holds for all of the page.
        "election": elections.pop() if len(elections) == 1 else None,
        "callees": callees_of(request.user.region) if request.user.region else [],
    }
    return page(request, "witness/home.html", context)


def _tell(places: list[Place], user: Any) -> None:
    """Give each place what the DPC wrote to it and what ``user`` reported of its invitations."""
    stations = [place.station for place in places]
    messages, reports = messages_for(stations), invitations_of(user, stations)
    for place in places:
        place.messages = messages.get(place.station.pk, [])
        place.invitation = reports.get(place.station.pk)


def _work(result: StationResult, user: Any) -> Work:
    mine = own_forms(result, user)
    newest = mine.first()
    if newest is None:
        return Work(result, [], None, on_paper=came_on_paper(result))
    numbers = range(mine.count(), 0, -1)
    sent = list(zip(numbers, mine[:LISTED_FORMS], strict=False))
    return Work(result, sent, fate_of(newest, result), photos.photos_of(newest))


# One C1


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def form(request: HttpRequest, result_id: int) -> HttpResponse:
    """Show the form of a station, ask what does not add up, send it."""
    result, is_revoked = _station(request, result_id)
    if request.method == "POST":
        return Posted(request, result, is_revoked=is_revoked).answer()
    if result.contest.election.phase not in intake.ACCEPTING_PHASES:
        return _locked(request, result)
    start = own_forms(result, request.user).first()
    # A practice run starts empty; in the real election a correction starts from what was sent.
    blank = result.contest.election.practice_of_id is not None and "baru" in request.GET
    entry = EntryForm(result=result, user=request.user, start=start, blank=blank)
    return _form_page(request, entry, PhotoTray() if blank else tray_of(start))


def _station(request: HttpRequest, result_id: int) -> tuple[StationResult, bool]:
    """Return the station result, and whether the sender no longer guards the station.

    Who lost the assignment may still hand in what was filled in before: it goes
    to quarantine. To look at the form is no longer theirs.
    """
    rows = StationResult.objects.with_place().filter(pk=result_id)
    result = rows.visible_to(request.user).first()
    if result is None and request.method == "POST":
        result = rows.first()
        if result is not None and assigning.was_revoked(result.station_id, request.user):
            return result, True
        result = None
    if result is None:
        raise Http404
    if not Assignment.objects.active().filter(station=result.station_id, witness=request.user).exists():
        raise PermissionDenied
    return result, False


def _brought(request: HttpRequest) -> list[tuple[str, Any]]:
    """New photos, each with what it shows; those of the C1 first."""
    fields = (("photos", PhotoSubject.C1), ("objection_photos", PhotoSubject.OBJECTION))
    return [(subject.value, file) for name, subject in fields for file in request.FILES.getlist(name)]


class Posted:
    """One press of *Periksa kembali* or *Kirim*."""

    def __init__(self, request: HttpRequest, result: StationResult, *, is_revoked: bool) -> None:
        self.request = request
        self.result = result
        self.is_revoked = is_revoked
        self.entry = EntryForm(request.POST, result=result, user=request.user)
        self.tray = fill_tray(
            kept=request.POST.getlist("kept_photos"),
            dropped=request.POST.getlist("dropped_photos"),
            # A revoked witness brings no new photo; the figures are what is kept.
            files=[] if is_revoked else _brought(request),
            before=own_forms(result, request.user),
            by=request.user,
        )

    def answer(self) -> HttpResponse:
        is_valid = self.entry.is_valid()
        is_closed = self.result.contest.election.phase not in intake.ACCEPTING_PHASES
        wants_to_send = self.request.POST.get("step") == "send"
        if is_closed and not (is_valid and (wants_to_send or self.is_revoked)):
            return _locked(self.request, self.result, status=409)
        if not is_valid or (self.tray.refusals and not self.is_revoked):
            return _form_page(self.request, self.entry, self.tray, status=max(self.tray.status, 400))
        questions = questions_of(self.entry, self.request.POST.getlist("confirmed"))
        if self.is_revoked or (wants_to_send and not self._asks_anew(questions)):
            return self._send(questions)
        return _form_page(self.request, self.entry, self.tray, questions=questions)

    def _asks_anew(self, questions: list[Question]) -> bool:
        """True when a figure was changed beside the questions and a new one came up.

        It is asked once, never blocked: the next press sends. A sender that was
        shown no questions is not held up.
        """
        if "asked" not in self.request.POST:
            return False
        return bool({one.key for one in questions} - set(self.request.POST.getlist("asked")))

    def _send(self, questions: list[Question]) -> HttpResponse:
        submission = self.entry.submission(self.tray.names, confirmed_codes(questions))
        try:
            receipt = intake.submit_as_witness(submission, by=self.request.user, channel=Channel.PAGE)
        except StationResult.DoesNotExist as error:
            raise Http404 from error
        except intake.AssignmentRevoked as refused:
            return revoked(self.request, self.result.station, refused)
        except intake.PhaseClosed:
            return _locked(self.request, self.result, status=409)
        except intake.KeyReused as refused:
            return self._as_a_correction(refusal_sentence(refused.code))
        address = reverse("witness-receipt", args=[receipt.form.uuid])
        return redirect(address if receipt.created else f"{address}?ulang")

    def _as_a_correction(self, sentence: str) -> HttpResponse:
        """Offer the changed figures as a correction of what was sent under the same key."""
        newest = own_forms(self.result, self.request.user).first()
        self.entry = under_a_new_key(self.entry, supersedes=str(newest.uuid) if newest else "")
        questions = questions_of(self.entry, self.request.POST.getlist("confirmed"))
        return _form_page(self.request, self.entry, self.tray, questions=questions, status=409, refusal=sentence)


def _form_page(
    request: HttpRequest,
    entry: EntryForm,
    tray: PhotoTray,
    *,
    questions: list[Question] | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    """Draw the form: to fill in, or (with ``questions``, even none) to look at once more."""
    result = entry.result
    asked = questions or []
    start = own_forms(result, request.user).first()
    context = entry_context(entry, tray, questions, refusal) | {
        "result": result,
        "election": result.contest.election,
        "open_questions": [one for one in asked if not one.answered],
        "start": start,
        "correction": correction_code(start, result) if start else "",
        "zone": result.station.region.zone,
    }
    return page(request, "witness/form.html", context, status=status)


def revoked(request: HttpRequest, station: PollingStation, refused: intake.AssignmentRevoked) -> HttpResponse:
    """What somebody is told who no longer guards ``station``."""
    context = {
        "sentence": refusal_sentence(refused.code, **refused.details),
        "station": station,
        "callees": callees_of(station.region),
    }
    return page(request, "witness/refused.html", context, status=403)


def _locked(request: HttpRequest, result: StationResult, status: int = 200) -> HttpResponse:
    election = result.contest.election
    context = {
        "result": result,
        "election": election,
        "is_preparation": election.phase == Phase.PREPARATION,
        "was_sending": status != 200,
        "newest": own_forms(result, request.user).first(),
        "callees": callees_of(result.station.region),
    }
    return page(request, "witness/locked.html", context, status=status)


# The receipt


@login_required
@require_safe
def receipt(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What the server holds of one form of this witness, and what became of it."""
    mine = C1Form.objects.visible_to(request.user).filter(submitted_by=request.user)
    form = get_object_or_404(mine, uuid=uuid)
    rows = StationResult.objects.with_place()
    result = rows.get(contest=form.contest_id, station=form.station_id)
    named = photos.photos_of(form)
    context = {
        "result": result,
        "election": result.contest.election,
        "form": form,
        "fate": fate_of(form, result),
        # The order of the ballot: the empty box stands last.
        "votes": sorted(form.votes.with_pair(), key=lambda vote: (vote.pair.is_empty_box, vote.pair.number)),
        "rows": [(field_label(name, {}), getattr(form, name)) for name in _shown_rows(result.contest.election)],
        "photos": named,
        "page_count": sum(name.subject == PhotoSubject.C1 for name, _photo in named),
        "photo_count": _photo_count(named),
        "is_newest": not form.superseded_by.exists(),
        "is_open": result.contest.election.phase in intake.ACCEPTING_PHASES,
        "is_repeat": "ulang" in request.GET,
        "zone": result.station.region.zone,
        "callees": callees_of(result.station.region),
    }
    return page(request, "witness/receipt.html", context)


def _shown_rows(election: Election) -> Iterable[str]:
    """The rows to read once more after sending; a receipt of forty rows is not read."""
    wanted = ("voters_total", "valid_votes", "invalid_votes", "total_votes")
    return [name for name in wanted if name in election.fields]


def _photo_count(named: list[Any]) -> dict[str, int]:
    states = [photo.state if photo else "missing" for _name, photo in named]
    return {state: states.count(state) for state in set(states)}


def page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    election = context.get("election")
    if election is not None:
        context["party_stylesheet"] = reverse("party-css", args=[election.slug])
    return render(request, template, context, status=status)
