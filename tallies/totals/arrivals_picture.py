"""Draw arrivals as SVG: sums as two lines, or each interval as a bar. Shown as an image, a table beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from sista.templatetags.formats import format_number, marks
from tallies.totals.arrivals import Arrivals

INK, INK_2, LINE, SURFACE = "#14201f", "#43504d", "#d8dddb", "#ffffff"
PENDING, PENDING_BAR, VERIFIED = "#1d4f91", "#5b8bc9", "#14603c"
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif'
#: Distances between two marks on the time axis.
MARKS = tuple(timedelta(minutes=15) * n for n in (1, 2, 4, 8, 12, 24, 48, 96, 192, 4 * 96, 7 * 96, 14 * 96, 28 * 96))


@dataclass(frozen=True)
class Size:
    """Pixels; ``marks``: most names on the axis of time; ``names_beside``: there is room right of the lines."""

    width: int
    height: int
    text: int
    marks: int
    names_beside: bool


SIZES = {"": Size(560, 240, 12, 7, True), "kecil": Size(328, 230, 14, 4, False)}


def sums_picture(arrivals: Arrivals, size: Size) -> bytes:
    """Two lines with their names at their ends: in (solid), verified (dashed)."""
    names = {"masuk": _("Masuk"), "terverifikasi": _("Terverifikasi")}
    room = round(size.text * 0.62 * max(map(len, names.values()))) + 12 if size.names_beside else 24
    above = 6 if size.names_beside else size.text + 6
    chart = _chart("Line", size, margin_right=room, margin_top=above, dots_size=2.5)
    points = [0, *(one.all_arrived for one in arrivals.intervals)]
    chart.add(names["masuk"], points)
    if arrivals.intervals[-1].all_verified:
        points = [0, *(one.all_verified for one in arrivals.intervals)]
        chart.add(names["terverifikasi"], points, stroke_style={"dasharray": "6 4"})
    _count_from_zero(chart, max(arrivals.stations, points[-1], arrivals.intervals[-1].all_arrived))
    moments = [arrivals.intervals[0].start, *(one.end for one in arrivals.intervals)]
    _mark_times(chart, moments, arrivals.zone_name, size)
    chart.add_xml_filter(_named_ends(list(names.values()), size))
    return chart.render()


def intervals_picture(arrivals: Arrivals, size: Size) -> bytes:
    """A bar for each interval."""
    chart = _chart("Bar", size, margin_right=8)
    chart.add(_("Masuk"), [one.arrived for one in arrivals.intervals])
    _count_from_zero(chart, max(one.arrived for one in arrivals.intervals))
    _mark_times(chart, [one.start for one in arrivals.intervals], arrivals.zone_name, size)
    chart.add_xml_filter(_without_scripts)
    return chart.render()


def _chart(kind: str, size: Size, **options: Any) -> Any:
    import pygal  # 8 MB, which a process without charts need not hold

    return getattr(pygal, kind)(
        style=_style(kind, size.text), width=size.width, height=size.height, explicit_size=True, js=(),
        show_legend=False, show_x_guides=False, show_minor_x_labels=False, truncate_label=-1, max_scale=4,
        margin=6, margin_left=24, spacing=6, include_x_axis=True, value_formatter=_number,
        **options,
    )  # fmt: skip


def _count_from_zero(chart: Any, most: int) -> None:
    """Three whole numbers beside the axis; there is no half station."""
    chart.range = (0, most)
    chart.y_labels = sorted({0, most // 2, most})


def _number(value: float) -> str:
    return format_number(int(value), get_language())


@cache
def _style(kind: str, text: int) -> Any:
    from pygal.style import Style

    colours = (PENDING, VERIFIED) if kind == "Line" else (PENDING_BAR,)
    return Style(
        background=SURFACE, plot_background=SURFACE, foreground=INK_2, foreground_strong=INK, foreground_subtle=LINE,
        colors=colours, opacity="1", opacity_hover="1", stroke_width="2.5", transition="0s", font_family=FONT,
        label_font_size=text, major_label_font_size=text, value_font_size=text,
        guide_stroke_dasharray="0", major_guide_stroke_dasharray="0",
        guide_stroke_color=LINE, major_guide_stroke_color=LINE,
    )  # fmt: skip


# The axis of time


def _mark_times(chart: Any, moments: list[datetime], zone_name: str, size: Size) -> None:
    """Name every so many moments, by round local times; the first one says the zone."""
    chosen = next((gap for gap in MARKS if len(_round(moments, gap)) <= size.marks), MARKS[-1])
    named = _round(moments, chosen) or moments[:1]
    # pygal tells labels apart by their text.
    labels = {moment: f"{moment:%Y%m%d%H%M}" for moment in moments}
    texts = {labels[moment]: _time_text(moment) for moment in named}
    if texts:
        texts[labels[named[0]]] += f" {zone_name}"
    chart.x_labels = list(labels.values())
    chart.x_labels_major = list(texts)
    chart.add_xml_filter(_renamed(texts))


def _round(moments: list[datetime], gap: timedelta) -> list[datetime]:
    return [moment for moment in moments if not (moment.replace(tzinfo=None) - datetime.min) % gap]


def _time_text(moment: datetime) -> str:
    return day_text(moment) if moment.hour == moment.minute == 0 else clock_text(moment)


def day_text(moment: datetime) -> str:
    """9 Des"""
    return date_format(moment, "j M")


def step_text(step: timedelta) -> str:
    """15 menit, 3 jam, 1 hari"""
    minutes = step // timedelta(minutes=1)
    if minutes < 60:
        return ngettext("%(number)s menit", "%(number)s menit", minutes) % {"number": minutes}
    if minutes < 24 * 60:
        return ngettext("%(number)s jam", "%(number)s jam", minutes // 60) % {"number": minutes // 60}
    return ngettext("%(number)s hari", "%(number)s hari", step.days) % {"number": step.days}


def clock_text(moment: datetime) -> str:
    """13.15, in English 13:15; the zone stands once beside them all."""
    return moment.strftime("%H.%M" if marks(get_language())[0] == "." else "%H:%M")


# The drawing afterwards


def _renamed(texts: dict[str, str]) -> Callable[[Any], Any]:
    def rename(root: Any) -> Any:
        for node in root.iter():
            node.text = texts.get(node.text, node.text)
        return root

    return rename


def _without_scripts(root: Any) -> Any:
    """An image runs none; and the tooltips' data would be most of its bytes."""
    for parent in list(root.iter()):
        for child in list(parent):
            if str(child.tag).rpartition("}")[2] in ("script", "desc", "title"):
                parent.remove(child)
    return root


def _named_ends(names: list[str], size: Size) -> Callable[[Any], Any]:
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
                group.append(_text(group, name, x + (7 if size.names_beside else 2), lowest, size))
        return _without_scripts(root)

    return write


def _text(beside: Any, words: str, x: float, y: float, size: Size) -> Any:
    look = f"font: 700 {size.text}px {FONT}; fill: {INK}; stroke: none"
    anchor = "start" if size.names_beside else "end"
    label = beside.makeelement("text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor, "style": look})
    label.text = words
    return label
