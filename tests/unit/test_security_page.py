"""Claims about docs/security.md: what it calls shown is shown by a test that is there. And about the packages."""

import re

import pytest

from tests.named_tests import BASE, TEST, not_there, page

PAGE = page("security.md")
ROW = re.compile(r"^\| (\d[\d., ]*(?: \(level 3\))?) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def test_every_test_that_is_named_exists():
    assert PAGE.count("::test_") > 100
    assert not_there(PAGE) == []


def test_every_row_says_met_with_a_test_or_why_not():
    rows = ROW.findall(PAGE)
    table = PAGE.partition("## OWASP")[2].partition("## Packages")[0]
    assert len(rows) == len(re.findall(r"^\| \d", table, re.MULTILINE)) > 60
    written = {"5.1.1"}  # asks for a page, which it is
    bare = [number for number, answer, shown in rows if answer.startswith("met") and not TEST.search(shown)]
    assert set(bare) == written
    assert {answer.split(",")[0].split(" ")[0] for _number, answer, _shown in rows} <= {"met", "partly", "not"}


def test_a_number_stands_once():
    numbers = [number for row, _answer, _shown in ROW.findall(PAGE) for number in re.findall(r"\d+\.\d+\.\d+", row)]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("name", sorted(path.name for path in BASE.glob("requirements*.txt")))
def test_every_package_is_pinned_and_has_its_reason(name):
    lines = (BASE / name).read_text(encoding="utf-8").splitlines()
    loose = [line for line in lines if not re.fullmatch(r"#.*|-r \S+|[\w.\[\],-]+==[\w.]+ +# \S.*", line)]
    assert loose == []
