"""The witness's phone: open the activation link once, then a PIN."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts import activation, devices
from accounts.forms import ChangePinForm, NewPinForm, PinForm
from accounts.languages import remember_language
from accounts.models import Device
from accounts.views import safe_next

View = Callable[..., HttpResponse]


def _silent_about_its_address(view: View) -> View:
    """Keep the token of the address out of every Referer.

    ``no-referrer`` alone would make browsers send ``Origin: null`` with the form, which the check against forged
    forms refuses. Browsers take the last one they know: only the host is told.
    """

    @wraps(view)
    def wrapped(*args: Any, **kwargs: Any) -> HttpResponse:
        response = view(*args, **kwargs)
        response.headers["Referrer-Policy"] = "no-referrer, strict-origin"
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    return wrapped


@sensitive_post_parameters()
@sensitive_variables("token", "key", "form")
@never_cache
@_silent_about_its_address
@require_http_methods(["GET", "HEAD", "POST"])
def activate(request: HttpRequest, token: str) -> HttpResponse:
    """Show whose link it is and ask for a PIN; a POST binds this phone.

    Looking uses nothing up: messengers open a link to preview it. A link that
    cannot be used says the same whatever the reason, except on the phone it
    was used on, which goes on to its PIN.
    """
    link = activation.find(token)
    if link is None:
        return _unusable(request, token)
    form = NewPinForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        stranger = request.user.is_authenticated and request.user != link.user
        context = {"form": form, "person": link.user, "stranger": stranger}
        return render(request, "accounts/activate.html", context)
    try:
        user, key = activation.activate(token, form.cleaned_data["pin"], request)
    except activation.LinkUnusable:
        return _unusable(request, token)
    response = redirect("home")
    devices.remember(response, key)
    remember_language(response, user.language)
    return response


@sensitive_variables("token")
def _unusable(request: HttpRequest, token: str) -> HttpResponse:
    if activation.activated_here(token, devices.of_request(request)):
        return redirect("pin")
    response = render(request, "accounts/activation_unusable.html", status=404)
    response.refuses_nothing = True  # type: ignore[attr-defined]
    return response


@sensitive_post_parameters()
@sensitive_variables("form")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def pin(request: HttpRequest) -> HttpResponse:
    """Ask a phone that was activated for its PIN; any other goes to the password."""
    wanted = safe_next(request, "home")
    device = devices.of_request(request)
    if device is None:
        return redirect(_with_next("sign-in", wanted))
    if request.user.is_authenticated and request.method != "POST":
        return redirect(wanted)
    form = PinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            right = _is_right(form, "pin", lambda given: devices.sign_in_with_pin(request, device, given))
        except devices.DeviceEnded:
            return redirect("sign-in")
        if right:
            response = redirect(wanted)
            remember_language(response, device.user.language)
            return response
    context = {"person": device.user, "next": wanted, "password_url": f"{resolve_url('sign-in')}?sandi"}
    return _answer(request, "accounts/pin.html", device, form, context)


@sensitive_post_parameters()
@sensitive_variables("form")
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change_pin(request: HttpRequest) -> HttpResponse:
    """Replace the PIN, on the phone it belongs to."""
    device = devices.of_request(request)
    if device is None or device.user != request.user:
        raise Http404
    form = ChangePinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        new = form.cleaned_data["pin"]
        try:
            right = _is_right(form, "old_pin", lambda old: devices.change_pin(request, device, old, new))
        except devices.DeviceEnded:
            return redirect("sign-in")
        if right:
            messages.success(request, _("PIN sudah diganti. Pakai PIN baru mulai sekarang."))
            return redirect("home")
    return _answer(request, "accounts/change_pin.html", device, form, {})


def _is_right(form: PinForm | ChangePinForm, field: str, act: Callable[[str], bool]) -> bool:
    """Do what the PIN is asked for; where it is wrong, or comes too soon, the form says so."""
    try:
        if act(form.cleaned_data[field]):
            return True
        form.add_error(field, _("PIN tidak cocok. Periksa lalu tulis lagi."))
    except devices.MustWait as wait:
        form.wait_seconds = wait.seconds
    return False


def _answer(
    request: HttpRequest, template: str, device: Device, form: PinForm | ChangePinForm, context: dict[str, Any]
) -> HttpResponse:
    """The page with its form, or for as long as this phone has to wait without one."""
    wait = form.wait_seconds or devices.seconds_to_wait(device)
    response = render(
        request, template, context | {"form": form, "wait_seconds": wait}, status=429 if form.wait_seconds else 200
    )
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response


def _with_next(name: str, wanted: str) -> str:
    address = resolve_url(name)
    return address if wanted == resolve_url("home") else f"{address}?{urlencode({'next': wanted})}"
