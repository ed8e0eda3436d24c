"""How figures, shares and times are written, on pages and in exports.

Each template filter is a thin wrapper round a pure function that takes the
language explicitly, so that exports and tests need no active translation.
Indonesian writes ``1.049.334``, ``56,94%``, ``17.42.08 WIB``; English
``1,049,334``, ``56.94%``, ``17:42:08 WIB``. Unknown is "–" and never 0.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

UNKNOWN = "–"
MINUS = "\u2212"
#: Lower bounds of the coverage colours, in whole percent (the lowest step has none).
COVERAGE_STEPS = (50, 70, 85, 95)
#: The parts of a coverage bar, always in this order.
COVERAGE_PARTS = ("verified", "pending", "disputed", "rejected", "not_in")

Fractional = int | float | Decimal | Fraction

register = template.Library()


class Digit(NamedTuple):
    """One box of a figure: its digit ("" = empty box) and whether another reading differs there."""

    text: str
    differs: bool


def marks(language: str | None) -> tuple[str, str]:
    """Return the thousands separator and the decimal mark of a language code."""
    return (",", ".") if (language or "id").startswith("en") else (".", ",")


def to_decimal(value: Fractional) -> Decimal:
    """Convert without the binary tail of a float: 0.145 stays 0.145."""
    if isinstance(value, Fraction):
        return Decimal(value.numerator) / Decimal(value.denominator)
    return Decimal(str(value))


def format_decimal(value: Decimal, decimals: int, language: str | None, *, sign: bool = False) -> str:
    """Write a number, rounded half up, with U+2212 as minus; what rounds to zero carries no sign."""
    rounded = value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    thousands, decimal_mark = marks(language)
    text = f"{abs(rounded):,f}".translate({ord(","): thousands, ord("."): decimal_mark})
    if rounded < 0:
        return MINUS + text
    return "+" + text if sign and rounded > 0 else text


def format_number(value: int | None, language: str | None = "id") -> str:
    """Write a count with thousands separators, None as "–"."""
    if value is None:
        return UNKNOWN
    text = f"{abs(value):,}".replace(",", marks(language)[0])
    return MINUS + text if value < 0 else text


def format_signed(value: int | None, language: str | None = "id") -> str:
    """Write a difference of counts with its sign: ``+1.960``, ``−333``, ``0``."""
    return UNKNOWN if value is None else format_decimal(Decimal(value), 0, language, sign=True)


def format_share(value: Fractional | None, decimals: int = 2, language: str | None = "id") -> str:
    """Write a fraction (0.5694) as a share of hundred ("56,94%")."""
    return UNKNOWN if value is None else format_decimal(to_decimal(value) * 100, decimals, language) + "%"


def format_points(value: Fractional | None, decimals: int = 2, language: str | None = "id") -> str:
    """Write a difference of two fractions in points with its sign: 0.035 is ``+3,50``."""
    if value is None:
        return UNKNOWN
    return format_decimal(to_decimal(value) * 100, decimals, language, sign=True)


def format_clock(value: datetime | None, zone: tzinfo, *, seconds: bool = True, language: str | None = "id") -> str:
    """Write an aware moment as the clock of a zone with its name: ``17.42.08 WIB``.

    Raise ValueError for a naive datetime: its zone would be a guess.
    """
    if value is None:
        return UNKNOWN
    if value.tzinfo is None:
        raise ValueError("a clock needs an aware datetime")
    local = value.astimezone(zone)
    text = local.strftime("%H.%M.%S" if seconds else "%H.%M")
    if marks(language)[1] == ".":
        text = text.replace(".", ":")
    # The zone database itself says WIB, WITA and WIT, also for Asia/Pontianak.
    return f"{text} {local.tzname()}"


def percent_of_width(value: Fractional | None) -> str:
    """Return an SVG length such as "56.94%", kept within 0 and 100, None as "0%"."""
    if value is None:
        return "0%"
    within = min(max(to_decimal(value), Decimal(0)), Decimal(1))
    return f"{(within * 100).quantize(Decimal('0.01'), rounding=ROUND_HALF_UP):f}%"


def whole_percent(value: Fractional | None) -> int | None:
    """Return the whole percent, rounded *down*: 4,998 of 4,999 stations are not "100%"."""
    return None if value is None else int(to_decimal(value) * 100)


def ramp_step(value: Fractional | None) -> int:
    """Return the step 1–5 of the coverage colours; by the whole percent, as that is what is printed."""
    percent = whole_percent(value) or 0
    return 1 + sum(percent >= bound for bound in COVERAGE_STEPS)


def boxed_digits(value: int | None, boxes: int = 3) -> list[str]:
    """Return one string a box, right-aligned: 98 is ["", "9", "8"], None is all empty, 0 is ["", "", "0"].

    A longer figure gets more boxes than asked for; no digit is ever dropped.
    """
    text = "" if value is None else str(value)
    return [""] * (boxes - len(text)) + list(text)


def compare_digits(value: int | None, other: int | None, boxes: int = 3) -> list[Digit]:
    """Return the boxes of ``value``, each marked where the other reading has another digit or none."""
    width = max(len(boxed_digits(value, boxes)), len(boxed_digits(other, boxes)))
    mine, theirs = boxed_digits(value, width), boxed_digits(other, width)
    return [Digit(a, a != b) for a, b in zip(mine, theirs, strict=True)]


def as_zone(zone: tzinfo | str | None) -> tzinfo:
    """Return a zone from its name ("Asia/Makassar"), itself, or the active one when empty."""
    if not zone:
        return timezone.get_current_timezone()
    return ZoneInfo(zone) if isinstance(zone, str) else zone


def known(value: Any) -> Any:
    """Turn the "" that a template passes for a missing variable into None."""
    return None if value == "" else value


@register.filter
def number(value: int | None) -> str:
    """``{{ votes|number }}``: 1.049.334, None "–"."""
    return format_number(known(value), get_language())


@register.filter
def signed(value: int | None) -> str:
    """``{{ difference|signed }}``: +1.960, −333, 0."""
    return format_signed(known(value), get_language())


@register.filter
def share(value: Fractional | None, decimals: int = 2) -> str:
    """``{{ fraction|share }}``: 56,94%."""
    return format_share(known(value), decimals, get_language())


@register.filter
def points(value: Fractional | None, decimals: int = 2) -> str:
    """``{{ fraction|points:1 }}``: +3,5 (the word *poin* is the page's)."""
    return format_points(known(value), decimals, get_language())


@register.filter
def clock(value: datetime | None, zone: tzinfo | str | None = None) -> str:
    """``{{ moment|clock:region.time_zone }}``: 17.42.08 WIB."""
    return format_clock(known(value), as_zone(zone), language=get_language())


@register.filter
def clock_short(value: datetime | None, zone: tzinfo | str | None = None) -> str:
    """``{{ moment|clock_short }}``: 14.02 WIB."""
    return format_clock(known(value), as_zone(zone), seconds=False, language=get_language())


@register.filter
def svg_percent(value: Fractional | None) -> str:
    """``<svg width="{{ fraction|svg_percent }}">``: 56.94%, with a dot in every language."""
    return percent_of_width(known(value))


@register.filter
def svg_part(value: int | None, total: int | None) -> str:
    """``<svg width="{{ verified|svg_part:total }}">``; of nothing, nothing."""
    return percent_of_width(Fraction(known(value) or 0, total) if total else None)


@register.filter
def coverage_percent(value: Fractional | None) -> str:
    """``{{ fraction|coverage_percent }}``: 84%, rounded down, "–" when unknown."""
    percent = whole_percent(known(value))
    return UNKNOWN if percent is None else f"{percent}%"


@register.filter
def coverage_step(value: Fractional | None) -> str:
    """``class="tile--ramp-{{ fraction|coverage_step }}"``: "1" to "5"."""
    return str(ramp_step(known(value)))


@register.filter
def of_all(total: int | None) -> str:
    """``{{ stations|of_all }}``: dari 4.999."""
    return _("dari %(all)s") % {"all": number(total)}


@register.filter
def coverage_parts(counts: dict[str, int]) -> SafeString:
    """``{{ counts|coverage_parts }}``: the five parts of a coverage bar, each an SVG as wide as its share."""
    widths = ((part, svg_part(counts[part], counts["total"])) for part in COVERAGE_PARTS)
    return mark_safe("".join(f'<svg class="coverage__{part}" width="{width}"></svg>' for part, width in widths))


@register.filter
def coverage_words(counts: dict[str, int]) -> str:
    """``{{ counts|coverage_words }}``: the same parts for a reader who does not see the bar."""
    words = (_("Terverifikasi"), _("Masuk"), _("Janggal"), _("Ditolak"), _("Belum masuk"))
    return ", ".join(f"{word} {number(counts[part])}" for word, part in zip(words, COVERAGE_PARTS, strict=True))


@register.filter
def pair_colour(pair: Any) -> str:
    """``class="square--{{ pair|pair_colour }}"``: party, blank (kolom kosong), and two greys in turn."""
    if pair.usungan:
        return "party"
    return "blank" if pair.number == 0 else f"rival-{1 + pair.number % 2}"


@register.filter
def pair_name(pair: Any) -> str:
    """``{{ pair|pair_name }}``: the name as stored; 0 is *kolom kosong*, which every language says."""
    return _("Kolom kosong") if pair.number == 0 else pair.name


@register.filter
def digits(value: int | None, boxes: int | str = 3) -> list[str]:
    """``{% for digit in figure|digits %}``: one string a box, "" for an empty one."""
    return boxed_digits(known(value), int(boxes))


@register.filter
def digit_marks(value: int | None, other: int | None) -> list[Digit]:
    """``{% for digit in witness|digit_marks:operator %}``: digit.text, digit.differs."""
    return compare_digits(known(value), known(other))
