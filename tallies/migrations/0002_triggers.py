from django.db import migrations

from tallies import append_only


def create(apps, schema_editor):
    for statement in append_only.create_statements(schema_editor.connection.vendor, append_only.FIRST_TABLES):
        schema_editor.execute(statement, params=None)  # a % in it is SQL, no placeholder


def drop(apps, schema_editor):
    for statement in append_only.drop_statements(schema_editor.connection.vendor, append_only.FIRST_TABLES):
        schema_editor.execute(statement, params=None)  # a % in it is SQL, no placeholder


class Migration(migrations.Migration):
    dependencies = [("tallies", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
