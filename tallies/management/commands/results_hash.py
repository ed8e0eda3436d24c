from django.core.management.base import BaseCommand

from tallies.archive.results_hash import results_hash
from tallies.management.elections import add_election_argument, chosen_elections


class Command(BaseCommand):
    help = "Write a hash of every election's results: two copies of an archive have the same or differ in a figure."

    def add_arguments(self, parser):
        add_election_argument(parser)

    def handle(self, *args, election: str | None, **options):
        for one in chosen_elections(election):
            self.stdout.write(f"{results_hash(one)}  {one.slug}")
