import csv
import io
from collections.abc import Iterable

from django.core.management.base import BaseCommand, CommandError

from regions.models import LEVEL_WORDS
from tallies.management.elections import add_election_argument, chosen_election
from tallies.totals import reporting

#: A spreadsheet takes a text that begins with one of these for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class Command(BaseCommand):
    help = "Write the stored totals as CSV to standard output: one row a region of the level and pair."

    def add_arguments(self, parser):
        add_election_argument(parser, required=True)
        parser.add_argument("--level", required=True, help=" ".join(LEVEL_WORDS))

    def handle(self, *args, election: str, level: str, **options):
        if level not in LEVEL_WORDS:
            raise CommandError(f"Tingkat '{level}' tidak dikenal. Pilih: {', '.join(LEVEL_WORDS)}.")
        chosen = chosen_election(election)
        self.stdout.write(csv_line(reporting.EXPORT_COLUMNS))
        for row in reporting.export_rows(chosen, level):
            self.stdout.write(csv_line(row))


def csv_line(cells: Iterable[object]) -> str:
    """One line of CSV without its end."""
    line = io.StringIO(newline="")
    # With a lone newline for its end, Python 3.11 leaves a carriage return inside a text unquoted.
    csv.writer(line, lineterminator="\r\n").writerow(plain(cell) for cell in cells)
    return line.getvalue().removesuffix("\r\n")


def plain(cell: object) -> object:
    """Put an apostrophe before a text that would be a formula; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
