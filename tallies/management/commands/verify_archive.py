import json
import sys
from dataclasses import asdict

from django.core.management.base import BaseCommand, CommandError

from regions.models import Region
from sista.progress import Progress
from tallies.archive.verifying import Checked, verify
from tallies.management.elections import add_election_argument, chosen_election


class Command(BaseCommand):
    help = (
        "Recompute every hash of the archive: forms, votes, recaps, chains of events, the bytes of photos. "
        "Names what differs; the last line is JSON; exit 1 on any difference."
    )

    def add_arguments(self, parser):
        add_election_argument(parser)
        parser.add_argument("--region", metavar="CODE", help="only what belongs to this region")

    def handle(self, *args, election: str | None, region: str | None, **options):
        place = Region.objects.filter(code=region).first() if region is not None else None
        if region is not None and place is None:
            raise CommandError(f"Wilayah '{region}' tidak ada.")
        checked, progress, found = Checked(), Progress(self.stderr), 0
        for sentence in verify(chosen_election(election) if election else None, place, checked, progress):
            progress.end()
            self.stdout.write(sentence)
            found += 1
        progress.end()
        self.stdout.write(json.dumps(asdict(checked) | {"differences": found}))
        if found:
            sys.exit(1)
