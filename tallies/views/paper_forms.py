"""A C1 that arrived on paper: find its station, type it, scan it, read the receipt."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from tallies import intake, photos
from tallies.entry import EntryForm, Question, confirmed_codes, own_forms, questions_of
from tallies.models import Election, PhotoSubject, StationResult
from tallies.photo_tray import PhotoTray, fill_tray
from tallies.silent import paper
from tallies.views.entry_page import entry_context, under_a_new_key
from tallies.wording import field_label
from tallies.wording_refusals import refusal_sentence

# The station


@login_required
@require_safe
def find_station(request: HttpRequest, slug: str) -> HttpResponse:
    """Find the station whose code is on the paper, and go on to its form. 404 for who may not type."""
    user = request.user
    results = paper.results_for(user).filter(contest__election__slug=slug)
    if not (user.may_decide or user.may_type) or not results.exists():
        raise Http404
    election = get_object_or_404(Election, slug=slug)
    code = request.GET.get("kode", "").replace("\0", "")[:40]
    found = paper.named(user, election, code) if code else []
    if len(found) == 1:
        return redirect("paper-form", found[0].pk)
    context = {
        "election": election,
        "party_stylesheet": reverse("party-css", args=[slug]),
        "code": code,
        "found": found,
    }
    return render(request, "silent/find.html", context)


# The form


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def paper_form(request: HttpRequest, result_id: int) -> HttpResponse:
    """Type a form that arrived on paper. 404 for a station that is not the reader's to type of."""
    results = paper.results_for(request.user).with_place()
    result = get_object_or_404(results, pk=result_id)
    if request.method == "POST":
        return Typed(request, result).answer()
    if result.is_in:
        if not request.user.may_decide:
            raise Http404
        return _refused(request, result, refusal_sentence("paper_to_compare"), status=200)
    if result.contest.election.phase not in intake.ACCEPTING_PHASES:
        return _closed(request, result, status=200)
    return _form_page(request, EntryForm(result=result, user=request.user), PhotoTray())


class Typed:
    """One press of *Periksa kembali* or *Simpan C1*."""

    def __init__(self, request: HttpRequest, result: StationResult) -> None:
        self.request = request
        self.result = result
        self.entry = EntryForm(request.POST, result=result, user=request.user)
        self.tray = fill_tray(
            kept=request.POST.getlist("kept_photos"),
            dropped=request.POST.getlist("dropped_photos"),
            files=[
                (subject.value, file)
                for name, subject in (("photos", PhotoSubject.C1), ("objection_photos", PhotoSubject.OBJECTION))
                for file in request.FILES.getlist(name)
            ],
            before=own_forms(result, request.user),
            by=request.user,
        )

    def answer(self) -> HttpResponse:
        if not self.entry.is_valid() or self.tray.refusals:
            return _form_page(self.request, self.entry, self.tray, status=max(self.tray.status, 400))
        questions = questions_of(self.entry, self.request.POST.getlist("confirmed"))
        # Asked once; what is not answered is stored as not answered, and nothing blocks.
        is_asked = not ({one.key for one in questions} - set(self.request.POST.getlist("asked")))
        if self.request.POST.get("step") == "send" and is_asked:
            return self._submit(questions)
        return _form_page(self.request, self.entry, self.tray, questions=questions)

    def _submit(self, questions: list[Question]) -> HttpResponse:
        submission = self.entry.submission(self.tray.names, confirmed_codes(questions))
        try:
            receipt = paper.submit(submission, by=self.request.user)
        except StationResult.DoesNotExist as error:
            raise Http404 from error
        except intake.PhaseClosed:
            return _closed(self.request, self.result)
        except intake.KeyReused as refused:
            self.entry = under_a_new_key(self.entry)
            sentence = refusal_sentence(refused.code)
            return _form_page(self.request, self.entry, self.tray, questions=questions, status=409, refusal=sentence)
        except paper.AlreadyIn as refused:
            return _refused(self.request, self.result, refusal_sentence(refused.code))
        address = reverse("paper-receipt", args=[receipt.form.uuid])
        return redirect(address if receipt.created else f"{address}?ulang")


def _form_page(
    request: HttpRequest,
    entry: EntryForm,
    tray: PhotoTray,
    *,
    questions: list[Question] | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    context = entry_context(entry, tray, questions, refusal)
    return _page(request, "silent/paper.html", entry.result, context, status)


def _closed(request: HttpRequest, result: StationResult, status: int = 409) -> HttpResponse:
    return _refused(request, result, refusal_sentence("phase_closed", phase=result.contest.election.phase), status)


def _refused(request: HttpRequest, result: StationResult, sentence: str, status: int = 409) -> HttpResponse:
    return _page(request, "silent/paper_refused.html", result, {"sentence": sentence}, status)


def _page(
    request: HttpRequest, template: str, result: StationResult, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    slug = result.contest.election.slug
    # The list is for who sees figures; an operator comes from the page of codes.
    back = reverse("silent" if request.user.may_decide else "paper-find", args=[slug])
    context |= {
        "result": result,
        "election": result.contest.election,
        "party_stylesheet": reverse("party-css", args=[slug]),
        "zone": result.station.region.zone,
        "back": back,
    }
    return render(request, template, context, status=status)


# The receipt


@login_required
@require_safe
def paper_receipt(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What the server holds of one form that the reader typed, and whether it counts."""
    form = get_object_or_404(paper.forms_of(request.user), uuid=uuid)
    result = StationResult.objects.with_place().get(contest=form.contest_id, station=form.station_id)
    context = {
        "form": form,
        "votes": sorted(form.votes.with_pair(), key=lambda vote: (vote.pair.is_empty_box, vote.pair.number)),
        "rows": [(field_label(name, {}), getattr(form, name)) for name in result.contest.election.fields],
        "photo_count": len(photos.photos_of(form)),
        "counts": result.form_id == form.pk,
        "is_repeat": "ulang" in request.GET,
    }
    return _page(request, "silent/paper_receipt.html", result, context)
