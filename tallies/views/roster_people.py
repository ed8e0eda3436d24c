"""Who stands by, who follows the recap of each kecamatan, and who sits in the count room when."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import enrolling
from accounts.models import User
from regions.models import Level, Region
from sista.templatetags.formats import clock_short
from tallies.models import Reserve, Shift
from tallies.roster import candidates, district_witnesses, reserves, shifts
from tallies.views.official import MOMENTS
from tallies.views.roster import Here, find, is_key
from tallies.views.roster_acts import typed, witness_or_404, wrong_with

#: As many as a page shows; who wants the rest opens a kecamatan.
MOST = 300
_PAGE = ["GET", "HEAD", "POST"]


# Reserves


@never_cache
@login_required
@require_http_methods(_PAGE)
def reserves_page(request: HttpRequest, slug: str, code: str) -> HttpResponse:
    """Who stands by in a place. A POST names ``orang``, or ``nama`` and ``telepon``, for the ``tempat``."""
    here = _desk(request, slug, code)
    form: dict[str, Any] = {"errors": {}}
    if request.method == "POST":
        done = _name_reserve(request, here, form)
        if done is not None:
            return done
    search = " ".join(request.GET.get("cari", "").replace("\0", "").split())[:80]
    regency = here.at(Level.REGENCY)
    found = candidates.called(request.user, regency, search) if search and regency else []
    rows = list(reserves.standing_by(here.election, here.region)[: MOST + 1])
    context = {
        "rows": rows[:MOST],
        "has_more": len(rows) > MOST,
        "offered": _offered(here),
        "search": search,
        "found": found,
        "form": form,
    }
    return render(request, "roster/reserves.html", here.context | context, status=400 if form["errors"] else 200)


def _offered(here: Here) -> list[Region]:
    """Where somebody can stand by: here, and right below; in a kabupaten its kecamatan."""
    below = list(Region.objects.filter(parent=here.region).order_by("first"))
    return below if here.region.level == Level.REGENCY else [here.region, *below]


def _name_reserve(request: HttpRequest, here: Here, form: dict[str, Any]) -> HttpResponse | None:
    _refuse_closed(here)
    places = {place.code: place for place in _offered(here)}
    place = places.get(request.POST.get("tempat", ""))
    if place is None:
        raise Http404
    form["place"] = place.code
    key = request.POST.get("orang", "")
    if key:
        person = witness_or_404(request, key)
    else:
        taken = _taken_in(request, form, place)
        if taken is None:
            return None
        person = taken
    try:
        reserves.name(here.election, place, person, by=request.user)
    except reserves.NotAReserve:
        form["errors"]["full_name"] = _(
            "%(name)s sudah dikenal dengan peran lain dan tidak bisa menjadi cadangan."
        ) % {"name": person}
        return None
    said = _("%(name)s menjadi cadangan di %(place)s.") % {"name": person, "place": place.title}
    messages.success(request, said)
    return redirect("roster-reserves", here.election.slug, here.region.code)


def _taken_in(request: HttpRequest, form: dict[str, Any], place: Region) -> User | None:
    """The person who was typed, taken in at ``place``; None with what is wrong in ``form``."""
    name, phone = typed(request)
    form |= {"full_name": name, "phone": phone, "errors": wrong_with(name, phone)}
    if form["errors"]:
        return None
    try:
        return enrolling.enrol(name, phone, region=place, by=request.user)[0]
    except enrolling.PhoneTaken:
        form["errors"]["phone"] = _("Nomor ini milik orang dengan nama lain. Periksa nomor dan namanya.")
    except enrolling.MayNotEnrol:
        raise PermissionDenied from None
    return None


@never_cache
@login_required
@require_POST
def end_reserve(request: HttpRequest, pk: int) -> HttpResponse:
    rows = _own(request, Reserve)
    reserve = get_object_or_404(rows.select_related("person", "election", "region"), pk=pk)
    if reserves.end(reserve, by=request.user):
        messages.success(request, _("%(name)s tidak lagi menjadi cadangan.") % {"name": reserve.person})
    else:
        messages.info(request, _("%(name)s memang sudah tidak menjadi cadangan.") % {"name": reserve.person})
    place = _came_from(request, reserve.region)
    return redirect("roster-reserves", reserve.election.slug, place.code)


def _came_from(request: HttpRequest, region: Region) -> Region:
    """The page whose button was pressed, if it stands above ``region`` in the reader's own region."""
    above = Region.objects.ancestors_of(region).filter(level__gte=Level.REGENCY)
    asked = request.POST.get("dari", "").replace("\0", "")
    return above.filter(code=asked).first() or region


# Saksi PPK


@never_cache
@login_required
@require_http_methods(_PAGE)
def district_page(request: HttpRequest, slug: str, code: str) -> HttpResponse:
    """The witnesses of each kecamatan. A POST takes in ``nama`` and ``telepon`` for the ``tempat``."""
    here = _desk(request, slug, code)
    form: dict[str, Any] = {"errors": {}}
    found = district_witnesses.lines(here.region)
    if request.method == "POST":
        _refuse_closed(here)
        places = {line.district.code: line.district for line in found}
        district = places.get(request.POST.get("tempat", ""))
        if district is None:
            raise Http404
        form["place"] = district.code
        if _add_district_witness(request, district, form):
            return redirect("roster-districts", here.election.slug, here.region.code)
    context = {
        "lines": found,
        "missing": sum(not line.people for line in found),
        "form": form,
        "asked": request.GET.get("tempat", ""),
    }
    return render(request, "roster/districts.html", here.context | context, status=400 if form["errors"] else 200)


def _add_district_witness(request: HttpRequest, district: Region, form: dict[str, Any]) -> bool:
    name, phone = typed(request)
    form |= {"full_name": name, "phone": phone, "errors": wrong_with(name, phone)}
    if form["errors"]:
        return False
    try:
        person, is_new = district_witnesses.add(district, name, phone, by=request.user)
    except enrolling.PhoneTaken:
        form["errors"]["phone"] = _("Nomor ini milik orang dengan nama lain. Periksa nomor dan namanya.")
        return False
    except district_witnesses.HasAnotherRole as known:
        said = _("%(name)s sudah dikenal sebagai %(role)s dan tetap begitu. Minta staf DPD mengubah perannya.")
        form["errors"]["full_name"] = said % {"name": known.person, "role": known.person.get_role_display()}
        return False
    except enrolling.MayNotEnrol:
        raise PermissionDenied from None
    said = _("%(name)s menjadi saksi PPK %(place)s.") if is_new else _("%(name)s memang saksi PPK %(place)s.")
    messages.success(request, said % {"name": person, "place": district.title})
    return True


# The count room


@never_cache
@login_required
@require_http_methods(_PAGE)
def shifts_page(request: HttpRequest, slug: str, code: str) -> HttpResponse:
    """The hours of a count room. A POST plans ``mulai`` to ``selesai`` for the operator ``orang``."""
    here = _desk(request, slug, code)
    if here.region.level != Level.REGENCY:
        raise Http404
    form: dict[str, Any] = {"errors": {}}
    if request.method == "POST":
        _refuse_closed(here)
        if _plan(request, here, form):
            return redirect("roster-shifts", here.election.slug, here.region.code)
    now, planned = timezone.now(), shifts.planned(here.election, here.region)
    context = {
        "operators": list(shifts.operators_of(here.region)),
        "planned": [(shift, shifts.is_now(shift, now)) for shift in planned],
        "now": [shift for shift in planned if shifts.is_now(shift, now)],
        "form": form,
    }
    return render(request, "roster/shifts.html", here.context | context, status=400 if form["errors"] else 200)


def _plan(request: HttpRequest, here: Here, form: dict[str, Any]) -> bool:
    errors = form["errors"]
    key = request.POST.get("orang", "")
    person = shifts.operators_of(here.region).filter(pk=key).first() if is_key(key) else None
    if person is None:
        errors["person"] = _("Pilih operator kabupaten/kota ini.")
    zone = ZoneInfo(here.zone)
    begins, ends = (_moment(request.POST.get(name, ""), zone) for name in ("mulai", "selesai"))
    form |= {"chosen": key, "begins": request.POST.get("mulai", ""), "ends": request.POST.get("selesai", "")}
    if begins is None or ends is None:
        errors["hours"] = _("Isi tanggal dan jam mulai dan selesai.")
    if errors or person is None or begins is None or ends is None:
        return False
    try:
        shifts.plan(here.election, here.region, person, begins, ends, by=request.user)
    except shifts.WrongHours:
        errors["hours"] = _("Jam selesai harus sesudah jam mulai, paling lama 24 jam.")
        return False
    except shifts.Overlaps as other:
        said = _("%(name)s sudah punya giliran %(begins)s sampai %(ends)s. Batalkan dulu, atau pilih jam lain.")
        hours = {"begins": _said(other.shift.begins_at, zone), "ends": _said(other.shift.ends_at, zone)}
        errors["hours"] = said % {"name": person, **hours}
        return False
    messages.success(request, _("Giliran %(name)s tercatat.") % {"name": person})
    return True


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    """What was typed as date and time, in ``zone``; None for anything else."""
    for one in MOMENTS:
        try:
            found = datetime.strptime(text.strip().replace("T", " ")[:40], one)
        except ValueError:
            continue
        return found.replace(tzinfo=zone) if 2000 <= found.year <= 2100 else None
    return None


def _said(at: datetime, zone: ZoneInfo) -> str:
    return f"{formats.date_format(at.astimezone(zone), 'j M')} {clock_short(at, zone)}"


@never_cache
@login_required
@require_POST
def cancel_shift(request: HttpRequest, pk: int) -> HttpResponse:
    shift = get_object_or_404(_own(request, Shift).select_related("person", "election", "region"), pk=pk)
    if shifts.cancel(shift, by=request.user):
        messages.success(request, _("Giliran %(name)s dibatalkan.") % {"name": shift.person})
    else:
        messages.info(request, _("Giliran %(name)s memang sudah dibatalkan.") % {"name": shift.person})
    return redirect(reverse("roster-shifts", args=[shift.election.slug, shift.region.code]))


# What they share


def _desk(request: HttpRequest, slug: str, code: str) -> Here:
    """A kabupaten, a kecamatan or a desa of who may decide: names stand here."""
    here = find(request, slug, code)
    if not request.user.may_decide:
        raise PermissionDenied
    if here.region.level < Level.REGENCY:
        raise Http404
    return here


def _refuse_closed(here: Here) -> None:
    if not here.may_act:
        raise PermissionDenied


def _own(request: HttpRequest, model: type[Reserve] | type[Shift]) -> Any:
    """Rows in the reader's region: 404 for who has none, 403 for who does not decide there."""
    if request.user.scope is None:
        raise Http404
    if not request.user.may_decide:
        raise PermissionDenied
    return model.objects.visible_to(request.user)
