"""Draw the kecamatan of a kabupaten as points: expected against found, turnout against share. A table beside each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from analytics.information.kabupaten import DistrictFacts
from sista.templatetags.formats import format_share
from tallies.totals.drawing import INK_2, PENDING, Filter, Size, new_chart, text, without_scripts

#: Points that are named: those farthest from what was expected.
MOST_NAMED = 3
Picture = Callable[[Sequence[DistrictFacts], Size], bytes]


def expected_picture(districts: Sequence[DistrictFacts], size: Size) -> bytes:
    """Across the share expected, upwards the share found; on the dashed line both are equal."""
    known = [one for one in districts if one.difference is not None]
    if not known:
        raise ValueError("no kecamatan has an expectation and a result")
    points = [(one.expected, one.share) for one in known]
    named = sorted(range(len(known)), key=lambda number: -abs(known[number].difference or 0))[:MOST_NAMED]
    both = [value for point in points for value in point]
    ends = (min(both), max(both))
    chart = _chart(points, size, across=_("Diharapkan"), upwards=_("Nyata"), square=True)
    chart.add("", [(100 * one, 100 * one) for one in ends], show_dots=False, stroke_style={"dasharray": "6 4"})
    chart.add_xml_filter(_named({number: known[number].line.region.name for number in named}, size))
    return chart.render()


def turnout_picture(districts: Sequence[DistrictFacts], size: Size) -> bytes:
    """Across the turnout, upwards the share of the pair."""
    points = [(one.turnout, one.share) for one in districts if one.turnout is not None]
    if not points:
        raise ValueError("no kecamatan has a turnout")
    chart = _chart(points, size, across=_("Partisipasi"), upwards=_("Bagian suara"), square=False)
    chart.add_xml_filter(_named({}, size))
    return chart.render()


def _chart(points: Sequence[tuple[Any, Any]], size: Size, *, across: str, upwards: str, square: bool) -> Any:
    x, y = [100 * one for one, _other in points], [100 * one for _other, one in points]
    (left, right, x_step), (low, high, y_step) = _bounds(x + y if square else x), _bounds(x + y if square else y)
    percent = _percent
    chart = new_chart(
        "XY", size, (PENDING, INK_2), stroke=True, dots_size=3, margin_right=16, margin_bottom=4,
        include_x_axis=False, xrange=(left, right), range=(low, high), x_title=across, y_title=upwards,
        y_labels_major_every=1, x_value_formatter=percent, value_formatter=percent,
    )  # fmt: skip
    chart.x_labels = list(range(left, right + 1, x_step))
    chart.x_labels_major = chart.x_labels
    chart.y_labels = list(range(low, high + 1, y_step))
    chart.add("", list(zip(x, y, strict=True)), stroke=False)
    return chart


def _percent(value: float) -> str:
    return format_share(value / 100, 0, get_language())


def _bounds(values: Sequence[float]) -> tuple[int, int, int]:
    """Round percents below and above all, and the step between their marks."""
    low, high = min(values), max(values)
    step = next(one for one in (1, 2, 5, 10, 20, 25) if one == 25 or (high - low) / one <= 4)
    first = int(low // step * step)
    return first, max(int(-(-high // step) * step), first + step), step


def _named(names: dict[int, str], size: Size) -> Filter:
    """Write names beside the points of the first series, by their number; leftwards where the right edge is near."""

    def write(root: Any) -> Any:
        for group in [one for one in root.iter() if "serie-0" in one.get("class", "").split()]:
            dots = [child for child in group if child.get("class") == "dots"]
            taken: list[tuple[float, float]] = []
            for number, name in names.items():
                if number < len(dots):
                    x, y = (float(dots[number][0].get(part)) for part in ("cx", "cy"))
                    right = x > size.width * 0.55
                    up = y - 6
                    while any(
                        abs(up - lower) < size.text and abs(x - left) < size.width / 4 for left, lower in taken
                    ):
                        up += size.text
                    taken.append((x, up))
                    label = text(group, name, x - 6 if right else x + 6, up, size)
                    label.set("text-anchor", "end" if right else "start")
                    group.append(label)
        return without_scripts(root)

    return write
