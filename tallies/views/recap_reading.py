"""The second reading of a D.Hasil: what waits, the photos with blind boxes, and a photo."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tallies import intake
from tallies.models import Election, RecapForm
from tallies.recap import pages, places, second_reading, wording
from tallies.recap.entry import RecapSheet
from tallies.views.conditional import known_etags
from tallies.views.photos import FRESH_SECONDS, SHA256, stored_copy

REASON_LENGTH = 500


@login_required
@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """The recaps that wait for a second reader who may be the reader of this page. No figures. Else 404."""
    if not second_reading.may_read(request.user):
        raise Http404
    results = list(second_reading.waiting_for(request.user))
    here = request.user.scope or request.user.region
    newest = Election.objects.touching(here).first() if here else None
    election = results[0].contest.election if results else newest
    return render(request, "recap/waiting.html", {"results": results, "election": election})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def read(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The photos of one recap and empty boxes. Nothing on the page is made from its figures."""
    form = get_object_or_404(_forms(request.user), uuid=uuid)
    place = places.whole(form.contest, form.region)
    if request.method == "POST":
        return _read(request, form, RecapSheet(request.POST, place=place))
    if not second_reading.waiting_for(request.user).filter(form=form).exists():
        return _late(request, "recap_not_waiting")
    return _page(request, form, RecapSheet(place=place))


def _forms(user: Any) -> QuerySet[RecapForm]:
    """The versions of the reader's region, of which one who comes late is told more than 404."""
    here = user.scope if user.may_decide else (user.region if user.may_type else None)
    if here is None:
        return RecapForm.objects.none()
    forms = RecapForm.objects.filter(region__first__range=(here.first, here.last))
    return forms.select_related("contest__election", "contest__region", "region")


def _read(request: HttpRequest, form: RecapForm, sheet: RecapSheet) -> HttpResponse:
    unreadable = request.POST.get("alasan", "").replace("\0", "").strip()
    cannot = request.POST.get("step") == "unreadable"
    if cannot and not 0 < len(unreadable) <= REASON_LENGTH:
        code = "recap_reason_long" if unreadable else "recap_unreadable_missing"
        return _page(request, form, sheet, refusal=wording.refusal(code), status=400, failed=True)
    is_valid = sheet.is_valid()
    if not is_valid and (not cannot or sheet["uuid"].errors):
        return _page(request, form, sheet, status=400)
    try:
        read = second_reading.read(
            form,
            {} if cannot else sheet.columns,
            by=request.user,
            uuid=sheet.cleaned_data["uuid"],
            unreadable=unreadable if cannot else "",
        )
    except second_reading.ReadingRefused as refused:
        return _late(request, refused.code)
    except intake.IntakeRefused as refused:
        return _page(request, form, sheet, refusal=wording.refusal(refused.code), status=409)
    if read.reading.unreadable:
        messages.success(request, _("Tersimpan. Koordinator memeriksa fotonya."))
    else:
        messages.success(request, _("Bacaan tersimpan."))
    return redirect("recap-readings")


def _late(request: HttpRequest, code: str) -> HttpResponse:
    messages.warning(request, wording.refusal(code))
    return redirect("recap-readings")


def _page(
    request: HttpRequest,
    form: RecapForm,
    sheet: RecapSheet,
    *,
    refusal: str = "",
    status: int = 200,
    failed: bool = False,
) -> HttpResponse:
    election = form.contest.election
    context = {
        "form": form,
        "place": sheet.place,
        "region": form.region,
        "contest": form.contest,
        "election": election,
        "party_stylesheet": reverse("party-css", args=[election.slug]),
        "entry": sheet,
        "rows": sheet.table(),
        "photos": [(form, *page) for page in pages.pages_of(form)],
        "refusal": refusal,
        "failed": failed,
        "reason_length": REASON_LENGTH,
    }
    return render(request, "recap/reading.html", context, status=status)


@login_required
@require_safe
def photo(request: HttpRequest, uuid: UUID, sha256: str) -> HttpResponse:
    """A photo of a version, to who sees that version and to its second reader while it waits; else 404."""
    if not SHA256.fullmatch(sha256) or not pages.may_show(request.user, uuid, sha256):
        raise Http404
    etag = f'"{sha256}"'
    response = HttpResponseNotModified() if etag in known_etags(request) else stored_copy(sha256)
    response["ETag"] = etag
    patch_cache_control(response, private=True, max_age=FRESH_SECONDS)
    return response
