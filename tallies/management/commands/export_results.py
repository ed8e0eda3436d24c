from django.core.management.base import BaseCommand, CommandError

from regions.models import LEVEL_WORDS
from tallies.exports.csv_file import csv_line
from tallies.management.elections import add_election_argument, chosen_election
from tallies.totals import reporting


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
