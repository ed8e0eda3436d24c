"""The party's colour as a setting: what is readable on it, and when it needs an edge."""

from __future__ import annotations

WHITE, INK, BLACK = "#FFFFFF", "#14201F", "#000000"
#: The ground of bars; the palest thing the colour lies on, beside white.
TRACK = "#E6EAE8"
TEXT_CONTRAST, EDGE_CONTRAST = 4.5, 3.0


def luminance(colour: str) -> float:
    """Relative luminance of ``#RRGGBB`` as WCAG 2.2 defines it."""
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def text_on(ground: str) -> str:
    """The text colour for ``ground`` with at least 4.5: white, ink, or black.

    Black is there for the few middle tones that neither white nor ink reaches.
    """
    return next(text for text in (WHITE, INK, BLACK) if contrast(text, ground) >= TEXT_CONTRAST)


def outline_of(colour: str) -> str:
    """An ink edge for a colour that hardly differs from white or from a bar's track."""
    return "transparent" if contrast(colour, TRACK) >= EDGE_CONTRAST else INK


def party_rules(colour: str) -> str:
    """The style rules that set the party's colour for a page."""
    return f":root{{--party:{colour};--party-text:{text_on(colour)};--party-outline:{outline_of(colour)}}}\n"
