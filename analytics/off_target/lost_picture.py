"""Draw what was expected and what came, a pair of dots a place, as SVG. Shown as an image, a table beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from analytics.off_target.lost_area import Below
from sista.templatetags.formats import format_share
from tallies.totals.drawing import FONT, INK, INK_2, LINE, SURFACE

#: Pixels a place takes, so that names do not touch.
ROW = {"": 20, "kecil": 24}
#: As wide as it is shown, or its names would shrink with it.
WIDTH = {"": 420, "kecil": 328}
TEXT = {"": 12, "kecil": 13}
#: More places than these are in the table only.
MOST = 60


@dataclass(frozen=True)
class Drawn:
    """What is drawn: places with both shares, the farthest below what was expected first."""

    places: tuple[Below, ...]

    @classmethod
    def of(cls, below: Sequence[Below]) -> Drawn:
        known = [one for one in below if one.difference is not None]
        return cls(tuple(sorted(known, key=lambda one: one.difference or 0.0)[:MOST]))

    def height(self, size: str) -> int:
        return 48 + ROW[size] * max(1, len(self.places))


def dots_picture(drawn: Drawn, size: str, colour: str) -> bytes:
    """``colour``: of the party, for what came. A ring is what was expected, a filled dot what came."""
    import pygal  # 8 MB, which a process without charts need not hold
    from pygal.style import Style

    places = drawn.places
    style = Style(
        background=SURFACE, plot_background=SURFACE, foreground=INK_2, foreground_strong=INK, foreground_subtle=LINE,
        colors=(INK_2, INK, colour), opacity="1", opacity_hover="1", stroke_width="2", transition="0s",
        font_family=FONT, label_font_size=TEXT[size], major_label_font_size=TEXT[size], legend_font_size=TEXT[size],
        guide_stroke_dasharray="0", major_guide_stroke_dasharray="0", guide_stroke_color=LINE,
        major_guide_stroke_color=LINE,
    )  # fmt: skip
    chart = pygal.XY(
        style=style, width=WIDTH[size], height=drawn.height(size), explicit_size=True, js=(), show_y_guides=False,
        show_legend=False, truncate_label=22 if size == "" else 14, margin=6, margin_right=14, spacing=6,
        dots_size=4.5, allow_interruptions=True, print_values=False,
        x_value_formatter=lambda value: format_share(value, 0, get_language()),
    )  # fmt: skip
    top = max(max(one.expected or 0, one.actual or 0) for one in places)
    last = min(1.0, (int(top * 5) + 1) / 5)
    chart.xrange, chart.range = (0, last), (-len(places) + 0.5, 0.5)
    chart.x_labels = [step / 5 for step in range(int(last * 5 + 0.001) + 1)]
    chart.y_labels = [{"label": one.name, "value": -row} for row, one in enumerate(places)]
    joins: list[Any] = []
    for row, one in enumerate(places):
        joins += [(one.expected, -row), (one.actual, -row), (None, None)]
    chart.add("", joins, show_dots=False)
    chart.add(_("diharapkan"), [(one.expected, -row) for row, one in enumerate(places)], stroke=False)
    chart.add(_("nyata"), [(one.actual, -row) for row, one in enumerate(places)], stroke=False)
    chart.add_xml_filter(_rings(SURFACE))
    return chart.render()


def _rings(ground: str) -> Callable[[Any], Any]:
    """Make the dots of the second series rings, and leave out scripts and tooltips: an image has none."""

    def change(root: Any) -> Any:
        for parent in list(root.iter()):
            for child in list(parent):
                if str(child.tag).rpartition("}")[2] in ("script", "desc", "title"):
                    parent.remove(child)
        for group in root.iter():
            # pygal prints every few names bold, which would say something here.
            if str(group.tag).endswith("text") and group.get("class") == "major":
                group.set("class", "")
            if "serie-1" in group.get("class", "").split():
                for circle in group.iter():
                    if str(circle.tag).endswith("circle"):
                        circle.set("style", f"fill: {ground}; stroke: {INK}; stroke-width: 2")
        return root

    return change
