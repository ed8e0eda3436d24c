import sys
from itertools import chain

from django.core.management.base import BaseCommand

from sista.progress import Progress
from sista.templatetags.formats import format_number
from tallies import audit
from tallies.management.elections import add_election_argument, chosen_elections
from tallies.models import RecapResult, StationResult
from tallies.recap import auditing as recap_auditing


class Command(BaseCommand):
    help = (
        "Read every station's chain of events against what is stored: exit 1 and a sentence for every change found."
    )

    def add_arguments(self, parser):
        add_election_argument(parser)

    def handle(self, *args, election: str | None, **options):
        found = stations = 0
        progress = Progress(self.stderr)
        for one in chosen_elections(election):

            def tell(done: int, total: int, slug: str = one.slug) -> None:
                progress.at(f"{slug}: {format_number(done)} dari {format_number(total)} hasil TPS diperiksa")

            results = StationResult.objects.filter(contest__election=one)
            stations += results.count()
            recaps = RecapResult.objects.filter(contest__election=one)
            for sentence in chain(audit.verify(results, tell), recap_auditing.verify(recaps)):
                progress.end()
                self.stdout.write(f"{one.slug}: {sentence}")
                found += 1
        progress.end()
        self.stdout.write(f"{stations} hasil TPS diperiksa, {found} perubahan ditemukan.")
        if found:
            sys.exit(1)
