"""How large the rehearsal is, and how long its parts are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Shares of the night: quiet before the first fault and between two; what stays switched off, and its bounds.
QUIET, OFF, OFF_LEAST, OFF_MOST = 0.04, 0.05, 3.0, 60.0
#: The bounds of time, in seconds: to the national total (p95, outside of faults), and until caught up after one.
LONGEST_LAG, LONGEST_RECOVERY = 1.0, 60.0
#: Photos: the share of forms that have one, the most of them, and their disk beside those.
WITH_PHOTO, MOST_PHOTOS, LEAST_MEGABYTES = 0.10, 2_500, 64
#: Witnesses, at least, who send only to see whether all works.
RESERVE = 60


@dataclass(frozen=True)
class Plan:
    """``rate``: forms a second on the mean of the night; its peak is five times that."""

    stations: int
    minutes: float
    rate: float
    faults: tuple[str, ...]
    out: Path
    web: int = 2
    seed: int = 1

    @property
    def seconds(self) -> float:
        return self.minutes * 60

    @property
    def forms(self) -> int:
        """The others are kept for what is sent to see whether all works, and for what drips."""
        return min(self.stations - max(self.stations // 10, RESERVE), int(self.rate * self.seconds))

    @property
    def photo_share(self) -> float:
        """The share of forms with a photo: the disk of photos is in memory."""
        return min(WITH_PHOTO, MOST_PHOTOS / self.forms)

    @property
    def photo_megabytes(self) -> int:
        """So large that only our own file fills the disk: a photo, its copy and its thumbnail are 0.6 MB."""
        return LEAST_MEGABYTES + int(self.photo_share * self.forms)

    @property
    def seconds_off(self) -> float:
        """How long what is switched off stays so."""
        return min(max(self.seconds * OFF, OFF_LEAST), OFF_MOST)

    @property
    def quiet(self) -> float:
        """Seconds before the first fault and between two."""
        return max(1.0, self.seconds * QUIET)

    def as_json(self) -> dict[str, Any]:
        said = {name: getattr(self, name) for name in ("stations", "minutes", "rate", "faults", "web", "seed")}
        return said | {"forms": self.forms}
