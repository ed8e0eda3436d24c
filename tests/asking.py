"""How often a page asks the database."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext


def queries(client: Any, address: str) -> int:
    """Of a first look at ``address``, what every page is asked now and then left out."""
    client.get(address)
    cache.clear()
    client.get("/penugasan/", follow=True)  # counts the number beside its tab, which is then kept for a minute
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)
