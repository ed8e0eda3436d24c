"""Claims about docs/faults.md: every line of the faults has a row there, and every row a test that is there."""

import re

import pytest

from tests import named_tests

PAGE = named_tests.page("faults.md")
LINES = named_tests.BASE.parent / "shared" / "FAULTS.md"
GROUPS = {
    name: re.findall(r"^\| (?!bad input|fault \||-)(.+?) \| (.+) \| ([^|]+) \|$", text, re.MULTILINE)
    for name, text in re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
}


def test_every_test_that_is_named_exists():
    assert named_tests.not_there(PAGE) == []


def test_every_row_says_what_it_gets_and_names_a_test():
    assert [len(rows) for rows in GROUPS.values()] == [text.count("\n| ") - 1 for text in PAGE.split("\n## ")[1:]]
    assert [
        row for rows in GROUPS.values() for row, gets, shown in rows if not (gets and named_tests.TEST.search(shown))
    ] == []


@pytest.mark.returns  # They lie beside the project, as the returns do.
@pytest.mark.skipif(not LINES.exists(), reason="the lines lie beside the project, not in it")
def test_every_line_has_its_row():
    """By their number in each group: a line that comes along asks for a row."""
    groups = re.findall(r"^\*\*(.+?)\*\* — (.*?)(?=^\*\*|\Z)", LINES.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    lines = {name: len(re.split(r"·", text)) for name, text in groups}
    assert {name: len(rows) for name, rows in GROUPS.items()} == lines
