"""What the kinds have in common: rows judged in parts, what each would do, and what was done."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from regions.models import Region
from sista.spreadsheets.records import Record
from tallies.importing.previewing import CHANGED, NEW, SAME, Batch, in_batches
from tallies.models import MasterChange, MasterImport

#: Changes of an import that are looked at, or taken back, at once.
_AT_ONCE = 2000


@dataclass
class Row:
    """A row that fits. ``before`` is None for what is not there yet; ``thing`` is a model's row, or what it takes."""

    line: int
    before: dict[str, Any] | None
    after: dict[str, Any]
    thing: Any

    @property
    def news(self) -> str:
        return NEW if self.before is None else SAME if self.before == self.after else CHANGED


class Judge:
    """Judges the rows of one file in order, and writes those that are news.

    A kind says in ``judged`` what one row is, from what ``look_up`` read for its
    batch. ``writing``: the rows are about to be written, so what they change is locked.
    """

    def __init__(self, one: MasterImport, left_out: Iterable[int] = (), *, writing: bool = False) -> None:
        self.one = one
        self.writing = writing
        self._left_out = set(left_out)
        self._lines: dict[Hashable, Any] = {}

    def batches(self, records: Iterable[Record]) -> Iterator[Batch]:
        for some in in_batches(records):
            yield self.batch(some)

    def batch(self, records: Sequence[Record]) -> Batch:
        batch = Batch(lines=len(records))
        self.look_up(records)
        for record in records:
            row = self.judged(record, batch)
            if row is None or record.problems or self._is_left_out(record):
                batch.bad += 1
                batch.problems += record.problems
            else:
                batch.rows.append(row)
        self.look_across(batch)
        return batch

    def look_up(self, records: Sequence[Record]) -> None:
        raise NotImplementedError

    def judged(self, record: Record, batch: Batch) -> Row | None:
        """What the row is; None, or problems in the record, where it is not fit."""
        raise NotImplementedError

    def look_across(self, batch: Batch) -> None:
        """Look at the rows of a batch together."""

    def notes(self, rows: list[Any], kinds: Sequence[str]) -> list[tuple[int, str]]:
        """What a person should see before it is written, by line."""
        return []

    def write(self, rows: list[Any], *, by: Any) -> None:
        raise NotImplementedError

    def once(self, record: Record, key: Hashable, batch: Batch, reason: str) -> None:
        """Refuse a row whose ``key`` came before, and the one before it: nobody knows which was meant."""
        before = self._lines.setdefault(key, record.line)
        if before != record.line:
            batch.spoiled.append(before)
            record.refuse(reason % {"line": before})

    def agrees(self, record: Record, key: Hashable, said: str, batch: Batch, reason: str) -> None:
        """Refuse a row that says of ``key`` something other than an earlier row, and all rows of that key."""
        first, lines = self._lines.setdefault(key, (said, []))
        if said == first and key not in self._left_out:
            lines.append(record.line)
            return
        batch.spoiled += lines
        self._left_out |= {key, *lines}  # type: ignore[arg-type]
        record.refuse(reason % {"line": lines[0] if lines else record.line})

    def _is_left_out(self, record: Record) -> bool:
        return record.line in self._left_out

    def region_of(self, record: Record, region: Region | None, code: str) -> Region | None:
        """``region`` where it is known and the importing person's; else None with a problem."""
        if region is None:
            return record.refuse(_("kode wilayah ini tidak dikenal"), value=code)
        if not self.one.region.contains(region):
            return record.refuse(_("di luar wilayah Anda"), value=code)
        return region

    def locked(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.select_for_update(of=("self",)) if self.writing else rows

    @property
    def reason(self) -> str:
        """What the history of a row says about its change."""
        return f"impor {self.one.uuid}"


def write_down(one: MasterImport, rows: Iterable[tuple[str, int, Row]]) -> None:
    """Keep what was made and changed; a row that a killed run wrote down already keeps its first ``before``."""
    MasterChange.objects.bulk_create(
        (
            MasterChange(source=one, thing=thing, key=key, before=row.before, after=row.after)
            for thing, key, row in rows
        ),
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["source", "thing", "key"],
        update_fields=["after"],
    )


def changes_of(one: MasterImport) -> Iterator[list[MasterChange]]:
    """What ``one`` made and changed, in parts, the last first."""
    last = None
    while True:
        some = MasterChange.objects.filter(source=one).order_by("-pk")
        part = list((some if last is None else some.filter(pk__lt=last))[:_AT_ONCE])
        if not part:
            return
        yield part
        last = part[-1].pk
