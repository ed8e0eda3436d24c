from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Akun")

    def ready(self) -> None:
        # Here, so that no way in can forget it: password, PIN and whatever comes.
        user_logged_in.connect(_note_session, dispatch_uid="accounts.running_sessions")


def _note_session(request: Any, user: Any, **_more: Any) -> None:
    from accounts import running_sessions

    running_sessions.note(request, user)
