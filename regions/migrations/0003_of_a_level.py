from django.db import migrations, models

from sista.indexing import AddIndexBeside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("regions", "0002_history"),
    ]

    operations = [
        AddIndexBeside("region", models.Index(fields=["level", "first"], name="regions_of_a_level")),
    ]
