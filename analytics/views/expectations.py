"""Targets and expectations of an election: what is stated, what is in force, and making one from an earlier one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Role
from analytics.expectations import choosing, earlier_returns, listing, making
from analytics.expectations.carrying import DEFAULT_SWING
from analytics.models import Expectation, Target
from regions.models import Region
from sista.keys import key_in
from tallies.models import Contest, Election, Office, Pair
from tallies.views.results import zone_of

DISTRICTS_A_PAGE = 100


# What is stated


@login_required
@require_safe
def expectations(request: HttpRequest, slug: str) -> HttpResponse:
    """List the contests of the reader's region with the target and the expectation in force."""
    election, scope = election_of(request, slug)
    lines = listing.contest_lines(election, scope)
    context = {"lines": lines, "scope": scope, "may_state": may_state(request.user)}
    return _page(request, election, "analytics/expectations.html", context)


@login_required
@require_safe
def contest(request: HttpRequest, slug: str, contest_id: int) -> HttpResponse:
    """Show every target and expectation of a contest; of one, in force or ``?harapan=``, the kecamatan."""
    one = contest_of(request, slug, contest_id)
    stated = listing.statements(one)
    asked = key_in(request.GET.get("harapan", ""))
    shown = next((row for row in stated if (row.pk == asked if asked is not None else row.is_active)), None)
    if asked is not None and shown is None:
        raise Http404
    context = {
        "contest": one,
        "pair": Pair.objects.filter(contest=one, usungan=True).first(),
        "targets": Target.objects.filter(contest=one).order_by("-is_active", "-stated_on", "-pk"),
        "stated": stated,
        "shown": shown,
        "may_state": may_state(request.user),
        "zone": zone_of(list(Region.objects.ancestors_of(one.region))),
    }
    if shown is not None:
        shown.contest = one
        page = Paginator(listing.district_rows(shown), DISTRICTS_A_PAGE).get_page(request.GET.get("halaman"))
        context |= {"page": page, "places": [listing.PlaceLine(row) for row in page]}
    return _page(request, one.election, "analytics/contest_expectations.html", context)


# Made from an earlier election


class EarlierForm(forms.Form):
    """Which earlier election, whom in it, and on which move the spread is measured."""

    dari = forms.ChoiceField(label=_("Pemilihan lalu dan paslon kita waktu itu"))
    ukur = forms.ChoiceField(
        label=_("Ukur sebaran dari pergeseran sejak"),
        required=False,
        help_text=_("Pemilihan yang lebih lama lagi. Tanpa itu dipakai sebaran baku."),
    )

    def __init__(self, data: Any, *, contest: Contest) -> None:
        super().__init__(data)
        self.earlier = {one.pk: one for one in earlier_returns.earlier_elections(contest)}
        self.sources = _sources(contest, list(self.earlier.values()))
        self.fields["dari"].choices = [("", gettext("Pilih")), *((key, one[0]) for key, one in self.sources.items())]
        measured = [(str(one.pk), one.name) for one in self.earlier.values()]
        self.fields["ukur"].choices = [("", gettext("Tidak diukur")), *measured]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        before = self.earlier.get(key_in(cleaned.get("ukur", "")) or 0)
        if before and cleaned.get("dari") and before.date >= self.sources[cleaned["dari"]][1].date:
            self.add_error("ukur", gettext("Pilih pemilihan yang lebih lama daripada pemilihan lalu."))
        return cleaned

    @property
    def wishes(self) -> dict[str, Any]:
        """What `making.make_from_earlier` is asked for."""
        _label, earlier, office, pair = self.sources[self.cleaned_data["dari"]]
        before = self.earlier.get(key_in(self.cleaned_data["ukur"]) or 0)
        return {"earlier": earlier, "office": office, "earlier_pair": pair, "measured_on": before}


def _sources(contest: Contest, earlier: list[Election]) -> dict[str, tuple[str, Election, str, Pair | None]]:
    """What may be chosen: whom we supported then, by office, and each pair of a contest that covers all places."""
    found: dict[str, tuple[str, Election, str, Pair | None]] = {}
    for election in earlier:
        for office in earlier_returns.offices_of(contest, election):
            label = gettext("%(election)s · %(office)s · paslon usungan") % {
                "election": election.name,
                "office": Office(office).label,
            }
            found[f"{election.pk}-{office}"] = (label, election, office, None)
        covering = Contest.objects.filter(
            election=election, region__first__lte=contest.region.first, region__last__gte=contest.region.last
        )
        for pair in Pair.objects.filter(contest__in=covering, usungan=False).select_related("contest"):
            label = f"{election.name} · {pair.contest.get_office_display()} · {pair}"
            found[f"p{pair.pk}"] = (label, election, pair.contest.office, pair)
    return found


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def make(request: HttpRequest, slug: str, contest_id: int) -> HttpResponse:
    """Choose an earlier election (GET), see what it would give (GET with ``dari``), make it (POST)."""
    one = contest_of(request, slug, contest_id)
    require_may_state(request.user)
    asked = request.POST if request.method == "POST" else request.GET if "dari" in request.GET else None
    form = EarlierForm(asked, contest=one)
    draft, refused = None, ""
    if form.is_bound and form.is_valid():
        try:
            if request.method == "POST":
                made = making.make_from_earlier(one, **form.wishes, by=request.user)
                messages.success(request, gettext("Harapan dibuat dan berlaku. Yang lama tetap tersimpan."))
                return redirect(f"{reverse('contest-expectations', args=[slug, one.pk])}?harapan={made.pk}")
            draft = making.draft_from_earlier(one, **form.wishes)
        except making.NotOurs:
            refused = gettext("Kontes ini belum punya paslon usungan.")
        except making.NothingEarlier:
            refused = gettext("Pemilihan itu tidak punya suara paslon kita di tempat-tempat ini.")
    context = {"contest": one, "form": form, "draft": draft, "refused": refused, "default_swing": DEFAULT_SWING}
    status = 400 if form.is_bound and not form.is_valid() else 200
    return _page(request, one.election, "analytics/expectation_make.html", context, status=status)


@login_required
@require_POST
def activate(request: HttpRequest, slug: str, contest_id: int) -> HttpResponse:
    """Let another expectation of the contest be in force."""
    one = contest_of(request, slug, contest_id)
    require_may_state(request.user)
    rows = Expectation.objects.filter(contest=one)
    chosen = get_object_or_404(rows, pk=key_in(request.POST.get("harapan", "")) or 0)
    if choosing.activate(chosen, by=request.user):
        messages.success(request, gettext("Harapan ini sekarang berlaku."))
    else:
        messages.info(request, gettext("Harapan ini sudah berlaku. Tidak ada yang berubah."))
    return redirect("contest-expectations", slug, one.pk)


# Who may


def may_state(user: Any) -> bool:
    """DPD states what is expected; the DPP and a DPC read it."""
    return user.is_active and (user.is_superuser or user.role == Role.PROVINCE_STAFF)


def require_may_state(user: Any) -> None:
    if not may_state(user):
        raise PermissionDenied


def election_of(request: HttpRequest, slug: str) -> tuple[Election, Region]:
    scope = request.user.scope
    if scope is None:
        raise Http404
    return get_object_or_404(Election.objects.visible_to(request.user), slug=slug), scope


def contest_of(request: HttpRequest, slug: str, contest_id: int) -> Contest:
    """A contest that lies in the reader's region; else 404. Of a wider one others decide what is expected."""
    election, scope = election_of(request, slug)
    return get_object_or_404(listing.contests_within(election, scope), pk=contest_id)


def _page(
    request: HttpRequest, election: Election, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    frame = {"election": election, "party_stylesheet": reverse("party-css", args=[election.slug])}
    return render(request, template, frame | context, status=status)
