"""Rehearse an election night with faults, on parts of its own. ``./run drill`` calls it."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from drill import faults, rehearsal
from drill.keeping import StepFailed
from drill.plan import RESERVE, Plan
from drill.programs import CannotRun

#: Not 1, which says that a bound was broken.
COULD_NOT = 2


class Command(BaseCommand):
    help = (
        "Rehearse an election night: own PostgreSQL, Redis and processes on this machine, generated witnesses, "
        "faults, a recount from what the witnesses remember. Exit 1 when anything is lost, doubled, wrong or late."
    )

    def add_arguments(self, parser):
        parser.add_argument("--stations", type=int, default=5000, help="TPS, each with a witness who is signed in")
        parser.add_argument("--minutes", type=float, default=5.0, help="how long the night is, six hours in short")
        parser.add_argument(
            "--rate", type=float, default=15.0, help="forms a second on the mean; at the peak 5 times"
        )
        parser.add_argument("--faults", default="all", help=f"all, none or some of {','.join(faults.FAULTS)}")
        parser.add_argument("--web", type=int, default=2, help="web processes")
        parser.add_argument("--seed", type=int, default=1, help="another number is another night")
        parser.add_argument("--out", type=Path, default=settings.DATA_DIR / "drill", help="folder for the reports")

    def handle(self, *args, stations, minutes, rate, faults: str, web, seed, out, **options):
        # TERM ends what was started as Ctrl-C does.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        plan = Plan(stations, minutes, rate, chosen(faults), out.resolve(), web, seed)
        if stations < 2 * RESERVE or minutes <= 0 or rate <= 0 or web < 1:
            raise CommandError(f"At least {2 * RESERVE} stations, and some minutes, rate and web processes.")
        try:
            kept = rehearsal.run(plan, self.say)
        except (CannotRun, StepFailed) as why:
            raise CommandError(str(why), returncode=COULD_NOT) from why
        except KeyboardInterrupt:
            self.say("Stopped; everything that was started is ended.")
            sys.exit(130)
        self.say(f"\nReports: {out.resolve()}")
        sys.exit(0 if kept else 1)

    def say(self, text: str) -> None:
        self.stdout.write(text)
        sys.stdout.flush()


def chosen(names: str) -> tuple[str, ...]:
    try:
        return tuple(faults.chosen(names))
    except ValueError as error:
        raise CommandError(str(error)) from error
