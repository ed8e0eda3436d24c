"""What a new password must not be, beside what Django knows."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


class NotTheSameAgain:
    """Refuse the password that is in force: whoever has to change it would have changed nothing."""

    def validate(self, password: str, user: Any = None) -> None:
        if user is not None and user.pk and user.has_usable_password() and user.check_password(password):
            raise ValidationError(_("Sandi ini sama dengan sandi yang sekarang. Buat yang lain."), "same_again")

    def get_help_text(self) -> str:
        return _("Bukan sandi yang sekarang.")
