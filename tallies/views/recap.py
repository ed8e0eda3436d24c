"""D.Hasil: where each role begins, what is in and what is missing, one recap, and the decision about it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from regions.models import Level, Region
from sista.keys import key_in
from tallies.intake import ACCEPTING_PHASES
from tallies.models import Election, Phase, RecapForm, RecapReading, RecapResult
from tallies.recap import comparison, listing, places, second_reading, settling, wording
from tallies.recap.counting import open_forms
from tallies.recap.pages import pages_of
from tallies.recap.places import RecapPlace
from tallies.recap.sheet import sheet_of

#: The most letters of a reason.
REASON_LENGTH = 500


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Where a role begins: a saksi PPK with the own kecamatan, an operator with what waits, others with the list."""
    user = request.user
    if places.is_recap_witness(user):
        return _witness_home(request)
    if user.may_type:
        return redirect("recap-readings")
    election = Election.objects.visible_to(user).first() if user.scope else None
    if election is None:
        if user.scope is None:
            raise Http404
        return redirect("results-home")  # which says what is missing
    return redirect("recaps", election.slug)


def _witness_home(request: HttpRequest) -> HttpResponse:
    region = request.user.region
    contests = places.contests_over(region).exclude(election__phase=Phase.PREPARATION)
    own = RecapForm.objects.visible_to(request.user).order_by("pk")
    newest = {form.contest_id: form for form in own}
    entries = [
        {
            "contest": contest,
            "form": newest.get(contest.pk),
            "state": fate_of(newest[contest.pk])["state"] if contest.pk in newest else "not_in",
            "is_open": contest.election.phase in ACCEPTING_PHASES,
        }
        for contest in contests
    ]
    return render(request, "recap/home.html", {"entries": entries, "region": region, "zone": region.zone})


def fate_of(form: RecapForm) -> dict[str, Any]:
    """What became of a version, for the person who entered it: a state, and the reason of a decision about it."""
    result = RecapResult.objects.filter(contest=form.contest_id, region=form.region_id).first()
    decision = form.decisions.order_by("-pk").first()
    counts = result is not None and result.form_id == form.pk
    # The review alone: whether another person said otherwise is for who sees both.
    state = str(result.review) if result is not None and counts else "kept"
    if decision is not None and decision.outcome == "rejected":
        state = "rejected"
    return {"state": state, "reason": decision.reason if decision else ""}


# What is in and what is missing


@login_required
@require_safe
def listed(request: HttpRequest, slug: str) -> HttpResponse:
    """List the recaps of the reader's region, ``?wilayah=`` narrows to one kabupaten of it; 404 for who has none."""
    scope = request.user.scope
    if scope is None:
        raise Http404
    election = get_object_or_404(Election.objects.visible_to(request.user), slug=slug)
    area = scope
    if code := request.GET.get("wilayah", "").replace("\0", ""):
        area = get_object_or_404(Region.objects.within(scope), code=code, level=Level.REGENCY)
    context: dict[str, Any] = {"area": area, "scope": scope, "may_enter": request.user.may_decide}
    if area.level == Level.REGENCY:
        context["contests"] = listing.recaps_of_regency(election, area)
        context["missing"] = sum(len(one.recaps) - one.count_in for one in context["contests"])
    else:
        context["regencies"] = listing.recaps_by_regency(election, area)
    context["waiting"] = second_reading.waiting_for(request.user).filter(contest__election=election).count()
    context["may_read"] = second_reading.may_read(request.user)
    return _page(request, "recap/list.html", election, context)


# One recap


@login_required
@require_safe
def recap(request: HttpRequest, contest_id: int, code: str) -> HttpResponse:
    """One D.Hasil: beside the C1s for who sees totals; a saksi PPK sees the own form. Else 404."""
    place = places.place_of(request.user, contest_id, code)
    if places.is_recap_witness(request.user):
        return _own(request, place)
    return _whole(request, place)


def _own(request: HttpRequest, place: RecapPlace) -> HttpResponse:
    form = places.forms_at(place, request.user).prefetch_related("columns__votes__pair").first()
    context = {
        "form": form,
        "sheet": sheet_of(place, [form]) if form else None,
        "pages": pages_of(form) if form else [],
        "fate": fate_of(form) if form else None,
    }
    return _place_page(request, "recap/own.html", place, context)


def _whole(request: HttpRequest, place: RecapPlace, *, refusal: str = "", status: int = 200) -> HttpResponse:
    result = RecapResult.objects.filter(contest=place.contest, region=place.region).first()
    counted = result.form if result is not None else None
    forms = list(places.forms_at(place, request.user).prefetch_related("columns__votes__pair", "decisions"))
    reading = RecapReading.objects.filter(form=counted).select_related("reader").first() if counted else None
    rivals = open_forms(result) if result is not None else []
    shown = [counted, *rivals] if counted is not None else rivals
    pairs = list(place.contest.pairs.all())
    read_form = counted if reading is not None and not reading.unreadable else None
    context = {
        "result": result,
        "counted": counted,
        "forms": forms,
        "reading": reading,
        "pairs": pairs,
        "lines": comparison.beside_c1(place, counted, pairs) if counted is not None else [],
        "photos": [(form, *page) for form in shown for page in pages_of(form)],
        "choices": choices_of(request.user, result, counted, rivals, reading),
        "difference": sheet_of(place, shown, reading if read_form is not None else None, only_differing=True),
        "may_settle": request.user.may_decide and place.contest.election.phase != Phase.CLOSED,
        "may_read": result is not None and second_reading.waiting_for(request.user).filter(pk=result.pk).exists(),
        "refusal": refusal,
        "reason": request.POST.get("alasan", ""),
        "reason_length": REASON_LENGTH,
    }
    return _place_page(request, "recap/recap.html", place, context, status)


def choices_of(
    user: Any, result: RecapResult | None, counted: RecapForm | None, rivals: list[RecapForm], reading: Any
) -> list[dict[str, Any]]:
    """What can be settled on: the version that counts, the open ones, what the second reader saw."""
    if result is None:
        return []
    found = [{"value": f"form:{one.pk}", "form": one, "is_own": one.submitted_by_id == user.pk} for one in rivals]
    if counted is not None and result.is_in:
        own = counted.submitted_by_id == user.pk
        found.insert(0, {"value": f"form:{counted.pk}", "form": counted, "is_own": own, "counts": True})
        if reading is not None and not reading.unreadable and reading.differing:
            own = reading.reader_id == user.pk
            found.append({"value": f"reading:{reading.pk}", "reading": reading, "is_own": own})
    return found


@login_required
@require_POST
def settle(request: HttpRequest, contest_id: int, code: str) -> HttpResponse:
    """Let a version stand, or reject it. Not on an old page, not without a reason, not about the own one."""
    place = places.place_of(request.user, contest_id, code)
    if places.is_recap_witness(request.user) or not request.user.may_decide:
        raise PermissionDenied
    kind, _colon, text = request.POST.get("pilihan", "").partition(":")
    key, seen = key_in(text), key_in(request.POST.get("seen", ""))
    reason = request.POST.get("alasan", "").replace("\0", "").strip()
    decide = {"tolak": settling.reject}.get(request.POST.get("tindakan", ""), settling.choose)
    versions = RecapForm.objects.filter(contest=place.contest, region=place.region)
    chosen: Any = versions.filter(pk=key).first() if kind == "form" and key else None
    if kind == "reading" and key and decide is settling.choose:
        chosen = RecapReading.objects.filter(pk=key, form__in=versions).select_related("form").first()
        decide = settling.adopt
    if chosen is None or seen is None:
        return _whole(request, place, refusal=wording.refusal("recap_choice_missing"), status=400)
    if len(reason) > REASON_LENGTH:
        return _whole(request, place, refusal=wording.refusal("recap_reason_long"), status=400)
    try:
        decide(chosen, by=request.user, seen=seen, reason=reason)
    except settling.SettlingRefused as refused:
        status = 400 if refused.code == "recap_reason_missing" else 409
        return _whole(request, place, refusal=wording.refusal(refused.code), status=status)
    messages.success(request, _("Keputusan tersimpan atas nama Anda. Semua versi tetap disimpan."))
    return redirect("recap", contest_id, code)


def _place_page(
    request: HttpRequest, template: str, place: RecapPlace, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    election = place.contest.election
    context |= {
        "place": place,
        "contest": place.contest,
        "region": place.region,
        "zone": place.region.zone,
        "is_open": election.phase in ACCEPTING_PHASES,
        "may_enter": places.may_enter(request.user, place.region),
    }
    return _page(request, template, election, context, status)


def _page(
    request: HttpRequest, template: str, election: Election, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    context |= {"election": election, "party_stylesheet": reverse("party-css", args=[election.slug])}
    return render(request, template, context, status=status)
