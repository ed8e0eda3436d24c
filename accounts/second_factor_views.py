"""The code after the password, and the pages on which an app is set up, replaced and taken away."""

from __future__ import annotations

import time

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from accounts import devices, second_factor
from accounts.models import User
from accounts.second_factor_forms import CodeForm, RecoveryCodeForm
from accounts.views import fully_signed_in, safe_next

#: In the session: the secret that waits for its first code, and until when another may take the place of the old.
SESSION_SECRET, SESSION_MAY_REPLACE = "second_factor_key", "second_factor_may_replace"
#: How long after a code the app may be replaced.
REPLACE_SECONDS = 600
Form = CodeForm | RecoveryCodeForm


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code; with ``?pemulihan`` for a recovery code. Then go on to ``next``."""
    wanted = safe_next(request, "home")
    if second_factor.passed(request):
        return redirect(wanted)
    if not request.user.second_factor:
        return redirect(f"{resolve_url('second-factor-set-up')}?{urlencode({'next': wanted})}")
    recovery = "pemulihan" in request.GET
    form: Form = (RecoveryCodeForm if recovery else CodeForm)(request.POST or None)
    form.fields["code"].widget.attrs["autofocus"] = True
    if request.method == "POST" and _is_right(request, form):
        fully_signed_in(request.user, with_code=True)
        return redirect(wanted)
    context = {"form": form, "recovery": recovery, "next": wanted}
    return _answer(request, "accounts/sign_in_code.html", context, form)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("key", "codes")
def set_up(request: HttpRequest) -> HttpResponse:
    """Show the secret as a QR code and as text; the app's first code puts it in force, and is answered with
    the recovery codes."""
    user = request.user
    if not user.has_desk:
        raise Http404
    if user.second_factor and not second_factor.passed(request):
        return redirect("sign-in-code")
    if user.second_factor and request.session.get(SESSION_MAY_REPLACE, 0) < time.time():
        return redirect("second-factor")
    key = request.session.get(SESSION_SECRET) or second_factor.new_key()
    form = CodeForm(request.POST or None)
    is_first = not second_factor.passed(request)
    if request.method == "POST" and SESSION_SECRET in request.session and form.is_valid():
        try:
            codes = second_factor.set_up(request, key, form.cleaned_data["code"])
        except second_factor.WrongCode:
            form.wrong()
        except second_factor.MayNotChange:
            return redirect("sign-in-code")
        else:
            for used in (SESSION_SECRET, SESSION_MAY_REPLACE):
                request.session.pop(used, None)
            if is_first:
                fully_signed_in(user, with_code=True)
            return _codes(request, codes, safe_next(request, "home"))
    request.session[SESSION_SECRET] = key
    context = {
        "form": form,
        "qr": second_factor.qr_image(user, key),
        "secret": second_factor.in_groups(key),
        "next": safe_next(request, "account"),
        "is_required": is_first,
    }
    return _answer(request, "accounts/second_factor_set_up.html", context, form)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("codes")
def manage(request: HttpRequest) -> HttpResponse:
    """Replace the app, make new recovery codes, take the second factor away: each after a code."""
    user = request.user
    if not user.has_desk:
        raise Http404
    if not user.second_factor:
        return redirect("second-factor-set-up")
    form = CodeForm(request.POST or None)
    action = request.POST.get("tindakan")
    if request.method == "POST" and action in ("ganti", "kode-baru", "hapus"):
        if action == "hapus" and settings.SECOND_FACTOR == "required":
            raise PermissionDenied
        if _is_right(request, form):
            return _done(request, action)
    context = {
        "form": form,
        "left": second_factor.recovery_codes_left(user),
        "may_remove": settings.SECOND_FACTOR != "required",
    }
    return _answer(request, "accounts/second_factor.html", context, form)


@login_required
@require_POST
def recovery_file(request: HttpRequest) -> HttpResponse:
    """The codes that were just shown, as a text file: the page sends them back, they are kept nowhere."""
    codes = request.POST.get("kode", "").split()[: second_factor.RECOVERY_CODES + 1]
    if not second_factor.are_recovery_codes(request.user, codes):
        raise Http404
    lines = [_("Kode pemulihan Sista"), request.user.get_username(), "", *codes, ""]
    response = HttpResponse("\r\n".join(lines), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="sista-kode-pemulihan.txt"'
    response["Cache-Control"] = "private, no-store"
    return response


@sensitive_variables("codes")
def _done(request: HttpRequest, action: str) -> HttpResponse:
    user: User = request.user
    if action == "ganti":
        request.session[SESSION_MAY_REPLACE] = time.time() + REPLACE_SECONDS
        return redirect("second-factor-set-up")
    if action == "kode-baru":
        return _codes(request, second_factor.new_recovery_codes(user), resolve_url("account"))
    second_factor.take_away(user, by=user)
    messages.success(request, _("Langkah kedua dihapus. Akun Anda sekarang dibuka dengan sandi saja."))
    return redirect("account")


@sensitive_variables("codes")
def _codes(request: HttpRequest, codes: list[str], wanted: str) -> HttpResponse:
    response = render(request, "accounts/recovery_codes.html", {"codes": codes, "next": wanted})
    response["Cache-Control"] = "private, no-store"
    return response


def _is_right(request: HttpRequest, form: Form) -> bool:
    if not form.is_valid():
        return False
    try:
        second_factor.check(request, form.cleaned_data["code"])
    except devices.MustWait as waiting:
        form.wait_seconds = waiting.seconds
    except second_factor.WrongCode:
        form.wrong()
    else:
        return True
    return False


def _answer(request: HttpRequest, template: str, context: dict[str, object], form: Form) -> HttpResponse:
    """The page with its form: 429 where somebody has to wait, 400 where what was sent is wrong."""
    status = 429 if form.wait_seconds else 400 if form.errors else 200
    response = render(request, template, context | {"wait_seconds": form.wait_seconds}, status=status)
    if form.wait_seconds:
        response["Retry-After"] = str(form.wait_seconds)
    return response
