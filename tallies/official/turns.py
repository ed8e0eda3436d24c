"""Files of official figures are looked at and imported in turns, as `tallies.importing.turns` does."""

from __future__ import annotations

from tallies.importing import turns
from tallies.importing.turns import is_short
from tallies.importing.ways import Tell
from tallies.models import OfficialImport
from tallies.official.way import WAY

__all__ = ["is_short", "run", "run_waiting"]


def run(one: OfficialImport, tell: Tell | None = None) -> bool:
    """Do what its state asks for, unless another run is at it; return whether it was done. ``one`` is read anew."""
    return turns.run(WAY, one, tell)


def run_waiting() -> int:
    """Work on the files that wait, the oldest first; return how many were done."""
    return turns.run_waiting(WAY)
