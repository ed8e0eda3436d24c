"""The end of keeping personal data: which elections are due, a proposal, another person's yes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Role
from tallies.archive import retention
from tallies.archive.retention import RetentionRefused
from tallies.models import Election, Retention
from tallies.views.archive import election_context
from tallies.views.scopes import reader_scope

REFUSALS = {
    "too_early": _("Pemilihan ini belum cukup lama selesai, atau dibuka lagi."),
    "days": _("Jangka waktunya kurang dari batas paling sedikit."),
    "reason": _("Isi dasar hukumnya."),
    "own": _("Anda yang mengusulkan. Minta orang lain menyetujui."),
    "moved": _("Usulan ini sudah disetujui atau ditarik. Muat ulang halaman ini."),
    "known": _("Sudah ada usulan yang belum selesai untuk pemilihan ini."),
}


class ProposalForm(forms.Form):
    days = forms.IntegerField(label=_("Hari sejak pemilihan selesai"), max_value=36_500)
    reason = forms.CharField(
        label=_("Dasar hukum"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Undang-undang, peraturan atau keputusan, dengan nomornya."),
    )

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["days"].min_value = settings.RETENTION_MIN_DAYS  # type: ignore[attr-defined]
        self.fields["days"].widget.attrs["min"] = settings.RETENTION_MIN_DAYS
        self.fields["days"].help_text = gettext("Paling sedikit %(number)s.") % {
            "number": settings.RETENTION_MIN_DAYS
        }


@login_required
@require_safe
def elections(request: HttpRequest) -> HttpResponse:
    """The elections of which the reader holds all. 404 without a region, 403 below the provinsi and for who reads."""
    _refuse(request)
    rows = Election.objects.visible_to(request.user).order_by("-date", "-pk")[:100]
    listed = [
        {
            "election": one,
            "since": retention.closed_since(one),
            "is_due": retention.is_over(one, settings.RETENTION_MIN_DAYS),
        }
        for one in rows
        if retention.may_handle(request.user, one)
    ]
    acts = Retention.objects.filter(election__in=[one["election"].pk for one in listed])
    context = {
        "elections": listed,
        "acts": acts.select_related("election", "proposed_by", "confirmed_by", "withdrawn_by")[:50],
        "zone": request.user.scope.zone,
        "days": settings.RETENTION_MIN_DAYS,
    }
    return render(request, "archive/retention.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, slug: str) -> HttpResponse:
    """How many people, what goes, what stays; the proposal on POST. 404 unless the election is wholly theirs."""
    election = _election(request, slug)
    form = ProposalForm(request.POST or None, initial={"days": settings.RETENTION_MIN_DAYS})
    if request.method == "POST" and form.is_valid():
        try:
            retention.propose(election, by=request.user, **form.cleaned_data)
        except RetentionRefused as refused:
            form.add_error("days" if refused.code in ("days", "too_early") else "reason", REFUSALS[refused.code])
        else:
            messages.success(request, gettext("Usulan dicatat. Orang lain harus menyetujuinya."))
            return redirect("retention-election", slug)
    act = Retention.objects.filter(election=election, withdrawn_at=None, done_at=None).first()
    days = act.days if act else settings.RETENTION_MIN_DAYS
    context = {
        **election_context(election),
        "form": form,
        "act": act,
        "is_own": act is not None and act.proposed_by_id == request.user.pk,
        "since": retention.closed_since(election),
        "is_due": retention.is_over(election, days),
        "people": retention.candidates(election, days).count(),
        "erased": act.erased.count() if act else 0,  # type: ignore[attr-defined]
        "min_days": settings.RETENTION_MIN_DAYS,
        "zone": request.user.scope.zone,
    }
    return render(request, "archive/retention_election.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def confirm(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Another person than who proposed it says yes; the work begins beside the requests."""
    found = get_object_or_404(Retention, election=_election(request, slug), pk=pk)
    return _told(
        request, slug, lambda: retention.confirm(found, by=request.user), gettext("Disetujui. Penghapusan dimulai.")
    )


@login_required
@require_POST
def withdraw(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """A proposal that nobody confirmed is taken back; it stays in the list."""
    found = get_object_or_404(Retention, election=_election(request, slug), pk=pk)
    return _told(request, slug, lambda: retention.withdraw(found, by=request.user), gettext("Usulan ditarik."))


def _told(request: HttpRequest, slug: str, act: Any, sentence: str) -> HttpResponse:
    try:
        act()
    except RetentionRefused as refused:
        messages.error(request, str(REFUSALS[refused.code]))
    else:
        messages.success(request, sentence)
    return redirect("retention-election", slug)


def _refuse(request: HttpRequest) -> None:
    reader_scope(request)
    user = request.user
    if not (user.is_superuser or (user.may_decide and user.role == Role.PROVINCE_STAFF)):
        raise PermissionDenied


def _election(request: HttpRequest, slug: str) -> Election:
    _refuse(request)
    election = get_object_or_404(Election.objects.visible_to(request.user), slug=slug)
    if not retention.may_handle(request.user, election):
        raise Http404
    return election
