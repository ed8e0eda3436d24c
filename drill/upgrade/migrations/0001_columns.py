from django.db import migrations

from drill.upgrade.migrations import TABLES




class Migration(migrations.Migration):
    initial = True
    dependencies = [("tallies", "0027_audit_seals")]
    operations = [
        migrations.RunSQL(
            f"ALTER TABLE {table} ADD COLUMN drill_note smallint", f"ALTER TABLE {table} DROP COLUMN drill_note"
        )
        for table in TABLES
    ]
