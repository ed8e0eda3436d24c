"""Figures, shares and times are written as the interface promises, in both languages."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

from sista.templatetags import formats

JAKARTA = ZoneInfo("Asia/Jakarta")
MOMENT = datetime(2020, 12, 9, 10, 42, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "language", "text"),
    [
        (1_049_334, "id", "1.049.334"),
        (1_049_334, "en", "1,049,334"),
        (1_049_334, "en-gb", "1,049,334"),
        (1_049_334, None, "1.049.334"),
        (999, "id", "999"),
        (0, "id", "0"),
        (-1_500, "id", "\u22121.500"),
        (None, "id", "–"),
    ],
)
def test_number(value, language, text):
    assert formats.format_number(value, language) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(597_540, 1_049_334), "56,94%"),
        (597_540 / 1_049_334, "56,94%"),
        (Decimal("0.5694"), "56,94%"),
        (0, "0,00%"),
        (1, "100,00%"),
        (None, "–"),
        # A half is rounded up, as the binary float just below it would not be.
        (0.56945, "56,95%"),
        (0.00005, "0,01%"),
    ],
)
def test_share(value, text):
    assert formats.format_share(value) == text


def test_english_share_has_a_dot():
    assert formats.format_share(Fraction(1, 3), 1, "en") == "33.3%"


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0.035, 2, "+3,50"),
        (-0.2264, 2, "\u221222,64"),
        (-0.2264, 1, "\u221222,6"),
        (0, 2, "0,00"),
        (-0.00001, 2, "0,00"),
        (0.00001, 2, "0,00"),
        (None, 2, "–"),
    ],
)
def test_points_carry_a_sign_unless_they_print_as_zero(value, decimals, text):
    assert formats.format_points(value, decimals) == text


@pytest.mark.parametrize(("value", "text"), [(1960, "+1.960"), (-333, "\u2212333"), (0, "0"), (None, "–")])
def test_signed(value, text):
    assert formats.format_signed(value) == text


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Asia/Jakarta", "17.42.08 WIB"),
        ("Asia/Pontianak", "17.42.08 WIB"),
        ("Asia/Makassar", "18.42.08 WITA"),
        ("Asia/Jayapura", "19.42.08 WIT"),
    ],
)
def test_clock_names_the_zone(zone, text):
    assert formats.format_clock(MOMENT, ZoneInfo(zone)) == text


def test_clock_in_english_and_without_seconds():
    assert formats.format_clock(MOMENT, JAKARTA, language="en") == "17:42:08 WIB"
    assert formats.format_clock(MOMENT, JAKARTA, seconds=False) == "17.42 WIB"
    assert formats.format_clock(None, JAKARTA) == "–"


def test_clock_refuses_a_naive_moment():
    with pytest.raises(ValueError, match="aware"):
        formats.format_clock(MOMENT.replace(tzinfo=None), JAKARTA)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5694, "56.94%"), (Fraction(1, 3), "33.33%"), (None, "0%"), (1.02, "100.00%"), (-0.1, "0.00%")],
)
def test_svg_percent_has_a_dot_and_stays_within_the_track(value, text):
    with translation.override("id"):
        assert formats.svg_percent(value) == text


def test_svg_part_of_nothing_is_nothing():
    assert formats.svg_part(3049, 4999) == "60.99%"
    assert formats.svg_part(0, 0) == "0%"
    assert formats.svg_part(None, 12) == "0.00%"


@pytest.mark.parametrize(
    ("value", "percent", "step"),
    [
        (0.4999, "49%", "1"),
        (0.5, "50%", "2"),
        (0.699, "69%", "2"),
        (0.70, "70%", "3"),
        (0.85, "85%", "4"),
        (0.9499, "94%", "4"),
        (0.95, "95%", "5"),
        (Fraction(4998, 4999), "99%", "5"),
        (1, "100%", "5"),
        (0.29, "29%", "1"),
        (None, "–", "1"),
    ],
)
def test_coverage_prints_the_percent_its_colour_stands_for(value, percent, step):
    assert (formats.coverage_percent(value), formats.coverage_step(value)) == (percent, step)


@pytest.mark.parametrize(
    ("value", "boxes", "expected"),
    [
        (98, 3, ["", "9", "8"]),
        (0, 3, ["", "", "0"]),
        (None, 3, ["", "", ""]),
        (1204, 3, ["1", "2", "0", "4"]),
        (7, "4", ["", "", "", "7"]),
    ],
)
def test_digits_are_one_a_box_and_blank_is_not_zero(value, boxes, expected):
    assert formats.digits(value, boxes) == expected


@pytest.mark.parametrize(
    ("value", "other", "differing"),
    [
        (704, 104, [True, False, False]),
        (80, 880, [True, False, False]),
        (104, 104, [False, False, False]),
        (0, None, [False, False, True]),
        (1104, 104, [True, False, False, False]),
        (104, 1104, [True, False, False, False]),
    ],
)
def test_digit_marks_show_where_two_readings_differ(value, other, differing):
    assert [digit.differs for digit in formats.digit_marks(value, other)] == differing


def render(source, **context):
    return Template("{% load formats %}" + source).render(Context(context))


def test_filters_follow_the_active_language():
    source = "{{ votes|number }} {{ part|share }} {{ lead|points:1 }} {{ gone|signed }} {{ at|clock_short }}"
    values = {"votes": 4228, "part": 0.8458, "lead": -0.0123, "gone": 12, "at": MOMENT}
    with timezone.override("Asia/Makassar"):
        with translation.override("id"):
            assert render(source, **values) == "4.228 84,58% \u22121,2 +12 18.42 WITA"
        with translation.override("en"):
            assert render(source, **values) == "4,228 84.58% \u22121.2 +12 18:42 WITA"


def test_a_zone_may_come_from_the_page():
    with translation.override("id"):
        assert render("{{ at|clock:zone }}", at=MOMENT, zone="Asia/Jayapura") == "19.42.08 WIT"


def test_a_missing_variable_reads_as_unknown():
    assert render("{{ a|number }}{{ a|share }}{{ a|points }}{{ a|signed }}{{ a|clock }}") == "–––––"
