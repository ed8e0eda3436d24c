"""Draw the projection over time as SVG: a line a pair, its interval as two thin ones. A table stands beside it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from django.utils.translation import get_language

from analytics.projections.report import PairLine, Point
from sista.templatetags.formats import format_share
from tallies.models import Pair
from tallies.totals.drawing import INK, PENDING, Filter, Size, mark_times, new_chart, text, without_scripts

#: Our pair, then the others in turn; the number at the end of a line tells them apart, solid and dashed help.
OURS, OTHERS = PENDING, (INK, "#66737b")
DASHES = ("", "6 4", "2 4", "10 4 2 4")
THIN = {"width": 1, "dasharray": "1 3"}


def over_time_picture(points: Sequence[Point], pairs: Sequence[Pair], zone_name: str, size: Size) -> bytes:
    """Lines of the projected shares; an interval without an answer leaves a gap. Raise ValueError without any."""
    said = [line for point in points for line in point.line.pairs]
    if not said:
        raise ValueError("no run has an answer")
    drawn = [pair for pair in pairs if any(line.pair == pair for line in said)]
    colours = tuple(_colour(pair) for pair in drawn for _line in range(3))
    chart = new_chart(
        "Line", size, colours, margin_right=size.text * 2 + 8, margin_top=size.text, dots_size=2.5,
        allow_interruptions=True, include_x_axis=False, y_labels_major_every=1,
    )  # fmt: skip
    for number, pair in enumerate(drawn):
        of_pair = [next((one for one in point.line.pairs if one.pair == pair), None) for point in points]
        dash = DASHES[number % len(DASHES)]
        chart.add(f"{pair.number}", [_percent(one, "share") for one in of_pair], **_stroke(dash))
        for name in ("low", "high"):
            chart.add(
                f"{pair.number} {name}", [_percent(one, name) for one in of_pair], show_dots=False, stroke_style=THIN
            )
    _scale(chart, said)
    mark_times(chart, [point.at for point in points], zone_name, size)
    chart.add_xml_filter(_named(drawn, size))
    return chart.render()


def _stroke(dash: str) -> dict[str, Any]:
    return {"stroke_style": {"dasharray": dash}} if dash else {}


def _colour(pair: Pair) -> str:
    return OURS if pair.usungan else OTHERS[pair.number % 2]


def _percent(line: PairLine | None, name: str) -> float | None:
    return None if line is None else getattr(line, name) * 100


def _scale(chart: Any, said: Sequence[PairLine]) -> None:
    """Whole percents beside the axis, from just below the lowest interval to just above the highest."""
    low, high = min(line.low for line in said) * 100, max(line.high for line in said) * 100
    step = next(one for one in (1, 2, 5, 10, 20, 25) if one == 25 or (high - low) / one <= 4)
    first, last = int(low // step * step), int(-(-high // step) * step)
    chart.range = (first, max(last, first + step))
    chart.y_labels = list(range(first, max(last, first + step) + 1, step))
    chart.value_formatter = lambda value: format_share(value / 100, 0, get_language())


def _named(drawn: Sequence[Pair], size: Size) -> Filter:
    """Write each pair's number at the last dot of its line, no two upon each other."""

    def write(root: Any) -> Any:
        ends = []
        for number, pair in enumerate(drawn):
            groups = [one for one in root.iter() if f"serie-{3 * number}" in one.get("class", "").split()]
            for group, dots in ((one, [child for child in one if child.get("class") == "dots"]) for one in groups):
                for dot in dots[:-1]:
                    group.remove(dot)
                if dots:
                    x, y = (float(dots[-1][0].get(part)) for part in ("cx", "cy"))
                    ends.append([y, x, group, f"{pair.number}"])
        ends.sort(key=lambda one: one[0])
        for above, below in pairwise(ends):
            below[0] = max(below[0], above[0] + size.text * 1.2)
        for y, x, group, name in ends:
            label = text(group, name, x + 7, y + size.text * 0.35, size)
            label.set("text-anchor", "start")
            group.append(label)
        return without_scripts(root)

    return write
