"""Everything between an empty database and one that can be served. A second time it finds nothing to do."""

from __future__ import annotations

import sys

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from analytics import demo
from analytics.demo import Part
from regions import importing
from regions.models import Region
from sista import translations
from sista.progress import Progress
from tallies.models import Election

#: Only its JSON renderer is used; compressing its pages' styles would be half of a first start.
NOT_SERVED = ["rest_framework"]


class Command(BaseCommand):
    help = "Migrate, compile translations, import the regions, seed the demonstration election, collect static files."

    def add_arguments(self, parser):
        parser.add_argument("--no-demo", action="store_true", help="do not seed the demonstration election")

    def handle(self, *args, no_demo: bool, **options):
        if translations.compile_changed(settings.LOCALE_PATHS):
            self.say("Translations compiled.")
        if has_open_migrations():
            self.say("Making the database ready …")
            call_command("migrate", verbosity=0, interactive=False)
        if not Region.objects.exists():
            self.import_regions()
        unfinished = settings.DATA_DIR / "seeding"
        if not no_demo and (unfinished.exists() or not Election.objects.exists()):
            # Seeding goes on where it was interrupted, once we know that it was.
            unfinished.touch()
            self.seed_demonstration()
            unfinished.unlink()
        if static_files_changed():
            self.say("Collecting static files …")
            call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=NOT_SERVED)

    def import_regions(self) -> None:
        self.say("Importing the regions of Indonesia …")
        progress = Progress(self.stdout)
        rows = importing.rows_from_package()
        importing.import_regions(rows, lambda done, total: progress.at(f"Regions: {done:,} of {total:,}"))
        progress.end()

    def seed_demonstration(self) -> None:
        """Make the default demonstration; its accounts are shown when the server is up."""
        self.say("Making the demonstration election (under a minute) …")
        progress = Progress(self.stdout)
        going_on = None

        def tell(contest: str, part: Part, done: int, total: int) -> None:
            nonlocal going_on
            # A step a contest: what is made of it follows quickly.
            say = progress.at if going_on == contest else progress.begin
            say(f"Demonstration: {contest}, {done:,} of {total:,} {part}")
            going_on = contest

        try:
            demo.seed(demo.DEFAULT_CONTESTS, seed=demo.DEFAULT_SEED, complete=False, say=lambda _: None, tell=tell)
        except demo.SeedingRefused as refused:
            raise CommandError(str(refused)) from refused
        finally:
            progress.end()

    def say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        sys.stdout.flush()


def has_open_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def static_files_changed() -> bool:
    """True when a static file is newer than the collected manifest, or came or went since."""
    manifest = settings.STATIC_ROOT / "staticfiles.json"
    if not manifest.exists():
        return True
    collected = manifest.stat().st_mtime
    for finder in get_finders():
        for path, storage in finder.list(ignore_patterns=NOT_SERVED):
            if storage.get_modified_time(path).timestamp() > collected:
                return True
            if not (settings.STATIC_ROOT / (getattr(storage, "prefix", None) or "") / path).exists():
                return True
    return False
