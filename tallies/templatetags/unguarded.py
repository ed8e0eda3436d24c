"""``{% unguarded_stations election as number %}``: TPS without a witness where the reader assigns."""

from typing import Any

from django import template

from tallies.models import Election
from tallies.roster import coverage

register = template.Library()


@register.simple_tag(takes_context=True)
def unguarded_stations(context: dict[str, Any], election: Election) -> int | None:
    """The number beside the tab; None for who does not assign, and of the nation. A minute old at most."""
    user = context["user"]
    if not user.may_decide or user.region is None:
        return None
    return coverage.empty_lately(election, user.region)
