"""How the files of one table are read and written: what a room tells the shared part of an import."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sista.spreadsheets.headers import Field

#: Hears how many rows are done.
Tell = Callable[[int], None]


@dataclass(frozen=True)
class Way:
    """``missing`` gives the labels of the fields that the columns found or chosen do not hold yet.

    ``look`` returns what is to be said of a file, ``write`` what is to be said of its import, by the
    names of the table's columns; both read `receiving.records_of` and may raise `FileRefused`.
    """

    model: type[Any]
    fields: Callable[[Any], list[Field]]
    missing: Callable[[Any, Mapping[str, int]], list[str]]
    look: Callable[[Any, Tell], dict[str, Any]]
    write: Callable[[Any, Tell], dict[str, Any]]
