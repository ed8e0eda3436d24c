from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("drill_upgrade", "0002_index")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE tallies_c1form ADD CONSTRAINT drill_votes_are_counted CHECK (effective_valid >= 0) NOT VALID",
            "ALTER TABLE tallies_c1form DROP CONSTRAINT drill_votes_are_counted",
        )
    ]
