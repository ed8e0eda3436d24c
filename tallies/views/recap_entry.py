"""Enter a D.Hasil or correct it: typed, looked at once more with what does not add up, sent."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tallies import intake as c1_intake
from tallies.models import Phase, RecapForm, RecapResult
from tallies.photo_tray import PhotoTray
from tallies.recap import intake, pages, places, wording
from tallies.recap.entry import Question, RecapEntry, adopt_uuid, questions_of
from tallies.recap.places import RecapPlace
from tallies.wording import QUESTION
from tallies.wording_refusals import MOST_PHOTOS


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, contest_id: int, code: str) -> HttpResponse:
    """The sheet of a recap that is the reader's to enter; 404 for another place, 403 for who only reads.

    ``?perbaiki=`` names the version a correction begins with; without it, a
    witness's own newest, or the one that counts.
    """
    place = places.place_of(request.user, contest_id, code)
    if not places.may_enter(request.user, place.region):
        raise PermissionDenied
    if request.method == "POST":
        return Entered(request, place).answer()
    if place.contest.election.phase not in c1_intake.ACCEPTING_PHASES:
        return _closed(request, place, status=200)
    start = _start(request, place)
    return _form_page(request, place, RecapEntry(place=place, start=start), pages.tray_of(start))


def _start(request: HttpRequest, place: RecapPlace) -> RecapForm | None:
    """The version a correction begins with: the own newest; for who decides, the one that counts."""
    forms = places.forms_at(place, request.user).prefetch_related("columns__votes__pair")
    if places.is_recap_witness(request.user):
        return forms.first()
    if "perbaiki" not in request.GET:
        return None
    result = RecapResult.objects.filter(contest=place.contest, region=place.region).first()
    return forms.filter(pk=result.form_id).first() if result is not None else None


class Entered:
    """One press of *Periksa kembali* or *Kirim*."""

    def __init__(self, request: HttpRequest, place: RecapPlace) -> None:
        self.request = request
        self.place = place
        self.entry = RecapEntry(request.POST, place=place)
        self.tray = pages.received_tray(
            request.POST.getlist("kept_photos"),
            request.POST.getlist("dropped_photos"),
            request.FILES.getlist("photos"),
            before=places.forms_at(place, request.user).order_by("pk"),
            by=request.user,
        )

    def answer(self) -> HttpResponse:
        if not self.entry.is_valid() or self.tray.refusals:
            return _form_page(self.request, self.place, self.entry, self.tray, status=max(self.tray.status, 400))
        questions = questions_of(self.entry, self.request.POST.getlist("confirmed"))
        # Asked once; what is not answered is stored as not answered, and nothing blocks.
        is_asked = not ({one.key for one in questions} - set(self.request.POST.getlist("asked")))
        if self.request.POST.get("step") == "send" and is_asked:
            return self._submit(questions)
        return _form_page(self.request, self.place, self.entry, self.tray, questions=questions)

    def _submit(self, questions: list[Question]) -> HttpResponse:
        confirmed = sorted({f"{one.code}.{one.region}.{one.row}" for one in questions if one.answered})
        submission = self.entry.submission(pages.pages_in(self.tray), confirmed)
        try:
            receipt = intake.submit(submission, by=self.request.user)
        except c1_intake.PhaseClosed:
            return _closed(self.request, self.place)
        except c1_intake.KeyReused as refused:
            self.entry = adopt_uuid(self.entry, self.place)
            return self._again(refused, questions)
        except c1_intake.IntakeRefused as refused:
            return self._again(refused, questions, status=400)
        _say(self.request, receipt)
        return redirect("recap", self.place.contest.pk, self.place.region.code)

    def _again(self, refused: c1_intake.IntakeRefused, questions: list[Question], status: int = 409) -> HttpResponse:
        sentence = wording.refusal(refused.code)
        return _form_page(
            self.request, self.place, self.entry, self.tray, questions=questions, refusal=sentence, status=status
        )


def _say(request: HttpRequest, receipt: intake.RecapReceipt) -> None:
    code = {"code": receipt.form.receipt}
    if receipt.created:
        messages.success(
            request, _("D.Hasil sudah diterima, kode %(code)s. Orang lain membacanya sekali lagi.") % code
        )
    else:
        messages.success(
            request, _("D.Hasil ini sudah diterima sebelumnya, kode %(code)s. Tidak ada yang ganda.") % code
        )


def _form_page(
    request: HttpRequest,
    place: RecapPlace,
    entry: RecapEntry,
    tray: PhotoTray,
    *,
    questions: list[Question] | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "entry": entry,
        "rows": entry.table(questions or []),
        "tray": tray,
        "most_photos": MOST_PHOTOS,
        "is_check": questions is not None,
        "questions": questions or [],
        "question": QUESTION,
        "refusal": refusal,
        "is_correction": bool(entry["supersedes"].value()),
    }
    return _page(request, "recap/entry.html", place, context, status)


def _closed(request: HttpRequest, place: RecapPlace, status: int = 409) -> HttpResponse:
    is_early = place.contest.election.phase == Phase.PREPARATION
    sentence = wording.refusal("recap_not_open_yet" if is_early else "recap_closed")
    return _page(request, "recap/closed.html", place, {"sentence": sentence}, status)


def _page(
    request: HttpRequest, template: str, place: RecapPlace, context: dict[str, Any], status: int
) -> HttpResponse:
    election = place.contest.election
    context |= {
        "place": place,
        "contest": place.contest,
        "region": place.region,
        "election": election,
        "party_stylesheet": reverse("party-css", args=[election.slug]),
        "layout": "phone.html" if places.is_recap_witness(request.user) else "base.html",
    }
    return render(request, template, context, status=status)
