"""The way in, the way out, and where each role starts."""

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import devices, known_browsers, recording, second_factor, signin
from accounts.forms import NewPasswordForm, SignInForm
from accounts.languages import known_language, remember_language
from accounts.models import RESULT_ROLES, Role, User
from sista.database import writing


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Send everyone to where their work is."""
    if request.user.is_witness:
        return redirect("witness-home")
    if request.user.is_superuser or request.user.role in RESULT_ROLES:
        return redirect("results-home")
    if request.user.role == Role.OPERATOR:
        return redirect("count-room")
    # A saksi PPK
    return redirect("recap-home")


class SignInView(LoginView):
    """Sign in; ``next`` is followed only within this site (Django checks).

    A phone that was activated goes on to its PIN, unless it asks for the password (``?sandi``).
    """

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get(self, request, *args, **kwargs):
        if "sandi" not in request.GET and devices.of_request(request):
            wanted = request.GET.get("next")
            return redirect(f"{resolve_url('pin')}?{urlencode({'next': wanted})}" if wanted else "pin")
        return super().get(request, *args, **kwargs)

    def post(self, request, *args, **kwargs):
        wait = signin.seconds_to_wait(request)
        if wait and not known_browsers.mark_for(request, request.POST.get("username", "")):
            context = self.get_context_data(form=SignInForm(request), wait_seconds=wait)
            response = self.render_to_response(context, status=429)
            response.headers["Retry-After"] = str(wait)
            return response
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form):
        # An empty field guesses nothing.
        if form.non_field_errors():
            signin.count_failure(self.request)
        return super().form_invalid(form)

    def form_valid(self, form):
        response = super().form_valid(form)
        # Also by password: when the phone is lost, nothing on it stays signed in.
        bind_phone(self.request, form.get_user())
        if not second_factor.is_asked(form.get_user()):
            fully_signed_in(form.get_user(), with_code=False)
        remember_language(response, form.get_user().language)
        known_browsers.remember(response, form.get_user().get_username())
        return response


def fully_signed_in(user: User, *, with_code: bool) -> None:
    """Record that a desk was opened. Witnesses and operators are too many, and their forms say when they worked."""
    if user.has_desk:
        content = {"with_code": with_code}
        recording.record("signed in", by=user, region=user.region, subject=user, content=content)


def bind_phone(request: HttpRequest, user: User) -> None:
    """Tie the session to the phone that asks, if it is the user's."""
    device = devices.of_request(request)
    if device and device.user == user:
        with writing():
            devices.bind_again(request, device)


def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """The admin has no door of its own: one sign-in, one throttle."""
    wanted = safe_next(request, "admin:index")
    if admin.site.has_permission(request):
        return redirect(wanted)
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect(f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': wanted})}")


class NewPasswordView(PasswordChangeView):
    """Change the password. Every other session of the account ends: its key holds the old hash."""

    template_name = "accounts/new_password.html"
    form_class = NewPasswordForm
    success_url = reverse_lazy("home")

    def post(self, request, *args, **kwargs):
        wait = signin.seconds_to_wait_for_change(request.user.pk)
        if wait:
            form = self.get_form_class()(user=request.user)
            context = self.get_context_data(form=form, wait_seconds=wait)
            return self.render_to_response(context, status=429, headers={"Retry-After": str(wait)})
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form):
        if form.has_error("old_password", "password_incorrect"):
            signin.count_wrong_old_password(self.request.user.pk)
        return super().form_invalid(form)

    def form_valid(self, form):
        messages.success(self.request, _("Sandi sudah diganti. Perangkat lain harus masuk lagi dengan sandi baru."))
        with writing():
            response = super().form_valid(form)
            user = form.user
            recording.record("password changed", by=user, region=user.region, subject=user)
        # The session has a new key now: whoever reports the phone lost must still be able to end it.
        bind_phone(self.request, form.user)
        return response


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keep the chosen language with the user and in the cookie; go back to ``next``."""
    response = redirect(safe_next(request, "home"))
    language = known_language(request.POST.get("language"))
    if language is None:
        return response
    if request.user.is_authenticated and request.user.language != language:
        request.user.language = language
        with writing():
            request.user.save(update_fields=["language"])
    remember_language(response, language)
    return response


def safe_next(request: HttpRequest, otherwise: str) -> str:
    """Return the address to go on to: ``next`` when it stays on this site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    # An address, not the name of a view, which `redirect` would look up.
    safe = wanted.startswith("/") and url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=settings.HTTPS
    )
    return wanted if safe else resolve_url(otherwise)
