"""How a chart is drawn with pygal: an SVG image in the tokens of the interface, no scripts, names beside lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language

from sista.templatetags.formats import format_number, marks

INK, INK_2, LINE, SURFACE = "#14201f", "#43504d", "#d8dddb", "#ffffff"
PENDING, PENDING_BAR, VERIFIED = "#1d4f91", "#5b8bc9", "#14603c"
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif'
#: Distances between two marks on the time axis.
MARKS = tuple(timedelta(minutes=15) * n for n in (1, 2, 4, 8, 12, 24, 48, 96, 192, 4 * 96, 7 * 96, 14 * 96, 28 * 96))
Filter = Callable[[Any], Any]


@dataclass(frozen=True)
class Size:
    """Pixels; ``marks``: most names on the axis of time; ``names_beside``: there is room right of the lines."""

    width: int
    height: int
    text: int
    marks: int
    names_beside: bool


SIZES = {"": Size(560, 240, 12, 7, True), "kecil": Size(328, 230, 14, 4, False)}


def new_chart(kind: str, size: Size, colours: tuple[str, ...], **options: Any) -> Any:
    """Return a pygal chart of the class ``kind``, empty; what is drawn first has the first of ``colours``."""
    import pygal  # 8 MB, which a process without charts need not hold

    settings = {
        "style": _style(colours, size.text), "width": size.width, "height": size.height, "explicit_size": True,
        "js": (), "show_legend": False, "show_x_guides": False, "show_minor_x_labels": False, "truncate_label": -1,
        "max_scale": 4, "margin": 6, "margin_left": 24, "spacing": 6, "include_x_axis": True,
        "value_formatter": whole_number,
    }  # fmt: skip
    return getattr(pygal, kind)(**(settings | options))


def whole_number(value: float) -> str:
    return format_number(int(value), get_language())


@cache
def _style(colours: tuple[str, ...], text: int) -> Any:
    from pygal.style import Style

    return Style(
        background=SURFACE, plot_background=SURFACE, foreground=INK_2, foreground_strong=INK, foreground_subtle=LINE,
        colors=colours, opacity="1", opacity_hover="1", stroke_width="2.5", transition="0s", font_family=FONT,
        label_font_size=text, major_label_font_size=text, value_font_size=text, title_font_size=text,
        guide_stroke_dasharray="0", major_guide_stroke_dasharray="0",
        guide_stroke_color=LINE, major_guide_stroke_color=LINE,
    )  # fmt: skip


# The axis of time


def mark_times(chart: Any, moments: list[datetime], zone_name: str, size: Size) -> None:
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


def clock_text(moment: datetime) -> str:
    """13.15, in English 13:15; the zone stands once beside them all."""
    return moment.strftime("%H.%M" if marks(get_language())[0] == "." else "%H:%M")


# The drawing afterwards


def _renamed(texts: dict[str, str]) -> Filter:
    def rename(root: Any) -> Any:
        for node in root.iter():
            node.text = texts.get(node.text, node.text)
        return root

    return rename


def without_scripts(root: Any) -> Any:
    """An image runs none; and the tooltips' data would be most of its bytes."""
    for parent in list(root.iter()):
        for child in list(parent):
            if str(child.tag).rpartition("}")[2] in ("script", "desc", "title"):
                parent.remove(child)
    return root


def text(beside: Any, words: str, x: float, y: float, size: Size) -> Any:
    """Make a bold label, as an element beside ``beside``; it ends at ``x`` where there is no room right of it."""
    look = f"font: 700 {size.text}px {FONT}; fill: {INK}; stroke: none"
    anchor = "start" if size.names_beside else "end"
    label = beside.makeelement("text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor, "style": look})
    label.text = words
    return label
