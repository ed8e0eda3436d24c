"""The links of big screens: make, make again, revoke, find.

The token is told once, to whoever makes the link. Whoever ends a link holds its row.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts import recording
from regions.models import Region
from sista.database import writing, writing_once
from sista.prepared import prepared
from tallies.models import Election, WallLink

PAGE = 50
#: That a screen is on is written down once in so long, however often and on how many screens it asks.
SEEN_EVERY = timedelta(seconds=60)


@dataclass(frozen=True)
class Page:
    links: tuple[WallLink, ...]
    #: The key to go on from, None at the end.
    next: int | None


def page(user: Any, *, before: int | None = None) -> Page:
    """One page of the links ``user`` may see, the newest first."""
    links = WallLink.objects.visible_to(user).select_related("election", "region", "made_by", "revoked_by")
    if before is not None:
        links = links.filter(pk__lt=before)
    found = list(links.order_by("-pk")[: PAGE + 1])
    return Page(tuple(found[:PAGE]), found[PAGE - 1].pk if len(found) > PAGE else None)


def make(
    election: Election, region: Region, office: str, *, lasts: timedelta, language: str, name: str = "", by: Any
) -> tuple[WallLink, str]:
    """Make a link and return it with its token. The caller has seen that ``by`` may see the region."""
    token, now = secrets.token_urlsafe(32), timezone.now()
    with writing():
        link = WallLink.objects.create(
            election=election,
            region=region,
            office=office,
            name=name,
            language=language,
            token_hash=hash_of(token),
            made_by=by,
            made_at=now,
            expires_at=now + lasts,
        )
        recording.record("screen link made", by=by, region=region, subject=link, content={"election": election.slug})
    return link, token


def make_again(link: WallLink, *, by: Any) -> tuple[WallLink, str]:
    """End ``link`` and make one for the same place, that lasts as long from now on."""
    with writing():
        revoke(link, by=by)
        return make(
            link.election,
            link.region,
            link.office,
            lasts=link.lifetime,
            language=link.language,
            name=link.name,
            by=by,
        )


def revoke(link: WallLink, *, by: Any) -> bool:
    """End ``link``; False when it has ended already, and then nothing changes."""
    with writing():
        held = WallLink.objects.select_for_update(of=("self",)).get(pk=link.pk)
        if not held.is_open:
            return False
        held.revoked_at, held.revoked_by = timezone.now(), by
        held.save(update_fields=["revoked_at", "revoked_by"])
        recording.record("screen link revoked", by=by, region=held.region, subject=held)
    return True


@sensitive_variables("token")
def find(token: str) -> WallLink | None:
    """Return the link of ``token``, open or ended; one query on a unique index."""
    for link in _with_hash(hash_of(token)):
        return link
    return None


@prepared
def _with_hash(token_hash: str) -> QuerySet[WallLink]:
    return WallLink.objects.filter(token_hash=token_hash)


def mark_seen(link: WallLink, now: datetime) -> None:
    """Note that a screen shows ``link``, at most once in `SEEN_EVERY`: of ten screens one writes."""
    before = now - SEEN_EVERY
    if link.last_seen_at is not None and link.last_seen_at > before:
        return
    stale = Q(last_seen_at=None) | Q(last_seen_at__lte=before)
    with writing_once():
        WallLink.objects.filter(stale, pk=link.pk).update(last_seen_at=now)


def hash_of(token: str) -> str:
    # No salt and no slow hash: 256 random bits cannot be guessed.
    return hashlib.sha256(token.encode()).hexdigest()
