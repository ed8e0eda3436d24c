"""The admin's stylesheet wears the tokens of the one design system, and brings none of its own."""

import re

from django.conf import settings

STATIC = settings.BASE_DIR / "static/css"
DJANGOS = "--primary: "


def tokens(text):
    """Names and values of the custom properties of the first rule."""
    return dict(re.findall(r"--([\w-]+): ([^;]+);", text.split("{", 1)[1].split("}", 1)[0]))


def test_a_token_has_the_value_it_has_everywhere_else():
    ours = tokens((STATIC / "sista.css").read_text().split(":root", 1)[1])
    admins = (STATIC / "admin.css").read_text().split(":root", 1)[1]
    shared = tokens(admins.split(DJANGOS)[0] + "}")
    own = {"gutter", "target", "text-size", "note-size", "row", "tick"}
    assert {name: value for name, value in shared.items() if name not in own} == {
        name: ours.get(name) for name in shared if name not in own
    }


def test_djangos_variables_name_tokens_and_no_colours():
    admins = (STATIC / "admin.css").read_text().split(":root", 1)[1]
    djangos = tokens("{" + DJANGOS + admins.split(DJANGOS)[1])
    assert len(djangos) > 30
    assert [name for name, value in djangos.items() if not value.startswith("var(--")] == []
