import sys

from django.core.management.base import BaseCommand

from sista.progress import Progress
from tallies.management.elections import add_election_argument, chosen_elections
from tallies.totals import rebuilding


class Command(BaseCommand):
    help = (
        "Recompute all totals from the forms that count. With --check nothing is repaired: exit 1 and the "
        "differences when any, exit 2 when forms kept arriving so that there was no moment to compare at."
    )

    def add_arguments(self, parser):
        parser.add_argument("--check", action="store_true", help="compare only")
        add_election_argument(parser)

    def handle(self, *args, check: bool, election: str | None, **options):
        elections = chosen_elections(election)
        progress = Progress(self.stderr)
        if not check:
            for one in elections:
                regions = rebuilding.rebuild(one, progress)
                progress.end()
                self.stdout.write(f"{one.slug}: {regions} wilayah dihitung ulang.")
            return
        found = 0
        for one in elections:
            try:
                differences = rebuilding.differences(one, progress=progress)
                progress.end()
            except rebuilding.TotalsMoving:
                progress.end()
                self.stderr.write(
                    f"{one.slug}: formulir terus masuk, jumlah tidak pernah diam untuk dibandingkan. "
                    "Ulangi saat penerimaan lebih sepi."
                )
                sys.exit(2)
            for difference in differences:
                self.stdout.write(f"{one.slug}: {difference}")
            self.stdout.write(f"{one.slug}: {len(differences)} selisih.")
            found += len(differences)
        if found:
            sys.exit(1)
