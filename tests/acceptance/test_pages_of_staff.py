"""The pages of DPD, DPP, operators and the admin in a real browser: what axe finds, what the keyboard reaches."""

import pytest

from tests.browsing import (  # noqa: F401  fixtures
    PHONE,
    committed_for_a_module,
    quick_and_quiet_for_a_module,
    stage_for_a_module,
)
from tests.looking import small_targets, sticks_out, structure, violations, walk_by_tab
from tests.pages_seen import ADMIN, OF_STAFF, furnish, opened, resize, wrong_with  # noqa: F401  furnish: for the stage

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("seen", OF_STAFF, ids=str)
def test_a_page_is_accessible_wide_and_narrow(stage, seen):
    found = wrong_with(stage, seen)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("seen", ADMIN, ids=str)
def test_the_admin_wears_our_clothes(stage, seen):
    with opened(stage, seen) as (page, overheard):
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(241, 243, 242)"
        assert page.locator("nav.tabs a[href^='/hasil/']").count() == 1
        found = structure(page) + violations(page, good_practice=False) + walk_by_tab(page)
        resize(page, *PHONE)
        found += (
            violations(page, good_practice=False)
            + small_targets(page, controls=24, links=24)
            + sticks_out(page)
            + overheard.lines
        )
    assert not found, "\n".join(found)
