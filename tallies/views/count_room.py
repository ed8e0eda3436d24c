"""The count room: an operator reads the next photo, blind.

Nothing that leaves this module comes from the form that is read but its
photos, for as long as the operator holds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sista.keys import key_in
from tallies.count_room import claims, own_readings, readings
from tallies.count_room.reading_form import MAX_KEY, PageForm, ReadingForm, ReportForm
from tallies.count_room.reading_page import ReadingPage, seconds_left
from tallies.count_room.readings import NotClaimed, ReadingRefused
from tallies.models import Election, Finding, Reading, ReadingClaim, ReadingMode, StationResult
from tallies.views.photos import SHA256, stored_copy
from tallies.wording_refusals import refusal_sentence

#: A browser shows its own copy of a photo this long; it is meant for the page that is open.
PHOTO_SECONDS = 60


@dataclass(frozen=True)
class Report:
    """A photo that cannot be read: its key, its button, and what follows."""

    key: str
    finding: Finding
    label: Any
    consequence: Any


REPORTS = (
    Report("F6", Finding.UNREADABLE, _lazy("Tidak terbaca"), _lazy("Saksi diminta mengirim foto baru.")),
    Report("F7", Finding.WRONG_STATION, _lazy("Salah TPS"), _lazy("Koordinator mencari TPS yang benar.")),
    Report("F8", Finding.NOT_C1, _lazy("Bukan C1"), _lazy("Koordinator memeriksa fotonya.")),
    Report("F9", Finding.DUPLICATE, _lazy("Foto ganda"), _lazy("Koordinator membandingkan kedua foto.")),
)


def for_readers(view: Any) -> Any:
    """Operators only; for everybody else there is no such address. Nothing of it is kept by a browser."""

    @wraps(view)
    @login_required
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not claims.may_read(request.user):
            raise Http404
        response = view(request, *args, **kwargs)
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_store=True)
        return response

    return guarded


def _election(request: HttpRequest, slug: str) -> Election:
    return get_object_or_404(claims.elections_for(request.user), slug=slug)


def _shown_count(number: int) -> dict[str, Any]:
    """A count that stops somewhere: the number, and whether there are more."""
    return {"number": min(number, claims.COUNTED), "more": number > claims.COUNTED}


# The way in


@require_safe
@for_readers
def home(request: HttpRequest) -> HttpResponse:
    """The elections of the reader; a single one is opened at once."""
    elections = list(claims.elections_for(request.user))
    if len(elections) == 1:
        return redirect("reading", elections[0].slug)
    waiting = [(election, _shown_count(claims.waiting(request.user, election))) for election in elections]
    return render(request, "count_room/home.html", {"elections": waiting})


# The photo


@require_safe
@for_readers
def photo(request: HttpRequest, form_id: int, sha256: str) -> HttpResponse:
    """A page of the form that the reader holds now; 404 for any other, and when the time is over."""
    is_address = SHA256.fullmatch(sha256) and form_id <= MAX_KEY
    claim = claims.holding(request.user, form_id) if is_address else None
    if claim is None or not claims.pages_of(claim).filter(sha256=sha256).exists():
        raise Http404
    response = stored_copy(sha256)
    patch_cache_control(response, private=True, max_age=PHOTO_SECONDS)
    return response


# The reading


@dataclass(frozen=True)
class Notice:
    """What became of the page that was sent, said over the next one. ``kind`` as in `_alert.html`."""

    kind: str
    bold: str
    text: str = ""


@require_http_methods(["GET", "POST"])
@for_readers
def read(request: HttpRequest, slug: str) -> HttpResponse:
    """The next photo with its boxes. A POST stores what was read and answers with the next one.

    A script that exchanges the page in place says so and gets it at once;
    without scripts the answer leads to it.
    """
    election = _election(request, slug)
    if request.method == "GET":
        return _next(request, election)
    sent = PageForm(request.POST)
    if not sent.is_valid():
        raise BadRequest("uuid or form is missing")
    key, form_id = sent.cleaned_data["uuid"], sent.cleaned_data["form"]
    known, claim = _stored(request, key), None
    if known is None:
        claim = claims.renew(request.user, election, form_id)
    if claim is not None and claim.form_id != form_id:
        claim = None
    if claim is None:
        # Not yet stored a moment ago, and no longer held now: the same page was sent twice at once.
        known = known or _stored(request, key)
    if known is None and claim is None:
        return _go_on(request, election, _lost("not_claimed"))
    if "finding" in request.POST:
        return _report(request, election, claim)
    return _read(request, election, known, claim)


def _stored(request: HttpRequest, key: Any) -> Reading | None:
    return Reading.objects.filter(uuid=key, reader=request.user.pk).first()


def _read(
    request: HttpRequest, election: Election, known: Reading | None, claim: ReadingClaim | None
) -> HttpResponse:
    one: Any = known or claim
    asked = readings.asked_then(known) if known else readings.asked_fields(one)
    result = StationResult.objects.select_related("contest__election").get(pk=one.result_id)
    form = ReadingForm(request.POST, result=result, form_id=one.form_id, user=request.user, asked=asked)
    if form.is_valid():
        return _store(request, election, form.sent(request.POST.getlist("confirmed")))
    if known is None and _stored(request, form["uuid"].value()):
        return _go_on(request, election)
    if claim is None:
        return _go_on(request, election, _stored_before())
    return _page(request, election, claim, form=form, status=400)


def _report(request: HttpRequest, election: Election, claim: ReadingClaim | None) -> HttpResponse:
    form = ReportForm(request.POST)
    if "finding" in form.errors:
        raise BadRequest("finding is unknown")
    if form.is_valid():
        return _store(request, election, form.sent())
    if claim is None:
        return _go_on(request, election, _stored_before())
    notice = Notice("failed", _("Tidak tersimpan."), " ".join(form.errors["note"]))
    return _page(request, election, claim, notice=notice, status=400)


def _store(request: HttpRequest, election: Election, sent: readings.Sent) -> HttpResponse:
    try:
        reading = readings.read(sent, by=request.user)
    except NotClaimed as lost:
        return _go_on(request, election, _lost(lost.code))
    except ReadingRefused as refused:
        if refused.code == "key_reused":
            return _go_on(request, election, _stored_before())
        return _go_on(request, election, Notice("failed", _("Tidak tersimpan."), refusal_sentence(refused.code)))
    if reading.finding == Finding.DIFFERS and reading.round == 1:
        return _go_on(request, election)
    return _go_on(request, election, Notice("saved", _("Tersimpan.")))


def _lost(code: str) -> Notice:
    return Notice("ask", "", refusal_sentence(code))


def _stored_before() -> Notice:
    text = _("Bacaan formulir itu sudah tersimpan sebelumnya. Perubahan sesudahnya tidak disimpan.")
    return Notice("inform", _("Sudah tersimpan."), text)


def _go_on(request: HttpRequest, election: Election, notice: Notice | None = None) -> HttpResponse:
    """The next photo: at once for a script, else by way of a redirect, so that a reload sends nothing again."""
    if _is_script(request):
        return _next(request, election, notice, status=200 if notice is None or notice.kind == "saved" else 409)
    if notice:
        level = {"ask": messages.WARNING, "failed": messages.ERROR, "saved": messages.SUCCESS}
        said = f"{notice.bold} {notice.text}".strip()
        messages.add_message(request, level.get(notice.kind, messages.INFO), said)
    return redirect("reading", election.slug)


def _is_script(request: HttpRequest) -> bool:
    return request.headers.get("X-Requested-With") == "fetch"


def _next(request: HttpRequest, election: Election, notice: Notice | None = None, status: int = 200) -> HttpResponse:
    claim = claims.take(request.user, election)
    if claim is None:
        return _show(request, election, {"notice": notice}, status)
    return _page(request, election, claim, notice=notice, status=status)


def _page(
    request: HttpRequest,
    election: Election,
    claim: ReadingClaim,
    *,
    form: ReadingForm | None = None,
    notice: Notice | None = None,
    status: int = 200,
) -> HttpResponse:
    page = ReadingPage(claim, user=request.user, form=form)
    return _show(request, election, {"page": page, "notice": notice, "reports": REPORTS}, status)


def _show(request: HttpRequest, election: Election, context: dict[str, Any], status: int) -> HttpResponse:
    # Beside a photo the count may be a little old; where nothing waits it is what the page is about.
    count = claims.waiting_lately if context.get("page") else claims.waiting
    context |= {
        "election": election,
        "party_stylesheet": reverse("party-css", args=[election.slug]),
        "waiting": _shown_count(count(request.user, election)),
        "today": own_readings.today(request.user, election),
        "reads_twice": election.reading_mode != ReadingMode.LOOK,
    }
    template = "count_room/_work.html" if _is_script(request) else "count_room/reading.html"
    return render(request, template, context, status=status)


# While one reads


@require_POST
@for_readers
def hold(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin the time of a claim anew; 409 when it is over."""
    election = _election(request, slug)
    form = key_in(request.POST.get("form", ""))
    if form is None:
        raise BadRequest("form is missing")
    claim = claims.renew(request.user, election, form)
    if claim is None or claim.form_id != form:
        return JsonResponse({}, status=409)
    return JsonResponse({"seconds": seconds_left(claim)})


@require_safe
@for_readers
def queue(request: HttpRequest, slug: str) -> HttpResponse:
    """Whether a photo can be read now, for a page on which none could. Takes none: nobody may sit there."""
    return JsonResponse({"ready": claims.may_take(request.user, _election(request, slug))})


# The own work


@require_safe
@for_readers
def own(request: HttpRequest, slug: str) -> HttpResponse:
    """What the reader did today; ``?sebelum=`` pages."""
    election = _election(request, slug)
    before = key_in(request.GET.get("sebelum", ""))
    page = own_readings.page(request.user, election, before=before)
    context = {
        "election": election,
        "party_stylesheet": reverse("party-css", args=[slug]),
        "zone": request.user.region.zone,
        "today": own_readings.today(request.user, election),
        "rows": page.rows,
        "next_url": f"{request.path}?sebelum={page.next}" if page.next else "",
        "first_url": request.path if before else "",
    }
    return render(request, "count_room/own.html", context)
