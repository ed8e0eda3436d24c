"""Sign in and change the password: Django's forms with our words. And the PIN of a phone."""

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.utils.translation import gettext_lazy as _

from accounts import pins


class SignInForm(AuthenticationForm):
    error_messages = {
        "invalid_login": _("Nama pengguna atau sandi tidak cocok. Periksa huruf besar dan kecil, lalu coba lagi."),
        "inactive": _("Akun ini tidak aktif. Telepon Koordinator DPC."),
        "ended": _("Masa akun ini sudah berakhir. Mintalah perpanjangan kepada atasan Anda di DPC atau DPD."),
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("Nama pengguna")
        self.fields["password"].label = _("Sandi")
        for field in self.fields.values():
            field.error_messages["required"] = _("Isian ini masih kosong.")

    def confirm_login_allowed(self, user):
        super().confirm_login_allowed(user)
        if user.has_ended:
            raise forms.ValidationError(self.error_messages["ended"], "ended")


class NewPasswordForm(PasswordChangeForm):
    error_messages = {
        **PasswordChangeForm.error_messages,
        "password_incorrect": _("Sandi lama tidak cocok. Tulis sandi yang Anda pakai untuk masuk."),
        "password_mismatch": _("Kedua sandi baru berbeda. Tulis sandi yang sama dua kali."),
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["old_password"].label = _("Sandi lama")
        self.fields["new_password1"].label = _("Sandi baru")
        self.fields["new_password1"].help_text = _(
            "Paling sedikit 10 huruf atau angka, tidak hanya angka. Bukan sandi yang sekarang, bukan sandi yang "
            "banyak dipakai orang, dan tidak mirip nama Anda."
        )
        self.fields["new_password2"].label = _("Sandi baru, sekali lagi")
        self.fields["new_password2"].help_text = ""
        for field in self.fields.values():
            field.error_messages["required"] = _("Isian ini masih kosong.")


class PinField(forms.CharField):
    """Six digits, on the keypad of digits; never shown again."""

    default_error_messages = {
        "required": _("Isian ini masih kosong."),
        "shape": _("PIN terdiri atas 6 angka. Tulis 6 angka, tanpa huruf."),
    }

    def __init__(self, *, autocomplete: str, **kwargs):
        attrs = {"inputmode": "numeric", "autocomplete": autocomplete, "maxlength": pins.LENGTH}
        super().__init__(widget=forms.PasswordInput(attrs=attrs), **kwargs)

    def clean(self, value):
        pin = super().clean(value)
        if not pins.is_pin(pin):
            raise forms.ValidationError(self.error_messages["shape"], "shape")
        return pin


class PinForm(forms.Form):
    """``wait_seconds``: how long whoever sent it has to wait before it is looked at."""

    wait_seconds = 0
    pin = PinField(label=_("PIN Anda"), autocomplete="current-password")


class NewPinForm(forms.Form):
    pin = PinField(
        label=_("PIN baru"),
        autocomplete="new-password",
        help_text=_("6 angka yang hanya Anda tahu. Jangan pakai tanggal lahir."),
    )
    again = PinField(label=_("PIN baru, sekali lagi"), autocomplete="new-password")

    def clean_pin(self):
        pin = self.cleaned_data["pin"]
        if pins.is_easy(pin):
            raise forms.ValidationError(
                _("PIN ini terlalu mudah ditebak. Jangan pakai angka berurutan atau berulang, misalnya 123456.")
            )
        return pin

    def clean(self):
        given = super().clean()
        if {"pin", "again"} <= given.keys() and given["pin"] != given["again"]:
            self.add_error("again", _("Kedua PIN berbeda. Tulis PIN yang sama dua kali."))
        return given


class ChangePinForm(NewPinForm):
    wait_seconds = 0
    old_pin = PinField(label=_("PIN lama"), autocomplete="current-password")
    field_order = ["old_pin"]
