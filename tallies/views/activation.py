"""A coordinator hands out the links that activate the phones of witnesses."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import activation
from accounts.models import Activation, User
from accounts.views import safe_next
from regions.models import Level, Region
from tallies.models import Election, Phase
from tallies.station_place import StationPlace
from tallies.views.results import zone_of
from tallies.views.scopes import acting_scope
from tallies.witnesses import guard_phones
from tallies.witnesses.guard_phones import State
from tallies.witnesses.link_sheet import LinkSheet


@login_required
@require_safe
def phones(request: HttpRequest) -> HttpResponse:
    """List who guards a station in the reader's region, with the state of the phone.

    ``?keadaan=`` and ``?wilayah=`` filter, ``?cari=`` searches, ``?setelah=`` pages; a value they do not know does
    nothing.
    """
    scope = acting_scope(request)
    place = (
        Region.objects.within(scope).filter(code=request.GET.get("wilayah", "").replace("\0", "")).first() or scope
    )
    state = _state(request)
    search = " ".join(request.GET.get("cari", "").split())[:80]
    after = StationPlace.read(request.GET.get("setelah", ""))
    page = guard_phones.page(request.user, place, state=state, search=search, after=after)
    asked = {"keadaan": state, "wilayah": place.code if place != scope else "", "cari": search}

    def address(**changes: str) -> str:
        return f"{request.path}?{urlencode({name: value for name, value in (asked | changes).items() if value})}"

    context = {
        "scope": scope,
        "place": place,
        "above": place.parent if place != scope else None,
        "choices": _choices(place, scope),
        "state": state,
        "search": search,
        "filters": [(label, address(keadaan=one), one == state) for one, label in guard_phones.STATE_LABELS.items()],
        "rows": page.rows,
        "several_elections": len({row.assignment.station.election_id for row in page.rows}) > 1,
        "is_filtered": state != State.ALL or search or place != scope,
        "here": request.get_full_path(),
        "next_url": address(setelah=str(page.next)) if page.next else "",
        "elections": Election.objects.visible_to(request.user).exclude(phase=Phase.CLOSED),
        "export_query": address(wilayah="").partition("?")[2],
        "first_url": address() if after else "",
    }
    return _rendered(request, "activation/phones.html", context)


@never_cache
@login_required
@require_POST
def make_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a link and show it, this once; it is in no address, and nobody can ask for it again."""
    return _shown(request, _guard(request, pk), lost=False)


@never_cache
@login_required
@require_POST
def revoke_link(request: HttpRequest, pk: int) -> HttpResponse:
    witness = _guard(request, pk)
    if activation.revoke(witness, by=request.user):
        messages.success(request, _("Tautan %(name)s sudah dicabut.") % {"name": witness})
    else:
        messages.info(request, _("%(name)s tidak punya tautan yang terbuka.") % {"name": witness})
    return redirect(safe_next(request, "phones"))


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def lost_phone(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what becomes of a lost phone; a POST puts it out and shows a new link."""
    witness = _guard(request, pk)
    if request.method == "POST":
        return _shown(request, witness, lost=True)
    context = {
        "witness": witness,
        "row": guard_phones.phones_of(witness),
        "back": safe_next(request, "phones"),
    }
    return _rendered(request, "activation/lost.html", context)


def _shown(request: HttpRequest, witness: User, *, lost: bool) -> HttpResponse:
    back = safe_next(request, "phones")
    try:
        token = (activation.replace_lost if lost else activation.issue)(witness, by=request.user)
    except activation.GuardsElsewhere:
        said = _("%(name)s juga bertugas di luar wilayah Anda. Minta staf DPD yang membuat tautannya.")
        messages.error(request, said % {"name": witness})
        return redirect(back)
    except activation.NotActivatable:
        messages.error(request, _("%(name)s tidak masuk dengan PIN. Tautan tidak dibuat.") % {"name": witness})
        return redirect(back)
    return told_once(request, witness, token, lost=lost, back=back)


def told_once(request: HttpRequest, witness: User, token: str, *, lost: bool, back: str) -> HttpResponse:
    """The page that tells a new link; the answer to a POST that is never cached."""
    expires_at = Activation.objects.open().get(user=witness).expires_at
    url = request.build_absolute_uri(reverse("activate", args=[token]))
    context: dict[str, Any] = {
        "sheet": LinkSheet(witness, url, expires_at),
        "assignments": guard_phones.stations_of(request.user, witness),
        "lost": lost,
        "back": back,
    }
    return _rendered(request, "activation/link.html", context)


def _rendered(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """The page, with the tabs of the one election that is on."""
    elections = Election.objects.visible_to(request.user).filter(practice_of=None).exclude(phase=Phase.CLOSED)[:2]
    zone = zone_of(list(Region.objects.ancestors_of(request.user.scope)))
    election = elections[0] if len(elections) == 1 else None
    return render(request, template, context | {"election": election, "zone": zone})


def _guard(request: HttpRequest, pk: int) -> User:
    """A witness who guards a station in the reader's region, else 404."""
    acting_scope(request)
    return get_object_or_404(guard_phones.guards_of(request.user), pk=pk)


def _state(request: HttpRequest) -> State:
    asked = request.GET.get("keadaan", "")
    return State(asked) if asked in list(State) else State.ALL


def _choices(place: Region, scope: Region) -> list[Region]:
    """What the list of regions offers: what lies in ``place``, down to the kecamatan, or what lies beside it."""
    around = place if place.level < Level.DISTRICT else place.parent if place.level == Level.DISTRICT else None
    if around is None:  # a desa, from the page of a station
        around = Region.objects.ancestors_of(place).filter(level=Level.REGENCY).first() or scope
    return list(Region.objects.within(scope).filter(parent=around).order_by("first"))
