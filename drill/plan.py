"""How large the rehearsal is, and how long its parts are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drill import turns
from drill.deciding import DECIDED

#: Shares of the night: quiet before the first fault and between two; what stays switched off, and its bounds.
QUIET, OFF, OFF_LEAST, OFF_MOST = 0.04, 0.05, 3.0, 30.0
#: Redis is away for longer, five minutes of a long night: the intake needs none.
REDIS_OFF, REDIS_OFF_MOST = 0.1, 300.0
#: A quiet shorter than this, in seconds, is over before enough was sent in it to say how late totals are.
LEAST_QUIET = 5.0
#: The bounds of time, in seconds: to the national total (p95, outside of faults), and until caught up after one.
LONGEST_LAG, LONGEST_RECOVERY = 1.0, 60.0
#: Photos: the share of forms that have one, the most of them, and their disk beside those.
WITH_PHOTO, MOST_PHOTOS, LEAST_MEGABYTES = 0.10, 2_500, 64
#: Witnesses who send only to see whether all works: a tenth, within these bounds.
RESERVE, MOST_RESERVE = 60, 600
#: Beside the night: so many are made in a second, and again recounted, by a machine of two cores.
STATIONS_A_SECOND = 250
#: Minutes the last recovery, draining and a slow recount may add.
MOST_MORE = 10


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
        return min(self.stations - self.reserve, int(self.rate * self.seconds))

    @property
    def reserve(self) -> int:
        return max(RESERVE, min(self.stations // 10, MOST_RESERVE))

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
    def redis_seconds_off(self) -> float:
        return min(max(self.seconds * REDIS_OFF, OFF_LEAST), REDIS_OFF_MOST)

    @property
    def off(self) -> dict[str, float]:
        """How long each fault keeps something away."""
        long = dict.fromkeys(("two-beats", "disk-full", "network-cut"), self.seconds_off)
        return long | {"redis-stop": self.redis_seconds_off, "postgres-cut": self.seconds_off / 2, "upgrade": 40.0}

    @property
    def quiet(self) -> float:
        """Seconds before the first fault and between two, at most."""
        return max(1.0, self.seconds * QUIET)

    @property
    def has_quiet(self) -> bool:
        """Whether a lag outside of faults can be seen: what came just before a fault is not held to the bound."""
        return not self.faults or self.quiet >= LEAST_QUIET

    @property
    def first_round(self) -> list[str]:
        return turns.first_round(self.faults, self.seconds)

    def in_words(self) -> str:
        """What will happen, and how long it will take."""
        counts = Counter(self.first_round)
        made = ", ".join(f"{name} {times} times" if times > 1 else name for name, times in counts.items())
        in_all = self.minutes + 1 + 2 * self.stations / STATIONS_A_SECOND / 60
        mean = self.forms / self.seconds
        return "\n".join(
            (
                f"{self.forms:,} of {self.stations:,} witnesses send within {self.minutes:g} minutes: {mean:.0f} "
                f"forms a second on the mean, {mean * 5:.0f} at the peak a quarter into it; what this machine does "
                "not take at once waits in the phones.",
                f"A photo comes with one form in {1 / self.photo_share:.0f}, on a disk in memory of "
                f"{self.photo_megabytes:,} MB; a coordinator acts at about {self.forms * DECIDED:,.0f} stations.",
                f"Faults: {made or 'none'}; Redis away for {self.redis_seconds_off:.0f} s.",
                *self._not_to_be_told,
                f"It will take about {in_all:.0f} minutes in all, at most {in_all + MOST_MORE:.0f}.",
            )
        )

    @property
    def _not_to_be_told(self) -> tuple[str, ...]:
        if self.has_quiet:
            return ()
        least = LEAST_QUIET / QUIET / 60
        return (
            f"So short a night does not tell how late totals are: its faults follow each other within "
            f"{self.quiet:.1f} s. From {least:.1f} minutes on it does.",
        )

    def as_json(self) -> dict[str, Any]:
        said = {name: getattr(self, name) for name in ("stations", "minutes", "rate", "faults", "web", "seed")}
        more = {"has_quiet": self.has_quiet, "photos": int(self.forms * self.photo_share)}
        return said | more | {"forms": self.forms, "decided": int(self.forms * DECIDED), "turns": self.first_round}
