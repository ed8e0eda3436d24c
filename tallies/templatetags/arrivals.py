"""``{{ one|interval }}``, ``{{ arrivals.step|step }}``: the times of arrivals in words."""

from datetime import timedelta

from django import template

from tallies.totals.arrivals import Arrivals, Interval
from tallies.totals.arrivals_picture import step_text
from tallies.totals.drawing import clock_text, day_text

register = template.Library()

register.filter("step", step_text)


@register.filter
def interval(one: Interval, arrivals: Arrivals) -> str:
    """13.00–13.15, with its day where there are several; a whole day is 9 Des, several are 9 Des – 15 Des."""
    last_day = one.end - timedelta(days=1)
    if last_day < one.start:
        clock = f"{clock_text(one.start)}–{clock_text(one.end)}"
        return clock if arrivals.day else f"{day_text(one.start)}, {clock}"
    return day_text(one.start) if last_day == one.start else f"{day_text(one.start)} – {day_text(last_day)}"
