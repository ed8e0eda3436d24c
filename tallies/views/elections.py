"""The elections of a desk: which phase they are in, what it allows, who leads it on; and their practice."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from regions.models import Level, Region
from tallies import phases, practice
from tallies.models import Election, Phase, PhaseChange
from tallies.totals import rebuilding
from tallies.views.results import zone_of

#: Changes shown below an election.
SHOWN = 20

REFUSALS: dict[str, Promise] = {
    "not_yours": gettext_lazy("Fase pemilihan ini dipimpin staf DPD yang wilayahnya memuat semua kontesnya."),
    "no_step": gettext_lazy("Fase sudah berubah sejak Anda membuka halaman ini. Baca dahulu keadaannya sekarang."),
    "unmet": gettext_lazy("Belum dapat dibuka: lengkapi dahulu yang wajib di bawah ini."),
    "reason_missing": gettext_lazy("Tulis alasannya: mundur satu fase perlu alasan."),
    "already_proposed": gettext_lazy("Sudah ada usulan yang menunggu orang kedua. Putuskan dahulu yang itu."),
    "same_person": gettext_lazy("Orang kedua harus orang lain. Minta rekan Anda membuka halaman ini."),
    "decided": gettext_lazy("Usulan itu sudah diputuskan. Tidak ada yang berubah."),
    "moved": gettext_lazy("Fase sudah berubah sejak usulan dibuat. Tarik usulan ini, lalu ajukan lagi."),
    "nothing_there": gettext_lazy("Di wilayah itu belum ada TPS. Latihan dibuat dari TPS yang ada."),
    "too_large": gettext_lazy("Wilayah itu terlalu besar untuk satu latihan. Buat latihan per kabupaten/kota."),
    "at_once": gettext_lazy(
        "Orang lain membuat latihan di saat yang sama. Muat ulang halaman ini, lalu lihat daftarnya."
    ),
    "still_used": gettext_lazy("Latihan ini masih dipakai catatan lain. Tidak ada yang dihapus."),
    "name_differs": gettext_lazy("Nama yang Anda ketik berbeda. Tidak ada yang dihapus."),
}


@login_required
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """The elections that reach the reader's region, the newest first."""
    _scope(request)
    elections = Election.objects.visible_to(request.user).select_related("practice_of")[:100]
    return render(request, "elections/list.html", {"elections": elections})


@login_required
@require_safe
def election(request: HttpRequest, slug: str) -> HttpResponse:
    return _page(request, _election(request, slug))


@login_required
@require_POST
def propose(request: HttpRequest, slug: str) -> HttpResponse:
    """Propose a step (``to``, ``reason``); of a practice election it happens at once."""
    one = _election(request, slug)
    _require_desk(request, one)
    try:
        change = phases.propose(one, request.POST.get("to", ""), request.POST.get("reason", ""), by=request.user)
    except phases.PhaseRefused as refused:
        return _page(request, one, refused.code)
    if change.outcome:
        messages.success(request, _("Fase berubah."))
    else:
        messages.success(request, _("Usulan tersimpan. Fase berubah sesudah orang kedua menyetujuinya."))
    return redirect("election", slug)


@login_required
@require_POST
def decide(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Confirm a proposal (``answer=setuju``), or turn it down."""
    one = _election(request, slug)
    _require_desk(request, one)
    change = get_object_or_404(PhaseChange, pk=pk, election=one)
    answer = request.POST.get("answer")
    try:
        if answer == "setuju":
            phases.confirm(change, by=request.user)
            messages.success(request, _("Fase berubah."))
        elif answer == "tolak":
            phases.turn_down(change, by=request.user)
            messages.success(request, _("Usulan diakhiri. Fase tetap."))
        else:
            return _page(request, one, "decided", status=400)
    except phases.PhaseRefused as refused:
        return _page(request, one, refused.code)
    return redirect("election", slug)


@login_required
@require_POST
def practise(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a practice election from this one, for a region (``region``: its code) of the reader's."""
    one = _election(request, slug)
    if not practice.may_make(request.user, one):
        raise PermissionDenied
    region = get_object_or_404(Region.objects.visible_to(request.user), code=request.POST.get("region", ""))
    try:
        copy = practice.make(one, region, by=request.user)
    except practice.PracticeRefused as refused:
        return _page(request, one, refused.code)
    rebuilding.rebuild(copy)
    messages.success(request, _("Latihan siap: saksi yang ditugaskan melihatnya di ponsel sekarang."))
    return redirect("election", copy.slug)


@login_required
@require_POST
def remove(request: HttpRequest, slug: str) -> HttpResponse:
    """Delete a practice election, if its name was typed (``name``)."""
    one = _election(request, slug)
    if not practice.may_remove(request.user, one):
        raise PermissionDenied
    if " ".join(request.POST.get("name", "").split()) != one.name:
        return _page(request, one, "name_differs", status=400)
    try:
        practice.remove(one, by=request.user)
    except practice.PracticeRefused as refused:
        return _page(request, one, refused.code)
    messages.success(request, _("Latihan dihapus beserta isinya."))
    return redirect("elections")


def _scope(request: HttpRequest) -> Region:
    scope = request.user.scope
    if scope is None:
        raise Http404
    return scope


def _election(request: HttpRequest, slug: str) -> Election:
    _scope(request)
    return get_object_or_404(Election.objects.visible_to(request.user).select_related("practice_of"), slug=slug)


def _require_desk(request: HttpRequest, one: Election) -> None:
    if not phases.may_change(request.user, one):
        raise PermissionDenied


def _places(one: Election, scope: Region) -> list[Region]:
    """The regions right below the reader's that have stations, and the own one where it is small enough."""
    inside = one.stations.filter(region__first__range=(OuterRef("first"), OuterRef("last")))
    below = list(scope.children.filter(Exists(inside)).order_by("first"))
    return [scope, *below] if scope.level >= Level.REGENCY else below


def _page(request: HttpRequest, one: Election, refusal: str = "", status: int | None = None) -> HttpResponse:
    scope = _scope(request)
    changes = list(one.phase_changes.select_related("proposed_by", "decided_by")[:SHOWN])
    waiting = next((change for change in changes if not change.outcome), None)
    may_change = phases.may_change(request.user, one)
    steps = [
        {"phase": step, "is_forward": phases.ORDER.index(step) > phases.ORDER.index(Phase(one.phase))}
        for step in phases.steps_from(one.phase)
    ]
    context: dict[str, Any] = {
        "election": one,
        "phases": [(phase, phases.ALLOWS[phase], phase == one.phase) for phase in phases.ORDER],
        "steps": steps if may_change and waiting is None else [],
        "unmet": [need for step in phases.steps_from(one.phase) for need in phases.unmet(one, step)],
        "waiting": waiting,
        "changes": [change for change in changes if change.outcome],
        "may_change": may_change,
        "may_practise": practice.may_make(request.user, one),
        "may_remove": practice.may_remove(request.user, one),
        "places": _places(one, scope) if one.practice_of_id is None else [],
        "practices": one.practices.all()[:20],
        "refusal": REFUSALS.get(refusal, ""),
        "reason": request.POST.get("reason", ""),
        "zone": zone_of(list(Region.objects.ancestors_of(scope))),
    }
    return render(request, "elections/election.html", context, status=status or (409 if refusal else 200))
