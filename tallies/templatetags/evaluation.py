"""``{{ line.sent.median|minutes }}``: 47 mnt, 3 j 02 mnt, −5 mnt before the start, – for none."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.utils.translation import gettext as _

from sista.templatetags.formats import MINUS, UNKNOWN, number

register = template.Library()


@register.filter
def minutes(value: int | None) -> str:
    if value is None:
        return UNKNOWN
    sign, value = (MINUS if value < 0 else ""), abs(value)
    hours, rest = divmod(value, 60)
    if hours < 2:
        return _("%(minutes)s mnt") % {"minutes": f"{sign}{value}"}
    return _("%(hours)s j %(minutes)s mnt") % {"hours": f"{sign}{number(hours)}", "minutes": f"{rest:02d}"}


@register.filter
def activated(line: Any, day: datetime) -> str:
    """``{{ line|activated:day }}``: when the phone of a witness was, against the day of the voting."""
    if line.activated_at is None:
        return _("Belum aktif")
    return _("Sebelum hari itu") if line.activated_at < day else _("Pada hari itu atau sesudahnya")
