"""Replay real returns of 2019 through the intake, as if each row were a witness's form.

The file has one row a TPS with two readings of its C1: ``kpu`` (the election
commission's) and ``kp`` (citizens'). UUIDs are made from reading, place and
figures, so that the same file twice adds nothing.
"""

from __future__ import annotations

import csv
import gzip
import time
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TextIO

from django.contrib.auth.hashers import make_password
from django.db import connection, connections

from accounts.models import Role, User
from regions.importing import import_regions, rows_from_package
from regions.models import Level, Region
from sista.database import writing
from sista.progress import Progress
from sista.templatetags.formats import format_number
from tallies import intake, preparation
from tallies.figures import Figures, parse_figure
from tallies.models import C1Form, Channel, Contest, Election, FormKind, Office, OutboxRow, Phase, PollingStation
from tallies.preparation import NewPair, NewStation
from tallies.submission import Submission
from tallies.totals import aggregation

#: Reading → what is added to the election's name.
READINGS = {"kpu": "bacaan KPU", "kp": "bacaan warga"}
PAIRS = (
    NewPair(1, "Joko Widodo–Ma'ruf Amin", usungan=True),
    NewPair(2, "Prabowo Subianto–Sandiaga Salahuddin Uno"),
)
VOTING_DAY = date(2019, 4, 17)
SENDER = "putar-ulang"

#: Columns of a reading behind its prefix: the pairs, then the short form's boxes.
VOTE_COLUMNS = {1: "pas1", 2: "pas2"}
BOX_COLUMNS = {"voters_total": "jum", "valid_votes": "sah", "invalid_votes": "tsah"}
PLACE_COLUMNS = ("kel_kode", "tps", "dpt_l", "dpt_p")

#: Forms in one transaction. On SQLite a commit of its own for each form waits for the disk.
CHUNK = 500

Say = Callable[[str], None]


class ReplayRefused(Exception):
    """The file or the database is not what a replay needs; nothing was sent."""


class RowRefused(Exception):
    """A row that cannot be taken; the text is the reason."""


@dataclass(frozen=True)
class Row:
    """One TPS of the file. ``figures`` is None where neither pair has a figure: it is not in."""

    line: int
    desa: str
    tps: int
    registered_male: int | None
    registered_female: int | None
    figures: Figures | None
    refused: str = ""

    @property
    def place(self) -> tuple[str, int]:
        return self.desa, self.tps


@dataclass
class Tally:
    """What became of the rows. ``rows`` = left_out + not_in + refused + forms; ``forms`` = new + already.

    ``seconds`` counts from the first form until the totals are drained, and
    ``forms_per_second`` are new forms over that time.
    """

    election: str = ""
    rows: int = 0
    stations: int = 0
    new: int = 0
    already: int = 0
    left_out: int = 0
    not_in: int = 0
    refused: int = 0
    seconds: float = 0.0
    drained: bool = False

    def as_json(self) -> dict[str, Any]:
        per_second = round(self.new / self.seconds, 1) if self.seconds else 0.0
        return {
            "election": self.election,
            "rows": self.rows,
            "stations": self.stations,
            "forms": self.new + self.already,
            "new": self.new,
            "already": self.already,
            "left_out": self.left_out,
            "not_in": self.not_in,
            "refused": self.refused,
            "seconds": round(self.seconds, 2),
            "forms_per_second": per_second,
            "drained": self.drained,
        }


def replay(path: Path, *, reading: str, limit: int | None, workers: int, name: Say, progress: Progress) -> Tally:
    """Send each row of ``path`` (``.csv`` or ``.csv.gz``) through the intake; return when the totals are drained.

    ``limit`` takes the first rows only, ``workers`` > 1 sends from that many
    processes (PostgreSQL). ``name`` is told each refused row. Raises
    `ReplayRefused`.
    """
    if workers > 1 and connection.vendor != "postgresql":
        raise ReplayRefused("--workers lebih dari 1 hanya dengan PostgreSQL: SQLite punya satu penulis.")
    tally = Tally()
    progress.begin(f"{path.name} dibaca …")
    rows = _read(path, reading, limit, tally)
    if not Region.objects.filter(level=Level.VILLAGE).exists():
        progress.begin("Wilayah diimpor dari paket …")
        import_regions(rows_from_package(), lambda done, total: progress.at(_of("Wilayah", done, total)))
    progress.begin("TPS disiapkan …")
    contest = _contest(reading)
    tally.election = contest.election.slug
    rows = _settle_places(rows)
    stations = _stations(contest.election, rows)
    tally.stations = len({row.place for row in rows if row.place in stations})
    progress.begin(f"{format_number(tally.stations)} TPS siap; formulir dikirim …")
    started = time.monotonic()
    submissions = list(_submissions(rows, contest, stations, reading, tally, name))
    _send_all(submissions, _sender(), workers, tally, name, progress)
    aggregation.drain()
    tally.drained = not OutboxRow.objects.filter(election=contest.election).exists()
    tally.seconds = time.monotonic() - started
    progress.end()
    return tally


def _of(what: str, done: int, total: int) -> str:
    return f"{what}: {format_number(done)} dari {format_number(total)}"


# Reading the file


def _read(path: Path, reading: str, limit: int | None, tally: Tally) -> list[Row]:
    rows = []
    with _opened(path) as stream:
        records = csv.DictReader(stream)
        wanted = {*PLACE_COLUMNS, *(f"{reading}_{c}" for c in (*VOTE_COLUMNS.values(), *BOX_COLUMNS.values()))}
        if missing := wanted - set(records.fieldnames or ()):
            raise ReplayRefused(f"Kolom tidak ada di {path.name}: {', '.join(sorted(missing))}.")
        for record in records:
            if limit is not None and tally.rows >= limit:
                break
            tally.rows += 1
            if not (record["kel_kode"] or "").strip():
                tally.left_out += 1
                continue
            rows.append(_row(records.line_num, record, reading))
    return rows


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8-sig", newline="") as stream:
            yield stream
    except (OSError, EOFError, UnicodeDecodeError, zlib.error, csv.Error) as error:
        raise ReplayRefused(f"{path} tidak terbaca: {error}") from error


def _row(line: int, record: Mapping[str, str | None], reading: str) -> Row:
    """Read one record; what makes it impossible is kept in ``refused``, beside what can be used of it."""
    desa, tps = (record["kel_kode"] or "").strip(), 0
    male, female, figures, refused = None, None, None, ""
    try:
        tps = _figure(record, "tps") or 0
        if not tps:
            raise RowRefused("nomor TPS kosong atau nol")
        male, female = _registered(record, "dpt_l"), _registered(record, "dpt_p")
        figures = _figures(record, reading)
    except RowRefused as reason:
        refused = str(reason)
    return Row(line, desa, tps, male, female, figures, refused)


def _registered(record: Mapping[str, str | None], column: str) -> int | None:
    """Read a DPT; a blank or negative one is unknown."""
    text = record[column] or ""
    if text == "" or (text.startswith("-") and text[1:].isdigit()):
        return None
    return _figure(record, column)


def _figures(record: Mapping[str, str | None], reading: str) -> Figures | None:
    votes = {number: _figure(record, f"{reading}_{column}") for number, column in VOTE_COLUMNS.items()}
    if all(figure is None for figure in votes.values()):
        return None
    return Figures(votes, {name: _figure(record, f"{reading}_{column}") for name, column in BOX_COLUMNS.items()})


def _figure(record: Mapping[str, str | None], column: str) -> int | None:
    try:
        return parse_figure(record[column])
    except ValueError as error:
        raise RowRefused(f"{column} '{record[column]}' bukan angka 0 sampai 9999") from error


# Places


def _contest(reading: str) -> Contest:
    """The election of this reading and its one contest, made when missing."""
    nation = Region.objects.get(level=Level.NATION)
    with writing():
        election, _created = Election.objects.get_or_create(
            slug=f"pilpres-2019-jatim-{reading}",
            defaults={
                "name": f"Pilpres 2019 – Jawa Timur (putar ulang, {READINGS[reading]})",
                "date": VOTING_DAY,
                "phase": Phase.OPEN,
                "form_kind": FormKind.SHORT,
                "party_name": "PDI Perjuangan",
                "reserve_rate": Decimal("0.02"),
                "station_cap": 300,
            },
        )
        contest = Contest.objects.filter(election=election, region=nation, office=Office.PRESIDENT).first()
        return contest or preparation.create_contest(election, nation, Office.PRESIDENT, PAIRS)


def _sender() -> User:
    """Who sends the rows: an account nobody can sign in with."""
    with writing():
        sender, _created = User.objects.get_or_create(
            username=SENDER,
            defaults={
                "role": Role.WITNESS,
                "full_name": "Putar ulang",
                "is_active": False,
                "password": make_password(None),
            },
        )
    return sender


def _settle_places(rows: list[Row]) -> list[Row]:
    """Refuse a desa the tree does not hold, and the second row of one TPS."""
    known = set(Region.objects.filter(level=Level.VILLAGE).values_list("code", flat=True))
    first_line: dict[tuple[str, int], int] = {}
    settled = []
    for row in rows:
        refused = row.refused
        if row.desa not in known:
            refused = f"desa {row.desa} tidak ada dalam daftar wilayah"
        elif row.tps and (earlier := first_line.setdefault(row.place, row.line)) != row.line:
            refused = f"ganda: TPS ini sudah ada di baris {earlier}"
        settled.append(row if refused == row.refused else _refuse(row, refused))
    return settled


def _refuse(row: Row, reason: str) -> Row:
    return Row(row.line, row.desa, row.tps, row.registered_male, row.registered_female, None, reason)


def _stations(election: Election, rows: list[Row]) -> dict[tuple[str, int], int]:
    """Ids of the stations by place; those the election lacks are made, a refused row's too if its place is known."""
    ids = _known_stations(election)
    villages = dict(Region.objects.filter(level=Level.VILLAGE).values_list("code", "pk"))
    new: dict[tuple[str, int], NewStation] = {}
    for row in rows:
        if row.tps and row.desa in villages and row.place not in ids:
            new.setdefault(
                row.place,
                NewStation(villages[row.desa], row.tps, row.registered_male, row.registered_female),
            )
    if not new:
        return ids
    with writing():
        preparation.add_stations(election, new.values())
        preparation.announce_stations(election, {station.region_id for station in new.values()})
    return _known_stations(election)


def _known_stations(election: Election) -> dict[tuple[str, int], int]:
    stations = PollingStation.objects.filter(election=election).order_by()
    return {(desa, tps): pk for pk, desa, tps in stations.values_list("pk", "region__code", "number")}


# Sending


def _submissions(
    rows: Iterable[Row],
    contest: Contest,
    stations: Mapping[tuple[str, int], int],
    reading: str,
    tally: Tally,
    name: Say,
) -> Iterator[tuple[int, Submission]]:
    """Yield (line, submission) of the rows that can be sent; count and name the others."""
    for row in rows:
        if row.refused:
            tally.refused += 1
            name(f"baris {row.line} ({row.desa} TPS {row.tps or '?'}): {row.refused}")
        elif row.figures is None:
            tally.not_in += 1
        else:
            yield (
                row.line,
                Submission(
                    uuid=_uuid(reading, row, row.figures),
                    contest_id=contest.pk,
                    station_id=stations[row.place],
                    figures=row.figures,
                ),
            )


def _uuid(reading: str, row: Row, figures: Figures) -> uuid.UUID:
    boxes = [*figures.votes.values(), *figures.values.values()]
    content = ",".join("" if figure is None else str(figure) for figure in boxes)
    return uuid.uuid5(uuid.NAMESPACE_URL, f"sista:pilpres-2019/{reading}/{row.desa}/{row.tps}/{content}")


@dataclass(frozen=True)
class Sent:
    new: int = 0
    already: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


def _send_all(
    submissions: list[tuple[int, Submission]], sender: User, workers: int, tally: Tally, name: Say, progress: Progress
) -> None:
    chunks = [submissions[start : start + CHUNK] for start in range(0, len(submissions), CHUNK)]
    sent = _in_processes(chunks, sender, workers) if workers > 1 else (_send(chunk, sender) for chunk in chunks)
    for outcome in sent:
        tally.new += outcome.new
        tally.already += outcome.already
        tally.refused += len(outcome.refused)
        for line, reason in outcome.refused:
            name(f"baris {line}: {reason}")
        aggregation.drain()
        progress.at(_of("Formulir", tally.new + tally.already, len(submissions)))


def _send(chunk: list[tuple[int, Submission]], sender: User) -> Sent:
    known = set(C1Form.objects.filter(uuid__in=[s.uuid for _line, s in chunk]).values_list("uuid", flat=True))
    new, refused = 0, []
    with writing():
        for line, submission in chunk:
            if submission.uuid in known:
                continue
            try:
                new += intake.submit(submission, by=sender, channel=Channel.REPLAY).created
            except intake.IntakeRefused as refusal:
                refused.append((line, f"ditolak penerimaan: {refusal.code}"))
    return Sent(new, len(chunk) - new - len(refused), refused)


def _in_processes(chunks: list[list[tuple[int, Submission]]], sender: User, workers: int) -> Iterator[Sent]:
    """Send chunks from several processes, in no order; few are queued, so that an error ends the run early."""
    # A connection must not cross a fork; each process opens its own.
    connections.close_all()
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        waiting: set[Future[Sent]] = set()
        for chunk in chunks:
            waiting.add(pool.submit(_send, chunk, sender))
            if len(waiting) >= workers * 2:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        for future in waiting:
            yield future.result()
