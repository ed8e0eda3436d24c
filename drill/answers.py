"""What each thing that is sent is answered when all is well, and what one attempt came to. Pure."""

from __future__ import annotations

from typing import NamedTuple

from drill import desks

#: What each kind is answered when all is well; anything else is tried again or is a finding.
GOOD = {
    "first": {200, 201},
    "again": {200, 201},
    "anew": {200, 201},
    "correction": {200, 201},
    "rival": {200, 201},
    "photo": {200, 201},
    "used key": {409},
    "foreign station": {404},
} | {kind: {desks.DONE} for kind in desks.KINDS}
#: What the phone tries again.
LATER = {408, 429, 500, 502, 503, 504, 507}
NO_ANSWER = 0


class Attempt(NamedTuple):
    """One request: when it began (`time.monotonic`), what it was, its status (0: none came), and seconds."""

    at: float
    kind: str
    status: int
    seconds: float
    told_when: bool
