"""Claims about the words of the trail: whatever the program records has one, and belongs to one group."""

import ast
from pathlib import Path

import pytest

from tallies.trail.words import GROUPS, WORDS

ROOT = Path(__file__).resolve().parents[2]
#: What records, by the name it is called by; the code is the first argument, or ``action``.
RECORDERS = {"record", "Act", "_act", "_record", "_say", "end"}


def recorded() -> dict[str, str]:
    """Each code that stands in the program, and where."""
    found: dict[str, str] = {}
    for path in (path for app in ("accounts", "tallies", "analytics") for path in (ROOT / app).rglob("*.py")):
        if "migrations" in path.parts:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        knows = "recording" in path.read_text(encoding="utf-8")
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not knows:
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in RECORDERS and node.args and isinstance(node.args[0], ast.Constant):
                found[str(node.args[0].value)] = str(path.relative_to(ROOT))
    return found


CODES = recorded()


def test_the_program_records_what_this_looks_at():
    assert {"assignment made", "phase proposed", "table downloaded", "signed in"} <= set(CODES)


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_has_a_word_and_a_group(code):
    assert code in WORDS, CODES[code]
    assert [word for word, (_label, starts) in GROUPS.items() if code.startswith(starts)] != []


@pytest.mark.parametrize("code", sorted(WORDS))
def test_every_word_belongs_to_exactly_one_group(code):
    assert len([word for word, (_label, starts) in GROUPS.items() if code.startswith(starts)]) == 1
