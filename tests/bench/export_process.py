"""Write a file of so many stations, tell time and peak: ``python -m tests.bench.export_process SLUG FORMAT ROWS``."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import django


def peak_kilobytes() -> int:
    """The most memory this program had. (``ru_maxrss`` begins with that of the process that started it.)"""
    [line] = [one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM:")]
    return int(line.split()[1])


def main(slug: str, file_format: str, rows: int) -> None:
    django.setup()
    from accounts.models import User
    from tallies.exports import files
    from tallies.exports.tables import Filters, Table, table_of
    from tallies.totals.places import place_for

    reader = User.objects.get(username="nasional")
    place = place_for(reader, slug, "ID", office="")

    def table() -> Table:
        whole = table_of(reader, place, "tps", Filters())
        return replace(whole, rows=lambda: islice(whole.rows(), rows))

    began = time.perf_counter()
    with files.written(table, file_format) as out:
        seconds = time.perf_counter() - began
        size = out.seek(0, 2)
    peak = peak_kilobytes() / 1024
    sys.stdout.write(json.dumps({"rows": rows, "seconds": seconds, "peak_mb": peak, "bytes": size}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
