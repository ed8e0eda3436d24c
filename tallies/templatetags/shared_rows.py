"""``{% shared_children child_rows %}``: the rows of a table, each drawn once for all readers and orders.

While forms come in, one row of a kabupaten changes and seventeen do not; to
draw them costs more than all else on the page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from django import template
from django.core.cache import cache
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from tallies.models import PROGRESS_FIELDS
from tallies.totals.reporting import RegionLine

#: A row is kept by what it shows; this only bounds how long one outlives a new release's template.
KEPT_SECONDS = 60

register = template.Library()


@register.simple_tag
def shared_children(rows: Sequence[tuple[RegionLine, str]], silent_url: str) -> SafeString:
    """``silent_url``: the list of stations that are not in, of which each row opens its part."""
    keys = [_key(line, url) for line, url in rows]
    known = cache.get_many(keys)
    new = {
        key: render_to_string("results/_children_row.html", {"line": line, "url": url, "silent_url": silent_url})
        for key, (line, url) in zip(keys, rows, strict=True)
        if key not in known
    }
    if new:
        cache.set_many(new, KEPT_SECONDS)
    drawn = known | new
    return mark_safe("".join(drawn[key] for key in keys))


def _key(line: RegionLine, url: str) -> str:
    progress = [getattr(line.progress, name) for name in PROGRESS_FIELDS]
    pairs = [(row.pair.number, row.pair.usungan, row.votes) for row in line.pairs]
    shown = repr((get_language(), url, line.region.pk, line.region.title, progress, pairs))
    return "row:" + hashlib.sha256(shown.encode()).hexdigest()
