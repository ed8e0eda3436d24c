"""What people do with a finding, on whatever page it stands."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from analytics.findings import attaching, reading
from analytics.models import REASON_LENGTH, Finding


def panel_context(request: HttpRequest, found: Finding, **attempt: Any) -> dict[str, Any]:
    """What `analytics/_finding_panel.html` needs. ``attempt``: what was written and refused (reason, error)."""
    return {
        "detail": reading.detail(found, request.user),
        "reason_length": REASON_LENGTH,
        "most_files": attaching.MOST_FILES,
        "attempt": attempt,
        "back": request.GET.urlencode(),
    }
