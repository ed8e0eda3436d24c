"""Claims about the copied test database: it holds what migrations leave, and a changed migration is run."""

import re

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tallies import append_only
from tests import migrated_once, triggers


@pytest.mark.django_db
def test_every_migration_is_in_it():
    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


@pytest.mark.django_db
def test_it_has_the_tables_triggers_and_permissions():
    tables = set(connection.introspection.table_names())
    assert {model._meta.db_table for model in apps.get_models()} <= tables
    catalogue = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.vendor == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    with connection.cursor() as cursor:
        cursor.execute(catalogue)
        there = {name for (name,) in cursor.fetchall()}
    wanted = re.findall(r"CREATE TRIGGER (\w+)", " ".join(triggers.create_statements(connection.vendor)))
    assert len(wanted) > len(append_only.APPEND_ONLY)
    assert set(wanted) <= there
    assert Permission.objects.filter(codename="change_election").exists()


def test_what_decides_its_content_decides_its_name(tmp_path):
    for name, text in {
        "tallies/migrations/0001_initial.py": "from tallies import append_only\n",
        "tallies/append_only.py": "from sista.database import writing\n",
        "tallies/models/__init__.py": "from .forms import Form\n",
        "tallies/models/forms.py": "",
        "tallies/views.py": "",
        "sista/settings.py": "",
        "sista/database.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    seen = {migrated_once.digest(tmp_path)}
    (tmp_path / "tallies/views.py").write_text("# changed")
    assert migrated_once.digest(tmp_path) in seen
    for name in ("tallies/migrations/0001_initial.py", "tallies/models/forms.py", "sista/database.py"):
        with (tmp_path / name).open("a") as file:
            file.write("# changed")
        assert migrated_once.digest(tmp_path) not in seen
        seen.add(migrated_once.digest(tmp_path))


def test_the_triggers_of_this_project_are_among_them():
    assert settings.BASE_DIR / "tallies" / "append_only.py" in migrated_once.ingredients(settings.BASE_DIR)
