"""pgbench with the statements of a form: what PostgreSQL alone could take in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.bench import statements
from tests.bench.phones import OpenStation, WrongAnswer

_INSERT_FORM = 'INSERT INTO "tallies_c1form"'


def program() -> str | None:
    """Debian keeps it beside the server, off the path."""
    beside = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))
    return shutil.which("pgbench") or (str(beside[-1]) if beside else None)


def script(example: OpenStation, witness_ids: Sequence[int], region_ids: Sequence[int]) -> str:
    """Send the form of ``example`` here, and make of its SQL the script for the stations ``:first`` and after.

    Each transaction takes a station of its own: ids of results, desa and
    witnesses follow those of the stations (`check_order`).
    """
    sql = statements.recorded(example.form())
    key = re.search(r"\"uuid\": \"([0-9a-f-]{36})\"", "".join(sql))
    form = re.search(r"\"form\": (\d+),", "".join(sql))
    if key is None or form is None:
        raise WrongAnswer("the audit event names no form")
    names = {
        form[1]: ":form_id",
        str(example.witness.user.pk): ":witness",
        str(example.region_id): ":region",
        str(example.result_id): ":result",
        str(example.station_id): ":station",
    }
    if len(names) < (4 if example.result_id == example.station_id else 5):
        raise WrongAnswer("two ids of the example are the same number")
    lines = [
        r"\set count :count + 1",
        r"\set key random(100000000000, 999999999999)",
        r"\set station :first + (:count - 1) * :clients + :client_id",
        rf"\set result :station + {example.result_id - example.station_id}",
        rf"\set region {region_ids[0]} + (:station - :origin) % {len(region_ids)}",
        rf"\set witness {witness_ids[0]} + (:station - :origin) % {len(witness_ids)}",
    ]
    for statement in sql:
        text = re.sub(r"(?<![\w.:'-])\d+(?![\w.:'-])", lambda found: names.get(found[0], found[0]), statement)
        text = text.replace(key[1], "00000000-0000-4000-8000-:key")
        lines.append(text + (r" \gset form_" if text.startswith(_INSERT_FORM) else ";"))
    return "\n".join(lines) + "\n"


def check_order(stations: Sequence[OpenStation], origin: int, witness_ids: Sequence[int], region_ids: Sequence[int]):
    """Raise `WrongAnswer` unless ids follow each other as the script takes them to."""
    shift = stations[0].result_id - stations[0].station_id
    for place, one in enumerate(stations, start=stations[0].station_id):
        turn = place - origin
        expected = (
            place,
            place + shift,
            region_ids[0] + turn % len(region_ids),
            witness_ids[0] + turn % len(witness_ids),
        )
        if (one.station_id, one.result_id, one.region_id, one.witness.user.pk) != expected:
            raise WrongAnswer(f"ids do not follow each other at station {one.station_id}")


def rate(path: Path, stations: Sequence[OpenStation], *, origin: int, clients: int) -> float:
    """Run the script once for every one of ``stations``; return transactions a second."""
    each = len(stations) // clients
    variables = {"first": stations[0].station_id, "origin": origin, "clients": clients, "count": 0}
    given = [part for name, value in variables.items() for part in ("-D", f"{name}={value}")]
    how_many = ["-c", str(clients), "-j", "2", "-t", str(each)]
    command = [program() or "pgbench", "-n", "-M", "simple", *how_many, *given, "-f", str(path)]
    done = subprocess.run([*command, os.environ["DATABASE_URL"]], capture_output=True, text=True, check=False)
    found = re.search(r"^tps = ([0-9.]+) ", done.stdout, re.MULTILINE)
    if done.returncode or found is None:
        raise WrongAnswer(f"pgbench: {done.stderr[-600:]}")
    return float(found[1])
