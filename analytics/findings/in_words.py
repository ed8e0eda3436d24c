"""The numbers of a finding in a few words, for the list and the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.template.loader import get_template
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe

from analytics.findings.describing import Described
from analytics.models import Severity

#: Rules that say it in the words of another.
_SAME_WORDS = {"D4": "D3", "H2": "H1", "H3": "H1", "S3": "S1"}


@dataclass(frozen=True)
class Row:
    """A finding in the list. ``chip``: its severity. What is shown twice, wide and narrow, is made once."""

    one: Described
    short: SafeString
    chip: SafeString
    rule: str
    state: str
    place: str
    beside_url: str


def short(one: Described) -> SafeString:
    """As HTML, without a line's end."""
    name = _SAME_WORDS.get(one.rule, one.rule)
    html = get_template(f"analytics/finding_short/{name}.html").render({"one": one})
    return mark_safe(html.strip())


def short_text(one: Described) -> str:
    return " ".join(strip_tags(short(one)).split())


def chips() -> dict[int, SafeString]:
    """The sign of each severity, once for a page of rows."""
    template = get_template("components/_severity.html")
    return {one.value: mark_safe(template.render({"severity": one.name}).strip()) for one in Severity}


def rows(found: Sequence[tuple[Described, str]]) -> list[Row]:
    """Rows of findings, each with the address of the list with it beside."""
    signs = chips()
    return [
        Row(one, short(one), signs[one.finding.severity], one.rule_label, one.state_label, one.place, url)
        for one, url in found
    ]
