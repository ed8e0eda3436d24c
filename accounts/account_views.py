"""The own account: where one is signed in, what protects it; and the same of somebody one is responsible for."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import rights, rights_changes, running_sessions, second_factor
from accounts.models import User
from accounts.second_factor_forms import EndForm
from sista.database import writing


@login_required
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    user = request.user
    context = {
        "sessions": running_sessions.of(user),
        "this_key": request.session.session_key,
        "recovery_left": second_factor.recovery_codes_left(user) if user.second_factor else None,
    }
    return render(request, "accounts/account.html", context)


@login_required
@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of the own sessions. Another's, and one that has ended, are told apart by nobody."""
    user, this_one = request.user, request.session.session_key
    is_this = any(one.pk == pk and one.session_id == this_one for one in running_sessions.of(user))
    if running_sessions.end(user, pk, by=user):
        if is_this:
            with writing():
                logout(request)
            return redirect("sign-in")
        messages.success(request, _("Sesi diakhiri. Perangkat itu harus masuk lagi."))
    else:
        messages.info(request, _("Sesi itu sudah berakhir."))
    return redirect("account")


@login_required
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """End every session of one's own but this."""
    if running_sessions.end_others(request.user, but=request.session.session_key, by=request.user):
        messages.success(request, _("Semua sesi lain diakhiri. Perangkat lain harus masuk lagi."))
    else:
        messages.info(request, _("Tidak ada sesi lain."))
    return redirect("account")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """The account of somebody below: end its sessions, its time, its second factor. ``tindakan`` says which."""
    shown = get_object_or_404(User.objects.visible_to(request.user).select_related("region"), pk=pk)
    if shown == request.user:
        return redirect("account")
    if not rights.may_manage(request.user, shown):
        raise PermissionDenied
    form = EndForm(until=shown.valid_until)
    if request.method == "POST":
        form = EndForm(request.POST if request.POST.get("tindakan") == "batas" else None, until=shown.valid_until)
        if _act(request, shown, form):
            return redirect("person-account", shown.pk)
    context = {"person": shown, "sessions": running_sessions.of(shown), "form": form}
    return render(request, "accounts/person.html", context, status=400 if form.errors else 200)


def _act(request: HttpRequest, shown: User, form: EndForm) -> bool:
    action, by = request.POST.get("tindakan"), request.user
    if action == "sesi":
        running_sessions.end_others(shown, but=None, by=by)
        messages.success(request, _("Semua sesi diakhiri. Orang ini harus masuk lagi."))
    elif action == "atur-ulang":
        second_factor.take_away(shown, by=by)
        messages.success(request, _("Langkah kedua diatur ulang. Orang ini memasangnya lagi saat masuk."))
    elif action == "akhiri":
        rights_changes.end_now(shown, by=by)
        messages.success(request, _("Akun diakhiri. Semua sesinya sudah keluar."))
    elif action == "batas" and form.is_valid():
        rights_changes.set_end(shown, form.cleaned_data["until"], by=by)
        messages.success(request, _("Batas waktu akun disimpan."))
    else:
        return False
    return True
