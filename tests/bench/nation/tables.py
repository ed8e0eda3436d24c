"""Markdown tables on standard output, to be taken over into docs/scaling.md."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from tests.bench.measurement import load_now


def write(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    lines = [f"### {title} (load {load_now():.1f})", "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(_cell(value) for value in row)} |" for row in rows]
    sys.stdout.write("\n".join(lines) + "\n\n")
    sys.stdout.flush()


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)
