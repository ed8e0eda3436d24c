"""docs/permissions.md says what everybody gets at every address, and it is so."""

import os

from tests import permission_walk
from tests.integration.test_another_kabupaten import (
    ADDRESSES,
    furnished_malang,  # noqa: F401  fixture
)


def test_everybody_gets_what_the_matrix_says(malang):
    """Asks every address as every role; with `manage.py permission_matrix --write` the answers are written down."""
    now = permission_walk.as_page(permission_walk.walk(malang, ADDRESSES))
    if os.environ.get("PERMISSION_MATRIX") == "write":
        permission_walk.PAGE.write_text(now, encoding="utf-8")
    was = permission_walk.PAGE.read_text(encoding="utf-8") if permission_walk.PAGE.exists() else ""
    assert permission_walk.differences(was, now) == [], f"Look at each, then: {permission_walk.COMMAND}"
    assert was == now


def test_a_row_that_changed_and_one_that_is_missing_are_told():
    was, now = "| a | 200 |\n| b | 404 |\n", "| a | 200 |\n| b | 200 |\n| c | 403 |\n"
    assert permission_walk.differences(was, now) == ["- | b | 404 |", "+ | b | 200 |", "+ | c | 403 |"]
