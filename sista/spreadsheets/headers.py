"""Which column holds what: by names that people really write, or as a person says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from django.utils.functional import Promise

from sista.spreadsheets.cells import is_blank
from sista.spreadsheets.opening import HEADER_WITHIN, Line

_PARTS = re.compile(r"[a-z]+|[0-9]+")


def plain(name: object) -> str:
    """``Nomor_TPS``, ``NOMOR  TPS`` and ``nomor-tps`` are one; so are ``suara_1``, ``Suara 01`` and ``SUARA1``."""
    text = unicodedata.normalize("NFKD", str(name if name is not None else "")).casefold()
    parts = _PARTS.findall("".join(letter for letter in text if not unicodedata.combining(letter)))
    return " ".join(part.lstrip("0") or "0" if part[0].isdecimal() else part for part in parts)


@dataclass(frozen=True)
class Field:
    """Something a row may say. ``names`` are those a column may have; ``label`` is what it is called on screen."""

    name: str
    label: str | Promise
    names: tuple[str, ...] = ()
    required: bool = True

    @property
    def known(self) -> set[str]:
        return {plain(one) for one in (self.name, self.label, *self.names)}


@dataclass(frozen=True)
class Header:
    """``columns`` tells the place of a field, from 0; ``labels`` are the names as they stand in the file."""

    line: int
    labels: tuple[str, ...]
    columns: Mapping[str, int] = field(default_factory=dict)
    #: Fields that several columns could be: a person has to say which.
    doubtful: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        return not (self.doubtful or self.missing)

    def label_of(self, name: str) -> str:
        """What the file calls the column of a field: its name, else the letter a spreadsheet shows."""
        place = self.columns[name]
        return self.labels[place] or letters(place)


def letters(place: int) -> str:
    """The letters a spreadsheet shows for a column, from 0: A, B, … AA."""
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(65 + rest) + text
    return text


def matched(
    labels: Sequence[Any], fields: Sequence[Field], *, line: int = 1, said: Mapping[str, int] | None = None
) -> Header:
    """The header ``labels`` with the place of each of ``fields``.

    ``said`` is what a person chose (field → place, from 0): it goes before any
    name, and a column it takes is nobody else's. A place outside is passed over.
    """
    texts = tuple("" if one is None else str(one).strip() for one in labels)
    names = [plain(one) for one in texts]
    known = {one.name for one in fields}
    columns = {name: place for name, place in (said or {}).items() if name in known and 0 <= place < len(texts)}
    taken, doubtful = set(columns.values()), []
    for one in fields:
        if one.name in columns:
            continue
        places = [place for place, name in enumerate(names) if name and name in one.known and place not in taken]
        if len(places) == 1:
            columns[one.name] = places[0]
            taken.add(places[0])
        elif places:
            doubtful.append(one.name)
    missing = [one.name for one in fields if one.required and one.name not in columns and one.name not in doubtful]
    return Header(line, texts, columns, tuple(doubtful), tuple(missing))


def found(
    lines: Iterable[Line], fields: Sequence[Field], *, said: Mapping[str, int] | None = None
) -> tuple[Header, Iterator[Line]]:
    """The header, and the lines behind it.

    The header is the line among the first that names most of ``fields``, the
    first such; where none names any, the first line. An empty file has an empty one.
    """
    rest = iter(lines)
    first = list(islice(rest, HEADER_WITHIN))
    if not first:
        return matched((), fields), rest
    best = max(range(len(first)), key=lambda at: (_named(first[at], fields), -at))
    header = matched(first[best].cells, fields, line=first[best].number, said=said)
    return header, chain(first[best + 1 :], rest)


def _named(line: Line, fields: Sequence[Field]) -> int:
    """How many fields a line names. A figure may be the number of a pair: alone it makes no header."""
    names = {plain(cell) for cell in line.cells if not is_blank(cell)}
    known = [one.known & names for one in fields]
    worded = any(not name.isdecimal() for some in known for name in some)
    return sum(map(bool, known)) if worded else 0
