import sys
from collections.abc import Iterable
from itertools import chain

from django.core.management.base import BaseCommand

from accounts import recording
from sista.progress import Progress
from sista.templatetags.formats import format_number
from tallies import audit
from tallies.management.elections import add_election_argument, chosen_elections
from tallies.models import RecapResult, StationResult
from tallies.recap import auditing as recap_auditing
from tallies.trail import sealing


class Command(BaseCommand):
    help = (
        "Read every chain of events against what is stored: of stations, recaps and administrative acts, and the"
        " seals over all of them. Exit 1 and a sentence for every change found. --election: its stations and recaps."
    )

    def add_arguments(self, parser):
        add_election_argument(parser)
        parser.add_argument("--head", default="", help="a digest that was written down: a seal must have it")

    def handle(self, *args, election: str | None, head: str, **options):
        found = stations = 0
        progress = Progress(self.stderr)
        for one in chosen_elections(election):

            def tell(done: int, total: int, slug: str = one.slug) -> None:
                progress.at(f"{slug}: {format_number(done)} dari {format_number(total)} hasil TPS diperiksa")

            results = StationResult.objects.filter(contest__election=one)
            stations += results.count()
            recaps = RecapResult.objects.filter(contest__election=one)
            changes = chain(audit.verify(results, tell), recap_auditing.verify(recaps))
            found += self._told(f"{one.slug}: ", changes, progress)
        if election is None:
            found += self._told("", chain(recording.verify(), sealing.verify(head)), progress)
        progress.end()
        self.stdout.write(f"{stations} hasil TPS diperiksa, {found} perubahan ditemukan.")
        if found:
            sys.exit(1)

    def _told(self, where: str, sentences: Iterable[str], progress: Progress) -> int:
        told = 0
        for sentence in sentences:
            progress.end()
            self.stdout.write(f"{where}{sentence}")
            told += 1
        return told
