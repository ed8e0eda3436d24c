"""In CI nothing is skipped for want of a part: a test that did not run proves nothing.

Only the real returns may be absent: they are not ours to publish.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

MAY_BE_ABSENT = "returns"


def is_strict() -> bool:
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


def complaint(reason: str, *, about_returns: bool) -> str | None:
    """What to say of a skip in CI; None when it is allowed."""
    if about_returns or MAY_BE_ABSENT in reason:
        return None
    return f"skipped in CI, where every part is there: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    if is_strict() and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        found = complaint(reason, about_returns=item.get_closest_marker(MAY_BE_ABSENT) is not None)
        if found:
            report.outcome, report.longrepr = "failed", found
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Any:
    """The same for a file that skips itself as a whole."""
    report = yield
    if is_strict() and report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        found = complaint(reason, about_returns=False)
        if found:
            report.outcome, report.longrepr = "failed", found
    return report
