"""Several evenings as a table that fits a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from drill.evening.run import Told

HEADS = ("web", "photo", "cores", "offered", "web busy", "form p50", "p95", "p99", "peak p95", "lag p95")
MORE = ("photo busy", "photos most", "backlog gone")


def numbers(text: str) -> list[int]:
    """``1..4`` and ``1,2,8`` as numbers of at least 1. Raises `ValueError`."""
    found: list[int] = []
    for part in text.split(","):
        first, *last = part.split("..", 1)
        found += range(int(first), int(last[0] if last else first) + 1)
    if not found or min(found) < 1:
        raise ValueError(text)
    return found


def rows(told: Iterable[Told]) -> list[Sequence[str]]:
    """The heads and a row an evening: times in milliseconds or seconds, ``*`` where more comes than can be done."""
    return [(*HEADS, *MORE), *(_row(one) for one in told)]


def _row(one: Told) -> Sequence[str]:
    star = "*" if one.offered >= 1 else ""
    waits = (one.form_p50, one.form_p95, one.form_p99, one.peak_p95)
    return (
        str(one.web),
        str(one.workers),
        f"{one.cores:g}",
        f"{one.offered:.2f}{star}",
        f"{one.web_busy:.0%}",
        *(_time(wait) for wait in waits),
        _time(one.lag_p95),
        f"{one.workers_busy:.0%}",
        f"{one.photos_most:,}",
        f"{one.photos_done:.1f} h" if one.photos_done else "at once",
    )


def _time(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def aligned(table: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in table]
