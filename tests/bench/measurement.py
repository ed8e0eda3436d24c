"""One measured figure, its bound, and how it is printed."""

from __future__ import annotations

import json
import math
import os
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field


def load_now() -> float:
    """The machine's load over the last minute: others' work bends every figure."""
    return os.getloadavg()[0]


@dataclass(frozen=True)
class Measurement:
    """``bound`` reads ``<= 5`` or ``>= 0.15``; without one the figure is for information and ``ok`` is None."""

    name: str
    figure: float | None
    unit: str
    bound: str | None = None
    load: float = field(default_factory=load_now)

    @property
    def ok(self) -> bool | None:
        if self.bound is None or self.figure is None:
            return None
        relation, limit = self.bound.split()
        return self.figure <= float(limit) if relation == "<=" else self.figure >= float(limit)


def report(measurements: Sequence[Measurement]) -> None:
    """Write the table, then a JSON line a measurement."""
    width = max(len(one.name) for one in measurements)
    for one in measurements:
        said = {True: "ok", False: "MISSED", None: ""}[one.ok]
        bound = one.bound or ""
        line = f"{one.name:<{width}}  {_short(one.figure):>9} {one.unit:<14} {bound:<9} {said:<6}"
        sys.stdout.write(f"{line}  load {one.load:.2f}\n")
    sys.stdout.write("\n")
    for one in measurements:
        facts = asdict(one) | {"figure": _rounded(one.figure), "ok": one.ok, "load": round(one.load, 2)}
        order = ("name", "figure", "unit", "bound", "ok", "load")
        sys.stdout.write(json.dumps({key: facts[key] for key in order}) + "\n")
    sys.stdout.write("\n")
    sys.stdout.flush()


def _rounded(figure: float | None) -> float | None:
    """Four significant digits: more would be noise."""
    if figure is None or not figure:
        return figure
    return round(figure, 3 - math.floor(math.log10(abs(figure))))


def _short(figure: float | None) -> str:
    return "–" if figure is None else f"{_rounded(figure):,.10g}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` (a fraction) of ``values`` does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def say(sentence: str) -> None:
    """Tell what takes time now; standard output is for figures."""
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()
