"""The papers of a pack: one report, or one that names a volume a desa where there are many stations.

fpdf2 keeps a document in memory until its last page, so a document has so many stations and no more.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

from analytics.evidence import paper_stations, paper_summary
from analytics.evidence.paper import Paper
from tallies.figures import Thresholds

STATIONS_A_VOLUME = 25
Records = Callable[[], Iterator[dict[str, Any]]]


@dataclass(frozen=True)
class Book:
    """All that the papers print, as it stands in the JSON files of the pack."""

    head: dict[str, Any]
    totals: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    photos: dict[str, dict[str, Any]]
    people: dict[str, dict[str, str]]
    thresholds: Thresholds
    manifest_sha256: str

    def person(self, key: int | None) -> str:
        return self.people[str(key)]["name"] if key is not None and str(key) in self.people else "sistem"


def volumes(book: Book, stations: Records, step: Callable[[], None]) -> Iterator[tuple[str, bytearray]]:
    """Yield each document with its name in the pack; ``step`` is told of each station."""
    together = book.head["stations_here"] <= STATIONS_A_VOLUME
    main = Paper(book.head, book.manifest_sha256, f"Paket bukti {book.head['region']['title']}")
    names = {} if together else _volume_names(stations())
    paper_summary.write(main, book, stations, names)
    if together:
        _write_stations(main, book, stations(), step)
    yield "laporan.pdf", main.output()
    del main
    if together:
        return
    for (village, _part), records in _parts(stations()):
        records = list(records)
        name = names[records[0]["code"]]
        paper = Paper(book.head, book.manifest_sha256, f"Paket bukti {village}")
        if not any(one["forms"] for one in records):
            for _one in records:
                step()
            continue
        _write_stations(paper, book, iter(records), step)
        yield name, paper.output()
        # A document is a ring of references: its pictures would lie about until the collector happens to come.
        del paper
        gc.collect()


def _write_stations(paper: Paper, book: Book, records: Iterator[dict[str, Any]], step: Callable[[], None]) -> None:
    for record in records:
        if record["forms"]:
            paper_stations.write(paper, book, record)
        step()


def _parts(records: Iterator[dict[str, Any]]) -> Iterator[tuple[tuple[str, int], list[dict[str, Any]]]]:
    """The stations of a desa, so many at a time."""
    for village, those in groupby(records, key=lambda one: one["code"].rpartition(".")[0]):
        part = 0
        while taken := list(islice(those, STATIONS_A_VOLUME)):
            part += 1
            yield (village, part), taken


def _volume_names(records: Iterator[dict[str, Any]]) -> dict[str, str]:
    """Which document a station stands in, by its code."""
    names = {}
    for (village, part), those in _parts(records):
        end = f"-{part}" if part > 1 else ""
        names |= dict.fromkeys((one["code"] for one in those), f"laporan/{village}{end}.pdf")
    return names
