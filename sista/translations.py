"""Compile the catalogues with Babel: Django's own command needs msgfmt, which many machines lack."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def compile_changed(locale_paths: Iterable[Path | str]) -> list[Path]:
    """Compile every ``<language>/LC_MESSAGES/*.po`` newer than its ``.mo``; return those taken."""
    compiled = []
    for folder in locale_paths:
        for source in sorted(Path(folder).glob("*/LC_MESSAGES/*.po")):
            target = source.with_suffix(".mo")
            if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
                continue
            with source.open("rb") as stream:
                catalogue = read_po(stream, locale=source.parent.parent.name)
            # Renamed into place: a server that reads meanwhile must not see half a file. The name
            # holds the process: two that start at once would take each other's away.
            beside = target.with_name(f"{target.stem}.{os.getpid()}.mo")
            with beside.open("wb") as stream:
                write_mo(stream, catalogue)
            os.replace(beside, target)
            compiled.append(source)
    return compiled
