"""Letters of mandate one by one: the list, the check of a number, the end of a letter, another in its place."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from regions.models import Region
from sista.keys import key_in
from tallies import ending_mandates
from tallies.mandates import jobs, listing
from tallies.mandates.listing import State
from tallies.models import REASON_LENGTH, Election, Mandate, PageFormat, Phase, Printed
from tallies.views.scopes import acting_scope, reader_scope


class ReasonForm(forms.Form):
    """Why a letter ends."""

    reason = forms.CharField(
        label=_("Alasan"),
        max_length=REASON_LENGTH,
        help_text=_("Tersimpan bersama surat, misalnya: saksi mengundurkan diri."),
        error_messages={"required": _("Isi alasannya: siapa pun yang memeriksa surat ini akan membacanya.")},
    )


class ReplaceForm(ReasonForm):
    page_format = forms.ChoiceField(label=_("Ukuran"), choices=PageFormat.choices, initial=PageFormat.A4)


# Who may see them


def chosen_place(request: HttpRequest, scope: Region) -> Region:
    code = request.GET.get("wilayah", "").replace("\0", "")
    return Region.objects.within(scope).filter(code=code).select_related("parent").first() or scope


def chosen_election(request: HttpRequest, *, open_only: bool = False) -> tuple[Election | None, list[Election]]:
    """The one that ``?pemilihan=`` names, else the newest that is no practice; and all there are."""
    rows = Election.objects.visible_to(request.user)
    if open_only:
        rows = rows.exclude(phase=Phase.CLOSED)
    known = list(rows[:50])
    asked = request.GET.get("pemilihan", "")
    for election in known:
        if election.slug == asked:
            return election, known
    return next((one for one in known if one.practice_of_id is None), known[0] if known else None), known


# The list, and one letter


@login_required
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """List the letters of the reader's region, the newest first.

    ``?pemilihan=``, ``?wilayah=``, ``?keadaan=`` filter, ``?cari=`` finds a number or a name, ``?sebelum=`` pages.
    """
    scope = acting_scope(request)
    election, elections = chosen_election(request)
    place = chosen_place(request, scope)
    asked = request.GET.get("keadaan", "")
    state = State(asked) if asked in list(State) else State.ALL
    search = " ".join(request.GET.get("cari", "").split())[:80]
    before = key_in(request.GET.get("sebelum", ""))
    page = listing.Page((), None)
    if election:
        page = listing.page(request.user, election, place, state=state, search=search, before=before)
    said = {
        "pemilihan": election.slug if election and len(elections) > 1 else "",
        "wilayah": place.code if place != scope else "",
        "keadaan": state,
        "cari": search,
    }

    def address(**changes: Any) -> str:
        return f"{request.path}?{urlencode({name: value for name, value in (said | changes).items() if value})}"

    context = {
        "election": election,
        "elections": elections,
        "scope": scope,
        "place": place,
        "state": state,
        "search": search,
        "rows": page.rows,
        "filters": [(label, address(keadaan=one), one == state) for one, label in listing.STATE_LABELS.items()],
        "is_filtered": state != State.ALL or search or place != scope,
        "first_url": address() if before else "",
        "next_url": address(sebelum=page.next) if page.next else "",
        "zone": scope.zone,
    }
    return render(request, "mandates/list.html", context)


@login_required
@require_safe
def check(request: HttpRequest) -> HttpResponse:
    """Say whether the number on a paper is valid, to who sees its station; ``?nomor=``.

    A number of another kabupaten is answered as one that was never given.
    """
    scope = reader_scope(request)
    text = request.GET.get("nomor", "").replace("\0", "").strip()[:60]
    found = listing.check(request.user, text) if text else None
    context = {"text": text, "found": found, "is_number": found is not None, "scope": scope, "zone": scope.zone}
    return render(request, "mandates/check.html", context)


@never_cache
@login_required
@require_safe
def letter(request: HttpRequest, pk: int) -> HttpResponse:
    """One letter with its end, and, for who acts here, the ways to end or replace it."""
    scope = reader_scope(request)
    return _letter_page(request, _letter(request, pk), scope)


def _letter_page(
    request: HttpRequest, mandate: Mandate, scope: Region, status: int = 200, **attempts: forms.Form
) -> HttpResponse:
    context = {
        "mandate": mandate,
        "station": mandate.assignment.station,
        "election": mandate.election,
        "may_act": request.user.may_decide and mandate.is_valid and mandate.election.phase != Phase.CLOSED,
        "revoke_form": ReasonForm(prefix="cabut"),
        "replace_form": ReplaceForm(prefix="ganti"),
        "zone": scope.zone,
    }
    return render(request, "mandates/letter.html", context | attempts, status=status)


@login_required
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End a letter: the assignment stays. Pressed twice, or after another did, nothing changes."""
    scope = acting_scope(request)
    mandate = _letter(request, pk)
    form = ReasonForm(request.POST, prefix="cabut")
    if not form.is_valid():
        return _letter_page(request, mandate, scope, status=400, revoke_form=form)
    if ending_mandates.end([mandate], by=request.user, reason=form.cleaned_data["reason"]):
        messages.success(request, gettext("Surat %(number)s dicabut.") % {"number": mandate.number})
    else:
        messages.info(request, gettext("Surat %(number)s sudah tidak berlaku.") % {"number": mandate.number})
    return redirect("mandate", pk)


@login_required
@require_POST
def replace(request: HttpRequest, pk: int) -> HttpResponse:
    """Have another letter printed in the place of a valid one; this one ends when that one is ready."""
    scope = acting_scope(request)
    mandate = _letter(request, pk)
    form = ReplaceForm(request.POST, prefix="ganti")
    if not form.is_valid():
        return _letter_page(request, mandate, scope, status=400, replace_form=form)
    if not mandate.is_valid or mandate.assignment.revoked_at:
        messages.info(request, gettext("Surat %(number)s sudah tidak berlaku.") % {"number": mandate.number})
        return redirect("mandate", pk)
    try:
        batch = jobs.ask(
            mandate.election,
            mandate.assignment.station.region,
            by=request.user,
            origin=request.build_absolute_uri("/"),
            page_format=form.cleaned_data["page_format"],
            printed=Printed.ALL,
            assignment=mandate.assignment,
            reason=form.cleaned_data["reason"],
        )
    except jobs.Refused:
        messages.error(request, gettext("Pemilihan ini sudah selesai. Surat tidak dicetak lagi."))
        return redirect("mandate", pk)
    if batch.made_by_id != request.user.pk:
        messages.info(request, gettext("%(name)s sedang menggantinya.") % {"name": batch.made_by})
        return redirect("mandate", pk)
    return redirect("mandate-batch", batch.uuid)


def _letter(request: HttpRequest, pk: int) -> Mandate:
    found: Mandate = get_object_or_404(listing.one(request.user), pk=pk)
    return found
