"""The page of the owner's keys for programs: make one, see it once, end it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from accounts import api_tokens
from accounts.models import ApiToken, User
from regions.models import Region

DEFAULT_DAYS = 30


class TokenForm(forms.Form):
    """Takes any region at or below the owner's; the page offers the own one and those right below."""

    name = forms.CharField(
        label=gettext_lazy("Nama"),
        max_length=60,
        help_text=gettext_lazy("Program yang memakainya, misalnya: lembar kerja rapat."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    region = forms.ModelChoiceField(Region.objects.none(), label=gettext_lazy("Wilayah"), to_field_name="code")
    days = forms.IntegerField(label=gettext_lazy("Berlaku berapa hari"), min_value=1, initial=DEFAULT_DAYS)

    def __init__(self, data: Any = None, *, owner: User) -> None:
        super().__init__(data)
        scope = owner.scope
        assert scope is not None
        region, days = self.fields["region"], self.fields["days"]
        region.queryset = Region.objects.visible_to(owner)
        near = Region.objects.filter(parent=scope).order_by("first")
        region.widget.choices = [(one.code, one.title) for one in (scope, *near)]
        region.initial = scope.code
        days.max_value = settings.API_TOKEN_DAYS
        days.widget.attrs |= {"min": 1, "max": settings.API_TOKEN_DAYS, "inputmode": "numeric"}
        for field in self.fields.values():
            field.error_messages["required"] = _("Isian ini masih kosong.")
        region.error_messages["invalid_choice"] = _("Pilih wilayah Anda atau yang di bawahnya.")

    def clean_days(self) -> int:
        days = self.cleaned_data["days"]
        if days > settings.API_TOKEN_DAYS:
            raise forms.ValidationError(_("Paling lama %(most)s hari.") % {"most": settings.API_TOKEN_DAYS})
        return days


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("token")
def tokens(request: HttpRequest) -> HttpResponse:
    """List the owner's tokens; a POST makes one, and its answer is the only time it is shown."""
    if request.user.scope is None:
        raise Http404
    form, made, token = TokenForm(owner=request.user), None, ""
    if request.method == "POST":
        form = TokenForm(request.POST, owner=request.user)
        if form.is_valid():
            facts = form.cleaned_data
            try:
                made, token = api_tokens.make(facts["name"], facts["region"], facts["days"], by=request.user)
                form = TokenForm(owner=request.user)
            except api_tokens.TokenRefused as refused:
                form.add_error(None, _refusal(refused.code))
    context = {
        "form": form,
        "made": made,
        "token": token,
        "tokens": ApiToken.objects.filter(owner=request.user).select_related("region")[:50],
        "most_days": settings.API_TOKEN_DAYS,
    }
    response = render(request, "accounts/tokens.html", context, status=400 if form.errors else 200)
    if token:
        response["Cache-Control"] = "private, no-store"
    return response


def _refusal(code: str) -> str:
    if code == "too_many":
        return _("Anda sudah punya %(most)s token. Cabut satu dahulu.") % {"most": settings.API_TOKENS_PER_PERSON}
    return _("Wilayah Anda berubah. Muat ulang halaman ini.")


@login_required
@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of the own tokens, at once; another's is not found."""
    token = get_object_or_404(ApiToken, pk=pk, owner=request.user)
    api_tokens.revoke(token, by=request.user)
    messages.success(request, _("Token dicabut. Program yang memakainya tidak dapat membaca lagi."))
    return redirect("api-tokens")
