"""How much of a file is read, and the sentence of one that is not."""

from __future__ import annotations

from dataclasses import dataclass


class FileRefused(Exception):
    """The file cannot be read as a table. Its text is a sentence for the person who brought it."""


@dataclass(frozen=True)
class Limits:
    """``rows`` without the header. ``parts``: what an XLSX holds beside sheets and texts. Sizes are unpacked ones."""

    file_bytes: int = 128 * 1024 * 1024
    rows: int = 900_000  # the nation has 823,236 TPS
    columns: int = 256
    cell_letters: int = 32_767  # Excel's own limit
    row_letters: int = 1_000_000
    sheets: int = 512 * 1024 * 1024
    texts: int = 64 * 1024 * 1024
    parts: int = 8 * 1024 * 1024
    files: int = 1000


LIMITS = Limits()
