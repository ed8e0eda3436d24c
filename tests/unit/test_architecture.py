"""The house keeps its shape: imports run one way, files are named for what they do, pages bring nothing from outside.

Every rule is a function from a file's name and text to sentences, so that the
rules themselves are tested on text that breaks them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Lowest first: an app imports itself and what stands before it.
APPS = ["regions", "accounts", "tallies", "analytics"]
#: The desks of ``tallies/``: pages, API and commands read them, never the other way.
ROOMS = (
    "tallies/recap/",
    "tallies/totals/",
    "tallies/exports/",
    "tallies/count_room/",
    "tallies/witnesses/",
    "tallies/silent/",
    "tallies/roster/",
    "tallies/official/",
    "tallies/trail/",
    "tallies/archive/",
    "tallies/importing/",
    "tallies/master_data/",
    "tallies/mandates/",
    "tallies/evaluation/",
)
#: Of ``sista/``, those whose task it is to put the apps together.
COMPOSITION = {
    "sista/settings.py",
    "sista/urls.py",
    "sista/celery.py",
    "sista/wsgi.py",
    "sista/background.py",
    "sista/health.py",
    "sista/management/commands/prepare.py",
}
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "services", "service", "managers", "misc", "common"}
#: Calls that reach a module or model by its name.
BY_NAME = {"import_module", "__import__", "get_model", "get_app_config"}


def imported(name: str, source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) of every import of a file, inside functions too, and of those by name."""
    package = list(Path(name).with_suffix("").parts[:-1])
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield node.lineno, module
            for alias in node.names:
                yield node.lineno, f"{module}.{alias.name}"
        elif isinstance(node, ast.Call) and node.args and _called(node) in BY_NAME:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield node.lineno, first.value


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def forbidden_to(name: str) -> set[str]:
    home = Path(name).parts[0]
    if home != "sista":
        return set(APPS[APPS.index(home) + 1 :])
    return set() if name in COMPOSITION else set(APPS)


def against_the_order(name: str, source: str) -> list[str]:
    """Imports of a higher app, or of any app by plumbing that should know none."""
    forbidden = forbidden_to(name)
    return [
        f"{name}:{line} imports {module}"
        for line, module in dict.fromkeys(imported(name, source))
        if module.split(".")[0] in forbidden
    ]


def says_nothing(name: str) -> list[str]:
    path = Path(name)
    words = [path.stem, *path.parts[:-1]]
    return [f"{name}: name it for what it does" for word in words if word.lower() in NAMES_THAT_SAY_NOTHING]


FOREIGN = re.compile(
    r"""(?:https?:)//(?!www\.w3\.org/)[^\s"'<>)]+|(?:src|href)\s*=\s*["']?//[^\s"'>]+|url\(\s*["']?//[^)]+"""
)


def from_elsewhere(name: str, text: str) -> list[str]:
    """Addresses of other hosts. The w3.org namespaces of SVG are names, nobody fetches them."""
    return [f"{name}: {found}" for found in FOREIGN.findall(text)]


TEMPLATE_SYNTAX = re.compile(r"{%\s*comment\b.*?{%\s*endcomment\s*%}|{#.*?#}|{%.*?%}|{{.*?}}", re.DOTALL)
#: A tag with its attributes; quoted values may hold ">".
TAG = re.compile(r"""<([a-z][a-z0-9-]*)((?:[^<>"']|"[^"]*"|'[^']*')*)>""", re.IGNORECASE)
ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")


def inline_code(name: str, text: str) -> list[str]:
    """Styles, scripts and handlers inside a page: the content security policy stops them all."""
    plain = TEMPLATE_SYNTAX.sub("", text)
    found = []
    for tag, attributes in TAG.findall(plain):
        for attribute, *values in ATTRIBUTE.findall(attributes):
            attribute = attribute.lower()
            if attribute == "style" or attribute.startswith(("on", "hx-on")):
                found.append(f"{name}: <{tag} {attribute}=…>")
            if "".join(values).strip().lower().startswith("javascript:"):
                found.append(f"{name}: <{tag} {attribute}=javascript:…>")
    for body in re.findall(r"<script[^>]*>(.*?)</script>", plain, re.DOTALL | re.IGNORECASE):
        if body.strip():
            found.append(f"{name}: a script with a body")
    if re.search(r"<style\b", plain, re.IGNORECASE):
        found.append(f"{name}: <style>")
    return found


def needs_something(name: str, text: str) -> list[str]:
    """Tags that the page of a broken server may not use: they look up what may be broken."""
    return [f"{name}: {{% {tag} %}}" for tag in re.findall(r"{%\s*(static|url|include|csrf_token)\b", text)]


def files(*suffixes: str, below: tuple[str, ...]) -> list[Path]:
    return sorted(path for folder in below for path in (ROOT / folder).rglob("*") if path.suffix in suffixes)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


PYTHON = [path for path in files(".py", below=("sista", *APPS)) if "migrations" not in path.parts]
TEMPLATES = files(".html", ".txt", ".svg", ".xml", below=("templates",))
STATIC = files(".js", ".mjs", ".css", ".svg", ".html", ".json", ".webmanifest", below=("static",))


def test_no_import_runs_against_the_order():
    found = [line for path in PYTHON for line in against_the_order(relative(path), path.read_text())]
    assert found == []


def test_no_room_imports_a_page():
    rooms = [path for path in PYTHON if relative(path).startswith(ROOMS)]
    found = [
        (relative(path), module) for path in rooms for _line, module in imported(relative(path), path.read_text())
    ]
    assert [(name, module) for name, module in found if module.startswith(("tallies.views", "tallies.api"))] == []
    assert len({name for name, _module in found}) >= 20


def test_files_are_named_for_what_they_do():
    everything = [*PYTHON, *files(".py", below=("tests",)), *STATIC, *TEMPLATES]
    assert [line for path in everything for line in says_nothing(relative(path))] == []


def test_pages_bring_nothing_from_another_host():
    found = [line for path in (*TEMPLATES, *STATIC) for line in from_elsewhere(relative(path), path.read_text())]
    assert found == []


def test_pages_hold_no_inline_code():
    assert [line for path in TEMPLATES for line in inline_code(relative(path), path.read_text())] == []


def test_the_page_of_a_broken_server_needs_nothing():
    text = (ROOT / "templates/500.html").read_text()
    chain = [("templates/500.html", text)]
    while parent := re.search(r"{%\s*extends\s+[\"']([^\"']+)", chain[-1][1]):
        name = f"templates/{parent[1]}"
        chain.append((name, (ROOT / name).read_text()))
    assert "templates/base.html" not in dict(chain)
    assert [line for name, text in chain for line in needs_something(name, text)] == []


def test_the_rules_look_at_the_whole_house():
    looked_at = {relative(path) for path in (*PYTHON, *TEMPLATES, *STATIC)}
    assert looked_at > {"tallies/intake.py", "sista/cache.py", "templates/500.html", "static/css/sista.css"}
    assert {Path(name).parts[0] for name in looked_at} == {*APPS, "sista", "templates", "static"}


# The rules find what they are for.


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("regions/models.py", "from accounts.models import User"),
        ("regions/models.py", "import tallies.models"),
        ("accounts/views.py", "def home(request):\n    from tallies import reporting\n"),
        ("tallies/tasks.py", "if True:\n    import analytics.off_target.refreshing as refreshing"),
        ("tallies/api/views.py", "from ...analytics import models"),
        ("tallies/models/forms.py", "from django.apps import apps\nFinding = apps.get_model('analytics.Finding')"),
        ("tallies/photos.py", "import importlib\nimportlib.import_module('analytics.off_target.refreshing')"),
        ("sista/database.py", "from regions.models import Region"),
        ("sista/templatetags/formats.py", "from tallies import figures"),
    ],
)
def test_an_import_against_the_order_is_found(name, source):
    # "..." leaves the package: Python would refuse it, the rule must not be the one that lets it pass.
    assert len(against_the_order(name, source)) >= 1


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("analytics/off_target/refreshing.py", "from tallies import reporting\nfrom regions.models import Region"),
        (
            "tallies/intake.py",
            "from sista.database import writing\nfrom . import audit\nfrom ..regions import models",
        ),
        ("sista/background.py", "from analytics.off_target import refreshing"),
        ("regions/models.py", "import accountsreceivable\nfrom django.conf import settings"),
    ],
)
def test_an_import_in_order_passes(name, source):
    assert against_the_order(name, source) == []


@pytest.mark.parametrize(
    "name", ["tallies/utils.py", "accounts/services/mail.py", "tests/helpers.py", "static/js/common.js"]
)
def test_a_name_that_says_nothing_is_found(name):
    assert len(says_nothing(name)) == 1


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.example/htmx.js"></script>',
        '<link href="//fonts.example/a.css" rel="stylesheet">',
        "@import url(//fonts.example/a.css);",
        'import { html } from "https://esm.example/lit";',
        '<a href="http://www.w3.org.example/">',
    ],
)
def test_an_address_of_another_host_is_found(text):
    assert len(from_elsewhere("x", text)) == 1


def test_a_namespace_is_no_address():
    assert (
        from_elsewhere("x", '<svg xmlns="http://www.w3.org/2000/svg"><use href="/static/icons.svg#a"/></svg>') == []
    )


@pytest.mark.parametrize(
    "text",
    [
        '<p style="color:red">',
        "<p class=a style=color:red>",
        '<button type="button" onclick="go()">',
        '<button {% if x > 1 %}disabled{% endif %} ONCLICK="{{ go }}">',
        '<div data-x="a > b" onload=go()>',
        '<div hx-on:click="go()">',
        '<a href="javascript:go()">',
        "<script>\nlet a = 1;\n</script>",
        '<script type="module">import "./a.js";</script>',
        "<style>p { color: red }</style>",
    ],
)
def test_inline_code_is_found(text):
    assert len(inline_code("x", text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "<script src=\"{% static 'js/figures.js' %}\" defer></script>",
        '<p class="style" data-on="x">onclick="go()" is only text here</p>',
        '{# <p style="color:red"> #}<meta name="one" content="onload=x">',
        '{% comment %}<script>let a</script>{% endcomment %}{{ data|json_script:"data" }}',
    ],
)
def test_a_page_without_inline_code_passes(text):
    assert inline_code("x", text) == []


def test_a_tag_that_a_broken_server_cannot_answer_is_found():
    assert needs_something("x", '{% load static %}{% url "home" %}{% get_static_prefix %}') == ["x: {% url %}"]
