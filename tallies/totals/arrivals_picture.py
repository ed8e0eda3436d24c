"""Draw arrivals as SVG: sums as two lines, or each interval as a bar. Shown as an image, a table beside it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tallies.totals.arrivals import Arrivals
from tallies.totals.drawing import (
    PENDING,
    PENDING_BAR,
    VERIFIED,
    Filter,
    Size,
    mark_times,
    new_chart,
    text,
    without_scripts,
)


def sums_picture(arrivals: Arrivals, size: Size) -> bytes:
    """Two lines with their names at their ends: in (solid), verified (dashed)."""
    names = {"masuk": _("Masuk"), "terverifikasi": _("Terverifikasi")}
    room = round(size.text * 0.62 * max(map(len, names.values()))) + 12 if size.names_beside else 24
    above = 6 if size.names_beside else size.text + 6
    chart = new_chart("Line", size, (PENDING, VERIFIED), margin_right=room, margin_top=above, dots_size=2.5)
    points = [0, *(one.all_arrived for one in arrivals.intervals)]
    chart.add(names["masuk"], points)
    if arrivals.intervals[-1].all_verified:
        points = [0, *(one.all_verified for one in arrivals.intervals)]
        chart.add(names["terverifikasi"], points, stroke_style={"dasharray": "6 4"})
    _count_from_zero(chart, max(arrivals.stations, points[-1], arrivals.intervals[-1].all_arrived))
    moments = [arrivals.intervals[0].start, *(one.end for one in arrivals.intervals)]
    mark_times(chart, moments, arrivals.zone_name, size)
    chart.add_xml_filter(_named_ends(list(names.values()), size))
    return chart.render()


def intervals_picture(arrivals: Arrivals, size: Size) -> bytes:
    """A bar for each interval."""
    chart = new_chart("Bar", size, (PENDING_BAR,), margin_right=8)
    chart.add(_("Masuk"), [one.arrived for one in arrivals.intervals])
    _count_from_zero(chart, max(one.arrived for one in arrivals.intervals))
    mark_times(chart, [one.start for one in arrivals.intervals], arrivals.zone_name, size)
    chart.add_xml_filter(without_scripts)
    return chart.render()


def _count_from_zero(chart: Any, most: int) -> None:
    """Three whole numbers beside the axis; there is no half station."""
    chart.range = (0, most)
    chart.y_labels = sorted({0, most // 2, most})


def step_text(step: timedelta) -> str:
    """15 menit, 3 jam, 1 hari"""
    minutes = step // timedelta(minutes=1)
    if minutes < 60:
        return ngettext("%(number)s menit", "%(number)s menit", minutes) % {"number": minutes}
    if minutes < 24 * 60:
        return ngettext("%(number)s jam", "%(number)s jam", minutes // 60) % {"number": minutes // 60}
    return ngettext("%(number)s hari", "%(number)s hari", step.days) % {"number": step.days}


def _named_ends(names: list[str], size: Size) -> Filter:
    """Keep of each line the dot at its end and write its name beside or above it, two names apart from each other."""

    def write(root: Any) -> Any:
        lowest = float("-inf")
        for number, name in enumerate(names):
            series = [group for group in root.iter() if f"serie-{number}" in group.get("class", "").split()]
            for group, dots in ((one, [child for child in one if child.get("class") == "dots"]) for one in series):
                if not dots:
                    continue
                for dot in dots[:-1]:
                    group.remove(dot)
                x, y = (float(dots[-1][0].get(part)) for part in ("cx", "cy"))
                lowest = max(y + size.text * (0.35 if size.names_beside else -0.5), lowest + size.text * 1.3)
                group.append(text(group, name, x + (7 if size.names_beside else 2), lowest, size))
        return without_scripts(root)

    return write
