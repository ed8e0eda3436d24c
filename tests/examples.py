"""How many examples a random test tries: few in every run, as many as `TEST_EXAMPLES` says when there is time."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

ASKED = int(os.environ.get("TEST_EXAMPLES") or 0)


def many(usual: int, *, same: bool = False) -> settings:
    """Settings for ``usual`` examples a run, or `TEST_EXAMPLES` of them.

    ``same``: the usual ones are the same in every run. Those asked for are
    always others; `--hypothesis-seed=N` chooses which, so that several
    processes can share them.
    """
    return settings(
        max_examples=ASKED or usual,
        deadline=None,
        derandomize=same and not ASKED,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
