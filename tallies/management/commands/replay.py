import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from sista.progress import Progress
from tallies import replay


class Command(BaseCommand):
    help = (
        "Send real returns (CSV, or CSV packed with gzip; one row a TPS) through the intake, into an election of "
        "their own. Ends when the totals are drained; the last line is JSON. The same file twice adds nothing."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--reading", choices=sorted(replay.READINGS), default="kpu")
        parser.add_argument("--limit", type=int, help="take the first rows only")
        parser.add_argument("--workers", type=int, default=1, help="processes that send (PostgreSQL)")

    def handle(self, *args, file: Path, reading: str, limit: int | None, workers: int, **options):
        if workers < 1 or (limit is not None and limit < 0):
            raise CommandError("--workers paling sedikit 1, --limit tidak negatif.")
        # Beside the JSON line on standard output, which is for programs.
        progress = Progress(self.stderr)

        def name(line: str) -> None:
            progress.end()
            self.stderr.write(line)

        try:
            tally = replay.replay(file, reading=reading, limit=limit, workers=workers, name=name, progress=progress)
        except replay.ReplayRefused as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(json.dumps(tally.as_json()))
