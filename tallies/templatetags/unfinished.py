"""``{% unfinished_work as items %}``: what the signed-in person has left to prepare."""

from typing import Any

from django import template

from tallies.totals.unfinished import Unfinished, unfinished_for

register = template.Library()


@register.simple_tag(takes_context=True)
def unfinished_work(context: dict[str, Any]) -> list[Unfinished]:
    return unfinished_for(context["request"].user)
