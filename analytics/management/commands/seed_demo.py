import os
import time

from django.core.management.base import BaseCommand, CommandError

from analytics import demo, demo_accounts
from analytics.demo import Part
from sista.progress import Progress
from sista.templatetags.formats import format_number
from tallies.demo.pilkada_2020 import CONTESTS

PART_WORDS = {Part.STATIONS: "TPS", Part.FORMS: "formulir", Part.DECISIONS: "keputusan"}


class Command(BaseCommand):
    help = (
        "Make the demonstration election (Pilkada 2020 East Java, simulated stations). Without options a few whole "
        "contests, some stations withheld, disputed and verified. Running it again adds nothing."
    )

    def add_arguments(self, parser):
        parser.add_argument("--contests", nargs="+", metavar="CODE", help="codes such as 35.72, or: all")
        parser.add_argument(
            "--complete",
            action="store_true",
            help="send every station, dispute none: the totals are the official ones",
        )
        parser.add_argument("--seed", type=int, default=demo.DEFAULT_SEED, help="of the split into stations")
        parser.add_argument("--workers", type=int, default=1, help="contests played at a time (PostgreSQL)")
        parser.add_argument(
            "--show-accounts",
            action="store_true",
            help="print the accounts and a new activation link of the witness; seed nothing",
        )

    def handle(self, *args, contests, complete: bool, seed: int, workers: int, show_accounts: bool, **options):
        if show_accounts:
            if not demo_accounts.kept():
                raise CommandError("Belum ada akun peragaan: jalankan seed_demo dulu.")
            self._show_accounts()
            return self._show_link()
        codes = contests or demo.DEFAULT_CONTESTS
        if "all" in codes:
            codes = [fact.code for fact in CONTESTS]
        started = time.monotonic()
        progress = Progress(self.stderr)

        def say(line: str) -> None:
            progress.end()
            self._say(line)

        def tell(contest: str, part: Part, done: int, total: int) -> None:
            progress.at(f"{contest}: {format_number(done)} dari {format_number(total)} {PART_WORDS[part]}")

        try:
            new = demo.seed(codes, seed=seed, complete=complete, workers=max(workers, 1), say=say, tell=tell)
        except demo.SeedingRefused as refused:
            raise CommandError(str(refused)) from refused
        progress.end()
        seconds = time.monotonic() - started
        self._say(f"Pemilihan peragaan siap: {new} formulir baru, semua jumlah terhitung, {seconds:.0f} detik.")
        return self._show_accounts()

    def _show_accounts(self) -> None:
        for line in demo_accounts.table():
            self._say(line)

    def _show_link(self) -> None:
        path = demo_accounts.activation_path()
        if path:
            self._say(f"\nTautan aktivasi ponsel {demo_accounts.WITNESS} (dibuat baru tiap kali, sekali pakai):")
            self._say(f"http://127.0.0.1:{os.environ.get('PORT', '8000')}{path}")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
