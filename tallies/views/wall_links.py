"""Who sees the figures of a region makes its links for big screens here, and ends them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from regions.models import Region
from sista.keys import key_in
from tallies.models import WALL_NAME_LENGTH, Election, Office, Phase, WallLink
from tallies.totals import wall_links
from tallies.totals.places import place_of
from tallies.views.results import zone_of

#: Days a link may last; the first is what the form begins with.
DAYS = (3, 1, 7, 30)


class WallLinkForm(forms.Form):
    """What a new screen shows: one office of an election that is held in the maker's region."""

    shows = forms.ChoiceField(label=_("Yang diperlihatkan"))
    name = forms.CharField(
        label=_("Nama layar"),
        max_length=WALL_NAME_LENGTH,
        required=False,
        help_text=_("Untuk Anda sendiri, misalnya Aula lantai 2. Tidak tampil di layar."),
    )
    days = forms.TypedChoiceField(label=_("Berlaku selama"), coerce=int)
    language = forms.ChoiceField(label=_("Bahasa layar"), choices=settings.LANGUAGES)

    def __init__(self, data: Any = None, *, user: User, scope: Region) -> None:
        super().__init__(data, initial={"language": user.language})
        self.kinds = _kinds(user, scope)
        self.fields["shows"].choices = [(value, label) for value, (label, _election, _office) in self.kinds.items()]
        self.fields["days"].choices = [(days, _days(days)) for days in DAYS]

    @property
    def chosen(self) -> tuple[Election, str]:
        _label, election, office = self.kinds[self.cleaned_data["shows"]]
        return election, office


def _kinds(user: User, scope: Region) -> dict[str, tuple[str, Election, str]]:
    elections = Election.objects.visible_to(user).exclude(phase=Phase.CLOSED)
    return {
        f"{election.pk}-{office}": (f"{election.name} · {Office(office).label}", election, office)
        for election in elections
        for office in place_of(election, scope, "").offices
    }


def _days(number: int) -> str:
    return ngettext("%(number)s hari", "%(number)s hari", number) % {"number": number}


@login_required
@require_safe
def manage(request: HttpRequest) -> HttpResponse:
    """List the links of the reader's region and below, with a form for one more. ``?sebelum=`` pages."""
    scope = _scope(request)
    return _page(request, scope, WallLinkForm(user=request.user, scope=scope))


@never_cache
@login_required
@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Make a link for the reader's own region and show it, this once."""
    scope = _scope(request)
    form = WallLinkForm(request.POST, user=request.user, scope=scope)
    if not form.is_valid():
        return _page(request, scope, form, status=400)
    election, office = form.chosen
    given = form.cleaned_data
    made = wall_links.make(
        election,
        scope,
        office,
        lasts=timedelta(days=given["days"]),
        language=given["language"],
        name=given["name"],
        by=request.user,
    )
    return _shown_once(request, *made)


@never_cache
@login_required
@require_POST
def make_again(request: HttpRequest, pk: int) -> HttpResponse:
    """End a link and show a new one for the same place."""
    return _shown_once(request, *wall_links.make_again(_changeable(request, pk), by=request.user))


@never_cache
@login_required
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    link = _changeable(request, pk)
    if wall_links.revoke(link, by=request.user):
        messages.success(request, gettext("Tautan dicabut. Layar yang memakainya langsung kosong."))
    else:
        messages.info(request, gettext("Tautan itu sudah berakhir. Tidak ada yang berubah."))
    return redirect("wall-links")


def _scope(request: HttpRequest) -> Region:
    """The reader's region: 404 for who has none."""
    scope = request.user.scope
    if scope is None:
        raise Http404
    return scope


def _changeable(request: HttpRequest, pk: int) -> WallLink:
    """A link the reader may end: 404 outside the own region; who only reads ends none below it, 403."""
    scope = _scope(request)
    links = WallLink.objects.visible_to(request.user).select_related("election", "region")
    link = get_object_or_404(links, pk=pk)
    if link.region_id != scope.pk and not request.user.may_decide:
        raise PermissionDenied
    return link


def _page(request: HttpRequest, scope: Region, form: WallLinkForm, status: int = 200) -> HttpResponse:
    asked = request.GET.get("sebelum", "")
    before = key_in(asked)
    page = wall_links.page(request.user, before=before)
    here = reverse("wall-links")
    context = {
        "form": form,
        "scope": scope,
        "links": [(link, link.region_id == scope.pk or request.user.may_decide) for link in page.links],
        "first_url": here if before else "",
        "next_url": f"{here}?sebelum={page.next}" if page.next else "",
    }
    return _rendered(request, "wall/links.html", context, status)


def _shown_once(request: HttpRequest, link: WallLink, token: str) -> HttpResponse:
    url = request.build_absolute_uri(reverse("wall", args=[token]))
    return _rendered(request, "wall/link.html", {"link": link, "url": url})


def _rendered(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """The page, with the tabs of the one election that is on."""
    elections = Election.objects.visible_to(request.user).filter(practice_of=None).exclude(phase=Phase.CLOSED)[:2]
    zone = zone_of(list(Region.objects.ancestors_of(request.user.scope)))
    election = elections[0] if len(elections) == 1 else None
    return render(request, template, context | {"election": election, "zone": zone}, status=status)
