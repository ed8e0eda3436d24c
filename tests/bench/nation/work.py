"""Every long piece of work on the nation and on a small part of it: time, rate, and memory that must not grow."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

from tallies.exports.tables import DESK_TABLES, TableName
from tests.bench import parts
from tests.bench.measurement import Measurement, say
from tests.bench.nation import keys, tables
from tests.bench.running import Options

NATION = "ID"
#: Constant: as much at the nation as at a small place, but for what a longer run leaves in caches and heaps.
CONSTANT = 1.1
#: Where the small place is not a kabupaten: the desa of one are less than a batch of the rules.
SMALL = {"rules": "35"}
#: What must run in constant memory: the files, and the rules. The others hold sums of the regions.
_BY_PLACE = ("rules", "verify_audit", "drain")
_WHOLE = (
    "plain_sql", "rebuild_totals", "rebuild_totals --check", "results_hash", "seal", "verify seals",
    "off target", "projection",
)  # fmt: skip


@dataclass(frozen=True)
class Took:
    wall: float
    cpu: float
    rows: int
    plain_mb: float
    peak_mb: float


def files() -> list[str]:
    csv = [f"file:{table}:csv" for table in (*TableName, *DESK_TABLES)]
    return [*csv, "file:tps:xlsx"]


def measure(options: Options) -> list[Measurement]:
    found: dict[str, tuple[Took | None, Took]] = {}
    for name in (*_WHOLE[:2], *_BY_PLACE, *_WHOLE[2:], *files()):
        say(f"{name} …")
        whole = run(name, NATION)
        if whole is None:
            say(f"  not at {NATION}")
            continue
        small = None if name in _WHOLE else run(name, SMALL.get(name, keys.REGENCY))
        found[name] = small, whole
        say(f"  {whole.wall:.1f} s, {whole.cpu:.1f} CPU-s, {whole.peak_mb:.0f} MB, {whole.rows:,} rows")
    head = ("work", "rows", "s", "CPU-s", "rows/s", "peak MB", "peak MB, small place", "rows there", "ratio")
    tables.write("Work on the nation", head, [_row(name, *both) for name, both in found.items()])
    ratio = found["rebuild_totals"][1].wall / found["plain_sql"][1].wall
    return [Measurement("nation.rebuild", ratio, "x plain SQL", "<= 3"), *_memory(found)]


def _memory(found: dict[str, tuple[Took | None, Took]]) -> list[Measurement]:
    return [
        Measurement(f"nation.memory.{name}", whole.peak_mb / small.peak_mb, "x a small place", f"<= {CONSTANT}")
        for name, (small, whole) in found.items()
        if small is not None and name != "drain"
    ]


def _row(name: str, small: Took | None, whole: Took) -> tuple[object, ...]:
    beside = (round(small.peak_mb), small.rows, round(whole.peak_mb / small.peak_mb, 2)) if small else ("", "", "")
    rate = round(whole.rows / whole.wall)
    return name, whole.rows, round(whole.wall, 1), round(whole.cpu, 1), rate, round(whole.peak_mb), *beside


def run(name: str, code: str) -> Took | None:
    """Do it in a process of its own; None where the place has no such table."""
    command = [sys.executable, "-m", "tests.bench.nation.process", name, code]
    done = subprocess.run(command, cwd=parts.PROJECT, capture_output=True, text=True, check=False)
    if done.returncode:
        if "NoSuchTable" in done.stderr:
            return None
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr[-2000:])
    return Took(**json.loads(done.stdout))
