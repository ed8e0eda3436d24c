"""Django's ``migrate``, which on PostgreSQL lets forms go first. ``prepare`` calls it too."""

from __future__ import annotations

import functools
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as Migrate
from django.db import connections

from sista import migrating


class Command(Migrate):
    help = Migrate.help + " Waits for no lock longer than half a second, and tries again."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument(
            "--patience", type=float, default=migrating.PATIENCE, help="seconds after which it gives up on a lock"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if connection.vendor == "postgresql" and connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]:
            # What is set for a session stays with whoever gets its connection next: no lock for longer than 0.5 s.
            raise CommandError(
                "Migrate at PostgreSQL itself, not through a pooler: DATABASE_URL, without SISTA_POOLER."
            )
        self._connection, self._atomic = connection, True
        again = super().handle

        def say(sentence: str) -> None:
            self.stdout.write(sentence)
            self.stdout.flush()

        patience = options.pop("patience", migrating.PATIENCE)
        try:
            run = functools.partial(again, *args, **options)
            migrating.patiently(connection, run, say, patience=patience, is_atomic=lambda: self._atomic)
        except (migrating.StillLocked, migrating.HalfDone) as why:
            raise CommandError(str(why)) from why

    def migration_progress_callback(self, action, migration=None, fake=False):
        if action in ("apply_start", "unapply_start"):
            self._atomic = migration.atomic
            migrating.limit_waits(self._connection, atomic=migration.atomic)
        elif action in ("apply_success", "unapply_success"):
            self._atomic = True
        super().migration_progress_callback(action, migration, fake)
