"""Indexes that are built beside the work."""

from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.migrations import AddIndex


class AddIndexBeside(AddIndexConcurrently):
    """`AddIndexConcurrently` on PostgreSQL; SQLite, which has one writer, makes it in its way.

    In a migration of its own with ``atomic = False``. Cut in its middle PostgreSQL leaves an index that is not valid:
    the next try takes it away first.
    """

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "postgresql":
            if self._is_half_there(schema_editor.connection):
                schema_editor.execute(f"DROP INDEX CONCURRENTLY {schema_editor.quote_name(self.index.name)}")
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        else:
            AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
        else:
            AddIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)

    def _is_half_there(self, connection) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(%s) AND NOT indisvalid",
                [connection.ops.quote_name(self.index.name)],
            )
            return cursor.fetchone() is not None
