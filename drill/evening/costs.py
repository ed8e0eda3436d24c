"""What one thing costs, as measured: CPU-seconds in each part. `./run bench queueing` measures and prints them."""

from __future__ import annotations

import bisect
import json
import random
from collections.abc import Iterable
from dataclasses import dataclass, fields

#: Before these names stand the bench's and the unit is milliseconds.
PREFIX = "queueing.cost."


class Incomplete(ValueError):
    """A file of measurements lacks figures; the message names them."""


@dataclass(frozen=True)
class Costs:
    """CPU-milliseconds, except ``cv`` and ``form_pause``.

    ``form_pause``: milliseconds in which a lone form computes neither in the web process nor in PostgreSQL (commit,
    network). ``cv``: standard deviation of a lone form's time over its mean. ``drain_1`` …: one transaction of the
    drain with so many forms.
    """

    form_web: float
    form_postgres: float
    form_pause: float
    cv: float
    photo_web: float
    photo_postgres: float
    photo_decoding: float
    drain_1: float
    drain_100: float
    drain_1000: float

    def drain_seconds(self, forms: int) -> float:
        """CPU-seconds of one transaction of the drain, between the measured sizes on a straight line."""
        sizes, times = (1, 100, 1000), (self.drain_1, self.drain_100, self.drain_1000)
        upper = min(max(bisect.bisect_left(sizes, forms), 1), 2)
        share = (forms - sizes[upper - 1]) / (sizes[upper] - sizes[upper - 1])
        return (times[upper - 1] + share * (times[upper] - times[upper - 1])) / 1000

    def varied(self, mean: float, chance: random.Random) -> float:
        """Seconds around ``mean`` milliseconds: gamma distributed with our ``cv``, without one always the same."""
        if not self.cv:
            return mean / 1000
        shape = 1 / self.cv**2
        return chance.gammavariate(shape, mean / shape) / 1000


def read(lines: Iterable[str]) -> Costs:
    """The costs among the JSON lines that a benchmark printed. Raises `Incomplete`."""
    found: dict[str, float] = {}
    for line in lines:
        if line.startswith("{"):
            said = json.loads(line)
            if str(said.get("name", "")).startswith(PREFIX) and said.get("figure") is not None:
                found[said["name"].removeprefix(PREFIX)] = float(said["figure"])
    missing = [field.name for field in fields(Costs) if field.name not in found]
    if missing:
        raise Incomplete(", ".join(PREFIX + name for name in missing))
    return Costs(**{field.name: found[field.name] for field in fields(Costs)})
