"""Files of 13,000 and of 130,000 stations: rows a second, and the memory that must not grow with them."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.bench import country, parts
from tests.bench.measurement import Measurement
from tests.bench.running import Options

SHORT, LONG = 13_000, 130_000
FORMATS = ("csv", "xlsx")
PAPER = 5_000


def measure(options: Options) -> list[Measurement]:
    size = country.PROVINCE
    election = country.big_election(size)
    country.fill_all(election, size)
    found = []
    for file_format in FORMATS:
        short, long = (_written(election.slug, file_format, rows) for rows in (SHORT, LONG))
        name = f"export.{file_format}"
        found += [
            Measurement(f"{name}.rate", long["rows"] / long["seconds"], f"rows/s, {long['rows']:,} TPS", ">= 2000"),
            Measurement(f"{name}.peak", long["peak_mb"], f"MB, {long['rows']:,} TPS"),
            Measurement(f"{name}.peak.short", short["peak_mb"], f"MB, {short['rows']:,} TPS"),
            Measurement(f"{name}.memory", long["peak_mb"] / short["peak_mb"], "x of a tenth", "<= 1.1"),
        ]
    paper = _written(election.slug, "pdf", PAPER)
    found.append(Measurement("export.pdf.rate", paper["rows"] / paper["seconds"], f"rows/s, {PAPER:,} TPS"))
    return found


def _written(slug: str, file_format: str, rows: int) -> dict[str, float]:
    """Write ``rows`` rows in a process of its own, so that its peak is its own."""
    command = [sys.executable, "-m", "tests.bench.export_process", slug, file_format, str(rows)]
    run = subprocess.run(command, cwd=parts.PROJECT, capture_output=True, text=True, check=True)
    return json.loads(run.stdout)
