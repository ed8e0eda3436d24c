"""How a projection is written: never a share without its interval."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from analytics.projections.report import PairLine
from sista.templatetags.formats import as_zone, format_clock, format_decimal, format_share, to_decimal

register = template.Library()


@register.filter
def projected(line: PairLine | None) -> str:
    """``{{ line|projected }}``: 41,20% (39,8–42,6%); without an answer "belum cukup"."""
    if line is None:
        return _("belum cukup")
    language = get_language()
    low = format_decimal(to_decimal(line.low) * 100, 1, language)
    return f"{format_share(line.share, 2, language)} ({low}–{format_share(line.high, 1, language)})"


@register.simple_tag
def of_pair(line, pair) -> PairLine | None:  # type: ignore[no-untyped-def]
    """``{% of_pair run_line pair as found %}``: what a run says of a pair, or None."""
    return next((one for one in line.pairs if one.pair == pair), None)


@register.filter
def day_and_clock(value: datetime, zone: str) -> str:
    """``{{ run.at|day_and_clock:zone }}``: 9 Des, 14.02 WIB."""
    place = as_zone(zone)
    clock = format_clock(value, place, seconds=False, language=get_language())
    return f"{date_format(value.astimezone(place), 'j M')}, {clock}"


@register.filter
def one_decimal(value: float) -> str:
    """``{{ expected|one_decimal }}``: 120,4."""
    return format_decimal(to_decimal(value), 1, get_language())
