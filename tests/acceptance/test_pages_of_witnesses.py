"""The pages of strangers and witnesses in a real browser: what axe finds, what the keyboard reaches."""

import pytest

from tests.browsing import (  # noqa: F401  fixtures
    committed_for_a_module,
    quick_and_quiet_for_a_module,
    stage_for_a_module,
)
from tests.pages_seen import OF_WITNESSES, furnish, wrong_with  # noqa: F401  furnish: for the stage

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("seen", OF_WITNESSES, ids=str)
def test_a_page_is_accessible_wide_and_narrow(stage, seen):
    found = wrong_with(stage, seen)
    assert not found, "\n".join(found)
