"""Make, use and end the keys of programs. Their text is told once; the database keeps its hash.

A token never gives more than its owner may see at that moment: whoever comes
with it is the owner, narrowed to the token's region. It ends when the owner's
role or region changes and when the account is closed.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts import recording
from accounts.devices import hash_of
from accounts.models import ApiToken, User
from regions.models import Region
from sista.database import writing, writing_once

PREFIX = "sista_"
#: Its use is written down no more often.
USED_SECONDS = 60


class TokenRefused(ValueError):
    """``code``: no_scope, outside, days or too_many."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@sensitive_variables("token")
def make(name: str, region: Region, days: int, *, by: User) -> tuple[ApiToken, str]:
    """Make a token for ``by`` and return it with its text, which nobody can be told again."""
    scope = by.scope
    if scope is None:
        raise TokenRefused("no_scope")
    if not scope.contains(region):
        raise TokenRefused("outside")
    if not 1 <= days <= settings.API_TOKEN_DAYS:
        raise TokenRefused("days")
    token = PREFIX + secrets.token_urlsafe(32)
    with writing():
        User.objects.select_for_update().get(pk=by.pk)  # two at once are counted one after the other
        if ApiToken.objects.usable().filter(owner=by).count() >= settings.API_TOKENS_PER_PERSON:
            raise TokenRefused("too_many")
        made = ApiToken.objects.create(
            owner=by,
            name=name,
            token_hash=hash_of(token),
            region=region,
            role=by.role,
            owner_region=by.region,
            expires_at=timezone.now() + timedelta(days=days),
        )
        recording.record("token made", by=by, region=region, subject=made, content={"days": days})
    return made, token


def revoke(token: ApiToken, *, by: User | None) -> None:
    """End ``token``; one that has ended stays as it ended. ``by`` None: the owner's rights changed."""
    with writing():
        if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now(), revoked_by=by):
            recording.record("token revoked", by=by, region=token.region, subject=token)


@sensitive_variables("text")
def use(text: str) -> ApiToken | None:
    """Return the token of ``text`` with its owner narrowed to its region; None when it does not work (any more)."""
    found = ApiToken.objects.usable().select_related("owner__region", "region").filter(token_hash=hash_of(text))
    token = found.first()
    if token is None:
        return None
    owner = token.owner
    scope = owner.scope
    unchanged = (owner.role, owner.region_id) == (token.role, token.owner_region_id)
    if scope is None or not unchanged or not scope.contains(token.region):
        revoke(token, by=None)
        return None
    _note_use(token)
    # In memory only: this person sees no more than the token's region while this request lasts.
    owner.region = token.region
    return token


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    stale = now - timedelta(seconds=USED_SECONDS)
    if token.last_used_at is None or token.last_used_at < stale:
        with writing_once():
            unnoted = Q(last_used_at=None) | Q(last_used_at__lt=stale)
            ApiToken.objects.filter(unnoted, pk=token.pk).update(last_used_at=now)
