"""Who is asking: session and user, the two queries of every request, composed once.

Sessions stay in the database: a flushed Redis signs nobody out.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import RunningSession, User
from sista.prepared import prepared


class SessionStore(db.SessionStore):
    """Django's, with its query prepared."""

    def _get_session_from_db(self) -> Session | None:
        now = timezone.now()
        key = self.session_key or ""
        for session in _session(key) if "\0" not in key else ():  # PostgreSQL takes no NUL in a text
            if session.expire_date > now:
                return session
        self._session_key = None
        return None

    def cycle_key(self) -> None:
        """Django's; where somebody is signed in stays known under the new key."""
        data, before = self._session, self.session_key
        self.create()
        self._session_cache = data
        if before:
            RunningSession.objects.filter(session_id=before).update(session_id=self.session_key)
            self.delete(before)


@prepared
def _session(key: str) -> QuerySet[Session]:
    return Session.objects.filter(session_key=key)


class Backend(ModelBackend):
    """Django's, with its query prepared."""

    def get_user(self, user_id: Any) -> User | None:
        found = _user(user_id)
        return found[0] if found and found[0].is_current else None


@prepared
def _user(key: int) -> QuerySet[User]:
    # With the region: what somebody may see begins there.
    return User.objects.select_related("region").filter(pk=key)
