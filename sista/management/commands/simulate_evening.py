"""Simulate the evening with so many processes, from what was measured. ``./run manage simulate_evening`` calls it."""

from __future__ import annotations

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from drill.evening import costs, run, table
from drill.evening.flow import Size
from sista.progress import Progress


class Command(BaseCommand):
    help = (
        "Simulate an election evening: seconds to a form's answer, photos that wait, lag of the totals, for every "
        "number of web processes and photo workers. Needs the output of ./run bench queueing. Touches no database."
    )
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--measured", type=Path, required=True, help="what ./run bench queueing printed")
        parser.add_argument("--web", default="1,2,4,8", help="web processes: 1..8 or 1,2,4")
        parser.add_argument("--workers", default="8", help="photo workers, likewise")
        parser.add_argument("--cores", type=float, help="of all parts together; else one a process and four more")
        parser.add_argument("--stations", type=int, default=823_236)
        parser.add_argument("--photos", type=int, default=3, help="of each form")
        parser.add_argument(
            "--share", type=float, default=0.05, help="of the stations and of the six hours; 1 is the whole evening"
        )
        parser.add_argument("--turns", type=int, default=4, help="how often a form goes to PostgreSQL; 14 in truth")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--json", type=Path, help="file for the same as JSON")

    def handle(
        self, *args, measured, web, workers, cores, stations, photos, share, turns, seed, json: Path, **options
    ):
        if not (0 < share <= 1 and stations * share >= 100 and photos >= 0 and turns >= 1) or (cores or 1) <= 0:
            raise CommandError("A share up to 1 of at least 100 stations, turns from 1 on, cores more than 0.")
        known = read(measured)
        night = run.Night(stations, photos, share, seed)
        sizes = [
            Size(one, other, cores or one + other + 4, turns)
            for one in chosen("--web", web)
            for other in chosen("--workers", workers)
        ]
        progress = Progress(self.stderr)
        told = [simulate(size, known, night, progress) for size in sizes]
        progress.end()
        for line in table.aligned(table.rows(told)):
            self.stdout.write(line)
        if json:
            write(json, {"night": vars(night), "costs": vars(known), "turns": turns}, told)


def simulate(size: Size, known: costs.Costs, night: run.Night, progress: Progress) -> run.Told:
    what = f"{size.web} web, {size.workers} photo"
    progress.begin(what)
    return run.evening(size, known, night, progress=lambda share: progress.at(f"{what}: {min(share, 1):.0%}"))


def read(path: Path) -> costs.Costs:
    try:
        return costs.read(path.read_text(encoding="utf-8").splitlines())
    except costs.Incomplete as error:
        raise CommandError(f"{path} lacks {error}. ./run bench queueing > {path} measures it.") from error
    except (OSError, ValueError) as error:
        raise CommandError(f"{path}: {error}") from error


def chosen(option: str, text: str) -> list[int]:
    try:
        return table.numbers(text)
    except ValueError as error:
        raise CommandError(f"{option}: 1..8 or 1,2,4 and not {text}.") from error


def write(path: Path, facts: dict, told: list[run.Told]) -> None:
    path.write_text(json.dumps({**facts, "evenings": [one.as_json() for one in told]}, indent=2) + "\n")
