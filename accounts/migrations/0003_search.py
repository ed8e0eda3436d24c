"""Search people by any part of a name, at 800,000 of them. SQLite reads them all, and has no nation to read."""

import logging

from django.db import DatabaseError, migrations, transaction

log = logging.getLogger(__name__)

COLUMNS = ("username", "full_name", "phone")


def add_indexes(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(schema_editor.connection.alias):
            schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError as error:
        # The owner of a database may; where not even that, search works and is slow.
        log.warning("pg_trgm is not to be had, searching people will be slow: %s", error)
        return
    for column in COLUMNS:
        # As Django writes __icontains.
        schema_editor.execute(
            f"CREATE INDEX accounts_user_{column}_part ON accounts_user USING gin (UPPER({column}::text) gin_trgm_ops)"
        )


def remove_indexes(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for column in COLUMNS:
            schema_editor.execute(f"DROP INDEX IF EXISTS accounts_user_{column}_part")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_admin_labels")]

    operations = [migrations.RunPython(add_indexes, remove_indexes)]
