"""A command works on an imported file, or waits for the server that took it, and says how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sista.progress import Progress
from tallies.importing.previewing import problems_of

SHOWN = 20


def follow(one: Any, run: Callable[..., bool], word: str, out: Any) -> None:
    """Run what the state of ``one`` asks for, until nobody works on it."""
    progress, about = Progress(out), one.rows_of
    progress.begin(word)
    try:
        run(one, lambda rows: progress.at(f"{word} {rows} dari {about} baris"))
        while one.is_working:
            # The server was quicker to take it.
            time.sleep(0.5)
            run(one)
            progress.at(f"{word} {one.rows_done} dari {about} baris")
    finally:
        progress.end()


def tell_problems(one: Any, out: Any) -> None:
    for problem in problems_of(one)[:SHOWN]:
        out.write(str(problem))
    if one.rows_bad > SHOWN:
        out.write(f"… {one.rows_bad} baris bermasalah.")
