"""Pages that name the tests of what they claim, as `integration/test_x.py::test_name` between backticks."""

from __future__ import annotations

import re
from pathlib import Path

BASE = Path(__file__).resolve().parents[1]
TEST = re.compile(r"`((?:unit|integration|acceptance)/test_\w+\.py)::(test_\w+)`")


def page(name: str) -> str:
    return (BASE / "docs" / name).read_text(encoding="utf-8")


def not_there(text: str) -> list[str]:
    """The tests that ``text`` names and nobody wrote, and what looks like a name and cannot be read as one."""
    named = TEST.findall(text)
    gone = [f"{file}::{name}" for file, name in named if name not in _defined(file)]
    return gone if len(named) == text.count("::test_") else [*gone, "a name that is not written as the others"]


def _defined(file: str) -> set[str]:
    path = BASE / "tests" / file
    return set(re.findall(r"^def (test_\w+)\(", path.read_text("utf-8"), re.MULTILINE)) if path.exists() else set()
