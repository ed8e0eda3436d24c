"""Sign in and change the password: Django's forms with our words."""

from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.utils.translation import gettext_lazy as _


class SignInForm(AuthenticationForm):
    error_messages = {
        "invalid_login": _("Nama pengguna atau sandi tidak cocok. Periksa huruf besar dan kecil, lalu coba lagi."),
        "inactive": _("Akun ini tidak aktif. Telepon Koordinator DPC."),
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("Nama pengguna")
        self.fields["password"].label = _("Sandi")
        for field in self.fields.values():
            field.error_messages["required"] = _("Isian ini masih kosong.")


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
        self.fields["new_password1"].help_text = _("Paling sedikit 10 huruf atau angka. Jangan pakai nama Anda.")
        self.fields["new_password2"].label = _("Sandi baru, sekali lagi")
        self.fields["new_password2"].help_text = ""
        for field in self.fields.values():
            field.error_messages["required"] = _("Isian ini masih kosong.")
