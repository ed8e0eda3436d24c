"""Everything between an empty database and one that can be served. A second time it finds nothing to do."""

from __future__ import annotations

import io
import sys

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from regions.models import Region
from sista import translations
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
            self.say("Importing the regions of Indonesia (91,600) …")
            call_command("import_regions", stdout=io.StringIO())
        unfinished = settings.DATA_DIR / "seeding"
        if not no_demo and (unfinished.exists() or not Election.objects.exists()):
            self.say("Making the demonstration election (under a minute) …")
            # Seeding goes on where it was interrupted, once we know that it was.
            unfinished.touch()
            # Its account table is asked for again when the server is up: here it would scroll away.
            call_command("seed_demo", stdout=io.StringIO())
            unfinished.unlink()
        if static_files_changed():
            self.say("Collecting static files …")
            call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=NOT_SERVED)

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
