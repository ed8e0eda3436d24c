"""Make a pack: figures of one moment, then the photos, the manifest over them, the papers that print its digest.

Memory does not grow with the photos: the figures of some stations, one photo, one volume of paper at a time.
"""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.db import OperationalError
from django.utils import timezone, translation

from analytics.evidence import facts, papers, verify
from analytics.evidence.readme import readme
from analytics.evidence.station_records import Gathered, people, station_records
from analytics.evidence.subject import Subject
from analytics.models import EvidencePack
from sista.database import gave_up_on_a_lock, one_snapshot
from tallies import photos
from tallies.exports.pack_file import PackFile
from tallies.models import OutboxRow
from tallies.totals import aggregation

log = logging.getLogger(__name__)

#: Told how many of how many steps are done.
Tell = Callable[[int, int], None]
ATTEMPTS, PAUSE_SECONDS = 20, 0.5
#: Always: it is for an Indonesian court, and must not depend on who pressed the button.
LANGUAGE = "id"


class TotalsMoving(Exception):
    """Forms kept arriving: there was no moment at which the totals knew all of them."""


class DoesNotVerify(Exception):
    """The pack failed its own verifier; it is not handed out."""


@dataclass(frozen=True)
class Made:
    as_of: datetime
    stations: int
    stations_in: int
    photos: int
    manifest_sha256: str


@dataclass
class _Read:
    """What the snapshot gave. ``lines``: the stations, a JSON text a line, in a file without a name."""

    as_of: datetime
    head: dict[str, Any]
    totals: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    gathered: Gathered
    people: dict[str, dict[str, str]]
    lines: IO[bytes]

    def stations(self) -> Iterator[dict[str, Any]]:
        self.lines.seek(0)
        for line in self.lines:
            yield json.loads(line)


def write_pack(pack: EvidencePack, path: Path, tell: Tell) -> Made:
    """Write the ZIP of ``pack`` to ``path`` and check it. Raises `TotalsMoving`, `DoesNotVerify`."""
    with translation.override(LANGUAGE), tempfile.TemporaryFile() as lines:
        read = _read(pack, lines)
        with path.open("w+b") as out:
            made = _written(pack, read, out, tell)
    report, sidik = verify.check(str(path), made.manifest_sha256)
    if report.problems:
        log.error("evidence %s does not verify: %s", pack.uuid, "; ".join(report.problems[:5]))
        raise DoesNotVerify(report.problems[0])
    assert sidik == made.manifest_sha256
    return made


def _read(pack: EvidencePack, lines: IO[bytes]) -> _Read:
    subject = Subject.of_pack(pack)
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE_SECONDS)
        if _waiting(subject).exists():
            _drain(subject)
        with one_snapshot():
            if not _waiting(subject).exists():
                return _read_now(pack, subject, lines)
    raise TotalsMoving(pack.uuid)


def _drain(subject: Subject) -> None:
    try:
        aggregation.drain(election=subject.contest.election_id)
    except OperationalError as error:
        # Somebody else is at these totals: the next attempt looks whether they are done.
        if not gave_up_on_a_lock(error):
            raise


def _waiting(subject: Subject) -> Any:
    """Forms of the region that its totals do not know yet."""
    inside = (subject.region.first, subject.region.last)
    return OutboxRow.objects.filter(contest=subject.contest, region__first__range=inside)


def _read_now(pack: EvidencePack, subject: Subject, lines: IO[bytes]) -> _Read:
    as_of, gathered = timezone.now(), Gathered()
    for record in station_records(subject.results(pack.made_by), subject.region, pack.origin, gathered):
        lines.write(_plain(record) + b"\n")
    return _Read(
        as_of=as_of,
        head=facts.head(pack, subject, as_of)
        | {"stations_here": gathered.stations, "stations_in_here": gathered.stations_in},
        totals=facts.totals(subject),
        findings=facts.findings(subject),
        gathered=gathered,
        people=people(gathered.people),
        lines=lines,
    )


def _plain(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()


def _written(pack: EvidencePack, read: _Read, out: IO[bytes], tell: Tell) -> Made:
    with closing(PackFile(out, read.as_of)) as box:
        return _filled(box, pack, read, _Steps(tell, len(read.gathered.photos) + read.gathered.stations))


def _filled(box: PackFile, pack: EvidencePack, read: _Read, steps: _Steps) -> Made:
    box.add("README.txt", readme(read.head).encode())
    box.add("verify.py", Path(verify.__file__).read_bytes())
    _add_figures(box, read)
    box.add_json("totals.json", {**read.head, "regions": read.totals})
    box.add_json("findings.json", {**read.head, "findings": read.findings})
    found = [_add_photo(box, photo, steps) for photo in read.gathered.photos.values()]
    box.add_json("photos.json", {**read.head, "photos": found})
    sidik = box.add_json("manifest.json", {**read.head, "files": box.take_list()})
    box.take_list()  # the manifest does not list itself
    book = papers.Book(
        head=read.head,
        totals=read.totals,
        findings=read.findings,
        photos={one["sha256"]: one for one in found},
        people=read.people,
        thresholds=pack.contest.election.thresholds,
        manifest_sha256=sidik,
    )
    for name, paper in papers.volumes(book, read.stations, steps.step):
        box.add(name, paper)
    box.add_json("laporan.json", {"manifest_sha256": sidik, "files": box.take_list()})
    there = sum(not one.get("missing") for one in found)
    return Made(read.as_of, read.gathered.stations, read.gathered.stations_in, there, sidik)


class _Steps:
    def __init__(self, tell: Tell, of: int) -> None:
        self._tell, self._of, self._done = tell, of, 0

    def step(self) -> None:
        self._done += 1
        self._tell(self._done, self._of)


def _add_figures(box: PackFile, read: _Read) -> None:
    """One station a line, so that a person finds it with any editor."""
    with box.entry("figures.json") as out:
        head = json.dumps(read.head, ensure_ascii=False, indent=1).encode()
        out.write(head.removesuffix(b"\n}") + b',\n"stations": [\n')
        for number, record in enumerate(read.stations()):
            out.write((b",\n" if number else b"") + _plain(record))
        out.write(b'\n],\n"people": ' + json.dumps(read.people, ensure_ascii=False, indent=1).encode() + b"}\n")


def _add_photo(box: PackFile, photo: dict[str, Any], steps: _Steps) -> dict[str, Any]:
    """Add an original; one that the store has lost or damaged is named as missing, with the reason."""
    steps.step()
    try:
        with photos.store().open(photos.original_name(photo["sha256"])) as stream:
            data = stream.read()
    except FileNotFoundError:
        log.error("the original of photo %s is missing in the store", photo["sha256"][:12])
        return photo | {"missing": "berkasnya hilang dari penyimpanan"}
    if hashlib.sha256(data).hexdigest() != photo["sha256"]:
        log.error("the original of photo %s is damaged in the store", photo["sha256"][:12])
        return photo | {"missing": "berkasnya rusak di penyimpanan"}
    box.add(photo["file"], data)
    return photo
