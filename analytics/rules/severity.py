"""How much a finding weighs: documents before arithmetic before statistics."""

from __future__ import annotations

from enum import IntEnum


class Severity(IntEnum):
    """The numbers are those that findings are stored with.

    CRITICAL: documents decide an area. HIGH: a document or hard evidence. MEDIUM: a person should
    look. INFO: worth knowing, nothing to do.
    """

    INFO = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4
