"""Saying that something is wrong at a station, and answering it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regions.models import Region
from sista.keys import key_in
from tallies.count_room import error_reports
from tallies.count_room.error_reports import ReportRefused
from tallies.models import ANSWER_LENGTH, REPORT_LENGTH, Election, ErrorKind, ErrorReport, StationResult
from tallies.views.results import zone_of
from tallies.wording_refusals import refusal_sentence

# Somebody says it


class ReportForm(forms.Form):
    """What `error_reports.tell` takes; it also says what is refused."""

    kind = forms.ChoiceField(label=_("Apa yang salah?"), choices=ErrorKind.choices, widget=forms.RadioSelect)
    text = forms.CharField(
        label=_("Keterangan"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": REPORT_LENGTH}),
        help_text=_("Halaman, baris, dan angka yang benar. Paling banyak 300 huruf."),
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        for name in ("required", "invalid_choice"):
            self.fields["kind"].error_messages[name] = refusal_sentence("report_kind")


#: Which box a refusal stands at; the others concern the whole page.
_BOX = {"report_missing": "text", "report_too_long": "text"}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, result_id: int) -> HttpResponse:
    """Take in what somebody says who may see the place: a witness of the station, or who has figures. Else 404."""
    visible = StationResult.objects.visible_to(request.user).with_place()
    result = get_object_or_404(visible, pk=result_id)
    form = ReportForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _report_page(request, result, form, status=400 if form.is_bound else 200)
    try:
        told = error_reports.tell(result, form.cleaned_data["kind"], form.cleaned_data["text"], by=request.user)
    except ReportRefused as refused:
        return _refused(request, result, form, refused)
    if told.is_new:
        messages.success(request, gettext("Laporan terkirim. Jawabannya muncul di halaman ini."))
    else:
        messages.info(
            request, gettext("Anda sudah melaporkan hal ini. Laporan itu masih terbuka; tidak ada yang baru.")
        )
    return redirect("error-report", result.pk)


def _refused(request: HttpRequest, result: StationResult, form: ReportForm, refused: ReportRefused) -> HttpResponse:
    sentence = refusal_sentence(refused.code)
    if refused.code in _BOX:
        form.add_error(_BOX[refused.code], sentence)
        return _report_page(request, result, form, status=400)
    # Nothing was done wrong: a missing signature is explained.
    status = 200 if refused.code == "unsigned_is_no_error" else 409
    return _report_page(request, result, form, told=sentence, status=status)


def _report_page(
    request: HttpRequest, result: StationResult, form: ReportForm, *, told: str = "", status: int = 200
) -> HttpResponse:
    election, has_figures = result.contest.election, request.user.scope is not None
    context = {
        "election": election,
        "skeleton": "base.html" if has_figures else "phone.html",
        "back": reverse("station", args=[election.slug, result.pk]) if has_figures else reverse("witness-home"),
        "result": result,
        "form": form,
        "told": told,
        "is_reportable": result.form_id is not None,
        "entries": error_reports.own_entries(request.user, [result]).get(result.pk, []),
        "zone": result.station.region.zone,
    }
    return render(request, "error_reports/report.html", context, status=status)


# Somebody answers it


@dataclass(frozen=True)
class Attempt:
    """An answer that was not written: to which report, what it said, and why not."""

    report: ErrorReport
    text: str
    error: str
    status: int


@login_required
@require_safe
def reports(request: HttpRequest, slug: str) -> HttpResponse:
    """List what is open in the reader's region, the newest first. ``?saring=ditutup``, ``?sebelum=`` pages."""
    if request.user.scope is None:
        raise Http404
    election = get_object_or_404(Election.objects.visible_to(request.user), slug=slug)
    return _list(request, election, before=key_in(request.GET.get("sebelum", "")))


@login_required
@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a report with an answer: 404 outside the own region, 403 for who only reads, 409 when it has moved."""
    if request.user.scope is None:
        raise Http404
    rows = ErrorReport.objects.visible_to(request.user).select_related("result__contest__election")
    report = get_object_or_404(rows, pk=pk)
    if not request.user.may_decide:
        raise PermissionDenied
    election, text = report.result.contest.election, request.POST.get("jawaban", "")
    try:
        error_reports.close(report, text, seen=key_in(request.POST.get("seen", "")) or 0, by=request.user)
    except ReportRefused as refused:
        status = 409 if refused.code in ("report_closed", "report_grown") else 400
        attempt = Attempt(report, text, refusal_sentence(refused.code), status)
        return _list(request, election, attempt=attempt)
    messages.success(request, gettext("Tersimpan. Pelapor membaca jawaban Anda."))
    return redirect("error-reports", election.slug)


def _list(
    request: HttpRequest, election: Election, *, before: int | None = None, attempt: Attempt | None = None
) -> HttpResponse:
    here, scope = reverse("error-reports", args=[election.slug]), request.user.scope
    closed = request.GET.get("saring") == "ditutup"
    if attempt:
        # What was not written stands first; it may have been closed meanwhile.
        before = attempt.report.pk + 1
        closed = ErrorReport.objects.filter(pk=attempt.report.pk, closed_at__isnull=False).exists()
    found, following = error_reports.page(request.user, election, closed=closed, before=before)
    kept = {"saring": "ditutup"} if closed else {}
    context = {
        "election": election,
        "party_stylesheet": reverse("party-css", args=[election.slug]),
        "scope": scope,
        # One for the list: a question a row would be one a region.
        "zone": zone_of(list(Region.objects.ancestors_of(scope))),
        "reports": found,
        "closed": closed,
        "attempt": attempt,
        "answer_length": ANSWER_LENGTH,
        "filters": [
            (gettext("Terbuka"), here, not closed),
            (gettext("Sudah ditutup"), f"{here}?saring=ditutup", closed),
        ],
        "export_query": urlencode(kept),
        "first_url": f"{here}?{urlencode(kept)}" if before else "",
        "next_url": f"{here}?{urlencode(kept | {'sebelum': following})}" if following else "",
        "queue_url": reverse("verification-queue", args=[election.slug]),
    }
    return render(request, "error_reports/list.html", context, status=attempt.status if attempt else 200)
