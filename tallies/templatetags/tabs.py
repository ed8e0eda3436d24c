"""Which election the tabs lead to on a page that is of none: phones, big screens, tokens, the password."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

from tallies.models import Election, Phase

register = template.Library()


@register.simple_tag(takes_context=True)
def tabs_election(context: Context) -> Any:
    """The page's own election, or the newest of the reader's that is on: the tabs are the same on every page."""
    if context.get("election"):
        return context["election"]
    on = Election.objects.visible_to(context["user"]).filter(practice_of=None, phase__in=(Phase.OPEN, Phase.RECAP))
    return on.order_by("-date", "-pk").first()
