from django.db import migrations


class Migration(migrations.Migration):
    """Beside the work: outside of a transaction, and found again when it was cut short."""

    atomic = False
    dependencies = [("drill_upgrade", "0001_columns")]
    operations = [
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS drill_note_index", migrations.RunSQL.noop),
        migrations.RunSQL(
            "CREATE INDEX CONCURRENTLY drill_note_index ON tallies_stationresult (drill_note)",
            "DROP INDEX CONCURRENTLY IF EXISTS drill_note_index",
        ),
    ]
