"""A coordinator's work: the queue, and one station with the decision about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from regions.models import Level, Region
from sista.keys import key_in
from sista.templatetags.formats import clock_short
from tallies import entry
from tallies.count_room import error_reports, moving, quarantine, queue_words, verification, work_queue
from tallies.count_room.decision_page import decision_page
from tallies.count_room.decision_reasons import ReasonForm
from tallies.count_room.move_form import MoveForm
from tallies.count_room.verification import AlreadyChanged, DecisionRefused
from tallies.count_room.work_queue import Position, View
from tallies.figures import parse_figure
from tallies.intake import IntakeRefused, Receipt
from tallies.models import (
    WITH_FIGURES,
    AuditEvent,
    C1Form,
    Election,
    Outcome,
    Phase,
    Reading,
    ReadingState,
    Review,
    StationResult,
)
from tallies.views.results import zone_of
from tallies.wording_refusals import refusal_sentence

# The queue


@dataclass(frozen=True)
class QueueRow:
    """``reasons``: what there is to look at. ``is_being_read``: it waits for a second reading."""

    result: StationResult
    reasons: list[str]
    is_being_read: bool


@login_required
@require_safe
def queue(request: HttpRequest, slug: str) -> HttpResponse:
    """List what waits in the reader's region.

    ``?saring=`` filters and ``?setelah=`` pages; a value they do not know does nothing.
    """
    scope = request.user.scope
    if scope is None:
        raise Http404
    election = get_object_or_404(Election.objects.visible_to(request.user), slug=slug)
    view, after = _view(request), Position.read(request.GET.get("setelah", ""))
    page = work_queue.page(request.user, election, view, after=after)
    here = request.path
    context = {
        "election": election,
        "party_stylesheet": reverse("party-css", args=[slug]),
        "scope": scope,
        "zone": zone_of(list(Region.objects.ancestors_of(scope))),
        "view": view,
        "filters": [(label, f"{here}?saring={one}", one == view) for one, label in queue_words.VIEWS.items()],
        "rows": [
            QueueRow(result, queue_words.reasons(result), work_queue.group_of(result) == work_queue.Group.READING)
            for result in page.rows
        ],
        "several_contests": scope.level < Level.REGENCY or len({result.contest_id for result in page.rows}) > 1,
        "progress": work_queue.progress(request.user, election),
        "quarantined": quarantine.count(request.user, election),
        "quarantine_counted": quarantine.COUNTED,
        "reported": error_reports.count(request.user, election),
        "reports_counted": error_reports.COUNTED,
        "suffix": _suffix(view),
        "next_url": f"{here}?{urlencode({'saring': view, 'setelah': str(page.next)})}" if page.next else "",
        "first_url": f"{here}?saring={view}" if after else "",
        "export_query": urlencode({"saring": view}),
    }
    return render(request, "verification/queue.html", context)


def _view(request: HttpRequest) -> View:
    asked = request.GET.get("saring", "")
    return View(asked) if asked in list(View) else View.ALL


def _suffix(view: View) -> str:
    """What carries the filter along from station to station."""
    return "" if view == View.ALL else f"?saring={view}"


# One station


@dataclass
class Attempt:
    """A decision that was not written: what the page shows again, and why."""

    choice_error: str = ""
    reasons: dict[str, ReasonForm] | None = None
    correcting: C1Form | None = None
    figures: entry.EntryForm | None = None
    questions: tuple[entry.Question, ...] = ()
    place: MoveForm | None = None
    refusal: Refusal | None = None
    status: int = 400


@dataclass(frozen=True)
class Refusal:
    bold: str
    text: str
    is_overtaken: bool = False


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, result_id: int) -> HttpResponse:
    """Show the forms of one station beside their photos; a POST decides (``tindakan``).

    Not in the reader's region: 404. Who may see but not decide: no buttons,
    and 403 for a POST. What was decided meanwhile: 409, and nothing written.
    """
    if request.user.scope is None:
        raise Http404
    result = _result(request, result_id)
    view = _view(request)
    if request.method == "POST":
        if not request.user.may_decide:
            raise PermissionDenied
        return _act(request, result, view)
    if "lewati" in request.GET:
        return _go_on(request, result, view, work_queue.position_of(result, view))
    attempt = Attempt(status=200)
    if "perbaiki" in request.GET and request.user.may_decide:
        attempt.correcting = result.proposed_form or result.form
    return _page(request, result, view, attempt)


def _result(request: HttpRequest, result_id: int) -> StationResult:
    visible = StationResult.objects.visible_to(request.user).with_place()
    return get_object_or_404(visible.select_related("form", "proposed_form"), pk=result_id)


def _act(request: HttpRequest, result: StationResult, view: View) -> HttpResponse:
    action = _ACTIONS.get(request.POST.get("tindakan", ""))
    seen = key_in(request.POST.get("seen", ""))
    if action is None or seen is None:
        raise BadRequest("tindakan or seen is missing")
    # Before the decision moves it.
    at = work_queue.position_of(result, view)
    try:
        said = action(request, result, seen)
    except DecisionRefused as refused:
        if _is_own_repeat(request, result, seen, refused):
            return _go_on(request, result, view, at)
        return _refuse(request, result, view, _refusal(result, seen, refused))
    except IntakeRefused as refused:
        sentence = refusal_sentence(refused.code, **refused.details)
        return _refuse(request, result, view, Refusal(_("Tidak tersimpan."), sentence))
    if isinstance(said, Attempt):
        return _page(request, result, view, said)
    messages.success(request, said)
    return _go_on(request, result, view, at)


def _go_on(request: HttpRequest, result: StationResult, view: View, at: Position | None) -> HttpResponse:
    """The next station of the queue, or the queue when nothing is left.

    A station whose counted form was refused, and another form counts in its place, is not done.
    """
    fresh = _result(request, result.pk)
    just_replaced = fresh.review == Review.PENDING and fresh.form_id != result.form_id
    if "lewati" not in request.GET and just_replaced:
        following: int | None = fresh.pk
    else:
        following = work_queue.following(request.user, result.contest.election, view, of=result, at=at)
    if following is None:
        return redirect(reverse("verification-queue", args=[result.contest.election.slug]) + _suffix(view))
    return redirect(reverse("verification-decide", args=[following]) + _suffix(view))


# What is decided. Each writes through `verification` and returns what to say, or an attempt to show again.


def _verify(request: HttpRequest, result: StationResult, seen: int) -> str | Attempt:
    reading = _chosen_reading(request, result)
    form = None if reading else _chosen(request, result)
    # Where two readings of one photo differ, the record says which of them was wrong.
    reason = ReasonForm("tetapkan", request.POST) if result.reading == ReadingState.COORDINATOR else None
    error = "" if reading or form else _("Pilih dahulu kolom yang sama dengan foto.")
    if error or (reason and not reason.is_valid()):
        return Attempt(choice_error=error, reasons={"tetapkan": reason} if reason else None)
    text = reason.text if reason else ""
    if reading:
        return _corrected(verification.adopt(reading, by=request.user, seen=seen, reason=text), result)
    verification.approve(form, by=request.user, seen=seen, reason=text)
    return _("Tersimpan. %(station)s terverifikasi.") % {"station": result.station.title}


def _ask_for_fix(request: HttpRequest, result: StationResult, seen: int) -> str | Attempt:
    reason, form = ReasonForm("perbaikan", request.POST), _chosen(request, result)
    if not reason.is_valid() or form is None:
        return Attempt(reasons={"perbaikan": reason})
    verification.ask_for_fix(form, by=request.user, seen=seen, reason=reason.text)
    return _("Tersimpan. Saksi diminta memperbaiki %(station)s.") % {"station": result.station.title}


def _reject(request: HttpRequest, result: StationResult, seen: int) -> str | Attempt:
    reason, form = ReasonForm("tolak", request.POST), _chosen(request, result)
    if not reason.is_valid() or form is None:
        error = "" if form else _("Pilih dahulu formulir yang ditolak.")
        return Attempt(reasons={"tolak": reason}, choice_error=error)
    verification.reject(form, by=request.user, seen=seen, reason=reason.text)
    if form.pk != result.form_id:
        return _("Tersimpan. Satu laporan %(station)s ditolak.") % {"station": result.station.title}
    return _("Tersimpan. %(station)s ditolak dan tidak dihitung.") % {"station": result.station.title}


def _correct(request: HttpRequest, result: StationResult, seen: int) -> str | Attempt:
    base = _chosen(request, result)
    if base is None:
        raise BadRequest("form is missing")
    figures = entry.EntryForm(request.POST, result=result, user=request.user)
    reason = ReasonForm("koreksi", request.POST)
    if not all([figures.is_valid(), reason.is_valid()]):
        return Attempt(correcting=base, figures=figures, reasons={"koreksi": reason})
    questions = tuple(entry.questions_of(figures, request.POST.getlist("confirmed")))
    # Asked once; what is not answered is stored as not answered, and nothing blocks.
    if {one.key for one in questions} - set(request.POST.getlist("asked")):
        return Attempt(correcting=base, figures=figures, reasons={"koreksi": reason}, questions=questions, status=200)
    # Objection and note are the witness's; only the figures are read anew.
    submission = replace(
        figures.submission((), entry.confirmed_codes(questions)),
        supersedes=base.uuid,
        objection=base.objection,
        note=base.note,
    )
    return _corrected(verification.correct(base, submission, by=request.user, seen=seen, reason=reason.text), result)


def _corrected(receipt: Receipt, result: StationResult) -> str:
    waits = StationResult.objects.filter(proposed_form=receipt.form).exists()
    said = (
        _("Tersimpan. Usulan perbaikan %(station)s menunggu persetujuan orang kedua.")
        if waits
        else _("Tersimpan. Angka %(station)s diperbaiki dan terverifikasi.")
    )
    return said % {"station": result.station.title}


def _move(request: HttpRequest, result: StationResult, seen: int) -> str | Attempt:
    reason, place = ReasonForm("pindah", request.POST), MoveForm(request.POST, result=result, user=request.user)
    form = _chosen(request, result)
    if not all([reason.is_valid(), place.is_valid(), form]):
        error = "" if form else _("Pilih dahulu formulir yang dipindahkan.")
        return Attempt(reasons={"pindah": reason}, place=place, choice_error=error)
    target = place.target
    moving.move(form, target, by=request.user, seen=seen, reason=reason.text)
    said = _("Tersimpan. Formulir dipindahkan ke %(station)s, %(village)s.")
    return said % {"station": target.station.title, "village": target.station.region.title}


_REASONS = ("perbaikan", "tolak", "koreksi", "tetapkan", "pindah")
_ACTIONS: dict[str, Callable[[HttpRequest, StationResult, int], str | Attempt]] = {
    "verifikasi": _verify,
    "perbaikan": _ask_for_fix,
    "tolak": _reject,
    "koreksi": _correct,
    "pindah": _move,
}


def _chosen(request: HttpRequest, result: StationResult) -> C1Form | None:
    """The form a post names; None when it names none, 404 when it is not one of this station."""
    text = request.POST.get("form", "")
    if not text:
        return None
    pk = key_in(text)
    forms = C1Form.objects.filter(contest=result.contest_id, station=result.station_id)
    return get_object_or_404(forms, pk=-1 if pk is None else pk)


def _chosen_reading(request: HttpRequest, result: StationResult) -> Reading | None:
    """The second reading a post names; None when it names a form."""
    text = request.POST.get("form", "")
    if not text.startswith("bacaan-"):
        return None
    pk = key_in(text.removeprefix("bacaan-"))
    return get_object_or_404(Reading, result=result.pk, finding__in=WITH_FIGURES, pk=-1 if pk is None else pk)


# Refusals


def _newest_change(result: StationResult, seen: int) -> AuditEvent | None:
    """Who was first: the newest decision since the page was drawn, else the newest form."""
    events = list(
        AuditEvent.objects.filter(result=result.pk, seq__gt=seen).select_related("actor").order_by("-seq")[:50]
    )
    return next((event for event in events if "decision" in event.content), events[0] if events else None)


def _is_own_repeat(request: HttpRequest, result: StationResult, seen: int, refused: DecisionRefused) -> bool:
    """The same person pressed the same button twice: the first press did it."""
    event = _newest_change(result, seen) if isinstance(refused, AlreadyChanged) else None
    if event is None or event.actor_id != request.user.pk or "decision" not in event.content:
        return False
    outcomes = {
        "verifikasi": Outcome.VERIFIED,
        "perbaikan": Outcome.NEEDS_FIX,
        "tolak": Outcome.REJECTED,
        "pindah": Outcome.MOVED,
    }
    decision = event.content["decision"]
    return (decision["outcome"], str(decision["form_id"])) == (
        outcomes.get(request.POST["tindakan"]),
        request.POST.get("form"),
    )


def _refusal(result: StationResult, seen: int, refused: DecisionRefused) -> Refusal:
    if not isinstance(refused, AlreadyChanged):
        details = {"phase": Phase.CLOSED.value} if refused.code == "phase_closed" else {}
        return Refusal(_("Tidak tersimpan."), refusal_sentence(refused.code, **details))
    event = _newest_change(result, seen)
    if event is None:
        return Refusal(_("Tidak tersimpan."), refusal_sentence(refused.code), is_overtaken=True)
    facts = {"who": event.actor or _("sistem"), "time": clock_short(event.at, result.station.region.zone)}
    if "decision" in event.content:
        bold = _("Sudah ditetapkan oleh %(who)s, %(time)s.") % facts
    else:
        bold = _("Laporan baru dari %(who)s, %(time)s.") % facts
    return Refusal(bold, _("Pilihan Anda tidak disimpan."), is_overtaken=True)


def _refuse(request: HttpRequest, result: StationResult, view: View, refusal: Refusal) -> HttpResponse:
    return _page(request, _result(request, result.pk), view, Attempt(refusal=refusal, status=409))


# The page


def _page(request: HttpRequest, result: StationResult, view: View, attempt: Attempt) -> HttpResponse:
    election, station = result.contest.election, result.station
    page = decision_page(result, for_user=request.user)
    may_decide = request.user.may_decide and election.phase != Phase.CLOSED
    correcting = attempt.correcting if may_decide else None
    figures = attempt.figures
    if correcting and figures is None:
        figures = entry.EntryForm(result=result, user=request.user, start=correcting)
        _fill_in(figures, request.GET.get("isi", ""))
    context = {
        "election": election,
        "party_stylesheet": reverse("party-css", args=[election.slug]),
        "result": result,
        "station": station,
        "page": page,
        "zone": station.region.zone,
        "view": view,
        "suffix": _suffix(view),
        "skip_url": f"{request.path}?{urlencode({'saring': view, 'lewati': 1})}",
        "fix_url": f"{request.path}?{urlencode({'saring': view, 'perbaiki': 1})}",
        "queue_url": reverse("verification-queue", args=[election.slug]) + _suffix(view),
        "station_url": reverse("station", args=[election.slug, result.pk]),
        "may_decide": may_decide,
        "is_locked": request.user.may_decide and not may_decide,
        "needs_second_person": election.phase == Phase.RECAP,
        "attempt": attempt,
        "correcting": correcting,
        "figures": figures,
        "sections": _sections(figures, attempt) if correcting and figures else (),
        "reasons": {name: ReasonForm(name) for name in _REASONS} | (attempt.reasons or {}),
        "place": attempt.place or MoveForm(result=result, user=request.user),
        "may_move": may_decide and election.phase != Phase.RECAP,
        "failed": next(iter(attempt.reasons or {}), ""),
    }
    return render(request, "verification/decide.html", context, status=attempt.status)


def _fill_in(figures: entry.EntryForm, suggestion: str) -> None:
    """Put a suggestion ("votes_2:104", or several with commas) into its boxes; what is none changes nothing."""
    for part in suggestion.split(","):
        name, _colon, value = part.partition(":")
        try:
            figure = parse_figure(value)
        except ValueError:
            continue
        if name in figures.page_order and figure is not None:
            figures.initial[name] = figure


def _sections(figures: entry.EntryForm, attempt: Attempt) -> list[tuple[entry.Section, bool]]:
    """The parts of the form, and whether each is folded: before the votes, with nothing to mend in it."""
    return [
        (
            section,
            bool(section.title)
            and section.slug not in ("votes", "after")
            and not any(row.questions or row.field.errors for row in section.rows),
        )
        for section in figures.sections(attempt.questions)
    ]
