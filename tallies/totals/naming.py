"""What places, pairs and elections are called: no total tells that it changed, their history does."""

from __future__ import annotations

from django.core.cache import cache
from django.db.models import Subquery

from regions.models import Region
from tallies.models import Contest, Election, Pair, PollingStation

#: Seconds for which a page may still show what something was called.
KNOWN_SECONDS = 15
_KEY = "newest-names"


def stamp() -> str:
    """A short text that changes with master data within `KNOWN_SECONDS`; one query when it is due."""
    return cache.get_or_set(_KEY, _newest, KNOWN_SECONDS)


def _newest() -> str:
    # Of whichever database the page is read from: a replica may know of a new name later.
    newest = {
        model.__name__.lower(): Subquery(model.history.order_by("-history_id").values("history_id")[:1])
        for model in (Region, Election, Contest, Pair, PollingStation)
    }
    of_any = Election.objects.order_by("pk").annotate(**{f"newest_{name}": one for name, one in newest.items()})
    return repr(of_any.values_list(*(f"newest_{name}" for name in newest)).first())
