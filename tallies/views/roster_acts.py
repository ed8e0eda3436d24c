"""What a coordinator does about one TPS: each a POST that says what was seen, answered by the page of its desa."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from accounts import enrolling
from accounts.models import User
from accounts.phone_numbers import may_be_answered, normalise
from tallies.models import Assignment, PollingStation
from tallies.roster import candidates, staffing, stations
from tallies.roster.stations import Row, View
from tallies.views import roster
from tallies.views.activation import told_once
from tallies.views.roster import Panel, is_key

NAME_LENGTH, PHONE_LENGTH = 120, 24


@never_cache
@login_required
@require_POST
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Have somebody guard the TPS: ``orang``, a key, or ``nama`` and ``telepon`` of a new one."""
    station = _station(request, pk)
    return _decided(request, station, lambda: _assign(request, station))


def _assign(request: HttpRequest, station: PollingStation) -> HttpResponse:
    seen = request.POST.get("seen", "")
    if request.POST.get("baru") == "1":
        asked = _new_person(request, station, "tugaskan", None)
        if asked is not None:
            return asked
        name, phone = typed(request)
        made, _new = staffing.assign_new(station, name, phone, seen=seen, by=request.user)
    else:
        person = _person(request, station)
        if person is None:
            return _nobody_chosen(request, station, "tugaskan", None)
        made = staffing.assign(station, person, seen=seen, by=request.user)
    said = _("%(name)s bertugas di %(station)s.") % {"name": made.witness, "station": station.title}
    messages.success(request, said)
    return redirect(_back(request, station))


@never_cache
@login_required
@require_POST
def replace(request: HttpRequest, pk: int) -> HttpResponse:
    """Have somebody else guard the TPS instead of ``saksi``; the answer tells the new one's link, this once."""
    station = _station(request, pk)
    return _decided(request, station, lambda: _replace(request, station))


@sensitive_variables("done")
def _replace(request: HttpRequest, station: PollingStation) -> HttpResponse:
    seen, old = request.POST.get("seen", ""), _assignment(request, station)
    if request.POST.get("baru") == "1":
        asked = _new_person(request, station, "ganti", old)
        if asked is not None:
            return asked
        done = staffing.replace_with_new(station, old, *typed(request), seen=seen, by=request.user)
    else:
        person = _person(request, station)
        if person is None:
            return _nobody_chosen(request, station, "ganti", old)
        done = staffing.replace(station, old, person, seen=seen, by=request.user)
    said = _("%(new)s menggantikan %(old)s di %(station)s.")
    messages.success(request, said % {"new": done.assignment.witness, "old": old.witness, "station": station.title})
    back = _back(request, station)
    if done.token is None:
        return redirect(back)
    return told_once(request, done.assignment.witness, done.token, lost=False, back=back)


@never_cache
@login_required
@require_POST
def keep(request: HttpRequest, pk: int) -> HttpResponse:
    """Of several witnesses keep ``saksi``, and take off the others."""
    station = _station(request, pk)
    if not is_key(request.POST.get("saksi", "")):
        messages.error(request, _("Pilih dulu satu saksi. Belum ada yang berubah."))
        return redirect(_back(request, station, tps=station.pk, aksi="pilih"))

    def act() -> HttpResponse:
        kept = _assignment(request, station)
        ended = staffing.keep_one(station, kept, seen=request.POST.get("seen", ""), by=request.user)
        said = ngettext(
            "%(name)s tetap di %(station)s. %(number)s saksi lain dilepas.",
            "%(name)s tetap di %(station)s. %(number)s saksi lain dilepas.",
            len(ended),
        )
        messages.success(request, said % {"name": kept.witness, "station": station.title, "number": len(ended)})
        return redirect(_back(request, station))

    return _decided(request, station, act)


@never_cache
@login_required
@require_POST
def take_off(request: HttpRequest, pk: int) -> HttpResponse:
    """End the assignment ``saksi``."""
    station = _station(request, pk)

    def act() -> HttpResponse:
        assignment = _assignment(request, station)
        staffing.take_off(station, assignment, seen=request.POST.get("seen", ""), by=request.user)
        said = _("%(name)s tidak lagi bertugas di %(station)s.")
        messages.success(request, said % {"name": assignment.witness, "station": station.title})
        return redirect(_back(request, station))

    return _decided(request, station, act)


# What they share


def _decided(request: HttpRequest, station: PollingStation, act: Callable[[], HttpResponse]) -> HttpResponse:
    """Answer of ``act``; where it was refused the page of the desa with what happened, and nothing changed."""
    try:
        return act()
    except staffing.Changed:
        messages.warning(request, _what_happened(stations.row_of(station)))
    except staffing.NotAWitness:
        messages.error(request, _("Orang ini bukan saksi TPS. Penugasan tidak berubah; pilih orang lain."))
    except staffing.ElectionClosed:
        messages.error(request, _("Pemilihan ini sudah selesai. Penugasan tidak berubah."))
    except enrolling.MayNotEnrol:
        raise PermissionDenied from None
    return redirect(_back(request, station))


def _what_happened(row: Row) -> str:
    """Who guards now and on whose word, for who looked at something older."""
    if not row.guards:
        return _(
            "%(station)s baru saja berubah: sekarang tanpa saksi. Pilihan Anda tidak dijalankan; lihat lagi."
        ) % {"station": row.station.title}
    last = row.guards[-1].assignment
    said = _(
        "%(station)s baru saja berubah: sekarang %(names)s, ditugaskan oleh %(by)s. "
        "Pilihan Anda tidak dijalankan; lihat lagi."
    )
    names = ", ".join(str(guard.person) for guard in row.guards)
    return said % {"station": row.station.title, "names": names, "by": last.assigned_by or "–"}


def _station(request: HttpRequest, pk: int) -> PollingStation:
    """A TPS in the reader's region, else 404; 403 for who sees it and does not decide."""
    if request.user.scope is None:
        raise Http404
    found = PollingStation.objects.visible_to(request.user)
    station = get_object_or_404(found.select_related("region__parent__parent", "election"), pk=pk)
    if not request.user.may_decide:
        raise PermissionDenied
    return station


def _assignment(request: HttpRequest, station: PollingStation) -> Assignment:
    """The assignment ``saksi`` of this TPS, ended or not; else 404."""
    key = request.POST.get("saksi", "")
    if not is_key(key):
        raise Http404
    return get_object_or_404(Assignment.objects.select_related("witness"), pk=key, station=station)


def _person(request: HttpRequest, station: PollingStation) -> User | None:
    """The witness ``orang`` whom the reader may assign; None when nobody was chosen, else 404."""
    key = request.POST.get("orang", "")
    return witness_or_404(request, key) if key else None


def witness_or_404(request: HttpRequest, key: str) -> User:
    """The witness of that key, whom the reader may assign."""
    found = candidates.assignable(request.user, User.objects.filter(pk=key)) if is_key(key) else []
    if not found:
        raise Http404
    return found[0]


def _back(request: HttpRequest, station: PollingStation, **query: Any) -> str:
    if request.POST.get("saring") == View.TROUBLED:
        query["saring"] = View.TROUBLED
    address = roster.address_of(station.election, station.region, **query)
    return f"{address}#{'tugas' if 'tps' in query else f'tps-{station.pk}'}"


def _nobody_chosen(request: HttpRequest, station: PollingStation, kind: str, old: Assignment | None) -> HttpResponse:
    messages.error(request, _("Pilih dulu satu orang. Belum ada yang berubah."))
    saksi = old.pk if old else None
    return redirect(_back(request, station, tps=station.pk, aksi=kind, saksi=saksi))


def typed(request: HttpRequest) -> tuple[str, str]:
    """Name and number as typed."""
    name = " ".join(request.POST.get("nama", "").replace("\0", "").split())
    return name, request.POST.get("telepon", "").replace("\0", "").strip()


def _new_person(
    request: HttpRequest, station: PollingStation, kind: str, old: Assignment | None
) -> HttpResponse | None:
    """The page with what is wrong with a new person, or that they are known and guard elsewhere; None to go on."""
    name, phone = typed(request)
    errors, known = wrong_with(name, phone), None
    if not errors:
        try:
            known = enrolling.known(name, phone)
        except enrolling.PhoneTaken:
            errors["phone"] = _("Nomor ini milik orang dengan nama lain. Periksa nomor dan namanya.")
    others = list(staffing.elsewhere(known, station)) if known and not request.POST.get("tahu") else []
    if not errors and not others:
        return None
    row = stations.row_of(station)
    guard = next((one for one in row.guards if old and one.assignment.pk == old.pk), None)
    if old and guard is None:
        raise staffing.Changed
    panel = Panel(kind, row, guard, is_new=True, full_name=name, phone=phone, errors=errors)
    if others:
        scope = request.user.scope
        mine = [one.station for one in others if scope.contains(one.station.region)]
        panel.known = {"person": known, "stations": mine, "hidden": len(others) - len(mine)}
    here = roster.find(request, station.election.slug, station.region.code)
    return roster.page(request, here, panel, status=400 if errors else 200)


def wrong_with(name: str, phone: str) -> dict[str, str]:
    """A sentence by field."""
    errors = {}
    if not name:
        errors["full_name"] = _("Isi nama lengkap.")
    elif len(name) > NAME_LENGTH:
        errors["full_name"] = _("Nama paling panjang %(most)s huruf.") % {"most": NAME_LENGTH}
    number = normalise(phone)
    if phone and (len(number) > PHONE_LENGTH or not may_be_answered(number)):
        errors["phone"] = _("Ini bukan nomor telepon. Contoh: 0812-3456-7890.")
    return errors
